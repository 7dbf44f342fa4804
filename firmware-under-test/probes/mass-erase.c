/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Erases all of the flash, itself included, from SRAM. It must end in SRAM:
 * there is nothing to return to.
 *
 * result[0]: FLASH_SR at the end (EOP). result[1]: polls that saw BSY, capped
 * at 1. result[2], [3]: the first words of flash, 0xFFFFFFFF each.
 */
#include "probe.h"

static IN_RAM void erase_everything(void)
{
    const volatile uint32_t *const flash = (const volatile uint32_t *)0x08000000UL;

    FLASH_KEYR = FLASH_KEY1;
    FLASH_KEYR = FLASH_KEY2;
    FLASH_CR = FLASH_CR_MER;
    FLASH_CR = FLASH_CR_MER | FLASH_CR_STRT;
    (void)FLASH_SR;
    while (FLASH_SR & FLASH_SR_BSY)
        result[1] = 1;
    result[0] = FLASH_SR;
    result[2] = flash[0];
    result[3] = flash[1];
    for (;;)
        __asm volatile("bkpt #0");
}

int main(void)
{
    irq_disable();
    erase_everything();
    return 0;
}
