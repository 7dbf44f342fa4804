/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The controller with ISR and ICR (RM0316 ch. 28), 100 kHz from 8 MHz.
 */
#include "bus.h"
#include "chip.h"

#define I2C_CR1     REG(0x40005400UL)
#define I2C_CR2     REG(0x40005404UL)
#define I2C_TIMINGR REG(0x40005410UL)
#define I2C_ISR     REG(0x40005418UL)
#define I2C_ICR     REG(0x4000541CUL)
#define I2C_RXDR    REG(0x40005424UL)
#define I2C_TXDR    REG(0x40005428UL)

#define CR1_PE      BIT(0)
#define CR2_RD_WRN  BIT(10)
#define CR2_START   BIT(13)
#define CR2_STOP    BIT(14)
#define CR2_AUTOEND BIT(25)
#define CR2_NBYTES(n) ((n) << 16)
#define ISR_TXIS    BIT(1)
#define ISR_RXNE    BIT(2)
#define ISR_NACKF   BIT(4)
#define ISR_STOPF   BIT(5)
#define ISR_TC      BIT(6)

void bus_start(void)
{
    I2C_TIMINGR = 0x10420F13UL;
    I2C_CR1 = CR1_PE;
}

static void stopped(void)
{
    while (!(I2C_ISR & ISR_STOPF)) {
    }
    I2C_ICR = ISR_STOPF;
}

int bus_write_begin(uint8_t to, uint32_t count)
{
    I2C_CR2 = CR2_START | CR2_NBYTES(count) | (uint32_t)to << 1;
    while (!(I2C_ISR & (ISR_TXIS | ISR_NACKF))) {
    }
    if (I2C_ISR & ISR_NACKF) {
        stopped(); /* hardware sends it */
        I2C_ICR = ISR_NACKF;
        return 0;
    }
    return 1;
}

void bus_put(uint8_t byte)
{
    while (!(I2C_ISR & ISR_TXIS)) {
    }
    I2C_TXDR = byte;
}

void bus_write_hold(void)
{
    while (!(I2C_ISR & ISR_TC)) {
    }
}

void bus_write_end(void)
{
    bus_write_hold();
    I2C_CR2 |= CR2_STOP;
    stopped();
}

int bus_read(uint8_t from, uint8_t *bytes, uint32_t count)
{
    I2C_CR2 = CR2_START | CR2_AUTOEND | CR2_RD_WRN | CR2_NBYTES(count) | (uint32_t)from << 1;
    for (; count > 0; count--) {
        while (!(I2C_ISR & (ISR_RXNE | ISR_NACKF))) {
        }
        if (I2C_ISR & ISR_NACKF) {
            stopped();
            I2C_ICR = ISR_NACKF;
            return 0;
        }
        *bytes++ = (uint8_t)I2C_RXDR;
    }
    stopped();
    return 1;
}
