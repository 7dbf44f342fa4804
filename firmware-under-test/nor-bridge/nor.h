/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * A W25Q64JV on SPI1 (PA5 to PA7), its chip select on PA4. Nothing here waits
 * for an erase or a program; nor_busy asks.
 */
#ifndef NOR_H
#define NOR_H

#include <stdint.h>

void nor_start(void);
int nor_busy(void);
void nor_erase_sector(uint32_t address); /* 4 KB */
void nor_erase_block(uint32_t address);  /* 64 KB */
void nor_program(uint32_t address, const volatile uint8_t *bytes, uint32_t count);
void nor_read(uint32_t address, volatile uint8_t *bytes, uint32_t count);

#endif
