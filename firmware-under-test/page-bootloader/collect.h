/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * From received bytes to pages in RAM: what the receive interrupt calls.
 *
 * Buffers of a page take turns: page n+1 comes in while page n is written, and those after it
 * if the wire is faster than the flash.
 */
#ifndef COLLECT_H
#define COLLECT_H

#include <stdbool.h>
#include <stdint.h>

#include "chip.h"

/* What the host announces before anything else. */
struct header {
    uint32_t length; /* bytes of the image */
    uint32_t crc;    /* CRC-32 of the image, as zlib computes it */
};
extern struct header header;
extern volatile bool header_complete;

/* On the wire of a UART the header is this, the length and the CRC, low byte first. */
#define HEADER_MAGIC 0x31425346UL /* "FSB1" */
#define HEADER_BYTES 12U

/* Image bytes that were stored, and those that there was no room for or that are beyond the image. */
extern volatile uint32_t boot_bytes_received;
extern volatile uint32_t boot_dropped;

/* When the last byte came. */
extern volatile uint32_t collect_last_ms;

/* Takes one byte of whatever comes next: header, then image or frames. */
void collect_byte(uint8_t byte);

/* The page that was taken longest ago: words, so that they can be programmed. */
uint32_t *collect_page(uint32_t index);
/* A whole page was written: its buffer may be used again. */
void collect_free_page(void);
/* Image bytes that wait to be written. */
uint32_t collect_waiting(void);
bool collect_has_room(void);

/* Frames of variant crc-resend: SOH, sequence number, a page, its CRC-32. */
#define FRAME_SOH      0x01U
#define FRAME_OVERHEAD 6U

extern volatile struct frame {
    uint32_t page;  /* index of the page that is asked for */
    uint32_t size;  /* bytes of image in it */
    uint32_t count; /* bytes seen, 0: none open; size + FRAME_OVERHEAD: complete */
    uint32_t crc;   /* as received */
    uint32_t sequence;
    bool touched;   /* anything came since it was opened */
} frame;

void frame_open(uint32_t page, uint32_t size);
bool frame_is_complete(void);

#endif
