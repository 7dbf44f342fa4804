/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * STM32L451xE: Cortex-M4F, 80 MHz from HSI16 (RM0394).
 */
#define RAM_BYTES   0x20000
#define IRQ_COUNT   85

#define PAGE_BYTES    2048U       /* what is collected, erased and written at a time */
#define PAGE_BUFFERS  16U         /* pages that may wait in SRAM */
#define PROGRAM_BYTES 8U          /* the array is programmed in units of this */
#define ERASED_BYTE   0xFFU
#define AREA_START    0x08008000UL
#define AREA_BYTES    0x78000UL
#define RING_LONG     8192U       /* 24.47 + 23.24 ms at 115200: 550 bytes, at 1 M 4771 */
#define RING_SHORT    128U        /* 11.1 ms at 115200 */

#define FLASH_REGS  0x40022000UL
#define RCC_BASE    0x40021000UL
#define RCC_CSR     REG(RCC_BASE + 0x94)
#define RCC_CSR_RMVF BIT(23)

#define PORT_A          0x48000000UL
#define PORT_A_CLOCK    REG(RCC_BASE + 0x4C) /* AHB2ENR */
#define PORT_A_CLOCK_ON BIT(0)
#define USART_CLOCK     REG(RCC_BASE + 0x60) /* APB2ENR */
#define USART_CLOCK_ON  BIT(14)
#define CAN_CLOCK       REG(RCC_BASE + 0x58) /* APB1ENR1 */
#define CAN_CLOCK_ON    BIT(25)
#define DMA_CLOCK       REG(RCC_BASE + 0x48) /* AHB1ENR */
#define DMA_CLOCK_ON    BIT(0)

#define CORE_HZ     80000000UL
#define USART1_HZ   80000000UL
#define USART1_BASE 0x40013800UL
#define DMA1_BASE   0x40020000UL
#define DMA1_CSELR  REG(DMA1_BASE + 0xA8)
#define DMA1_CSELR_CH5_USART1 (2UL << 16)

/* 80 MHz / 10 = 8 MHz; 1 + 13 + 2 quanta, sample point at 87.5 %. Divide by 5, 10, 20, 40 for 1 M to 125 k. */
#define CAN_BTR_500K (1UL << 20 | 12UL << 16 | 9UL)
