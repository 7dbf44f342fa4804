//! What can be wrong with an ELF file.

use flashstall_cpu::Addr;

/// Why an ELF file cannot be run. Each variant says where in the file, or at which address.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ElfError {
    /// The file cannot be read.
    #[error("cannot read the file")]
    Read(#[source] std::io::Error),
    /// The first four bytes are not `7f 45 4c 46`.
    #[error("not an ELF file: it begins with {found}, not with 7f 45 4c 46")]
    NotElf {
        /// The first bytes, in hex.
        found: String,
    },
    /// ELFCLASS64.
    #[error("a 64-bit ELF file (EI_CLASS at offset 0x4 is 2): Cortex-M firmware is 32-bit")]
    Class64,
    /// EI_CLASS is neither 1 nor 2.
    #[error("EI_CLASS at offset 0x4 is {class}: neither 32-bit (1) nor 64-bit (2)")]
    BadClass {
        /// The byte.
        class: u8,
    },
    /// Big-endian data, or byte-invariant big-endian code.
    #[error("big-endian ({at}): STM32 firmware is little-endian")]
    BigEndian {
        /// Which field says so.
        at: &'static str,
    },
    /// Another architecture.
    #[error("built for {name} (e_machine at offset 0x12 is {machine}), not for Arm (40)")]
    Machine {
        /// `e_machine`.
        machine: u16,
        /// Its name, or `another machine`.
        name: &'static str,
    },
    /// An object file, a shared library or a core dump.
    #[error("{what} (e_type at offset 0x10 is {kind}), not a linked executable")]
    NotExecutable {
        /// `e_type`.
        kind: u16,
        /// What that is.
        what: &'static str,
    },
    /// Something reaches past the end of the file.
    #[error("truncated: {what} needs bytes {start:#x}..{end:#x}, the file ends at {size:#x}")]
    Truncated {
        /// Which header or segment.
        what: String,
        /// First offset needed.
        start: u64,
        /// One past the last offset needed.
        end: u64,
        /// Length of the file.
        size: u64,
    },
    /// A header contradicts itself.
    #[error("malformed {what}: {why}")]
    Malformed {
        /// Which header.
        what: &'static str,
        /// What the parser said.
        why: String,
    },
    /// Built for an A- or R-profile processor, or for one that no chip here has.
    #[error("built for {built_for} ({at}): this chip has an ARMv7-M core")]
    Profile {
        /// The profile or architecture.
        built_for: String,
        /// Where the file says so.
        at: &'static str,
    },
    /// No PT_LOAD segment with content.
    #[error("nothing to load: no PT_LOAD segment with content")]
    NothingToLoad,
    /// A segment lies where the chip has no memory.
    #[error("segment {index} ({which} {start}..{end}) lies outside of the memories of {chip}")]
    OutsideMemory {
        /// Index in the program header table.
        index: usize,
        /// `load address` or `run address`.
        which: &'static str,
        /// First address.
        start: Addr,
        /// One past the last address.
        end: Addr,
        /// The chip.
        chip: String,
    },
    /// A segment begins in a memory and ends behind it.
    #[error(
        "larger than {memory}: segment {index} ends at {end}, {memory} ({size} KB) of {chip} ends at {limit}"
    )]
    TooLarge {
        /// Index in the program header table.
        index: usize,
        /// Name of the memory.
        memory: String,
        /// One past the last address of the segment.
        end: Addr,
        /// One past the last address of the memory.
        limit: Addr,
        /// Size of the memory in KB.
        size: u32,
        /// The chip.
        chip: String,
    },
    /// Two segments are loaded to the same place.
    #[error("segments {first} and {second} overlap at {at}")]
    Overlap {
        /// Index of one.
        first: usize,
        /// Index of the other.
        second: usize,
        /// The first address that both claim.
        at: Addr,
    },
    /// There is no vector table where the core looks for it.
    #[error("no vector table at {at}: {why}")]
    NoVectorTable {
        /// The boot address.
        at: Addr,
        /// What stands there instead.
        why: String,
    },
    /// `e_entry` points to nothing that was loaded.
    #[error("the entry point {entry} (e_entry at offset 0x18) is outside of every loaded segment")]
    Entry {
        /// `e_entry` with bit 0 cleared.
        entry: Addr,
    },
}
