/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef CLOCK_H
#define CLOCK_H

/* From the reset clock to CORE_HZ; chip/ says from which source. */
void clock_init(void);

#endif
