/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * An image that updates itself: it copies what runs at 0x08000000 into the bank
 * that shows at 0x08100000, as the next version, and has that started by a
 * reset. BFB2 set starts bank 2, BFB2 clear bank 1. It ends after two updates.
 *
 *   ABSOLUTE_SECTORS  takes SNB for a number that goes with the address
 *   VTOR_ZERO         leaves VTOR at 0
 *   NO_STACK_POINTER  does not write the first word of the copy
 */
#include "regs.h"

#define HERE  0x08000000UL      /* the bank that runs, whichever it is */
#define OTHER 0x08100000UL
#define FIRST_SECTOR_OF_BANK_1 0x00U
#define FIRST_SECTOR_OF_BANK_2 0x10U /* sector 12 */
#define UPDATES 2U
#define BOOTS 8U

extern uint32_t __stack_top[], __image_words[];

void Reset_Handler(void);
void Fault_Handler(void);
void SysTick_Handler(void);
void probe_done(void);

typedef void (*vector_t)(void);

__attribute__((section(".isr_vector"), used))
static const struct {
    const uint32_t *initial_stack;
    vector_t exception[15];
} vectors = {
    __stack_top,
    { Reset_Handler, Fault_Handler, Fault_Handler, Fault_Handler, Fault_Handler, Fault_Handler,
      0, 0, 0, 0, Fault_Handler, Fault_Handler, 0, Fault_Handler, SysTick_Handler },
};

__attribute__((section(".version"), used))
const volatile uint32_t image_version = 1;

/* These outlive a reset: nothing initialises them, power-up leaves 0. */
#define KEPT __attribute__((section(".kept")))
KEPT volatile uint32_t boot_count;
KEPT volatile uint32_t boot_version[BOOTS];
KEPT volatile uint32_t boot_fb_mode[BOOTS];
KEPT volatile uint32_t ticks;
KEPT volatile uint32_t erase_ticks[BOOTS];
KEPT volatile uint32_t verify_errors;
KEPT volatile uint32_t flash_errors;

void SysTick_Handler(void)
{
    ticks++;
}

void Fault_Handler(void)
{
    for (;;)
        __asm volatile("bkpt #2");
}

static void wait(void)
{
    while (FLASH_SR & SR_BSY)
        ;
    flash_errors |= FLASH_SR & SR_ERRORS;
}

static void erase_other_bank(uint32_t swapped)
{
#ifdef ABSOLUTE_SECTORS
    uint32_t code = FIRST_SECTOR_OF_BANK_2;
    (void)swapped;
#else
    uint32_t code = swapped ? FIRST_SECTOR_OF_BANK_1 : FIRST_SECTOR_OF_BANK_2;
#endif
    FLASH_CR = CR_SER | CR_SNB(code) | CR_PSIZE_X32;
    FLASH_CR = CR_SER | CR_SNB(code) | CR_PSIZE_X32 | CR_STRT;
    wait();
    FLASH_CR = 0;
}

static void copy(void)
{
    const volatile uint32_t *from = (const volatile uint32_t *)HERE;
    volatile uint32_t *to = (volatile uint32_t *)OTHER;
    const uint32_t words = (uint32_t)__image_words;
    const uint32_t version_at = (uint32_t)(&image_version - from);

#ifdef NO_STACK_POINTER
    const uint32_t first = 1;
#else
    const uint32_t first = 0;
#endif
    FLASH_CR = CR_PG | CR_PSIZE_X32;
    for (uint32_t i = first; i < words; i++) {
        uint32_t word = from[i] + (i == version_at ? 1U : 0U);
        to[i] = word;
        wait();
        if (to[i] != word)
            verify_errors++;
    }
    FLASH_CR = CR_LOCK;
}

static void choose_bank(uint32_t bfb2)
{
    FLASH_OPTKEYR = FLASH_OPTKEY1;
    FLASH_OPTKEYR = FLASH_OPTKEY2;
    uint32_t options = (FLASH_OPTCR & ~(OPTCR_BFB2 | OPTCR_OPTLOCK)) | bfb2;
    FLASH_OPTCR = options;
    FLASH_OPTCR = options | OPTCR_OPTSTRT;
    wait();
    FLASH_OPTCR = options | OPTCR_OPTLOCK;
}

/* Somewhere to stop: everything above is written. */
__attribute__((noinline)) void probe_done(void)
{
    for (;;)
        __asm volatile("bkpt #1");
}

void Reset_Handler(void)
{
    RCC_APB2ENR |= RCC_SYSCFGEN;
    const uint32_t swapped = SYSCFG_MEMRMP & MEMRMP_FB_MODE;
    const uint32_t boot = boot_count++ % BOOTS;

    boot_version[boot] = image_version;
    boot_fb_mode[boot] = swapped ? 1 : 0;
    if (boot == UPDATES)
        probe_done();

#ifndef VTOR_ZERO
    SCB_VTOR = HERE;
#endif
    SYSTICK_LOAD = 16000 - 1;   /* 1 ms of HSI */
    SYSTICK_VAL = 0;
    SYSTICK_CTRL = 7;

    FLASH_KEYR = FLASH_KEY1;
    FLASH_KEYR = FLASH_KEY2;
    uint32_t before = ticks;
    erase_other_bank(swapped);
    erase_ticks[boot] = ticks - before;
    copy();
    choose_bank(swapped ? 0 : OPTCR_BFB2);
    SCB_AIRCR = AIRCR_RESET;
    for (;;)
        ;
}
