//! The clock tree as a function of the registers and the oscillators that run.

use crate::periph::rcc::bits::{CFGR2_PREDIV, Cfgr};
use crate::periph::registers::field;
use crate::{ClockTree, Hertz};

/// What SYSCLK is taken from; the number is that of SW and SWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SystemClock {
    /// High-speed internal oscillator.
    Hsi = 0,
    /// High-speed external oscillator.
    Hse = 1,
    /// PLL.
    Pll = 2,
}

impl SystemClock {
    /// What CFGR.SW asks for; `None` for the reserved value.
    pub(super) const fn asked(cfgr: u32) -> Option<Self> {
        match cfgr & Cfgr::SW.bits() {
            0 => Some(Self::Hsi),
            1 => Some(Self::Hse),
            2 => Some(Self::Pll),
            _ => None,
        }
    }
}

/// What feeds the PLL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PllSource {
    /// HSI over this.
    Hsi {
        /// 2, or PREDIV.
        divider: u8,
    },
    /// HSE over this.
    Hse {
        /// PREDIV.
        divider: u8,
    },
}

/// Everything that decides a frequency.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// SYSCLK's source as it is now (SWS).
    pub(super) source: SystemClock,
    /// CFGR.
    pub(super) cfgr: u32,
    /// CFGR2.
    pub(super) cfgr2: u32,
    /// CFGR3.
    pub(super) cfgr3: u32,
    /// Does the part have two bits of PLLSRC (F303xD/E)?
    pub(super) wide_pllsrc: bool,
    /// Is PCLK1 the first choice of USART1?
    pub(super) usart1_on_apb1: bool,
    /// HSI, stopped while off.
    pub(super) hsi: Hertz,
    /// HSE, stopped while not ready.
    pub(super) hse: Hertz,
    /// LSI.
    pub(super) lsi: Hertz,
    /// LSE, stopped while not ready.
    pub(super) lse: Hertz,
    /// Is the PLL locked?
    pub(super) pll: bool,
}

impl Settings {
    /// What feeds the PLL (RM0364 RCC_CFGR.PLLSRC; one bit on xB/xC, two on xD/xE).
    pub(super) fn pll_source(&self) -> PllSource {
        let cfgr = Cfgr::from_bits_retain(self.cfgr);
        let predivider = (self.cfgr2 & CFGR2_PREDIV) as u8 + 1;
        if cfgr.contains(Cfgr::PLLSRC) {
            PllSource::Hse {
                divider: predivider,
            }
        } else if self.wide_pllsrc && cfgr.contains(Cfgr::PLLSRC_LOW) {
            PllSource::Hsi {
                divider: predivider,
            }
        } else {
            PllSource::Hsi { divider: 2 }
        }
    }

    /// Frequency at the PLL's input.
    pub(super) fn pll_input(&self) -> Hertz {
        match self.pll_source() {
            PllSource::Hsi { divider } => self.hsi.scaled(1, divider.into()),
            PllSource::Hse { divider } => self.hse.scaled(1, divider.into()),
        }
    }

    /// Frequency at the PLL's output once it is locked. PLLMUL 0 is ×2; 14 and 15 are both ×16.
    pub(super) fn pll_output(&self) -> Hertz {
        let factor = (field(self.cfgr, Cfgr::PLLMUL.bits().trailing_zeros(), 4) + 2).min(16);
        self.pll_input().scaled(factor.into(), 1)
    }

