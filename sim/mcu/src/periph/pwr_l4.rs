//! Power control of the L4.
//!
//! Sources: svd/STM32L451.svd (offsets, bits, reset values: S); RM0440 s6 as proxy for RM0394.
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | CR1.DBP opens the backup domain | RM0440 PWR_CR1 | `dbp_opens_the_backup_domain` |
//! | SR2.VOSF is set while the regulator moves to a higher range | RM0440 PWR_SR2.VOSF; 20 us (M) | `vosf_falls_when_the_regulator_is_there` |
//! | VOS: 1 and 2; 0 and 3 are forbidden | RM0440 PWR_CR1 | `forbidden_ranges_are_refused` |
//! | SR2.REGLPF follows CR1.LPR | RM0440 PWR_SR2 | `the_low_power_regulator_is_told` |
//! | SCR clears, reads 0; wake-up flags and PVDO stay 0 | the supply is good and nothing sleeps that deep | `the_rest_is_kept` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | Stop, Standby, Shutdown | a simulator of a stalled flash has no use for them | LPMS is kept; the core sleeps in Sleep mode |
//! | PVD and PVM | the supply is good | bits are kept |
//! | pull-ups and pull-downs in Standby | no Standby | bits are kept |

use crate::Picos;
use crate::periph::registers::{Names, field, name_of};
use crate::periph::{Cx, Peripheral, Refusal, Register};
use crate::sched::EventId;

const CR1: u32 = 0x00;
const CR2: u32 = 0x04;
const CR3: u32 = 0x08;
const CR4: u32 = 0x0C;
const SR1: u32 = 0x10;
const SR2: u32 = 0x14;
const SCR: u32 = 0x18;
const PUCRA: u32 = 0x20;
const PDCRH: u32 = 0x5C;

const NAMES: Names = &[
    (CR1, "CR1"),
    (CR2, "CR2"),
    (CR3, "CR3"),
    (CR4, "CR4"),
    (SR1, "SR1"),
    (SR2, "SR2"),
    (SCR, "SCR"),
    (PUCRA, "PUCRA"),
    (0x24, "PDCRA"),
    (0x28, "PUCRB"),
    (0x2C, "PDCRB"),
    (0x30, "PUCRC"),
    (0x34, "PDCRC"),
    (0x38, "PUCRD"),
    (0x3C, "PDCRD"),
    (0x40, "PUCRE"),
    (0x44, "PDCRE"),
    (0x48, "PUCRF"),
    (0x4C, "PDCRF"),
    (0x50, "PUCRG"),
    (0x54, "PDCRG"),
    (0x58, "PUCRH"),
    (PDCRH, "PDCRH"),
];

/// CR1.LPMS, DBP, VOS, LPR.
const CR1_WRITABLE: u32 = 0x7 | DBP | VOS | LPR;
const DBP: u32 = 1 << 8;
const VOS: u32 = 3 << 9;
const LPR: u32 = 1 << 14;
const CR1_RESET: u32 = 1 << 9;
const CR3_RESET: u32 = 1 << 15;
const REGLPF: u32 = 1 << 9;
const VOSF: u32 = 1 << 10;
/// From range 2 to range 1.
const REGULATOR: Picos = Picos::from_micros(20);

/// PWR of the L4.
#[derive(Clone, Debug)]
pub(super) struct PwrL4 {
    cr1: u32,
    cr3: u32,
    /// CR2, CR4 and the pull registers: kept only.
    kept: [u32; (PDCRH / 4 + 1) as usize],
    /// The regulator moves until this event.
    moving: Option<EventId>,
}

impl PwrL4 {
    pub(super) const fn new() -> Self {
        Self {
            cr1: CR1_RESET,
            cr3: CR3_RESET,
            kept: [0; (PDCRH / 4 + 1) as usize],
            moving: None,
        }
    }

    fn write_cr1(&mut self, cx: &mut Cx<'_>, value: u32) {
        let (old, mut new) = (field(self.cr1, 9, 2), value & CR1_WRITABLE);
        let asked = field(new, 9, 2);
        if asked == 0 || asked == 3 {
            cx.find("voltage-range-forbidden", || {
                format!("PWR_CR1.VOS = {asked} is forbidden: the range stays")
            });
            new = new & !VOS | self.cr1 & VOS;
        } else if asked < old {
            // To range 1, which is the higher voltage.
            if let Some(event) = self.moving.take() {
                cx.cancel(event);
            }
            self.moving = Some(cx.schedule(cx.time + REGULATOR, 0));
        }
        self.cr1 = new;
        cx.shared.backup_access = new & DBP != 0;
    }

    fn value(&self, offset: u32) -> Option<u32> {
        Some(match offset {
            CR1 => self.cr1,
            CR3 => self.cr3,
            SR1 | SCR => 0,
            SR2 => {
                let low_power = if self.cr1 & LPR != 0 { REGLPF } else { 0 };
                low_power | if self.moving.is_some() { VOSF } else { 0 }
            }
            CR2 | CR4 | PUCRA..=PDCRH => self.kept[(offset / 4) as usize],
            _ => return None,
        })
    }
}

impl Peripheral for PwrL4 {
    fn read(&mut self, _cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        self.value(reg.offset).ok_or(Refusal::Unmodelled)
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        let old = self.value(reg.offset).ok_or(Refusal::Unmodelled)?;
        let value = reg.merge(old, value);
        match reg.offset {
            CR1 => self.write_cr1(cx, value),
            CR3 => self.cr3 = value,
            SR1 | SR2 | SCR => {}
            offset => self.kept[(offset / 4) as usize] = value,
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
        let mut b = Bench::on("stm32l451xe", "PWR");
        b.reset();
        b
    }

    #[test]
    fn dbp_opens_the_backup_domain() {
        let mut b = bench();
        assert_eq!((b.read(CR1), b.read(CR3)), (0x200, 0x8000), "the SVD's");
        b.write(CR1, CR1_RESET | DBP);
        assert!(b.shared.backup_access);
        assert_eq!(b.read(CR1), CR1_RESET | DBP, "firmware polls it");
        b.reset();
        assert!(!b.shared.backup_access);
    }

    #[test]
    fn vosf_falls_when_the_regulator_is_there() {
        let mut b = bench();
        b.write(CR1, 2 << 9);
        assert_eq!(b.read(SR2), 0, "down is at once");
        b.write(CR1, 1 << 9);
        assert_eq!(b.read(SR2), VOSF);
        b.run_for(Picos::from_micros(19));
        assert_eq!(b.read(SR2), VOSF);
        b.run_for(Picos::from_micros(2));
        assert_eq!(b.read(SR2), 0);
    }

    #[test]
    fn forbidden_ranges_are_refused() {
        let mut b = bench();
        b.write(CR1, 0);
        assert_eq!(b.read(CR1), CR1_RESET);
        assert_eq!(b.shared.log.findings.len(), 1);
    }

    #[test]
    fn the_low_power_regulator_is_told() {
        let mut b = bench();
        b.write(CR1, CR1_RESET | LPR);
        assert_eq!(b.read(SR2), REGLPF);
        b.write(CR1, CR1_RESET);
        assert_eq!(b.read(SR2), 0);
    }

    #[test]
    fn the_rest_is_kept() {
        let mut b = bench();
        b.write(CR2, 0x0F);
        b.write(0x24, 0x80);
        b.write(SCR, 0x11F);
        assert_eq!(
            (b.read(CR2), b.read(0x24), b.read(SCR), b.read(SR1)),
            (0x0F, 0x80, 0, 0)
        );
        assert_eq!(b.try_read(0x60), Err(Refusal::Unmodelled));
    }
}
