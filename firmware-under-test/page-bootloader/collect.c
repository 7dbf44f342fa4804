/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "collect.h"

#include "cpu.h"
#include "timebase.h"
#include "variant.h"

struct header header;
volatile bool header_complete;

volatile uint32_t boot_bytes_received;
volatile uint32_t boot_dropped;
volatile uint32_t collect_last_ms;

volatile struct frame frame;

/* Page n is in buffer n % PAGE_BUFFERS. Not cleared at start, there is nothing to clear. */
__attribute__((section(".noinit"))) static uint32_t buffers[PAGE_BUFFERS][PAGE_BYTES / 4];
static volatile uint32_t freed; /* image bytes whose buffer may be used again */
static uint32_t header_count;

#define BUFFER_BYTES (PAGE_BUFFERS * PAGE_BYTES)

ALWAYS_INLINE void collect_header_byte(uint8_t byte)
{
    const uint32_t at = header_count;

    if (at < 4) {
        /* Whatever is not the magic is noise. */
        if (byte == (uint8_t)(HEADER_MAGIC >> (8 * at)))
            header_count = at + 1;
        else
            header_count = byte == (uint8_t)HEADER_MAGIC;
        return;
    }
    ((uint8_t *)&header)[at - 4] = byte;
    header_count = at + 1;
    if (at + 1 == HEADER_BYTES)
        header_complete = true;
}

ALWAYS_INLINE void collect_frame_byte(uint8_t byte)
{
    const uint32_t at = frame.count;
    const uint32_t size = frame.size;

    frame.touched = true;
    if (at == size + FRAME_OVERHEAD || (at == 0 && byte != FRAME_SOH))
        return;
    if (at == 1)
        frame.sequence = byte;
    else if (at >= 2 + size)
        frame.crc |= (uint32_t)byte << (8 * (at - 2 - size));
    else if (at >= 2)
        ((uint8_t *)buffers[frame.page % PAGE_BUFFERS])[at - 2] = byte;
    frame.count = at + 1;
}

ALWAYS_INLINE void collect_image_byte(uint8_t byte)
{
    const uint32_t at = boot_bytes_received;

    if (at - freed >= BUFFER_BYTES || at >= header.length) {
        boot_dropped++;
        return;
    }
    ((uint8_t *)buffers)[at % BUFFER_BYTES] = byte;
    boot_bytes_received = at + 1;
}

PLACE_CALLEE void collect_byte(uint8_t byte)
{
    collect_last_ms = boot_ms;
    if (!header_complete)
        collect_header_byte(byte);
    else if (HAS(RESEND))
        collect_frame_byte(byte);
    else
        collect_image_byte(byte);
}

uint32_t *collect_page(uint32_t index)
{
    return buffers[index % PAGE_BUFFERS];
}

void collect_free_page(void)
{
    freed += PAGE_BYTES;
}

uint32_t collect_waiting(void)
{
    return boot_bytes_received - freed;
}

PLACE_CALLEE bool collect_has_room(void)
{
    return boot_bytes_received - freed < BUFFER_BYTES;
}

void frame_open(uint32_t page, uint32_t size)
{
    irq_disable();
    frame.page = page;
    frame.size = size;
    frame.count = 0;
    frame.crc = 0;
    frame.touched = false;
    irq_enable();
}

bool frame_is_complete(void)
{
    return frame.count == frame.size + FRAME_OVERHEAD;
}
