/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The controller with SR1 and SR2 (RM0008 ch. 26), 100 kHz from 8 MHz.
 */
#include "bus.h"
#include "chip.h"

#define I2C_CR1   REG(0x40005400UL)
#define I2C_CR2   REG(0x40005404UL)
#define I2C_DR    REG(0x40005410UL)
#define I2C_SR1   REG(0x40005414UL)
#define I2C_SR2   REG(0x40005418UL)
#define I2C_CCR   REG(0x4000541CUL)
#define I2C_TRISE REG(0x40005420UL)

#define CR1_PE    BIT(0)
#define CR1_START BIT(8)
#define CR1_STOP  BIT(9)
#define CR1_ACK   BIT(10)
#define SR1_SB    BIT(0)
#define SR1_ADDR  BIT(1)
#define SR1_BTF   BIT(2)
#define SR1_RXNE  BIT(6)
#define SR1_TXE   BIT(7)
#define SR1_AF    BIT(10)
#define SR2_MSL   BIT(0)

void bus_start(void)
{
    I2C_CR2 = 8;
    I2C_CCR = 40;
    I2C_TRISE = 9;
    I2C_CR1 = CR1_PE;
}

static void stop(void)
{
    I2C_CR1 |= CR1_STOP;
    while (I2C_SR2 & SR2_MSL) {
    }
}

static int address(uint8_t byte)
{
    I2C_CR1 |= CR1_START;
    while (!(I2C_SR1 & SR1_SB)) {
    }
    I2C_DR = byte;
    while (!(I2C_SR1 & (SR1_ADDR | SR1_AF))) {
    }
    if (I2C_SR1 & SR1_AF) {
        I2C_SR1 = ~SR1_AF;
        stop();
        return 0;
    }
    return 1;
}

int bus_write_begin(uint8_t to, uint32_t count)
{
    (void)count;
    if (!address((uint8_t)(to << 1)))
        return 0;
    (void)I2C_SR2;
    return 1;
}

void bus_put(uint8_t byte)
{
    while (!(I2C_SR1 & SR1_TXE)) {
    }
    I2C_DR = byte;
}

void bus_write_hold(void)
{
    while (!(I2C_SR1 & SR1_BTF)) {
    }
}

void bus_write_end(void)
{
    bus_write_hold();
    stop();
}

int bus_read(uint8_t from, uint8_t *bytes, uint32_t count)
{
    I2C_CR1 |= CR1_ACK;
    if (!address((uint8_t)(from << 1 | 1)))
        return 0;
    (void)I2C_SR2;
    for (; count > 3; count--) {
        while (!(I2C_SR1 & SR1_RXNE)) {
        }
        *bytes++ = (uint8_t)I2C_DR;
    }
    /* Two wait, SCL is low: the last one is refused. */
    while (!(I2C_SR1 & SR1_BTF)) {
    }
    I2C_CR1 &= ~CR1_ACK;
    *bytes++ = (uint8_t)I2C_DR;
    while (!(I2C_SR1 & SR1_BTF)) {
    }
    I2C_CR1 |= CR1_STOP;
    *bytes++ = (uint8_t)I2C_DR;
    *bytes = (uint8_t)I2C_DR;
    while (I2C_SR2 & SR2_MSL) {
    }
    return 1;
}
