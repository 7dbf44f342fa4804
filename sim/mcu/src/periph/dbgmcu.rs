//! Debug support.
//!
//! Sources: svd/STM32F303.svd; the value of IDCODE is in the chip file.
//! Offsets, bits and reset values were compared with the SVD. Behaviour that is cited by manual section is from memory \[M\] unless
//! the row says otherwise: neither RM0316 nor these chapters of RM0364 were available.
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | IDCODE | chip file | `idcode_is_the_chips_and_the_rest_is_kept` |
//! | CR, APB1FZ, APB2FZ keep what is written; a system reset leaves them | RM0364 DBGMCU: reset by POR only | `idcode_is_the_chips_and_the_rest_is_kept` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | freezing timers and watchdogs | only while a debugger has halted the core | bits are kept |

use crate::chip::PeripheralSpec;
use crate::periph::build::{BuildError, word};
use crate::periph::registers::{Names, name_of};
use crate::periph::{Cx, Peripheral, Refusal, Register};

const IDCODE: u32 = 0x00;
const CR: u32 = 0x04;
const APB1FZ: u32 = 0x08;
const APB2FZ: u32 = 0x0C;

const NAMES: Names = &[
    (IDCODE, "IDCODE"),
    (CR, "CR"),
    (APB1FZ, "APB1FZ"),
    (APB2FZ, "APB2FZ"),
];

/// DBGMCU.
#[derive(Clone, Debug)]
pub(super) struct Dbgmcu {
    idcode: u32,
    /// CR, APB1FZ, APB2FZ.
    kept: [u32; 3],
}

impl Dbgmcu {
    pub(super) fn build(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        Ok(Self {
            idcode: word(spec, "idcode")?,
            kept: [0; 3],
        })
    }
}

impl Peripheral for Dbgmcu {
    fn read(&mut self, _cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        match reg.offset {
            IDCODE => Ok(self.idcode),
            CR..=APB2FZ => Ok(self.kept[((reg.offset - CR) / 4) as usize]),
            _ => Err(Refusal::Unmodelled),
        }
    }

    fn write(&mut self, _cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        match reg.offset {
            IDCODE => Ok(()),
            CR..=APB2FZ => {
                let kept = &mut self.kept[((reg.offset - CR) / 4) as usize];
                *kept = reg.merge(*kept, value);
                Ok(())
            }
            _ => Err(Refusal::Unmodelled),
        }
    }

    fn reset(&mut self, _cx: &mut Cx<'_>) {}

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
    use crate::periph::testbench::{Bench, spec};

    #[test]
    fn idcode_is_the_chips_and_the_rest_is_kept() {
        let mut b = Bench::new(&spec("DBGMCU"));
        b.write(IDCODE, 0);
        b.write(APB1FZ, 0x1800);
        b.reset();
        assert_eq!(b.read(IDCODE) & 0xFFF, 0x422, "DEV_ID of the F303xB/C");
        assert_eq!(b.read(APB1FZ), 0x1800);
    }
}
