//! What differs between the RCCs of the F4 lines. The chip file lists what its part has.

use super::bits::{Bdcr, CKGATENR, Cr, DCKCFGR, DCKCFGR2, PLLI2SCFGR, PLLSAICFGR, Pllcfgr};
use crate::chip::PeripheralSpec;
use crate::periph::build::{BuildError, text};

/// Features that not every part has (RM0090 §7, RM0390 §6, RM0386 §6; stm32f4xx_hal_rcc.h `defined(STM32F…)`).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Features {
    /// PLLSAI with CR.PLLSAION and PLLSAICFGR (F42x, F446, F469).
    pub(super) pllsai: bool,
    /// PLLCFGR.PLLR (F410, F412, F446, F469).
    pub(super) pllr: bool,
    /// SYSCLK can be taken from PLL_R (F446).
    pub(super) sysclk_pllr: bool,
    /// M and P of PLLI2S and PLLSAI (F446).
    pub(super) plls_mp: bool,
    /// DCKCFGR, with TIMPRE (all but F405 and F407).
    pub(super) dckcfgr: bool,
    /// CKGATENR and DCKCFGR2 (F446).
    pub(super) dckcfgr2: bool,
    /// BDCR.LSEMOD (F446, F469, F411).
    pub(super) lsemod: bool,
}

impl Features {
    pub(super) fn of(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        let mut features = Self::default();
        for name in text(spec, "features")?
            .unwrap_or_default()
            .split_whitespace()
        {
            let flag = match name {
                "pllsai" => &mut features.pllsai,
                "pllr" => &mut features.pllr,
                "sysclk-pllr" => &mut features.sysclk_pllr,
                "plls-mp" => &mut features.plls_mp,
                "dckcfgr" => &mut features.dckcfgr,
                "dckcfgr2" => &mut features.dckcfgr2,
                "lsemod" => &mut features.lsemod,
                _ => {
                    return Err(BuildError::bad(
                        spec,
                        format!("`{name}` in `features` is not known"),
                    ));
                }
            };
            *flag = true;
        }
        Ok(features)
    }

    /// CR bits that software may write.
    pub(super) const fn cr(self) -> Cr {
        let writable = Cr::all().difference(Cr::READY);
        if self.pllsai {
            writable
        } else {
            writable.difference(Cr::PLLSAION)
        }
    }

    /// PLLCFGR bits that exist. Those above PLLQ are kept on every part.
    pub(super) const fn pllcfgr(self) -> u32 {
        Pllcfgr::all().bits()
    }

    /// Bits of PLLI2SCFGR and PLLSAICFGR.
    pub(super) const fn second_pll(self) -> u32 {
        let both = Pllcfgr::PLLN
            .union(Pllcfgr::PLLQ)
            .union(Pllcfgr::PLLR)
            .bits();
        if self.plls_mp {
            both | Pllcfgr::PLLM.union(Pllcfgr::PLLP).bits()
        } else {
            both
        }
    }

    /// BDCR bits that exist.
    pub(super) const fn bdcr(self) -> Bdcr {
        if self.lsemod {
            Bdcr::all()
        } else {
            Bdcr::all().difference(Bdcr::LSEMOD)
        }
    }

    /// Is there a register at this offset, which is one of those above SSCGR?
    pub(super) const fn has(self, offset: u32) -> bool {
        match offset {
            PLLI2SCFGR => true,
            PLLSAICFGR => self.pllsai,
            DCKCFGR => self.dckcfgr,
            CKGATENR | DCKCFGR2 => self.dckcfgr2,
            _ => false,
        }
    }
}
