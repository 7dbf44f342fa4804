/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Writes a line by semihosting SYS_WRITE0, then ends by SYS_EXIT_EXTENDED with
 * the code 42.
 */
#include "probe.h"

#define SYS_WRITE0                  0x04UL
#define SYS_EXIT_EXTENDED           0x20UL
#define ADP_Stopped_ApplicationExit 0x20026UL

static void semihosting(uint32_t operation, const void *parameter)
{
    register uint32_t r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = parameter;

    __asm volatile("bkpt #0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

int main(void)
{
    static const uint32_t end[2] = { ADP_Stopped_ApplicationExit, 42 };

    result[0] = 42;
    semihosting(SYS_WRITE0, "probe: exit 42\n");
    semihosting(SYS_EXIT_EXTENDED, end);
    return 0;
}
