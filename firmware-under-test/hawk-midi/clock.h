/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef CLOCK_H
#define CLOCK_H

#define CORE_HZ 72000000UL /* also PCLK2 and, APB1 being divided, the timers' clock */

void clock_init(void);

#endif
