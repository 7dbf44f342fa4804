/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * With SLEEPONEXIT the core goes back to sleep after each handler; the main
 * program goes on only when the tenth has cleared the bit.
 *
 * result[0]: ticks, 10. result[1]: how often the main program got past its WFI, 1.
 */
#include "probe.h"

static volatile uint32_t ticks;

void SysTick_Handler(void);

void SysTick_Handler(void)
{
    if (++ticks == 10)
        SCB_SCR &= ~SCB_SCR_SLEEPONEXIT;
}

int main(void)
{
    SCB_SCR |= SCB_SCR_SLEEPONEXIT;
    SYST_RVR = 7999;
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_CLKSOURCE | SYST_CSR_TICKINT | SYST_CSR_ENABLE;

    while (ticks < 10) {
        wait_for_interrupt();
        result[1]++;
    }
    SYST_CSR = 0;
    result[0] = ticks;
    return 0;
}
