/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * From reset to main, and the vector table.
 */
#include <stdint.h>

#include "regs.h"

extern uint32_t __stack_top[];
extern uint32_t __data_start[], __data_end[], __data_load[];
extern uint32_t __bss_start[], __bss_end[];

int main(void);
void Reset_Handler(void);
void Default_Handler(void);
void I2C1_EV_IRQHandler(void);
void I2C1_ER_IRQHandler(void);
void SysTick_Handler(void);

#define VECTOR_COUNT (16 + IRQ_COUNT)

/* Number of the first exception that nobody expected. */
volatile uint32_t unexpected_exception;

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
        [EXC(2) ... EXC(6)] = Default_Handler,
        [EXC(11) ... EXC(12)] = Default_Handler,
        [EXC(14)] = Default_Handler,
        [EXC(15)] = SysTick_Handler,
        [IRQ(0) ... IRQ(IRQ_I2C1_EV - 1)] = Default_Handler,
        [IRQ(IRQ_I2C1_EV)] = I2C1_EV_IRQHandler,
        [IRQ(IRQ_I2C1_ER)] = I2C1_ER_IRQHandler,
        [IRQ(IRQ_I2C1_ER + 1) ... IRQ(IRQ_COUNT - 1)] = Default_Handler,
    },
};

static void copy_words(uint32_t *to, const uint32_t *end, const uint32_t *from)
{
    while (to < end)
        *to++ = *from++;
}

void Reset_Handler(void)
{
    copy_words(__data_start, __data_end, __data_load);
    for (uint32_t *word = __bss_start; word < __bss_end; word++)
        *word = 0;
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
