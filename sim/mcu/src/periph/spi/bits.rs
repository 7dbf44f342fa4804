//! Registers and bits of the SPI, by the manual's names (svd/STM32F103.svd, svd/STM32F303.svd).

use bitflags::bitflags;

use crate::periph::registers::Names;

pub(super) const CR1: u32 = 0x00;
pub(super) const CR2: u32 = 0x04;
pub(super) const SR: u32 = 0x08;
pub(super) const DR: u32 = 0x0C;
pub(super) const CRCPR: u32 = 0x10;
pub(super) const RXCRCR: u32 = 0x14;
pub(super) const TXCRCR: u32 = 0x18;
pub(super) const I2SCFGR: u32 = 0x1C;
pub(super) const I2SPR: u32 = 0x20;

/// Names for reports.
pub(super) const NAMES: Names = &[
    (CR1, "CR1"),
    (CR2, "CR2"),
    (SR, "SR"),
    (DR, "DR"),
    (CRCPR, "CRCPR"),
    (RXCRCR, "RXCRCR"),
    (TXCRCR, "TXCRCR"),
    (I2SCFGR, "I2SCFGR"),
    (I2SPR, "I2SPR"),
];

/// CRCPR and I2SPR after reset.
pub(super) const CRCPR_RESET: u32 = 7;
pub(super) const I2SPR_RESET: u32 = 2;
/// I2SCFGR.I2SMOD.
pub(super) const I2SMOD: u32 = 1 << 11;

bitflags! {
    /// SPI_CR1.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(in crate::periph) struct Cr1: u32 {
        const CPHA = 1 << 0;
        const CPOL = 1 << 1;
        const MSTR = 1 << 2;
        const BR = 7 << 3;
        const SPE = 1 << 6;
        const LSBFIRST = 1 << 7;
        const SSI = 1 << 8;
        const SSM = 1 << 9;
        const RXONLY = 1 << 10;
        /// v1: frames of 16 bits. v2: CRCL.
        const DFF = 1 << 11;
        const CRCNEXT = 1 << 12;
        const CRCEN = 1 << 13;
        const BIDIOE = 1 << 14;
        const BIDIMODE = 1 << 15;
    }

    /// SPI_CR2.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(in crate::periph) struct Cr2: u32 {
        const RXDMAEN = 1 << 0;
        const TXDMAEN = 1 << 1;
        const SSOE = 1 << 2;
        const NSSP = 1 << 3;
        const FRF = 1 << 4;
        const ERRIE = 1 << 5;
        const RXNEIE = 1 << 6;
        const TXEIE = 1 << 7;
        const DS = 0xF << 8;
        const FRXTH = 1 << 12;
        const LDMA_RX = 1 << 13;
        const LDMA_TX = 1 << 14;
    }

    /// SPI_SR.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(in crate::periph) struct Sr: u32 {
        const RXNE = 1 << 0;
        const TXE = 1 << 1;
        const CHSIDE = 1 << 2;
        const UDR = 1 << 3;
        const CRCERR = 1 << 4;
        const MODF = 1 << 5;
        const OVR = 1 << 6;
        const BSY = 1 << 7;
        const FRE = 1 << 8;
    }
}

/// SR.FRLVL and SR.FTLVL of v2.
pub(super) const FRLVL: u32 = 9;
pub(super) const FTLVL: u32 = 11;

impl Cr1 {
    /// Log2 of the divider, less one.
    pub(super) const fn br(self) -> u32 {
        (self.bits() & Self::BR.bits()) >> Self::BR.bits().trailing_zeros()
    }

    /// The master clocks without being given anything to send.
    pub(super) const fn receives_only(self) -> bool {
        if self.contains(Self::BIDIMODE) {
            !self.contains(Self::BIDIOE)
        } else {
            self.contains(Self::RXONLY)
        }
    }

    /// Nothing is received.
    pub(super) const fn sends_only(self) -> bool {
        self.contains(Self::BIDIMODE) && self.contains(Self::BIDIOE)
    }
}

impl Cr2 {
    /// What v1 has.
    pub(super) const V1: Self = Self::RXDMAEN
        .union(Self::TXDMAEN)
        .union(Self::SSOE)
        .union(Self::FRF)
        .union(Self::ERRIE)
        .union(Self::RXNEIE)
        .union(Self::TXEIE);
    /// DS for 8 bits: what v2 has after reset, and what DS becomes if it is below 4 bits.
    pub(super) const DS_8: Self = Self::from_bits_retain(7 << 8);

    /// Bits of a frame on v2.
    pub(super) const fn frame_bits(self) -> u8 {
        (self.bits() >> 8 & 0xF) as u8 + 1
    }
}
