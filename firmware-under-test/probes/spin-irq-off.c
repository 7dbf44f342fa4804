/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Interrupts off and a branch to itself. SysTick is pending for ever.
 */
#include "probe.h"

int main(void)
{
    result[0] = 1;
    irq_disable();
    SYST_RVR = 7999;
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_CLKSOURCE | SYST_CSR_TICKINT | SYST_CSR_ENABLE;
    for (;;) {
    }
}
