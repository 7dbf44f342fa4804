/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "ring.h"

#include "variant.h"

/* Called by the receive interrupt: false if the byte had no room. */
PLACE_CALLEE bool ring_put(struct ring *ring, uint8_t byte)
{
    const uint32_t put = ring->put;

    if (put - ring->taken == RING_SIZE)
        return false;
    ring->bytes[put % RING_SIZE] = byte;
    ring->put = put + 1;
    return true;
}

bool ring_take(struct ring *ring, uint8_t *byte)
{
    const uint32_t taken = ring->taken;

    if (taken == ring->put)
        return false;
    *byte = ring->bytes[taken % RING_SIZE];
    ring->taken = taken + 1;
    return true;
}
