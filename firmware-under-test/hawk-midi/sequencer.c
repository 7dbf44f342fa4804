/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Sequencer clock: rising edges on PB12, 24 to a quarter note. An edge that
 * comes while the last one is still pending is lost.
 */
#include "sequencer.h"

#include "cpu.h"
#include "variant.h"

#define CLOCKS_PER_STEP 6U /* sixteenth notes */
#define STEPS_PER_BAR   16U

volatile uint32_t sequencer_clocks;
volatile uint32_t sequencer_step;

static uint32_t clocks_in_step;

void EXTI15_10_IRQHandler(void);

PLACE_ISR void EXTI15_10_IRQHandler(void)
{
    EXTI_PR1 = BIT(12);
    sequencer_clocks++;
    if (++clocks_in_step == CLOCKS_PER_STEP) {
        clocks_in_step = 0;
        sequencer_step = (sequencer_step + 1) % STEPS_PER_BAR;
    }
}

void sequencer_init(void)
{
    RCC_AHBENR |= RCC_AHBENR_IOPBEN;
    RCC_APB2ENR |= RCC_APB2ENR_SYSCFGEN;

    GPIO_MODER(GPIOB_BASE) &= ~(3UL << 24);
    GPIO_PUPDR(GPIOB_BASE) = (GPIO_PUPDR(GPIOB_BASE) & ~(3UL << 24)) | (2UL << 24);

    SYSCFG_EXTICR4 = (SYSCFG_EXTICR4 & ~15UL) | 1UL; /* line 12 from port B */
    EXTI_RTSR1 |= BIT(12);
    EXTI_PR1 = BIT(12);
    EXTI_IMR1 |= BIT(12);

    nvic_set_priority(IRQ_EXTI15_10, 2);
    nvic_enable(IRQ_EXTI15_10);
}
