//! Registers and bits of the I2C with ISR and ICR, by the manual's names (svd/STM32F303.svd).

use bitflags::bitflags;

use crate::periph::registers::Names;

pub(super) const CR1: u32 = 0x00;
pub(super) const CR2: u32 = 0x04;
pub(super) const OAR1: u32 = 0x08;
pub(super) const OAR2: u32 = 0x0C;
pub(super) const TIMINGR: u32 = 0x10;
pub(super) const TIMEOUTR: u32 = 0x14;
pub(super) const ISR: u32 = 0x18;
pub(super) const ICR: u32 = 0x1C;
pub(super) const PECR: u32 = 0x20;
pub(super) const RXDR: u32 = 0x24;
pub(super) const TXDR: u32 = 0x28;

/// Names for reports.
pub(super) const NAMES: Names = &[
    (CR1, "CR1"),
    (CR2, "CR2"),
    (OAR1, "OAR1"),
    (OAR2, "OAR2"),
    (TIMINGR, "TIMINGR"),
    (TIMEOUTR, "TIMEOUTR"),
    (ISR, "ISR"),
    (ICR, "ICR"),
    (PECR, "PECR"),
    (RXDR, "RXDR"),
    (TXDR, "TXDR"),
];

bitflags! {
    /// I2C_CR1.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Cr1: u32 {
        const PE = 1 << 0;
        const TXIE = 1 << 1;
        const RXIE = 1 << 2;
        const ADDRIE = 1 << 3;
        const NACKIE = 1 << 4;
        const STOPIE = 1 << 5;
        const TCIE = 1 << 6;
        const ERRIE = 1 << 7;
        const DNF = 0xF << 8;
        const ANFOFF = 1 << 12;
        const TXDMAEN = 1 << 14;
        const RXDMAEN = 1 << 15;
        const SBC = 1 << 16;
        const NOSTRETCH = 1 << 17;
        const WUPEN = 1 << 18;
        const GCEN = 1 << 19;
        const SMBHEN = 1 << 20;
        const SMBDEN = 1 << 21;
        const ALERTEN = 1 << 22;
        const PECEN = 1 << 23;

        /// To be written with PE = 0 only.
        const FROZEN = Self::DNF.bits() | Self::ANFOFF.bits() | Self::NOSTRETCH.bits();
    }
}

bitflags! {
    /// I2C_CR2, the single bits of it.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Cr2: u32 {
        const SADD = 0x3FF;
        const RD_WRN = 1 << 10;
        const ADD10 = 1 << 11;
        const HEAD10R = 1 << 12;
        const START = 1 << 13;
        const STOP = 1 << 14;
        const NACK = 1 << 15;
        const NBYTES = 0xFF << 16;
        const RELOAD = 1 << 24;
        const AUTOEND = 1 << 25;
        const PECBYTE = 1 << 26;

        /// Set by software, cleared by hardware.
        const REQUESTS = Self::START.bits() | Self::STOP.bits() | Self::NACK.bits() | Self::PECBYTE.bits();
    }
}

bitflags! {
    /// I2C_ISR without ADDCODE.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Isr: u32 {
        const TXE = 1 << 0;
        const TXIS = 1 << 1;
        const RXNE = 1 << 2;
        const ADDR = 1 << 3;
        const NACKF = 1 << 4;
        const STOPF = 1 << 5;
        const TC = 1 << 6;
        const TCR = 1 << 7;
        const BERR = 1 << 8;
        const ARLO = 1 << 9;
        const OVR = 1 << 10;
        const PECERR = 1 << 11;
        const TIMEOUT = 1 << 12;
        const ALERT = 1 << 13;
        const BUSY = 1 << 15;
        const DIR = 1 << 16;

        /// What ICR clears.
        const CLEARABLE = Self::ADDR.bits() | Self::NACKF.bits() | Self::STOPF.bits() | Self::ERRORS.bits();
        /// What ERRIE makes an interrupt of.
        const ERRORS = Self::BERR.bits() | Self::ARLO.bits() | Self::OVR.bits() | Self::PECERR.bits()
            | Self::TIMEOUT.bits() | Self::ALERT.bits();
    }
}

/// First bit of ISR.ADDCODE.
pub(super) const ADDCODE: u32 = 17;
pub(super) const OAR1_MASK: u32 = 0x87FF;
pub(super) const OA1MODE: u32 = 1 << 10;
/// OAR1.OA1EN and OAR2.OA2EN.
pub(super) const OAEN: u32 = 1 << 15;
pub(super) const OAR2_MASK: u32 = 0x87FE;
/// TIMINGR: PRESC, SCLDEL, SDADEL, SCLH, SCLL.
pub(super) const TIMINGR_MASK: u32 = 0xF0FF_FFFF;
pub(super) const TIMEOUTR_MASK: u32 = 0x8FFF_9FFF;
pub(super) const TIDLE: u32 = 1 << 12;
pub(super) const TIMOUTEN: u32 = 1 << 15;
pub(super) const TEXTEN: u32 = 1 << 31;
