//! CRC unit of F1, L1 and F4: one polynomial, words.
//!
//! Sources: svd/STM32F103.svd (offsets, reset values); RM0008 ch. 4, from memory \[M\].
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | a word written to DR is taken in; DR reads the result | RM0008 CRC_DR | `the_check_value_of_crc_32_mpeg_2` |
//! | RESET loads all ones | RM0008 CRC_CR | `reset_loads_all_ones_and_idr_stays` |
//! | IDR keeps a byte, over RESET too | RM0008 CRC_IDR | `reset_loads_all_ones_and_idr_stays` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | narrow writes to DR | the manual knows words only | the word with the other lanes 0 is taken |
//! | the 4 cycles of a word | a few cycles | the result is there at once |

use crate::periph::registers::{Names, name_of};
use crate::periph::{Cx, Peripheral, Refusal, Register};

const DR: u32 = 0x00;
const IDR: u32 = 0x04;
const CR: u32 = 0x08;

const NAMES: Names = &[(DR, "DR"), (IDR, "IDR"), (CR, "CR")];

/// The Ethernet polynomial.
const POLYNOMIAL: u32 = 0x04C1_1DB7;
/// CRC_CR.RESET.
const RESET: u32 = 1;

/// The CRC unit.
#[derive(Clone, Debug)]
pub(super) struct CrcV1 {
    value: u32,
    idr: u32,
}

impl CrcV1 {
    pub(super) const fn new() -> Self {
        Self { value: !0, idr: 0 }
    }

    fn feed(&mut self, word: u32) {
        self.value = (0..32).fold(self.value ^ word, |value, _| {
            value << 1 ^ if value >> 31 != 0 { POLYNOMIAL } else { 0 }
        });
    }
}

impl Peripheral for CrcV1 {
    fn read(&mut self, _cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        match reg.offset {
            DR => Ok(self.value),
            IDR => Ok(self.idr),
            CR => Ok(0),
            _ => Err(Refusal::Unmodelled),
        }
    }

    fn write(&mut self, _cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        match reg.offset {
            DR => self.feed(value),
            IDR => self.idr = reg.merge(self.idr, value) & 0xFF,
            CR if value & RESET != 0 => self.value = !0,
            CR => {}
            _ => return Err(Refusal::Unmodelled),
        }
        Ok(())
    }

    fn reset(&mut self, _cx: &mut Cx<'_>) {
        *self = Self::new();
    }

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        name_of(NAMES, offset)
    }

    fn boxed_clone(&self) -> Box<dyn Peripheral> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::periph::testbench::Bench;

    #[test]
    fn the_check_value_of_crc_32_mpeg_2() {
        let mut b = Bench::on("stm32f103xb", "CRC");
        // Bit by bit over the same bytes, as the catalogue defines it.
        let bytes = *b"12345678";
        let expected = bytes.iter().fold(!0u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte) << 24, |crc, _| {
                crc << 1 ^ if crc >> 31 != 0 { POLYNOMIAL } else { 0 }
            })
        });
        for word in bytes.chunks(4) {
            b.write(DR, word.iter().fold(0, |w, byte| w << 8 | u32::from(*byte)));
        }
        assert_eq!(b.read(DR), expected);
    }

    #[test]
    fn reset_loads_all_ones_and_idr_stays() {
        let mut b = Bench::on("stm32f103xb", "CRC");
        b.write(DR, 0);
        assert_eq!(b.read(DR), 0xC704_DD7B, "CRC-32/MPEG-2 of four zero bytes");
        b.write(IDR, 0x1A5);
        b.write(CR, RESET);
        assert_eq!((b.read(DR), b.read(IDR)), (!0, 0xA5));
    }
}
