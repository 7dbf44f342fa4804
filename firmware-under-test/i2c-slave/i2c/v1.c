/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Slave by interrupt on the controller with SR1 and SR2 (RM0008 ch. 26).
 */
#include "bus.h"
#include "chip.h"
#include "variant.h"

#define I2C_CR1  REG(0x40005400UL)
#define I2C_CR2  REG(0x40005404UL)
#define I2C_OAR1 REG(0x40005408UL)
#define I2C_DR   REG(0x40005410UL)
#define I2C_SR1  REG(0x40005414UL)
#define I2C_SR2  REG(0x40005418UL)

#define CR1_PE        BIT(0)
#define CR1_NOSTRETCH BIT(7)
#define CR1_ACK       BIT(10)
#define CR2_ITERREN   BIT(8)
#define CR2_ITEVTEN   BIT(9)
#define CR2_ITBUFEN   BIT(10)
#define SR1_ADDR      BIT(1)
#define SR1_STOPF     BIT(4)
#define SR1_RXNE      BIT(6)
#define SR1_TXE       BIT(7)
#define SR1_AF        BIT(10)
#define SR1_OVR       BIT(11)
#define SR2_TRA       BIT(2)

void I2C1_EV_IRQHandler(void);
void I2C1_ER_IRQHandler(void);

void bus_start(void)
{
    const uint32_t on = CR1_PE | (NOSTRETCH ? CR1_NOSTRETCH : 0);

    I2C_CR2 = CR2_ITEVTEN | CR2_ITBUFEN | CR2_ITERREN | 8U;
    I2C_OAR1 = BIT(14) | OWN_ADDRESS << 1;
    I2C_CR1 = on;
    I2C_CR1 = on | CR1_ACK;
}

IN_RAM void I2C1_EV_IRQHandler(void)
{
    const uint32_t events = I2C_SR1;

    if (events & SR1_ADDR) {
        if (I2C_SR2 & SR2_TRA)
            device_read_begins();
        else
            device_write_begins();
    }
    if (events & SR1_RXNE)
        device_received((uint8_t)I2C_DR);
    if (events & SR1_TXE)
        I2C_DR = device_wanted();
    if (events & SR1_STOPF) {
        I2C_CR1 |= CR1_PE;
        device_stopped();
    }
}

IN_RAM void I2C1_ER_IRQHandler(void)
{
    const uint32_t errors = I2C_SR1;

    if (errors & SR1_OVR)
        device_overrun();
    /* A master that has read enough does not acknowledge: AF is no error. */
    I2C_SR1 = ~(errors & (SR1_AF | SR1_OVR));
}
