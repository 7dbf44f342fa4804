//! The clock tree of the F4 as a function of the registers and the oscillators that run.

use super::bits::{Cfgr, Pllcfgr, TIMPRE};
use crate::periph::rcc::tree::ahb_divider;
use crate::periph::registers::field;
use crate::{ClockTree, Hertz};

/// What SYSCLK is taken from; the number is that of SW and SWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SystemClock {
    /// High-speed internal oscillator.
    Hsi = 0,
    /// High-speed external oscillator.
    Hse = 1,
    /// P output of the main PLL.
    Pll = 2,
    /// R output of the main PLL (F446).
    PllR = 3,
}

impl SystemClock {
    /// What CFGR.SW asks for; `None` for the reserved value.
    pub(super) const fn asked(cfgr: u32, has_r: bool) -> Option<Self> {
        match cfgr & Cfgr::SW.bits() {
            0 => Some(Self::Hsi),
            1 => Some(Self::Hse),
            2 => Some(Self::Pll),
            _ if has_r => Some(Self::PllR),
            _ => None,
        }
    }

    /// Does it come from the main PLL?
    pub(super) const fn is_pll(self) -> bool {
        matches!(self, Self::Pll | Self::PllR)
    }
}

/// Everything that decides a frequency.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// SYSCLK's source as it is now (SWS).
    pub(super) source: SystemClock,
    /// PLLCFGR.
    pub(super) pllcfgr: u32,
    /// CFGR.
    pub(super) cfgr: u32,
    /// DCKCFGR.
    pub(super) dckcfgr: u32,
    /// HSI, stopped while off.
    pub(super) hsi: Hertz,
    /// HSE, stopped while not ready.
    pub(super) hse: Hertz,
    /// LSI.
    pub(super) lsi: Hertz,
    /// LSE, stopped while not ready.
    pub(super) lse: Hertz,
    /// Is the main PLL locked?
    pub(super) pll: bool,
}

impl Settings {
    /// Is HSE the input of all PLLs?
    pub(super) const fn pll_takes_hse(&self) -> bool {
        self.pllcfgr & Pllcfgr::PLLSRC.bits() != 0
    }

    /// M and N of the main PLL, if they are allowed: M 2 to 63, N 50 to 432 (RM0090 RCC_PLLCFGR).
    pub(super) fn pll_factors(&self) -> Option<(u64, u64)> {
        let (m, n) = (field(self.pllcfgr, 0, 6), field(self.pllcfgr, 6, 9));
        (m >= 2 && (50..=432).contains(&n)).then_some((m.into(), n.into()))
    }

    /// Input of the VCO and its output, once it is locked.
    pub(super) fn vco(&self) -> (Hertz, Hertz) {
        let source = if self.pll_takes_hse() {
            self.hse
        } else {
            self.hsi
        };
        self.pll_factors()
            .map_or((Hertz::STOPPED, Hertz::STOPPED), |(m, n)| {
                (source.scaled(1, m), source.scaled(n, m))
            })
    }

    /// The whole tree.
    pub(super) fn tree(&self) -> ClockTree {
        let vco = if self.pll {
            self.vco().1
        } else {
            Hertz::STOPPED
        };
        let sysclk = match self.source {
            SystemClock::Hsi => self.hsi,
            SystemClock::Hse => self.hse,
            // PLLP: 2, 4, 6, 8.
            SystemClock::Pll => vco.scaled(1, u64::from(2 * field(self.pllcfgr, 16, 2) + 2)),
            SystemClock::PllR => vco.scaled(1, u64::from(field(self.pllcfgr, 28, 3))),
        };
        let hclk = sysclk.scaled(1, ahb_divider(field(self.cfgr, 4, 4)));
        let dividers = [10, 13].map(|bit| apb_divider(field(self.cfgr, bit, 3)));
        let [pclk1, pclk2] = dividers.map(|divider| hclk.scaled(1, divider));
        let multiple = self.dckcfgr & TIMPRE != 0;
        let [timclk1, timclk2] =
            dividers.map(|divider| hclk.scaled(timer_factor(divider, multiple), divider));
        ClockTree {
            sysclk,
            hclk,
            pclk1,
            pclk2,
            timclk1,
            timclk2,
            hsi: self.hsi,
            hse: self.hse,
            lsi: self.lsi,
            lse: self.lse,
            // USART1 and USART6 hang on APB2, all others on APB1.
            usart: [pclk2, pclk1, pclk1, pclk1, pclk1, pclk2, pclk1, pclk1],
            i2c: [pclk1; 4],
        }
    }
}

