/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * What all parts share: the core's registers (ARMv7-M manual) and its helpers.
 * The helpers must never become functions of their own, which would be in flash.
 */
#ifndef CPU_H
#define CPU_H

#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))
#define BIT(n)       (1UL << (n))

#define SYST_CSR     REG(0xE000E010UL)
#define SYST_RVR     REG(0xE000E014UL)
#define SYST_CVR     REG(0xE000E018UL)
#define NVIC_ISER(n) REG(0xE000E100UL + 4 * (n))
#define NVIC_IPR(n)  (*(volatile uint8_t *)(0xE000E400UL + (n)))
#define SCB_VTOR     REG(0xE000ED08UL)
#define SCB_SHPR(n)  (*(volatile uint8_t *)(0xE000ED14UL + (n))) /* n: exception number, 4 to 15 */

#define SYST_CSR_ENABLE    BIT(0)
#define SYST_CSR_TICKINT   BIT(1)
#define SYST_CSR_CLKSOURCE BIT(2)
#define EXCEPTION_SYSTICK  15

#define ALWAYS_INLINE __attribute__((always_inline)) static inline

ALWAYS_INLINE void irq_disable(void)
{
    __asm volatile("cpsid i" ::: "memory");
}

/* The barrier lets one that is pending in before what follows. */
ALWAYS_INLINE void irq_enable(void)
{
    __asm volatile("cpsie i\n\tisb" ::: "memory");
}

ALWAYS_INLINE void wait_for_interrupt(void)
{
    __asm volatile("dsb\n\twfi" ::: "memory");
}

ALWAYS_INLINE void memory_barriers(void)
{
    __asm volatile("dsb\n\tisb" ::: "memory");
}

/* Four priority bits are fitted: 0 is the most urgent level, 15 the least. */
ALWAYS_INLINE void nvic_enable(uint32_t irq, uint8_t level)
{
    NVIC_IPR(irq) = (uint8_t)(level << 4);
    NVIC_ISER(irq / 32) = BIT(irq % 32);
}

#endif
