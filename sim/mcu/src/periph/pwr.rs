//! Power control of F1 and F3, which differ in the number of wake-up pins.
//!
//! Sources: svd/STM32F303.svd, RM0364 ch. 7.
//! Offsets, bits and reset values were compared with the SVD. Behaviour that is cited by manual section is from memory \[M\] unless
//! the row says otherwise: neither RM0316 nor these chapters of RM0364 were available.
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | CR.DBP opens the backup domain | RM0364 PWR_CR | `dbp_opens_the_backup_domain` |
//! | CR.CWUF, CSBF read 0; WUF, SBF and PVDO stay 0 | RM0364 PWR_CSR; the supply is good and nothing sleeps that deep | `clear_bits_read_zero` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | Stop and Standby (LPDS, PDDS) | a simulator of a stalled flash has no use for them | bits are kept; the core sleeps in Sleep mode |
//! | PVD | the supply is good | PVDE and PLS are kept, PVDO stays 0 |

use bitflags::bitflags;

use crate::periph::registers::{Names, name_of};
use crate::periph::{Cx, Peripheral, Refusal, Register};

const CR: u32 = 0x00;
const CSR: u32 = 0x04;

const NAMES: Names = &[(CR, "CR"), (CSR, "CSR")];

bitflags! {
    /// PWR_CR, the bits that stay.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    struct Cr: u32 {
        const LPDS = 1 << 0;
        const PDDS = 1 << 1;
        const PVDE = 1 << 4;
        const PLS = 7 << 5;
        const DBP = 1 << 8;
    }

    /// PWR_CSR, the bits that can be written.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    struct Csr: u32 {
        const EWUP1 = 1 << 8;
        const EWUP2 = 1 << 9;
    }
}

/// PWR.
#[derive(Clone, Debug)]
pub(super) struct Pwr {
    cr: Cr,
    csr: Csr,
    /// The wake-up pins that exist.
    pins: Csr,
}

impl Pwr {
    pub(super) const fn f1() -> Self {
        Self::new(Csr::EWUP1)
    }

    pub(super) const fn f3() -> Self {
        Self::new(Csr::all())
    }

    const fn new(pins: Csr) -> Self {
        Self {
            cr: Cr::empty(),
            csr: Csr::empty(),
            pins,
        }
    }
}

impl Peripheral for Pwr {
    fn read(&mut self, _cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        match reg.offset {
            CR => Ok(self.cr.bits()),
            CSR => Ok(self.csr.bits()),
            _ => Err(Refusal::Unmodelled),
        }
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        match reg.offset {
            CR => {
                self.cr = Cr::from_bits_truncate(reg.merge(self.cr.bits(), value));
                cx.shared.backup_access = self.cr.contains(Cr::DBP);
            }
            CSR => {
                self.csr = Csr::from_bits_truncate(reg.merge(self.csr.bits(), value)) & self.pins;
            }
            _ => return Err(Refusal::Unmodelled),
        }
        Ok(())
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        *self = Self::new(self.pins);
        cx.shared.backup_access = false;
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
    use crate::periph::testbench::{Bench, spec};

    #[test]
    fn dbp_opens_the_backup_domain() {
        let mut b = Bench::new(&spec("PWR"));
        b.write(CR, Cr::DBP.bits());
        assert_eq!(b.read(CR), Cr::DBP.bits(), "firmware polls it");
        assert!(b.shared.backup_access);
        b.reset();
        assert!(!b.shared.backup_access);
    }

    #[test]
    fn clear_bits_read_zero() {
        let mut b = Bench::new(&spec("PWR"));
        b.write(CR, 0b1100);
        assert_eq!((b.read(CR), b.read(CSR)), (0, 0));
    }
}
