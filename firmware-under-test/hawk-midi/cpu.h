/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Core helpers. They are `static inline`, as vendors ship theirs: at -O0 they
 * become flash functions of every file that uses them.
 */
#ifndef CPU_H
#define CPU_H

#include "regs.h"

static inline void irq_disable(void)
{
    __asm volatile("cpsid i" ::: "memory");
}

static inline void irq_enable(void)
{
    __asm volatile("cpsie i" ::: "memory");
}

static inline void wait_for_interrupt(void)
{
    __asm volatile("dsb\n\twfi" ::: "memory");
}

static inline void memory_barriers(void)
{
    __asm volatile("dsb\n\tisb" ::: "memory");
}

static inline void nvic_enable(enum irq irq)
{
    NVIC_ISER(irq / 32) = BIT(irq % 32);
}

/* The barriers keep an interrupt that is just being recognised from entering
 * after this returns (ARMv7-M, NVIC_ICERx). */
static inline void nvic_disable(enum irq irq)
{
    NVIC_ICER(irq / 32) = BIT(irq % 32);
    memory_barriers();
}

/* Four priority bits are fitted: 0 is the most urgent level, 15 the least. */
static inline void nvic_set_priority(enum irq irq, uint8_t level)
{
    NVIC_IPR(irq) = (uint8_t)(level << 4);
}

#endif
