//! Advanced timers (TIM1, TIM8, TIM15 to TIM17), general-purpose timers (TIM2 to TIM4 of the F3; F4: TIM2 to TIM5, TIM9 to TIM14) and basic
//! timers (TIM6, TIM7).
//!
//! Sources: svd/STM32F303.svd (offsets, bits), RM0364 ch. 19 and 21 (F334, same blocks). The counting itself is in [`counter`].
//! Offsets, bits and reset values were compared with the SVD. Behaviour that is cited by manual section is from memory \[M\] unless
//! the row says otherwise: neither RM0316 nor these chapters of RM0364 were available.
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | CNT counts timer clocks over PSC + 1, ARR + 1 a period; up, down, centre-aligned | RM0364 §counter modes | `counter::advancing_is_counting_one_clock_at_a_time`, `cnt_follows_the_cycles` |
//! | PSC is preloaded always, ARR with ARPE, CCRx with OCxPE | RM0364 §time base, §output compare | `psc_waits_for_an_update`, `arr_waits_only_with_arpe` |
//! | an update sets UIF; UG does too unless URS; UDIS: neither | RM0364 TIMx_CR1, TIMx_EGR | `ug_reloads_and_sets_uif_unless_urs` |
//! | one-pulse mode stops at the update | RM0364 §one-pulse | `one_pulse_stops_itself` |
//! | ARR is all ones after reset | RM0364 TIMx_ARR (the SVD says 0, a slip) | `reset_values` |
//! | ARR 0 blocks the counter | RM0364 §counter modes | `counter` properties |
//! | CCxIF at a match, enabled or not; beyond ARR at the overflow | RM0364 TIMx_SR.CC1IF | `compare_flags_come_at_their_count` |
//! | the line is high while SR & DIER | RM0364 TIMx_DIER | `the_interrupt_follows_flag_and_enable` |
//! | an update or match whose flag is still set is a lost request | D: a flag has one bit | `updates_while_uif_is_set_are_lost_requests` |
//! | timers with two channels or one count up only, and have no CCMR2 (`channels` in the chip file) | svd/STM32F429.svd TIM9, TIM10 | `a_timer_with_one_channel` |
//! | with a repetition counter (`repetition_bits`) an update comes at every (RCR + 1)th overflow or underflow; RCR is taken over at an update, UG included | RM0364 §repetition counter \[M\]; RCR has 8 or 16 bits: svd/STM32F103.svd, STM32F303.svd, STM32L451.svd \[S\] | `counter` properties, `the_repetition_counter_thins_updates_out` |
//! | an advanced timer has a line for updates, compare, trigger and commutation, break each, or one for all (`irqs` UP, CC, TRG_COM, BRK); lines are shared with others | SVD | `an_advanced_timer_has_a_line_for_each_kind`, `irq_sharing` tests |
//! | BG sets BIF and clears MOE | RM0364 TIMx_EGR.BG \[M\] | `a_break_by_software` |
//! | SR is cleared by writing 0 | RM0364 TIMx_SR | `the_interrupt_follows_flag_and_enable` |
//! | UIFREMAP shows UIF in CNT bit 31 | SVD; RM0364 TIMx_CNT | `uifremap_shows_uif_above_the_count` |
//! | the clock is twice PCLK unless the APB prescaler is 1; a stopped gate freezes CNT | RM0364 RCC | `a_clock_change_keeps_the_count`, `a_closed_gate_freezes_the_count` |
//!
//! CNT is computed when it is read; events are scheduled only where a flag changes. While a flag stays set nothing more can
//! change, so a counter with a tiny period that nobody serves costs nothing: its lost requests are booked at
//! least every [`BOOKING`] clocks.
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | slave mode, external clock, encoder (SMCR) | nothing feeds them | the write is counted as unmodelled; finding |
//! | input capture (CCxS ≠ 0) | no signal reaches the channels | unmodelled when CCxE switches it on; CCxIF never set |
//! | outputs: PWM, forced levels | nothing reads them | OCxM is kept, flags are right |
//! | DMA requests, DMA burst (DCR, DMAR) | DMA hears no timer yet | unmodelled; finding |
//! | break inputs, dead time, LOCK, channels 5 and 6, BDTR above bit 15 (F3, L4) | nothing drives or reads them | BDTR is kept to bit 15; CCMR3, CCR5, CCR6 unmodelled |
//! | triggers to other blocks (MMS) | DAC and ADC are not modelled | bits are kept |
//! | the one clock from CEN to the first count | a timer clock | CNT is ahead by one |

mod bits;
mod counter;
mod registers;

use flashstall_cpu::Cycles;

use crate::chip::PeripheralSpec;
use crate::periph::build::{BuildError, int, only_irq};
use crate::periph::registers::name_of;
use crate::periph::{Cx, Peripheral, Refusal, Register, Signal};
use crate::sched::EventId;
use bits::{Cr1, Cr2, Dier, NAMES, Sr};
use counter::{Counter, Passed};

