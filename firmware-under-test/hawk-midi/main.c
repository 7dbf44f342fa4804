/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * hawk-midi: a synthesiser's control processor, cut down to what matters when
 * it saves a patch while music comes in.
 */
#include "clock.h"
#include "cpu.h"
#include "midi.h"
#include "panel.h"
#include "sequencer.h"
#include "synth.h"
#include "timebase.h"
#include "variant.h"

#if HAS(STEP_VECTORS)
__attribute__((section(".isr_vector_ram"))) uint32_t vectorTable[VECTOR_COUNT];

static void move_vectors(void)
{
    const volatile uint32_t *const flash_table = (const volatile uint32_t *)SCB_VTOR;

    irq_disable();
    for (uint32_t i = 0; i < VECTOR_COUNT; i++)
        vectorTable[i] = flash_table[i];
    SCB_VTOR = (uint32_t)vectorTable;
    memory_barriers();
    irq_enable();
}
#else
static void move_vectors(void)
{
}
#endif

int main(void)
{
    clock_init();
    move_vectors();

    timebase_init();
    synth_init();
    panel_init();
    sequencer_init();
    midi_init();

    for (;;) {
        /* Look with interrupts masked, else one that comes between the look and
         * the WFI would be slept over. WFI wakes up for a masked one, too. */
        irq_disable();
        if (!midi_is_waiting() && !panel_is_waiting())
            wait_for_interrupt();
        irq_enable();

        midi_drain();
        panel_serve();
    }
}
