//! Option bytes. On F1 and F3 eight half-words, each a byte and its complement, which are loaded here; on the other families an
//! image of words that their controllers load and show.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | FPEC computes the complement of the byte that is programmed | RM0364 option byte programming (S proxy) | `fpec::option_bytes_are_erased_programmed_and_loaded` |
//! | a byte whose complement does not fit loads as 0xFF and sets OPTERR | RM0364 option byte loading (S proxy) | `a_pair_that_does_not_fit_loads_as_ff` |
//! | F1: 0xA5 is unprotected; OBR: OPTERR, RDPRT, three USER bits, data at 10 and 18 | svd/STM32F103.svd; RM0008 option bytes (M) | `the_f1_shows_them_in_its_own_way` |
//! | level of read protection: 0xAA is 0, 0xCC is 2, all else 1 | RM0364 read protection (S proxy) | `a_pair_that_does_not_fit_loads_as_ff` |
//!
//! | left out | why | what happens when firmware touches it |
//! |---|---|---|
//! | the mass erase that lowering the protection level triggers | no firmware under test does it | the level changes, main flash stays |
//! | effects of USER bits (hardware watchdog, resets on Stop, nBOOT1) | USER is loaded and shown in OBR only | no effect |

use flashstall_cpu::Size;

use crate::chip::{OptionBytesSpec, OptionLayout};
use crate::memory::Memory;

const RDP: u32 = 0;
const USER: u32 = 2;
const DATA0: u32 = 4;
const DATA1: u32 = 6;
const WRP: [u32; 4] = [8, 10, 12, 14];

/// The option bytes, and what was loaded from them.
#[derive(Clone, Debug)]
pub struct OptionBytes {
    memory: Memory,
    layout: OptionLayout,
    obr: u32,
    wrpr: u32,
}

impl OptionBytes {
    /// As the part leaves the factory.
    #[must_use]
    pub fn new(spec: &OptionBytesSpec) -> Self {
        if spec.layout == OptionLayout::Words {
            let mut memory = Memory::new(spec.base.0, 4 * spec.words.len() as u32, 0xFF);
            for (offset, &word) in (0..).step_by(4).zip(&spec.words) {
                memory.write(offset, Size::Word, word);
            }
            return Self {
                memory,
                layout: spec.layout,
                obr: 0,
                wrpr: 0,
            };
        }
        let mut memory = Memory::new(spec.base.0, 16, 0xFF);
        for (offset, &byte) in (0..).step_by(2).zip(&spec.factory) {
            memory.write(offset, Size::Half, pair(byte));
        }
        let mut options = Self {
            memory,
            layout: spec.layout,
            obr: 0,
            wrpr: 0,
        };
        options.load();
        options
    }

    /// First address.
    #[must_use]
    pub const fn base(&self) -> u32 {
        self.memory.base()
    }

    /// Size in bytes.
    #[must_use]
    pub const fn size(&self) -> u32 {
        self.memory.size()
    }

    /// FLASH_OBR as last loaded.
    #[must_use]
    pub const fn obr(&self) -> u32 {
        self.obr
    }

    /// FLASH_WRPR as last loaded: a 0 protects.
    #[must_use]
    pub const fn wrpr(&self) -> u32 {
        self.wrpr
    }

    /// Reads the bytes themselves.
    #[must_use]
    pub fn read(&self, offset: u32, size: Size) -> Option<u32> {
        self.memory.read(offset, size)
    }

    /// Distance of `addr` from the base, if it lies inside.
    #[must_use]
    pub const fn offset(&self, addr: u32) -> Option<u32> {
        self.memory.offset(addr)
    }

    /// Copies `bytes` to `offset`, as a programmer would. False if they do not fit.
    pub(crate) fn poke(&mut self, offset: u32, bytes: &[u8]) -> bool {
        let fits = self.memory.poke(offset, bytes);
        self.load();
        fits
    }

    pub(super) fn erase(&mut self) {
        self.memory.fill(0, self.memory.size(), 0xFF);
    }

    /// `bytes` are programmed at `offset`: the first with its complement on F1 and F3, else all of them as they are.
    pub(super) fn program(&mut self, offset: u32, bytes: &[u8]) {
        if self.layout == OptionLayout::Words {
            self.memory.poke(offset, bytes);
            return;
        }
        let byte = bytes.first().copied().unwrap_or(0xFF);
        let old = self
            .memory
            .read(offset & !1, Size::Half)
            .unwrap_or_default();
        self.memory.write(offset & !1, Size::Half, old & pair(byte));
    }

    /// Loads OBR and WRPR, as every system reset does.
    pub(crate) fn load(&mut self) {
        if self.layout == OptionLayout::Words {
            return;
        }
        let mut error = false;
        let mut byte = |at: u32| {
            let half = self.memory.read(at, Size::Half).unwrap_or_default();
            let fits = half == pair(half as u8);
            // An erased pair (0xFFFF) is no fault of the complement, and loads as 0xFF.
            error |= !fits && half != 0xFFFF;
            if fits { half & 0xFF } else { 0xFF }
        };
        let rdp = byte(RDP);
        let (user, data0, data1) = (byte(USER), byte(DATA0), byte(DATA1));
        self.wrpr = WRP.iter().rev().fold(0, |all, &at| all << 8 | byte(at));
        let shown = match self.layout {
            OptionLayout::F1 => {
                data1 << 18 | data0 << 10 | (user & 7) << 2 | u32::from(rdp != 0xA5) << 1
            }
            OptionLayout::F3 | OptionLayout::Words => {
                data1 << 24 | data0 << 16 | user << 8 | level(rdp) << 1
            }
        };
        self.obr = shown | u32::from(error);
    }
}

/// OBR.RDPRT of the F3.
const fn level(rdp: u32) -> u32 {
    match rdp {
        0xAA => 0,
        0xCC => 3,
        _ => 1,
    }
}

/// A byte with its complement above it.
fn pair(byte: u8) -> u32 {
    u32::from(byte) | u32::from(!byte) << 8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::Chip;

    #[test]
    fn the_f1_shows_them_in_its_own_way() {
        let Some(chip) = Chip::builtin("stm32f103xb") else {
            panic!("built in")
        };
        let mut options = OptionBytes::new(&chip.flash.option_bytes);
        assert_eq!(options.obr(), 0x03FF_FC1C, "the SVD's reset value");
        options.erase();
        options.load();
        assert_eq!(options.obr(), 0x03FF_FC1E, "erased is protected");
    }

    #[test]
    fn a_pair_that_does_not_fit_loads_as_ff() {
        let Some(chip) = Chip::builtin("stm32f303xc") else {
            panic!("built in")
        };
        let mut options = OptionBytes::new(&chip.flash.option_bytes);
        assert_eq!(
            (options.obr(), options.wrpr()),
            (0xFFFF_FF00, 0xFFFF_FFFF),
            "factory: level 0"
        );
        options.poke(4, &[0x12, 0x34]);
        assert_eq!(options.obr(), 0xFFFF_FF01, "OPTERR, and DATA0 as 0xFF");
        options.poke(4, &[0x12, 0xED]);
        assert_eq!(options.obr(), 0xFF12_FF00);
        options.erase();
        options.load();
        assert_eq!(options.obr(), 0xFFFF_FF02, "erased RDP is level 1");
        options.program(0, &[0xCC]);
        options.load();
        assert_eq!(options.obr(), 0xFFFF_FF06, "level 2");
    }
}
