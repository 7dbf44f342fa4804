/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * regs.h of the F103 builds, which take this file first (see the Makefile) and
 * then find REGS_H defined. The sources keep the F303's names:
 *
 * - FLASH, EXTI, TIM2, TIM3 and what is used of RCC_CR and RCC_CFGR are the same
 *   (RM0008). AFIO_EXTICR has the place and AFIOEN the bit that SYSCFG has there.
 * - RCC_AHBENR stands for the register that clocks the ports, which is APB2ENR here.
 * - What the F103 does not have is written nowhere: NO_REGISTER. Its pins are inputs
 *   after reset; f103/midi_rx.c gives them their pulls.
 */
#ifndef REGS_H
#define REGS_H

#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))
#define BIT(n)       (1UL << (n))
#define NO_REGISTER  (*(volatile uint32_t *)&(uint32_t){ 0 })

/* RCC: reset and clock control. */
#define RCC_BASE     0x40021000UL
#define RCC_CR       REG(RCC_BASE + 0x00)
#define RCC_CFGR     REG(RCC_BASE + 0x04)
#define RCC_APB2ENR  REG(RCC_BASE + 0x18)
#define RCC_APB1ENR  REG(RCC_BASE + 0x1C)
#define RCC_AHBENR   RCC_APB2ENR
#define RCC_CFGR2    NO_REGISTER

#define RCC_CR_HSEON        BIT(16)
#define RCC_CR_HSERDY       BIT(17)
#define RCC_CR_PLLON        BIT(24)
#define RCC_CR_PLLRDY       BIT(25)
#define RCC_CFGR_SW_PLL     (2UL << 0)
#define RCC_CFGR_SWS        (3UL << 2)
#define RCC_CFGR_SWS_PLL    (2UL << 2)
#define RCC_CFGR_PPRE1_DIV2 (4UL << 8)
#define RCC_CFGR_PLLSRC_HSE BIT(16)
#define RCC_CFGR_PLLMUL_9   (7UL << 18)
#define RCC_AHBENR_IOPAEN   BIT(2)
#define RCC_AHBENR_IOPBEN   BIT(3)
#define RCC_APB2ENR_SYSCFGEN BIT(0) /* AFIOEN */
#define RCC_APB2ENR_USART1EN BIT(14)
#define RCC_APB1ENR_TIM2EN  BIT(0)
#define RCC_APB1ENR_TIM3EN  BIT(1)

/* FLASH: the programming and erase controller (FPEC). */
#define FLASH_BASE_REGS 0x40022000UL
#define FLASH_ACR    REG(FLASH_BASE_REGS + 0x00)
#define FLASH_KEYR   REG(FLASH_BASE_REGS + 0x04)
#define FLASH_SR     REG(FLASH_BASE_REGS + 0x0C)
#define FLASH_CR     REG(FLASH_BASE_REGS + 0x10)
#define FLASH_AR     REG(FLASH_BASE_REGS + 0x14)

#define FLASH_ACR_LATENCY   (7UL << 0)
#define FLASH_ACR_LATENCY_2 (2UL << 0)
#define FLASH_ACR_PRFTBE    BIT(4)
#define FLASH_KEY1          0x45670123UL
#define FLASH_KEY2          0xCDEF89ABUL
#define FLASH_SR_BSY        BIT(0)
#define FLASH_SR_PGERR      BIT(2)
#define FLASH_SR_WRPRTERR   BIT(4)
#define FLASH_SR_EOP        BIT(5)
#define FLASH_CR_PG         BIT(0)
#define FLASH_CR_PER        BIT(1)
#define FLASH_CR_STRT       BIT(6)
#define FLASH_CR_LOCK       BIT(7)

/* GPIO. */
#define GPIOA_BASE   0x40010800UL
#define GPIOB_BASE   0x40010C00UL
#define GPIO_CRL(port)   REG((port) + 0x00)
#define GPIO_CRH(port)   REG((port) + 0x04)
#define GPIO_BSRR(port)  REG((port) + 0x10)
#define GPIO_MODER(port) NO_REGISTER
#define GPIO_PUPDR(port) NO_REGISTER

#define GPIO_INPUT_PULLED 8UL

/* AFIO and EXTI: which pin drives which line, and what it does. */
#define SYSCFG_EXTICR1 REG(0x40010008UL)
#define SYSCFG_EXTICR4 REG(0x40010014UL)
#define EXTI_IMR1    REG(0x40010400UL)
#define EXTI_RTSR1   REG(0x40010408UL)
#define EXTI_PR1     REG(0x40010414UL)

/* USART1. */
#define USART1_BASE  0x40013800UL
#define USART1_SR    REG(USART1_BASE + 0x00)
#define USART1_DR    REG(USART1_BASE + 0x04)
#define USART1_BRR   REG(USART1_BASE + 0x08)
#define USART1_CR1   REG(USART1_BASE + 0x0C)

#define USART_SR_ORE     BIT(3)
#define USART_SR_RXNE    BIT(5)
#define USART_CR1_RE     BIT(2)
#define USART_CR1_RXNEIE BIT(5)
#define USART_CR1_UE     BIT(13)

/* General purpose timer registers, the same in TIM2 and TIM3. */
#define TIM2_BASE    0x40000000UL
#define TIM3_BASE    0x40000400UL
#define TIM_CR1(tim)  REG((tim) + 0x00)
#define TIM_DIER(tim) REG((tim) + 0x0C)
#define TIM_SR(tim)   REG((tim) + 0x10)
#define TIM_EGR(tim)  REG((tim) + 0x14)
#define TIM_CNT(tim)  REG((tim) + 0x24)
#define TIM_PSC(tim)  REG((tim) + 0x28)
#define TIM_ARR(tim)  REG((tim) + 0x2C)

#define TIM_CR1_CEN  BIT(0)
#define TIM_DIER_UIE BIT(0)
#define TIM_SR_UIF   BIT(0)
#define TIM_EGR_UG   BIT(0)

/* System control space. */
#define SYST_CSR     REG(0xE000E010UL)
#define SYST_RVR     REG(0xE000E014UL)
#define SYST_CVR     REG(0xE000E018UL)
#define NVIC_ISER(n) REG(0xE000E100UL + 4 * (n))
#define NVIC_ICER(n) REG(0xE000E180UL + 4 * (n))
#define NVIC_IPR(n)  (*(volatile uint8_t *)(0xE000E400UL + (n)))
#define SCB_VTOR     REG(0xE000ED08UL)
#define SCB_SHPR(n)  (*(volatile uint8_t *)(0xE000ED14UL + (n))) /* n: exception number, 4 to 15 */

#define SYST_CSR_ENABLE    BIT(0)
#define SYST_CSR_TICKINT   BIT(1)
#define SYST_CSR_CLKSOURCE BIT(2)
#define EXCEPTION_SYSTICK  15

/* Interrupt numbers (RM0008, vector table of the high-density parts). */
enum irq {
    IRQ_EXTI0 = 6,
    IRQ_EXTI1 = 7,
    IRQ_TIM2 = 28,
    IRQ_TIM3 = 29,
    IRQ_USART1 = 37,
    IRQ_EXTI15_10 = 40,
    IRQ_COUNT = 60,
};
#define VECTOR_COUNT (16 + IRQ_COUNT)

#endif
