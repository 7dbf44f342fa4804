//! Window watchdog.
//!
//! Sources: svd/STM32F303.svd (offsets, bits, reset values), RM0364 ch. 24.
//! Offsets, bits and reset values were compared with the SVD. Behaviour that is cited by manual section is from memory \[M\] unless
//! the row says otherwise: neither RM0316 nor these chapters of RM0364 were available.
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | it resets when T falls from 0x40 to 0x3F: PCLK1 / 4096 / 2^WDGTB × (T\[5:0\] + 1) after the write | RM0365 s25.3.4 (F302, same block) \[S proxy\] | `it_bites_when_t6_falls` |
//! | a write of T below 0x40 while on resets at once | RM0364 §generating a reset | `a_write_without_t6_bites_at_once` |
//! | a write of T while it is above W resets | RM0364 §window | `a_refresh_outside_the_window_bites` |
//! | EWIF at 0x40, interrupt if EWI; EWI and WDGA are cleared by a reset only; EWIF by writing 0 | RM0365 s25.3 for EWIF \[S proxy\]; WWDG_CFR, WWDG_CR for the rest | `the_early_warning_comes_one_step_before` |
//! | T counts while WDGA is 0, and then resets nothing | RM0364 WWDG_CR | `without_wdga_it_only_counts` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | the phase of the free-running prescaler | a write can fall anywhere in a step, so silicon bites up to one step earlier | the step starts at the write |
//! | freezing by DBGMCU | no debugger | goes on |

use bitflags::bitflags;
use flashstall_cpu::Cycles;

use crate::chip::PeripheralSpec;
use crate::log::ResetCause;
use crate::periph::build::{BuildError, only_irq};
use crate::periph::registers::{Names, field, name_of};
use crate::periph::{Cx, Peripheral, Refusal, Register, Signal};
use crate::sched::EventId;

const CR: u32 = 0x00;
const CFR: u32 = 0x04;
const SR: u32 = 0x08;

const NAMES: Names = &[(CR, "CR"), (CFR, "CFR"), (SR, "SR")];

/// T and W: 7 bits.
const T: u32 = 0x7F;
/// The bit that must not fall.
const T6: u32 = 0x40;
/// The fixed prescaler.
const STEP: u64 = 4096;
/// Event: EWIF.
const WARN: u32 = 0;
/// Event: reset.
const BITE: u32 = 1;

bitflags! {
    /// WWDG_CR without T.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Cr: u32 {
        const WDGA = 1 << 7;
    }

    /// WWDG_CFR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Cfr: u32 {
        const W = 0x7F;
        const WDGTB = 3 << 7;
        const EWI = 1 << 9;
    }

    /// WWDG_SR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Sr: u32 {
        const EWIF = 1 << 0;
    }
}

/// WWDG.
#[derive(Clone, Debug)]
pub(super) struct Wwdg {
    irq: u16,
    cr: Cr,
    cfr: Cfr,
    sr: Sr,
    /// T was this at that cycle.
    t: u32,
    since: Cycles,
    /// HCLK cycles in a step, 0 while stopped.
    step: u64,
    events: [Option<EventId>; 2],
}

impl Wwdg {
    pub(super) fn build(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        Ok(Self {
            irq: only_irq(spec)?,
            cr: Cr::empty(),
            cfr: Cfr::W,
            sr: Sr::empty(),
            t: T,
            since: Cycles::ZERO,
            step: 0,
            events: [None; 2],
        })
    }

    /// Steps since T was loaded.
    fn steps(&self, now: Cycles) -> u64 {
        now.since(self.since).0.checked_div(self.step).unwrap_or(0)
    }

    fn counter(&self, now: Cycles) -> u32 {
        self.t.wrapping_sub((self.steps(now) & u64::from(T)) as u32) & T
    }

