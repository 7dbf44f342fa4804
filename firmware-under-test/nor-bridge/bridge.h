/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Commands, the first byte of a write to address 0x28. What takes long is a
 * task: it is noted by the I2C handler and done by the hook of the main loop.
 */
#ifndef BRIDGE_H
#define BRIDGE_H

#include <stdint.h>

#define OWN_ADDRESS  0x28U
#define CONFIG_BYTES 16U
#define DATA_BYTES   16U
#define HOOK_MS      30U

enum command {
    COMMAND_STATUS = 0x01,       /* the next read gives 1 while a task waits or runs */
    COMMAND_DATA = 0x02,         /* the next read gives what the last task has read */
    COMMAND_WRITE_CONFIG = 0x30, /* 16 bytes follow */
    COMMAND_READ_CONFIG = 0x31,
    COMMAND_CLEAR_CONFIG = 0x32,
    COMMAND_ERASE_SECTOR = 0x40, /* three bytes of address follow, the high one first */
    COMMAND_ERASE_BLOCK = 0x41,  /* the same */
    COMMAND_WRITE_DATA = 0x42,   /* address, and up to 16 bytes */
    COMMAND_READ_DATA = 0x43,    /* address */
};

enum task {
    TASK_NONE,
    TASK_WRITE_CONFIG,
    TASK_READ_CONFIG,
    TASK_CLEAR_CONFIG,
    TASK_ERASE_SECTOR,
    TASK_ERASE_BLOCK,
    TASK_WRITE_DATA,
    TASK_READ_DATA,
    TASK_WAIT_BUSY, /* for the serial flash */
};

/* Shared by the I2C handler and the hook. */
extern volatile uint8_t current_task, task_running;
extern volatile uint8_t answer[DATA_BYTES];
extern volatile uint32_t commands_seen, commands_done, unknown_commands;

void i2c_start(void);
void command_received(const uint8_t *bytes, uint32_t count);

void config_clear(void);
void config_write(const volatile uint8_t *bytes);
void config_read(volatile uint8_t *bytes);

#endif
