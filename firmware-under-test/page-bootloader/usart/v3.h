/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * USART of F3 and L4: two data registers, flags cleared by ICR.
 */
#define USART_CR1    REG(USART1_BASE + 0x00)
#define USART_CR3    REG(USART1_BASE + 0x08)
#define USART_BRR    REG(USART1_BASE + 0x0C)
#define USART_STATUS REG(USART1_BASE + 0x1C)
#define USART_ICR    REG(USART1_BASE + 0x20)
#define USART_RX     REG(USART1_BASE + 0x24)
#define USART_TX     REG(USART1_BASE + 0x28)

#define USART_CR1_ENABLE BIT(0)

/* Reading RDR does not clear ORE here. */
#define USART_TAKES_OVERRUN_BY_READING 0
#define USART_CLEAR_OVERRUN() (USART_ICR = BIT(3))
