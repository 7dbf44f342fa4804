/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * CAN1, standard frames: an interrupt for each FIFO that is used (RM0090, "bxCAN"; the same in F1, F3, L4).
 */
#include "link.h"

#include "chip.h"
#include "collect.h"
#include "cpu.h"
#include "pins.h"
#include "variant.h"

#define CAN_REGS  0x40006400UL
#define CAN_MCR   REG(CAN_REGS + 0x000)
#define CAN_MSR   REG(CAN_REGS + 0x004)
#define CAN_TSR   REG(CAN_REGS + 0x008)
#define CAN_RFR(fifo)  REG(CAN_REGS + 0x00C + 4 * (fifo))
#define CAN_IER   REG(CAN_REGS + 0x014)
#define CAN_BTR   REG(CAN_REGS + 0x01C)
#define CAN_TI0R  REG(CAN_REGS + 0x180)
#define CAN_TDT0R REG(CAN_REGS + 0x184)
#define CAN_TDL0R REG(CAN_REGS + 0x188)
#define CAN_TDH0R REG(CAN_REGS + 0x18C)
#define CAN_RIR(fifo)  REG(CAN_REGS + 0x1B0 + 16 * (fifo))
#define CAN_RDTR(fifo) REG(CAN_REGS + 0x1B4 + 16 * (fifo))
#define CAN_RDLR(fifo) REG(CAN_REGS + 0x1B8 + 16 * (fifo))
#define CAN_RDHR(fifo) REG(CAN_REGS + 0x1BC + 16 * (fifo))
#define CAN_FMR   REG(CAN_REGS + 0x200)
#define CAN_FM1R  REG(CAN_REGS + 0x204)
#define CAN_FS1R  REG(CAN_REGS + 0x20C)
#define CAN_FFA1R REG(CAN_REGS + 0x214)
#define CAN_FA1R  REG(CAN_REGS + 0x21C)
#define CAN_FR1(bank) REG(CAN_REGS + 0x240 + 8 * (bank))
#define CAN_FR2(bank) REG(CAN_REGS + 0x244 + 8 * (bank))

#define MCR_INRQ    BIT(0)
#define MCR_ABOM    BIT(6)
#define MSR_INAK    BIT(0)
#define TSR_TME0    BIT(26)
#define RFR_FMP     (3UL << 0)
#define RFR_FULL    BIT(3)
#define RFR_FOVR    BIT(4)
#define RFR_RFOM    BIT(5)
#define IER_FMPIE0  BIT(1)
#define IER_FMPIE1  BIT(4)
#define FMR_FINIT   BIT(0)
#define TXRQ        BIT(0)
#define IDENTIFIER(id)   ((id) << 21)
#define NOT_EXTENDED_NOT_REMOTE (BIT(2) | BIT(1))

/* From the host: the header, eight bytes of image, the end of a page (crc-resend); every second
 * frame of image for FIFO 1 (both-fifos). To it: answers. */
#define ID_HEADER   0x100UL
#define ID_DATA     0x101UL
#define ID_PAGE_END 0x102UL
#define ID_DATA_1   0x103UL
#define ID_ANSWER   0x180UL

/* Bit timing, as CAN_BTR wants it: 500 kbit/s. In .data, so that a scenario can patch it in
 * the flash image. */
volatile uint32_t boot_can_btr = CAN_BTR_500K;

volatile uint32_t boot_overruns;

void CAN_RX0_IRQHandler(void);
void CAN_RX1_IRQHandler(void);

/* `bytes` of a frame, from the two data words. */
ALWAYS_INLINE void collect_words(uint32_t low, uint32_t high, uint32_t bytes)
{
    for (; bytes != 0; bytes--) {
        collect_byte((uint8_t)low);
        low = low >> 8 | high << 24;
        high >>= 8;
    }
}

/* The frame has no framing bytes here, its identifiers say the same. */
ALWAYS_INLINE void take(uint32_t id, uint32_t low, uint32_t high, uint32_t bytes)
{
    if (id == ID_HEADER) {
        if (!header_complete) {
            header.length = low;
            header.crc = high;
            header_complete = true;
        }
    } else if (header_complete && (id == ID_DATA || id == ID_DATA_1)) {
        if (HAS(RESEND) && frame.count == 0)
            frame.count = 2;
        collect_words(low, high, bytes);
    } else if (HAS(RESEND) && header_complete && id == ID_PAGE_END) {
        if (frame.count == frame.size + 2) {
            frame.sequence = low & 0xFF;
            collect_words(high, 0, 4);
        } else {
            frame.touched = true;
        }
    }
}

