//! Bit timing: what BTR makes of PCLK1, and how far off another node may be.

use crate::periph::registers::field;
use crate::{Hertz, Picos};

/// BTR, decoded, on a clock that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BitTiming {
    clock: Hertz,
    /// Clocks a quantum.
    prescaler: u64,
    segment1: u64,
    segment2: u64,
    jump: u64,
}

/// Bits over which two rates are compared: long enough that a picosecond does not matter.
const SPAN: u64 = 1_000_000;
/// Edges that a receiver synchronises to are at most this many bits apart (five equal bits and five of the stuff value).
const BITS_BETWEEN_EDGES: u128 = 10;
/// An error flag must be told from stuff bits after this many bits.
const BITS_TO_ERROR_FLAG: u128 = 13;

impl BitTiming {
    /// `None` while the clock stands.
    pub(super) fn of(btr: u32, clock: Hertz) -> Option<Self> {
        clock.is_running().then(|| Self {
            clock,
            prescaler: u64::from(field(btr, 0, 10)) + 1,
            segment1: u64::from(field(btr, 16, 4)) + 1,
            segment2: u64::from(field(btr, 20, 3)) + 1,
            jump: u64::from(field(btr, 24, 2)) + 1,
        })
    }

    const fn quanta(&self) -> u64 {
        1 + self.segment1 + self.segment2
    }

    /// Bits a second.
    pub(super) fn rate(&self) -> Hertz {
        self.clock.scaled(1, self.quanta() * self.prescaler)
    }

    /// From the start of a bit to the sample point of the `n`th bit, counted from 1.
    pub(super) fn sample_of(&self, n: u64) -> Picos {
        let quanta = n * self.quanta() - self.segment2;
        self.clock.periods(quanta * self.prescaler)
    }

    /// Parts per million that a sender's rate may differ by, rounded down.
    pub(super) fn tolerance_ppm(&self) -> u64 {
        let bit = u128::from(self.quanta());
        let phase = u128::from(self.segment1.min(self.segment2));
        let by_jump = 1_000_000 * u128::from(self.jump) / (BITS_BETWEEN_EDGES * bit);
        let by_phase =
            1_000_000 * phase / (BITS_TO_ERROR_FLAG * bit - u128::from(self.segment2)).max(1);
        u64::try_from(by_jump.min(by_phase)).unwrap_or(u64::MAX)
    }

    /// How far `sender` is off, in parts per million of its bit, rounded up; and which of the two is faster.
    pub(super) fn off_ppm(&self, sender: Hertz) -> u64 {
        let (mine, theirs) = (self.rate().periods(SPAN), sender.periods(SPAN));
        let apart = u128::from(mine.0.abs_diff(theirs.0));
        let ppm = (apart * 1_000_000).div_ceil(u128::from(theirs.0.max(1)));
        u64::try_from(ppm).unwrap_or(u64::MAX)
    }

    /// Can a frame of `sender` be received?
    pub(super) fn follows(&self, sender: Hertz) -> bool {
        self.off_ppm(sender) <= self.tolerance_ppm()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timing(btr: u32, mhz: u64) -> BitTiming {
        BitTiming::of(btr, Hertz::new(mhz * 1_000_000)).expect("the clock runs")
    }

    #[test]
    fn the_boot_loaders_values_give_their_rates() {
        for (btr, mhz, rate) in [
            (0x001E_000F, 36, 125_000),
            (0x001E_0003, 36, 500_000),
            (0x001E_0001, 36, 1_000_000),
            (0x001C_0009, 80, 500_000),
            (0x001A_0005, 42, 500_000),
        ] {
            assert_eq!(timing(btr, mhz).rate(), Hertz::new(rate), "{btr:#010x}");
        }
        // 18 quanta, the sample before the last two, four clocks each.
        let t = timing(0x001E_0003, 36);
        assert_eq!(t.sample_of(1), Hertz::new(36_000_000).periods(64));
    }

    #[test]
    fn how_far_off_a_sender_may_be() {
        // SJW 1 of 18 quanta over 10 bits: 0.555 %; the phase segment of 2 would allow 2 / 232.
        let t = timing(0x001E_0003, 36);
        assert_eq!(t.tolerance_ppm(), 5_555);
        assert!(t.follows(Hertz::new(500_000).scaled(1_005_000, 1_000_000)));
        assert!(!t.follows(Hertz::new(500_000).scaled(1_006_000, 1_000_000)));
        assert!(!t.follows(Hertz::new(500_000).scaled(994_000, 1_000_000)));
        // SJW 4 of 10 quanta, phase 4: 4 / (130 - 4).
        assert_eq!(timing(0x0334_0000, 36).tolerance_ppm(), 31_746);
        assert_eq!(BitTiming::of(0, Hertz::STOPPED), None);
    }
}
