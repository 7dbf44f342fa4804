/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * What the variants differ in.
 */
#ifndef VARIANT_H
#define VARIANT_H

#if defined VARIANT_IN_RAM
/* Handlers, the vector table and whatever runs while the flash is busy. */
#define IN_RAM __attribute__((section(".code_in_ram"), noinline))
#else
#define IN_RAM __attribute__((noinline))
#endif

#if defined VARIANT_NOSTRETCH
#define NOSTRETCH 1
#else
#define NOSTRETCH 0
#endif

#endif
