//! `[[patch]]`: parameters of the firmware that are changed in the image before power comes up.

use flashstall_cpu::Addr;
use flashstall_mcu::chip::{Chip, MemoryKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::diagnostic::ScenarioError;
use super::{Located, place, prepare, traffic};
use crate::firmware::Firmware;

/// `[[patch]]`: `symbol` or `address`, and `words` or `bytes`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PatchTable {
    /// A variable with an initial value (in .data or .rodata): its value in the image is changed, from its first byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symbol: Option<Located<String>>,
    /// An address in flash, or where the image will be at run time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Located<String>>,
    /// 32-bit words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Located<Vec<u32>>>,
    /// Bytes as hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Located<String>>,
}

type Result<T> = std::result::Result<T, ScenarioError>;

/// Where it goes in the image, and what.
pub(super) fn patch(
    table: &Located<PatchTable>,
    chip: &Chip,
    firmware: &Firmware,
) -> Result<(Addr, Vec<u8>)> {
    let bytes = match (&table.words, &table.bytes) {
        (Some(words), None) => words.iter().flat_map(|w| w.to_le_bytes()).collect(),
        (None, Some(hex)) => traffic::parse_hex(hex)?,
        _ => {
            let message = "a patch has `words` or `bytes`, one of them";
            return Err(ScenarioError::at(table, message));
        }
    };
    if bytes.is_empty() {
        return Err(ScenarioError::at(table, "a patch of no bytes"));
    }
    match (&table.symbol, &table.address) {
        (Some(name), None) => {
            let symbol = prepare::symbol(firmware, name, name)?;
            if symbol.size != 0 && bytes.len() > symbol.size as usize {
                let message = format!(
                    "{} bytes do not fit `{}`, which has {}",
                    bytes.len(),
                    name.value,
                    symbol.size
                );
                return Err(ScenarioError::at(name, message));
            }
            let at = load_address(firmware, symbol.address, bytes.len());
            at.map(|at| (at, bytes)).ok_or_else(|| {
                let message = format!("`{}` has no initial value in the image", name.value);
                ScenarioError::at(name, message)
                    .help("a variable in .bss is cleared by the start-up code; give it a value in the source")
            })
        }
        (None, Some(text)) => {
            let at = place::address(text)?;
            let at = load_address(firmware, at, bytes.len()).unwrap_or(at);
            match place::memory_at(chip, at, bytes.len() as u32) {
                Some(MemoryKind::Sram | MemoryKind::Ccm | MemoryKind::System) | None => {
                    let message = format!(
                        "{} bytes at {at} are not in the flash of {}",
                        bytes.len(),
                        chip.name
                    );
                    Err(ScenarioError::at(text, message).help(place::memories(chip)))
                }
                Some(_) => Ok((at, bytes)),
            }
        }
        _ => Err(ScenarioError::at(
            table,
            "a patch goes to a `symbol` or an `address`, one of them",
        )),
    }
}

/// Where the initial value of `length` bytes at run address `at` lies in the image.
fn load_address(firmware: &Firmware, at: Addr, length: usize) -> Option<Addr> {
    let (from, to) = (u64::from(at.0), u64::from(at.0) + length as u64);
    let segment = firmware.segments.iter().find(|s| {
        let run = u64::from(s.run.0);
        (run..run + s.bytes.len() as u64).contains(&from) && to <= run + s.bytes.len() as u64
    })?;
    Some(Addr(segment.load.0 + (at.0 - segment.run.0)))
}
