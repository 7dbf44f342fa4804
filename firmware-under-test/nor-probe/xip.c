/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Code and a table in a serial flash behind the QUADSPI of an L451, which goes on
 * at the 4 MHz of its MSI; the flash gets a clock of 2 MHz. Reads the id, runs
 * from the window, leaves it to erase and to program another sector, and runs
 * from it again.
 *
 * result[0]  the JEDEC id as a word, EF first
 * result[1]  what the function in the window returned
 * result[2]  the same, after the erase
 * result[3]  the first word that was programmed, read through the window
 */
#include <stdint.h>

#define REG32(address) (*(volatile uint32_t *)(address))

#define DEMCR      REG32(0xE000EDFC)
#define DWT_CTRL   REG32(0xE0001000)
#define DWT_CYCCNT REG32(0xE0001004)

#define RCC_AHB2ENR REG32(0x4002104C)
#define RCC_AHB3ENR REG32(0x40021050)
#define GPIOA       0x48000000UL
#define GPIOB       0x48000400UL
#define MODER(port) REG32((port) + 0x00)
#define AFR(port)   (&REG32((port) + 0x20))

#define QSPI        0xA0001000UL
#define QSPI_CR     REG32(QSPI + 0x00)
#define QSPI_DCR    REG32(QSPI + 0x04)
#define QSPI_SR     REG32(QSPI + 0x08)
#define QSPI_FCR    REG32(QSPI + 0x0C)
#define QSPI_DLR    REG32(QSPI + 0x10)
#define QSPI_CCR    REG32(QSPI + 0x14)
#define QSPI_AR     REG32(QSPI + 0x18)
#define QSPI_DR     REG32(QSPI + 0x20)
#define QSPI_PSMKR  REG32(QSPI + 0x24)
#define QSPI_PSMAR  REG32(QSPI + 0x28)
#define QSPI_PIR    REG32(QSPI + 0x2C)

#define CR_EN      (1UL << 0)
#define CR_ABORT   (1UL << 1)
#define CR_APMS    (1UL << 22)
#define CR_BY_2    (1UL << 24)
#define SR_TCF     (1UL << 1)
#define SR_SMF     (1UL << 3)
#define SR_BUSY    (1UL << 5)

#define ONE_LINE_INSTRUCTION (1UL << 8)
#define ADDRESS_ONE_LINE     (1UL << 10 | 2UL << 12)
#define DATA_ONE_LINE        (1UL << 24)
#define DATA_FOUR_LINES      (3UL << 24)
#define MODE_READ            (1UL << 26)
#define MODE_POLL            (2UL << 26)
#define MODE_MAPPED          (3UL << 26)

/* EBh: address, mode bits and data on four lines, four dummy clocks. */
#define QUAD_READ (ONE_LINE_INSTRUCTION | 0xEBUL | 3UL << 10 | 2UL << 12 | 3UL << 14 | 4UL << 18 | DATA_FOUR_LINES)

#define WINDOW  0x90000000UL
#define SCRATCH 0x00010000UL

#define IN_WINDOW __attribute__((section(".xip.text"), noinline, long_call))

volatile uint32_t result[4];
/* From the start of the erase to the match of automatic polling. */
volatile uint32_t erase_cycles;
/* Of one call of the function in the window. */
volatile uint32_t window_cycles;

int main(void);
void done(void);
IN_WINDOW uint32_t sum(void);

__attribute__((section(".xip.rodata")))
static const volatile uint32_t table[16] = {
    1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 34, 37, 40, 43, 46,
};

uint32_t sum(void)
{
    uint32_t total = 0;

    for (unsigned i = 0; i < 16; i++)
        total += table[i];
    return total;
}

static void pin(uint32_t port, unsigned number)
{
    MODER(port) = (MODER(port) & ~(3UL << (2 * number))) | 2UL << (2 * number);
    AFR(port)[number / 8] = (AFR(port)[number / 8] & ~(15UL << (4 * (number % 8)))) | 10UL << (4 * (number % 8));
}

static void wait_complete(void)
{
    while (!(QSPI_SR & SR_TCF)) {
    }
    QSPI_FCR = SR_TCF;
}

static void command(uint32_t opcode)
{
    QSPI_CCR = ONE_LINE_INSTRUCTION | opcode;
    wait_complete();
}

/* Lets the QUADSPI read the status until BUSY is 0. */
static void wait_ready(void)
{
    QSPI_PSMKR = 1;
    QSPI_PSMAR = 0;
    QSPI_PIR = 100;
    QSPI_DLR = 0;
    QSPI_CR |= CR_APMS;
    QSPI_CCR = MODE_POLL | DATA_ONE_LINE | ONE_LINE_INSTRUCTION | 0x05;
    while (!(QSPI_SR & SR_SMF)) {
    }
    QSPI_FCR = SR_SMF;
}

static void map(void)
{
    QSPI_CCR = MODE_MAPPED | QUAD_READ;
}

static void unmap(void)
{
    QSPI_CR |= CR_ABORT;
    wait_complete();
    while (QSPI_SR & SR_BUSY) {
    }
}

static void erase_scratch(void)
{
    command(0x06);
    QSPI_CCR = ADDRESS_ONE_LINE | ONE_LINE_INSTRUCTION | 0x20;
    QSPI_AR = SCRATCH;
    wait_complete();
    uint32_t start = DWT_CYCCNT;
    wait_ready();
    erase_cycles = DWT_CYCCNT - start;
}

/* 32h: data on four lines. */
static void program_scratch(void)
{
    command(0x06);
    QSPI_DLR = 15;
    QSPI_CCR = DATA_FOUR_LINES | ADDRESS_ONE_LINE | ONE_LINE_INSTRUCTION | 0x32;
    QSPI_AR = SCRATCH;
    for (uint32_t i = 0; i < 4; i++)
        QSPI_DR = 0x11111111UL * (i + 1);
    wait_complete();
    wait_ready();
}

/* The run ends here. */
__attribute__((noinline)) void done(void)
{
    for (;;) {
    }
}

int main(void)
{
    DEMCR |= 1UL << 24;
    DWT_CTRL |= 1UL;
    RCC_AHB2ENR |= 3UL;
    RCC_AHB3ENR |= 1UL << 8;
    pin(GPIOB, 10); /* CLK */
    pin(GPIOB, 11); /* NCS */
    pin(GPIOB, 1);  /* IO0 */
    pin(GPIOB, 0);  /* IO1 */
    pin(GPIOA, 7);  /* IO2 */
    pin(GPIOA, 6);  /* IO3 */
    QSPI_DCR = 22UL << 16; /* 8 MB */
    QSPI_CR = CR_BY_2 | CR_EN;

    QSPI_DLR = 2;
    QSPI_CCR = MODE_READ | DATA_ONE_LINE | ONE_LINE_INSTRUCTION | 0x9F;
    wait_complete();
    result[0] = QSPI_DR;

    map();
    uint32_t start = DWT_CYCCNT;
    result[1] = sum();
    window_cycles = DWT_CYCCNT - start;
    unmap();

    erase_scratch();
    program_scratch();

    map();
    result[2] = sum();
    result[3] = REG32(WINDOW + SCRATCH);
    done();
    return 0;
}
