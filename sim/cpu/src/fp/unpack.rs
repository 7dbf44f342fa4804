//! From bits to numbers, and what becomes of those that are none.

use super::{DEFAULT_NAN, Fpscr, QUIET};

/// What a word holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Zero,
    Finite,
    Infinity,
    QuietNan,
    SignallingNan,
}

/// A word taken apart: its value is ± `significand` × 2^`exponent` if it is finite.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unpacked {
    pub(crate) bits: u32,
    pub(crate) negative: bool,
    pub(crate) class: Class,
    pub(crate) exponent: i32,
    pub(crate) significand: u32,
}

impl Unpacked {
    pub(crate) const fn is_nan(&self) -> bool {
        matches!(self.class, Class::QuietNan | Class::SignallingNan)
    }
}

impl Fpscr {
    /// `FPUnpack`: with FZ a denormal number counts as zero.
    pub(crate) fn unpack(&mut self, bits: u32) -> Unpacked {
        let (biased, fraction) = ((bits >> 23 & 0xFF) as i32, bits & 0x7F_FFFF);
        let (class, exponent, significand) = match (biased, fraction) {
            (0, 0) => (Class::Zero, 0, 0),
            (0, _) if self.contains(Self::FZ) => {
                *self |= Self::IDC;
                (Class::Zero, 0, 0)
            }
            (0, _) => (Class::Finite, -149, fraction),
            (0xFF, 0) => (Class::Infinity, 0, 0),
            (0xFF, _) if fraction & QUIET != 0 => (Class::QuietNan, 0, 0),
            (0xFF, _) => (Class::SignallingNan, 0, 0),
            _ => (Class::Finite, biased - 150, fraction | 1 << 23),
        };
        Unpacked {
            bits,
            negative: bits >> 31 != 0,
            class,
            exponent,
            significand,
        }
    }

    /// `FPProcessNaNs`: the first signalling NaN, else the first quiet one, made quiet or replaced. `None`: there is none.
    pub(crate) fn nan_of(&mut self, operands: &[Unpacked]) -> Option<u32> {
        let first = |class| operands.iter().find(|operand| operand.class == class);
        let signalling = first(Class::SignallingNan);
        if signalling.is_some() {
            *self |= Self::IOC;
        }
        let nan = signalling.or_else(|| first(Class::QuietNan))?;
        Some(if self.contains(Self::DN) {
            DEFAULT_NAN
        } else {
            nan.bits | QUIET
        })
    }

    /// The result of an invalid operation.
    pub(crate) fn invalid(&mut self) -> u32 {
        *self |= Self::IOC;
        DEFAULT_NAN
    }
}
