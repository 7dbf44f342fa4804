/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The wire to the host, UART or CAN: bytes go to collect.h, answers come from boot.c.
 */
#ifndef LINK_H
#define LINK_H

#include <stdint.h>

#define LINK_ACK   0x06U
#define LINK_READY 0x11U /* DC1, XON  */
#define LINK_BUSY  0x13U /* DC3, XOFF */
#define LINK_NAK   0x15U
#define LINK_OK    0x4BU /* 'K': image complete and verified */
#define LINK_FAIL  0x46U /* 'F' */

/* How often the receiver reported an overrun: at least one unit lost each time. */
extern volatile uint32_t boot_overruns;

void link_init(void);

/* An answer, and over CAN a value with it. Returns when it is on its way; over UART, when it is out. */
void link_send(uint8_t answer, uint8_t value);

/* Fetches what was received without an interrupt. */
void link_poll(void);

/* There is room again. */
void link_resume(void);

#endif
