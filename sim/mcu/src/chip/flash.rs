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
    /// Size of a page in bytes: what one erase erases. 0 (left out) on a part with [`sectors`](Self::sectors).
    #[serde(default)]
    pub page: u32,
    /// Instead of `page`: the sectors of each bank, from its start.
    #[serde(default)]
    pub sectors: Vec<SectorRun>,
    /// Number of banks; each is busy by itself.
    pub banks: u8,
    /// Sizes of the banks in bytes, where they differ; left out: all equal.
    #[serde(default)]
    pub bank_sizes: Vec<u32>,
    /// Value of an erased byte: 0xFF, or 0x00.
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
    /// Data EEPROM behind the same controller.
    #[serde(default)]
    pub eeprom: Option<EepromSpec>,
}

/// Sectors of one size, one behind the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SectorRun {
    /// How many.
    pub count: u32,
    /// Bytes in each.
    pub size: u32,
}

/// Data EEPROM: a second array behind the flash controller.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EepromSpec {
    /// First address.
    #[serde(deserialize_with = "addr")]
    pub base: Addr,
    /// Size in bytes. It is divided evenly among the banks of main flash, and busy with its part.
    pub size: u32,
    /// Where this comes from.
    pub source: String,
    /// How sure.
    pub confidence: Confidence,
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
    /// Minimum, where a data sheet gives one.
    #[serde(default, deserialize_with = "maybe_picos")]
    pub min: Option<Picos>,
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

impl TimingSpec {
    /// The shortest time that is known: minimum, typical or maximum, the first that is given.
    #[must_use]
    pub fn shortest(&self) -> Picos {
        self.min.or(self.typ).unwrap_or(self.max)
    }

    /// The typical time; where none is given the maximum.
    #[must_use]
    pub fn typical(&self) -> Picos {
        self.typ.unwrap_or(self.max)
    }
}

/// The timings of the array.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimingsSpec {
    /// Erase of one page. Needed unless the part has sectors.
    #[serde(default)]
    pub page_erase: Option<TimingSpec>,
    /// Erase of all main flash, where the part has it and `parallel` does not give it.
    #[serde(default)]
    pub mass_erase: Option<TimingSpec>,
    /// Erase of one bank; as long as `mass_erase` if it is not given.
    #[serde(default)]
    pub bank_erase: Option<TimingSpec>,
    /// Programming of one unit.
    pub program: TimingSpec,
    /// Programming of a row (L4: fast, 256 bytes) or a half page (L1: 128 bytes) in one operation.
    #[serde(default)]
    pub row: Option<TimingSpec>,
    /// Write to the data EEPROM that needs no erase.
    #[serde(default)]
    pub eeprom: Option<TimingSpec>,
    /// Write to the data EEPROM with the erase before it.
    #[serde(default)]
    pub eeprom_erase: Option<TimingSpec>,
    /// Erase times of a part with sectors, by the parallelism that firmware chooses.
    #[serde(default)]
    pub parallel: Vec<ParallelSpec>,
}

/// Erase times at one parallelism.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParallelSpec {
    /// 8, 16, 32 or 64.
    pub bits: u8,
    /// Erase of a sector, by its size.
    pub sectors: Vec<SectorTimingSpec>,
    /// Erase of all main flash.
    pub mass_erase: TimingSpec,
    /// Erase of one bank; as long as `mass_erase` if it is not given.
    #[serde(default)]
    pub bank_erase: Option<TimingSpec>,
}

/// How long the erase of a sector takes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SectorTimingSpec {
    /// Bytes in the sector.
    pub size: u32,
    /// How long it takes.
    pub time: TimingSpec,
}

impl TimingsSpec {
    /// Every timing, with its name in the chip file.
    pub fn all(&self) -> impl Iterator<Item = (String, &TimingSpec)> {
        let named = [
            ("page_erase", self.page_erase.as_ref()),
            ("mass_erase", self.mass_erase.as_ref()),
            ("bank_erase", self.bank_erase.as_ref()),
            ("program", Some(&self.program)),
            ("row", self.row.as_ref()),
            ("eeprom", self.eeprom.as_ref()),
            ("eeprom_erase", self.eeprom_erase.as_ref()),
        ];
        let single = named
            .into_iter()
            .filter_map(|(name, t)| Some((name.to_owned(), t?)));
        let parallel = self.parallel.iter().flat_map(|p| {
            let bits = p.bits;
            p.sectors
                .iter()
                .map(move |s| (format!("{} KB sector erase x{bits}", s.size >> 10), &s.time))
                .chain([(format!("mass_erase x{bits}"), &p.mass_erase)])
                .chain(
                    p.bank_erase
                        .iter()
                        .map(move |t| (format!("bank_erase x{bits}"), t)),
                )
        });
        single.chain(parallel)
    }
}

/// How the core reads the array.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadInterfaceSpec {
    /// Which of the models.
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
    /// F1 and F3: 64-bit lines, prefetch buffer of two lines, no cache.
    F3Prefetch,
    /// L1: lines of 32 or 64 bits, as ACC64 chooses, prefetch buffer, no cache.
    L1,
    /// L4: 64-bit reads, prefetch, instruction cache of 32 and data cache of 8 lines of 32 bytes.
    L4Cache,
    /// F4: 128-bit reads, prefetch, instruction cache of 64 and data cache of 8 lines of 16 bytes.
    F4Art,
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

/// How the option bytes lie in memory, and how registers show them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptionLayout {
    /// F1: RDP is 0xA5 or protected, three USER bits and the data from bit 2 on; no OBL_LAUNCH.
    F1,
    /// F3: levels of protection, USER and data in bytes of their own, OBL_LAUNCH.
    #[default]
    F3,
    /// The image is words; what they mean is the controller's business (L1, L4, F4).
    Words,
}

/// Option bytes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionBytesSpec {
    /// First address.
    #[serde(deserialize_with = "addr")]
    pub base: Addr,
    /// F1 and F3, as they leave the factory, a byte each (the complements follow from them): RDP, USER, DATA0, DATA1, WRP0
    /// to WRP3.
    #[serde(default)]
    pub factory: Vec<u8>,
    /// Layout `words`, as they leave the factory: the image from `base` on.
    #[serde(default)]
    pub words: Vec<u32>,
    /// How they are laid out; as on the F3 if it is not given.
    #[serde(default)]
    pub layout: OptionLayout,
    /// Where this comes from.
    pub source: String,
    /// How sure.
    pub confidence: Confidence,
}

impl FlashSpec {
    /// How many pages or sectors there are.
    #[must_use]
    pub fn pages(&self) -> u32 {
        if self.sectors.is_empty() {
            self.size.checked_div(self.page).unwrap_or_default()
        } else {
            u32::from(self.banks) * self.sectors.iter().map(|run| run.count).sum::<u32>()
        }
    }

    /// First offset of each bank and one past its last, in order.
    #[must_use]
    pub fn bank_ranges(&self) -> Vec<(u32, u32)> {
        let equal = self.size / u32::from(self.banks.max(1));
        let mut first = 0u32;
        (0..usize::from(self.banks))
            .map(|n| {
                let size = self.bank_sizes.get(n).copied().unwrap_or(equal);
                let range = (first, first.saturating_add(size));
                first = range.1;
                range
            })
            .collect()
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
