//! Registers and bits of the RCC of F1 and F3, by the manual's names (svd/STM32F303.svd; cmsis_device_f3 stm32f303xc.h).

use bitflags::bitflags;

use crate::periph::registers::Names;

/// Clock control.
pub(super) const CR: u32 = 0x00;
/// Clock configuration.
pub(super) const CFGR: u32 = 0x04;
/// Clock interrupts.
pub(super) const CIR: u32 = 0x08;
/// APB2 peripheral reset.
pub(super) const APB2RSTR: u32 = 0x0C;
/// APB1 peripheral reset.
pub(super) const APB1RSTR: u32 = 0x10;
/// AHB peripheral clock enable.
pub(super) const AHBENR: u32 = 0x14;
/// APB2 peripheral clock enable.
pub(super) const APB2ENR: u32 = 0x18;
/// APB1 peripheral clock enable.
pub(super) const APB1ENR: u32 = 0x1C;
/// Backup domain control.
pub(super) const BDCR: u32 = 0x20;
/// Control and status.
pub(super) const CSR: u32 = 0x24;
/// AHB peripheral reset.
pub(super) const AHBRSTR: u32 = 0x28;
/// Clock configuration 2.
pub(super) const CFGR2: u32 = 0x2C;
/// Clock configuration 3.
pub(super) const CFGR3: u32 = 0x30;

/// Names for reports.
pub(super) const NAMES: Names = &[
    (CR, "CR"),
    (CFGR, "CFGR"),
    (CIR, "CIR"),
    (APB2RSTR, "APB2RSTR"),
    (APB1RSTR, "APB1RSTR"),
    (AHBENR, "AHBENR"),
    (APB2ENR, "APB2ENR"),
    (APB1ENR, "APB1ENR"),
    (BDCR, "BDCR"),
    (CSR, "CSR"),
    (AHBRSTR, "AHBRSTR"),
    (CFGR2, "CFGR2"),
    (CFGR3, "CFGR3"),
];

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
    }
}

/// HSITRIM in the middle of its range, as after reset.
pub(super) const HSITRIM_RESET: u32 = 0x10 << 3;

impl Cr {
    /// What software may write.
    pub(super) const WRITABLE: Self = Self::HSION
        .union(Self::HSITRIM)
        .union(Self::HSEON)
        .union(Self::HSEBYP)
        .union(Self::CSSON)
        .union(Self::PLLON);
}

bitflags! {
    /// RCC_CFGR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Cfgr: u32 {
        const SW = 3;
        const SWS = 3 << 2;
        const HPRE = 0xF << 4;
        const PPRE1 = 7 << 8;
        const PPRE2 = 7 << 11;
        /// Second bit of PLLSRC, on parts that let HSI go through PREDIV.
        const PLLSRC_LOW = 1 << 15;
        const PLLSRC = 1 << 16;
        /// The same flip-flop as CFGR2.PREDIV bit 0.
        const PLLXTPRE = 1 << 17;
        const PLLMUL = 0xF << 18;
        const USBPRES = 1 << 22;
        const I2SSRC = 1 << 23;
        const MCO = 7 << 24;
        const MCOF = 1 << 28;
    }
}

impl Cfgr {
    /// What the PLL is made of: frozen while it is on.
    pub(super) const PLL: Self = Self::PLLSRC_LOW
        .union(Self::PLLSRC)
        .union(Self::PLLXTPRE)
        .union(Self::PLLMUL);
    /// What software may write at any time.
    pub(super) const WRITABLE: Self = Self::SW
        .union(Self::HPRE)
        .union(Self::PPRE1)
        .union(Self::PPRE2)
        .union(Self::USBPRES)
        .union(Self::I2SSRC)
        .union(Self::MCO);
}

/// CFGR2.PREDIV.
pub(super) const CFGR2_PREDIV: u32 = 0xF;
/// CFGR2.PREDIV bit 0, which is CFGR.PLLXTPRE too.
pub(super) const CFGR2_PREDIV_0: u32 = 1;
/// CFGR2 bits that exist: PREDIV, ADC12PRES, ADC34PRES.
pub(super) const CFGR2_WRITABLE: u32 = CFGR2_PREDIV | 0x1F << 4 | 0x1F << 9;
/// CFGR3 bits that exist: USART1SW, I2CxSW, TIM1SW, TIM8SW, USART2SW to UART5SW.
pub(super) const CFGR3_WRITABLE: u32 = 3 | 7 << 4 | 3 << 8 | 0xFF << 16;

bitflags! {
    /// RCC_CIR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Cir: u32 {
        const LSIRDYF = 1 << 0;
        const LSERDYF = 1 << 1;
        const HSIRDYF = 1 << 2;
        const HSERDYF = 1 << 3;
        const PLLRDYF = 1 << 4;
        const CSSF = 1 << 7;
        const LSIRDYIE = 1 << 8;
        const LSERDYIE = 1 << 9;
        const HSIRDYIE = 1 << 10;
        const HSERDYIE = 1 << 11;
        const PLLRDYIE = 1 << 12;
    }
}

impl Cir {
    /// The flags that an interrupt can be enabled for.
    pub(super) const READY: Self = Self::LSIRDYF
        .union(Self::LSERDYF)
        .union(Self::HSIRDYF)
        .union(Self::HSERDYF)
        .union(Self::PLLRDYF);
    /// All flags.
    pub(super) const FLAGS: Self = Self::READY.union(Self::CSSF);
    /// The interrupt enables.
    pub(super) const ENABLES: Self = Self::LSIRDYIE
        .union(Self::LSERDYIE)
        .union(Self::HSIRDYIE)
        .union(Self::HSERDYIE)
        .union(Self::PLLRDYIE);
    /// An enable is this far above its flag.
    pub(super) const ENABLE_SHIFT: u32 = 8;
    /// A clear bit is this far above its flag.
    pub(super) const CLEAR_SHIFT: u32 = 16;
}

bitflags! {
    /// RCC_BDCR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Bdcr: u32 {
        const LSEON = 1 << 0;
        const LSERDY = 1 << 1;
        const LSEBYP = 1 << 2;
        const LSEDRV = 3 << 3;
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
        const OBLRSTF = 1 << 25;
        const PINRSTF = 1 << 26;
        const PORRSTF = 1 << 27;
        const SFTRSTF = 1 << 28;
        const IWDGRSTF = 1 << 29;
        const WWDGRSTF = 1 << 30;
        const LPWRRSTF = 1 << 31;
    }
}

impl Csr {
    /// The reset causes.
    pub(super) const CAUSES: Self = Self::OBLRSTF
        .union(Self::PINRSTF)
        .union(Self::PORRSTF)
        .union(Self::SFTRSTF)
        .union(Self::IWDGRSTF)
        .union(Self::WWDGRSTF)
        .union(Self::LPWRRSTF);
}

/// AHBENR after reset: SRAMEN and FLITFEN.
pub(super) const AHBENR_RESET: u32 = 1 << 2 | 1 << 4;
