//! How long each oscillator of an F4 takes from ON to RDY.

use super::bits::{Cir, Cr};
use crate::Picos;

/// An oscillator or PLL; the number is its event token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Oscillator {
    /// High-speed internal.
    Hsi = 0,
    /// High-speed external.
    Hse = 1,
    /// Main PLL.
    Pll = 2,
    /// PLL of I2S.
    PllI2s = 3,
    /// PLL of SAI and LTDC.
    PllSai = 4,
    /// Low-speed internal.
    Lsi = 5,
    /// Low-speed external.
    Lse = 6,
}

impl Oscillator {
    /// All, in the order of their tokens.
    pub(super) const ALL: [Self; 7] = [
        Self::Hsi,
        Self::Hse,
        Self::Pll,
        Self::PllI2s,
        Self::PllSai,
        Self::Lsi,
        Self::Lse,
    ];

    /// From ON (and, for a PLL, a running input) to RDY.
    pub(super) const fn start_up(self) -> Picos {
        match self {
            // DS9405 tsu(HSI): 2.2 us typical [M].
            Self::Hsi => Picos::from_nanos(2_200),
            // DS9405 tSU(HSE): typically 2 ms [M]. A board's load capacitors move it.
            Self::Hse => Picos::from_millis(2),
            // DS9405 tLOCK: 75 to 200 us at a VCO of 192 MHz, 100 to 300 us at 432 MHz [M].
            Self::Pll | Self::PllI2s | Self::PllSai => Picos::from_micros(200),
            // DS9405 tsu(LSI): typically 15 us, at most 40 us [M].
            Self::Lsi => Picos::from_micros(40),
            // DS9405 tSU(LSE): typically 2 s [M].
            Self::Lse => Picos::from_millis(2_000),
        }
    }

    /// An external clock (HSEBYP, LSEBYP) has no start-up; RDY follows in a few of its cycles \[M\].
    pub(super) const BYPASS: Picos = Picos::from_micros(1);

    /// ON and RDY in CR; LSI and LSE have theirs elsewhere.
    pub(super) const fn in_cr(self) -> Option<(Cr, Cr)> {
        Some(match self {
            Self::Hsi => (Cr::HSION, Cr::HSIRDY),
            Self::Hse => (Cr::HSEON, Cr::HSERDY),
            Self::Pll => (Cr::PLLON, Cr::PLLRDY),
            Self::PllI2s => (Cr::PLLI2SON, Cr::PLLI2SRDY),
            Self::PllSai => (Cr::PLLSAION, Cr::PLLSAIRDY),
            Self::Lsi | Self::Lse => return None,
        })
    }

    /// Its ready flag in CIR.
    pub(super) const fn flag(self) -> Cir {
        match self {
            Self::Hsi => Cir::HSIRDYF,
            Self::Hse => Cir::HSERDYF,
            Self::Pll => Cir::PLLRDYF,
            Self::PllI2s => Cir::PLLI2SRDYF,
            Self::PllSai => Cir::PLLSAIRDYF,
            Self::Lsi => Cir::LSIRDYF,
            Self::Lse => Cir::LSERDYF,
        }
    }
}
