/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * L451: HSI16, PLL x10 / 2, 80 MHz in voltage range 1, which is that of reset (RM0394).
 */
#include "clock.h"

#include "chip.h"
#include "cpu.h"

#define RCC_CR      REG(RCC_BASE + 0x00)
#define RCC_CFGR    REG(RCC_BASE + 0x08)
#define RCC_PLLCFGR REG(RCC_BASE + 0x0C)
#define FLASH_ACR   REG(FLASH_REGS + 0x00)

#define CR_HSION       BIT(8)
#define CR_HSIRDY      BIT(10)
#define CR_PLLON       BIT(24)
#define CR_PLLRDY      BIT(25)
#define CFGR_SW_PLL    (3UL << 0)
#define CFGR_SWS       (3UL << 2)
#define CFGR_SWS_PLL   (3UL << 2)
#define PLLCFGR_SRC_HSI16 (2UL << 0)
#define PLLCFGR_N_10   (10UL << 8) /* VCO 160 MHz; M = 1, R = 2 */
#define PLLCFGR_REN    BIT(24)
#define ACR_LATENCY    (7UL << 0)
#define ACR_LATENCY_4  (4UL << 0)
#define ACR_PRFTEN     BIT(8)
#define ACR_ICEN       BIT(9)
#define ACR_DCEN       BIT(10)

void clock_init(void)
{
    RCC_CR |= CR_HSION;
    while ((RCC_CR & CR_HSIRDY) == 0) {
    }

    FLASH_ACR = ACR_LATENCY_4 | ACR_PRFTEN | ACR_ICEN | ACR_DCEN;
    while ((FLASH_ACR & ACR_LATENCY) != ACR_LATENCY_4) {
    }

    RCC_PLLCFGR = PLLCFGR_SRC_HSI16 | PLLCFGR_N_10 | PLLCFGR_REN;
    RCC_CR |= CR_PLLON;
    while ((RCC_CR & CR_PLLRDY) == 0) {
    }

    RCC_CFGR |= CFGR_SW_PLL;
    while ((RCC_CFGR & CFGR_SWS) != CFGR_SWS_PLL) {
    }
}
