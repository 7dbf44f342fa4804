/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Recursion without end. It runs down through .bss and .data and off the lower
 * end of SRAM at 0x20000000; stacking the fault fails there as well.
 */
#include "probe.h"

static __attribute__((noinline)) uint32_t dive(uint32_t depth)
{
    volatile uint32_t frame[16];

    result[0] = depth;
    frame[depth % 16] = depth;
    if (result[RESULT_WORDS - 1] != 0) /* never: keeps the compiler from proving it endless */
        return 0;
    return dive(depth + 1) + frame[depth % 16];
}

int main(void)
{
    result[1] = dive(1);
    return 0;
}
