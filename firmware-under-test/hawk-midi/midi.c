/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * What the main loop does with MIDI bytes: keep them as evidence, parse them,
 * play them.
 */
#include "midi.h"

#include "patch.h"
#include "ring.h"
#include "synth.h"

extern struct ring midi_ring;

uint8_t midi_capture[MIDI_CAPTURE_SIZE];
volatile uint32_t midi_capture_count;

static struct {
    uint8_t status; /* 0: no running status */
    uint8_t data[2];
    uint8_t count;
} parser;

static void play(uint8_t status, const uint8_t *data)
{
    switch (status & 0xF0) {
    case 0x80:
        synth_note_off(data[0]);
        break;
    case 0x90:
        /* A note on without velocity is a note off. */
        if (data[1] != 0)
            synth_note_on(data[0], data[1]);
        else
            synth_note_off(data[0]);
        break;
    case 0xB0:
        operPatch.controller[data[0]] = data[1];
        break;
    case 0xC0:
        operPatch.program = data[0];
        break;
    case 0xE0:
        operPatch.bend = (uint16_t)(data[0] | data[1] << 7);
        break;
    default:
        break;
    }
}

static void parse(uint8_t byte)
{
    const uint8_t length = midi_length_table[byte >> 4];

    if (length == MIDI_LENGTH_DATA) {
        if (parser.status == 0)
            return;
        parser.data[parser.count++] = byte;
        if (parser.count == midi_length_table[parser.status >> 4]) {
            parser.count = 0;
            play(parser.status, parser.data);
        }
    } else if (length != MIDI_LENGTH_SYSTEM) {
        parser.status = byte;
        parser.count = 0;
    } else if (byte < 0xF8) {
        parser.status = 0;
    }
}

bool midi_is_waiting(void)
{
    return !ring_is_empty(&midi_ring);
}

void midi_drain(void)
{
    uint8_t byte;

    while (ring_take(&midi_ring, &byte)) {
        const uint32_t count = midi_capture_count;

        if (count < MIDI_CAPTURE_SIZE) {
            midi_capture[count] = byte;
            midi_capture_count = count + 1;
        }
        parse(byte);
    }
}
