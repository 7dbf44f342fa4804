//! Registers and bits of the general-purpose and basic timers (svd/STM32F303.svd TIM2, TIM6).

use bitflags::bitflags;

use crate::periph::registers::Names;

pub(super) const CR1: u32 = 0x00;
pub(super) const CR2: u32 = 0x04;
pub(super) const SMCR: u32 = 0x08;
pub(super) const DIER: u32 = 0x0C;
pub(super) const SR: u32 = 0x10;
pub(super) const EGR: u32 = 0x14;
pub(super) const CCMR1: u32 = 0x18;
pub(super) const CCMR2: u32 = 0x1C;
pub(super) const CCER: u32 = 0x20;
pub(super) const CNT: u32 = 0x24;
pub(super) const PSC: u32 = 0x28;
pub(super) const ARR: u32 = 0x2C;
pub(super) const RCR: u32 = 0x30;
pub(super) const CCR1: u32 = 0x34;
pub(super) const CCR4: u32 = 0x40;
pub(super) const BDTR: u32 = 0x44;
pub(super) const DCR: u32 = 0x48;
pub(super) const DMAR: u32 = 0x4C;

/// Names for reports.
pub(super) const NAMES: Names = &[
    (CR1, "CR1"),
    (CR2, "CR2"),
    (SMCR, "SMCR"),
    (DIER, "DIER"),
    (SR, "SR"),
    (EGR, "EGR"),
    (CCMR1, "CCMR1"),
    (CCMR2, "CCMR2"),
    (CCER, "CCER"),
    (CNT, "CNT"),
    (PSC, "PSC"),
    (ARR, "ARR"),
    (RCR, "RCR"),
    (CCR1, "CCR1"),
    (0x38, "CCR2"),
    (0x3C, "CCR3"),
    (CCR4, "CCR4"),
    (BDTR, "BDTR"),
    (DCR, "DCR"),
    (DMAR, "DMAR"),
];

bitflags! {
    /// TIMx_CR1.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Cr1: u32 {
        const CEN = 1 << 0;
        const UDIS = 1 << 1;
        const URS = 1 << 2;
        const OPM = 1 << 3;
        const DIR = 1 << 4;
        const CMS = 3 << 5;
        const ARPE = 1 << 7;
        const CKD = 3 << 8;
        const UIFREMAP = 1 << 11;
    }

    /// TIMx_DIER. An interrupt enable has the place of its flag in SR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Dier: u32 {
        const UIE = 1 << 0;
        const CCIE = 0xF << 1;
        const COMIE = 1 << 5;
        const TIE = 1 << 6;
        const BIE = 1 << 7;
        const UDE = 1 << 8;
        const CCDE = 0xF << 9;
        const COMDE = 1 << 13;
        const TDE = 1 << 14;
    }

    /// TIMx_SR. The same places are the generation bits of EGR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Sr: u32 {
        const UIF = 1 << 0;
        const CC1IF = 1 << 1;
        const CC2IF = 1 << 2;
        const CC3IF = 1 << 3;
        const CC4IF = 1 << 4;
        const COMIF = 1 << 5;
        const TIF = 1 << 6;
        const BIF = 1 << 7;
        const CCOF = 0xF << 9;
    }

    /// TIMx_SMCR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Smcr: u32 {
        const SMS = 7;
        const ETF = 0xF << 8;
        const ETPS = 3 << 12;
        const ECE = 1 << 14;
        const SMS_3 = 1 << 16;
    }

    /// TIMx_CR2.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Cr2: u32 {
        const CCPC = 1 << 0;
        const CCUS = 1 << 2;
        const CCDS = 1 << 3;
        const MMS = 7 << 4;
        const TI1S = 1 << 7;
        const OIS = 0x7F << 8;
    }
}

impl Sr {
    /// Flag of compare channel `n` (0 to 3).
    pub(super) const fn compare(n: usize) -> Self {
        Self::from_bits_retain(Self::CC1IF.bits() << n)
    }

    /// Flags of a general-purpose timer with this many channels.
    pub(super) fn of_channels(channels: usize) -> Self {
        (0..channels).fold(Self::UIF | Self::TIF, |flags, n| flags | Self::compare(n))
    }

    /// Flags that complementary outputs and the break input add.
    pub(super) const ADVANCED: Self = Self::COMIF.union(Self::BIF);

    /// Flags that a basic timer has.
    pub(super) const BASIC: Self = Self::UIF;
}

/// CCMR: CCxS of the channel in the low byte; the next channel is 8 bits up.
pub(super) const CCMR_CCS: u32 = 3;
/// CCMR: OCxPE.
pub(super) const CCMR_OCPE: u32 = 1 << 3;
/// CCMR bits that exist, OCxM\[3\] included.
pub(super) const CCMR_WRITABLE: u32 = 0x0101_FFFF;
/// CCER: CCxE of the first channel; the next channel is 4 bits up.
pub(super) const CCER_CCE: u32 = 1;
/// CCER bits that exist: CCxE, CCxP, CCxNP.
pub(super) const CCER_WRITABLE: u32 = 0xBBBB;
/// CCER bits of complementary outputs: CCxNE of channels 1 to 3.
pub(super) const CCER_COMPLEMENTARY: u32 = 0x0444;
/// BDTR bits that all parts have.
pub(super) const BDTR_WRITABLE: u32 = 0xFFFF;
/// BDTR: MOE.
pub(super) const BDTR_MOE: u32 = 1 << 15;
/// CNT bit 31 with UIFREMAP: a copy of UIF.
pub(super) const UIFCPY: u32 = 1 << 31;
/// PSC: 16 bits.
pub(super) const PSC_MASK: u32 = 0xFFFF;
