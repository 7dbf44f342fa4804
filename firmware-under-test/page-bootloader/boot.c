/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * page-bootloader: takes an image page by page and writes it, while the next page comes in.
 * What it promises the host meanwhile is the variant.
 */
#include "boot.h"

#include <stdbool.h>

#include "chip.h"
#include "clock.h"
#include "collect.h"
#include "cpu.h"
#include "crc32.h"
#include "flash.h"
#include "link.h"
#include "timebase.h"
#include "variant.h"
#include "watchdog.h"

/* Silence after which the host is taken for gone. One that has lost an answer
 * must have tried again before that. */
#define GIVE_UP_MS (HAS(RESEND) ? 5000U : 500U)
/* Silence that ends a frame, complete or not. */
#define FRAME_QUIET_MS 10U
#define FRAME_TRIES    8U
/* The host has taken notice of BUSY when nothing has come for so long. */
#define BUSY_QUIET_MS  3U

volatile uint32_t boot_status;
volatile uint32_t boot_pages_written;
volatile uint32_t boot_retries;
volatile uint32_t boot_flash_errors;
volatile uint32_t boot_crc;

static volatile uint32_t boots_done;
static uint32_t waiting_since;

int main(void);

/* Called and left with interrupts masked, so that none is slept over that came
 * after its caller's look. WFI wakes up for a masked one, too. */
static void sleep(void)
{
    watchdog_feed();
    wait_for_interrupt();
    irq_enable();
    link_poll();
    irq_disable();
}

/* How long nothing has come, while somebody waited. */
static uint32_t quiet_ms(void)
{
    const uint32_t waited = boot_ms - waiting_since;
    const uint32_t silent = boot_ms - collect_last_ms;

    return silent < waited ? silent : waited;
}

static void wait_for_quiet(uint32_t ms)
{
    waiting_since = boot_ms;
    irq_disable();
    while (quiet_ms() < ms)
        sleep();
    irq_enable();
}

static void wait_for_header(void)
{
    irq_disable();
    while (!header_complete)
        sleep();
    irq_enable();
}

static uint32_t wait_for_page(uint32_t bytes)
{
    uint32_t result = BOOT_RUNNING;

    waiting_since = boot_ms;
    link_poll();
    irq_disable();
    while (result == BOOT_RUNNING && collect_waiting() < bytes) {
        if (quiet_ms() >= GIVE_UP_MS)
            result = BOOT_INCOMPLETE;
        else
            sleep();
    }
    irq_enable();
    return result;
}

/* A frame for this page is open. Leaves it complete and right, but not acknowledged. */
static uint32_t wait_for_frame(uint32_t page, uint32_t bytes)
{
    for (uint32_t tries = 0; tries < FRAME_TRIES; tries++) {
        waiting_since = boot_ms;
        irq_disable();
        while (!frame_is_complete() && quiet_ms() < (frame.touched ? FRAME_QUIET_MS : GIVE_UP_MS))
            sleep();
        irq_enable();

        if (!frame.touched)
            return BOOT_INCOMPLETE;
        if (frame_is_complete() && frame.crc == crc32(collect_page(page), bytes)) {
            if (frame.sequence == (page & 0xFF))
                return BOOT_RUNNING;
            if (frame.sequence == ((page - 1) & 0xFF)) {
                /* Its acknowledgement was lost. */
                frame_open(page, bytes);
                link_send(LINK_ACK, (uint8_t)(page - 1));
                continue;
            }
        }
        boot_retries++;
        wait_for_quiet(FRAME_QUIET_MS);
        frame_open(page, bytes);
        link_send(LINK_NAK, (uint8_t)page);
    }
    return BOOT_GAVE_UP;
}

static uint32_t erase_at(uint32_t address)
{
    const uint32_t unit = flash_unit_at(address);

    if (unit == FLASH_NO_UNIT)
        return 0;
    watchdog_feed();
    return flash_erase(unit);
}

