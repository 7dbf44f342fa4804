/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The slave, by interrupt: a write is handed on at its STOP, or at the repeated
 * START of the read behind it.
 */
#include "bridge.h"
#include "regs.h"

#define MESSAGE_BYTES 32U

static uint8_t message[MESSAGE_BYTES];
static uint32_t message_count;
static uint8_t selected;
static uint32_t answer_index;

volatile uint32_t i2c_errors;

void I2C1_EV_IRQHandler(void);
void I2C1_ER_IRQHandler(void);

void i2c_start(void)
{
    RCC_APB2ENR |= RCC_APB2ENR_IOPBEN;
    RCC_APB1ENR |= RCC_APB1ENR_I2C1EN;
    /* PB6 and PB7: alternate function, open drain, 2 MHz. */
    GPIOB_CRL = (GPIOB_CRL & 0x00FFFFFFUL) | 0xEE000000UL;
    I2C1_CR2 = I2C_CR2_ITEVTEN | I2C_CR2_ITBUFEN | I2C_CR2_ITERREN | CORE_HZ / 1000000UL;
    I2C1_OAR1 = BIT(14) | OWN_ADDRESS << 1;
    I2C1_CR1 = I2C_CR1_PE;
    I2C1_CR1 = I2C_CR1_PE | I2C_CR1_ACK;
    NVIC_ISER(0) = BIT(IRQ_I2C1_EV);
    NVIC_ISER(1) = BIT(IRQ_I2C1_ER - 32);
}

static void hand_on(void)
{
    if (message_count != 0) {
        selected = message[0];
        if (selected != COMMAND_STATUS && selected != COMMAND_DATA)
            command_received(message, message_count);
        message_count = 0;
    }
}

static uint8_t wanted(void)
{
    if (selected == COMMAND_STATUS)
        return current_task != TASK_NONE || task_running;
    return answer[answer_index++ % DATA_BYTES];
}

void I2C1_EV_IRQHandler(void)
{
    const uint32_t events = I2C1_SR1;

    if (events & I2C_SR1_RXNE) {
        const uint8_t byte = (uint8_t)I2C1_DR;

        if (message_count < MESSAGE_BYTES)
            message[message_count++] = byte;
    }
    if (events & I2C_SR1_STOPF) {
        I2C1_CR1 |= I2C_CR1_PE;
        hand_on();
    }
    if (events & I2C_SR1_ADDR) {
        hand_on();
        answer_index = 0;
        (void)I2C1_SR2;
    }
    if (events & I2C_SR1_TXE)
        I2C1_DR = wanted();
}

void I2C1_ER_IRQHandler(void)
{
    /* Only AF is expected: it ends a read. */
    if (I2C1_SR1 & I2C_SR1_ERRORS & ~BIT(10))
        i2c_errors++;
    I2C1_SR1 = ~I2C_SR1_ERRORS;
}
