/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Writes a page of an EEPROM at 0x50, with a page of internal flash erased in
 * the middle of it; asks until the EEPROM answers again; reads the page back.
 */
#include "bus.h"
#include "chip.h"

#define EEPROM     0x50U
#define PAGE       0x10U
#define PAGE_BYTES 8U

volatile uint32_t polls, wrong, steps;
uint8_t read_back[PAGE_BYTES];

int main(void);
void master_done(void);

__attribute__((noinline)) static void flash_erase(uint32_t page)
{
    FLASH_KEYR = FLASH_KEY1;
    FLASH_KEYR = FLASH_KEY2;
    FLASH_CR = FLASH_CR_PER;
    FLASH_AR = page;
    FLASH_CR = FLASH_CR_PER | FLASH_CR_STRT;
    (void)FLASH_SR;
    while (FLASH_SR & FLASH_SR_BSY) {
    }
    FLASH_CR = FLASH_CR_LOCK;
}

__attribute__((noinline)) void master_done(void)
{
    steps++;
}

int main(void)
{
    pins_start();
    bus_start();

    if (bus_write_begin(EEPROM, 1 + PAGE_BYTES)) {
        bus_put(PAGE);
        for (uint32_t n = 0; n < PAGE_BYTES; n++) {
            if (n == PAGE_BYTES / 2)
                flash_erase(CONFIG_PAGE);
            bus_put((uint8_t)(0xA0U + n));
        }
        bus_write_end();
        steps++;
    }
    while (!bus_write_begin(EEPROM, 1))
        polls++;
    bus_put(PAGE);
    bus_write_hold();
    if (bus_read(EEPROM, read_back, PAGE_BYTES))
        steps++;
    for (uint32_t n = 0; n < PAGE_BYTES; n++)
        wrong += read_back[n] != 0xA0U + n;
    master_done();
    for (;;) {
    }
}
