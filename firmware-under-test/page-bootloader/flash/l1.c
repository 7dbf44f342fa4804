/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * L151: pages of 256 bytes, programmed by half pages, erased cells read 0 (RM0038,
 * "Flash program memory"). During a half-page write nobody may read the flash, not
 * even to be held: the function is in SRAM always, and unless all handlers are there, too,
 * interrupts are masked.
 */
#include "flash.h"

#include "chip.h"
#include "cpu.h"
#include "variant.h"

#define FLASH_PECR    REG(FLASH_REGS + 0x04)
#define FLASH_PEKEYR  REG(FLASH_REGS + 0x0C)
#define FLASH_PRGKEYR REG(FLASH_REGS + 0x10)
#define FLASH_SR      REG(FLASH_REGS + 0x18)

#define PECR_PELOCK  BIT(0)
#define PECR_PRGLOCK BIT(1)
#define PECR_PROG    BIT(3)
#define PECR_ERASE   BIT(9)
#define PECR_FPRG    BIT(10)
#define SR_BSY       BIT(0)
#define SR_EOP       BIT(1)
#define SR_WRPERR    BIT(8)
#define SR_PGAERR    BIT(9)
#define SR_SIZERR    BIT(10)
#define SR_ERRORS    (SR_WRPERR | SR_PGAERR | SR_SIZERR)

void flash_unlock(void)
{
    if (FLASH_PECR & PECR_PELOCK) {
        FLASH_PEKEYR = 0x89ABCDEFUL;
        FLASH_PEKEYR = 0x02030405UL;
    }
    if (FLASH_PECR & PECR_PRGLOCK) {
        FLASH_PRGKEYR = 0x8C9DAEBFUL;
        FLASH_PRGKEYR = 0x13141516UL;
    }
    FLASH_SR = SR_ERRORS | SR_EOP;
}

void flash_lock(void)
{
    FLASH_PECR |= PECR_PRGLOCK;
    FLASH_PECR |= PECR_PELOCK;
}

uint32_t flash_unit_at(uint32_t address)
{
    return address;
}

PLACE_FLASH uint32_t flash_erase(uint32_t unit)
{
    FLASH_PECR |= PECR_ERASE;
    FLASH_PECR |= PECR_PROG;
    *(volatile uint32_t *)unit = 0;
    while (FLASH_SR & SR_BSY) {
    }
    FLASH_PECR &= ~PECR_PROG;
    FLASH_PECR &= ~PECR_ERASE;
    return FLASH_SR & SR_ERRORS;
}

PLACE_HALF_PAGE static void program_half_page(volatile uint32_t *to, const uint32_t *from)
{
    if (!HAS(CODE_IN_RAM))
        irq_disable();
    FLASH_PECR |= PECR_FPRG;
    FLASH_PECR |= PECR_PROG;
    for (uint32_t i = 0; i < PROGRAM_BYTES / 4; i++)
        to[i] = from[i];
    while (FLASH_SR & SR_BSY) {
    }
    FLASH_PECR &= ~PECR_PROG;
    FLASH_PECR &= ~PECR_FPRG;
    if (!HAS(CODE_IN_RAM))
        irq_enable();
}

PLACE_FLASH uint32_t flash_program(uint32_t address, const uint32_t *words, uint32_t bytes)
{
    for (; bytes != 0; bytes -= PROGRAM_BYTES) {
        program_half_page((volatile uint32_t *)address, words);
        address += PROGRAM_BYTES;
        words += PROGRAM_BYTES / 4;
    }
    return FLASH_SR & SR_ERRORS;
}
