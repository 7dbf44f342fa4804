//! Unique device id and flash size: words of the system memory that the factory wrote.
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | UID in three words (F1: behind the flash size); flash size in KB in a half-word of its own | cmsis_device_f3 UID_BASE, FLASHSIZE_BASE; chip file | `uid_and_flash_size_read_and_cannot_be_written` |
//! | L1: the third word lies apart | dev_l1 UID_BASE, hal_l1 HAL_GetUIDw2 (offset 0x14) | `the_third_word_of_an_l1_lies_apart` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | what else is in that area (calibration values) | analog | reads are counted as unmodelled |

use flashstall_cpu::FaultKind;

use crate::chip::PeripheralSpec;
use crate::periph::build::{BuildError, word};
use crate::periph::{Cx, Peripheral, Refusal, Register};

/// The words.
#[derive(Clone, Debug)]
pub(super) struct DeviceId {
    uid: [u32; 3],
    /// Offsets of the three words.
    uid_offsets: [u32; 3],
    flash_kb: u32,
    flash_size_offset: u32,
}

impl DeviceId {
    pub(super) fn build(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        let flash_kb = word(spec, "flash_kb")?;
        if flash_kb > u32::from(u16::MAX) {
            return Err(BuildError::bad(
                spec,
                "`flash_kb` does not fit into a half-word",
            ));
        }
        let first = word(spec, "uid_offset")? & !3;
        let third = match word(spec, "uid2_offset")? & !3 {
            0 => first + 8,
            offset => offset,
        };
        Ok(Self {
            uid: [
                word(spec, "uid0")?,
                word(spec, "uid1")?,
                word(spec, "uid2")?,
            ],
            uid_offsets: [first, first + 4, third],
            flash_kb,
            flash_size_offset: word(spec, "flash_size_offset")?,
        })
    }

    /// Which word of the id is at `offset`, if any.
    fn uid_word(&self, offset: u32) -> Option<usize> {
        self.uid_offsets.iter().position(|&at| at == offset)
    }
}

impl Peripheral for DeviceId {
    fn read(&mut self, _cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        if let Some(&word) = self.uid_word(reg.offset).and_then(|n| self.uid.get(n)) {
            return Ok(word);
        }
        if reg.offset == self.flash_size_offset & !3 {
            // The other half-word of this word is not programmed.
            let shift = 8 * (self.flash_size_offset & 2);
            return Ok(self.flash_kb << shift | 0xFFFF_0000u32.rotate_left(shift));
        }
        Err(Refusal::Unmodelled)
    }

    fn write(&mut self, _cx: &mut Cx<'_>, _reg: Register, _value: u32) -> Result<(), Refusal> {
        Err(Refusal::Fault(FaultKind::Refused))
    }

    fn reset(&mut self, _cx: &mut Cx<'_>) {}

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        match self.uid_word(offset) {
            Some(0) => Some("UID0"),
            Some(1) => Some("UID1"),
            Some(2) => Some("UID2"),
            _ if offset == self.flash_size_offset & !3 => Some("FLASHSIZE"),
            _ => None,
        }
    }

    fn boxed_clone(&self) -> Box<dyn Peripheral> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::periph::testbench::{Bench, spec};

    #[test]
    fn uid_and_flash_size_read_and_cannot_be_written() {
        let mut spec = spec("UID");
        let mut b = Bench::new(&spec);
        assert_eq!(b.read(0x20), 0xFFFF_0000 | 256);
        assert_ne!(b.read(0), b.read(4));
        assert_eq!(b.try_write(0, 1), Err(Refusal::Fault(FaultKind::Refused)));
        assert_eq!(b.try_read(0x10), Err(Refusal::Unmodelled));
        spec.params
            .insert("flash_size_offset".into(), crate::chip::Param::Int(0x22));
        assert_eq!(
            Bench::new(&spec).read(0x20),
            256 << 16 | 0xFFFF,
            "in the upper half-word, as on F4"
        );
    }

    #[test]
    fn the_third_word_of_an_l1_lies_apart() {
        let mut b = Bench::on("stm32l151xc", "UID");
        assert_eq!(b.read(0) & 0xFFFF, 256, "flash size");
        assert_eq!(
            (b.read(4), b.read(8), b.read(0x18)),
            (0x0E47_3231, 0x3538_3437, 0x0035_0027)
        );
        assert_eq!(b.try_read(0xC), Err(Refusal::Unmodelled));
    }
}