    /// Takes the clocks as they are now, and schedules what comes. A step that goes on keeps its beginning.
    fn rearm(&mut self, cx: &mut Cx<'_>) {
        let clocked = cx.shared.clocked.get(cx.id.0).copied().unwrap_or(true);
        let ratio = cx
            .hclk()
            .whole_ratio(cx.shared.clocks.pclk1)
            .filter(|_| clocked);
        let step = ratio.unwrap_or(0) * (STEP << field(self.cfr.bits(), 7, 2));
        if step != self.step {
            self.t = self.counter(cx.cycle);
            self.since = cx.cycle;
            self.step = step;
        }
        for event in self.events.iter_mut().filter_map(Option::take) {
            cx.cancel(event);
        }
        let above = u64::from(self.t & !T6);
        if self.t > T6 {
            self.events[WARN as usize] = self.event_after(cx, above, WARN);
        }
        if self.cr.contains(Cr::WDGA) && self.t & T6 != 0 {
            self.events[BITE as usize] = self.event_after(cx, above + 1, BITE);
        }
    }

    /// Schedules `token` for `steps` steps after T was loaded, unless that is past or never.
    fn event_after(&self, cx: &mut Cx<'_>, steps: u64, token: u32) -> Option<EventId> {
        let at = self.since + Cycles(self.step * steps);
        (self.step != 0 && at > cx.cycle).then(|| {
            let at = cx.shared.clock.time(at);
            cx.schedule(at, token)
        })
    }

    fn write_cr(&mut self, cx: &mut Cx<'_>, value: u32) {
        let was_on = self.cr.contains(Cr::WDGA);
        let before = self.counter(cx.cycle);
        self.cr |= Cr::from_bits_truncate(value);
        let outside = was_on && before > field(self.cfr.bits(), 0, 7);
        (self.t, self.since) = (value & T, cx.cycle);
        let below = self.cr.contains(Cr::WDGA) && self.t & T6 == 0;
        if outside || below {
            cx.find("wwdg-reset", || {
                let why = if outside {
                    "before its window opened"
                } else {
                    "with T6 clear"
                };
                format!("WWDG was written {why}")
            });
            cx.send(Signal::Reset(ResetCause::WindowWatchdog));
        }
        self.rearm(cx);
    }

    fn drive(&self, cx: &mut Cx<'_>) {
        cx.irq(
            self.irq,
            self.sr.contains(Sr::EWIF) && self.cfr.contains(Cfr::EWI),
        );
    }
}

impl Peripheral for Wwdg {
    fn read(&mut self, cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        match reg.offset {
            CR => {
                cx.side_effect();
                Ok(self.cr.bits() | self.counter(cx.cycle))
            }
            CFR => Ok(self.cfr.bits()),
            SR => Ok(self.sr.bits()),
            _ => Err(Refusal::Unmodelled),
        }
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        let value = value & reg.mask;
        match reg.offset {
            CR => self.write_cr(cx, value),
            CFR => {
                let sticky = self.cfr & Cfr::EWI;
                self.cfr = Cfr::from_bits_truncate(value) | sticky;
                self.drive(cx);
                self.rearm(cx);
            }
            SR => {
                self.sr &= Sr::from_bits_truncate(value);
                self.drive(cx);
            }
            _ => return Err(Refusal::Unmodelled),
        }
        Ok(())
    }

    fn event(&mut self, cx: &mut Cx<'_>, token: u32) {
        if let Some(slot) = self.events.get_mut(token as usize) {
            *slot = None;
        }
        if token == WARN {
            self.sr.insert(Sr::EWIF);
            self.drive(cx);
        } else {
            cx.send(Signal::Reset(ResetCause::WindowWatchdog));
        }
    }

    fn signal(&mut self, cx: &mut Cx<'_>, signal: &Signal) {
        if *signal == Signal::ClocksChanged {
            self.rearm(cx);
        }
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        (self.cr, self.cfr, self.sr) = (Cr::empty(), Cfr::W, Sr::empty());
        (self.t, self.since) = (T, cx.cycle);
        self.drive(cx);
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
