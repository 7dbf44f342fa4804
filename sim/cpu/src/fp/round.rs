//! One rounding, for every operation (`FPRound`).

use super::{Fpscr, Rounding, signed};

/// An exact value: ± `magnitude` × 2^`exponent`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scaled {
    pub(crate) negative: bool,
    pub(crate) magnitude: u128,
    pub(crate) exponent: i32,
}

/// A format to round to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Format {
    pub(crate) exponent_bits: u32,
    pub(crate) fraction_bits: u32,
}

impl Format {
    pub(crate) const SINGLE: Self = Self {
        exponent_bits: 8,
        fraction_bits: 23,
    };
    pub(crate) const HALF: Self = Self {
        exponent_bits: 5,
        fraction_bits: 10,
    };

    const fn is_half(self) -> bool {
        self.exponent_bits == 5
    }

    const fn least_exponent(self) -> i32 {
        2 - (1 << (self.exponent_bits - 1))
    }
}

/// `magnitude` >> `by`, and how what is lost compares with half of the last bit kept: (lost anything, half or more, more
/// than half).
pub(crate) const fn shift_out(magnitude: u128, by: u32) -> (u128, bool, bool, bool) {
    if by == 0 {
        return (magnitude, false, false, false);
    }
    if by > 127 {
        // Nothing that we round has more than 127 bits: less than half.
        return (0, magnitude != 0, false, false);
    }
    let (kept, lost, half) = (magnitude >> by, magnitude & ((1 << by) - 1), 1 << (by - 1));
    (kept, lost != 0, lost >= half, lost > half)
}

impl Rounding {
    /// Does the magnitude grow by one, given what [`shift_out`] says?
    pub(crate) const fn grows(
        self,
        negative: bool,
        kept: u128,
        lost: bool,
        half: bool,
        more: bool,
    ) -> bool {
        match self {
            Self::Nearest => more || half && kept & 1 != 0,
            Self::Plus => lost && !negative,
            Self::Minus => lost && negative,
            Self::Zero => false,
        }
    }
}

/// `magnitude` >> `by`, a 1 at the end if anything was lost.
const fn shift_jam(magnitude: u128, by: u32) -> u128 {
    let (kept, lost, ..) = shift_out(magnitude, by);
    kept | lost as u128
}

impl Scaled {
    /// The same value with its highest bit at 125. The magnitude must not be zero.
    const fn normalised(self) -> Self {
        let by = self.magnitude.leading_zeros() as i32 - 2;
        Self {
            magnitude: self.magnitude << by,
            exponent: self.exponent - by,
            ..self
        }
    }
}

impl Fpscr {
    /// The rounded sum of two exact values of at most 48 bits each.
    pub(crate) fn sum(&mut self, a: Scaled, b: Scaled) -> u32 {
        match (a.magnitude, b.magnitude) {
            (0, 0) if a.negative == b.negative => return signed(a.negative, 0),
            (0, 0) => return self.zero_difference(),
            (_, 0) => return self.round(Format::SINGLE, a),
            (0, _) => return self.round(Format::SINGLE, b),
            _ => {}
        }
        let (a, b) = (a.normalised(), b.normalised());
        let (large, small) = if a.exponent >= b.exponent {
            (a, b)
        } else {
            (b, a)
        };
        // Where bits are lost here, the difference has at least 124 bits, so that the last of them decides nothing but ties.
        let aligned = shift_jam(small.magnitude, (large.exponent - small.exponent) as u32);
        let (magnitude, negative) = if large.negative == small.negative {
            (large.magnitude + aligned, large.negative)
        } else if large.magnitude >= aligned {
            (large.magnitude - aligned, large.negative)
        } else {
            (aligned - large.magnitude, small.negative)
        };
        if magnitude == 0 {
            return self.zero_difference();
        }
        self.round(
            Format::SINGLE,
            Scaled {
                negative,
                magnitude,
                exponent: large.exponent,
            },
        )
    }

    /// An exact difference of zero is positive, but when rounding to minus infinity.
    fn zero_difference(self) -> u32 {
        signed(self.rounding() == Rounding::Minus, 0)
    }

    /// Rounds with the mode of FPSCR; the magnitude is not zero.
    pub(crate) fn round(&mut self, format: Format, value: Scaled) -> u32 {
        self.round_by(format, value, self.rounding())
    }

    /// `FPRound`: the bits of the result, exception flags set.
    pub(crate) fn round_by(&mut self, format: Format, value: Scaled, rounding: Rounding) -> u32 {
        let Scaled {
            negative,
            magnitude,
            exponent,
        } = value;
        let Format {
            exponent_bits,
            fraction_bits,
        } = format;
        let sign = u32::from(negative) << (exponent_bits + fraction_bits);
        let least = format.least_exponent();
        let highest = 127 - magnitude.leading_zeros() as i32 + exponent;
        if self.contains(Self::FZ) && !format.is_half() && highest < least {
            *self |= Self::UFC;
            return sign;
        }
        let mut biased = (highest - least + 1).max(0);
        let last = highest.max(least) - fraction_bits as i32;
        let by = last - exponent;
        let (mut kept, lost, half, more) = if by < 0 {
            (magnitude << -by, false, false, false)
        } else {
            shift_out(magnitude, by as u32)
        };
        if biased == 0 && lost {
            *self |= Self::UFC;
        }
        if rounding.grows(negative, kept, lost, half, more) {
            kept += 1;
            if kept == 1 << fraction_bits {
                biased = 1;
            } else if kept == 1 << (fraction_bits + 1) {
                biased += 1;
                kept >>= 1;
            }
        }
        let full = (1 << exponent_bits) - 1;
        if format.is_half() && self.contains(Self::AHP) {
            if biased > full {
                *self |= Self::IOC;
                return sign | 0x7FFF;
            }
        } else if biased >= full {
            *self |= Self::OFC | Self::IXC;
            let to_infinity = match rounding {
                Rounding::Nearest => true,
                Rounding::Plus => !negative,
                Rounding::Minus => negative,
                Rounding::Zero => false,
            };
            let infinity = (full as u32) << fraction_bits;
            return sign | if to_infinity { infinity } else { infinity - 1 };
        }
        if lost {
            *self |= Self::IXC;
        }
        sign | (biased as u32) << fraction_bits | kept as u32 & ((1 << fraction_bits) - 1)
    }
}
