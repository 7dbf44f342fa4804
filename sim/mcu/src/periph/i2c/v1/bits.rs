//! Registers and bits of the I2C with SR1 and SR2, by the manual's names (svd/STM32F103.svd; reference/i2c_spi_qspi.md §1).

use bitflags::bitflags;

use crate::periph::registers::Names;

pub(super) const CR1: u32 = 0x00;
pub(super) const CR2: u32 = 0x04;
pub(super) const OAR1: u32 = 0x08;
pub(super) const OAR2: u32 = 0x0C;
pub(super) const DR: u32 = 0x10;
pub(super) const SR1: u32 = 0x14;
pub(super) const SR2: u32 = 0x18;
pub(super) const CCR: u32 = 0x1C;
pub(super) const TRISE: u32 = 0x20;
pub(super) const FLTR: u32 = 0x24;

/// Names for reports.
pub(super) const NAMES: Names = &[
    (CR1, "CR1"),
    (CR2, "CR2"),
    (OAR1, "OAR1"),
    (OAR2, "OAR2"),
    (DR, "DR"),
    (SR1, "SR1"),
    (SR2, "SR2"),
    (CCR, "CCR"),
    (TRISE, "TRISE"),
    (FLTR, "FLTR"),
];

/// TRISE after reset.
pub(super) const TRISE_RESET: u32 = 2;

bitflags! {
    /// I2C_CR1.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Cr1: u32 {
        const PE = 1 << 0;
        const SMBUS = 1 << 1;
        const SMBTYPE = 1 << 3;
        const ENARP = 1 << 4;
        const ENPEC = 1 << 5;
        const ENGC = 1 << 6;
        const NOSTRETCH = 1 << 7;
        const START = 1 << 8;
        const STOP = 1 << 9;
        const ACK = 1 << 10;
        const POS = 1 << 11;
        const PEC = 1 << 12;
        const ALERT = 1 << 13;
        const SWRST = 1 << 15;
    }
}

bitflags! {
    /// I2C_CR2.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Cr2: u32 {
        const FREQ = 0x3F;
        const ITERREN = 1 << 8;
        const ITEVTEN = 1 << 9;
        const ITBUFEN = 1 << 10;
        const DMAEN = 1 << 11;
        const LAST = 1 << 12;
    }
}

bitflags! {
    /// I2C_SR1.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Sr1: u32 {
        const SB = 1 << 0;
        const ADDR = 1 << 1;
        const BTF = 1 << 2;
        const ADD10 = 1 << 3;
        const STOPF = 1 << 4;
        const RXNE = 1 << 6;
        const TXE = 1 << 7;
        const BERR = 1 << 8;
        const ARLO = 1 << 9;
        const AF = 1 << 10;
        const OVR = 1 << 11;
        const PECERR = 1 << 12;
        const TIMEOUT = 1 << 14;
        const SMBALERT = 1 << 15;

        /// What ITERREN makes an interrupt of; writing 0 clears each.
        const ERRORS = Self::BERR.bits() | Self::ARLO.bits() | Self::AF.bits() | Self::OVR.bits()
            | Self::PECERR.bits() | Self::TIMEOUT.bits() | Self::SMBALERT.bits();
        /// What ITEVTEN makes an interrupt of.
        const EVENTS = Self::SB.bits() | Self::ADDR.bits() | Self::BTF.bits() | Self::ADD10.bits() | Self::STOPF.bits();
        /// What ITBUFEN adds to that.
        const BUFFER = Self::RXNE.bits() | Self::TXE.bits();
    }
}

bitflags! {
    /// I2C_SR2, without PEC.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Sr2: u32 {
        const MSL = 1 << 0;
        const BUSY = 1 << 1;
        const TRA = 1 << 2;
        const GENCALL = 1 << 4;
        const DUALF = 1 << 7;
    }
}

/// OAR1: ADD9 to ADD0, the bit that software keeps at 1, ADDMODE.
pub(super) const OAR1_MASK: u32 = 0xC3FF;
pub(super) const ADDMODE: u32 = 1 << 15;
/// OAR2: ADD2 and ENDUAL.
pub(super) const OAR2_MASK: u32 = 0xFF;
pub(super) const ENDUAL: u32 = 1 << 0;
/// CCR: F/S, DUTY, CCR.
pub(super) const CCR_MASK: u32 = 0xCFFF;
pub(super) const CCR_FAST: u32 = 1 << 15;
pub(super) const CCR_DUTY: u32 = 1 << 14;
pub(super) const TRISE_MASK: u32 = 0x3F;
/// FLTR: ANOFF and DNF.
pub(super) const FLTR_MASK: u32 = 0x1F;
