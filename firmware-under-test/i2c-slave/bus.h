/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * What the driver of the controller tells the device, and asks of it. All of it
 * is called by the handlers.
 */
#ifndef BUS_H
#define BUS_H

#include <stdint.h>

#define OWN_ADDRESS 0x42U

void bus_start(void);

void device_write_begins(void);
void device_read_begins(void);
void device_received(uint8_t byte);
uint8_t device_wanted(void);
void device_stopped(void);
void device_overrun(void);

#endif
