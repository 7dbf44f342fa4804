//! Registers of the L1's flash controller, by the manual's names (cmsis_device_l1; svd/STM32L151.svd).

use bitflags::bitflags;

use crate::periph::registers::Names;

/// Access control.
pub(super) const ACR: u32 = 0x00;
/// Program and erase control.
pub(super) const PECR: u32 = 0x04;
/// Power-down key.
pub(super) const PDKEYR: u32 = 0x08;
/// Key of PECR and of the data EEPROM.
pub(super) const PEKEYR: u32 = 0x0C;
/// Key of the program memory.
pub(super) const PRGKEYR: u32 = 0x10;
/// Key of the option bytes.
pub(super) const OPTKEYR: u32 = 0x14;
/// Status.
pub(super) const SR: u32 = 0x18;
/// Option bytes as loaded.
pub(super) const OBR: u32 = 0x1C;
/// Write protection of sectors 0 to 31.
pub(super) const WRPR1: u32 = 0x20;
/// Write protection of sectors 32 to 63.
pub(super) const WRPR2: u32 = 0x80;
/// Write protection of sectors 64 to 95.
pub(super) const WRPR3: u32 = 0x84;
/// Write protection of sectors 96 to 127.
pub(super) const WRPR4: u32 = 0x88;

/// Names for reports.
pub(super) const NAMES: Names = &[
    (ACR, "ACR"),
    (PECR, "PECR"),
    (PDKEYR, "PDKEYR"),
    (PEKEYR, "PEKEYR"),
    (PRGKEYR, "PRGKEYR"),
    (OPTKEYR, "OPTKEYR"),
    (SR, "SR"),
    (OBR, "OBR"),
    (WRPR1, "WRPR1"),
    (WRPR2, "WRPR2"),
    (WRPR3, "WRPR3"),
    (WRPR4, "WRPR4"),
];

/// Keys of PEKEYR.
pub(super) const PE_KEYS: [u32; 2] = [0x89AB_CDEF, 0x0203_0405];
/// Keys of PRGKEYR.
pub(super) const PRG_KEYS: [u32; 2] = [0x8C9D_AEBF, 0x1314_1516];
/// Keys of OPTKEYR.
pub(super) const OPT_KEYS: [u32; 2] = [0xFBEA_D9C8, 0x2425_2627];

bitflags! {
    /// FLASH_ACR.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Acr: u32 {
        const LATENCY = 1;
        const PRFTEN = 1 << 1;
        const ACC64 = 1 << 2;
        const SLEEP_PD = 1 << 3;
        const RUN_PD = 1 << 4;
    }

    /// FLASH_PECR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Pecr: u32 {
        const PELOCK = 1;
        const PRGLOCK = 1 << 1;
        const OPTLOCK = 1 << 2;
        const PROG = 1 << 3;
        const DATA = 1 << 4;
        const FTDW = 1 << 8;
        const ERASE = 1 << 9;
        const FPRG = 1 << 10;
        const PARALLBANK = 1 << 15;
        const EOPIE = 1 << 16;
        const ERRIE = 1 << 17;
        const OBL_LAUNCH = 1 << 18;
    }

    /// FLASH_SR.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Sr: u32 {
        const BSY = 1;
        const EOP = 1 << 1;
        const ENDHV = 1 << 2;
        const READY = 1 << 3;
        const WRPERR = 1 << 8;
        const PGAERR = 1 << 9;
        const SIZERR = 1 << 10;
        const OPTVERR = 1 << 11;
        const OPTVERRUSR = 1 << 12;
        const RDERR = 1 << 13;
    }
}

impl Pecr {
    /// The three locks.
    pub(super) const LOCKS: Self = Self::PELOCK.union(Self::PRGLOCK).union(Self::OPTLOCK);
}

impl Sr {
    /// What ERRIE makes an interrupt of.
    pub(super) const ERRORS: Self = Self::WRPERR
        .union(Self::PGAERR)
        .union(Self::SIZERR)
        .union(Self::OPTVERR)
        .union(Self::OPTVERRUSR)
        .union(Self::RDERR);
}
