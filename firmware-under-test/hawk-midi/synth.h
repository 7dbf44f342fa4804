/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef SYNTH_H
#define SYNTH_H

#include <stdint.h>

extern volatile uint32_t envelope_ticks;
extern volatile uint32_t lfo_ticks;

void synth_init(void);
void synth_note_on(uint8_t note, uint8_t velocity);
void synth_note_off(uint8_t note);

#endif
