/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The part: memory, geometry of its flash, clocks and where its devices are.
 * Also read by the linker script, so only preprocessor lines may stand here and
 * in chip/. The devices' own registers are in clock/, pins/, flash/, usart/, dma/.
 */
#ifndef CHIP_H
#define CHIP_H

#if defined CHIP_F103
#include "chip/f103.h"
#elif defined CHIP_F303
#include "chip/f303.h"
#elif defined CHIP_L151
#include "chip/l151.h"
#elif defined CHIP_L451
#include "chip/l451.h"
#elif defined CHIP_F429
#include "chip/f429.h"
#else
#error "no such chip: see the list in the Makefile"
#endif

#define IRQ_CAN_RX0 20
#define IRQ_CAN_RX1 21
#define IRQ_USART1  37

#endif
