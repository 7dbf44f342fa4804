//! How long each oscillator takes from ON to RDY. One table, so that a better figure needs no code.

use crate::Picos;

/// An oscillator of RCC; the number is its event token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Oscillator {
    /// High-speed internal.
    Hsi = 0,
    /// High-speed external.
    Hse = 1,
    /// Phase-locked loop.
    Pll = 2,
    /// Low-speed internal.
    Lsi = 3,
    /// Low-speed external.
    Lse = 4,
}

impl Oscillator {
    /// All, in the order of their tokens.
    pub(super) const ALL: [Self; 5] = [Self::Hsi, Self::Hse, Self::Pll, Self::Lsi, Self::Lse];

    /// From ON (and, for the PLL, a running input) to RDY.
    pub(super) const fn start_up(self) -> Picos {
        match self {
            // F303 data sheet tsu(HSI): 1 to 2 us [M].
            Self::Hsi => Picos::from_micros(2),
            // tSU(HSE) for an 8 MHz crystal: typically 2 ms [M]. A board's load capacitors move it.
            Self::Hse => Picos::from_millis(2),
            // PLL lock time: at most 200 us [M].
            Self::Pll => Picos::from_micros(200),
            // tsu(LSI): at most 85 us [M].
            Self::Lsi => Picos::from_micros(85),
            // tSU(LSE): typically 2 s [M].
            Self::Lse => Picos::from_millis(2_000),
        }
    }

    /// An external clock at OSC_IN (HSEBYP) has no start-up; RDY follows in a few of its cycles \[M\].
    pub(super) const BYPASS: Picos = Picos::from_micros(1);
}
