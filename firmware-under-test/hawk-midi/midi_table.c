/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * A file of its own, so that the receive handler has to load from it instead
 * of having the compiler know the values.
 */
#include "midi.h"

#include "variant.h"

PLACE_CONST const uint8_t midi_length_table[16] = {
    MIDI_LENGTH_DATA, MIDI_LENGTH_DATA, MIDI_LENGTH_DATA, MIDI_LENGTH_DATA,
    MIDI_LENGTH_DATA, MIDI_LENGTH_DATA, MIDI_LENGTH_DATA, MIDI_LENGTH_DATA,
    2, /* note off              */
    2, /* note on               */
    2, /* polyphonic pressure   */
    2, /* control change        */
    1, /* program change        */
    1, /* channel pressure      */
    2, /* pitch bend            */
    MIDI_LENGTH_SYSTEM,
};
