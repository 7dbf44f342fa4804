//! Addresses that a scenario names: `0x08008000`, or a symbol.

use flashstall_cpu::Addr;
use flashstall_mcu::chip::{Chip, MemoryKind};

use super::Located;
use super::diagnostic::ScenarioError;
use super::prepare::symbol;
use crate::firmware::Firmware;

type Result<T> = std::result::Result<T, ScenarioError>;

/// `0x08008000`, underscores allowed.
pub(super) fn address(text: &Located<String>) -> Result<Addr> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    digits
        .and_then(|digits| u32::from_str_radix(&digits.replace('_', ""), 16).ok())
        .map(Addr)
        .ok_or_else(|| {
            ScenarioError::at(text, format!("`{}` is not an address", text.value))
                .help("write for example \"0x08008000\"")
        })
}

/// An address or the address of a symbol, from which `length` bytes lie in one memory of the chip.
pub(super) fn memory(
    text: &Located<String>,
    length: u32,
    chip: &Chip,
    firmware: &Firmware,
) -> Result<Addr> {
    let at = if text.starts_with(|c: char| c.is_ascii_digit()) {
        address(text)?
    } else {
        symbol(firmware, text, text)?.address
    };
    if memory_at(chip, at, length).is_none() {
        let message = format!(
            "{length} bytes at {at} do not lie in one memory of {}",
            chip.name
        );
        return Err(ScenarioError::at(text, message).help(memories(chip)));
    }
    Ok(at)
}

/// The kind of the memory that holds all of `length` bytes from `at`.
pub(super) fn memory_at(chip: &Chip, at: Addr, length: u32) -> Option<MemoryKind> {
    let (from, to) = (u64::from(at.0), u64::from(at.0) + u64::from(length));
    let memory = chip.memories.iter().find(|m| {
        let (base, size) = (u64::from(m.base.0), u64::from(m.size));
        (base..base + size).contains(&from) && to <= base + size
    });
    memory.map(|m| m.kind)
}

/// All memories of the chip, for a message.
pub(super) fn memories(chip: &Chip) -> String {
    let all: Vec<String> = chip
        .memories
        .iter()
        .map(|m| {
            let last = m.base.0.wrapping_add(m.size.saturating_sub(1));
            format!("{} {} to {}", m.name, m.base, Addr(last))
        })
        .collect();
    format!("memories: {}", all.join(", "))
}
