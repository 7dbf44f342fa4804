//! Firmware: an ELF file with its load image, its names and its lines.
//!
//! Knows the file format and the chip's memory map; knows nothing of scenarios or of running.

mod attributes;
mod error;
mod header;
mod image;
mod lines;
mod symbols;
mod unwind;

use std::path::{Path, PathBuf};

use flashstall_cpu::Addr;
use flashstall_mcu::chip::Chip;
use flashstall_mcu::log::Snapshot;
use object::{Object as _, ObjectSection as _};

pub use error::ElfError;
pub use header::Segment;
pub use lines::{LineFrame, SourceLocation};
pub use symbols::{Symbol, SymbolError, SymbolKind, Symbols};
pub use unwind::{CallFrame, unwind};

/// A function and a source line, as far as the file tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Address of the instruction.
    pub address: Addr,
    /// The function; of inlined ones the innermost.
    pub function: Option<String>,
    /// The source line.
    pub location: Option<SourceLocation>,
}

impl std::fmt::Display for Place {
    /// `FLASH_ErasePage flash.c:112`, or the address where nothing is known.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.function {
            Some(name) => f.write_str(name)?,
            None => write!(f, "{}", self.address)?,
        }
        match &self.location {
            Some(location) => write!(f, " {}", location.short()),
            None => Ok(()),
        }
    }
}

/// An ELF file that was read and checked for being Arm M-profile firmware.
#[derive(Debug)]
pub struct Firmware {
    /// Where it came from; for embedded files just a name.
    pub path: PathBuf,
    /// What is loaded, in the order of the program headers.
    pub segments: Vec<Segment>,
    /// Names.
    pub symbols: Symbols,
    /// `e_entry` without the Thumb bit.
    pub entry: Addr,
    /// FNV-1a of the whole file: says whether two reports are about the same firmware.
    pub hash: u64,
    lines: Option<lines::Lines>,
    cfi: Vec<u8>,
}

impl Firmware {
    /// Reads an ELF file.
    ///
    /// # Errors
    /// [`ElfError`], with the offset of what is wrong.
    pub fn from_path(path: &Path) -> Result<Self, ElfError> {
        let data = std::fs::read(path).map_err(ElfError::Read)?;
        Self::from_bytes(path, &data)
    }

    /// As [`from_path`](Self::from_path) for a file that is in memory already; `name` is for messages and reports.
    ///
    /// # Errors
    /// [`ElfError`], with the offset of what is wrong.
    pub fn from_bytes(name: &Path, data: &[u8]) -> Result<Self, ElfError> {
        let headers = header::read(data)?;
        let file = object::File::parse(data).map_err(|e| ElfError::Malformed {
            what: "section headers",
            why: e.to_string(),
        })?;
        let section = |name: &str| file.section_by_name(name).and_then(|s| s.data().ok());
        attributes::check(section(".ARM.attributes"), headers.entry)?;
        Ok(Self {
            path: name.to_owned(),
            segments: headers.segments,
            symbols: Symbols::read(&file),
            entry: Addr(headers.entry & !1),
            hash: fnv1a(data),
            lines: lines::Lines::read(&file),
            cfi: section(".debug_frame").unwrap_or_default().to_vec(),
        })
    }

    /// Does the image fit `chip`: memories, overlaps, vector table, entry point?
    ///
    /// # Errors
    /// [`ElfError`], with the addresses that do not fit.
    pub fn check(&self, chip: &Chip) -> Result<(), ElfError> {
        image::check(self, chip)
    }

    /// The word that is loaded at `addr`.
    #[must_use]
    pub fn word(&self, addr: Addr) -> Option<u32> {
        let segment = self.segments.iter().find(|s| s.loads(addr))?;
        let offset = (addr.0 - segment.load.0) as usize;
        let bytes = segment.bytes.get(offset..offset + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }

    /// Function and line at `addr`: the innermost inlined function, else the symbol.
    #[must_use]
    pub fn place(&self, addr: Addr) -> Place {
        self.places(addr).into_iter().next().unwrap_or(Place {
            address: addr,
            function: None,
            location: None,
        })
    }

    /// All functions that `addr` belongs to, the innermost inlined one first; never empty.
    #[must_use]
    pub fn places(&self, addr: Addr) -> Vec<Place> {
        let symbol = self
            .symbols
            .function_at(addr)
            .map(|s| s.display().to_owned());
        let mut places: Vec<Place> = self
            .lines
            .as_ref()
            .map(|l| l.frames(addr))
            .unwrap_or_default()
            .into_iter()
            .map(|frame| Place {
                address: addr,
                function: frame.function,
                location: frame.location,
            })
            .collect();
        match places.last_mut() {
            // The outermost one is the function that the symbol table knows, by its better name.
            Some(outermost) => {
                if outermost.function.is_none() {
                    outermost.function = symbol;
                }
            }
            None => places.push(Place {
                address: addr,
                function: symbol,
                location: None,
            }),
        }
        places
    }

    /// The call chain behind a snapshot, innermost first, inlined functions included.
    #[must_use]
    pub fn call_chain(&self, snapshot: &Snapshot) -> Vec<Place> {
        let frames = unwind(&self.cfi, snapshot);
        // A caller outside of every function is a stack that was read wrong; what came before stands. An
        // interrupted instruction there is a wild jump, and the most interesting frame of all.
        let mut chain = Vec::new();
        for (depth, frame) in frames.iter().enumerate() {
            let places = self.places(frame.pc);
            if depth > 0 && !frame.interrupted && places.iter().all(|p| p.function.is_none()) {
                break;
            }
            chain.extend(places);
        }
        chain
    }
}

pub(crate) fn fnv1a(data: &[u8]) -> u64 {
    data.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
    })
}
