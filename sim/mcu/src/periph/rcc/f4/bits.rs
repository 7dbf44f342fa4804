//! Registers and bits of the RCC of the F4, by the manual's names (svd/STM32F429.svd; cmsis_device_f4 headers).

use bitflags::bitflags;

use crate::periph::registers::Names;

/// Clock control.
pub(super) const CR: u32 = 0x00;
/// Main PLL.
pub(super) const PLLCFGR: u32 = 0x04;
/// Clock configuration.
pub(super) const CFGR: u32 = 0x08;
/// Clock interrupts.
pub(super) const CIR: u32 = 0x0C;
/// First of the reset registers: AHB1, AHB2, AHB3, a hole, APB1, APB2.
pub(super) const AHB1RSTR: u32 = 0x10;
/// First of the clock-enable registers, in the same order.
pub(super) const AHB1ENR: u32 = 0x30;
/// First of the clock-enable registers for Sleep mode, in the same order.
pub(super) const AHB1LPENR: u32 = 0x50;
/// Backup domain control.
pub(super) const BDCR: u32 = 0x70;
/// Control and status.
pub(super) const CSR: u32 = 0x74;
/// Spread spectrum.
pub(super) const SSCGR: u32 = 0x80;
/// PLL of I2S.
pub(super) const PLLI2SCFGR: u32 = 0x84;
/// PLL of SAI and LTDC.
pub(super) const PLLSAICFGR: u32 = 0x88;
/// Dedicated clocks.
pub(super) const DCKCFGR: u32 = 0x8C;
/// Gated clocks (F446).
pub(super) const CKGATENR: u32 = 0x90;
/// Dedicated clocks 2 (F446).
pub(super) const DCKCFGR2: u32 = 0x94;

/// Names for reports.
pub(super) const NAMES: Names = &[
    (CR, "CR"),
    (PLLCFGR, "PLLCFGR"),
    (CFGR, "CFGR"),
    (CIR, "CIR"),
    (AHB1RSTR, "AHB1RSTR"),
    (0x14, "AHB2RSTR"),
    (0x18, "AHB3RSTR"),
    (0x20, "APB1RSTR"),
    (0x24, "APB2RSTR"),
    (AHB1ENR, "AHB1ENR"),
    (0x34, "AHB2ENR"),
    (0x38, "AHB3ENR"),
    (0x40, "APB1ENR"),
    (0x44, "APB2ENR"),
    (AHB1LPENR, "AHB1LPENR"),
    (0x54, "AHB2LPENR"),
    (0x58, "AHB3LPENR"),
    (0x60, "APB1LPENR"),
    (0x64, "APB2LPENR"),
    (BDCR, "BDCR"),
    (CSR, "CSR"),
    (SSCGR, "SSCGR"),
    (PLLI2SCFGR, "PLLI2SCFGR"),
    (PLLSAICFGR, "PLLSAICFGR"),
    (DCKCFGR, "DCKCFGR"),
    (CKGATENR, "CKGATENR"),
    (DCKCFGR2, "DCKCFGR2"),
];

/// The clock-enable registers; the place in the list is the number of the bus.
pub(super) const BUSES: [&str; 5] = ["AHB1ENR", "AHB2ENR", "AHB3ENR", "APB1ENR", "APB2ENR"];
/// What they hold after reset: CCMDATARAMEN in AHB1ENR.
pub(super) const ENABLES_RESET: [u32; 5] = [1 << 20, 0, 0, 0, 0];
/// What the registers for Sleep mode hold after reset, on the F429; nothing hangs on them.
pub(super) const LP_ENABLES_RESET: [u32; 5] =
    [0x7E67_91FF, 0x0000_00F1, 1, 0x36FE_C9FF, 0x0007_5F33];

/// PLLCFGR after reset.
pub(super) const PLLCFGR_RESET: u32 = 0x2400_3010;
/// PLLI2SCFGR after reset.
pub(super) const PLLI2SCFGR_RESET: u32 = 0x2000_3000;
/// PLLSAICFGR after reset.
pub(super) const PLLSAICFGR_RESET: u32 = 0x2400_3000;

/// HSITRIM in the middle of its range, as after reset.
pub(super) const HSITRIM_RESET: u32 = 0x10 << 3;

