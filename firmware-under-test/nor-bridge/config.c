/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The configuration in the last page of internal flash. All of this is in
 * flash itself: while a page is erased the core stands still, handlers too.
 */
#include "bridge.h"
#include "regs.h"

#define CONFIG_PAGE 0x0801FC00UL

static void flash_wait(void)
{
    while (FLASH_SR & FLASH_SR_BSY) {
    }
    FLASH_SR = FLASH_SR_FLAGS;
}

static void flash_open(void)
{
    FLASH_KEYR = FLASH_KEY1;
    FLASH_KEYR = FLASH_KEY2;
}

static void flash_close(void)
{
    FLASH_CR = FLASH_CR_LOCK;
}

__attribute__((noinline)) static void flash_erase(uint32_t page)
{
    FLASH_CR = FLASH_CR_PER;
    FLASH_AR = page;
    FLASH_CR = FLASH_CR_PER | FLASH_CR_STRT;
    (void)FLASH_SR; /* BSY rises one cycle after STRT */
    flash_wait();
    FLASH_CR = 0;
}

void config_clear(void)
{
    flash_open();
    flash_erase(CONFIG_PAGE);
    flash_close();
}

void config_write(const volatile uint8_t *bytes)
{
    flash_open();
    flash_erase(CONFIG_PAGE);
    for (uint32_t n = 0; n < CONFIG_BYTES; n += 2) {
        FLASH_CR = FLASH_CR_PG;
        *(volatile uint16_t *)(CONFIG_PAGE + n) = (uint16_t)(bytes[n] | bytes[n + 1] << 8);
        flash_wait();
        FLASH_CR = 0;
    }
    flash_close();
}

void config_read(volatile uint8_t *bytes)
{
    for (uint32_t n = 0; n < CONFIG_BYTES; n++)
        bytes[n] = *(const volatile uint8_t *)(CONFIG_PAGE + n);
}
