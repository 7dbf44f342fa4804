/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The one place that knows the variants. A variant is one remedy: a promise to
 * the host, a way to receive, or a place for code. Also read by the linker
 * script, so nothing but preprocessor lines may stand here.
 */
#ifndef VARIANT_H
#define VARIANT_H

#define ACK_PAGES    0x001 /* the next page is asked for after the write              */
#define ANNOUNCE     0x002 /* BUSY before a write, READY after it                     */
#define ERASE_FIRST  0x004 /* the whole area is erased before the first byte is asked */
#define CODE_IN_RAM  0x008 /* vectors, handlers, what they call, flash functions      */
#define RX_DMA       0x010 /* circular DMA instead of an interrupt                    */
#define RING_TOO_SMALL 0x020
#define RTS          0x040 /* the USART stops the host, not the firmware              */
#define RESEND       0x080 /* pages are framed; one that is broken is asked for again */
#define WATCHDOG     0x100 /* IWDG of half a second                                   */
#define BOTH_FIFOS   0x200 /* CAN: every second frame goes to the other FIFO          */
#define BATCH        0x400 /* YMODEM: a block with name and size comes first          */

#if defined VARIANT_PLAIN
#define REMEDY 0
#elif defined VARIANT_HANDSHAKE
#define REMEDY ACK_PAGES
#elif defined VARIANT_BUSY_REPLY
#define REMEDY ANNOUNCE
#elif defined VARIANT_ERASE_FIRST
#define REMEDY ERASE_FIRST
#elif defined VARIANT_RAM_ISR
#define REMEDY CODE_IN_RAM
#elif defined VARIANT_DMA_RING
#define REMEDY RX_DMA
#elif defined VARIANT_DMA_RING_SMALL
#define REMEDY (RX_DMA | RING_TOO_SMALL)
#elif defined VARIANT_RTS_CTS
#define REMEDY RTS
#elif defined VARIANT_CRC_RESEND
#define REMEDY RESEND
#elif defined VARIANT_BOTH_FIFOS
#define REMEDY BOTH_FIFOS
#elif defined VARIANT_PLAIN_IWDG
#define REMEDY WATCHDOG
#elif defined VARIANT_XMODEM
#define REMEDY 0
#elif defined VARIANT_YMODEM
#define REMEDY BATCH
#else
#error "no such variant: see the list in the Makefile"
#endif

#define HAS(step) ((REMEDY & (step)) != 0)

#define IN_RAM   __attribute__((section(".code_in_ram"), noinline))
#define IN_FLASH

#if HAS(CODE_IN_RAM)
#define PLACE_ISR    IN_RAM
#define PLACE_CALLEE IN_RAM
#define PLACE_FLASH  IN_RAM
#else
#define PLACE_ISR    IN_FLASH
#define PLACE_CALLEE __attribute__((noinline))
#define PLACE_FLASH  IN_FLASH
#endif

/* The L1 forbids any read of its flash during a half-page write (RM0038): that
 * function is in SRAM in every variant. */
#define PLACE_HALF_PAGE IN_RAM

#endif
