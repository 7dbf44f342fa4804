/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * F303, L151, L451, F429: mode, pull and alternate function registers.
 */
#include "pins.h"

#include "chip.h"
#include "cpu.h"

#define GPIO_MODER   REG(PORT_A + 0x00)
#define GPIO_OSPEEDR REG(PORT_A + 0x08)
#define GPIO_PUPDR   REG(PORT_A + 0x0C)
#define GPIO_AFRH    REG(PORT_A + 0x24)

void pin_output(uint32_t pin, uint32_t function)
{
    PORT_A_CLOCK |= PORT_A_CLOCK_ON;
    (void)PORT_A_CLOCK;
    GPIO_OSPEEDR |= 3UL << (2 * pin);
    GPIO_AFRH = (GPIO_AFRH & ~(15UL << (4 * (pin - 8)))) | function << (4 * (pin - 8));
    GPIO_MODER = (GPIO_MODER & ~(3UL << (2 * pin))) | 2UL << (2 * pin);
}

void pin_input(uint32_t pin, uint32_t function)
{
    pin_output(pin, function);
    GPIO_PUPDR = (GPIO_PUPDR & ~(3UL << (2 * pin))) | 1UL << (2 * pin); /* up: an open line is idle */
}
