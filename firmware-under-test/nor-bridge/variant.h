/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 *   blocking       a task waits for the serial flash to the end
 *   state-machine  it asks once at each hook; but the handler's next command and the task share one variable
 *   race-fixed     the same, with the command taken in one piece before it is done
 */
#ifndef VARIANT_H
#define VARIANT_H

#if defined VARIANT_BLOCKING
#define BLOCKING 1
#else
#define BLOCKING 0
#endif

#if defined VARIANT_RACE_FIXED
#define TAKE_FIRST 1
#else
#define TAKE_FIRST 0
#endif

#endif
