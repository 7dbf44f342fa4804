/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Sound generation, the two interrupts that a save may do without: envelopes
 * on TIM2 at 4 kHz, the LFO on TIM3 at 500 Hz. Handlers and their tables are
 * in flash in every variant.
 */
#include "synth.h"

#include "clock.h"
#include "cpu.h"
#include "patch.h"

#define VOICES      4U
#define TIMER_HZ    1000000UL
#define ENVELOPE_HZ 4000UL
#define LFO_HZ      500UL

volatile uint32_t envelope_ticks;
volatile uint32_t lfo_ticks;

static struct voice {
    volatile uint8_t note;
    volatile uint8_t target; /* velocity while the key is down, then 0 */
    uint16_t phase;
    volatile uint16_t level;
} voices[VOICES];

static volatile int8_t lfo_output;
static uint32_t lfo_phase;
static uint32_t next_voice;

/* A rising exponential, 0 to 255. */
static const uint8_t envelope_curve[16] = {
    0, 56, 100, 134, 161, 182, 198, 211, 221, 229, 236, 241, 245, 248, 251, 255,
};

static const int8_t lfo_sine[32] = {
    0, 25, 49, 71, 90, 106, 117, 125, 127, 125, 117, 106, 90, 71, 49, 25,
    0, -25, -49, -71, -90, -106, -117, -125, -127, -125, -117, -106, -90, -71, -49, -25,
};

void TIM2_IRQHandler(void);
void TIM3_IRQHandler(void);

void TIM2_IRQHandler(void)
{
    TIM_SR(TIM2_BASE) = ~TIM_SR_UIF;
    envelope_ticks++;
    for (uint32_t i = 0; i < VOICES; i++) {
        struct voice *const v = &voices[i];

        if (v->target != 0 && v->phase < 0xFF)
            v->phase++;
        else if (v->target == 0 && v->phase != 0)
            v->phase--;
        v->level = (uint16_t)(envelope_curve[v->phase >> 4] * (v->target + 1U));
    }
}

void TIM3_IRQHandler(void)
{
    TIM_SR(TIM3_BASE) = ~TIM_SR_UIF;
    lfo_ticks++;
    lfo_phase += 1U + operPatch.controller[1]; /* the modulation wheel sets the rate */
    lfo_output = lfo_sine[(lfo_phase >> 6) % 32U];
}

void synth_note_on(uint8_t note, uint8_t velocity)
{
    struct voice *const v = &voices[next_voice++ % VOICES];

    v->note = note;
    v->target = velocity;
}

void synth_note_off(uint8_t note)
{
    for (uint32_t i = 0; i < VOICES; i++) {
        if (voices[i].note == note)
            voices[i].target = 0;
    }
}

static void timer_start(uint32_t tim, uint32_t hertz, enum irq irq, uint8_t level)
{
    TIM_PSC(tim) = CORE_HZ / TIMER_HZ - 1;
    TIM_ARR(tim) = TIMER_HZ / hertz - 1;
    /* The prescaler is taken over at an update event, which sets UIF. */
    TIM_EGR(tim) = TIM_EGR_UG;
    TIM_SR(tim) = ~TIM_SR_UIF;
    TIM_DIER(tim) = TIM_DIER_UIE;
    TIM_CR1(tim) = TIM_CR1_CEN;

    nvic_set_priority(irq, level);
    nvic_enable(irq);
}

void synth_init(void)
{
    RCC_APB1ENR |= RCC_APB1ENR_TIM2EN | RCC_APB1ENR_TIM3EN;
    timer_start(TIM2_BASE, ENVELOPE_HZ, IRQ_TIM2, 8);
    timer_start(TIM3_BASE, LFO_HZ, IRQ_TIM3, 9);
}
