/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * A mix of integer work to measure a simulator's speed with: CRC-32 bit by bit
 * and by table, word and byte copies, an 8x8 matrix product, a walk through a
 * linked list, a state machine. About 20 million instructions.
 *
 *   RUN_IN_RAM  kernels and their driver run from SRAM
 *   AT_72_MHZ   PLL and two wait states, else HSI and none
 *
 * result[0]: checksum, the same in every build. result[1]: loops done.
 */
#include "probe.h"

#ifdef RUN_IN_RAM
#define KERNEL IN_RAM
#else
#define KERNEL __attribute__((noinline))
#endif

#define BYTES 1024U
#define NODES 128U
#define ORDER 8U

/* Read at run time, so that a test may patch it. */
volatile uint32_t loop_count = 243;

static struct node {
    struct node *next;
    uint32_t value;
} nodes[NODES];

_Alignas(4) static uint8_t source[BYTES], target[BYTES];
static uint32_t crc_table[256];
static int32_t a[ORDER][ORDER], b[ORDER][ORDER], product[ORDER][ORDER];

#define CRC_POLYNOMIAL 0xEDB88320UL /* CRC-32, reflected */

static KERNEL uint32_t crc_bitwise(uint32_t crc, const uint8_t *data, uint32_t size)
{
    while (size-- != 0) {
        crc ^= *data++;
        for (uint32_t bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ CRC_POLYNOMIAL : crc >> 1;
    }
    return crc;
}

static KERNEL uint32_t crc_by_table(uint32_t crc, const uint8_t *data, uint32_t size)
{
    while (size-- != 0)
        crc = crc >> 8 ^ crc_table[(crc ^ *data++) & 0xFF];
    return crc;
}

static KERNEL void copy_bytes(uint8_t *to, const uint8_t *from, uint32_t size)
{
    while (size-- != 0)
        *to++ = *from++;
}

static KERNEL void copy_words(uint32_t *to, const uint32_t *from, uint32_t words)
{
    while (words-- != 0)
        *to++ = *from++;
}

static KERNEL int32_t multiply_matrices(void)
{
    int32_t trace = 0;

    for (uint32_t row = 0; row < ORDER; row++) {
        for (uint32_t column = 0; column < ORDER; column++) {
            int32_t sum = 0;

            for (uint32_t i = 0; i < ORDER; i++)
                sum += a[row][i] * b[i][column];
            product[row][column] = sum;
        }
        trace += product[row][row];
    }
    return trace;
}

static KERNEL uint32_t walk_list(const struct node *node)
{
    uint32_t sum = 0;

    for (; node != 0; node = node->next)
        sum = sum * 31 + node->value;
    return sum;
}

/* Counts numbers, words and comments in bytes taken as text. */
static KERNEL uint32_t run_state_machine(const uint8_t *text, uint32_t size)
{
    enum { BETWEEN, NUMBER, WORD, COMMENT } state = BETWEEN;
    uint32_t numbers = 0, words = 0, comments = 0;

    while (size-- != 0) {
        const uint32_t c = *text++ & 0x7F;
        const int digit = c - '0' < 10;
        const int letter = (c | 0x20) - 'a' < 26;

        switch (state) {
        case BETWEEN:
            if (digit) {
                state = NUMBER;
                numbers++;
            } else if (letter) {
                state = WORD;
                words++;
            } else if (c == '#') {
                state = COMMENT;
                comments++;
            }
            break;
        case NUMBER:
            if (!digit)
                state = letter ? WORD : BETWEEN;
            break;
        case WORD:
            if (!digit && !letter)
                state = BETWEEN;
            break;
        case COMMENT:
            if (c < ' ')
                state = BETWEEN;
            break;
        }
    }
    return numbers << 20 | words << 10 | comments;
}

static void fill(void)
{
    uint32_t x = 2463534242UL;

    for (uint32_t i = 0; i < 256; i++) {
        const uint8_t byte = (uint8_t)i;

        crc_table[i] = crc_bitwise(0, &byte, 1);
    }
    for (uint32_t i = 0; i < BYTES; i++) {
        /* xorshift32 */
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        source[i] = (uint8_t)x;
    }
    for (uint32_t i = 0; i < ORDER * ORDER; i++) {
        a[i / ORDER][i % ORDER] = (int32_t)source[i] - 128;
        b[i / ORDER][i % ORDER] = (int32_t)source[i + 64] - 128;
    }
    /* 37 has no factor in common with the number of nodes: all are visited. */
    for (uint32_t i = 0; i < NODES; i++) {
        nodes[i * 37 % NODES].value = i ^ source[i];
        nodes[i * 37 % NODES].next = i + 1 < NODES ? &nodes[(i + 1) * 37 % NODES] : 0;
    }
}

static KERNEL uint32_t run(uint32_t loops)
{
    uint32_t sum = 0xFFFFFFFF;

    for (uint32_t i = 0; i < loops; i++) {
        source[i % BYTES] = (uint8_t)sum;
        sum = crc_bitwise(sum, source, BYTES);
        copy_words((uint32_t *)(void *)target, (const uint32_t *)(const void *)source, BYTES / 4);
        copy_bytes(target + 1, source, BYTES - 1);
        sum = crc_by_table(sum, target, BYTES);
        sum += (uint32_t)multiply_matrices();
        sum ^= walk_list(nodes);
        sum += run_state_machine(target, BYTES);
        result[1]++;
    }
    return sum;
}

#ifdef AT_72_MHZ
/* As in ../hawk-midi/clock.c. */
static void clock_init(void)
{
    RCC_CR |= RCC_CR_HSEON;
    while ((RCC_CR & RCC_CR_HSERDY) == 0) {
    }
    FLASH_ACR = FLASH_ACR_LATENCY_2 | FLASH_ACR_PRFTBE;
    while ((FLASH_ACR & FLASH_ACR_LATENCY) != FLASH_ACR_LATENCY_2) {
    }
    RCC_CFGR = RCC_CFGR_PLLMUL_9 | RCC_CFGR_PLLSRC_HSE | RCC_CFGR_PPRE1_DIV2;
    RCC_CR |= RCC_CR_PLLON;
    while ((RCC_CR & RCC_CR_PLLRDY) == 0) {
    }
    RCC_CFGR |= RCC_CFGR_SW_PLL;
    while ((RCC_CFGR & RCC_CFGR_SWS) != RCC_CFGR_SWS_PLL) {
    }
}
#endif

int main(void)
{
#ifdef AT_72_MHZ
    clock_init();
#endif
    fill();
    result[0] = run(loop_count);
    return 0;
}
