/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The millisecond clock, which also wakes the main loop up to look at time-outs.
 */
#include "timebase.h"

#include "chip.h"
#include "cpu.h"
#include "variant.h"

volatile uint32_t boot_ms;

void SysTick_Handler(void);

PLACE_ISR void SysTick_Handler(void)
{
    boot_ms++;
}

void timebase_init(void)
{
    SCB_SHPR(EXCEPTION_SYSTICK) = 2 << 4;
    SYST_RVR = CORE_HZ / 1000 - 1;
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_CLKSOURCE | SYST_CSR_TICKINT | SYST_CSR_ENABLE;
}
