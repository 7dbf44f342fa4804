/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * F429: USART1 RX is on stream 2 of DMA2, channel 4. Direct mode, no FIFO.
 */
#include "dma.h"

#include "chip.h"
#include "cpu.h"

#define DMA_LIFCR  REG(DMA2_BASE + 0x08)
#define DMA_S2CR   REG(DMA2_BASE + 0x10 + 24 * 2)
#define DMA_S2NDTR REG(DMA2_BASE + 0x14 + 24 * 2)
#define DMA_S2PAR  REG(DMA2_BASE + 0x18 + 24 * 2)
#define DMA_S2M0AR REG(DMA2_BASE + 0x1C + 24 * 2)

#define LIFCR_STREAM_2 (0x3DUL << 16)
#define CR_EN          BIT(0)
#define CR_CIRC        BIT(8)
#define CR_MINC        BIT(10)
#define CR_CHANNEL_4   (4UL << 25)

void dma_start(volatile uint32_t *data_register, uint8_t *ring, uint32_t size)
{
    DMA_CLOCK |= DMA_CLOCK_ON;
    (void)DMA_CLOCK;
    DMA_LIFCR = LIFCR_STREAM_2;
    DMA_S2PAR = (uint32_t)data_register;
    DMA_S2M0AR = (uint32_t)ring;
    DMA_S2NDTR = size;
    DMA_S2CR = CR_CHANNEL_4 | CR_MINC | CR_CIRC;
    DMA_S2CR |= CR_EN;
}

uint32_t dma_left(void)
{
    return DMA_S2NDTR;
}
