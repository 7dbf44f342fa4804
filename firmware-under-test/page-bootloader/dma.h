/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * One circular transfer, from the USART's data register to SRAM, without interrupts.
 */
#ifndef DMA_H
#define DMA_H

#include <stdint.h>

void dma_start(volatile uint32_t *data_register, uint8_t *ring, uint32_t size);

/* How many bytes are left until the writer starts again at the ring's first. */
uint32_t dma_left(void);

#endif
