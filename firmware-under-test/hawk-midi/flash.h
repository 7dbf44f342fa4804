/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Erasing and programming the main flash array.
 */
#ifndef FLASH_H
#define FLASH_H

#include <stdint.h>

#define FLASH_PAGE_SIZE 2048U

typedef enum {
    FLASH_BUSY = 1,
    FLASH_PROTECTED = 2,
    FLASH_NOT_ERASED = 3,
    FLASH_COMPLETE = 4,
    FLASH_TIMEOUT = 5,
} flash_status_t;

void FLASH_Unlock(void);
void FLASH_Lock(void);
flash_status_t FLASH_GetStatus(void);
flash_status_t FLASH_WaitForLastOperation(uint32_t timeout);
flash_status_t FLASH_ErasePage(uint32_t address);
flash_status_t FLASH_ProgramWord(uint32_t address, uint32_t word);

#endif
