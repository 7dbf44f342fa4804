/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * An interrupt handler that does not clear its flag: TIM2 is served again at
 * once, for ever, and the main program stands still. result[0] counts the main
 * loop, result[1] the handler.
 */
#include "probe.h"

void TIM2_IRQHandler(void);

void TIM2_IRQHandler(void)
{
    result[1]++;
}

int main(void)
{
    RCC_APB1ENR |= RCC_APB1ENR_TIM2EN;
    TIM_PSC(TIM2_BASE) = 7; /* 1 MHz at 8 MHz */
    TIM_ARR(TIM2_BASE) = 999;
    TIM_DIER(TIM2_BASE) = TIM_DIER_UIE;
    nvic_enable(IRQ_TIM2);
    TIM_CR1(TIM2_BASE) = TIM_CR1_CEN;
    for (;;)
        result[0]++;
}
