/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * F429: sectors of three sizes, programmed by words, behind two caches (RM0090,
 * "Embedded flash memory interface").
 */
#include "flash.h"

#include "chip.h"
#include "cpu.h"
#include "variant.h"

#define FLASH_ACR  REG(FLASH_REGS + 0x00)
#define FLASH_KEYR REG(FLASH_REGS + 0x04)
#define FLASH_SR   REG(FLASH_REGS + 0x0C)
#define FLASH_CR   REG(FLASH_REGS + 0x10)

#define ACR_ICEN   BIT(9)
#define ACR_DCEN   BIT(10)
#define ACR_ICRST  BIT(11)
#define ACR_DCRST  BIT(12)
#define SR_EOP     BIT(0)
#define SR_ERRORS  0x000001F2UL /* OPERR, WRPERR, PGAERR, PGPERR, PGSERR, RDERR */
#define SR_BSY     BIT(16)
#define CR_PG      BIT(0)
#define CR_SER     BIT(1)
#define CR_SNB(sector) ((sector) << 3)
#define CR_PSIZE_32 (2UL << 8)  /* needs 2.7 V */
#define CR_STRT    BIT(16)
#define CR_LOCK    BIT(31)

/* Bank 1, first address of each sector (RM0090, table "Flash module - 2 Mbyte dual bank"). */
static const uint32_t sector_start[] = {
    0x08000000, 0x08004000, 0x08008000, 0x0800C000, /* 16 KB  */
    0x08010000,                                     /* 64 KB  */
    0x08020000, 0x08040000, 0x08060000, 0x08080000, /* 128 KB */
    0x080A0000, 0x080C0000, 0x080E0000,
};

void flash_unlock(void)
{
    if (FLASH_CR & CR_LOCK) {
        FLASH_KEYR = 0x45670123UL;
        FLASH_KEYR = 0xCDEF89ABUL;
    }
    /* PGSERR may be set since power-up. */
    FLASH_SR = SR_ERRORS | SR_EOP;
}

void flash_lock(void)
{
    FLASH_CR |= CR_LOCK;
}

uint32_t flash_unit_at(uint32_t address)
{
    for (uint32_t sector = 0; sector < sizeof sector_start / sizeof sector_start[0]; sector++) {
        if (sector_start[sector] == address)
            return sector;
    }
    return FLASH_NO_UNIT;
}

PLACE_FLASH uint32_t flash_erase(uint32_t unit)
{
    FLASH_CR = CR_PSIZE_32 | CR_SER | CR_SNB(unit);
    FLASH_CR |= CR_STRT;
    while (FLASH_SR & SR_BSY) {
    }
    FLASH_CR = 0;

    /* Lines of the sector may still be cached; they can be dropped while the caches are off. */
    FLASH_ACR &= ~(ACR_ICEN | ACR_DCEN);
    FLASH_ACR |= ACR_ICRST | ACR_DCRST;
    FLASH_ACR &= ~(ACR_ICRST | ACR_DCRST);
    FLASH_ACR |= ACR_ICEN | ACR_DCEN;
    return FLASH_SR & SR_ERRORS;
}

PLACE_FLASH uint32_t flash_program(uint32_t address, const uint32_t *words, uint32_t bytes)
{
    volatile uint32_t *cell = (volatile uint32_t *)address;

    FLASH_CR = CR_PSIZE_32 | CR_PG;
    for (; bytes != 0; bytes -= PROGRAM_BYTES) {
        *cell++ = *words++;
        while (FLASH_SR & SR_BSY) {
        }
    }
    FLASH_CR = 0;
    return FLASH_SR & SR_ERRORS;
}
