/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * STM32L151xC (category 3): Cortex-M3, 32 MHz from HSI (RM0038, DS9495). No CAN.
 */
#define RAM_BYTES   0x8000
#define IRQ_COUNT   57

#define PAGE_BYTES    256U        /* what is collected, erased and written at a time */
#define PAGE_BUFFERS  32U         /* pages that may wait in SRAM */
#define PROGRAM_BYTES 128U        /* half a page */
#define ERASED_BYTE   0x00U
#define AREA_START    0x08008000UL
#define AREA_BYTES    0x38000UL
#define RING_LONG     2048U       /* 3 x 3.94 ms at 115200: 137 bytes, at 1 M 1182 */
#define RING_SHORT    32U         /* 2.8 ms at 115200 */

#define FLASH_REGS  0x40023C00UL
#define RCC_BASE    0x40023800UL
#define RCC_CSR     REG(RCC_BASE + 0x34)
#define RCC_CSR_RMVF BIT(24)

#define PORT_A          0x40020000UL
#define PORT_A_CLOCK    REG(RCC_BASE + 0x1C) /* AHBENR */
#define PORT_A_CLOCK_ON BIT(0)
#define USART_CLOCK     REG(RCC_BASE + 0x20) /* APB2ENR */
#define USART_CLOCK_ON  BIT(14)
#define DMA_CLOCK       REG(RCC_BASE + 0x1C)
#define DMA_CLOCK_ON    BIT(24)

#define CORE_HZ     32000000UL
#define USART1_HZ   32000000UL
#define USART1_BASE 0x40013800UL
#define DMA1_BASE   0x40026000UL
