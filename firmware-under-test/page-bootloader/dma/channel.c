/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * F103, F303, L151, L451: USART1 RX is on channel 5 of DMA1.
 */
#include "dma.h"

#include "chip.h"
#include "cpu.h"

#define DMA_CCR5   REG(DMA1_BASE + 0x08 + 20 * 4)
#define DMA_CNDTR5 REG(DMA1_BASE + 0x0C + 20 * 4)
#define DMA_CPAR5  REG(DMA1_BASE + 0x10 + 20 * 4)
#define DMA_CMAR5  REG(DMA1_BASE + 0x14 + 20 * 4)

#define CCR_EN   BIT(0)
#define CCR_CIRC BIT(5)
#define CCR_MINC BIT(7)

void dma_start(volatile uint32_t *data_register, uint8_t *ring, uint32_t size)
{
    DMA_CLOCK |= DMA_CLOCK_ON;
    (void)DMA_CLOCK;
#ifdef DMA1_CSELR
    DMA1_CSELR |= DMA1_CSELR_CH5_USART1;
#endif
    DMA_CPAR5 = (uint32_t)data_register;
    DMA_CMAR5 = (uint32_t)ring;
    DMA_CNDTR5 = size;
    DMA_CCR5 = CCR_MINC | CCR_CIRC | CCR_EN;
}

uint32_t dma_left(void)
{
    return DMA_CNDTR5;
}
