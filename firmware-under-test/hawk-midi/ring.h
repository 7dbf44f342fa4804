/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Bytes from one interrupt handler to the main loop. Each side writes only its
 * own index, so neither has to mask the other.
 */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stdint.h>
#ifndef RING_SIZE /* mutant-ring-short has a smaller one */
/* A save lasts at most 40 ms + 1024 x 60 us = 102 ms, in which 318 MIDI bytes
 * arrive; the main loop takes none of them meanwhile. */
#define RING_SIZE 1024U /* a power of two */
#endif
struct ring {
    volatile uint32_t put;
    volatile uint32_t taken;
    uint8_t bytes[RING_SIZE];
};

bool ring_put(struct ring *ring, uint8_t byte);
bool ring_take(struct ring *ring, uint8_t *byte);

static inline bool ring_is_empty(const struct ring *ring)
{
    return ring->put == ring->taken;
}

#endif
