/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The two functions that GCC may call on its own account, for the assignment
 * of a structure say. Compiled with -fno-tree-loop-distribute-patterns, else
 * GCC would see that these loops are memcpy and memset and make them call
 * themselves.
 */
#include <stddef.h>
#include <stdint.h>

#include "variant.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);

PLACE_IDLE void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    uint8_t *t = to;
    const uint8_t *f = from;

    if ((((uintptr_t)t | (uintptr_t)f) & 3) == 0) {
        for (; size >= 4; size -= 4, t += 4, f += 4)
            *(uint32_t *)t = *(const uint32_t *)f;
    }
    while (size-- != 0)
        *t++ = *f++;
    return to;
}

PLACE_IDLE void *memset(void *to, int value, size_t size)
{
    uint8_t *t = to;

    while (size-- != 0)
        *t++ = (uint8_t)value;
    return to;
}
