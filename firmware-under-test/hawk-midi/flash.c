/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The flash driver, in the shape that vendors' libraries have: each operation
 * is a function that waits before and after by calling a wait function of the
 * same file, which calls a status function. Whether those three end up in one
 * piece of code or in two memories is what the variants are about.
 *
 * Sequences: RM0316, "Flash program and erase operations".
 */
#include "flash.h"

#include "regs.h"
#include "variant.h"

/* The longest erase is 40 ms, 2 880 000 cycles at 72 MHz. A turn of the wait
 * loop costs one cycle at the very least, so this many turns are never too
 * short at any optimisation level. At -O2 they last a third of a second. */
#define TIMEOUT_TURNS (40U * 72000U)

#define SR_FLAGS (FLASH_SR_EOP | FLASH_SR_PGERR | FLASH_SR_WRPRTERR)

PLACE_IDLE void FLASH_Unlock(void)
{
    /* A second key sequence would lock the controller until reset. */
    if (FLASH_CR & FLASH_CR_LOCK) {
        FLASH_KEYR = FLASH_KEY1;
        FLASH_KEYR = FLASH_KEY2;
    }
}

PLACE_IDLE void FLASH_Lock(void)
{
    FLASH_CR |= FLASH_CR_LOCK;
}

PLACE_FLASH flash_status_t FLASH_GetStatus(void)
{
    const uint32_t sr = FLASH_SR;

    if (sr & FLASH_SR_BSY)
        return FLASH_BUSY;
    if (sr & FLASH_SR_WRPRTERR)
        return FLASH_PROTECTED;
    if (sr & FLASH_SR_PGERR)
        return FLASH_NOT_ERASED;
    return FLASH_COMPLETE;
}

PLACE_WAIT flash_status_t FLASH_WaitForLastOperation(uint32_t timeout)
{
    flash_status_t status = FLASH_GetStatus();

    while (status == FLASH_BUSY && timeout != 0) {
        status = FLASH_GetStatus();
        timeout--;
    }
    return timeout == 0 ? FLASH_TIMEOUT : status;
}

PLACE_FLASH flash_status_t FLASH_ErasePage(uint32_t address)
{
    flash_status_t status = FLASH_WaitForLastOperation(TIMEOUT_TURNS);

    if (status != FLASH_COMPLETE)
        return status;

    FLASH_SR = SR_FLAGS;
    FLASH_CR |= FLASH_CR_PER;
    FLASH_AR = address;
    FLASH_CR |= FLASH_CR_STRT;
    /* BSY rises one cycle after STRT: a look at SR here may still see it low. */
    (void)FLASH_SR;

    status = FLASH_WaitForLastOperation(TIMEOUT_TURNS);
    FLASH_CR &= ~FLASH_CR_PER;
    return status;
}

PLACE_FLASH flash_status_t FLASH_ProgramWord(uint32_t address, uint32_t word)
{
    volatile uint16_t *const cell = (volatile uint16_t *)address;
    flash_status_t status = FLASH_WaitForLastOperation(TIMEOUT_TURNS);

    if (status != FLASH_COMPLETE)
        return status;

    /* The array takes half-words only, and only while PG is set. */
    FLASH_SR = SR_FLAGS;
    FLASH_CR |= FLASH_CR_PG;
    cell[0] = (uint16_t)word;
    (void)FLASH_SR;
    status = FLASH_WaitForLastOperation(TIMEOUT_TURNS);
    if (status == FLASH_COMPLETE) {
        cell[1] = (uint16_t)(word >> 16);
        (void)FLASH_SR;
        status = FLASH_WaitForLastOperation(TIMEOUT_TURNS);
    }
    FLASH_CR &= ~FLASH_CR_PG;
    return status;
}
