/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * From reset to main, and the vector table that the flash image starts with.
 */
#include <stdint.h>

#include "chip.h"
#include "cpu.h"
#include "variant.h"

/* Addresses from link.ld; only their addresses mean anything. */
extern uint32_t __stack_top[];
extern uint32_t __ramcode_start[], __ramcode_end[], __ramcode_load[];
extern uint32_t __data_start[], __data_end[], __data_load[];
extern uint32_t __bss_start[], __bss_end[];

int main(void);
void Reset_Handler(void);
void Default_Handler(void);
void SysTick_Handler(void);

#if defined LINK_CAN
#define RX_IRQ IRQ_CAN_RX0
#define RX_IRQ_HANDLER CAN_RX0_IRQHandler
#else
#define RX_IRQ IRQ_USART1
#if HAS(RX_DMA)
#define RX_IRQ_HANDLER Default_Handler
#else
#define RX_IRQ_HANDLER USART1_IRQHandler
#endif
#endif
#if HAS(BOTH_FIFOS)
#define RX_IRQ_HANDLER_1 CAN_RX1_IRQHandler
#else
#define RX_IRQ_HANDLER_1 Default_Handler
#endif
void RX_IRQ_HANDLER(void);
void RX_IRQ_HANDLER_1(void);

#define VECTOR_COUNT (16 + IRQ_COUNT)

/* Number of the first exception that nobody expected: 3 is HardFault. */
volatile uint32_t unexpected_exception;

typedef void (*vector_t)(void);

struct vectors {
    const uint32_t *initial_stack;
    vector_t exception[VECTOR_COUNT - 1];
};

#define EXC(number) ((number) - 1)
#define IRQ(number) (EXC(16) + (number))

/* Gaps between the ranges are the reserved entries of the ARMv7-M table. */
__attribute__((section(".isr_vector"), used))
const struct vectors flash_vectors = {
    .initial_stack = __stack_top,
    .exception = {
        [EXC(1)] = Reset_Handler,
        [EXC(2) ... EXC(6)] = Default_Handler,   /* NMI and the four faults */
        [EXC(11) ... EXC(12)] = Default_Handler, /* SVCall, DebugMonitor */
        [EXC(14)] = Default_Handler,             /* PendSV */
        [EXC(EXCEPTION_SYSTICK)] = SysTick_Handler,
        [IRQ(0) ... IRQ(RX_IRQ - 1)] = Default_Handler,
        [IRQ(RX_IRQ)] = RX_IRQ_HANDLER,
        [IRQ(RX_IRQ + 1)] = RX_IRQ_HANDLER_1,
        [IRQ(RX_IRQ + 2) ... IRQ(IRQ_COUNT - 1)] = Default_Handler,
    },
};

static void copy_words(uint32_t *to, const uint32_t *end, const uint32_t *from)
{
    while (to < end)
        *to++ = *from++;
}

#if HAS(CODE_IN_RAM)
__attribute__((section(".isr_vector_ram"))) uint32_t vectorTable[VECTOR_COUNT];

static void set_vectors(void)
{
    copy_words(vectorTable, vectorTable + VECTOR_COUNT, (const uint32_t *)&flash_vectors);
    SCB_VTOR = (uint32_t)vectorTable;
    memory_barriers();
}
#else
/* Reset leaves VTOR at the boot alias 0; name the flash itself. */
static void set_vectors(void)
{
    SCB_VTOR = (uint32_t)&flash_vectors;
}
#endif

void Reset_Handler(void)
{
    copy_words(__ramcode_start, __ramcode_end, __ramcode_load);
    copy_words(__data_start, __data_end, __data_load);
    for (uint32_t *word = __bss_start; word < __bss_end; word++)
        *word = 0;

    set_vectors();
    main();
    for (;;) {
    }
}

void Default_Handler(void)
{
    uint32_t number;

    __asm volatile("mrs %0, ipsr" : "=r"(number));
    if (unexpected_exception == 0)
        unexpected_exception = number;
    for (;;) {
    }
}
