/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * USART of F1, L1, F4: one data register, flags cleared by the way it is read.
 */
#define USART_STATUS REG(USART1_BASE + 0x00)
#define USART_RX     REG(USART1_BASE + 0x04)
#define USART_TX     REG(USART1_BASE + 0x04)
#define USART_BRR    REG(USART1_BASE + 0x08)
#define USART_CR1    REG(USART1_BASE + 0x0C)
#define USART_CR3    REG(USART1_BASE + 0x14)

#define USART_CR1_ENABLE BIT(13)

/* SR has been read, reading DR then clears ORE, and RXNE with it (RM0008, USART_SR). */
#define USART_TAKES_OVERRUN_BY_READING 1
#define USART_CLEAR_OVERRUN() ((void)USART_RX)
