/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * 8 MHz crystal, PLL x9, 72 MHz (RM0316, "Clocks" and "Flash access control
 * register").
 */
#include "clock.h"

#include "regs.h"

void clock_init(void)
{
    RCC_CR |= RCC_CR_HSEON;
    while ((RCC_CR & RCC_CR_HSERDY) == 0) {
    }

    /* Above 48 MHz the array needs two wait states, before the switch. The
     * read back makes sure that they are in force. */
    FLASH_ACR = FLASH_ACR_LATENCY_2 | FLASH_ACR_PRFTBE;
    while ((FLASH_ACR & FLASH_ACR_LATENCY) != FLASH_ACR_LATENCY_2) {
    }

    /* PREDIV stays at /1. APB1 must not exceed 36 MHz. */
    RCC_CFGR2 = 0;
    RCC_CFGR = RCC_CFGR_PLLMUL_9 | RCC_CFGR_PLLSRC_HSE | RCC_CFGR_PPRE1_DIV2;
    RCC_CR |= RCC_CR_PLLON;
    while ((RCC_CR & RCC_CR_PLLRDY) == 0) {
    }

    RCC_CFGR |= RCC_CFGR_SW_PLL;
    while ((RCC_CFGR & RCC_CFGR_SWS) != RCC_CFGR_SWS_PLL) {
    }
}
