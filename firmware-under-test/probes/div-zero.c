/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Divides by zero, first without the trap (the quotient is 0), then with it:
 * a UsageFault that is not enabled, so HardFault_Handler loops.
 */
#include "probe.h"

int main(void)
{
    volatile uint32_t zero = 0;

    result[0] = 1;
    result[1] = 1000 / zero;
    SCB_CCR |= SCB_CCR_DIV_0_TRP;
    memory_barriers();
    result[0] = 2;
    result[1] = 1000 / zero;
    result[0] = 3;
    return 0;
}
