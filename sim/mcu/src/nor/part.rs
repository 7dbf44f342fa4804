//! Parts as data: geometry, identification, status registers and times of one serial NOR flash.

use std::sync::{Arc, OnceLock};

use serde::Deserialize;
use thiserror::Error;

use crate::Picos;
use crate::chip::{Confidence, TimingSpec};

/// Name and text of each embedded file.
const FILES: &[(&str, &str)] = &[
    ("w25q128jv", include_str!("../../nor/w25q128jv.toml")),
    ("w25q64jv", include_str!("../../nor/w25q64jv.toml")),
];

/// Bytes that one page program can write, and the unit that the address wraps in. All parts of this kind have it.
pub(super) const PAGE: u32 = 256;
/// Bytes of the smallest erase.
pub(super) const SECTOR: u32 = 4096;

/// One part.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NorPart {
    /// Its name in scenarios.
    pub name: String,
    /// For people.
    pub description: String,
    /// Size of the array.
    pub geometry: NorGeometry,
    /// What it says it is.
    pub id: NorId,
    /// Its status registers as they leave the factory.
    pub status: NorStatus,
    /// How long things take.
    pub timing: NorTimings,
    /// The table that 5Ah reads.
    pub sfdp: NorSfdp,
}

/// `[geometry]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NorGeometry {
    /// Bytes, a power of two from 64 KB to 16 MB (24 address bits).
    pub size: u32,
    /// Bytes of a page: 256.
    pub page: u32,
    /// Where that comes from.
    pub source: String,
    /// How sure.
    pub confidence: Confidence,
}

/// `[id]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NorId {
    /// Manufacturer, type and capacity, as 9Fh reads them.
    pub jedec: [u8; 3],
    /// Device id, as 90h and ABh read it.
    pub device: u8,
    /// Unique id, as 4Bh reads it.
    pub unique: [u8; 8],
    /// Where that comes from.
    pub source: String,
    /// How sure.
    pub confidence: Confidence,
}

/// `[status]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NorStatus {
    /// Status registers 1 to 3.
    pub registers: [u8; 3],
    /// QE stays 1 whatever is written.
    pub qe_fixed: bool,
    /// Where that comes from.
    pub source: String,
    /// How sure.
    pub confidence: Confidence,
}

/// `[timing]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NorTimings {
    /// Programming of the first byte of a page.
    pub first_byte: TimingSpec,
    /// Programming of each further byte.
    pub further_byte: TimingSpec,
    /// Programming of a page: no number of bytes takes longer.
    pub page_program: TimingSpec,
    /// Erase of 4 KB.
    pub sector_erase: TimingSpec,
    /// Erase of 32 KB.
    pub block32_erase: TimingSpec,
    /// Erase of 64 KB.
    pub block64_erase: TimingSpec,
    /// Erase of everything.
    pub chip_erase: TimingSpec,
    /// Write to non-volatile status registers.
    pub write_status: TimingSpec,
    /// From a suspend to BUSY = 0.
    pub suspend: TimingSpec,
    /// From a reset to the next instruction.
    pub reset: TimingSpec,
    /// From power-down to power-down.
    pub power_down: TimingSpec,
    /// From release to the next instruction.
    pub release: TimingSpec,
}

/// `[sfdp]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NorSfdp {
    /// Bytes from address 0.
    pub header: Vec<u8>,
    /// Address of the parameters.
    pub parameters_at: u32,
    /// Bytes from there.
    pub parameters: Vec<u8>,
    /// Where that comes from.
    pub source: String,
    /// How sure.
    pub confidence: Confidence,
}

impl NorSfdp {
    /// The byte at `address`, FFh where there is none.
    #[must_use]
    pub fn byte(&self, address: u32) -> u8 {
        let at = |bytes: &[u8], first: u32| {
            let index = address.checked_sub(first)?;
            bytes.get(index as usize).copied()
        };
        at(&self.header, 0)
            .or_else(|| at(&self.parameters, self.parameters_at))
            .unwrap_or(0xFF)
    }
}

/// Why a part file was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct NorPartError(String);

impl NorPart {
    /// Reads a part file.
    ///
    /// # Errors
    /// [`NorPartError`] for text that is not TOML, keys that are unknown or missing, and figures that make no sense.
    pub fn from_toml(text: &str) -> Result<Self, NorPartError> {
        let part: Self =
            toml::from_str(text).map_err(|e| NorPartError(e.message().trim_end().to_owned()))?;
        let NorGeometry { size, page, .. } = part.geometry;
        if !size.is_power_of_two() || !(0x1_0000..=0x100_0000).contains(&size) {
            return Err(NorPartError(format!(
                "size = {size:#x} is not a power of two from 64 KB to 16 MB"
            )));
        }
        if page != PAGE {
            return Err(NorPartError(format!("page = {page}, only 256 is known")));
        }
        Ok(part)
    }

