/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Rewriting a page of flash while the instrument plays.
 */
#include "cpu.h"
#include "flash.h"
#include "patch.h"
#include "variant.h"

patch_t operPatch = { .name = "HAWK INIT" };
globals_t globalsMem;
flash_page_t FlashBank;

/* The interrupts that a save can do without are masked, for their handlers are
 * in flash. A request that comes meanwhile stays pending and is served once. */
#define MASK_NONESSENTIAL()          \
    do {                             \
        if (HAS(STEP_MASK_TIMERS)) { \
            nvic_disable(IRQ_TIM2);  \
            nvic_disable(IRQ_TIM3);  \
        }                            \
        if (HAS(STEP_MASK_BUTTONS)) {\
            nvic_disable(IRQ_EXTI0); \
            nvic_disable(IRQ_EXTI1); \
        }                            \
    } while (0)

#define UNMASK_NONESSENTIAL()        \
    do {                             \
        nvic_enable(IRQ_EXTI1);      \
        nvic_enable(IRQ_EXTI0);      \
        nvic_enable(IRQ_TIM3);       \
        nvic_enable(IRQ_TIM2);       \
    } while (0)

PLACE_SAVE flash_status_t save_patch(uint8_t patch, uint8_t bank)
{
    uint32_t address = FLASH_PATCHES;
    flash_status_t status;

    MASK_NONESSENTIAL();
    FLASH_Unlock();

    patch %= PATCHES_PER_BANK;
    bank %= PATCH_BANKS;
    address += (patch + bank * PATCHES_PER_BANK) / PATCHES_PER_PAGE * FLASH_PAGE_SIZE;

    /* Keep the page's other patches: these reads come before the erase. */
    FlashBank = *(const flash_page_t *)address;
    FlashBank.patch[patch % PATCHES_PER_PAGE] = operPatch;

    status = FLASH_ErasePage(address);
    for (uint32_t i = 0; i < FLASH_PAGE_SIZE / 4 && status == FLASH_COMPLETE; i++)
        status = FLASH_ProgramWord(address + 4 * i, FlashBank.word[i]);

    FLASH_Lock();
    UNMASK_NONESSENTIAL();
    return status;
}

PLACE_SAVE flash_status_t save_globals(void)
{
    flash_status_t status;

    MASK_NONESSENTIAL();
    FLASH_Unlock();

    status = FLASH_ErasePage(FLASH_GLOBALS);
    for (uint32_t i = 0; i < sizeof globalsMem / 4 && status == FLASH_COMPLETE; i++)
        status = FLASH_ProgramWord(FLASH_GLOBALS + 4 * i, globalsMem.word[i]);

    FLASH_Lock();
    UNMASK_NONESSENTIAL();
    return status;
}
