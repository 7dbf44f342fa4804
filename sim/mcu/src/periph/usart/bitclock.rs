//! Kernel clocks as time, across clock changes.

use crate::{Hertz, Picos};

/// A stretch of constant frequency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    from: Picos,
    /// Clocks counted before it.
    clocks: u64,
    rate: Hertz,
}

impl Stretch {
    fn clocks_at(&self, at: Picos) -> u64 {
        self.clocks + self.rate.elapsed(at - self.from)
    }
}

/// Counts the kernel clocks of one character from its start edge. The sampling goes on in clocks when firmware
/// changes the clock tree meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BitClock {
    now: Stretch,
    /// Finished stretches; empty but for a character that saw a clock change.
    past: Vec<Stretch>,
}

impl BitClock {
    /// Starts counting at `from`.
    pub(super) const fn new(from: Picos, rate: Hertz) -> Self {
        Self {
            now: Stretch {
                from,
                clocks: 0,
                rate,
            },
            past: Vec::new(),
        }
    }

    /// From `at` on the clock runs at `rate`.
    pub(super) fn change(&mut self, at: Picos, rate: Hertz) {
        if rate != self.now.rate {
            let next = Stretch {
                from: at.max(self.now.from),
                clocks: self.now.clocks_at(at),
                rate,
            };
            self.past.push(std::mem::replace(&mut self.now, next));
        }
    }

    /// When `clocks` clocks have passed; [`Picos::NEVER`] while the clock stands.
    pub(super) fn at(&self, clocks: u64) -> Picos {
        let stretch = std::iter::once(&self.now)
            .chain(self.past.iter().rev())
            .find(|stretch| stretch.clocks <= clocks)
            .unwrap_or(&self.now);
        match clocks.saturating_sub(stretch.clocks) {
            // Holds for a clock that stands, too.
            0 => stretch.from,
            more => stretch.from + stretch.rate.periods(more),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_before_a_change_keep_their_times() {
        let mut clock = BitClock::new(Picos(1_000), Hertz::new(8_000_000));
        assert_eq!(clock.at(4), Picos(501_000));
        clock.change(Picos(1_001_000), Hertz::new(1_000_000));
        assert_eq!(clock.at(4), Picos(501_000));
        assert_eq!(clock.at(8), Picos(1_001_000));
        assert_eq!(clock.at(9), Picos(2_001_000));
        clock.change(Picos(2_001_000), Hertz::STOPPED);
        assert_eq!(clock.at(9), Picos(2_001_000));
        assert_eq!(clock.at(10), Picos::NEVER);
    }

    #[test]
    fn elapsed_is_the_inverse_of_periods() {
        for rate in [
            Hertz::new(72_000_000),
            Hertz::new(31_250),
            Hertz::new(8_000_000).scaled(7, 3),
        ] {
            for n in (0..3_000_000).step_by(997) {
                assert_eq!(rate.elapsed(rate.periods(n)), n);
                assert_eq!(rate.elapsed(Picos(rate.periods(n + 1).0 - 1)), n);
            }
        }
    }
}
