/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The two buttons: PA0 saves the sounding patch, PA1 the globals. Handlers only
 * leave a note for the main loop; they are in flash in every variant.
 */
#include "panel.h"

#include "cpu.h"
#include "patch.h"
#include "timebase.h"

/* Where the patch button saves to: the first page of patches. */
#define PANEL_PATCH 3U
#define PANEL_BANK  0U

volatile uint32_t save_count;
volatile uint32_t save_status;
volatile uint32_t save_verify_errors;

static volatile bool patch_pressed;
static volatile bool globals_pressed;
static volatile uint32_t saves_done;

void EXTI0_IRQHandler(void);
void EXTI1_IRQHandler(void);

void EXTI0_IRQHandler(void)
{
    EXTI_PR1 = BIT(0);
    patch_pressed = true;
}

void EXTI1_IRQHandler(void)
{
    EXTI_PR1 = BIT(1);
    globals_pressed = true;
}

void panel_init(void)
{
    RCC_AHBENR |= RCC_AHBENR_IOPAEN;
    RCC_APB2ENR |= RCC_APB2ENR_SYSCFGEN;

    GPIO_MODER(GPIOA_BASE) &= ~15UL;
    GPIO_PUPDR(GPIOA_BASE) = (GPIO_PUPDR(GPIOA_BASE) & ~15UL) | 10UL; /* both pulled down */

    SYSCFG_EXTICR1 &= ~0xFFUL; /* lines 0 and 1 from port A */
    EXTI_RTSR1 |= BIT(0) | BIT(1);
    EXTI_PR1 = BIT(0) | BIT(1);
    EXTI_IMR1 |= BIT(0) | BIT(1);

    nvic_set_priority(IRQ_EXTI0, 10);
    nvic_set_priority(IRQ_EXTI1, 10);
    nvic_enable(IRQ_EXTI0);
    nvic_enable(IRQ_EXTI1);
}

static uint32_t differing_words(uint32_t address, const uint32_t *expected, uint32_t words)
{
    const volatile uint32_t *const flash = (const volatile uint32_t *)address;
    uint32_t errors = 0;

    for (uint32_t i = 0; i < words; i++)
        errors += flash[i] != expected[i];
    return errors;
}

/* A place to stop a run at: everything about the save is stored by now. */
__attribute__((noinline)) void save_done(void)
{
    saves_done++;
}

static void finish(flash_status_t status, uint32_t address, const uint32_t *expected, uint32_t words)
{
    save_verify_errors = differing_words(address, expected, words);
    save_status = status;
    save_count++;
    save_done();
}

bool panel_is_waiting(void)
{
    return patch_pressed || globals_pressed;
}

void panel_serve(void)
{
    if (patch_pressed) {
        const flash_status_t status = save_patch(PANEL_PATCH, PANEL_BANK);

        patch_pressed = false; /* a press that bounced into the save counts as the same */
        finish(status, patch_page(PANEL_PATCH, PANEL_BANK), FlashBank.word, FLASH_PAGE_SIZE / 4);
    }
    if (globals_pressed) {
        globalsMem.saves++;
        globalsMem.uptime_ms = local_time_ms;

        const flash_status_t status = save_globals();

        globals_pressed = false;
        finish(status, FLASH_GLOBALS, globalsMem.word, sizeof globalsMem / 4);
    }
}
