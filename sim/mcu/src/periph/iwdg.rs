//! Independent watchdog with window (F3, L4).
//!
//! Sources: svd/STM32F303.svd (offsets, reset values), RM0364 ch. 23.
//! Offsets, bits and reset values were compared with the SVD. Behaviour that is cited by manual section is from memory \[M\] unless
//! the row says otherwise: neither RM0316 nor these chapters of RM0364 were available.
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | KR: 0xCCCC starts, 0xAAAA reloads, 0x5555 opens PR, RLR, WINR; any other value closes them, 0xAAAA too | RM0090 s21.3.2 \[S proxy\] | `registers_open_only_to_the_key` |
//! | time to reset is (RLR + 1) × 4 × 2^PR periods of LSI | RM0090 table 107: RL 0, /4 is 0.125 ms at 32 kHz \[S proxy\] | `it_bites_after_its_time` |
//! | a reload starts anew | RM0364 | `a_reload_in_time_keeps_it_quiet` |
//! | it cannot be stopped but by a reset | RM0364 | `only_a_reset_stops_it` |
//! | PVU, RVU, WVU stay set for 5 periods of LSI; a write meanwhile is ignored | RM0364 IWDG_SR: up to five 40 kHz cycles | `update_flags_fall_after_five_lsi_periods` |
//! | a reload while the counter is above the window resets | RM0440 s42.4.5 wants it lower than the window; equal is let pass | `a_reload_outside_the_window_bites` |
//! | a write to WINR reloads | RM0364 §window option | `a_reload_outside_the_window_bites` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | start by the option byte WDG_SW | the option bytes of a scenario leave it to software | never started by hardware |
//! | freezing by DBGMCU | no debugger | goes on |
//! | LSI's spread of 30 to 60 kHz | one clock tree, one LSI | the chip file's figure |

use bitflags::bitflags;

use crate::log::ResetCause;
use crate::periph::registers::{Names, name_of};
use crate::periph::{Cx, Peripheral, Refusal, Register, Signal};
use crate::sched::EventId;
use crate::{Hertz, Picos};

const KR: u32 = 0x00;
const PR: u32 = 0x04;
const RLR: u32 = 0x08;
const SR: u32 = 0x0C;
const WINR: u32 = 0x10;

const NAMES: Names = &[
    (KR, "KR"),
    (PR, "PR"),
    (RLR, "RLR"),
    (SR, "SR"),
    (WINR, "WINR"),
];

/// KR: reload the counter.
const KEY_RELOAD: u32 = 0xAAAA;
/// KR: open PR, RLR and WINR.
const KEY_ACCESS: u32 = 0x5555;
/// KR: start.
const KEY_START: u32 = 0xCCCC;
/// RLR and WINR: 12 bits.
const COUNTER: u32 = 0xFFF;
/// PR: 3 bits; 6 and 7 are both /256.
const PRESCALER: u32 = 7;
/// How long an update takes to reach the LSI domain.
const UPDATE_PERIODS: u64 = 5;

/// Event: the counter is at the end.
const BITE: u32 = 0;
/// Events: the update flag with this number falls.
const UPDATED: [u32; 3] = [1, 2, 3];

bitflags! {
    /// IWDG_SR.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    struct Sr: u32 {
        const PVU = 1 << 0;
        const RVU = 1 << 1;
        const WVU = 1 << 2;
    }
}

/// IWDG.
#[derive(Clone, Debug, Default)]
pub(super) struct Iwdg {
    open: bool,
    /// PR, RLR, WINR as written.
    pr: u32,
    rlr: u32,
    winr: u32,
    sr: Sr,
    updates: [Option<EventId>; 3],
    /// Since when it runs from RLR down, and from which value.
    loaded: Option<(Picos, u32)>,
    bite: Option<EventId>,
}

impl Iwdg {
    pub(super) fn new() -> Self {
        Self {
            rlr: COUNTER,
            winr: COUNTER,
            ..Self::default()
        }
    }

