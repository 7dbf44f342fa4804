//! Registers of the FPEC, by the manual's names.

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
/// FLASH_AR: address of the page to erase.
pub(super) const AR: u32 = 0x14;
/// FLASH_OBR: option bytes as loaded.
pub(super) const OBR: u32 = 0x1C;
/// FLASH_WRPR: write protection as loaded.
pub(super) const WRPR: u32 = 0x20;

/// First unlock key.
pub(super) const KEY1: u32 = 0x4567_0123;
/// Second unlock key.
pub(super) const KEY2: u32 = 0xCDEF_89AB;

bitflags! {
    /// FLASH_ACR without LATENCY.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Acr: u32 {
        /// Half-cycle access.
        const HLFCYA = 1 << 3;
        /// Prefetch buffer enable.
        const PRFTBE = 1 << 4;
        /// Prefetch buffer status.
        const PRFTBS = 1 << 5;
    }

    /// FLASH_SR.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Sr: u32 {
        /// An operation is running.
        const BSY = 1;
        /// Programming of a cell that is not erased.
        const PGERR = 1 << 2;
        /// Programming or erase of a write-protected page.
        const WRPRTERR = 1 << 4;
        /// An operation has ended.
        const EOP = 1 << 5;
    }

    /// FLASH_CR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(super) struct Cr: u32 {
        /// Programming chosen.
        const PG = 1;
        /// Page erase chosen.
        const PER = 1 << 1;
        /// Mass erase chosen.
        const MER = 1 << 2;
        /// Option byte programming chosen.
        const OPTPG = 1 << 4;
        /// Option byte erase chosen.
        const OPTER = 1 << 5;
        /// Start the erase.
        const STRT = 1 << 6;
        /// CR is locked.
        const LOCK = 1 << 7;
        /// Option bytes can be written.
        const OPTWRE = 1 << 9;
        /// Interrupt on an error flag.
        const ERRIE = 1 << 10;
        /// Interrupt on EOP.
        const EOPIE = 1 << 12;
        /// Load the option bytes: resets the chip.
        const OBL_LAUNCH = 1 << 13;
    }
}

/// LATENCY in FLASH_ACR.
pub(super) const LATENCY: u32 = 7;

/// How far an unlock sequence has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lock {
    /// Waits for the first key.
    Locked,
    /// Waits for the second key.
    Key1,
    /// Open.
    Open,
    /// Open, and the first key has been written once more.
    OpenKey1,
    /// A wrong key was written: nothing opens it before the next reset.
    UntilReset,
}

impl Lock {
    /// The state after `key` is written. `Err`: it was wrong.
    pub(super) const fn with(self, key: u32) -> Result<Self, Self> {
        self.with_keys(key, [KEY1, KEY2])
    }

    /// As [`with`](Self::with), where `keys` open it.
    pub(super) const fn with_keys(self, key: u32, keys: [u32; 2]) -> Result<Self, Self> {
        match self {
            Self::Locked if key == keys[0] => Ok(Self::Key1),
            Self::Key1 | Self::OpenKey1 if key == keys[1] => Ok(Self::Open),
            Self::Open if key == keys[0] => Ok(Self::OpenKey1),
            _ => Err(Self::UntilReset),
        }
    }

    /// Is what it guards writable?
    pub(super) const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::OpenKey1)
    }
}
