/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The shortest run that ends: two results, then `bkpt #0` in Reset_Handler.
 */
#include "probe.h"

int main(void)
{
    result[0] = 0xB0B0B0B0;
    result[1] = SCB_VTOR;
    return 0;
}
