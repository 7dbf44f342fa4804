/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * F429: 8 MHz crystal, PLL / 8 x 336 / 2, 168 MHz, for which the regulator needs
 * scale 1 but no over-drive (RM0090).
 */
#include "clock.h"

#include "chip.h"
#include "cpu.h"

#define RCC_CR      REG(RCC_BASE + 0x00)
#define RCC_PLLCFGR REG(RCC_BASE + 0x04)
#define RCC_CFGR    REG(RCC_BASE + 0x08)
#define RCC_APB1ENR REG(RCC_BASE + 0x40)
#define PWR_CR      REG(0x40007000UL)
#define PWR_CSR     REG(0x40007004UL)
#define FLASH_ACR   REG(FLASH_REGS + 0x00)

#define CR_HSEON        BIT(16)
#define CR_HSERDY       BIT(17)
#define CR_PLLON        BIT(24)
#define CR_PLLRDY       BIT(25)
#define PLLCFGR_M_8     (8UL << 0)
#define PLLCFGR_N_336   (336UL << 6)
#define PLLCFGR_P_2     (0UL << 16)
#define PLLCFGR_SRC_HSE BIT(22)
#define PLLCFGR_Q_7     (7UL << 24)
#define CFGR_SW_PLL     (2UL << 0)
#define CFGR_SWS        (3UL << 2)
#define CFGR_SWS_PLL    (2UL << 2)
#define CFGR_PPRE1_DIV4 (5UL << 10)
#define CFGR_PPRE2_DIV2 (4UL << 13)
#define APB1ENR_PWREN   BIT(28)
#define PWR_CR_VOS_1    (3UL << 14)
#define PWR_CSR_VOSRDY  BIT(14)
#define ACR_LATENCY     (15UL << 0)
#define ACR_LATENCY_5   (5UL << 0)
#define ACR_PRFTEN      BIT(8)
#define ACR_ICEN        BIT(9)
#define ACR_DCEN        BIT(10)

void clock_init(void)
{
    RCC_APB1ENR |= APB1ENR_PWREN;
    (void)RCC_APB1ENR;
    PWR_CR |= PWR_CR_VOS_1;

    RCC_CR |= CR_HSEON;
    while ((RCC_CR & CR_HSERDY) == 0) {
    }

    RCC_PLLCFGR = PLLCFGR_M_8 | PLLCFGR_N_336 | PLLCFGR_P_2 | PLLCFGR_SRC_HSE | PLLCFGR_Q_7;
    RCC_CFGR = CFGR_PPRE1_DIV4 | CFGR_PPRE2_DIV2;
    RCC_CR |= CR_PLLON;
    while ((RCC_CR & CR_PLLRDY) == 0) {
    }
    /* The regulator takes its scale when the PLL is on. */
    while ((PWR_CSR & PWR_CSR_VOSRDY) == 0) {
    }

    FLASH_ACR = ACR_LATENCY_5 | ACR_PRFTEN | ACR_ICEN | ACR_DCEN;
    while ((FLASH_ACR & ACR_LATENCY) != ACR_LATENCY_5) {
    }

    RCC_CFGR |= CFGR_SW_PLL;
    while ((RCC_CFGR & CFGR_SWS) != CFGR_SWS_PLL) {
    }
}
