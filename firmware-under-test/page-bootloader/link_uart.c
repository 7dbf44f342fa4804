/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * USART1, 8N1: an interrupt a byte, or circular DMA.
 */
#include "link.h"

#include "chip.h"
#include "collect.h"
#include "cpu.h"
#include "dma.h"
#include "pins.h"
#include "variant.h"

#if defined CHIP_F303 || defined CHIP_L451
#include "usart/v3.h"
#else
#include "usart/v1.h"
#endif

#define CR1_RE        BIT(2)
#define CR1_TE        BIT(3)
#define CR1_RXNEIE    BIT(5)
#define CR3_DMAR      BIT(6)
#define CR3_RTSE      BIT(8)
#define STATUS_ORE    BIT(3)
#define STATUS_RXNE   BIT(5)
#define STATUS_TC     BIT(6)
#define STATUS_TXE    BIT(7)

/* Baud rate. In .data, so that a scenario can patch it in the flash image. */
volatile uint32_t boot_config = 115200;

volatile uint32_t boot_overruns;

void USART1_IRQHandler(void);

#if HAS(RX_DMA)
#define RING_SIZE (HAS(RING_TOO_SMALL) ? RING_SHORT : RING_LONG)

__attribute__((section(".noinit"))) static uint8_t ring[RING_SIZE];
static uint32_t ring_taken;

void link_poll(void)
{
    const uint32_t put = (RING_SIZE - dma_left()) % RING_SIZE;

    /* A writer that has lapped the reader cannot be told from one that has not moved. */
    while (ring_taken != put && collect_has_room()) {
        collect_byte(((volatile uint8_t *)ring)[ring_taken]);
        ring_taken = (ring_taken + 1) % RING_SIZE;
    }
}
#else
PLACE_ISR void USART1_IRQHandler(void)
{
    const uint32_t status = USART_STATUS;

    if (status & STATUS_RXNE) {
        if (HAS(RTS) && !collect_has_room()) {
            /* Left in the register, the byte keeps RTS high. */
            USART_CR1 &= ~CR1_RXNEIE;
            return;
        }
        const uint8_t byte = (uint8_t)USART_RX;

        if (status & STATUS_ORE) {
            boot_overruns++;
            if (!USART_TAKES_OVERRUN_BY_READING)
                USART_CLEAR_OVERRUN();
        }
        collect_byte(byte);
    } else if (status & STATUS_ORE) {
        boot_overruns++;
        USART_CLEAR_OVERRUN();
    }
}

void link_poll(void)
{
}
#endif

void link_init(void)
{
    pin_output(9, AF_USART);
    pin_input(10, AF_USART);
    if (HAS(RTS))
        pin_output(12, AF_USART);

    USART_CLOCK |= USART_CLOCK_ON;
    (void)USART_CLOCK;
    USART_BRR = (USART1_HZ + boot_config / 2) / boot_config;
#if HAS(RX_DMA)
    dma_start(&USART_RX, ring, RING_SIZE);
    USART_CR3 = CR3_DMAR;
    USART_CR1 = USART_CR1_ENABLE | CR1_RE | CR1_TE;
#else
    USART_CR3 = HAS(RTS) ? CR3_RTSE : 0;
    USART_CR1 = USART_CR1_ENABLE | CR1_RE | CR1_TE | CR1_RXNEIE;
    nvic_enable(IRQ_USART1, 1);
#endif
}

void link_send(uint8_t answer, uint8_t value)
{
    (void)value;
    while ((USART_STATUS & STATUS_TXE) == 0) {
    }
    USART_TX = answer;
    while ((USART_STATUS & STATUS_TC) == 0) {
    }
}

void link_resume(void)
{
    if (HAS(RTS))
        USART_CR1 |= CR1_RXNEIE;
}
