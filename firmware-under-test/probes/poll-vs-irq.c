/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The main program polls a word of SRAM that only an interrupt changes.
 */
#include "probe.h"

#define TICKS 100U

static volatile uint32_t ticks;

void SysTick_Handler(void);

void SysTick_Handler(void)
{
    ticks++;
}

int main(void)
{
    SYST_RVR = 7999; /* 1 ms at 8 MHz */
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_CLKSOURCE | SYST_CSR_TICKINT | SYST_CSR_ENABLE;

    for (uint32_t next = 1; next <= TICKS; next++) {
        while (ticks < next) {
        }
        result[1]++;
    }
    SYST_CSR = 0;
    result[0] = ticks;
    return 0;
}
