/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The boot loader as terminal programs know it: a file by YMODEM (name and size
 * first) or XMODEM-CRC. Takes the place of boot.c and collect.c.
 *
 * The sender waits for an answer to each block, and the answer comes when the
 * block is in the flash: nothing is on the wire while the core is stalled.
 */
#include <stdbool.h>

#include "boot.h"
#include "chip.h"
#include "clock.h"
#include "collect.h"
#include "cpu.h"
#include "crc32.h"
#include "flash.h"
#include "link.h"
#include "timebase.h"
#include "variant.h"

#define SOH 0x01U /* a block of 128 bytes follows */
#define STX 0x02U /* a block of 1024 bytes follows */
#define EOT 0x04U
#define CAN 0x18U
#define CRC_MODE 'C' /* "send, with a CRC of 16 bits" */

#define BLOCK_MAX   1024U
#define INVITE_MS   1000U  /* from one C to the next */
#define INVITES     60U
#define BLOCK_MS    10000U /* for the first byte of a block */
#define BYTE_MS     1000U  /* for each of the others */
#define QUIET_MS    20U
#define TRIES       10U
#define NO_BYTE     0x100U

enum event { SILENCE, BROKEN, BLOCK, END, CANCELLED };

volatile uint32_t boot_status;
volatile uint32_t boot_pages_written;
volatile uint32_t boot_retries;
volatile uint32_t boot_flash_errors;
volatile uint32_t boot_crc;
volatile uint32_t boot_bytes_received;
volatile uint32_t boot_dropped;
volatile uint32_t boot_length;

static volatile uint32_t boots_done;

/* What the interrupt has taken: a whole block with its frame has room. */
#define RING_SIZE 2048U
static volatile uint8_t ring[RING_SIZE];
static volatile uint32_t ring_put, ring_got;

/* The block that came last. */
static struct {
    uint32_t words[BLOCK_MAX / 4];
    uint32_t size;
    uint8_t number;
} block;

int main(void);

PLACE_CALLEE bool collect_has_room(void)
{
    return ring_put - ring_got < RING_SIZE;
}

PLACE_CALLEE void collect_byte(uint8_t byte)
{
    if (!collect_has_room()) {
        boot_dropped++;
        return;
    }
    ring[ring_put % RING_SIZE] = byte;
    ring_put++;
}

/* The next byte, or NO_BYTE after so many milliseconds. */
static uint32_t next_byte(uint32_t ms)
{
    const uint32_t since = boot_ms;
    uint32_t byte = NO_BYTE;

    irq_disable();
    while (ring_put == ring_got && boot_ms - since < ms) {
        wait_for_interrupt();
        irq_enable();
        irq_disable();
    }
    if (ring_put != ring_got)
        byte = ring[ring_got++ % RING_SIZE];
    irq_enable();
    return byte;
}

static void wait_for_quiet(void)
{
    while (next_byte(QUIET_MS) != NO_BYTE) {
    }
}

/* CRC-16 of XMODEM: polynomial 0x1021, from zero, most significant bit first. */
static uint16_t crc16(const uint8_t *bytes, uint32_t count)
{
    uint32_t crc = 0;

    for (; count != 0; count--) {
        crc ^= (uint32_t)*bytes++ << 8;
        for (uint32_t bit = 0; bit < 8; bit++)
            crc = crc & 0x8000U ? crc << 1 ^ 0x1021U : crc << 1;
    }
    return (uint16_t)crc;
}

/* Number, its complement, the bytes, the CRC. */
static enum event rest_of_block(uint32_t size)
{
    uint8_t *const bytes = (uint8_t *)block.words;
    const uint32_t number = next_byte(BYTE_MS);
    const uint32_t complement = next_byte(BYTE_MS);

    if (number == NO_BYTE || (number ^ complement) != 0xFFU)
        return BROKEN;
    for (uint32_t i = 0; i < size; i++) {
        const uint32_t byte = next_byte(BYTE_MS);

        if (byte == NO_BYTE)
            return BROKEN;
        bytes[i] = (uint8_t)byte;
    }
    const uint32_t high = next_byte(BYTE_MS);
    const uint32_t low = next_byte(BYTE_MS);

    if (low == NO_BYTE || (high << 8 | low) != crc16(bytes, size))
        return BROKEN;
    block.number = (uint8_t)number;
    block.size = size;
    return BLOCK;
}

static enum event receive(uint32_t ms)
{
    switch (next_byte(ms)) {
    case NO_BYTE:
        return SILENCE;
    case SOH:
        return rest_of_block(128);
    case STX:
        return rest_of_block(1024);
    case EOT:
        return END;
    case CAN:
        return next_byte(BYTE_MS) == CAN ? CANCELLED : BROKEN;
    default:
        return BROKEN;
    }
}

