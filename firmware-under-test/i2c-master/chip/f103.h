/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * STM32F103xB at its 8 MHz after reset (RM0008). PB6 is SCL, PB7 is SDA.
 */
#define RAM_BYTES   0x5000
#define IRQ_COUNT   43
#define CONFIG_PAGE 0x0801FC00UL

#define RCC_APB2ENR REG(0x40021018UL)
#define RCC_APB1ENR REG(0x4002101CUL)
#define GPIOB_CRL   REG(0x40010C00UL)

static inline void pins_start(void)
{
    RCC_APB2ENR |= BIT(3);
    RCC_APB1ENR |= BIT(21);
    /* Alternate function, open drain, 2 MHz. */
    GPIOB_CRL = (GPIOB_CRL & 0x00FFFFFFUL) | 0xEE000000UL;
}
