//! The character format and the bit time, as CR1, CR2, CR3 and BRR give them.

use super::bits::{Cr1, Cr2, Cr3};
use crate::periph::registers::field;

/// How a character looks and how it is sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Format {
    /// Data bits, the parity bit included: 7, 8 or 9.
    pub(super) word: u32,
    /// Parity, if it is checked: `Some(odd)`.
    pub(super) parity: Option<bool>,
    /// Stop bits, times two.
    pub(super) stop_halves: u32,
    /// Samples in a bit: 16 or 8.
    pub(super) oversampling: u32,
    /// One sample a bit instead of the majority of three.
    pub(super) one_sample: bool,
    /// Kernel clocks in a bit.
    pub(super) bit: u64,
}

impl Format {
    /// `None` while BRR holds less than one bit's worth of samples: nothing is received or sent.
    pub(super) fn of(cr1: Cr1, cr2: Cr2, cr3: Cr3, brr: u32) -> Option<Self> {
        let over8 = cr1.contains(Cr1::OVER8);
        // RM0364 §baud rate: with OVER8 BRR[2:0] is the fraction in eighths, BRR[3] must be 0.
        let bit = if over8 {
            (brr >> 4) * 8 + (brr & 7)
        } else {
            brr
        };
        let oversampling = if over8 { 8 } else { 16 };
        let word = match (cr1.contains(Cr1::M1), cr1.contains(Cr1::M0)) {
            (false, false) => 8,
            (false, true) => 9,
            (true, _) => 7,
        };
        let stop_halves = match field(cr2.bits(), Cr2::STOP.bits().trailing_zeros(), 2) {
            0 => 2,
            1 => 1,
            2 => 4,
            _ => 3,
        };
        (bit >= oversampling).then_some(Self {
            word,
            parity: cr1.contains(Cr1::PCE).then_some(cr1.contains(Cr1::PS)),
            stop_halves,
            oversampling,
            one_sample: cr3.contains(Cr3::ONEBIT),
            bit: bit.into(),
        })
    }

    /// Clocks from the start edge to sample `n` (from 1) of bit `k` (0 is the start bit).
    pub(super) const fn sample(&self, k: u32, n: u32) -> u64 {
        (k as u64 * self.oversampling as u64 + n as u64) * self.bit / self.oversampling as u64
    }

    /// The three samples that are voted on: 8, 9, 10 of 16, or 4, 5, 6 of 8 (RM0364 §data sampling).
    pub(super) const fn voted(&self) -> [u32; 3] {
        let middle = self.oversampling / 2;
        [middle, middle + 1, middle + 2]
    }

    /// The three samples by which the beginning of a start bit is told from noise: 3, 5, 7 of 16.
    pub(super) const fn start_check(&self) -> [u32; 3] {
        if self.oversampling == 16 {
            [3, 5, 7]
        } else {
            [2, 3, 4]
        }
    }

    /// Clocks from the start edge to the instant at which the character is complete: the last of the three
    /// samples of the stop bit (9.6 bits for 8N1 at 16x); the end of the first stop bit if there are two.
    pub(super) const fn complete(&self) -> u64 {
        let stop = self.word + 1;
        if self.stop_halves == 4 {
            self.sample(stop, self.oversampling)
        } else {
            self.sample(stop, self.voted()[2])
        }
    }

    /// Clocks in a whole character.
    pub(super) const fn character(&self) -> u64 {
        (2 + 2 * self.word as u64 + self.stop_halves as u64) * self.bit / 2
    }

    /// The bits of a character that are data and not parity.
    pub(super) const fn data_mask(&self) -> u32 {
        let data = if self.parity.is_some() {
            self.word - 1
        } else {
            self.word
        };
        (1 << data) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bit_times_in_both_oversampling_modes() {
        let of = |cr1, brr| Format::of(cr1, Cr2::empty(), Cr3::empty(), brr).map(|f| f.bit);
        assert_eq!(of(Cr1::empty(), 2304), Some(2304), "72 MHz / 31250");
        // The manual's example: 8 MHz, 9600 baud, OVER8: USARTDIV = 1667, BRR = 0x681.
        assert_eq!(of(Cr1::OVER8, 0x681), Some(833));
        assert_eq!(of(Cr1::empty(), 15), None, "16 is the least");
        assert_eq!(of(Cr1::OVER8, 0x10), Some(8));
    }

    #[test]
    fn a_character_is_complete_at_nine_and_ten_sixteenths() {
        let format = |cr1, cr2| Format::of(cr1, cr2, Cr3::empty(), 1600).expect("a valid rate");
        assert_eq!(
            format(Cr1::empty(), Cr2::empty()).complete(),
            15_400,
            "9.625 bits"
        );
        assert_eq!(format(Cr1::M0, Cr2::empty()).complete(), 17_000);
        let two_stop = Cr2::from_bits_retain(2 << 12);
        assert_eq!(
            format(Cr1::empty(), two_stop).complete(),
            16_000,
            "the end of the first stop bit"
        );
        assert_eq!(format(Cr1::empty(), two_stop).character(), 17_600);
        let over8 =
            Format::of(Cr1::OVER8, Cr2::empty(), Cr3::empty(), 0x640).expect("a valid rate");
        assert_eq!(
            (over8.bit, over8.complete()),
            (800, 7_800),
            "9.75 bits at 8x"
        );
    }
}
