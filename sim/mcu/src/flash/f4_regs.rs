//! Registers of the F4 flash controller, by the manual's names (svd/STM32F429.svd; cmsis_device_f4 for LATENCY and RDERR).

use bitflags::bitflags;

/// FLASH_ACR: access control.
pub(super) const ACR: u32 = 0x00;
/// FLASH_KEYR.
pub(super) const KEYR: u32 = 0x04;
/// FLASH_OPTKEYR.
pub(super) const OPTKEYR: u32 = 0x08;
/// FLASH_SR: status.
pub(super) const SR: u32 = 0x0C;
/// FLASH_CR: control.
pub(super) const CR: u32 = 0x10;
/// FLASH_OPTCR: option control.
pub(super) const OPTCR: u32 = 0x14;
/// FLASH_OPTCR1: option control of bank 2.
pub(super) const OPTCR1: u32 = 0x18;

/// The keys of OPTKEYR.
pub(super) const OPTION_KEYS: [u32; 2] = [0x0819_2A3B, 0x4C5D_6E7F];

bitflags! {
    /// FLASH_ACR.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Acr: u32 {
        /// Wait states.
        const LATENCY = 0xF;
        /// Prefetch enable.
        const PRFTEN = 1 << 8;
        /// Instruction cache enable.
        const ICEN = 1 << 9;
        /// Data cache enable.
        const DCEN = 1 << 10;
        /// Instruction cache reset.
        const ICRST = 1 << 11;
        /// Data cache reset.
        const DCRST = 1 << 12;
    }

    /// FLASH_SR.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Sr: u32 {
        /// An operation has ended.
        const EOP = 1 << 0;
        /// An error, with its interrupt enabled.
        const OPERR = 1 << 1;
        /// Programming or erase of a write-protected sector.
        const WRPERR = 1 << 4;
        /// A program access across a row of 16 bytes.
        const PGAERR = 1 << 5;
        /// A program access in another width than PSIZE.
        const PGPERR = 1 << 6;
        /// A program access without PG.
        const PGSERR = 1 << 7;
        /// A read of a sector that is protected from reads.
        const RDERR = 1 << 8;
        /// An operation is running.
        const BSY = 1 << 16;
    }

    /// FLASH_CR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Cr: u32 {
        /// Programming chosen.
        const PG = 1 << 0;
        /// Sector erase chosen.
        const SER = 1 << 1;
        /// Mass erase chosen: of bank 1 where there are two.
        const MER = 1 << 2;
        /// Sector number.
        const SNB = 0x1F << 3;
        /// Program size.
        const PSIZE = 3 << 8;
        /// Mass erase of bank 2.
        const MER1 = 1 << 15;
        /// Start the erase.
        const STRT = 1 << 16;
        /// Interrupt on EOP.
        const EOPIE = 1 << 24;
        /// Interrupt on errors.
        const ERRIE = 1 << 25;
        /// CR is locked.
        const LOCK = 1 << 31;
    }

    /// FLASH_OPTCR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Optcr: u32 {
        /// OPTCR is locked.
        const OPTLOCK = 1 << 0;
        /// Start the programming of the options.
        const OPTSTRT = 1 << 1;
        /// Brown-out level.
        const BOR_LEV = 3 << 2;
        /// Boot from bank 2.
        const BFB2 = 1 << 4;
        /// USER: WDG_SW, nRST_STOP, nRST_STDBY.
        const USER = 7 << 5;
        /// Read protection.
        const RDP = 0xFF << 8;
        /// Not write protected, a bit a sector of bank 1.
        const NWRP = 0xFFF << 16;
        /// Two banks on a 1 MB part.
        const DB1M = 1 << 30;
        /// nWRP is read protection.
        const SPRMOD = 1 << 31;
    }
}

/// nWRP in OPTCR and OPTCR1.
pub(super) const NWRP_SHIFT: u32 = 16;
/// OPTCR after reset of a part as it leaves the factory.
pub(super) const OPTCR_RESET: Optcr = Optcr::from_bits_retain(0x0FFF_AAED);
/// OPTCR1 after reset of a part as it leaves the factory.
pub(super) const OPTCR1_RESET: u32 = 0x0FFF_0000;

/// SPRMOD and DB1M in OPTCR, and where they are in the option bytes: above nWRP.
const UPPER: [(Optcr, u32); 2] = [(Optcr::DB1M, 1 << 14), (Optcr::SPRMOD, 1 << 15)];

impl Optcr {
    /// The option bytes of bank 1: four words, of which the first and the third mean something.
    pub(super) fn to_bytes(self) -> [u32; 4] {
        let upper = UPPER.into_iter().filter(|(bit, _)| self.contains(*bit));
        let nwrp = self.bits() >> NWRP_SHIFT & 0xFFF;
        [
            self.bits() & 0xFFFC,
            !0,
            upper.fold(nwrp, |word, (_, bit)| word | bit),
            !0,
        ]
    }

    /// OPTCR, as it is loaded from the first and the third word; not locked, nothing started.
    pub(super) fn from_bytes(user: u32, nwrp: u32) -> Self {
        let low = Self::from_bits_retain(user & 0xFFFC | (nwrp & 0xFFF) << NWRP_SHIFT);
        UPPER
            .into_iter()
            .filter(|(_, bit)| nwrp & bit != 0)
            .fold(low, |all, (bit, _)| all | bit)
    }
}
