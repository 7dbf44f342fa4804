//! As much of ELF as our own firmware needs: what is loaded, and where symbols are.

use flashstall_cpu::Addr;
use flashstall_mcu::machine::Machine;

/// A firmware image of `firmware-under-test`.
pub struct Elf {
    bytes: Vec<u8>,
}

impl Elf {
    /// `page-bootloader/elf/f429-uart-plain`
    pub fn open(name: &str) -> Self {
        let path = format!(
            "{}/../../firmware-under-test/{name}.elf",
            env!("CARGO_MANIFEST_DIR")
        );
        let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
        assert_eq!(bytes[..6], *b"\x7FELF\x01\x01", "32 bits, little-endian");
        Self { bytes }
    }

    fn word(&self, at: u32) -> u32 {
        let at = at as usize;
        u32::from_le_bytes(self.bytes[at..at + 4].try_into().expect("four bytes"))
    }

    fn half(&self, at: u32) -> u32 {
        self.word(at) & 0xFFFF
    }

    /// Loads every segment to its physical address.
    pub fn load(&self, machine: &mut Machine) {
        let (table, size, count) = (self.word(28), self.half(42), self.half(44));
        for n in 0..count {
            let at = table + n * size;
            let [kind, offset, _, address, length] = [0, 4, 8, 12, 16].map(|o| self.word(at + o));
            if kind == 1 && length > 0 {
                let bytes = &self.bytes[offset as usize..(offset + length) as usize];
                machine.load(Addr(address), bytes).expect("it fits");
            }
        }
    }

    /// Address of the symbol `name`, without the Thumb bit.
    pub fn symbol(&self, name: &str) -> u32 {
        let (table, size, count) = (self.word(32), self.half(46), self.half(48));
        let section = |n: u32| [4, 16, 20, 24].map(|o| self.word(table + n * size + o));
        for n in 0..count {
            let [kind, offset, length, strings] = section(n);
            if kind != 2 {
                continue;
            }
            let names = section(strings)[1];
            for at in (offset..offset + length).step_by(16) {
                let start = (names + self.word(at)) as usize;
                let text = self.bytes[start..].split(|b| *b == 0).next();
                if text == Some(name.as_bytes()) {
                    return self.word(at + 4) & !1;
                }
            }
        }
        panic!("no symbol {name}");
    }
}
