//! What differs between the RCCs of F1 and F3 (svd/STM32F103.svd, svd/STM32F303.svd).

use super::bits::{Bdcr, CFGR2, CFGR3, CSR, Cfgr};

/// Registers and bits that a variant has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variant {
    /// Offset of the last register.
    pub(super) last: u32,
    /// CFGR bits that can be written at any time.
    pub(super) cfgr: u32,
    /// CFGR bits that the PLL is made of.
    pub(super) cfgr_pll: u32,
    /// BDCR bits that exist.
    pub(super) bdcr: Bdcr,
    /// AHBRSTR exists.
    pub(super) ahbrstr: bool,
}

/// CFGR.ADCPRE of the F1, where the F3 has its second bit of PLLSRC.
const ADCPRE: u32 = 3 << 14;

/// F1 but for F100 and the connectivity line, which have a CFGR2 (that of the latter is another).
pub(super) const F1: Variant = Variant {
    last: CSR,
    cfgr: Cfgr::WRITABLE.difference(Cfgr::I2SSRC).bits() | ADCPRE,
    cfgr_pll: Cfgr::PLL.difference(Cfgr::PLLSRC_LOW).bits(),
    bdcr: Bdcr::all().difference(Bdcr::LSEDRV),
    ahbrstr: false,
};

/// F100: an F1 with CFGR2 (cmsis_device_f1 stm32f100xb.h).
pub(super) const F100: Variant = Variant { last: CFGR2, ..F1 };

/// F3.
pub(super) const F3: Variant = Variant {
    last: CFGR3,
    cfgr: Cfgr::WRITABLE.bits(),
    cfgr_pll: Cfgr::PLL.bits(),
    bdcr: Bdcr::all(),
    ahbrstr: true,
};
