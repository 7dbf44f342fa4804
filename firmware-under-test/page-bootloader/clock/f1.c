/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * F103 and F303: 8 MHz crystal, PLL x9, 72 MHz (RM0008, RM0316).
 */
#include "clock.h"

#include "chip.h"
#include "cpu.h"

#define RCC_CR    REG(RCC_BASE + 0x00)
#define RCC_CFGR  REG(RCC_BASE + 0x04)
#define FLASH_ACR REG(FLASH_REGS + 0x00)

#define CR_HSEON        BIT(16)
#define CR_HSERDY       BIT(17)
#define CR_PLLON        BIT(24)
#define CR_PLLRDY       BIT(25)
#define CFGR_SW_PLL     (2UL << 0)
#define CFGR_SWS        (3UL << 2)
#define CFGR_SWS_PLL    (2UL << 2)
#define CFGR_PPRE1_DIV2 (4UL << 8)
#define CFGR_PLLSRC_HSE BIT(16)
#define CFGR_PLLMUL_9   (7UL << 18)
#define ACR_LATENCY     (7UL << 0)
#define ACR_LATENCY_2   (2UL << 0)
#define ACR_PRFTBE      BIT(4)

void clock_init(void)
{
    RCC_CR |= CR_HSEON;
    while ((RCC_CR & CR_HSERDY) == 0) {
    }

    FLASH_ACR = ACR_LATENCY_2 | ACR_PRFTBE;
    while ((FLASH_ACR & ACR_LATENCY) != ACR_LATENCY_2) {
    }

    /* APB1 must not exceed 36 MHz. */
    RCC_CFGR = CFGR_PLLMUL_9 | CFGR_PLLSRC_HSE | CFGR_PPRE1_DIV2;
    RCC_CR |= CR_PLLON;
    while ((RCC_CR & CR_PLLRDY) == 0) {
    }

    RCC_CFGR |= CFGR_SW_PLL;
    while ((RCC_CFGR & CFGR_SWS) != CFGR_SWS_PLL) {
    }
}