/// PPREx: 0xx is 1, then 2 to 16.
const fn apb_divider(ppre: u32) -> u64 {
    match ppre {
        0..=3 => 1,
        _ => 2 << (ppre - 4),
    }
}

/// How many times faster than its bus a timer is clocked. TIMPRE 0: twice, or once where the prescaler is 1; TIMPRE 1: up to HCLK for 1, 2
/// and 4, and four times the bus beyond (RM0090 RCC_DCKCFGR.TIMPRE).
const fn timer_factor(divider: u64, timpre: bool) -> u64 {
    match (divider, timpre) {
        (1, _) => 1,
        (2, _) | (_, false) => 2,
        (_, true) => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MHZ: u64 = 1_000_000;

    /// 8 MHz / 8 x 336 / 2, APB1 at a quarter, APB2 at half.
    fn at_168_mhz() -> Settings {
        Settings {
            source: SystemClock::Pll,
            pllcfgr: 8 | 336 << 6 | 1 << 22 | 7 << 24,
            cfgr: 5 << 10 | 4 << 13,
            dckcfgr: 0,
            hsi: Hertz::new(16 * MHZ),
            hse: Hertz::new(8 * MHZ),
            lsi: Hertz::new(32_000),
            lse: Hertz::STOPPED,
            pll: true,
        }
    }

    #[test]
    fn the_usual_tree_of_a_168_mhz_part() {
        let tree = at_168_mhz().tree();
        let all = [
            tree.hclk,
            tree.pclk1,
            tree.pclk2,
            tree.timclk1,
            tree.timclk2,
        ];
        assert_eq!(all, [168, 42, 84, 84, 168].map(|n| Hertz::new(n * MHZ)));
        assert_eq!(
            [tree.usart[0], tree.usart[1], tree.usart[5], tree.usart[7]],
            [84, 42, 84, 42].map(|n| Hertz::new(n * MHZ))
        );
    }

    #[test]
    fn timpre_lets_timers_run_at_hclk() {
        let mut settings = at_168_mhz();
        settings.dckcfgr = TIMPRE;
        assert_eq!(settings.tree().timclk1, Hertz::new(168 * MHZ), "APB1 / 4");
        assert_eq!(settings.tree().timclk2, Hertz::new(168 * MHZ), "APB2 / 2");
        settings.cfgr = 7 << 10;
        assert_eq!(
            settings.tree().timclk1,
            Hertz::new(42 * MHZ),
            "4 x HCLK / 16"
        );
        settings.dckcfgr = 0;
        assert_eq!(
            settings.tree().timclk1,
            Hertz::new(21 * MHZ),
            "2 x HCLK / 16"
        );
    }

    #[test]
    fn p_and_r_divide_the_vco() {
        let mut settings = at_168_mhz();
        settings.pllcfgr |= 3 << 16 | 3 << 28;
        assert_eq!(settings.tree().sysclk, Hertz::new(42 * MHZ), "P = 8");
        settings.source = SystemClock::PllR;
        assert_eq!(settings.tree().sysclk, Hertz::new(112 * MHZ), "R = 3");
        settings.pllcfgr &= !Pllcfgr::PLLSRC.bits();
        assert_eq!(
            settings.tree().sysclk,
            Hertz::new(224 * MHZ),
            "HSI is twice as fast"
        );
    }

    #[test]
    fn factors_that_are_not_allowed_give_no_clock() {
        for pllcfgr in [1 | 336 << 6, 8 | 49 << 6, 8 | 433 << 6] {
            let settings = Settings {
                pllcfgr: pllcfgr | 1 << 22,
                ..at_168_mhz()
            };
            assert_eq!(settings.pll_factors(), None);
            assert!(!settings.tree().sysclk.is_running());
        }
    }
}
