/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * A watchdog of 26 ms, and an erase from flash during which nobody can feed it.
 * A 20 ms erase ends in the first boot; during a 40 ms one the watchdog bites
 * and the second boot reports.
 *
 * result[0]: boots. result[1]: RCC_CSR of this boot. result[2]: FLASH_SR after
 * the erase, 0 if there was none in this boot.
 */
#include "probe.h"

#define IWDG_START  0xCCCCUL
#define IWDG_ACCESS 0x5555UL
#define IWDG_RELOAD 0xAAAAUL

#define MARK 0x60DB17E5UL

/* What SRAM holds at power-on is not defined: the mark tells a count from that. */
static volatile uint32_t boots_mark NO_INIT;
volatile uint32_t boots NO_INIT;

static void watchdog_start(void)
{
    IWDG_KR = IWDG_START;
    IWDG_KR = IWDG_ACCESS;
    IWDG_PR = 0;    /* LSI / 4: 10 kHz at the typical 40 kHz */
    IWDG_RLR = 259; /* 260 counts, 26 ms */
    while (IWDG_SR != 0) {
    }
    IWDG_KR = IWDG_RELOAD;
}

int main(void)
{
    if (boots_mark != MARK) {
        boots_mark = MARK;
        boots = 0;
    }
    boots++;
    result[0] = boots;
    result[1] = RCC_CSR;
    if (boots > 1)
        return 0;

    flash_unlock();
    FLASH_CR = FLASH_CR_PER;
    FLASH_AR = SCRATCH_PAGE;
    watchdog_start();
    FLASH_CR = FLASH_CR_PER | FLASH_CR_STRT;
    (void)FLASH_SR;
    while (FLASH_SR & FLASH_SR_BSY) {
    }
    result[2] = FLASH_SR;
    return 0;
}
