/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <stdint.h>

extern uint32_t __stack_top[], __bss_start[], __bss_end[];

int main(void);
void Reset_Handler(void);
void Default_Handler(void);

void Default_Handler(void)
{
    for (;;) {
    }
}

void Reset_Handler(void)
{
    for (uint32_t *word = __bss_start; word < __bss_end; word++)
        *word = 0;
    main();
    for (;;) {
    }
}

struct vectors {
    const uint32_t *initial_stack;
    void (*exception[15])(void);
};

__attribute__((section(".isr_vector"), used))
const struct vectors flash_vectors = {
    .initial_stack = __stack_top,
    .exception = { Reset_Handler, [1 ... 14] = Default_Handler },
};
