//! The one place that converts between the core's cycles and time.
//!
//! An epoch (time, cycle, frequency) is opened whenever firmware changes the clock tree. Inside an epoch
//! both directions are exact rationals, rounded once, so nothing drifts.

use flashstall_cpu::Cycles;

use crate::{Hertz, Picos};

/// Cycles to time and back.
#[derive(Clone, Debug)]
pub struct Clock {
    time: Picos,
    cycle: Cycles,
    hclk: Hertz,
    /// Picoseconds a cycle as a reduced fraction, if it is small enough for 64-bit arithmetic. Every device
    /// access converts, and a 128-bit division there costs as much as twenty instructions.
    period: Option<(u64, u64)>,
}

impl Clock {
    /// Starts at time zero, cycle zero.
    #[must_use]
    pub fn new(hclk: Hertz) -> Self {
        Self {
            time: Picos::ZERO,
            cycle: Cycles::ZERO,
            hclk,
            period: hclk.period_in_picos(),
        }
    }

    /// The core clock now.
    #[must_use]
    pub const fn hclk(&self) -> Hertz {
        self.hclk
    }

    /// The core clock becomes `hclk` at cycle `at`, which is not before the current epoch. A clock that does
    /// not run is refused: the hardware does not switch to one (RM0364 RCC, system clock selection).
    pub fn change(&mut self, at: Cycles, hclk: Hertz) {
        if hclk == self.hclk || !hclk.is_running() {
            return;
        }
        self.time = self.time(at);
        self.cycle = at.max(self.cycle);
        self.hclk = hclk;
        self.period = hclk.period_in_picos();
    }

    /// When cycle `cycle` begins, rounded down to a picosecond.
    #[must_use]
    pub fn time(&self, cycle: Cycles) -> Picos {
        let n = cycle.since(self.cycle).0;
        if let Some((num, den)) = self.period
            && let Some(scaled) = n.checked_mul(num)
        {
            return self.time + Picos(scaled / den);
        }
        self.time + self.hclk.periods(n)
    }

    /// The first cycle that begins at or after `time`.
    #[must_use]
    pub fn cycle(&self, time: Picos) -> Cycles {
        if time == Picos::NEVER {
            return Cycles::NEVER;
        }
        let span = time.since(self.time);
        if let Some((num, den)) = self.period
            && let Some(scaled) = span.0.checked_mul(den)
        {
            return self.cycle + Cycles(scaled.div_ceil(num));
        }
        self.cycle + Cycles(self.hclk.periods_covering(span))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cycle_converts_to_a_time_and_back_to_itself_at_an_odd_frequency() {
        let mut clock = Clock::new(Hertz::new(8_000_000));
        clock.change(Cycles(12_345), Hertz::new(71_999_983).scaled(1, 3));
        for n in (12_345..5_000_000).step_by(997) {
            assert_eq!(clock.cycle(clock.time(Cycles(n))), Cycles(n));
        }
    }

    #[test]
    fn no_drift_over_an_hour_at_72_mhz() {
        let clock = Clock::new(Hertz::new(72_000_000));
        assert_eq!(
            clock.time(Cycles(72_000_000 * 3600)),
            Picos(3_600_000_000_000_000)
        );
    }

    #[test]
    fn an_event_between_two_cycles_is_seen_at_the_later_one() {
        let clock = Clock::new(Hertz::new(8_000_000)); // 125 ns
        assert_eq!(clock.cycle(Picos(125_000)), Cycles(1));
        assert_eq!(clock.cycle(Picos(125_001)), Cycles(2));
    }

    #[test]
    fn a_stopped_clock_is_not_switched_to() {
        let mut clock = Clock::new(Hertz::new(8_000_000));
        clock.change(Cycles(8), Hertz::STOPPED);
        assert_eq!(clock.time(Cycles(16)), Picos::from_micros(2));
    }

    proptest! {
        /// The fast path and the exact rationals agree, and time never runs back over a change of frequency.
        #[test]
        fn the_short_division_is_the_long_one(
            hz in 1_000u64..200_000_000, mul in 1u64..17, div in 1u64..17, n in 0u64..1 << 33, later in 0u64..1 << 20,
        ) {
            let hclk = Hertz::new(hz).scaled(mul, div);
            let mut clock = Clock::new(hclk);
            prop_assert_eq!(clock.time(Cycles(n)), hclk.periods(n));
            let t = clock.time(Cycles(n)) + Picos(later);
            prop_assert_eq!(clock.cycle(t), Cycles(hclk.periods_covering(t)));
            clock.change(Cycles(n), Hertz::new(8_000_000));
            prop_assert_eq!(clock.time(Cycles(n)), hclk.periods(n));
            prop_assert!(clock.time(Cycles(n + 1)) > hclk.periods(n));
        }
    }
}
