/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * A master that polls. Bytes are counted beforehand, as both controllers like it.
 */
#ifndef BUS_H
#define BUS_H

#include <stdint.h>

void bus_start(void);

/* START and the address, to write `count` bytes. 0: nobody answers, and STOP has been sent. */
int bus_write_begin(uint8_t address, uint32_t count);
void bus_put(uint8_t byte);
/* STOP behind the bytes. */
void bus_write_end(void);
/* The same without STOP: a read follows. */
void bus_write_hold(void);
/* (Repeated) START, `count` bytes, at least three, STOP. */
int bus_read(uint8_t address, uint8_t *bytes, uint32_t count);

#endif
