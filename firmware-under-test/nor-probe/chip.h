/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * What differs between the two chips: pins, gates, and the width of SPI_DR.
 */
#ifndef CHIP_H
#define CHIP_H

#include <stdint.h>

#define REG32(address) (*(volatile uint32_t *)(address))
#define REG8(address)  (*(volatile uint8_t *)(address))

#define DEMCR      REG32(0xE000EDFC)
#define DWT_CTRL   REG32(0xE0001000)
#define DWT_CYCCNT REG32(0xE0001004)

#define RCC_APB2ENR REG32(0x40021018)
#define RCC_SPI1EN  (1UL << 12)

#define SPI1_BASE 0x40013000UL
#define SPI_CR1   REG32(SPI1_BASE + 0x00)
#define SPI_CR2   REG32(SPI1_BASE + 0x04)
#define SPI_SR    REG32(SPI1_BASE + 0x08)
/* A byte at a time: on the F303 a wider access would take two frames. */
#define SPI_DR    REG8(SPI1_BASE + 0x0C)

#define SPI_CR1_MSTR (1UL << 2)
#define SPI_CR1_SPE  (1UL << 6)
#define SPI_CR1_SSI  (1UL << 8)
#define SPI_CR1_SSM  (1UL << 9)
#define SPI_SR_RXNE  (1UL << 0)
#define SPI_SR_TXE   (1UL << 1)
#define SPI_SR_BSY   (1UL << 7)

#ifdef CHIP_F103

#define GPIOA_CRL  REG32(0x40010800)
#define GPIOA_BSRR REG32(0x40010810)

static inline void chip_init(void)
{
    RCC_APB2ENR |= RCC_SPI1EN | 1UL << 2;
    GPIOA_BSRR = 1UL << 4;
    /* PA4 output, PA5 and PA7 alternate output, PA6 input. */
    GPIOA_CRL = (GPIOA_CRL & 0x0000FFFFUL) | 0xB4B30000UL;
}

#else

#define RCC_AHBENR  REG32(0x40021014)
#define GPIOA_MODER REG32(0x48000000)
#define GPIOA_AFRL  REG32(0x48000020)
#define GPIOA_BSRR  REG32(0x48000018)

static inline void chip_init(void)
{
    RCC_APB2ENR |= RCC_SPI1EN;
    RCC_AHBENR |= 1UL << 17;
    GPIOA_BSRR = 1UL << 4;
    /* PA5 to PA7 are SPI1 (AF5), PA4 is an output. */
    GPIOA_AFRL = (GPIOA_AFRL & 0x0000FFFFUL) | 0x55500000UL;
    GPIOA_MODER = (GPIOA_MODER & 0xFFFF00FFUL) | 0x0000A900UL;
    /* Frames of eight bits, RXNE from the first byte on. */
    SPI_CR2 = 7UL << 8 | 1UL << 12;
}

#endif

#define CS_LOW()  (GPIOA_BSRR = 1UL << (4 + 16))
#define CS_HIGH() (GPIOA_BSRR = 1UL << 4)

#endif
