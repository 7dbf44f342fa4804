/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Patches and globals: what is kept in flash, and where.
 */
#ifndef PATCH_H
#define PATCH_H

#include <stdint.h>

#include "flash.h"

/* 4 banks of 64 patches, 256 bytes each, 8 to a page; then one page of globals.
 * The ELF has nothing there: a new instrument starts with erased pages. */
#define FLASH_PATCHES 0x08020000UL
#define FLASH_GLOBALS 0x08030000UL

#define PATCHES_PER_PAGE 8U
#define PATCHES_PER_BANK 64U
#define PATCH_BANKS      4U

typedef struct {
    uint8_t controller[128];
    uint8_t program;
    uint8_t reserved;
    uint16_t bend;
    char name[124];
} patch_t;

typedef union {
    patch_t patch[PATCHES_PER_PAGE];
    uint32_t word[FLASH_PAGE_SIZE / 4];
} flash_page_t;

typedef union {
    struct {
        uint32_t saves;
        uint32_t uptime_ms;
        uint8_t channel;
        uint8_t reserved[3];
        int32_t tune;
    };
    uint32_t word[16];
} globals_t;

_Static_assert(sizeof(patch_t) == 256, "eight patches fill a page");
_Static_assert(sizeof(flash_page_t) == FLASH_PAGE_SIZE, "a page is a page");
_Static_assert(sizeof(globals_t) == 64, "padded by its words");

extern patch_t operPatch;      /* the patch that sounds now */
extern globals_t globalsMem;
extern flash_page_t FlashBank; /* the page that is being rewritten */

flash_status_t save_patch(uint8_t patch, uint8_t bank);
flash_status_t save_globals(void);

static inline uint32_t patch_page(uint8_t patch, uint8_t bank)
{
    const uint32_t index = patch % PATCHES_PER_BANK + bank % PATCH_BANKS * PATCHES_PER_BANK;

    return FLASH_PATCHES + index / PATCHES_PER_PAGE * FLASH_PAGE_SIZE;
}

#endif
