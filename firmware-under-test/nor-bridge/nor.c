/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The serial flash. SPI1 runs at 4 MHz: a byte is 2 us.
 */
#include "nor.h"
#include "regs.h"

#define COMMAND_PROGRAM      0x02U
#define COMMAND_READ         0x03U
#define COMMAND_READ_STATUS  0x05U
#define COMMAND_WRITE_ENABLE 0x06U
#define COMMAND_ERASE_SECTOR 0x20U
#define COMMAND_ERASE_BLOCK  0xD8U
#define STATUS_BUSY          BIT(0)

void nor_start(void)
{
    RCC_APB2ENR |= RCC_APB2ENR_IOPAEN | RCC_APB2ENR_SPI1EN;
    GPIOA_BSRR = BIT(4);
    /* PA4 output, PA5 and PA7 alternate function, all push-pull at 50 MHz; PA6 floating input. */
    GPIOA_CRL = (GPIOA_CRL & 0x0000FFFFUL) | 0xB4B30000UL;
    SPI1_CR1 = SPI_CR1_MSTR | SPI_CR1_SSM | SPI_CR1_SSI;
    SPI1_CR1 |= SPI_CR1_SPE;
}

static uint8_t exchange(uint8_t byte)
{
    while (!(SPI1_SR & SPI_SR_TXE)) {
    }
    SPI1_DR = byte;
    while (!(SPI1_SR & SPI_SR_RXNE)) {
    }
    return (uint8_t)SPI1_DR;
}

static void begin(uint8_t command)
{
    GPIOA_BSRR = BIT(4 + 16);
    exchange(command);
}

static void begin_at(uint8_t command, uint32_t address)
{
    begin(command);
    exchange((uint8_t)(address >> 16));
    exchange((uint8_t)(address >> 8));
    exchange((uint8_t)address);
}

static void end(void)
{
    while (SPI1_SR & SPI_SR_BSY) {
    }
    GPIOA_BSRR = BIT(4);
}

static void write_enable(void)
{
    begin(COMMAND_WRITE_ENABLE);
    end();
}

int nor_busy(void)
{
    begin(COMMAND_READ_STATUS);
    const uint8_t status = exchange(0);

    end();
    return status & STATUS_BUSY;
}

void nor_erase_sector(uint32_t address)
{
    write_enable();
    begin_at(COMMAND_ERASE_SECTOR, address);
    end();
}

void nor_erase_block(uint32_t address)
{
    write_enable();
    begin_at(COMMAND_ERASE_BLOCK, address);
    end();
}

void nor_program(uint32_t address, const volatile uint8_t *bytes, uint32_t count)
{
    write_enable();
    begin_at(COMMAND_PROGRAM, address);
    for (uint32_t n = 0; n < count; n++)
        exchange(bytes[n]);
    end();
}

void nor_read(uint32_t address, volatile uint8_t *bytes, uint32_t count)
{
    begin_at(COMMAND_READ, address);
    for (uint32_t n = 0; n < count; n++)
        bytes[n] = exchange(0);
    end();
}
