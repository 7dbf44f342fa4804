/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * What every probe has: words to leave results in, and an end.
 */
#ifndef PROBE_H
#define PROBE_H

#include "../hawk-midi/cpu.h"

/* Not to be inlined: the copy in a flash function would be in flash. */
#define IN_RAM __attribute__((section(".code_in_ram"), noinline))
#define NO_INIT __attribute__((section(".noinit")))

/* At a fixed place above the stack, where nothing runs over it. */
#define RESULT_WORDS 16
extern volatile uint32_t result[RESULT_WORDS];

/* The page that probes erase: behind any image. */
#define SCRATCH_PAGE 0x08020000UL

/* A probe ends when main returns: by `bkpt #0`. */
int main(void);

static inline void flash_unlock(void)
{
    FLASH_KEYR = FLASH_KEY1;
    FLASH_KEYR = FLASH_KEY2;
}

#endif
