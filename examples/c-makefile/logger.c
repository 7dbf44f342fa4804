// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Logs what arrives at USART1 to flash: every 256 bytes a page is erased and written while the next bytes arrive. An erase
// takes 20 to 40 ms, in which 77 to 154 bytes arrive at 38400 baud. So all that runs on a byte is in RAM, and so
// is what waits for the flash.

#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))

#define RCC_APB2ENR REG(0x40021018)
#define GPIOA_CRH   REG(0x40010804)
#define USART1_SR   REG(0x40013800)
#define USART1_DR   REG(0x40013804)
#define USART1_BRR  REG(0x40013808)
#define USART1_CR1  REG(0x4001380C)
#define FLASH_KEYR  REG(0x40022004)
#define FLASH_SR    REG(0x4002200C)
#define FLASH_CR    REG(0x40022010)
#define FLASH_AR    REG(0x40022014)
#define NVIC_ISER1  REG(0xE000E104)
#define SCB_VTOR    REG(0xE000ED08)

enum { SR_RXNE = 1u << 5, CR_PG = 1u << 0, CR_PER = 1u << 1, CR_STRT = 1u << 6, FSR_BSY = 1u << 0 };
enum { USART1_VECTOR = 16 + 37, VECTORS = 16 + 43 };

#ifdef EVERYTHING_IN_FLASH
#define RAMFUNC __attribute__((noinline))
#else
#define RAMFUNC __attribute__((noinline, long_call, section(".ramfunc")))
#endif

#define PAGE_SIZE 1024u
#define CHUNK     256u
#define FIRST_PAGE 0x08010000u
#define PAGES      8u

static volatile uint8_t ring[512];
static volatile uint32_t head, tail;
volatile uint32_t log_pages;

void Reset_Handler(void);
extern uint32_t _estack, _data, _edata, _data_load, _bss, _ebss;

RAMFUNC static void USART1_IRQHandler(void) {
  // SR, then DR: that clears ORE, too.
  if (USART1_SR & SR_RXNE) {
    ring[head % sizeof ring] = (uint8_t)USART1_DR;
    head = head + 1;
  }
}

// Erases the page and writes the chunk; nothing in here or below it may be in flash.
RAMFUNC static void write_page(uint32_t page, const uint16_t *words) {
  FLASH_CR = CR_PER;
  FLASH_AR = page;
  FLASH_CR = CR_PER | CR_STRT;
  (void)FLASH_SR; // BSY rises a cycle after STRT: the first look would not see it.
  while (FLASH_SR & FSR_BSY) {
  }
  FLASH_CR = CR_PG;
  for (uint32_t i = 0; i < CHUNK / 2; i++) {
    ((volatile uint16_t *)page)[i] = words[i];
    while (FLASH_SR & FSR_BSY) {
    }
  }
  FLASH_CR = 0;
}

static void Default_Handler(void) {
  for (;;) {
  }
}

__attribute__((section(".boot"), used)) static void (*const vectors[VECTORS])(void) = {
    (void (*)(void))&_estack,
    Reset_Handler,
    [2 ... 15] = Default_Handler,
    [16 ... USART1_VECTOR - 1] = Default_Handler,
    [USART1_VECTOR] = USART1_IRQHandler,
    [USART1_VECTOR + 1 ... VECTORS - 1] = Default_Handler,
};

__attribute__((section(".ram_vectors"))) static void (*ram_vectors[VECTORS])(void);

static void logger(void) {
  static uint16_t chunk[CHUNK / 2];
  uint8_t *bytes = (uint8_t *)chunk;
  for (uint32_t filled = 0;;) {
    if (head == tail) {
      continue;
    }
    bytes[filled++] = ring[tail % sizeof ring];
    tail = tail + 1;
    if (filled == CHUNK) {
      filled = 0;
      write_page(FIRST_PAGE + log_pages % PAGES * PAGE_SIZE, chunk);
      log_pages = log_pages + 1;
    }
  }
}

void Reset_Handler(void) {
  uint32_t *from = &_data_load;
  for (uint32_t *to = &_data; to < &_edata; to++) {
    *to = *from++;
  }
  for (uint32_t *to = &_bss; to < &_ebss; to++) {
    *to = 0;
  }
#ifndef EVERYTHING_IN_FLASH
  for (uint32_t i = 0; i < VECTORS; i++) {
    ram_vectors[i] = vectors[i];
  }
  SCB_VTOR = (uint32_t)ram_vectors;
#else
  (void)ram_vectors;
#endif
  RCC_APB2ENR = 1u << 14 | 1u << 2;       // USART1, port A
  GPIOA_CRH = 0x444444B4;                 // PA9 TX; PA10 RX floats
  USART1_BRR = 208;                       // 8 MHz HSI / 38400 = 208.3
  USART1_CR1 = 1u << 13 | 1u << 5 | 1u << 3 | 1u << 2;
  NVIC_ISER1 = 1u << (37 - 32);
  FLASH_KEYR = 0x45670123;
  FLASH_KEYR = 0xCDEF89AB;
  logger();
}
