/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * STM32F303xC at its 8 MHz after reset (RM0316). PB6 is SCL, PB7 is SDA, both
 * alternate function 4.
 */
#define RAM_BYTES   0xA000
#define IRQ_COUNT   82
#define CONFIG_PAGE 0x0803F800UL

#define RCC_AHBENR   REG(0x40021014UL)
#define RCC_APB1ENR  REG(0x4002101CUL)
#define GPIOB_MODER  REG(0x48000400UL)
#define GPIOB_OTYPER REG(0x48000404UL)
#define GPIOB_AFRL   REG(0x48000420UL)

static inline void pins_start(void)
{
    RCC_AHBENR |= BIT(18);
    RCC_APB1ENR |= BIT(21);
    GPIOB_OTYPER |= BIT(6) | BIT(7);
    GPIOB_AFRL = (GPIOB_AFRL & 0x00FFFFFFUL) | 0x44000000UL;
    GPIOB_MODER = (GPIOB_MODER & ~0xF000UL) | 0xA000UL;
}
