/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef WATCHDOG_H
#define WATCHDOG_H

#include <stdint.h>

/* Resets by the watchdog since power-on. Kept in SRAM over a reset. Variant plain-iwdg only. */
extern volatile uint32_t boot_watchdog_resets;

/* Both do nothing in the variants without a watchdog. */
void watchdog_init(void);
void watchdog_feed(void);

#endif
