//! Registers of the L4's flash controller, by the manual's names (cmsis_device_l4; svd/STM32L451.svd).

use bitflags::bitflags;

use crate::periph::registers::Names;

/// Access control.
pub(super) const ACR: u32 = 0x00;
/// Power-down key.
pub(super) const PDKEYR: u32 = 0x04;
/// Key.
pub(super) const KEYR: u32 = 0x08;
/// Option key.
pub(super) const OPTKEYR: u32 = 0x0C;
/// Status.
pub(super) const SR: u32 = 0x10;
/// Control.
pub(super) const CR: u32 = 0x14;
/// ECC.
pub(super) const ECCR: u32 = 0x18;
/// Option register.
pub(super) const OPTR: u32 = 0x20;
/// Write protection of bank 1, area A; the option registers of bank 1 lie from OPTR to WRP1BR.
pub(super) const WRP1AR: u32 = 0x2C;
/// Write protection of bank 1, area B.
pub(super) const WRP1BR: u32 = 0x30;
/// First option register of bank 2.
pub(super) const PCROP2SR: u32 = 0x44;
/// Write protection of bank 2, area A.
pub(super) const WRP2AR: u32 = 0x4C;
/// Write protection of bank 2, area B.
pub(super) const WRP2BR: u32 = 0x50;

/// Names for reports.
pub(super) const NAMES: Names = &[
    (ACR, "ACR"),
    (PDKEYR, "PDKEYR"),
    (KEYR, "KEYR"),
    (OPTKEYR, "OPTKEYR"),
    (SR, "SR"),
    (CR, "CR"),
    (ECCR, "ECCR"),
    (OPTR, "OPTR"),
    (0x24, "PCROP1SR"),
    (0x28, "PCROP1ER"),
    (WRP1AR, "WRP1AR"),
    (WRP1BR, "WRP1BR"),
    (PCROP2SR, "PCROP2SR"),
    (0x48, "PCROP2ER"),
    (WRP2AR, "WRP2AR"),
    (WRP2BR, "WRP2BR"),
];

/// Keys of KEYR.
pub(super) const KEYS: [u32; 2] = [0x4567_0123, 0xCDEF_89AB];
/// Keys of OPTKEYR.
pub(super) const OPTION_KEYS: [u32; 2] = [0x0819_2A3B, 0x4C5D_6E7F];

/// LATENCY in FLASH_ACR.
pub(super) const LATENCY: u32 = 7;
/// FLASH_ACR after reset: both caches are on.
pub(super) const ACR_RESET: u32 = 0x600;

/// FLASH_OPTR.BFB2: boot from bank 2.
pub(super) const BFB2: u32 = 1 << 20;

bitflags! {
    /// FLASH_ACR without LATENCY.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Acr: u32 {
        const PRFTEN = 1 << 8;
        const ICEN = 1 << 9;
        const DCEN = 1 << 10;
        const ICRST = 1 << 11;
        const DCRST = 1 << 12;
        const RUN_PD = 1 << 13;
        const SLEEP_PD = 1 << 14;
    }

    /// FLASH_SR.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Sr: u32 {
        const EOP = 1;
        const OPERR = 1 << 1;
        const PROGERR = 1 << 3;
        const WRPERR = 1 << 4;
        const PGAERR = 1 << 5;
        const SIZERR = 1 << 6;
        const PGSERR = 1 << 7;
        const MISERR = 1 << 8;
        const FASTERR = 1 << 9;
        const RDERR = 1 << 14;
        const OPTVERR = 1 << 15;
        const BSY = 1 << 16;
        const PEMPTY = 1 << 17;
    }

    /// FLASH_CR without PNB.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Cr: u32 {
        const PG = 1;
        const PER = 1 << 1;
        const MER1 = 1 << 2;
        /// Bank of the page to erase.
        const BKER = 1 << 11;
        const MER2 = 1 << 15;
        const STRT = 1 << 16;
        const OPTSTRT = 1 << 17;
        const FSTPG = 1 << 18;
        const EOPIE = 1 << 24;
        const ERRIE = 1 << 25;
        const RDERRIE = 1 << 26;
        const OBL_LAUNCH = 1 << 27;
        const OPTLOCK = 1 << 30;
        const LOCK = 1 << 31;
    }
}

/// CR.PNB: number of the page to erase.
pub(super) const PNB: u32 = 0xFF << 3;

impl Sr {
    /// Errors that make the next operation fail, and that set OPERR.
    pub(super) const ERRORS: Self = Self::PROGERR
        .union(Self::WRPERR)
        .union(Self::PGAERR)
        .union(Self::SIZERR)
        .union(Self::PGSERR)
        .union(Self::MISERR)
        .union(Self::FASTERR);
    /// What software clears by writing 1.
    pub(super) const CLEARABLE: Self = Self::ERRORS
        .union(Self::EOP)
        .union(Self::OPERR)
        .union(Self::RDERR)
        .union(Self::OPTVERR);
}