    /// The counter's clock.
    fn rate(&self, cx: &Cx<'_>) -> Hertz {
        cx.shared.clocks.lsi.scaled(1, 4 << self.pr.min(6))
    }

    fn counter(&self, cx: &Cx<'_>) -> Option<u32> {
        let (since, from) = self.loaded?;
        let gone = self.rate(cx).elapsed(cx.time - since);
        Some(from.saturating_sub(u32::try_from(gone).unwrap_or(u32::MAX)))
    }

    /// The counter starts from RLR now.
    fn load(&mut self, cx: &mut Cx<'_>, from: u32) {
        self.loaded = Some((cx.time, from));
        if let Some(event) = self.bite.take() {
            cx.cancel(event);
        }
        let end = cx.time + self.rate(cx).periods(u64::from(from) + 1);
        self.bite = Some(cx.schedule(end, BITE));
    }

    fn key(&mut self, cx: &mut Cx<'_>, key: u32) {
        self.open = key == KEY_ACCESS;
        match key {
            KEY_START if self.loaded.is_none() => self.load(cx, self.rlr),
            KEY_RELOAD => self.reload(cx),
            _ => {}
        }
    }

    fn reload(&mut self, cx: &mut Cx<'_>) {
        let Some(counter) = self.counter(cx) else {
            return;
        };
        if counter > self.winr {
            cx.find("iwdg-window", || {
                format!("IWDG was reloaded at {counter}, above its window")
            });
            cx.send(Signal::Reset(ResetCause::IndependentWatchdog));
        } else {
            self.load(cx, self.rlr);
        }
    }

    /// Writes PR, RLR or WINR, if that is possible now.
    fn update(&mut self, cx: &mut Cx<'_>, flag: Sr, value: u32) {
        if !self.open || self.sr.contains(flag) {
            cx.find("iwdg-write-ignored", || {
                let why = if self.open {
                    "its last update is still on the way"
                } else {
                    "KR is not 0x5555"
                };
                format!("a write to an IWDG register was ignored: {why}")
            });
            return;
        }
        let left = self.counter(cx);
        match flag {
            Sr::PVU => self.pr = value & PRESCALER,
            Sr::RVU => self.rlr = value & COUNTER,
            _ => self.winr = value & COUNTER,
        }
        self.sr.insert(flag);
        let done = cx.time + cx.shared.clocks.lsi.periods(UPDATE_PERIODS);
        let slot = flag.bits().trailing_zeros() as usize;
        self.updates[slot] = Some(cx.schedule(done, UPDATED[slot]));
        match left {
            Some(counter) if flag == Sr::PVU => self.load(cx, counter),
            Some(_) if flag == Sr::WVU => self.load(cx, self.rlr),
            _ => {}
        }
    }
}

impl Peripheral for Iwdg {
    fn read(&mut self, _cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        match reg.offset {
            KR => Ok(0),
            PR => Ok(self.pr),
            RLR => Ok(self.rlr),
            SR => Ok(self.sr.bits()),
            WINR => Ok(self.winr),
            _ => Err(Refusal::Unmodelled),
        }
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        let value = value & reg.mask;
        match reg.offset {
            KR => self.key(cx, value & 0xFFFF),
            PR => self.update(cx, Sr::PVU, value),
            RLR => self.update(cx, Sr::RVU, value),
            WINR => self.update(cx, Sr::WVU, value),
            SR => {}
            _ => return Err(Refusal::Unmodelled),
        }
        Ok(())
    }

    fn event(&mut self, cx: &mut Cx<'_>, token: u32) {
        if token == BITE {
            self.bite = None;
            cx.send(Signal::Reset(ResetCause::IndependentWatchdog));
        } else if let Some(slot) = UPDATED.iter().position(|t| *t == token) {
            self.updates[slot] = None;
            self.sr.remove(Sr::from_bits_truncate(1 << slot));
        }
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        for event in self
            .updates
            .iter_mut()
            .chain([&mut self.bite])
            .filter_map(Option::take)
        {
            cx.cancel(event);
        }
        *self = Self::new();
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
