/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * From reset to main and to the end. Handlers are weak: a probe defines those
 * that it wants to have.
 */
#include "probe.h"

extern uint32_t __stack_top[];
extern uint32_t __ramcode_start[], __ramcode_end[], __ramcode_load[];
extern uint32_t __data_start[], __data_end[], __data_load[];
extern uint32_t __bss_start[], __bss_end[];

volatile uint32_t result[RESULT_WORDS] __attribute__((section(".result")));

void Reset_Handler(void);
void Default_Handler(void);

void Default_Handler(void)
{
    for (;;) {
    }
}

#define WEAK __attribute__((weak, alias("Default_Handler")))

WEAK void HardFault_Handler(void);
WEAK void BusFault_Handler(void);
WEAK void SysTick_Handler(void);
WEAK void TIM2_IRQHandler(void);

typedef void (*vector_t)(void);

struct vectors {
    const uint32_t *initial_stack;
    vector_t exception[VECTOR_COUNT - 1];
};

#define EXC(number) ((number) - 1)
#define IRQ(number) (EXC(16) + (number))

__attribute__((section(".isr_vector"), used))
const struct vectors flash_vectors = {
    .initial_stack = __stack_top,
    .exception = {
        [EXC(1)] = Reset_Handler,
        [EXC(2)] = Default_Handler,
        [EXC(3)] = HardFault_Handler,
        [EXC(4)] = Default_Handler,
        [EXC(5)] = BusFault_Handler,
        [EXC(6)] = Default_Handler,
        [EXC(11) ... EXC(12)] = Default_Handler,
        [EXC(14)] = Default_Handler,
        [EXC(EXCEPTION_SYSTICK)] = SysTick_Handler,
        [IRQ(0) ... IRQ(IRQ_TIM2 - 1)] = Default_Handler,
        [IRQ(IRQ_TIM2)] = TIM2_IRQHandler,
        [IRQ(IRQ_TIM2 + 1) ... IRQ(IRQ_COUNT - 1)] = Default_Handler,
    },
};

static void copy_words(uint32_t *to, const uint32_t *end, const uint32_t *from)
{
    while (to < end)
        *to++ = *from++;
}

void Reset_Handler(void)
{
    copy_words(__ramcode_start, __ramcode_end, __ramcode_load);
    copy_words(__data_start, __data_end, __data_load);
    for (uint32_t *word = __bss_start; word < __bss_end; word++)
        *word = 0;
    for (uint32_t i = 0; i < RESULT_WORDS; i++)
        result[i] = 0;

    main();
    for (;;)
        __asm volatile("bkpt #0");
}
