/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * What a scenario reads when a run is over.
 */
#ifndef BOOT_H
#define BOOT_H

#include <stdint.h>

#define BOOT_RUNNING     0UL
#define BOOT_OK          1UL
#define BOOT_INCOMPLETE  2UL /* the host fell silent before all had come: bytes were lost */
#define BOOT_FLASH_ERROR 3UL
#define BOOT_CRC_DIFFERS 4UL
#define BOOT_BAD_HEADER  5UL
#define BOOT_GAVE_UP     6UL /* the same page was broken too often */

extern volatile uint32_t boot_status;
extern volatile uint32_t boot_pages_written;
extern volatile uint32_t boot_retries;
extern volatile uint32_t boot_flash_errors; /* the controller's error bits, BOOT_FLASH_ERROR */
extern volatile uint32_t boot_crc;          /* of the area, as long as the image is */

/* Called once, when all of them are stored and the host has been told. */
void boot_done(void);

#endif
