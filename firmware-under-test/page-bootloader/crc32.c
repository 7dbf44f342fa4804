/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "crc32.h"

uint32_t crc32(const void *data, uint32_t bytes)
{
    uint32_t crc = 0xFFFFFFFFUL;

    for (const uint8_t *byte = data; bytes != 0; bytes--) {
        crc ^= *byte++;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xEDB88320UL : crc >> 1;
    }
    return ~crc;
}
