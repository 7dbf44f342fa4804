/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef TIMEBASE_H
#define TIMEBASE_H

#include <stdint.h>

extern volatile uint32_t local_time_ms;

void timebase_init(void);
void Time_Update(void);

#endif
