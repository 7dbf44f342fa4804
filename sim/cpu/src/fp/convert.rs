//! To and from integers, fixed point and half precision.

use super::round::shift_out;
use super::{Class, DEFAULT_NAN, Format, Fpscr, Rounding, Scaled, signed};

/// An integer or fixed-point format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fixed {
    pub(crate) is_signed: bool,
    /// 16 or 32.
    pub(crate) bits: u32,
    /// Bits behind the point.
    pub(crate) fraction: u32,
}

impl Fixed {
    /// The least and the greatest number.
    const fn range(self) -> (i128, i128) {
        if self.is_signed {
            (-(1 << (self.bits - 1)), (1 << (self.bits - 1)) - 1)
        } else {
            (0, (1 << self.bits) - 1)
        }
    }
}

/// The shortest exponent difference at which any number is out of every range.
const BEYOND: i32 = 64;

impl Fpscr {
    /// `FPToFixed`: saturates; a narrow result is sign- or zero-extended to a word.
    pub(crate) fn float_to_fixed(&mut self, bits: u32, to: Fixed, rounding: Rounding) -> u32 {
        let value = self.unpack(bits);
        if value.is_nan() {
            *self |= Self::IOC;
            return 0;
        }
        let exponent = value.exponent + to.fraction as i32;
        let magnitude = u128::from(value.significand);
        let (kept, lost) = if value.class == Class::Infinity || exponent >= BEYOND {
            (1 << BEYOND, false)
        } else if exponent >= 0 {
            (magnitude << exponent, false)
        } else {
            let (kept, lost, half, more) = shift_out(magnitude, exponent.unsigned_abs());
            (
                kept + u128::from(rounding.grows(value.negative, kept, lost, half, more)),
                lost,
            )
        };
        let wanted = if value.negative {
            -(kept as i128)
        } else {
            kept as i128
        };
        let (least, most) = to.range();
        let result = wanted.clamp(least, most);
        if result != wanted {
            *self |= Self::IOC;
        } else if lost {
            *self |= Self::IXC;
        }
        result as u32
    }

    /// `FixedToFP`.
    pub(crate) fn fixed_to_float(&mut self, word: u32, from: Fixed, rounding: Rounding) -> u32 {
        let value = match (from.bits, from.is_signed) {
            (16, true) => i64::from(word as i16),
            (16, false) => i64::from(word as u16),
            (_, true) => i64::from(word as i32),
            (_, false) => i64::from(word),
        };
        if value == 0 {
            return 0;
        }
        let magnitude = u128::from(value.unsigned_abs());
        let exact = Scaled {
            negative: value < 0,
            magnitude,
            exponent: -(from.fraction as i32),
        };
        self.round_by(Format::SINGLE, exact, rounding)
    }

    /// `FPHalfToSingle`: exact.
    pub(crate) fn half_to_single(&mut self, half: u16) -> u32 {
        let (negative, biased, fraction) = (
            half >> 15 != 0,
            i32::from(half >> 10 & 31),
            u32::from(half & 0x3FF),
        );
        let (significand, exponent) = match (biased, fraction) {
            (0, 0) => return signed(negative, 0),
            (0, _) => (fraction, -24),
            (31, 0) if !self.contains(Self::AHP) => return signed(negative, super::INFINITY),
            (31, _) if !self.contains(Self::AHP) => {
                if fraction & 0x200 == 0 {
                    *self |= Self::IOC;
                }
                let nan = signed(negative, DEFAULT_NAN | fraction << 13);
                return if self.contains(Self::DN) {
                    DEFAULT_NAN
                } else {
                    nan
                };
            }
            _ => (fraction | 0x400, biased - 25),
        };
        self.round(
            Format::SINGLE,
            Scaled {
                negative,
                magnitude: significand.into(),
                exponent,
            },
        )
    }

    /// `FPSingleToHalf`.
    pub(crate) fn single_to_half(&mut self, bits: u32) -> u16 {
        let value = self.unpack(bits);
        let alternative = self.contains(Self::AHP);
        let sign = u16::from(value.negative) << 15;
        match value.class {
            Class::QuietNan | Class::SignallingNan => {
                if alternative || value.class == Class::SignallingNan {
                    *self |= Self::IOC;
                }
                if alternative {
                    sign
                } else if self.contains(Self::DN) {
                    0x7E00
                } else {
                    sign | 0x7E00 | (bits >> 13 & 0x1FF) as u16
                }
            }
            Class::Infinity if alternative => {
                *self |= Self::IOC;
                sign | 0x7FFF
            }
            Class::Infinity => sign | 0x7C00,
            Class::Zero => sign,
            Class::Finite => {
                let magnitude = value.significand.into();
                let exact = Scaled {
                    negative: value.negative,
                    magnitude,
                    exponent: value.exponent,
                };
                self.round(Format::HALF, exact) as u16
            }
        }
    }
}
