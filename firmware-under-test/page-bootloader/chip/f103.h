/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * STM32F103xB: Cortex-M3, 72 MHz from an 8 MHz crystal (RM0008, DS5319).
 */
#define RAM_BYTES   0x5000
#define IRQ_COUNT   43

#define PAGE_BYTES    1024U       /* what is collected, erased and written at a time */
#define PAGE_BUFFERS  8U          /* pages that may wait in SRAM */
#define PROGRAM_BYTES 2U          /* the array is programmed in units of this */
#define ERASED_BYTE   0xFFU
#define AREA_START    0x08008000UL
#define AREA_BYTES    0x18000UL
#define RING_LONG     4096U       /* 40 ms + 512 x 70 us at 115200: 874 bytes, at 460800 3494 */
#define RING_SHORT    128U        /* 11.1 ms at 115200 */

#define FLASH_REGS  0x40022000UL
#define RCC_BASE    0x40021000UL
#define RCC_CSR     REG(RCC_BASE + 0x24)
#define RCC_CSR_RMVF BIT(24)

#define PORT_A          0x40010800UL
#define PORT_A_CLOCK    REG(RCC_BASE + 0x18) /* APB2ENR */
#define PORT_A_CLOCK_ON BIT(2)
#define USART_CLOCK     REG(RCC_BASE + 0x18)
#define USART_CLOCK_ON  BIT(14)
#define CAN_CLOCK       REG(RCC_BASE + 0x1C) /* APB1ENR */
#define CAN_CLOCK_ON    BIT(25)
#define DMA_CLOCK       REG(RCC_BASE + 0x14) /* AHBENR */
#define DMA_CLOCK_ON    BIT(0)

#define CORE_HZ     72000000UL
#define USART1_HZ   72000000UL
#define USART1_BASE 0x40013800UL
#define DMA1_BASE   0x40020000UL

/* 36 MHz / 4 = 9 MHz; 1 + 15 + 2 quanta, sample point at 89 %. Divide by 2, 4, 8, 16 for 1 M to 125 k. */
#define CAN_BTR_500K (1UL << 20 | 14UL << 16 | 3UL)
