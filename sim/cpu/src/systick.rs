//! SysTick, the system timer: computed from the cycle counter when someone looks, never ticked.
//!
//! | register or behaviour | source | test that proves it |
//! |---|---|---|
//! | CTRL, LOAD, VAL, CALIB | ARMv7-M B3.3.2–6 | `tests::registers_read_back_what_they_keep` |
//! | counts down, reloads on the clock after 0: a period is LOAD + 1 | B3.3.1 | `tests::a_period_is_load_plus_one`, `tests::equals_a_timer_ticked_every_cycle` |
//! | COUNTFLAG set by 1 → 0, cleared by reading CTRL and by writing VAL | B3.3.3 | `tests::countflag_is_cleared_by_reading`, `tests::equals_…` |
//! | COUNTFLAG works with interrupts masked, TICKINT off too | B3.3.3 | `tests::equals_…` |
//! | TICKINT pends exception 15 at each wrap, at its own cycle | B3.3.3 | `every_wrap_in_a_hold_is_told_at_its_own_cycle` (tests/exceptions) |
//! | writing VAL clears it and pends nothing; it reloads on the next clock | B3.3.5 | `tests::writing_val_restarts_without_a_wrap` |
//! | LOAD = 0: stays at 0 after the current count | B3.3.4 | `tests::a_reload_of_zero_stops_it` |
//! | disabling keeps VAL, enabling goes on from it | B3.3.1 | `tests::equals_…` |
//! | external clock: HCLK / `systick_divider`, on a grid that runs freely | RM0316 figure 13 | `tests::equals_…` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | phase of the external clock after reset | undocumented | its edges are at multiples of the divider |

use crate::{CpuConfig, Cycles};

/// The counter and its registers are 24 bits wide.
const MASK: u32 = 0x00FF_FFFF;

bitflags::bitflags! {
    /// CTRL.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Ctrl: u32 {
        const ENABLE = 1;
        const TICKINT = 1 << 1;
        /// Set: processor clock. Clear: external clock.
        const CLKSOURCE = 1 << 2;
        const COUNTFLAG = 1 << 16;
    }
}

/// The system timer.
#[derive(Clone, Debug)]
pub struct SysTick {
    ctrl: Ctrl,
    load: u32,
    calib: u32,
    external_divider: u64,
    /// Counter value after the clocks up to and including `base`.
    value: u32,
    base: Cycles,
    /// First wrap after `base` that pends the exception; kept so that finding the deadline is one load.
    expiry: Cycles,
}

/// The wraps within a span, each of which asks for the exception.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wraps {
    first: Cycles,
    period: Cycles,
    count: u64,
}

impl Wraps {
    /// The cycle of each wrap.
    pub(crate) fn cycles(self) -> impl Iterator<Item = Cycles> {
        (0..self.count).map(move |index| Cycles(self.first.0 + index * self.period.0))
    }
}

impl SysTick {
    /// As after reset: stopped.
    #[must_use]
    pub fn new(config: &CpuConfig) -> Self {
        Self {
            ctrl: Ctrl::empty(),
            load: 0,
            calib: config.systick_calib,
            external_divider: u64::from(config.systick_divider.max(1)),
            value: 0,
            base: Cycles::ZERO,
            expiry: Cycles::NEVER,
        }
    }

    /// The cycle of the first wrap that pends the exception and has not been accounted for yet,
    /// [`Cycles::NEVER`] if the timer is stopped or does not interrupt. Not later than `now` if one is overdue.
    #[inline]
    #[must_use]
    pub fn next_expiry(&self, now: Cycles) -> Cycles {
        let _ = now;
        self.expiry
    }

    /// The counter (VAL) at `now`.
    #[must_use]
    pub fn value(&self, now: Cycles) -> u32 {
        let clocks = self.clocks(now);
        let value = u64::from(self.value);
        if clocks < value {
            return (value - clocks) as u32;
        }
        let period = u64::from(self.load) + 1;
        match (clocks - value) % period {
            0 => 0,
            since_zero => (period - since_zero) as u32,
        }
    }

