/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * The one place that knows the variants. A variant is a set of steps of the
 * cure; the sources only see placement macros. Also read by the linker script,
 * so nothing but preprocessor lines may stand here.
 */
#ifndef VARIANT_H
#define VARIANT_H

#define STEP_VECTORS      0x001 /* vector table copied to SRAM, VTOR follows        */
#define STEP_ALIGNMENT    0x002 /* ... at an address that VTOR can hold             */
#define STEP_ISR          0x004 /* USART1 and EXTI15_10 handlers in SRAM            */
#define STEP_SYSTICK      0x008 /* SysTick_Handler and Time_Update in SRAM          */
#define STEP_CALLEE       0x010 /* what the USART1 handler calls: ring_put          */
#define STEP_CONST        0x020 /* what the USART1 handler reads: midi_length_table */
#define STEP_FLASH        0x040 /* FLASH_ErasePage, _ProgramWord, _GetStatus        */
#define STEP_WAIT         0x080 /* FLASH_WaitForLastOperation                       */
#define STEP_SAVE         0x100 /* save_patch, save_globals                         */
#define STEP_IDLE         0x200 /* FLASH_Unlock, FLASH_Lock, memcpy: run while the
                                   flash is idle, moved for a clean audit only      */
#define STEP_MASK_TIMERS  0x400 /* TIM2 and TIM3 masked in the NVIC during a save   */
#define STEP_MASK_BUTTONS 0x800 /* EXTI0 and EXTI1 likewise                         */
#define ALL_STEPS         0xFFF

#if defined VARIANT_BEFORE
#define STEPS 0
#elif defined VARIANT_AFTER
#define STEPS ALL_STEPS
#elif defined VARIANT_AS_PUBLISHED
/* The write-up aligns its table to 128 bytes; here, by luck, that is enough. */
#define STEPS (ALL_STEPS - STEP_WAIT - STEP_IDLE)
#elif defined VARIANT_MUTANT_VECTORS_IN_FLASH
#define STEPS (ALL_STEPS - STEP_VECTORS)
#elif defined VARIANT_MUTANT_CALLEE_IN_FLASH
#define STEPS (ALL_STEPS - STEP_CALLEE)
#elif defined VARIANT_MUTANT_CONST_IN_FLASH
#define STEPS (ALL_STEPS - STEP_CONST)
#elif defined VARIANT_MUTANT_FLASH_FUNCTIONS_IN_FLASH
#define STEPS (ALL_STEPS - STEP_FLASH - STEP_WAIT - STEP_IDLE)
#elif defined VARIANT_MUTANT_SYSTICK_IN_FLASH
#define STEPS (ALL_STEPS - STEP_SYSTICK)
#elif defined VARIANT_MUTANT_TABLE_128
#define STEPS (ALL_STEPS - STEP_ALIGNMENT)
#elif defined VARIANT_MUTANT_TIMERS_NOT_MASKED
#define STEPS (ALL_STEPS - STEP_MASK_TIMERS)
#elif defined VARIANT_F103_BEFORE
#define STEPS 0
#elif defined VARIANT_F103_RXNE_ONLY
#define STEPS (ALL_STEPS - STEP_CALLEE)
#elif defined VARIANT_F103_RECOVERS
#define STEPS (ALL_STEPS - STEP_CALLEE)
#define HAS_ORE_RECOVERY 1
#else
#error "no such variant: see the list in the Makefile"
#endif

#define HAS(step) ((STEPS & (step)) != 0)

/* F103 only: whether the USART1 handler knows what to do about ORE without RXNE. */
#ifndef HAS_ORE_RECOVERY
#define HAS_ORE_RECOVERY 0
#endif

/* Distance of vectorTable from a 512-byte boundary (98 vectors, 392 bytes, need 512). */
#if HAS(STEP_ALIGNMENT)
#define TABLE_OFFSET 0
#else
#define TABLE_OFFSET 128
#endif

#define IN_RAM          __attribute__((section(".code_in_ram")))
#define CONST_IN_RAM    __attribute__((section(".const_in_ram")))
#define IN_FLASH

#if HAS(STEP_ISR)
#define PLACE_ISR IN_RAM
#else
#define PLACE_ISR IN_FLASH
#endif

#if HAS(STEP_SYSTICK)
#define PLACE_SYSTICK IN_RAM
#else
#define PLACE_SYSTICK IN_FLASH
#endif

#if HAS(STEP_CALLEE)
#define PLACE_CALLEE IN_RAM
#else
#define PLACE_CALLEE IN_FLASH
#endif

#if HAS(STEP_CONST)
#define PLACE_CONST CONST_IN_RAM
#else
#define PLACE_CONST IN_FLASH
#endif

#if HAS(STEP_FLASH)
#define PLACE_FLASH IN_RAM
#else
#define PLACE_FLASH IN_FLASH
#endif

#if HAS(STEP_WAIT)
#define PLACE_WAIT IN_RAM
#else
#define PLACE_WAIT IN_FLASH
#endif

#if HAS(STEP_SAVE)
#define PLACE_SAVE IN_RAM
#else
#define PLACE_SAVE IN_FLASH
#endif

#if HAS(STEP_IDLE)
#define PLACE_IDLE IN_RAM
#else
#define PLACE_IDLE IN_FLASH
#endif

#endif
