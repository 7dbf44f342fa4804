//! Registers and bits of the QUADSPI, by the manual's names (svd/STM32L451.svd).

use bitflags::bitflags;

use crate::nor::Lines;
use crate::periph::registers::{Names, field};

pub(super) const CR: u32 = 0x00;
pub(super) const DCR: u32 = 0x04;
pub(super) const SR: u32 = 0x08;
pub(super) const FCR: u32 = 0x0C;
pub(super) const DLR: u32 = 0x10;
pub(super) const CCR: u32 = 0x14;
pub(super) const AR: u32 = 0x18;
pub(super) const ABR: u32 = 0x1C;
pub(super) const DR: u32 = 0x20;
pub(super) const PSMKR: u32 = 0x24;
pub(super) const PSMAR: u32 = 0x28;
pub(super) const PIR: u32 = 0x2C;
pub(super) const LPTR: u32 = 0x30;

/// Names for reports.
pub(super) const NAMES: Names = &[
    (CR, "CR"),
    (DCR, "DCR"),
    (SR, "SR"),
    (FCR, "FCR"),
    (DLR, "DLR"),
    (CCR, "CCR"),
    (AR, "AR"),
    (ABR, "ABR"),
    (DR, "DR"),
    (PSMKR, "PSMKR"),
    (PSMAR, "PSMAR"),
    (PIR, "PIR"),
    (LPTR, "LPTR"),
];

bitflags! {
    /// QUADSPI_CR, but for its fields.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Cr: u32 {
        const EN = 1 << 0;
        const ABORT = 1 << 1;
        const DMAEN = 1 << 2;
        const TCEN = 1 << 3;
        const SSHIFT = 1 << 4;
        const DFM = 1 << 6;
        const FSEL = 1 << 7;
        const FTHRES = 0x1F << 8;
        const TEIE = 1 << 16;
        const TCIE = 1 << 17;
        const FTIE = 1 << 18;
        const SMIE = 1 << 19;
        const TOIE = 1 << 20;
        const APMS = 1 << 22;
        const PMM = 1 << 23;
        const PRESCALER = 0xFF << 24;
    }

    /// QUADSPI_SR, but for FLEVEL. FCR clears the flags at the same places.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Sr: u32 {
        const TEF = 1 << 0;
        const TCF = 1 << 1;
        const FTF = 1 << 2;
        const SMF = 1 << 3;
        const TOF = 1 << 4;
        const BUSY = 1 << 5;
    }
}

impl Cr {
    /// Bytes at the FIFO threshold.
    pub(super) const fn threshold(self) -> usize {
        field(self.bits(), 8, 5) as usize + 1
    }

    /// AHB cycles of a clock of the device.
    pub(super) const fn divider(self) -> u64 {
        field(self.bits(), 24, 8) as u64 + 1
    }
}

impl Sr {
    /// What FCR clears.
    pub(super) const CLEARABLE: Self = Self::TEF.union(Self::TCF).union(Self::SMF).union(Self::TOF);
}

/// SR.FLEVEL.
pub(super) const FLEVEL: u32 = 8;
/// DCR.CSHT and DCR.FSIZE.
pub(super) const fn csht(dcr: u32) -> u64 {
    field(dcr, 8, 3) as u64 + 1
}
pub(super) const fn fsize(dcr: u32) -> u64 {
    1 << (field(dcr, 16, 5) + 1)
}

/// What CCR asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ccr(pub(super) u32);

/// What the QUADSPI does with the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    IndirectWrite,
    IndirectRead,
    AutomaticPolling,
    MemoryMapped,
}

impl Ccr {
    pub(super) const SIOO: u32 = 1 << 28;
    pub(super) const DDRM: u32 = 1 << 31;

    pub(super) const fn instruction(self) -> u32 {
        field(self.0, 0, 8)
    }

    pub(super) const fn dummy(self) -> u32 {
        field(self.0, 18, 5)
    }

    /// Lines of the phase whose mode stands from `bit` on; `None`: there is no such phase.
    const fn lines(self, bit: u32) -> Option<Lines> {
        match field(self.0, bit, 2) {
            0 => None,
            1 => Some(Lines::One),
            2 => Some(Lines::Two),
            _ => Some(Lines::Four),
        }
    }

    pub(super) const fn instruction_lines(self) -> Option<Lines> {
        self.lines(8)
    }

    pub(super) const fn address_lines(self) -> Option<Lines> {
        self.lines(10)
    }

    pub(super) const fn alternate_lines(self) -> Option<Lines> {
        self.lines(14)
    }

    pub(super) const fn data_lines(self) -> Option<Lines> {
        self.lines(24)
    }

    /// Bits of the address.
    pub(super) const fn address_bits(self) -> u32 {
        8 * (field(self.0, 12, 2) + 1)
    }

    /// Bits of the alternate bytes.
    pub(super) const fn alternate_bits(self) -> u32 {
        8 * (field(self.0, 16, 2) + 1)
    }

    pub(super) const fn mode(self) -> Mode {
        match field(self.0, 26, 2) {
            0 => Mode::IndirectWrite,
            1 => Mode::IndirectRead,
            2 => Mode::AutomaticPolling,
            _ => Mode::MemoryMapped,
        }
    }
}
