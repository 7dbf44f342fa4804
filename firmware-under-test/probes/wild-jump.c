/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Jumps to where no memory is: the fetch faults, HardFault_Handler loops.
 */
#include "probe.h"

#define NOWHERE 0x90000001UL /* Thumb bit set */

int main(void)
{
    result[0] = 1;
    ((void (*)(void))NOWHERE)();
    result[0] = 2;
    return 0;
}
