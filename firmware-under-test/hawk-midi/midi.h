/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef MIDI_H
#define MIDI_H

#include <stdbool.h>
#include <stdint.h>

#define MIDI_CAPTURE_SIZE 4096U

/* Bytes in the order in which the main loop got them: what the harness
 * compares with the wire. The count stops at the size. */
extern uint8_t midi_capture[MIDI_CAPTURE_SIZE];
extern volatile uint32_t midi_capture_count;

/* How often the handler found ORE: at least one byte lost each time. */
extern volatile uint32_t midi_overruns;
/* Bytes that the handler got but the ring had no room for. */
extern volatile uint32_t midi_ring_dropped;
/* Channel messages that were complete on arrival, counted in the handler. */
extern volatile uint32_t midi_messages;

/* How many data bytes follow a status byte, by its upper half. */
#define MIDI_LENGTH_DATA   0xFF /* a data byte itself    */
#define MIDI_LENGTH_SYSTEM 0xFE /* no channel message    */
extern const uint8_t midi_length_table[16];

void midi_init(void);
bool midi_is_waiting(void);
void midi_drain(void);

#endif
