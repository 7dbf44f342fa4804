//! How long each kind of operation takes on this machine.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | the erase of a sector takes a time by its size and by the parallelism that is set | DS9405 table 48 | `a_sector_takes_its_time_by_size_and_parallelism` |
//! | a bank takes as long as everything, unless the chip file says otherwise | DS9405 table 48: one row for both | same |

use crate::Picos;
use crate::chip::{TimingSpec, TimingsSpec};

/// Sizes of sectors that a part can have.
const SIZES: usize = 4;
/// Parallelisms: 8, 16, 32 and 64 bits.
const WIDTHS: usize = 4;

/// How many bits an operation works on at a time, as firmware sets it (F4: PSIZE).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parallelism {
    /// 8 bits.
    X8,
    /// 16 bits.
    X16,
    /// 32 bits, and all parts that have no choice.
    #[default]
    X32,
    /// 64 bits, with an external programming voltage.
    X64,
}

impl Parallelism {
    const fn of_bits(bits: u8) -> Self {
        match bits {
            8 => Self::X8,
            16 => Self::X16,
            64 => Self::X64,
            _ => Self::X32,
        }
    }
}

/// Which duration applies to an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Erase of a page, or of the option bytes.
    PageErase,
    /// Erase of a sector of `size` bytes.
    SectorErase {
        /// Bytes in the sector.
        size: u32,
        /// Parallelism that is set.
        parallelism: Parallelism,
    },
    /// Erase of one bank.
    BankErase(Parallelism),
    /// Erase of all main flash.
    MassErase(Parallelism),
    /// Programming of one unit, whatever its width, and of option bytes.
    Program,
    /// Programming of a row (L4) or a half page (L1) in one operation.
    Row,
    /// Write to the data EEPROM that needs no erase.
    Eeprom,
    /// Write to the data EEPROM with the erase before it.
    EepromErase,
}

/// How long operations take on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlashTiming {
    /// Erase of one page, and of the option bytes; on a part with sectors, of the largest at 32 bits.
    pub page_erase: Picos,
    /// Erase of all main flash, at 32 bits.
    pub mass_erase: Picos,
    /// Programming of one unit.
    pub program: Picos,
    /// Programming of a row or half page; as long as a unit where the part has none.
    pub row: Picos,
    /// Write to the data EEPROM without erase.
    pub eeprom: Picos,
    /// Write to the data EEPROM with erase.
    pub eeprom_erase: Picos,
    /// Sizes of sectors, 0 for none, and their times by parallelism.
    sectors: [(u32, [Picos; WIDTHS]); SIZES],
    mass_by_width: [Picos; WIDTHS],
    bank_by_width: [Picos; WIDTHS],
}

impl FlashTiming {
    /// The timings of a part of uniform pages: everything else takes as long as the operation that it is like.
    #[must_use]
    pub const fn of_pages(page_erase: Picos, mass_erase: Picos, program: Picos) -> Self {
        Self {
            page_erase,
            mass_erase,
            program,
            row: program,
            eeprom: program,
            eeprom_erase: page_erase,
            sectors: [(0, [page_erase; WIDTHS]); SIZES],
            mass_by_width: [mass_erase; WIDTHS],
            bank_by_width: [mass_erase; WIDTHS],
        }
    }

    /// The timings of a chip file; `pick` chooses the column.
    #[must_use]
    pub fn from_spec(spec: &TimingsSpec, pick: impl Fn(&TimingSpec) -> Picos) -> Self {
        let at_32_bits = spec
            .parallel
            .iter()
            .find(|p| p.bits == 32)
            .or(spec.parallel.last());
        let largest = at_32_bits.and_then(|p| p.sectors.iter().max_by_key(|s| s.size));
        let program = pick(&spec.program);
        let page = spec.page_erase.as_ref().or(largest.map(|s| &s.time));
        let mass = spec
            .mass_erase
            .as_ref()
            .or(at_32_bits.map(|p| &p.mass_erase));
        let (page, mass) = (page.map_or(program, &pick), mass.map_or(program, &pick));
        let mut timing = Self::of_pages(page, mass, program);
        timing.row = spec.row.as_ref().map_or(timing.row, &pick);
        timing.eeprom = spec.eeprom.as_ref().map_or(timing.eeprom, &pick);
        timing.eeprom_erase = spec
            .eeprom_erase
            .as_ref()
            .map_or(timing.eeprom_erase, &pick);
        timing.bank_by_width = [spec.bank_erase.as_ref().map_or(mass, &pick); WIDTHS];
        for p in &spec.parallel {
            let width = Parallelism::of_bits(p.bits) as usize;
            timing.mass_by_width[width] = pick(&p.mass_erase);
            timing.bank_by_width[width] = pick(p.bank_erase.as_ref().unwrap_or(&p.mass_erase));
            for s in &p.sectors {
                timing.set_sector(s.size, Some(width), pick(&s.time));
            }
        }
        timing
    }

