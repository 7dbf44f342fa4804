//! What an image says about the part it was built for, without running it.

use flashstall_cpu::Addr;

use crate::firmware::{Firmware, SymbolKind, Symbols};

/// More vectors than any part has.
const MOST_VECTORS: u32 = 16 + 240;

/// Facts, each with how it was found in its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Where the vector table is: the start of the lowest segment that has bytes.
    pub table: u32,
    /// Its first word: where the stack begins.
    pub initial_sp: u32,
    /// Entries up to the first word that is no handler.
    pub vectors: u32,
    /// Functions whose names say that they erase or program flash, in order of address.
    pub flash_functions: Vec<String>,
}

impl Evidence {
    /// Reads an image.
    #[must_use]
    pub fn of(firmware: &Firmware) -> Self {
        let with_bytes = firmware.segments.iter().filter(|s| !s.bytes.is_empty());
        let table = with_bytes.map(|s| s.load.0).min().unwrap_or_default();
        let word = |n: u32| firmware.word(Addr(table.wrapping_add(4 * n)));
        let code = |word: u32| {
            // A handler may be in RAM, where its segment runs and is not loaded.
            word & 1 == 1
                && firmware.segments.iter().any(|s| {
                    word.wrapping_sub(s.run.0) < s.memory_size
                        || word.wrapping_sub(s.load.0) < s.bytes.len() as u32
                })
        };
        let vectors = (1..MOST_VECTORS)
            .take_while(|n| word(*n).is_some_and(|w| w == 0 || code(w)))
            .count();
        Self {
            table,
            initial_sp: word(0).unwrap_or_default(),
            vectors: 1 + vectors as u32,
            flash_functions: flash_functions(&firmware.symbols),
        }
    }
}

fn flash_functions(symbols: &Symbols) -> Vec<String> {
    let mut found: Vec<_> = symbols
        .iter()
        .filter(|s| s.kind == SymbolKind::Function)
        .filter(|s| {
            let name = s.name.to_lowercase();
            name.contains("flash")
                && (name.contains("erase") || name.contains("program") || name.contains("write"))
        })
        .map(|s| (s.address, s.name.clone()))
        .collect();
    found.sort();
    found.dedup();
    found.into_iter().map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_table_and_the_flash_functions_of_the_synthesiser() {
        let elf = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("firmware-under-test/hawk-midi/elf/before.elf");
        let evidence = Evidence::of(&Firmware::from_path(&elf).unwrap());
        assert_eq!(evidence.table, 0x0800_0000);
        assert_eq!(evidence.initial_sp, 0x2000_A000);
        assert_eq!(evidence.vectors, 16 + 82);
        assert_eq!(
            evidence.flash_functions,
            ["FLASH_ErasePage", "FLASH_ProgramWord"]
        );
    }
}
