/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef CRC32_H
#define CRC32_H

#include <stdint.h>

/* CRC-32 as zlib and Ethernet have it: polynomial 0x04C11DB7 reflected, all ones before and after. */
uint32_t crc32(const void *data, uint32_t bytes);

#endif
