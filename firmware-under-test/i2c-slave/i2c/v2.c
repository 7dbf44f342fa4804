/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Slave by interrupt on the controller with ISR and ICR (RM0316 ch. 28).
 */
#include "bus.h"
#include "chip.h"
#include "variant.h"

#define I2C_CR1     REG(0x40005400UL)
#define I2C_OAR1    REG(0x40005408UL)
#define I2C_TIMINGR REG(0x40005410UL)
#define I2C_ISR     REG(0x40005418UL)
#define I2C_ICR     REG(0x4000541CUL)
#define I2C_RXDR    REG(0x40005424UL)
#define I2C_TXDR    REG(0x40005428UL)

#define CR1_PE        BIT(0)
#define CR1_TXIE      BIT(1)
#define CR1_RXIE      BIT(2)
#define CR1_ADDRIE    BIT(3)
#define CR1_NACKIE    BIT(4)
#define CR1_STOPIE    BIT(5)
#define CR1_ERRIE     BIT(7)
#define CR1_NOSTRETCH BIT(17)
#define OAR1_OA1EN    BIT(15)
#define ISR_TXE       BIT(0)
#define ISR_TXIS      BIT(1)
#define ISR_RXNE      BIT(2)
#define ISR_ADDR      BIT(3)
#define ISR_NACKF     BIT(4)
#define ISR_STOPF     BIT(5)
#define ISR_OVR       BIT(10)
#define ISR_DIR       BIT(16)

/* 100 kHz from 8 MHz (RM0316, examples of timing settings). A slave needs its
 * data hold and setup times only. */
#define TIMING 0x10420F13UL

void I2C1_EV_IRQHandler(void);
void I2C1_ER_IRQHandler(void);

void bus_start(void)
{
    const uint32_t on = NOSTRETCH ? CR1_NOSTRETCH : 0;

    I2C_TIMINGR = TIMING;
    I2C_OAR1 = OAR1_OA1EN | OWN_ADDRESS << 1;
    I2C_CR1 = on | CR1_TXIE | CR1_RXIE | CR1_ADDRIE | CR1_NACKIE | CR1_STOPIE | CR1_ERRIE;
    I2C_CR1 |= CR1_PE;
}

IN_RAM void I2C1_EV_IRQHandler(void)
{
    const uint32_t events = I2C_ISR;

    if (events & ISR_ADDR) {
        if (events & ISR_DIR) {
            I2C_ISR = ISR_TXE; /* what the last master did not want */
            device_read_begins();
        } else {
            device_write_begins();
        }
        I2C_ICR = ISR_ADDR;
    }
    if (events & ISR_RXNE)
        device_received((uint8_t)I2C_RXDR);
    if (events & ISR_TXIS)
        I2C_TXDR = device_wanted();
    if (events & ISR_NACKF)
        I2C_ICR = ISR_NACKF;
    if (events & ISR_STOPF) {
        I2C_ICR = ISR_STOPF;
        device_stopped();
    }
}

IN_RAM void I2C1_ER_IRQHandler(void)
{
    if (I2C_ISR & ISR_OVR) {
        I2C_ICR = ISR_OVR;
        device_overrun();
    }
}
