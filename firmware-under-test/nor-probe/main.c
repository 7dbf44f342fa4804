/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * A driver for a serial flash in a page: id, erase, poll, program over the end
 * of a page, read back. The core runs at 8 MHz and SPI1 at half of that, so a
 * byte is 2 us on the wire.
 *
 * result[0]     the JEDEC id
 * result[1]     status register 1 behind a program without write enable
 * result[2]     what a read returned while the erase was under way
 * result[3..4]  the last eight bytes of the page
 * result[5..6]  its first eight
 * result[7]     the first word of the next page
 */
#include "chip.h"

volatile uint32_t result[8];
/* From the end of the erase command to the first status with BUSY = 0. */
volatile uint32_t erase_cycles;
volatile uint32_t erase_polls;

#define CMD_PAGE_PROGRAM 0x02U
#define CMD_READ         0x03U
#define CMD_READ_STATUS  0x05U
#define CMD_WRITE_ENABLE 0x06U
#define CMD_SECTOR_ERASE 0x20U
#define CMD_JEDEC_ID     0x9FU

#define STATUS_BUSY 0x01U

#define SECTOR   0x001000UL
#define PAGE_END 0x0010F8UL /* eight bytes before the end of a page */

int main(void);
void done(void);

static uint8_t exchange(uint8_t byte)
{
    while (!(SPI_SR & SPI_SR_TXE)) {
    }
    SPI_DR = byte;
    while (!(SPI_SR & SPI_SR_RXNE)) {
    }
    return SPI_DR;
}

static void select(uint8_t command)
{
    CS_LOW();
    exchange(command);
}

static void release(void)
{
    while (SPI_SR & SPI_SR_BSY) {
    }
    CS_HIGH();
}

static void send_address(uint32_t address)
{
    exchange((uint8_t)(address >> 16));
    exchange((uint8_t)(address >> 8));
    exchange((uint8_t)address);
}

static uint8_t read_status(void)
{
    select(CMD_READ_STATUS);
    uint8_t status = exchange(0);
    release();
    return status;
}

static void write_enable(void)
{
    select(CMD_WRITE_ENABLE);
    release();
}

static uint32_t wait_ready(void)
{
    uint32_t polls = 1;

    while (read_status() & STATUS_BUSY)
        polls++;
    return polls;
}

static uint32_t read_jedec(void)
{
    uint32_t id = 0;

    select(CMD_JEDEC_ID);
    for (int i = 0; i < 3; i++)
        id = id << 8 | exchange(0);
    release();
    return id;
}

static uint32_t read_word(uint32_t address)
{
    uint32_t word = 0;

    select(CMD_READ);
    send_address(address);
    for (unsigned i = 0; i < 4; i++)
        word |= (uint32_t)exchange(0) << (8 * i);
    release();
    return word;
}

static void program(uint32_t address, uint8_t first, unsigned count)
{
    select(CMD_PAGE_PROGRAM);
    send_address(address);
    for (unsigned i = 0; i < count; i++)
        exchange((uint8_t)(first + i));
    release();
}

static void erase_sector(uint32_t address)
{
    select(CMD_SECTOR_ERASE);
    send_address(address);
    release();
}

/* The run ends here. */
__attribute__((noinline)) void done(void)
{
    for (;;) {
    }
}

int main(void)
{
    DEMCR |= 1UL << 24;
    DWT_CTRL |= 1UL;
    chip_init();
    SPI_CR1 = SPI_CR1_MSTR | SPI_CR1_SSM | SPI_CR1_SSI;
    SPI_CR1 |= SPI_CR1_SPE;

    result[0] = read_jedec();

    /* Without a write enable nothing happens. */
    program(SECTOR, 0x11, 1);
    result[1] = read_status();

    write_enable();
    erase_sector(SECTOR);
    uint32_t start = DWT_CYCCNT;
    result[2] = read_word(SECTOR);
    erase_polls = wait_ready();
    erase_cycles = DWT_CYCCNT - start;

    write_enable();
    program(PAGE_END, 0xA0, 16);
    wait_ready();

    result[3] = read_word(PAGE_END);
    result[4] = read_word(PAGE_END + 4);
    result[5] = read_word(SECTOR);
    result[6] = read_word(SECTOR + 4);
    result[7] = read_word(SECTOR + 0x100);
    done();
    return 0;
}
