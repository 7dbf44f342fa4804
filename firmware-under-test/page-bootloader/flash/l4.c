/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * L451: pages, programmed by double words, behind two caches (RM0394, "Flash program
 * and erase operations").
 */
#include "flash.h"

#include "chip.h"
#include "cpu.h"
#include "variant.h"

#define FLASH_ACR  REG(FLASH_REGS + 0x00)
#define FLASH_KEYR REG(FLASH_REGS + 0x08)
#define FLASH_SR   REG(FLASH_REGS + 0x10)
#define FLASH_CR   REG(FLASH_REGS + 0x14)

#define ACR_ICEN   BIT(9)
#define ACR_DCEN   BIT(10)
#define ACR_ICRST  BIT(11)
#define ACR_DCRST  BIT(12)
#define SR_EOP     BIT(0)
#define SR_ERRORS  0x0000C3FAUL /* OPERR, PROGERR to FASTERR, RDERR, OPTVERR */
#define SR_BSY     BIT(16)
#define CR_PG      BIT(0)
#define CR_PER     BIT(1)
#define CR_PNB(page) ((page) << 3)
#define CR_PNB_ALL CR_PNB(0xFFUL)
#define CR_STRT    BIT(16)
#define CR_LOCK    BIT(31)

void flash_unlock(void)
{
    if (FLASH_CR & CR_LOCK) {
        FLASH_KEYR = 0x45670123UL;
        FLASH_KEYR = 0xCDEF89ABUL;
    }
    /* An old error flag would fail the next operation (PGSERR). */
    FLASH_SR = SR_ERRORS | SR_EOP;
}

void flash_lock(void)
{
    FLASH_CR |= CR_LOCK;
}

uint32_t flash_unit_at(uint32_t address)
{
    return (address - 0x08000000UL) / PAGE_BYTES;
}

PLACE_FLASH uint32_t flash_erase(uint32_t unit)
{
    FLASH_CR = (FLASH_CR & ~CR_PNB_ALL) | CR_PER | CR_PNB(unit);
    FLASH_CR |= CR_STRT;
    while (FLASH_SR & SR_BSY) {
    }
    FLASH_CR &= ~(CR_PER | CR_PNB_ALL);

    /* Lines of the page may still be cached; they can be dropped while the caches are off. */
    FLASH_ACR &= ~(ACR_ICEN | ACR_DCEN);
    FLASH_ACR |= ACR_ICRST | ACR_DCRST;
    FLASH_ACR &= ~(ACR_ICRST | ACR_DCRST);
    FLASH_ACR |= ACR_ICEN | ACR_DCEN;
    return FLASH_SR & SR_ERRORS;
}

PLACE_FLASH uint32_t flash_program(uint32_t address, const uint32_t *words, uint32_t bytes)
{
    volatile uint32_t *cell = (volatile uint32_t *)address;

    FLASH_CR |= CR_PG;
    for (; bytes != 0; bytes -= PROGRAM_BYTES) {
        /* The second half starts the operation. */
        *cell++ = *words++;
        *cell++ = *words++;
        while (FLASH_SR & SR_BSY) {
        }
    }
    FLASH_CR &= ~CR_PG;
    return FLASH_SR & SR_ERRORS;
}