static uint32_t erase_area(void)
{
    flash_unlock();
    for (uint32_t at = 0; at < header.length && boot_flash_errors == 0; at += PAGE_BYTES)
        boot_flash_errors = erase_at(AREA_START + at);
    flash_lock();
    return boot_flash_errors == 0 ? BOOT_RUNNING : BOOT_FLASH_ERROR;
}

static uint32_t write_page(uint32_t page, uint32_t bytes)
{
    const uint32_t address = AREA_START + page * PAGE_BYTES;
    uint32_t *const words = collect_page(page);

    for (; bytes % PROGRAM_BYTES != 0; bytes++)
        ((uint8_t *)words)[bytes] = ERASED_BYTE;

    flash_unlock();
    if (!HAS(ERASE_FIRST))
        boot_flash_errors = erase_at(address);
    if (boot_flash_errors == 0) {
        watchdog_feed();
        boot_flash_errors = flash_program(address, words, bytes);
    }
    flash_lock();
    if (boot_flash_errors != 0)
        return BOOT_FLASH_ERROR;
    boot_pages_written++;
    return BOOT_RUNNING;
}

static uint32_t bytes_of(uint32_t page)
{
    const uint32_t left = header.length - page * PAGE_BYTES;

    return left < PAGE_BYTES ? left : PAGE_BYTES;
}

/* One page from the wire into the flash. */
static uint32_t serve_page(uint32_t page, bool last)
{
    uint32_t status;

    if (HAS(RESEND)) {
        status = wait_for_frame(page, bytes_of(page));
        if (status != BOOT_RUNNING)
            return status;
        boot_bytes_received += bytes_of(page);
        /* The host sends the next frame while this one is written: that is what the
         * resending has to make good. */
        if (!last)
            frame_open(page + 1, bytes_of(page + 1));
        link_send(LINK_ACK, (uint8_t)page);
        return write_page(page, bytes_of(page));
    }

    status = wait_for_page(bytes_of(page));
    if (status != BOOT_RUNNING)
        return status;
    if (HAS(ANNOUNCE)) {
        link_send(LINK_BUSY, (uint8_t)page);
        wait_for_quiet(BUSY_QUIET_MS);
    }
    status = write_page(page, bytes_of(page));
    collect_free_page();
    link_resume();
    if (HAS(ANNOUNCE))
        link_send(LINK_READY, (uint8_t)page);
    if (HAS(ACK_PAGES) && status == BOOT_RUNNING)
        link_send(LINK_ACK, (uint8_t)page);
    return status;
}

static uint32_t serve_image(void)
{
    uint32_t status = BOOT_RUNNING;

    if (header.length == 0 || header.length > AREA_BYTES)
        return BOOT_BAD_HEADER;
    const uint32_t pages = (header.length + PAGE_BYTES - 1) / PAGE_BYTES;

    if (HAS(ERASE_FIRST)) {
        status = erase_area();
        if (status == BOOT_RUNNING)
            link_send(LINK_READY, 0);
    }
    if (HAS(RESEND))
        frame_open(0, bytes_of(0));
    if (HAS(ACK_PAGES) || HAS(RESEND))
        link_send(LINK_ACK, 0xFF);

    for (uint32_t page = 0; page < pages && status == BOOT_RUNNING; page++)
        status = serve_page(page, page + 1 == pages);
    if (status != BOOT_RUNNING)
        return status;

    boot_crc = crc32((const void *)AREA_START, header.length);
    return boot_crc == header.crc ? BOOT_OK : BOOT_CRC_DIFFERS;
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
    watchdog_init();
    link_init();

    wait_for_header();
    const uint32_t status = serve_image();

    link_send(status == BOOT_OK ? LINK_OK : LINK_FAIL, (uint8_t)status);
    boot_status = status;
    boot_done();
    irq_disable();
    for (;;)
        sleep();
}
