/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * midi_rx.c for the F103, whose USART clears ORE when SR and then DR are read.
 *
 * A byte that is lost between those two reads sets ORE too late for the one and
 * after the other has taken RXNE away: ORE alone remains, and interrupts as long as
 * RXNEIE is set (RM0008, USART, "Overrun error"). Here the handler reads SR and what it calls reads DR.
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

/* Called while RXNE is set. */
PLACE_CALLEE __attribute__((noinline)) static void midi_take_byte(void)
{
    const uint8_t byte = (uint8_t)USART1_DR;
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

PLACE_ISR void USART1_IRQHandler(void)
{
    const uint32_t sr = USART1_SR;

    if (sr & USART_SR_ORE)
        midi_overruns++;
    if (sr & USART_SR_RXNE)
        midi_take_byte();
    else if (HAS_ORE_RECOVERY && (sr & USART_SR_ORE))
        (void)USART1_DR; /* nothing new is in it: the read clears ORE */
}

/* The buttons PA0 and PA1 and the clock PB12 rest low, PA10 high. */
static void pull_pins(void)
{
    RCC_APB2ENR |= RCC_AHBENR_IOPAEN | RCC_AHBENR_IOPBEN;
    GPIO_BSRR(GPIOA_BASE) = BIT(10) | BIT(16 + 0) | BIT(16 + 1);
    GPIO_BSRR(GPIOB_BASE) = BIT(16 + 12);
    GPIO_CRL(GPIOA_BASE) = (GPIO_CRL(GPIOA_BASE) & ~0xFFUL) | GPIO_INPUT_PULLED << 4 | GPIO_INPUT_PULLED;
    GPIO_CRH(GPIOA_BASE) = (GPIO_CRH(GPIOA_BASE) & ~(15UL << 8)) | GPIO_INPUT_PULLED << 8;
    GPIO_CRH(GPIOB_BASE) = (GPIO_CRH(GPIOB_BASE) & ~(15UL << 16)) | GPIO_INPUT_PULLED << 16;
}

void midi_init(void)
{
    pull_pins();
    RCC_APB2ENR |= RCC_APB2ENR_USART1EN;

    USART1_BRR = CORE_HZ / MIDI_BAUD;
    USART1_CR1 = USART_CR1_UE | USART_CR1_RE | USART_CR1_RXNEIE;

    nvic_set_priority(IRQ_USART1, 1);
    nvic_enable(IRQ_USART1);
}