bitflags! {
    /// RCC_CR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Cr: u32 {
        const HSION = 1 << 0;
        const HSIRDY = 1 << 1;
        const HSITRIM = 0x1F << 3;
        const HSEON = 1 << 16;
        const HSERDY = 1 << 17;
        const HSEBYP = 1 << 18;
        const CSSON = 1 << 19;
        const PLLON = 1 << 24;
        const PLLRDY = 1 << 25;
        const PLLI2SON = 1 << 26;
        const PLLI2SRDY = 1 << 27;
        const PLLSAION = 1 << 28;
        const PLLSAIRDY = 1 << 29;
    }
}

impl Cr {
    /// The ready bits, which hardware sets.
    pub(super) const READY: Self = Self::HSIRDY
        .union(Self::HSERDY)
        .union(Self::PLLRDY)
        .union(Self::PLLI2SRDY)
        .union(Self::PLLSAIRDY);
    /// After reset.
    pub(super) const RESET: Self = Self::HSION
        .union(Self::HSIRDY)
        .union(Self::from_bits_retain(HSITRIM_RESET));
}

bitflags! {
    /// RCC_PLLCFGR. PLLI2SCFGR and PLLSAICFGR have their fields at the same places.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Pllcfgr: u32 {
        const PLLM = 0x3F;
        const PLLN = 0x1FF << 6;
        const PLLP = 3 << 16;
        const PLLSRC = 1 << 22;
        const PLLQ = 0xF << 24;
        const PLLR = 7 << 28;
    }

    /// RCC_CFGR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Cfgr: u32 {
        const SW = 3;
        const SWS = 3 << 2;
        const HPRE = 0xF << 4;
        const PPRE1 = 7 << 10;
        const PPRE2 = 7 << 13;
        const RTCPRE = 0x1F << 16;
        const MCO1 = 3 << 21;
        const I2SSRC = 1 << 23;
        const MCO1PRE = 7 << 24;
        const MCO2PRE = 7 << 27;
        const MCO2 = 3 << 30;
    }

    /// RCC_CIR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Cir: u32 {
        const LSIRDYF = 1 << 0;
        const LSERDYF = 1 << 1;
        const HSIRDYF = 1 << 2;
        const HSERDYF = 1 << 3;
        const PLLRDYF = 1 << 4;
        const PLLI2SRDYF = 1 << 5;
        const PLLSAIRDYF = 1 << 6;
        const CSSF = 1 << 7;
    }

    /// RCC_BDCR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Bdcr: u32 {
        const LSEON = 1 << 0;
        const LSERDY = 1 << 1;
        const LSEBYP = 1 << 2;
        const LSEMOD = 1 << 3;
        const RTCSEL = 3 << 8;
        const RTCEN = 1 << 15;
        const BDRST = 1 << 16;
    }

    /// RCC_CSR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Csr: u32 {
        const LSION = 1 << 0;
        const LSIRDY = 1 << 1;
        const RMVF = 1 << 24;
        const BORRSTF = 1 << 25;
        const PINRSTF = 1 << 26;
        const PORRSTF = 1 << 27;
        const SFTRSTF = 1 << 28;
        const IWDGRSTF = 1 << 29;
        const WWDGRSTF = 1 << 30;
        const LPWRRSTF = 1 << 31;
    }
}

impl Cir {
    /// The flags that an interrupt can be enabled for.
    pub(super) const READY: Self = Self::all().difference(Self::CSSF);
    /// An enable is this far above its flag.
    pub(super) const ENABLE_SHIFT: u32 = 8;
    /// A clear bit is this far above its flag.
    pub(super) const CLEAR_SHIFT: u32 = 16;
}

impl Csr {
    /// The reset causes.
    pub(super) const CAUSES: Self =
        Self::all().difference(Self::LSION.union(Self::LSIRDY).union(Self::RMVF));
    /// After a power-on: CSR reads 0x0E000000.
    pub(super) const POWER_ON: Self = Self::BORRSTF.union(Self::PINRSTF).union(Self::PORRSTF);
}

/// SSCGR.SSCGEN.
pub(super) const SSCGEN: u32 = 1 << 31;
/// SSCGR bits that exist.
pub(super) const SSCGR_WRITABLE: u32 = 0xCFFF_FFFF;
/// DCKCFGR.TIMPRE.
pub(super) const TIMPRE: u32 = 1 << 24;