/* Takes the oldest frame of a FIFO that has one. Returns its identifier. */
ALWAYS_INLINE uint32_t take_from(uint32_t fifo)
{
    const uint32_t id = CAN_RIR(fifo) >> 21;
    const uint32_t bytes = CAN_RDTR(fifo) & 15;
    const uint32_t low = CAN_RDLR(fifo);
    const uint32_t high = CAN_RDHR(fifo);

    if (CAN_RFR(fifo) & RFR_FOVR) {
        CAN_RFR(fifo) = RFR_FOVR | RFR_FULL;
        boot_overruns++;
    }
    CAN_RFR(fifo) = RFR_RFOM;
    while (CAN_RFR(fifo) & RFR_RFOM) {
    }
    take(id, low, high, bytes);
    return id;
}

#if HAS(BOTH_FIFOS)
/* Frames alternate between the FIFOs: which has the next one. */
static uint32_t next_fifo;

PLACE_CALLEE static void take_in_turn(void)
{
    while ((CAN_RFR(0) | CAN_RFR(1)) & RFR_FMP) {
        if ((CAN_RFR(next_fifo) & RFR_FMP) == 0)
            next_fifo = 1 - next_fifo;
        next_fifo = take_from(next_fifo) == ID_DATA ? 1 : 0;
    }
}

PLACE_ISR void CAN_RX0_IRQHandler(void)
{
    take_in_turn();
}

PLACE_ISR void CAN_RX1_IRQHandler(void)
{
    take_in_turn();
}
#else
PLACE_ISR void CAN_RX0_IRQHandler(void)
{
    while (CAN_RFR(0) & RFR_FMP)
        take_from(0);
}
#endif

void link_poll(void)
{
}

void link_init(void)
{
    pin_input(11, AF_CAN);
    pin_output(12, AF_CAN);
    CAN_CLOCK |= CAN_CLOCK_ON;
    (void)CAN_CLOCK;

    /* Out of the sleep that reset leaves it in, into initialisation. */
    CAN_MCR = MCR_INRQ | MCR_ABOM;
    while ((CAN_MSR & MSR_INAK) == 0) {
    }
    CAN_BTR = boot_can_btr;

    /* Filters of 32 bits, by mask. FIFO 0 gets identifiers 0x100 to 0x103, or 0x100 and 0x101 if
     * FIFO 1 gets 0x103. */
    CAN_FMR |= FMR_FINIT;
    CAN_FA1R = 0;
    CAN_FM1R = 0;
    CAN_FS1R = BIT(0) | BIT(1);
    CAN_FFA1R = BIT(1);
    CAN_FR1(0) = IDENTIFIER(ID_HEADER);
    CAN_FR2(0) = IDENTIFIER(HAS(BOTH_FIFOS) ? 0x7FEUL : 0x7FCUL) | NOT_EXTENDED_NOT_REMOTE;
    CAN_FR1(1) = IDENTIFIER(ID_DATA_1);
    CAN_FR2(1) = IDENTIFIER(0x7FFUL) | NOT_EXTENDED_NOT_REMOTE;
    CAN_FA1R = HAS(BOTH_FIFOS) ? BIT(0) | BIT(1) : BIT(0);
    CAN_FMR &= ~FMR_FINIT;

    CAN_IER = HAS(BOTH_FIFOS) ? IER_FMPIE0 | IER_FMPIE1 : IER_FMPIE0;
    CAN_MCR = MCR_ABOM;
    while (CAN_MSR & MSR_INAK) {
    }
    nvic_enable(IRQ_CAN_RX0, 1);
    if (HAS(BOTH_FIFOS))
        nvic_enable(IRQ_CAN_RX1, 1);
}

void link_send(uint8_t answer, uint8_t value)
{
    while ((CAN_TSR & TSR_TME0) == 0) {
    }
    CAN_TDT0R = 2;
    CAN_TDL0R = (uint32_t)answer | (uint32_t)value << 8;
    CAN_TDH0R = 0;
    CAN_TI0R = IDENTIFIER(ID_ANSWER) | TXRQ;
}

void link_resume(void)
{
}
