//! The ELF file header and program headers: read with goblin, checked field by field first, so that an error
//! names the field and its offset.

use flashstall_cpu::Addr;
use goblin::elf::header::{EM_386, EM_AARCH64, EM_ARM, EM_RISCV, EM_X86_64};
use goblin::elf::program_header::PT_LOAD;

use super::error::ElfError;

/// Byte-invariant big-endian code, in `e_flags`.
const EF_ARM_BE8: u32 = 0x0080_0000;
/// `Elf32_Ehdr`.
const EHDR_SIZE: u64 = 52;
/// `Elf32_Phdr`.
const PHDR_SIZE: u64 = 32;

/// One PT_LOAD segment with content or size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Index in the program header table.
    pub index: usize,
    /// Where a programmer puts its bytes (`p_paddr`).
    pub load: Addr,
    /// Where it lies when the program runs (`p_vaddr`).
    pub run: Addr,
    /// Size when it runs; more than `bytes` for .bss.
    pub memory_size: u32,
    /// The content.
    pub bytes: Vec<u8>,
}

impl Segment {
    /// Is `addr` among the bytes that are loaded?
    #[must_use]
    pub fn loads(&self, addr: Addr) -> bool {
        u64::from(addr.0).wrapping_sub(u64::from(self.load.0)) < self.bytes.len() as u64
    }
}

/// What the headers say.
#[derive(Clone, Debug)]
pub(super) struct Headers {
    pub entry: u32,
    pub segments: Vec<Segment>,
}

/// Reads the file header and all program headers.
pub(super) fn read(data: &[u8]) -> Result<Headers, ElfError> {
    identify(data)?;
    let elf = goblin::elf::Elf::parse_header(data).map_err(|e| ElfError::Malformed {
        what: "file header",
        why: e.to_string(),
    })?;
    check_kind(elf.e_type, elf.e_machine, elf.e_flags)?;
    let table_end = elf.e_phoff + u64::from(elf.e_phnum) * PHDR_SIZE;
    need(
        data,
        "the program header table (e_phoff)",
        elf.e_phoff,
        table_end,
    )?;
    if elf.e_phnum > 0 && u64::from(elf.e_phentsize) != PHDR_SIZE {
        return Err(ElfError::Malformed {
            what: "file header",
            why: format!(
                "e_phentsize at offset 0x2a is {}, must be {PHDR_SIZE}",
                elf.e_phentsize
            ),
        });
    }
    let ctx = goblin::container::Ctx::new(
        goblin::container::Container::Little,
        goblin::container::Endian::Little,
    );
    let offset = usize::try_from(elf.e_phoff).unwrap_or(usize::MAX);
    let headers = goblin::elf::ProgramHeader::parse(data, offset, usize::from(elf.e_phnum), ctx)
        .map_err(|e| ElfError::Malformed {
            what: "program header table",
            why: e.to_string(),
        })?;
    let mut segments = Vec::new();
    for (index, header) in headers.iter().enumerate() {
        if header.p_type != PT_LOAD || header.p_memsz == 0 {
            continue;
        }
        segments.push(segment(data, index, header)?);
    }
    // Section headers are not needed to run, but symbols and lines hang on them: a cut file must not
    // silently lose its names.
    let shend = elf.e_shoff + u64::from(elf.e_shnum) * u64::from(elf.e_shentsize);
    need(
        data,
        "the section header table (e_shoff)",
        elf.e_shoff,
        shend,
    )?;
    Ok(Headers {
        entry: u32::try_from(elf.e_entry).unwrap_or(u32::MAX),
        segments,
    })
}

fn identify(data: &[u8]) -> Result<(), ElfError> {
    let magic = data.get(..4.min(data.len())).unwrap_or_default();
    if magic != b"\x7fELF" {
        let found = match data.len() {
            0 => "nothing (the file is empty)".to_owned(),
            _ => magic
                .iter()
                .map(|b| format!("{b:02x}"))
                .collect::<Vec<_>>()
                .join(" "),
        };
        return Err(ElfError::NotElf { found });
    }
    need(data, "e_ident", 0, 16)?;
    match data[4] {
        1 => {}
        2 => return Err(ElfError::Class64),
        class => return Err(ElfError::BadClass { class }),
    }
    if data[5] == 2 {
        return Err(ElfError::BigEndian {
            at: "EI_DATA at offset 0x5 is 2",
        });
    }
    need(data, "the file header", 0, EHDR_SIZE)
}

fn check_kind(kind: u16, machine: u16, flags: u32) -> Result<(), ElfError> {
    if machine != EM_ARM {
        let name = match machine {
            EM_AARCH64 => "AArch64",
            EM_RISCV => "RISC-V",
            EM_X86_64 => "x86-64",
            EM_386 => "x86",
            _ => "another machine",
        };
        return Err(ElfError::Machine { machine, name });
    }
    let what = match kind {
        2 => None,
        1 => Some("an object file"),
        3 => Some("a shared library or position-independent executable"),
        4 => Some("a core dump"),
        _ => Some("of an unknown type"),
    };
    if let Some(what) = what {
        return Err(ElfError::NotExecutable { kind, what });
    }
    if flags & EF_ARM_BE8 != 0 {
        return Err(ElfError::BigEndian {
            at: "EF_ARM_BE8 in e_flags at offset 0x24",
        });
    }
    Ok(())
}

fn segment(
    data: &[u8],
    index: usize,
    header: &goblin::elf::ProgramHeader,
) -> Result<Segment, ElfError> {
    let what = || format!("segment {index}");
    let end = header.p_offset.saturating_add(header.p_filesz);
    need(data, &what(), header.p_offset, end)?;
    if header.p_filesz > header.p_memsz {
        return Err(ElfError::Malformed {
            what: "program header",
            why: format!("segment {index} has more bytes in the file than in memory"),
        });
    }
    let range = header.p_offset as usize..end as usize;
    Ok(Segment {
        index,
        load: Addr(header.p_paddr as u32),
        run: Addr(header.p_vaddr as u32),
        memory_size: header.p_memsz as u32,
        bytes: data.get(range).unwrap_or_default().to_vec(),
    })
}

fn need(data: &[u8], what: &str, start: u64, end: u64) -> Result<(), ElfError> {
    let size = data.len() as u64;
    if end > size && end > start {
        return Err(ElfError::Truncated {
            what: what.to_owned(),
            start,
            end,
            size,
        });
    }
    Ok(())
}