/// Lost requests of a flag that stays set are booked at least this often, in timer clocks.
const BOOKING: u64 = 1024;

/// The bus that a timer hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bus {
    Apb1,
    Apb2,
}

/// What a variant has.
#[derive(Clone, Copy, Debug)]
struct Features {
    channels: usize,
    flags: Sr,
    directions: bool,
    /// Bits that RCR has, all ones; 0 without a repetition counter.
    repetition: u32,
}

/// Interrupt lines: one for everything, or one for each kind of flag.
#[derive(Clone, Copy, Debug)]
struct Lines {
    update: u16,
    compare: u16,
    trigger: u16,
    brk: u16,
}

impl Lines {
    fn of(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        let line = |name: &str, other: u16| spec.irqs.get(name).copied().unwrap_or(other);
        let only = only_irq(spec)?;
        let update = line("UP", only);
        Ok(Self {
            update,
            compare: line("CC", update),
            trigger: line("TRG_COM", update),
            brk: line("BRK", update),
        })
    }

    /// Each line with the flags that drive it.
    fn flags(self) -> [(u16, Sr); 4] {
        [
            (self.update, Sr::UIF),
            (self.compare, Sr::of_channels(4) - Sr::UIF - Sr::TIF),
            (self.trigger, Sr::TIF | Sr::COMIF),
            (self.brk, Sr::BIF),
        ]
    }

    /// The line of one flag.
    fn of_flag(self, flag: Sr) -> u16 {
        let mut all = self.flags().into_iter();
        all.find(|(_, flags)| flags.contains(flag))
            .map_or(self.update, |(line, _)| line)
    }
}

/// A timer.
#[derive(Clone, Debug)]
pub(super) struct Timer {
    name: String,
    lines: Lines,
    bus: Bus,
    features: Features,
    cr1: Cr1,
    cr2: Cr2,
    dier: Dier,
    sr: Sr,
    ccmr: [u32; 2],
    ccer: u32,
    bdtr: u32,
    counter: Counter,
    /// The counter is right up to this cycle.
    counted: Cycles,
    /// HCLK cycles in a timer clock; `None` while the timer has no clock.
    divider: Option<u64>,
    wake: Option<EventId>,
}

impl Timer {
    /// A general-purpose timer; with `repetition_bits` one with a repetition counter, complementary outputs and a break input.
    pub(super) fn general(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        let max = match int(spec, "bits")? {
            Some(32) => u32::MAX,
            Some(16) | None => u32::from(u16::MAX),
            Some(other) => {
                return Err(BuildError::bad(
                    spec,
                    format!("a counter of {other} bits is not known"),
                ));
            }
        };
        let channels = match int(spec, "channels")? {
            None | Some(4) => 4,
            Some(2) => 2,
            Some(1) => 1,
            Some(other) => {
                return Err(BuildError::bad(
                    spec,
                    format!("a timer with {other} channels is not known"),
                ));
            }
        };
        let (repetition, more) = match int(spec, "repetition_bits")? {
            None => (0, Sr::empty()),
            Some(8) => (0xFF, Sr::ADVANCED),
            Some(16) => (0xFFFF, Sr::ADVANCED),
            Some(other) => {
                return Err(BuildError::bad(
                    spec,
                    format!("a repetition counter of {other} bits is not known"),
                ));
            }
        };
        Self::new(
            spec,
            max,
            Features {
                channels,
                flags: Sr::of_channels(channels) | more,
                directions: channels == 4,
                repetition,
            },
        )
    }

    pub(super) fn basic(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        Self::new(
            spec,
            u16::MAX.into(),
            Features {
                channels: 0,
                flags: Sr::BASIC,
                directions: false,
                repetition: 0,
            },
        )
    }

    fn new(spec: &PeripheralSpec, max: u32, features: Features) -> Result<Self, BuildError> {
        let bus = match int(spec, "bus")? {
            Some(1) => Bus::Apb1,
            Some(2) => Bus::Apb2,
            _ => return Err(BuildError::missing(spec, "`bus`, 1 or 2")),
        };
        let mut timer = Self {
            name: spec.name.clone(),
            lines: Lines::of(spec)?,
            bus,
            features,
            cr1: Cr1::empty(),
            cr2: Cr2::empty(),
            dier: Dier::empty(),
            sr: Sr::empty(),
            ccmr: [0; 2],
            ccer: 0,
            bdtr: 0,
            counter: Counter::new(max),
            counted: Cycles::ZERO,
            divider: None,
            wake: None,
        };
        timer.configure();
        Ok(timer)
    }

