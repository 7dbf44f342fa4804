/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The millisecond clock. Late ticks merge into one, so a stall shows here as
 * time that has gone missing.
 */
#include "timebase.h"

#include "clock.h"
#include "regs.h"
#include "variant.h"

#define SYSTEMTICK_PERIOD_MS 1U

volatile uint32_t local_time_ms;

void SysTick_Handler(void);

PLACE_SYSTICK void Time_Update(void)
{
    local_time_ms += SYSTEMTICK_PERIOD_MS;
}

PLACE_SYSTICK void SysTick_Handler(void)
{
    Time_Update();
}

void timebase_init(void)
{
    SCB_SHPR(EXCEPTION_SYSTICK) = 3 << 4;
    SYST_RVR = CORE_HZ / 1000 * SYSTEMTICK_PERIOD_MS - 1;
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_CLKSOURCE | SYST_CSR_TICKINT | SYST_CSR_ENABLE;
}
