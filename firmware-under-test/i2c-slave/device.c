/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * A device with three commands, the first byte of a write:
 *   0x10 data...   kept in SRAM
 *   0x30           save: a page of internal flash is erased and written
 * A read gives its state (0 ready, 1 has to save) and how often it has saved.
 * Every byte that comes is captured.
 */
#include "bus.h"
#include "chip.h"
#include "variant.h"

#define COMMAND_SAVE  0x30U
#define CONFIG_HALVES 16U

volatile uint8_t i2c_capture[4096];
volatile uint32_t i2c_capture_count;
volatile uint32_t i2c_overruns;
volatile uint32_t i2c_saves;
volatile uint32_t i2c_reads;

static volatile uint8_t save_requested;
static volatile uint8_t command_known, command;
static volatile uint8_t reply_index;

int main(void);
void save_done(void);

IN_RAM void device_write_begins(void)
{
    command_known = 0;
}

IN_RAM void device_read_begins(void)
{
    reply_index = 0;
    i2c_reads++;
}

IN_RAM void device_received(uint8_t byte)
{
    const uint32_t count = i2c_capture_count;

    if (!command_known) {
        command_known = 1;
        command = byte;
    }
    if (count < sizeof i2c_capture) {
        i2c_capture[count] = byte;
        i2c_capture_count = count + 1;
    }
}

IN_RAM uint8_t device_wanted(void)
{
    return reply_index++ == 0 ? save_requested : (uint8_t)i2c_saves;
}

IN_RAM void device_stopped(void)
{
    if (command_known && command == COMMAND_SAVE)
        save_requested = 1;
    command_known = 0;
}

IN_RAM void device_overrun(void)
{
    i2c_overruns++;
}

/* From the start of an operation to its end nothing else runs here. BSY rises
 * one cycle after STRT (RM0316, FLASH_SR). */
IN_RAM static void flash_wait(void)
{
    (void)FLASH_SR;
    while (FLASH_SR & FLASH_SR_BSY) {
    }
    FLASH_SR = FLASH_SR_FLAGS;
}

IN_RAM static void flash_erase(uint32_t page)
{
    FLASH_CR = FLASH_CR_PER;
    FLASH_AR = page;
    FLASH_CR = FLASH_CR_PER | FLASH_CR_STRT;
    flash_wait();
    FLASH_CR = 0;
}

IN_RAM static void flash_program(uint32_t address, uint16_t value)
{
    FLASH_CR = FLASH_CR_PG;
    *(volatile uint16_t *)address = value;
    flash_wait();
    FLASH_CR = 0;
}

__attribute__((noinline)) void save_done(void)
{
    __asm volatile("" ::: "memory");
}

static void save(void)
{
    FLASH_KEYR = FLASH_KEY1;
    FLASH_KEYR = FLASH_KEY2;
    flash_erase(CONFIG_PAGE);
    for (uint32_t n = 0; n < CONFIG_HALVES; n++)
        flash_program(CONFIG_PAGE + 2 * n, (uint16_t)(0xC000U | n));
    FLASH_CR = FLASH_CR_LOCK;
}

int main(void)
{
    pins_start();
    bus_start();
    NVIC_ISER(0) = BIT(IRQ_I2C1_EV);
    NVIC_ISER(1) = BIT(IRQ_I2C1_ER - 32);

    for (;;) {
        if (save_requested) {
            save();
            save_requested = 0;
            i2c_saves++;
            save_done();
        }
    }
}
