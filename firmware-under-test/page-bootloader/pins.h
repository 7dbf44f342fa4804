/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The pins of port A that the link uses: PA9 TX, PA10 RX, PA12 RTS, or PA11 CAN
 * RX, PA12 CAN TX, the same on all parts.
 */
#ifndef PINS_H
#define PINS_H

#include <stdint.h>

#define AF_USART 7UL
#define AF_CAN   9UL

/* `pin`: 8 to 15. The function number is of no use to the F103, which has one a pin. */
void pin_output(uint32_t pin, uint32_t function);
void pin_input(uint32_t pin, uint32_t function);

#endif
