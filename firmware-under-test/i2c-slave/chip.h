/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef CHIP_H
#define CHIP_H

#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))
#define BIT(n)       (1UL << (n))

#if defined CHIP_F103
#include "chip/f103.h"
#else
#include "chip/f303.h"
#endif

#define IRQ_I2C1_EV 31
#define IRQ_I2C1_ER 32
#define NVIC_ISER(n) REG(0xE000E100UL + 4 * (n))
#define SCB_VTOR     REG(0xE000ED08UL)

/* The same flash controller in both. */
#define FLASH_KEYR   REG(0x40022004UL)
#define FLASH_SR     REG(0x4002200CUL)
#define FLASH_CR     REG(0x40022010UL)
#define FLASH_AR     REG(0x40022014UL)
#define FLASH_KEY1   0x45670123UL
#define FLASH_KEY2   0xCDEF89ABUL
#define FLASH_SR_BSY   BIT(0)
#define FLASH_SR_FLAGS (BIT(2) | BIT(4) | BIT(5))
#define FLASH_CR_PG    BIT(0)
#define FLASH_CR_PER   BIT(1)
#define FLASH_CR_STRT  BIT(6)
#define FLASH_CR_LOCK  BIT(7)

#endif
