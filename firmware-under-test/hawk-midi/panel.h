/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef PANEL_H
#define PANEL_H

#include <stdbool.h>
#include <stdint.h>

/* Results of the last save, for the harness: `save_status` is a flash_status_t,
 * 0 before the first save and 4 (FLASH_COMPLETE) after a good one. */
extern volatile uint32_t save_count;
extern volatile uint32_t save_status;
extern volatile uint32_t save_verify_errors;

void panel_init(void);
bool panel_is_waiting(void);
void panel_serve(void);
void save_done(void);

#endif
