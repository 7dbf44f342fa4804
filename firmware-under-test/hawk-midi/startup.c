/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * From reset to main, and the vector table that the flash image starts with.
 */
#include <stdint.h>

#include "regs.h"
#include "variant.h"

/* Addresses from link.ld; only their addresses mean anything. */
extern uint32_t __stack_top[];
extern uint32_t __ramcode_start[], __ramcode_end[], __ramcode_load[];
extern uint32_t __data_start[], __data_end[], __data_load[];
extern uint32_t __bss_start[], __bss_end[];

int main(void);
void Reset_Handler(void);
void Default_Handler(void);
void EXTI0_IRQHandler(void);
void EXTI1_IRQHandler(void);
void TIM2_IRQHandler(void);
void TIM3_IRQHandler(void);
void USART1_IRQHandler(void);
void EXTI15_10_IRQHandler(void);
void SysTick_Handler(void);

/* Number of the first exception that nobody expected: 3 is HardFault. */
volatile uint32_t unexpected_exception;

typedef void (*vector_t)(void);

struct vectors {
    const uint32_t *initial_stack;
    vector_t exception[VECTOR_COUNT - 1];
};

#define EXC(number) ((number) - 1)
#define IRQ(number) (EXC(16) + (number))

/* Gaps between the ranges are the reserved entries of the ARMv7-M table. */
__attribute__((section(".isr_vector"), used))
const struct vectors flash_vectors = {
    .initial_stack = __stack_top,
    .exception = {
        [EXC(1)] = Reset_Handler,
        [EXC(2) ... EXC(6)] = Default_Handler,   /* NMI and the four faults */
        [EXC(11) ... EXC(12)] = Default_Handler, /* SVCall, DebugMonitor */
        [EXC(14)] = Default_Handler,             /* PendSV */
        [EXC(EXCEPTION_SYSTICK)] = SysTick_Handler,
        [IRQ(0) ... IRQ(5)] = Default_Handler,
        [IRQ(IRQ_EXTI0)] = EXTI0_IRQHandler,
        [IRQ(IRQ_EXTI1)] = EXTI1_IRQHandler,
        [IRQ(8) ... IRQ(27)] = Default_Handler,
        [IRQ(IRQ_TIM2)] = TIM2_IRQHandler,
        [IRQ(IRQ_TIM3)] = TIM3_IRQHandler,
        [IRQ(30) ... IRQ(36)] = Default_Handler,
        [IRQ(IRQ_USART1)] = USART1_IRQHandler,
        [IRQ(38) ... IRQ(39)] = Default_Handler,
        [IRQ(IRQ_EXTI15_10)] = EXTI15_10_IRQHandler,
        [IRQ(41) ... IRQ(IRQ_COUNT - 1)] = Default_Handler,
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

    /* Reset leaves VTOR at the boot alias 0; name the flash itself. */
    SCB_VTOR = (uint32_t)&flash_vectors;
    main();
    for (;;) {
    }
}

void Default_Handler(void)
{
    uint32_t number;

    __asm volatile("mrs %0, ipsr" : "=r"(number));
    if (unexpected_exception == 0)
        unexpected_exception = number;
    for (;;) {
    }
}
