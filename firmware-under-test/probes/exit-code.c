/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Ends by semihosting SYS_EXIT, after four results.
 */
#include "probe.h"

#define SYS_EXIT                    0x18UL
#define ADP_Stopped_ApplicationExit 0x20026UL

int main(void)
{
    register uint32_t operation __asm("r0") = SYS_EXIT;
    register uint32_t reason __asm("r1") = ADP_Stopped_ApplicationExit;

    result[0] = 0x11111111;
    result[1] = 0x22222222;
    result[2] = 0x33333333;
    result[3] = 0x44444444;
    __asm volatile("bkpt #0xAB" : "+r"(operation) : "r"(reason) : "memory");
    return 0;
}