    /// The embedded part `name` (`w25q64jv`), read once.
    #[must_use]
    pub fn builtin(name: &str) -> Option<Arc<Self>> {
        static PARTS: OnceLock<Vec<Option<Arc<NorPart>>>> = OnceLock::new();
        let parts = PARTS.get_or_init(|| {
            // A test reads each of them, so none is missing in a build that passed.
            let read = |text| NorPart::from_toml(text).ok().map(Arc::new);
            FILES.iter().map(|(_, text)| read(text)).collect()
        });
        let slot = FILES.iter().position(|(file, _)| *file == name)?;
        parts.get(slot)?.clone()
    }

    /// Names of the embedded parts, in alphabetical order.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FILES.iter().map(|(name, _)| *name)
    }
}

/// How long everything takes on one device: a column of the data sheet, or times of one's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NorTiming {
    /// Programming of the first byte of a page.
    pub first_byte: Picos,
    /// Programming of each further byte.
    pub further_byte: Picos,
    /// Programming of a page: no number of bytes takes longer.
    pub page_program: Picos,
    /// Erase of 4 KB.
    pub sector_erase: Picos,
    /// Erase of 32 KB.
    pub block32_erase: Picos,
    /// Erase of 64 KB.
    pub block64_erase: Picos,
    /// Erase of everything.
    pub chip_erase: Picos,
    /// Write to non-volatile status registers.
    pub write_status: Picos,
    /// From a suspend to BUSY = 0.
    pub suspend: Picos,
    /// From a reset to the next instruction.
    pub reset: Picos,
    /// From power-down to power-down.
    pub power_down: Picos,
    /// From release to the next instruction.
    pub release: Picos,
}

impl NorTiming {
    /// The times that `column` picks.
    pub fn from_spec(spec: &NorTimings, column: impl Fn(&TimingSpec) -> Picos) -> Self {
        Self {
            first_byte: column(&spec.first_byte),
            further_byte: column(&spec.further_byte),
            page_program: column(&spec.page_program),
            sector_erase: column(&spec.sector_erase),
            block32_erase: column(&spec.block32_erase),
            block64_erase: column(&spec.block64_erase),
            chip_erase: column(&spec.chip_erase),
            write_status: column(&spec.write_status),
            suspend: column(&spec.suspend),
            reset: column(&spec.reset),
            power_down: column(&spec.power_down),
            release: column(&spec.release),
        }
    }

    /// Every page program takes `time`, however many bytes it writes.
    pub fn set_page_program(&mut self, time: Picos) {
        (self.first_byte, self.page_program) = (time, time);
    }

    /// How long the programming of `count` bytes of a page takes.
    #[must_use]
    pub fn program(&self, count: u32) -> Picos {
        let further = u64::from(count.saturating_sub(1)).saturating_mul(self.further_byte.0);
        (self.first_byte + Picos(further)).min(self.page_program)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_part_is_valid_and_bears_its_own_name() {
        for name in NorPart::names() {
            let part = NorPart::builtin(name).unwrap_or_else(|| panic!("{name} does not load"));
            assert_eq!(part.name, name);
            // JESD216: the density is the second word of the table, in bits, less one.
            let density = (4..8).fold(0, |word, n| {
                word | u32::from(part.sfdp.byte(part.sfdp.parameters_at + n)) << (8 * (n - 4))
            });
            assert_eq!(u64::from(density) + 1, 8 * u64::from(part.geometry.size));
            assert_eq!(1 << part.id.jedec[2], part.geometry.size, "capacity code");
        }
    }

    #[test]
    fn a_part_that_makes_no_sense_is_refused() {
        let (_, good) = FILES[1];
        for (from, to) in [
            ("size = 0x800000", "size = 0x800001"),
            ("size = 0x800000", "size = 0x2000000"),
            ("page = 256", "page = 512"),
            ("confidence = \"S\"", ""),
            ("qe_fixed", "qe_fixt"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert!(NorPart::from_toml(&bad).is_err(), "{to}");
        }
    }

    #[test]
    fn a_short_program_takes_a_time_by_its_bytes_and_a_long_one_that_of_a_page() {
        let part = NorPart::builtin("w25q64jv").expect("built in");
        let timing = NorTiming::from_spec(&part.timing, TimingSpec::typical);
        assert_eq!(timing.program(1), Picos::from_micros(30));
        assert_eq!(timing.program(5), Picos::from_micros(40));
        // 30 + 255 * 2.5 = 667.5 us.
        assert_eq!(timing.program(256), Picos::from_nanos(667_500));
        let slowest = NorTiming::from_spec(&part.timing, |t| t.max);
        assert_eq!(
            slowest.program(256),
            Picos::from_millis(3),
            "50 + 255 * 12 us is more"
        );
    }
}
