/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Tasks: noted by the handler, done by a hook every 30 ms.
 */
#include "bridge.h"
#include "nor.h"
#include "regs.h"
#include "variant.h"

volatile uint8_t current_task, task_running;
volatile uint8_t answer[DATA_BYTES];
volatile uint32_t commands_seen, commands_done, unknown_commands;

struct job {
    uint32_t address, count;
    uint8_t data[DATA_BYTES];
};

static volatile struct job noted; /* by the handler, with current_task */
static volatile uint32_t now_ms;

int main(void);
void SysTick_Handler(void);
void task_done(void);

void SysTick_Handler(void)
{
    now_ms++;
}

static uint8_t task_of(uint8_t command)
{
    switch (command) {
    case COMMAND_WRITE_CONFIG:
        return TASK_WRITE_CONFIG;
    case COMMAND_READ_CONFIG:
        return TASK_READ_CONFIG;
    case COMMAND_CLEAR_CONFIG:
        return TASK_CLEAR_CONFIG;
    case COMMAND_ERASE_SECTOR:
        return TASK_ERASE_SECTOR;
    case COMMAND_ERASE_BLOCK:
        return TASK_ERASE_BLOCK;
    case COMMAND_WRITE_DATA:
        return TASK_WRITE_DATA;
    case COMMAND_READ_DATA:
        return TASK_READ_DATA;
    default:
        return TASK_NONE;
    }
}

/* Called by the I2C handler. */
void command_received(const uint8_t *bytes, uint32_t count)
{
    const uint8_t task = task_of(bytes[0]);
    uint32_t at = 1;

    if (task == TASK_NONE) {
        unknown_commands++;
        return;
    }
    if (task >= TASK_ERASE_SECTOR && count >= 4) {
        noted.address = (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
        at = 4;
    }
    noted.count = count > at ? count - at : 0;
    if (noted.count > DATA_BYTES)
        noted.count = DATA_BYTES;
    for (uint32_t n = 0; n < noted.count; n++)
        noted.data[n] = bytes[at + n];
    commands_seen++;
    current_task = task;
}

/* A place to stop at. */
__attribute__((noinline)) void task_done(void)
{
    commands_done++;
}

/* The serial flash has been told to do something that takes long: what is to be done next. */
static uint8_t wait_for_nor(void)
{
#if BLOCKING
    while (nor_busy()) {
    }
    task_done();
    return TASK_NONE;
#else
    return TASK_WAIT_BUSY;
#endif
}

/* Does a task, or a step of it: what is to be done next. */
static uint8_t perform(uint8_t task, const volatile struct job *job)
{
    switch (task) {
    case TASK_WRITE_CONFIG:
        config_write(job->data);
        break;
    case TASK_READ_CONFIG:
        config_read(answer);
        break;
    case TASK_CLEAR_CONFIG:
        config_clear();
        break;
    case TASK_ERASE_SECTOR:
        nor_erase_sector(job->address);
        return wait_for_nor();
    case TASK_ERASE_BLOCK:
        nor_erase_block(job->address);
        return wait_for_nor();
    case TASK_WRITE_DATA:
        nor_program(job->address, job->data, job->count);
        return wait_for_nor();
    case TASK_READ_DATA:
        nor_read(job->address, answer, DATA_BYTES);
        break;
    case TASK_WAIT_BUSY:
        if (nor_busy())
            return TASK_WAIT_BUSY;
        break;
    default:
        return TASK_NONE;
    }
    task_done();
    return TASK_NONE;
}

__attribute__((noinline)) static void process_task(void)
{
#if TAKE_FIRST
    static struct job taken; /* a copy that the handler cannot reach */

    if (task_running == TASK_NONE) {
        irq_disable();
        task_running = current_task;
        current_task = TASK_NONE;
        taken.address = noted.address;
        taken.count = noted.count;
        for (uint32_t n = 0; n < DATA_BYTES; n++)
            taken.data[n] = noted.data[n];
        irq_enable();
    }
    task_running = perform(task_running, &taken);
#else
    /* What the handler notes between the read and the write is gone. */
    current_task = perform(current_task, &noted);
#endif
}

int main(void)
{
    uint32_t last = 0;

    nor_start();
    i2c_start();
    SYST_RVR = CORE_HZ / 1000UL - 1UL;
    SYST_CVR = 0;
    SYST_CSR = 7;

    for (;;) {
        if (now_ms - last >= HOOK_MS) {
            last = now_ms;
            process_task();
        }
    }
}
