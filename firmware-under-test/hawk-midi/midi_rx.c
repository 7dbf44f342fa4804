/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * MIDI input: USART1 RX on PA10, 31250 baud 8N1, one interrupt a byte. A byte
 * must be fetched within one character time, 320 us, or the next one is lost.
 */
#include "clock.h"
#include "cpu.h"
#include "midi.h"
#include "ring.h"
#include "variant.h"

#define MIDI_BAUD 31250UL

volatile uint32_t midi_overruns;
volatile uint32_t midi_ring_dropped;
volatile uint32_t midi_messages;

struct ring midi_ring;

/* The framing of the byte stream, as far as counting messages needs it. */
static struct {
    uint8_t expected; /* data bytes in a message, 0: none is open */
    uint8_t seen;
} frame;

void USART1_IRQHandler(void);

PLACE_ISR void USART1_IRQHandler(void)
{
    const uint32_t isr = USART1_ISR;

    if (isr & USART_ISR_ORE) {
        /* Reading RDR does not clear ORE here; left set, it would interrupt for ever. */
        USART1_ICR = USART_ICR_ORECF;
        midi_overruns++;
    }
    if (isr & USART_ISR_RXNE) {
        const uint8_t byte = (uint8_t)USART1_RDR;
        const uint8_t length = midi_length_table[byte >> 4];

        if (length == MIDI_LENGTH_DATA) {
            if (frame.expected != 0 && ++frame.seen == frame.expected) {
                frame.seen = 0; /* running status: the next data byte opens another */
                midi_messages++;
            }
        } else if (length != MIDI_LENGTH_SYSTEM) {
            frame.expected = length;
            frame.seen = 0;
        } else if (byte < 0xF8) {
            frame.expected = 0; /* system common ends running status, real time does not */
        }
        if (!ring_put(&midi_ring, byte))
            midi_ring_dropped++;
    }
}

void midi_init(void)
{
    RCC_AHBENR |= RCC_AHBENR_IOPAEN;
    RCC_APB2ENR |= RCC_APB2ENR_USART1EN;

    GPIO_MODER(GPIOA_BASE) = (GPIO_MODER(GPIOA_BASE) & ~(3UL << 20)) | (2UL << 20);
    GPIO_AFRH(GPIOA_BASE) = (GPIO_AFRH(GPIOA_BASE) & ~(15UL << 8)) | (7UL << 8);

    USART1_BRR = CORE_HZ / MIDI_BAUD;
    USART1_CR1 = USART_CR1_UE | USART_CR1_RE | USART_CR1_RXNEIE;
    while ((USART1_ISR & USART_ISR_REACK) == 0) {
    }

    nvic_set_priority(IRQ_USART1, 1);
    nvic_enable(IRQ_USART1);
}
