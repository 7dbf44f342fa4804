/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * F103: four bits of CRH a pin (RM0008). Nothing is remapped.
 */
#include "pins.h"

#include "chip.h"
#include "cpu.h"

#define GPIO_CRH  REG(PORT_A + 0x04)
#define GPIO_BSRR REG(PORT_A + 0x10)

#define CRH_INPUT_PULLED   8UL
#define CRH_ALTERNATE_FAST 11UL

static void set_mode(uint32_t pin, uint32_t mode)
{
    PORT_A_CLOCK |= PORT_A_CLOCK_ON;
    (void)PORT_A_CLOCK;
    GPIO_CRH = (GPIO_CRH & ~(15UL << (4 * (pin - 8)))) | mode << (4 * (pin - 8));
}

void pin_output(uint32_t pin, uint32_t function)
{
    (void)function;
    set_mode(pin, CRH_ALTERNATE_FAST);
}

void pin_input(uint32_t pin, uint32_t function)
{
    (void)function;
    set_mode(pin, CRH_INPUT_PULLED);
    GPIO_BSRR = BIT(pin); /* pulled up: an open line is idle */
}