/* Writes `bytes` of the block to where the image goes on. */
static uint32_t write_block(uint32_t offset, uint32_t bytes)
{
    const uint32_t *words = block.words;
    uint32_t errors = 0;

    bytes = (bytes + PROGRAM_BYTES - 1) / PROGRAM_BYTES * PROGRAM_BYTES;
    flash_unlock();
    while (bytes != 0 && errors == 0) {
        const uint32_t address = AREA_START + offset;
        const uint32_t left = PAGE_BYTES - offset % PAGE_BYTES;
        const uint32_t now = bytes < left ? bytes : left;

        if (offset % PAGE_BYTES == 0) {
            const uint32_t unit = flash_unit_at(address);

            if (unit != FLASH_NO_UNIT)
                errors = flash_erase(unit);
            boot_pages_written++;
        }
        if (errors == 0)
            errors = flash_program(address, words, now);
        offset += now;
        words += now / 4;
        bytes -= now;
    }
    flash_lock();
    boot_flash_errors = errors;
    return errors == 0 ? BOOT_RUNNING : BOOT_FLASH_ERROR;
}

/* The size behind the file's name in block 0. Without one the image is as long as what comes. */
static uint32_t size_in_header(void)
{
    const uint8_t *at = (const uint8_t *)block.words;
    const uint8_t *const end = at + block.size;
    uint32_t size = 0;

    while (at < end && *at != 0)
        at++;
    for (at++; at < end && *at >= '0' && *at <= '9'; at++) {
        size = size * 10 + (*at - (uint32_t)'0');
        if (size > AREA_BYTES)
            return AREA_BYTES + 1;
    }
    return size;
}

static bool header_is_empty(void)
{
    return *(const uint8_t *)block.words == 0;
}

/* What to write of a block of the image. */
static uint32_t take_block(void)
{
    uint32_t bytes = block.size;

    if (boot_length != 0 && boot_length - boot_bytes_received < bytes)
        bytes = boot_length - boot_bytes_received;
    if (bytes > AREA_BYTES - boot_bytes_received)
        return BOOT_BAD_HEADER;
    const uint32_t status = write_block(boot_bytes_received, bytes);

    boot_bytes_received += bytes;
    return status;
}

static uint32_t cancel(uint32_t status)
{
    link_send(CAN, 0);
    link_send(CAN, 0);
    return status;
}

static uint32_t receive_file(void)
{
    bool begun = false, over = false;
    uint8_t expected = HAS(BATCH) ? 0 : 1;
    uint32_t tries = 0;

    link_send(CRC_MODE, 0);
    for (;;) {
        uint32_t status = BOOT_RUNNING;

        switch (receive(begun ? BLOCK_MS : INVITE_MS)) {
        case SILENCE:
            if (over)
                return BOOT_OK;
            if (++tries >= (begun ? TRIES : INVITES))
                return BOOT_INCOMPLETE;
            link_send(begun ? LINK_NAK : CRC_MODE, 0);
            break;
        case BROKEN:
            boot_retries++;
            if (++tries >= TRIES)
                return cancel(BOOT_GAVE_UP);
            wait_for_quiet();
            link_send(LINK_NAK, 0);
            break;
        case CANCELLED:
            return BOOT_INCOMPLETE;
        case END:
            link_send(LINK_ACK, 0);
            if (!HAS(BATCH))
                return BOOT_OK;
            /* There may be another file: there is not, and block 0 says so. */
            link_send(CRC_MODE, 0);
            begun = false;
            over = true;
            expected = 0;
            break;
        case BLOCK:
            tries = 0;
            if (begun && block.number == (uint8_t)(expected - 1)) {
                link_send(LINK_ACK, 0); /* the answer was lost */
                break;
            }
            if (block.number != expected)
                return cancel(BOOT_GAVE_UP);
            if (HAS(BATCH) && !begun) {
                if (over || header_is_empty()) {
                    link_send(LINK_ACK, 0);
                    return over ? BOOT_OK : BOOT_INCOMPLETE;
                }
                boot_length = size_in_header();
                if (boot_length > AREA_BYTES)
                    return cancel(BOOT_BAD_HEADER);
                link_send(LINK_ACK, 0);
                link_send(CRC_MODE, 0);
            } else {
                status = take_block();
                if (status != BOOT_RUNNING)
                    return cancel(status);
                link_send(LINK_ACK, 0);
            }
            begun = true;
            expected++;
            break;
        }
    }
}

/* A place to stop a run at. */
__attribute__((noinline)) void boot_done(void)
{
    boots_done++;
}

int main(void)
{
    clock_init();
    timebase_init();
    link_init();

    const uint32_t status = receive_file();

    boot_crc = crc32((const void *)AREA_START, boot_bytes_received);
    boot_status = status;
    boot_done();
    for (;;)
        wait_for_interrupt();
}
