/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The registers that this firmware touches, by RM0008 (STM32F103).
 */
#ifndef REGS_H
#define REGS_H

#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))
#define BIT(n)       (1UL << (n))

#define RCC_APB2ENR REG(0x40021018UL)
#define RCC_APB1ENR REG(0x4002101CUL)
#define RCC_APB2ENR_IOPAEN BIT(2)
#define RCC_APB2ENR_IOPBEN BIT(3)
#define RCC_APB2ENR_SPI1EN BIT(12)
#define RCC_APB1ENR_I2C1EN BIT(21)

#define GPIOA_CRL   REG(0x40010800UL)
#define GPIOA_BSRR  REG(0x40010810UL)
#define GPIOB_CRL   REG(0x40010C00UL)

#define SPI1_CR1    REG(0x40013000UL)
#define SPI1_SR     REG(0x40013008UL)
#define SPI1_DR     REG(0x4001300CUL)
#define SPI_CR1_MSTR BIT(2)
#define SPI_CR1_SPE  BIT(6)
#define SPI_CR1_SSI  BIT(8)
#define SPI_CR1_SSM  BIT(9)
#define SPI_SR_RXNE  BIT(0)
#define SPI_SR_TXE   BIT(1)
#define SPI_SR_BSY   BIT(7)

#define I2C1_CR1    REG(0x40005400UL)
#define I2C1_CR2    REG(0x40005404UL)
#define I2C1_OAR1   REG(0x40005408UL)
#define I2C1_DR     REG(0x40005410UL)
#define I2C1_SR1    REG(0x40005414UL)
#define I2C1_SR2    REG(0x40005418UL)
#define I2C_CR1_PE      BIT(0)
#define I2C_CR1_ACK     BIT(10)
#define I2C_CR2_ITERREN BIT(8)
#define I2C_CR2_ITEVTEN BIT(9)
#define I2C_CR2_ITBUFEN BIT(10)
#define I2C_SR1_ADDR    BIT(1)
#define I2C_SR1_STOPF   BIT(4)
#define I2C_SR1_RXNE    BIT(6)
#define I2C_SR1_TXE     BIT(7)
#define I2C_SR1_ERRORS  0xDF00UL
#define I2C_SR2_TRA     BIT(2)

#define FLASH_KEYR  REG(0x40022004UL)
#define FLASH_SR    REG(0x4002200CUL)
#define FLASH_CR    REG(0x40022010UL)
#define FLASH_AR    REG(0x40022014UL)
#define FLASH_KEY1  0x45670123UL
#define FLASH_KEY2  0xCDEF89ABUL
#define FLASH_SR_BSY   BIT(0)
#define FLASH_SR_FLAGS (BIT(2) | BIT(4) | BIT(5))
#define FLASH_CR_PG    BIT(0)
#define FLASH_CR_PER   BIT(1)
#define FLASH_CR_STRT  BIT(6)
#define FLASH_CR_LOCK  BIT(7)

#define SYST_CSR    REG(0xE000E010UL)
#define SYST_RVR    REG(0xE000E014UL)
#define SYST_CVR    REG(0xE000E018UL)
#define NVIC_ISER(n) REG(0xE000E100UL + 4 * (n))
#define SCB_VTOR    REG(0xE000ED08UL)

#define IRQ_I2C1_EV 31
#define IRQ_I2C1_ER 32
#define IRQ_COUNT   43
#define CORE_HZ     8000000UL

static inline void irq_disable(void)
{
    __asm volatile("cpsid i" ::: "memory");
}

static inline void irq_enable(void)
{
    __asm volatile("cpsie i" ::: "memory");
}

#endif