    /// Brings the counter to the cycle of `cx`, and flags with it.
    fn sync(&mut self, cx: &mut Cx<'_>) {
        let Some(divider) = self.divider else {
            self.counted = self.counted.max(cx.cycle);
            return;
        };
        let clocks = cx.cycle.since(self.counted).0 / divider;
        self.counted += Cycles(clocks * divider);
        let passed = self.counter.advance(clocks);
        if passed != Passed::default() {
            self.cr1.set(Cr1::CEN, self.counter.enabled);
            self.cr1.set(Cr1::DIR, self.counter.down);
            self.raise(cx, Sr::UIF, passed.updates);
            for n in 0..self.features.channels {
                self.raise(cx, Sr::compare(n), passed.matches[n]);
            }
            self.drive(cx);
        }
    }

    /// `times` events of a flag: the first sets it, the others leave no trace.
    fn raise(&mut self, cx: &mut Cx<'_>, flag: Sr, times: u64) {
        if times == 0 {
            return;
        }
        let lost = times - u64::from(!self.sr.contains(flag));
        self.sr.insert(flag);
        if lost > 0 && self.dier.bits() & flag.bits() != 0 {
            cx.shared
                .log
                .interrupts
                .entry(self.lines.of_flag(flag) + 16)
                .or_default()
                .pended_lost += lost;
        }
    }

    fn drive(&self, cx: &mut Cx<'_>) {
        // An enable has the place of its flag.
        let requests = self.features.flags.bits() & self.sr.bits() & self.dier.bits();
        let flags = self.lines.flags();
        for (line, _) in flags {
            let high = |&(other, flags): &(u16, Sr)| other == line && requests & flags.bits() != 0;
            cx.irq(line, flags.iter().any(high));
        }
    }

    /// Takes the clock as it is now. The counter must be synced.
    fn take_clock(&mut self, cx: &Cx<'_>) {
        let clocked = cx.shared.clocked.get(cx.id.0).copied().unwrap_or(true);
        let clock = match self.bus {
            Bus::Apb1 => cx.shared.clocks.timclk1,
            Bus::Apb2 => cx.shared.clocks.timclk2,
        };
        let divider = cx
            .hclk()
            .whole_ratio(clock)
            .filter(|&ratio| clocked && ratio > 0);
        if divider != self.divider {
            // A timer clock that was under way is cut short.
            self.counted = self.counted.max(cx.cycle);
        }
        self.divider = divider;
    }

    /// Schedules the next cycle at which a flag changes. The counter must be synced.
    fn rearm(&mut self, cx: &mut Cx<'_>) {
        if let Some(event) = self.wake.take() {
            cx.cancel(event);
        }
        let (Some(divider), Some(clocks)) = (self.divider, self.clocks_to_wake()) else {
            return;
        };
        let cycle = self.counted + Cycles(clocks.saturating_mul(divider));
        let at = cx.shared.clock.time(cycle);
        self.wake = Some(cx.schedule(at, 0));
    }

    fn clocks_to_wake(&self) -> Option<u64> {
        let boundary = self.counter.clocks_to_boundary()?;
        let when = |flag: Sr, next: Option<u64>| match next {
            Some(next) if !self.sr.contains(flag) => Some(next),
            // Set already: only requests to be booked as lost are left.
            Some(next) if self.dier.bits() & flag.bits() != 0 => Some(next.max(BOOKING)),
            _ => None,
        };
        let update = (!self.counter.update_disabled).then_some(boundary);
        let stop = update.filter(|_| self.counter.one_pulse);
        (0..self.features.channels)
            .map(|n| when(Sr::compare(n), self.counter.clocks_to_match(n)))
            .chain([when(Sr::UIF, update), stop])
            .flatten()
            .min()
    }
}

impl Peripheral for Timer {
    fn read(&mut self, cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        self.sync(cx);
        self.read_register(cx, reg.offset)
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        self.sync(cx);
        self.take_clock(cx);
        let result = self.write_register(cx, reg, value);
        self.drive(cx);
        self.rearm(cx);
        result
    }

    fn event(&mut self, cx: &mut Cx<'_>, _token: u32) {
        self.wake = None;
        self.sync(cx);
        self.rearm(cx);
    }

    fn signal(&mut self, cx: &mut Cx<'_>, signal: &Signal) {
        if *signal == Signal::ClocksChanged {
            // Up to now with the old clock, from here on with the new one.
            self.sync(cx);
            self.take_clock(cx);
            self.rearm(cx);
        }
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        (self.cr1, self.cr2, self.dier, self.sr) =
            (Cr1::empty(), Cr2::empty(), Dier::empty(), Sr::empty());
        (self.ccmr, self.ccer, self.bdtr) = ([0; 2], 0, 0);
        self.counter = Counter::new(self.counter.max);
        self.counted = cx.cycle;
        self.configure();
        self.drive(cx);
        self.take_clock(cx);
        self.rearm(cx);
    }

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        name_of(NAMES, offset)
    }

    fn boxed_clone(&self) -> Box<dyn Peripheral> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests;
