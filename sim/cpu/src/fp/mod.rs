//! IEEE 754 single precision as the FPv4-SP unit does it, in integer arithmetic: every rounding mode, flush-to-zero, default
//! NaN, and the cumulative exception flags exact.
//!
//! A number is taken apart ([`unpack`]), the operation is done on exact integers ([`arithmetic`], [`convert`]) and its result
//! is rounded once ([`round`]). Knows no core and no register file: words in, a word out, and FPSCR.
//!
//! | behaviour | source | test that proves it |
//! |---|---|---|
//! | all operations, round to nearest, special and random operands | the host's IEEE arithmetic | `tests::as_the_host_does` |
//! | directed rounding | ARMv7-M A2.5 `FPRound` | `tests::directed_rounding_brackets_the_result` |
//! | FZ: inputs (IDC), results (UFC alone) | `FPUnpack`, `FPRound` | `tests::flush_to_zero` |
//! | DN, quieting, which NaN wins | `FPProcessNaNs`, `FPProcessNaNs3` | `tests::nans` |
//! | overflow by rounding mode, OFC and IXC; UFC before rounding and inexact only | `FPRound` | `tests::overflow_and_underflow` |
//! | VFMA: one rounding; infinity times zero plus a NaN | `FPMulAdd` | `tests::fused_rounds_once` |
//! | sign of a zero sum | `FPAdd` | `tests::the_sign_of_zero` |
//! | division by zero, invalid operations | `FPDiv`, `FPSqrt` | `tests::invalid_operations` |
//! | comparisons, quiet and signalling | `FPCompare` | `tests::comparisons` |
//! | integers and fixed point, saturation (IOC, not IXC) | `FPToFixed`, `FixedToFP` | `tests::integers`, `tests::fixed_point` |
//! | half precision, IEEE and alternative | `FPHalfToSingle`, `FPSingleToHalf` | `tests::half_precision` |
//!
//! All of it against unicorn on random operands and modes: `sim/unicorn/tests/random.rs`.

pub(crate) mod arithmetic;
pub(crate) mod convert;
mod round;
mod unpack;

pub(crate) use round::{Format, Scaled};
pub(crate) use unpack::{Class, Unpacked};

bitflags::bitflags! {
    /// FPSCR.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Fpscr: u32 {
        /// Negative, of the last comparison.
        const N = 1 << 31;
        /// Zero.
        const Z = 1 << 30;
        /// Carry.
        const C = 1 << 29;
        /// Overflow.
        const V = 1 << 28;
        /// Alternative half precision.
        const AHP = 1 << 26;
        /// Every NaN result is the default NaN.
        const DN = 1 << 25;
        /// Flush to zero.
        const FZ = 1 << 24;
        /// Rounding mode, high bit.
        const RMODE1 = 1 << 23;
        /// Rounding mode, low bit.
        const RMODE0 = 1 << 22;
        /// Input denormal, cumulative.
        const IDC = 1 << 7;
        /// Inexact, cumulative.
        const IXC = 1 << 4;
        /// Underflow, cumulative.
        const UFC = 1 << 3;
        /// Overflow, cumulative.
        const OFC = 1 << 2;
        /// Division by zero, cumulative.
        const DZC = 1 << 1;
        /// Invalid operation, cumulative.
        const IOC = 1;
    }
}

/// The flags that a comparison sets.
pub(crate) const FLAGS: Fpscr = Fpscr::N.union(Fpscr::Z).union(Fpscr::C).union(Fpscr::V);
/// What FPDSCR presets.
pub(crate) const MODES: Fpscr = Fpscr::AHP
    .union(Fpscr::DN)
    .union(Fpscr::FZ)
    .union(Fpscr::RMODE1)
    .union(Fpscr::RMODE0);

/// Rounding modes, as RMode encodes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounding {
    Nearest,
    Plus,
    Minus,
    Zero,
}

impl Fpscr {
    pub(crate) const fn rounding(self) -> Rounding {
        match (self.contains(Self::RMODE1), self.contains(Self::RMODE0)) {
            (false, false) => Rounding::Nearest,
            (false, true) => Rounding::Plus,
            (true, false) => Rounding::Minus,
            (true, true) => Rounding::Zero,
        }
    }
}

pub(crate) const SIGN: u32 = 1 << 31;
pub(crate) const INFINITY: u32 = 0x7F80_0000;
pub(crate) const DEFAULT_NAN: u32 = 0x7FC0_0000;
/// The bit that tells a quiet NaN.
pub(crate) const QUIET: u32 = 1 << 22;

pub(crate) const fn signed(negative: bool, magnitude: u32) -> u32 {
    magnitude | (negative as u32) << 31
}

#[cfg(test)]
mod tests;
