/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef SEQUENCER_H
#define SEQUENCER_H

#include <stdint.h>

extern volatile uint32_t sequencer_clocks;
extern volatile uint32_t sequencer_step;

void sequencer_init(void);

#endif