    /// Accounts for the time up to `now`; the wraps in it that pend the exception are for the caller to report.
    pub(crate) fn advance(&mut self, now: Cycles) -> Wraps {
        let wraps = self.wraps_until(now);
        if wraps.count > 0 {
            self.ctrl |= Ctrl::COUNTFLAG;
        }
        self.rebase(now);
        if self.ctrl.contains(Ctrl::TICKINT) {
            wraps
        } else {
            Wraps::default()
        }
    }

    /// CTRL; clears COUNTFLAG. The caller has advanced the timer to now.
    pub(crate) fn read_ctrl(&mut self) -> u32 {
        let ctrl = self.ctrl.bits();
        self.ctrl -= Ctrl::COUNTFLAG;
        ctrl
    }

    /// After this value of CTRL was read, could the next read differ without an event of this timer in between?
    /// Yes if the read cleared COUNTFLAG, and if the timer counts without telling its wraps as events.
    pub(crate) const fn flag_changes_unseen(&self, read: u32) -> bool {
        read & Ctrl::COUNTFLAG.bits() != 0
            || self.ctrl.contains(Ctrl::ENABLE) && !self.ctrl.contains(Ctrl::TICKINT)
    }

    /// Writes CTRL; COUNTFLAG cannot be written. The caller has advanced the timer to `now`.
    pub(crate) fn write_ctrl(&mut self, now: Cycles, value: u32) {
        self.ctrl =
            (self.ctrl & Ctrl::COUNTFLAG) | (Ctrl::from_bits_truncate(value) - Ctrl::COUNTFLAG);
        self.rebase(now);
    }

    /// LOAD.
    pub(crate) const fn load(&self) -> u32 {
        self.load
    }

    /// Writes LOAD, which counts from the next reload on. The caller has advanced the timer to `now`.
    pub(crate) fn write_load(&mut self, now: Cycles, value: u32) {
        self.value = self.value(now);
        self.base = now;
        self.load = value & MASK;
        self.rebase(now);
    }

    /// Writes VAL: any value clears it and COUNTFLAG. The caller has advanced the timer to `now`.
    pub(crate) fn write_val(&mut self, now: Cycles) {
        self.value = 0;
        self.base = now;
        self.ctrl -= Ctrl::COUNTFLAG;
        self.rebase(now);
    }

    /// CALIB.
    pub(crate) const fn calib(&self) -> u32 {
        self.calib
    }

    const fn divider(&self) -> u64 {
        if self.ctrl.contains(Ctrl::CLKSOURCE) {
            1
        } else {
            self.external_divider
        }
    }

    /// Timer clocks after `base`, up to and including `now`.
    fn clocks(&self, now: Cycles) -> u64 {
        if !self.ctrl.contains(Ctrl::ENABLE) {
            return 0;
        }
        let divider = self.divider();
        (now.0 / divider).saturating_sub(self.base.0 / divider)
    }

    /// Clocks from `base` to the first 1 → 0, if there ever is one.
    fn clocks_to_wrap(&self) -> Option<u64> {
        if !self.ctrl.contains(Ctrl::ENABLE) {
            None
        } else if self.value > 0 {
            Some(u64::from(self.value))
        } else {
            (self.load > 0).then(|| u64::from(self.load) + 1)
        }
    }

    fn wraps_until(&self, now: Cycles) -> Wraps {
        let clocks = self.clocks(now);
        let Some(first) = self.clocks_to_wrap().filter(|&first| first <= clocks) else {
            return Wraps::default();
        };
        let period = u64::from(self.load) + 1;
        let count = if self.load == 0 {
            1
        } else {
            1 + (clocks - first) / period
        };
        let divider = self.divider();
        Wraps {
            first: Cycles((self.base.0 / divider + first) * divider),
            period: Cycles(period * divider),
            count,
        }
    }

    /// Moves the base to `now` and finds the next wrap.
    fn rebase(&mut self, now: Cycles) {
        self.value = self.value(now);
        self.base = now;
        let divider = self.divider();
        self.expiry = match self.clocks_to_wrap() {
            Some(clocks) if self.ctrl.contains(Ctrl::TICKINT) => Cycles(
                (now.0 / divider)
                    .saturating_add(clocks)
                    .saturating_mul(divider),
            ),
            _ => Cycles::NEVER,
        };
    }
}

#[cfg(test)]
mod tests;
