/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Erasing and programming the main flash array, one driver a family in flash/.
 *
 * `flash_erase` and `flash_program` run while the array is busy. They return 0 or the
 * controller's error bits. There is no time-out: a controller that never ends
 * is a matter for the watchdog.
 */
#ifndef FLASH_H
#define FLASH_H

#include <stdint.h>

#define FLASH_NO_UNIT 0xFFFFFFFFUL

void flash_unlock(void);
void flash_lock(void);

/* What `flash_erase` is to be told for the page or sector that starts at
 * `address`; FLASH_NO_UNIT if none starts there, it has been erased with the one before. */
uint32_t flash_unit_at(uint32_t address);

uint32_t flash_erase(uint32_t unit);

/* `bytes` is a multiple of PROGRAM_BYTES and no more than a page. */
uint32_t flash_program(uint32_t address, const uint32_t *words, uint32_t bytes);

#endif
