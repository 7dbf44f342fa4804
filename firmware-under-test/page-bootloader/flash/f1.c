/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * F103 and F303: pages, programmed by half-words (RM0008 and RM0316, "Flash program
 * and erase operations").
 */
#include "flash.h"

#include "chip.h"
#include "cpu.h"
#include "variant.h"

#define FLASH_KEYR REG(FLASH_REGS + 0x04)
#define FLASH_SR   REG(FLASH_REGS + 0x0C)
#define FLASH_CR   REG(FLASH_REGS + 0x10)
#define FLASH_AR   REG(FLASH_REGS + 0x14)

#define SR_BSY      BIT(0)
#define SR_PGERR    BIT(2)
#define SR_WRPRTERR BIT(4)
#define SR_EOP      BIT(5)
#define SR_ERRORS   (SR_PGERR | SR_WRPRTERR)
#define CR_PG       BIT(0)
#define CR_PER      BIT(1)
#define CR_STRT     BIT(6)
#define CR_LOCK     BIT(7)

void flash_unlock(void)
{
    /* A second key sequence would lock the controller until reset. */
    if (FLASH_CR & CR_LOCK) {
        FLASH_KEYR = 0x45670123UL;
        FLASH_KEYR = 0xCDEF89ABUL;
    }
    FLASH_SR = SR_ERRORS | SR_EOP;
}

void flash_lock(void)
{
    FLASH_CR |= CR_LOCK;
}

uint32_t flash_unit_at(uint32_t address)
{
    return address;
}

PLACE_FLASH uint32_t flash_erase(uint32_t unit)
{
    FLASH_CR |= CR_PER;
    FLASH_AR = unit;
    FLASH_CR |= CR_STRT;
    (void)FLASH_SR; /* BSY rises one cycle after STRT */
    while (FLASH_SR & SR_BSY) {
    }
    FLASH_CR &= ~CR_PER;
    return FLASH_SR & SR_ERRORS;
}

PLACE_FLASH uint32_t flash_program(uint32_t address, const uint32_t *words, uint32_t bytes)
{
    volatile uint16_t *cell = (volatile uint16_t *)address;

    FLASH_CR |= CR_PG;
    for (const uint16_t *from = (const uint16_t *)words; bytes != 0; bytes -= PROGRAM_BYTES) {
        *cell++ = *from++;
        (void)FLASH_SR;
        while (FLASH_SR & SR_BSY) {
        }
    }
    FLASH_CR &= ~CR_PG;
    return FLASH_SR & SR_ERRORS;
}
