//! What a chip file says of the flash: geometry, timings, read interface, option bytes.

use flashstall_cpu::Addr;
use serde::Deserialize;

use super::quantity::{Confidence, addr, maybe_picos, picos};
use crate::Picos;

/// The flash array.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlashSpec {
    /// First address of main flash.
    #[serde(deserialize_with = "addr")]
    pub base: Addr,
    /// Size of main flash in bytes.
    pub size: u32,
    /// Size of a page in bytes: what one erase erases.
    pub page: u32,
    /// Number of banks; each is busy by itself.
    pub banks: u8,
    /// Value of an erased byte.
    pub erased: u8,
    /// Width of one program operation.
    pub program: ProgramWidth,
    /// Bytes in one unit of write protection.
    pub protection_unit: u32,
    /// Where the geometry comes from.
    pub source: String,
    /// How sure.
    pub confidence: Confidence,
    /// How long operations take.
    pub timing: TimingsSpec,
    /// How the core reads the array.
    pub read: ReadInterfaceSpec,
    /// Option bytes.
    pub option_bytes: OptionBytesSpec,
}

/// Width of a program operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProgramWidth {
    /// 16 bits.
    HalfWord,
    /// 32 bits.
    Word,
    /// 64 bits.
    DoubleWord,
}

impl ProgramWidth {
    /// In bytes.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            Self::HalfWord => 2,
            Self::Word => 4,
            Self::DoubleWord => 8,
        }
    }
}

/// How long one kind of operation takes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimingSpec {
    /// Minimum.
    #[serde(deserialize_with = "picos")]
    pub min: Picos,
    /// Typical, where a data sheet gives one.
    #[serde(default, deserialize_with = "maybe_picos")]
    pub typ: Option<Picos>,
    /// Maximum.
    #[serde(deserialize_with = "picos")]
    pub max: Picos,
    /// Where these come from.
    pub source: String,
    /// How sure.
    pub confidence: Confidence,
}

/// The timings of the array.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimingsSpec {
    /// Erase of one page.
    pub page_erase: TimingSpec,
    /// Erase of all main flash.
    pub mass_erase: TimingSpec,
    /// Programming of one unit.
    pub program: TimingSpec,
}

/// How the core reads the array.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadInterfaceSpec {
    /// Which: `f3-prefetch` is 64-bit lines with a buffer of two, as on F1 and F3.
    pub kind: ReadInterfaceKind,
    /// Wait states that are needed, by HCLK.
    pub wait_states: Vec<WaitStateStep>,
    /// Where this comes from.
    pub source: String,
    /// How sure.
    pub confidence: Confidence,
}

/// The read interfaces that are modelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReadInterfaceKind {
    /// 64-bit lines, prefetch buffer of two lines, no cache.
    F3Prefetch,
}

/// Up to this HCLK, that many wait states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitStateStep {
    /// Highest HCLK in hertz, inclusive.
    pub up_to: u64,
    /// Wait states.
    pub wait_states: u8,
}

/// How OBR shows the option bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptionLayout {
    /// F1: RDP is 0xA5 or protected, three USER bits and the data from bit 2 on; no OBL_LAUNCH.
    F1,
    /// F3: levels of protection, USER and data in bytes of their own, OBL_LAUNCH.
    #[default]
    F3,
}

/// Option bytes of an F1/F3: half-words of a byte and its complement.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionBytesSpec {
    /// First address.
    #[serde(deserialize_with = "addr")]
    pub base: Addr,
    /// As they leave the factory, a byte each (the complements follow from them): RDP, USER, DATA0, DATA1, WRP0 to WRP3.
    pub factory: Vec<u8>,
    /// How OBR shows them; that of the F3 if it is not given.
    #[serde(default)]
    pub layout: OptionLayout,
    /// Where this comes from.
    pub source: String,
    /// How sure.
    pub confidence: Confidence,
}

impl FlashSpec {
    /// How many pages there are.
    #[must_use]
    pub const fn pages(&self) -> u32 {
        self.size / self.page
    }

    /// Bytes in one bank.
    #[must_use]
    pub const fn bank_size(&self) -> u32 {
        self.size / self.banks as u32
    }

    /// The wait states that `hclk` (in whole hertz) needs; `None` above the highest step.
    #[must_use]
    pub fn wait_states_for(&self, hclk: u64) -> Option<u8> {
        self.read
            .wait_states
            .iter()
            .find(|step| hclk <= step.up_to)
            .map(|step| step.wait_states)
    }
}
