/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The independent watchdog, half a second at the typical 32 kHz of the LSI. It cannot be stopped,
 * and nobody feeds it while an erase holds the core.
 */
#include "watchdog.h"

#include "chip.h"
#include "cpu.h"
#include "variant.h"

#if HAS(WATCHDOG)
#define IWDG_KR  REG(0x40003000UL)
#define IWDG_PR  REG(0x40003004UL)
#define IWDG_RLR REG(0x40003008UL)
#define IWDG_SR  REG(0x4000300CUL)

#define KR_START      0xCCCCUL
#define KR_ACCESS     0x5555UL
#define KR_RELOAD     0xAAAAUL
#define PR_DIV16      2UL
#define CSR_IWDGRSTF  BIT(29)

__attribute__((section(".noinit"))) volatile uint32_t boot_watchdog_resets;

void watchdog_init(void)
{
    /* What SRAM holds at power-on is not defined; the reset flag tells a count from that. */
    boot_watchdog_resets = RCC_CSR & CSR_IWDGRSTF ? boot_watchdog_resets + 1 : 0;
    RCC_CSR |= RCC_CSR_RMVF;

    IWDG_KR = KR_START;
    IWDG_KR = KR_ACCESS;
    IWDG_PR = PR_DIV16;
    IWDG_RLR = 999; /* 1000 counts of 0.5 ms */
    while (IWDG_SR != 0) {
    }
    IWDG_KR = KR_RELOAD;
}

void watchdog_feed(void)
{
    IWDG_KR = KR_RELOAD;
}
#else
void watchdog_init(void)
{
}

void watchdog_feed(void)
{
}
#endif
