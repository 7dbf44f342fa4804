/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * What the flash controller refuses (RM0316, "Flash program and erase
 * operations"). Faults are caught; the program goes on behind the store.
 *
 *  [0] SR after a half-word into an erased cell: EOP
 *  [1] SR after another value into it: PGERR       [2] the cell, 0x1234
 *  [3] SR after 0x0000 into it: EOP, no PGERR      [4] the cell, 0
 *  [5] faults after a 32-bit store with PG set: 1  [6] CFSR  [7] BFAR
 *  [8] the word that it was aimed at, 0xFFFFFFFF
 *  [9] faults after a wrong key: 2                 [10] CFSR
 * [11] CR after the right keys came too late: LOCK is still set
 * [12] faults in all: the late keys may fault as well
 */
#include "probe.h"

#define HALF_WORD(address) (*(volatile uint16_t *)(address))

static volatile uint32_t faults, fault_cfsr, fault_bfar;

void BusFault_Handler(void);
void HardFault_Handler(void);
void caught(uint32_t *frame);

/* Where a store that may fault goes on, be the fault precise or not. */
extern const char after_store[];

__attribute__((noinline, noclone)) static void store(uint32_t address, uint32_t value)
{
    __asm volatile("str %1, [%0]\n\t"
                   "dsb\n\t"
                   "isb\n"
                   ".global after_store\n\t"
                   ".thumb_func\n"
                   "after_store:"
                   :
                   : "r"(address), "r"(value)
                   : "memory");
}

__attribute__((used)) void caught(uint32_t *frame)
{
    faults++;
    fault_cfsr = SCB_CFSR;
    fault_bfar = SCB_BFAR;
    SCB_CFSR = fault_cfsr;
    frame[6] = (uint32_t)after_store & ~1UL; /* stacked PC */
}

__attribute__((naked)) void BusFault_Handler(void)
{
    __asm volatile("mov r0, sp\n\t"
                   "b caught");
}

__attribute__((naked)) void HardFault_Handler(void)
{
    __asm volatile("mov r0, sp\n\t"
                   "b caught");
}

static uint32_t wait(void)
{
    (void)FLASH_SR;
    while (FLASH_SR & FLASH_SR_BSY) {
    }
    const uint32_t sr = FLASH_SR;

    FLASH_SR = sr; /* flags are cleared by writing ones */
    return sr;
}

static uint32_t program(uint32_t address, uint16_t value)
{
    HALF_WORD(address) = value;
    return wait();
}

int main(void)
{
    const uint32_t cell = SCRATCH_PAGE, other = SCRATCH_PAGE + 8;

    SCB_SHCSR |= SCB_SHCSR_BUSFAULTENA;

    flash_unlock();
    FLASH_CR = FLASH_CR_PER;
    FLASH_AR = SCRATCH_PAGE;
    FLASH_CR = FLASH_CR_PER | FLASH_CR_STRT;
    wait();

    FLASH_CR = FLASH_CR_PG;
    result[0] = program(cell, 0x1234);
    result[1] = program(cell, 0x5678);
    result[2] = HALF_WORD(cell);
    result[3] = program(cell, 0x0000);
    result[4] = HALF_WORD(cell);

    store(other, 0xCAFEF00D);
    wait();
    result[5] = faults;
    result[6] = fault_cfsr;
    result[7] = fault_bfar;
    result[8] = REG(other);

    FLASH_CR = FLASH_CR_LOCK;
    store(FLASH_BASE_REGS + 0x04, 0xBADC0DE5);
    result[9] = faults;
    result[10] = fault_cfsr;
    store(FLASH_BASE_REGS + 0x04, FLASH_KEY1);
    store(FLASH_BASE_REGS + 0x04, FLASH_KEY2);
    result[11] = FLASH_CR;
    result[12] = faults;
    return 0;
}