    /// The whole tree.
    pub(super) fn tree(&self) -> ClockTree {
        let sysclk = match self.source {
            SystemClock::Hsi => self.hsi,
            SystemClock::Hse => self.hse,
            SystemClock::Pll if self.pll => self.pll_output(),
            SystemClock::Pll => Hertz::STOPPED,
        };
        let hclk = sysclk.scaled(1, ahb_divider(field(self.cfgr, 4, 4)));
        let (apb1, apb2) = (
            apb_divider(field(self.cfgr, 8, 3)),
            apb_divider(field(self.cfgr, 11, 3)),
        );
        let (pclk1, pclk2) = (hclk.scaled(1, apb1), hclk.scaled(1, apb2));
        let timers = |pclk: Hertz, divider| {
            if divider == 1 {
                pclk
            } else {
                pclk.scaled(2, 1)
            }
        };
        let kernel = |bit, pclk| match field(self.cfgr3, bit, 2) {
            0 => pclk,
            1 => sysclk,
            2 => self.lse,
            _ => self.hsi,
        };
        ClockTree {
            sysclk,
            hclk,
            pclk1,
            pclk2,
            timclk1: timers(pclk1, apb1),
            timclk2: timers(pclk2, apb2),
            hsi: self.hsi,
            hse: self.hse,
            lsi: self.lsi,
            lse: self.lse,
            // USART1 hangs on APB2 in the parts with more than two USARTs, the others on APB1.
            usart: [
                kernel(0, if self.usart1_on_apb1 { pclk1 } else { pclk2 }),
                kernel(16, pclk1),
                kernel(18, pclk1),
                kernel(20, pclk1),
                kernel(22, pclk1),
                Hertz::STOPPED,
                Hertz::STOPPED,
                Hertz::STOPPED,
            ],
            // I2CxSW: HSI or SYSCLK (RM0316 RCC_CFGR3). The controllers of the F1 hang on PCLK1 and do not ask.
            i2c: [4, 5, 6, 6].map(|bit| match field(self.cfgr3, bit, 1) {
                0 => self.hsi,
                _ => sysclk,
            }),
        }
    }
}

/// HPRE: 0xxx is 1, then 2 to 512 without 32.
pub(in crate::periph) const fn ahb_divider(hpre: u32) -> u64 {
    match hpre {
        0..=7 => 1,
        8..=11 => 2 << (hpre - 8),
        _ => 64 << (hpre - 12),
    }
}

/// PPREx: 0xx is 1, then 2 to 16.
pub(in crate::periph) const fn apb_divider(ppre: u32) -> u64 {
    match ppre {
        0..=3 => 1,
        _ => 2 << (ppre - 4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prescalers_follow_the_manual() {
        let ahb: Vec<_> = (6..16).map(ahb_divider).collect();
        assert_eq!(ahb, [1, 1, 2, 4, 8, 16, 64, 128, 256, 512]);
        let apb: Vec<_> = (2..8).map(apb_divider).collect();
        assert_eq!(apb, [1, 1, 2, 4, 8, 16]);
    }

    #[test]
    fn seventy_two_megahertz_from_an_eight_megahertz_crystal() {
        let mhz = |n: u64| Hertz::new(n * 1_000_000);
        let settings = Settings {
            source: SystemClock::Pll,
            cfgr: (Cfgr::PLLSRC.bits()) | 7 << 18 | 4 << 8,
            cfgr2: 0,
            cfgr3: 3 | 1 << 16 | 1 << 5,
            wide_pllsrc: false,
            usart1_on_apb1: false,
            hsi: mhz(8),
            hse: mhz(8),
            lsi: Hertz::new(40_000),
            lse: Hertz::STOPPED,
            pll: true,
        };
        let tree = settings.tree();
        assert_eq!(
            (tree.hclk, tree.pclk1, tree.pclk2, tree.timclk1),
            (mhz(72), mhz(36), mhz(72), mhz(72))
        );
        assert_eq!(
            tree.usart[..5],
            [mhz(8), mhz(72), mhz(36), mhz(36), mhz(36)]
        );
        assert_eq!(tree.i2c, [mhz(8), mhz(72), mhz(8), mhz(8)], "HSI or SYSCLK");
    }

    #[test]
    fn hsi_reaches_the_pll_halved_unless_the_part_has_two_pllsrc_bits() {
        let mut settings = Settings {
            source: SystemClock::Hsi,
            cfgr: Cfgr::PLLSRC_LOW.bits() | 14 << 18,
            cfgr2: 3,
            cfgr3: 0,
            wide_pllsrc: false,
            usart1_on_apb1: false,
            hsi: Hertz::new(8_000_000),
            hse: Hertz::STOPPED,
            lsi: Hertz::new(40_000),
            lse: Hertz::STOPPED,
            pll: true,
        };
        assert_eq!(
            settings.pll_output(),
            Hertz::new(64_000_000),
            "8 MHz / 2 x 16"
        );
        settings.wide_pllsrc = true;
        assert_eq!(
            settings.pll_output(),
            Hertz::new(32_000_000),
            "8 MHz / 4 x 16"
        );
    }
}
