//! Power control of the L1.
//!
//! Sources: svd/STM32L151.svd (offsets, bits, reset values: S); rules from RM0038 by memory \[M\] unless the row says otherwise.
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | CR.DBP opens the backup domain (and the LSE and RTC bits of RCC_CSR) | RM0364 PWR_CR as proxy | `dbp_opens_the_backup_domain` |
//! | CSR.VOSF is set while the regulator moves to another range | page-bootloader and stm32l1xx_hal poll it; 20 us (M) | `vosf_falls_when_the_regulator_is_there` |
//! | VOS 0 is forbidden | RM0038 PWR_CR.VOS (M) | `range_zero_is_refused` |
//! | CSR.VREFINTRDYF is set; REGLPF follows CR.LPRUN | SVD reset value 0x8; RM0038 PWR_CSR (M) | `csr_tells_what_is_ready` |
//! | CR.CWUF, CSBF read 0; WUF, SBF and PVDO stay 0 | the supply is good and nothing sleeps that deep | `csr_tells_what_is_ready` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | Stop and Standby (LPSDSR, PDDS, ULP, FWU), low-power run | a simulator of a stalled flash has no use for them | bits are kept; the core sleeps in Sleep mode |
//! | PVD | the supply is good | PVDE and PLS are kept, PVDO stays 0 |

use crate::Picos;
use crate::periph::registers::{Names, field, name_of};
use crate::periph::{Cx, Peripheral, Refusal, Register};
use crate::sched::EventId;

const CR: u32 = 0x00;
const CSR: u32 = 0x04;

const NAMES: Names = &[(CR, "CR"), (CSR, "CSR")];

const DBP: u32 = 1 << 8;
const VOS: u32 = 3 << 11;
const LPRUN: u32 = 1 << 14;
/// LPSDSR, PDDS, PVDE, PLS, DBP, ULP, FWU, VOS, LPRUN.
const CR_WRITABLE: u32 = 0x3 | 0xF << 4 | DBP | 3 << 9 | VOS | LPRUN;
/// Range 2.
const CR_RESET: u32 = 2 << 11;
const VREFINTRDYF: u32 = 1 << 3;
const VOSF: u32 = 1 << 4;
const REGLPF: u32 = 1 << 5;
/// EWUP1 to EWUP3.
const CSR_WRITABLE: u32 = 7 << 8;
/// From one range to another.
const REGULATOR: Picos = Picos::from_micros(20);

/// PWR of the L1.
#[derive(Clone, Debug)]
pub(super) struct PwrL1 {
    cr: u32,
    csr: u32,
    /// The regulator moves until this event.
    moving: Option<EventId>,
}

impl PwrL1 {
    pub(super) const fn new() -> Self {
        Self {
            cr: CR_RESET,
            csr: 0,
            moving: None,
        }
    }

    fn write_cr(&mut self, cx: &mut Cx<'_>, value: u32) {
        let mut new = value & CR_WRITABLE;
        if field(new, 11, 2) == 0 {
            cx.find("voltage-range-forbidden", || {
                "PWR_CR.VOS = 0 is forbidden: the range stays".to_owned()
            });
            new |= self.cr & VOS;
        } else if (new ^ self.cr) & VOS != 0 {
            if let Some(event) = self.moving.take() {
                cx.cancel(event);
            }
            self.moving = Some(cx.schedule(cx.time + REGULATOR, 0));
        }
        self.cr = new;
        cx.shared.backup_access = new & DBP != 0;
    }

    fn status(&self) -> u32 {
        let moving = if self.moving.is_some() { VOSF } else { 0 };
        let low_power = if self.cr & LPRUN != 0 { REGLPF } else { 0 };
        self.csr | VREFINTRDYF | moving | low_power
    }
}

impl Peripheral for PwrL1 {
    fn read(&mut self, _cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        match reg.offset {
            CR => Ok(self.cr),
            CSR => Ok(self.status()),
            _ => Err(Refusal::Unmodelled),
        }
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        match reg.offset {
            CR => self.write_cr(cx, reg.merge(self.cr, value)),
            CSR => self.csr = reg.merge(self.csr, value) & CSR_WRITABLE,
            _ => return Err(Refusal::Unmodelled),
        }
        Ok(())
    }

    fn event(&mut self, _cx: &mut Cx<'_>, _token: u32) {
        self.moving = None;
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        if let Some(event) = self.moving.take() {
            cx.cancel(event);
        }
        *self = Self::new();
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
    use crate::periph::testbench::Bench;

    fn bench() -> Bench {
        let mut b = Bench::on("stm32l151xc", "PWR");
        b.reset();
        b
    }

    #[test]
    fn dbp_opens_the_backup_domain() {
        let mut b = bench();
        b.write(CR, CR_RESET | DBP);
        assert!(b.shared.backup_access);
        b.reset();
        assert!(!b.shared.backup_access);
    }

    #[test]
    fn vosf_falls_when_the_regulator_is_there() {
        let mut b = bench();
        b.write(CR, 1 << 11);
        assert_eq!(b.read(CSR) & VOSF, VOSF);
        b.run_for(Picos::from_micros(19));
        assert_eq!(b.read(CSR) & VOSF, VOSF);
        b.run_for(Picos::from_micros(2));
        assert_eq!(b.read(CSR) & VOSF, 0);
        b.write(CR, 1 << 11);
        assert_eq!(b.read(CSR) & VOSF, 0, "no change, no move");
    }

    #[test]
    fn range_zero_is_refused() {
        let mut b = bench();
        b.write(CR, 0);
        assert_eq!(b.read(CR), CR_RESET);
        assert_eq!(b.shared.log.findings.len(), 1);
    }

    #[test]
    fn csr_tells_what_is_ready() {
        let mut b = bench();
        assert_eq!((b.read(CR), b.read(CSR)), (0x1000, 0x8), "the SVD's");
        b.write(CR, CR_RESET | LPRUN | 0b1100);
        assert_eq!(b.read(CR), CR_RESET | LPRUN, "CWUF and CSBF read 0");
        b.write(CSR, 0xFFFF);
        assert_eq!(b.read(CSR), 0x700 | REGLPF | VREFINTRDYF);
    }
}
