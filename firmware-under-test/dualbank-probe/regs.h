/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * What the probe touches of an STM32F429xI (RM0090).
 */
#ifndef REGS_H
#define REGS_H

#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))
#define BIT(n)       (1UL << (n))

#define RCC_APB2ENR      REG(0x40023844UL)
#define RCC_SYSCFGEN     BIT(14)
#define SYSCFG_MEMRMP    REG(0x40013800UL)
#define MEMRMP_FB_MODE   BIT(8)

#define FLASH_KEYR       REG(0x40023C04UL)
#define FLASH_OPTKEYR    REG(0x40023C08UL)
#define FLASH_SR         REG(0x40023C0CUL)
#define FLASH_CR         REG(0x40023C10UL)
#define FLASH_OPTCR      REG(0x40023C14UL)
#define FLASH_KEY1       0x45670123UL
#define FLASH_KEY2       0xCDEF89ABUL
#define FLASH_OPTKEY1    0x08192A3BUL
#define FLASH_OPTKEY2    0x4C5D6E7FUL
#define SR_BSY           BIT(16)
#define SR_ERRORS        0xF2UL   /* OPERR, WRPERR, PGAERR, PGPERR, PGSERR */
#define CR_PG            BIT(0)
#define CR_SER           BIT(1)
#define CR_SNB(code)     ((uint32_t)(code) << 3)
#define CR_PSIZE_X32     (2UL << 8)
#define CR_STRT          BIT(16)
#define CR_LOCK          BIT(31)
#define OPTCR_OPTLOCK    BIT(0)
#define OPTCR_OPTSTRT    BIT(1)
#define OPTCR_BFB2       BIT(4)

#define SYSTICK_CTRL     REG(0xE000E010UL)
#define SYSTICK_LOAD     REG(0xE000E014UL)
#define SYSTICK_VAL      REG(0xE000E018UL)
#define SCB_VTOR         REG(0xE000ED08UL)
#define SCB_AIRCR        REG(0xE000ED0CUL)
#define AIRCR_RESET      0x05FA0004UL

#endif
