/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * L151: HSI 16 MHz, PLL x6 / 3, 32 MHz in voltage range 1 (RM0038).
 */
#include "clock.h"

#include "chip.h"
#include "cpu.h"

#define RCC_CR      REG(RCC_BASE + 0x00)
#define RCC_CFGR    REG(RCC_BASE + 0x08)
#define RCC_APB1ENR REG(RCC_BASE + 0x24)
#define PWR_CR      REG(0x40007000UL)
#define PWR_CSR     REG(0x40007004UL)
#define FLASH_ACR   REG(FLASH_REGS + 0x00)

#define CR_HSION       BIT(0)
#define CR_HSIRDY      BIT(1)
#define CR_PLLON       BIT(24)
#define CR_PLLRDY      BIT(25)
#define CFGR_SW_PLL    (3UL << 0)
#define CFGR_SWS       (3UL << 2)
#define CFGR_SWS_PLL   (3UL << 2)
#define CFGR_PLLMUL_6  (2UL << 18)
#define CFGR_PLLDIV_3  (2UL << 22)
#define APB1ENR_PWREN  BIT(28)
#define PWR_CR_VOS     (3UL << 11)
#define PWR_CR_VOS_1   (1UL << 11)
#define PWR_CSR_VOSF   BIT(4)
#define ACR_LATENCY    BIT(0)
#define ACR_PRFTEN     BIT(1)
#define ACR_ACC64      BIT(2)

void clock_init(void)
{
    RCC_APB1ENR |= APB1ENR_PWREN;
    (void)RCC_APB1ENR;
    while (PWR_CSR & PWR_CSR_VOSF) {
    }
    PWR_CR = (PWR_CR & ~PWR_CR_VOS) | PWR_CR_VOS_1;
    while (PWR_CSR & PWR_CSR_VOSF) {
    }

    RCC_CR |= CR_HSION;
    while ((RCC_CR & CR_HSIRDY) == 0) {
    }

    /* 64-bit access comes first, and only then a wait state (RM0038, FLASH_ACR). */
    FLASH_ACR |= ACR_ACC64;
    while ((FLASH_ACR & ACR_ACC64) == 0) {
    }
    FLASH_ACR |= ACR_PRFTEN;
    FLASH_ACR |= ACR_LATENCY;
    while ((FLASH_ACR & ACR_LATENCY) == 0) {
    }

    RCC_CFGR = CFGR_PLLMUL_6 | CFGR_PLLDIV_3; /* from HSI */
    RCC_CR |= CR_PLLON;
    while ((RCC_CR & CR_PLLRDY) == 0) {
    }

    RCC_CFGR |= CFGR_SW_PLL;
    while ((RCC_CFGR & CFGR_SWS) != CFGR_SWS_PLL) {
    }
}
