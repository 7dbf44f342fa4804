/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * STM32F429xI: Cortex-M4F, 168 MHz from an 8 MHz crystal (RM0090).
 */
#define RAM_BYTES   0x1C000       /* SRAM1 alone */
#define IRQ_COUNT   91

#define PAGE_BYTES    2048U       /* what is collected and written at a time; erased are sectors */
#define PAGE_BUFFERS  16U         /* pages that may wait in SRAM */
#define PROGRAM_BYTES 4U          /* the array is programmed in units of this */
#define ERASED_BYTE   0xFFU
#define AREA_START    0x08080000UL/* sector 8, 128 KB, in the bank that the code is in */
#define AREA_BYTES    0x80000UL
#define RING_LONG     32768U      /* 2 s at 115200: 23040 bytes */
#define RING_SHORT    1024U       /* 89 ms at 115200 */

#define FLASH_REGS  0x40023C00UL
#define RCC_BASE    0x40023800UL
#define RCC_CSR     REG(RCC_BASE + 0x74)
#define RCC_CSR_RMVF BIT(24)

#define PORT_A          0x40020000UL
#define PORT_A_CLOCK    REG(RCC_BASE + 0x30) /* AHB1ENR */
#define PORT_A_CLOCK_ON BIT(0)
#define USART_CLOCK     REG(RCC_BASE + 0x44) /* APB2ENR */
#define USART_CLOCK_ON  BIT(4)
#define CAN_CLOCK       REG(RCC_BASE + 0x40) /* APB1ENR */
#define CAN_CLOCK_ON    BIT(25)
#define DMA_CLOCK       REG(RCC_BASE + 0x30)
#define DMA_CLOCK_ON    BIT(22)

#define CORE_HZ     168000000UL
#define USART1_HZ   84000000UL
#define USART1_BASE 0x40011000UL
#define DMA2_BASE   0x40026400UL

/* 42 MHz / 6 = 7 MHz; 1 + 11 + 2 quanta, sample point at 86 %. Divide by 3, 6, 12, 24 for 1 M to 125 k. */
#define CAN_BTR_500K (1UL << 20 | 10UL << 16 | 5UL)
