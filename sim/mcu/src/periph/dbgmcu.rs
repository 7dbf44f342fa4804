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
//! | L4: APB1FZR1, APB1FZR2, APB2FZR | svd/STM32L451.svd | `the_l4_has_one_register_more` |
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
/// L4: APB1FZR2 is at 0x0C, APB2FZ here.
const APB2FZ_L4: u32 = 0x10;

const NAMES: Names = &[
    (IDCODE, "IDCODE"),
    (CR, "CR"),
    (APB1FZ, "APB1FZ"),
    (APB2FZ, "APB2FZ"),
];

const NAMES_L4: Names = &[
    (IDCODE, "IDCODE"),
    (CR, "CR"),
    (APB1FZ, "APB1FZR1"),
    (APB2FZ, "APB1FZR2"),
    (APB2FZ_L4, "APB2FZR"),
];

/// DBGMCU.
#[derive(Clone, Debug)]
pub(super) struct Dbgmcu {
    idcode: u32,
    names: Names,
    /// CR and the freeze registers.
    kept: [u32; 4],
}

impl Dbgmcu {
    pub(super) fn build(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        Self::named(spec, NAMES)
    }

    pub(super) fn l4(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        Self::named(spec, NAMES_L4)
    }

    fn named(spec: &PeripheralSpec, names: Names) -> Result<Self, BuildError> {
        Ok(Self {
            idcode: word(spec, "idcode")?,
            names,
            kept: [0; 4],
        })
    }

    /// The register at `offset` that is only kept.
    fn kept(&mut self, offset: u32) -> Option<&mut u32> {
        name_of(self.names, offset)?;
        self.kept.get_mut((offset.checked_sub(CR)? / 4) as usize)
    }
}

impl Peripheral for Dbgmcu {
    fn read(&mut self, _cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        match reg.offset {
            IDCODE => Ok(self.idcode),
            offset => self
                .kept(offset)
                .map(|kept| *kept)
                .ok_or(Refusal::Unmodelled),
        }
    }

    fn write(&mut self, _cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        match reg.offset {
            IDCODE => Ok(()),
            offset => {
                let kept = self.kept(offset).ok_or(Refusal::Unmodelled)?;
                *kept = reg.merge(*kept, value);
                Ok(())
            }
        }
    }

    fn reset(&mut self, _cx: &mut Cx<'_>) {}

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        name_of(self.names, offset)
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
        assert_eq!(b.try_read(APB2FZ_L4), Err(Refusal::Unmodelled));
    }

    #[test]
    fn the_l4_has_one_register_more() {
        let mut b = Bench::on("stm32l451xe", "DBGMCU");
        b.write(APB2FZ_L4, 0x800);
        assert_eq!(b.read(APB2FZ_L4), 0x800);
        assert_eq!(b.device.register_name(APB2FZ), Some("APB1FZR2"));
    }
}
