/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef TIMEBASE_H
#define TIMEBASE_H

#include <stdint.h>

/* Milliseconds since start, less those that went by in a stall. */
extern volatile uint32_t boot_ms;

void timebase_init(void);

#endif