    /// All erases of a page or sector take `time`.
    pub fn set_page_erase(&mut self, time: Picos) {
        self.page_erase = time;
        for (_, times) in &mut self.sectors {
            *times = [time; WIDTHS];
        }
    }

    /// The erase of a sector of `size` bytes takes `time` at any parallelism.
    pub fn set_sector_erase(&mut self, size: u32, time: Picos) {
        self.set_sector(size, None, time);
    }

    /// The erase of a bank or of everything takes `time` at any parallelism.
    pub const fn set_mass_erase(&mut self, time: Picos) {
        self.mass_erase = time;
        self.mass_by_width = [time; WIDTHS];
        self.bank_by_width = [time; WIDTHS];
    }

    /// For the size's entry, or the first free one; more sizes than [`SIZES`] no part has.
    fn set_sector(&mut self, size: u32, width: Option<usize>, time: Picos) {
        let entry = self
            .sectors
            .iter_mut()
            .find(|(entry, _)| *entry == size || *entry == 0);
        if let Some((entry, times)) = entry {
            *entry = size;
            match width {
                Some(width) => times[width] = time,
                None => *times = [time; WIDTHS],
            }
        }
    }

    /// The time that an operation takes.
    #[must_use]
    pub fn of(&self, takes: Takes) -> Picos {
        match takes {
            Takes::PageErase => self.page_erase,
            Takes::SectorErase { size, parallelism } => self
                .sectors
                .iter()
                .find(|(entry, _)| *entry == size)
                .map_or(self.page_erase, |(_, times)| times[parallelism as usize]),
            Takes::BankErase(parallelism) => self.bank_by_width[parallelism as usize],
            Takes::MassErase(parallelism) => self.mass_by_width[parallelism as usize],
            Takes::Program => self.program,
            Takes::Row => self.row,
            Takes::Eeprom => self.eeprom,
            Takes::EepromErase => self.eeprom_erase,
        }
    }

    /// Every time that an operation can take.
    pub fn all(&self) -> impl Iterator<Item = Picos> {
        [
            self.page_erase,
            self.mass_erase,
            self.program,
            self.row,
            self.eeprom,
            self.eeprom_erase,
        ]
        .into_iter()
        .chain(self.sectors.into_iter().flat_map(|(_, times)| times))
        .chain(self.mass_by_width)
        .chain(self.bank_by_width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::{Confidence, ParallelSpec, SectorTimingSpec};

    fn time(ms: u64) -> TimingSpec {
        TimingSpec {
            min: None,
            typ: Some(Picos::from_millis(ms)),
            max: Picos::from_millis(2 * ms),
            source: "DS9405 table 48".to_owned(),
            confidence: Confidence::S,
        }
    }

    #[test]
    fn a_sector_takes_its_time_by_size_and_parallelism() {
        let parallel = |bits, small, large, mass| ParallelSpec {
            bits,
            sectors: [(0x4000, small), (0x2_0000, large)]
                .map(|(size, ms)| SectorTimingSpec {
                    size,
                    time: time(ms),
                })
                .into(),
            mass_erase: time(mass),
            bank_erase: None,
        };
        let spec = TimingsSpec {
            page_erase: None,
            mass_erase: None,
            bank_erase: None,
            program: time(1),
            row: None,
            eeprom: None,
            eeprom_erase: None,
            parallel: vec![
                parallel(8, 400, 2000, 16_000),
                parallel(32, 250, 1000, 8_000),
            ],
        };
        let timing = FlashTiming::from_spec(&spec, TimingSpec::typical);
        let sector = |size, parallelism| timing.of(Takes::SectorErase { size, parallelism }).0;
        assert_eq!(sector(0x4000, Parallelism::X8), Picos::from_millis(400).0);
        assert_eq!(
            sector(0x2_0000, Parallelism::X32),
            Picos::from_millis(1000).0
        );
        assert_eq!(
            timing.page_erase,
            Picos::from_millis(1000),
            "the largest at 32 bits"
        );
        assert_eq!(
            timing.of(Takes::BankErase(Parallelism::X8)),
            Picos::from_millis(16_000)
        );
        let longest = FlashTiming::from_spec(&spec, |t| t.max);
        assert_eq!(
            longest.of(Takes::MassErase(Parallelism::X32)),
            Picos::from_millis(16_000)
        );
        let mut own = timing;
        own.set_sector_erase(0x4000, Picos(7));
        assert_eq!(
            own.of(Takes::SectorErase {
                size: 0x4000,
                parallelism: Parallelism::X8
            }),
            Picos(7)
        );
        own.set_page_erase(Picos(5));
        assert_eq!(
            own.of(Takes::SectorErase {
                size: 0x2_0000,
                parallelism: Parallelism::X8
            }),
            Picos(5)
        );
    }
}
