//! Backup registers of the F1.
//!
//! Sources: svd/STM32F103.svd (offsets); RM0008 ch. 6, from memory \[M\].
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | DRx keep 16 bits over a system reset | RM0008 §BKP | `they_survive_a_reset_and_need_dbp` |
//! | writes need PWR_CR.DBP; a finding | RM0008 §BKP, PWR_CR.DBP | `they_survive_a_reset_and_need_dbp` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | tamper detection, RTC clock output and calibration | no scenario uses them | RTCCR, CR, CSR keep their bits |
//! | BDCR.BDRST | no firmware was seen that clears them so | they keep their value |

use crate::chip::PeripheralSpec;
use crate::periph::build::{BuildError, int};
use crate::periph::{Cx, Peripheral, Refusal, Register};

/// First data register of the first ten, and of the rest.
const DR1: u32 = 0x04;
const DR11: u32 = 0x40;
const RTCCR: u32 = 0x2C;
const CSR: u32 = 0x34;
/// Words up to DR42.
const WORDS: usize = 48;

/// BKP.
#[derive(Clone, Debug)]
pub(super) struct Backup {
    /// By word; those that do not exist stay 0.
    words: [u32; WORDS],
    last: u32,
}

impl Backup {
    pub(super) fn build(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        let last = match int(spec, "registers")? {
            Some(10) => CSR,
            Some(42) => 0xBC,
            _ => return Err(BuildError::missing(spec, "`registers`, 10 or 42")),
        };
        Ok(Self {
            words: [0; WORDS],
            last,
        })
    }

    const fn exists(&self, offset: u32) -> bool {
        matches!(offset, DR1..=CSR) || (offset >= DR11 && offset <= self.last)
    }
}

impl Peripheral for Backup {
    fn read(&mut self, _cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        if self.exists(reg.offset) {
            Ok(self.words[(reg.offset / 4) as usize])
        } else {
            Err(Refusal::Unmodelled)
        }
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        if !self.exists(reg.offset) {
            return Err(Refusal::Unmodelled);
        }
        if cx.shared.backup_access {
            let word = &mut self.words[(reg.offset / 4) as usize];
            *word = reg.merge(*word, value) & 0xFFFF;
        } else {
            cx.find("backup-domain-closed", || {
                "a backup register was written with PWR_CR.DBP = 0: ignored".into()
            });
        }
        Ok(())
    }

    fn reset(&mut self, _cx: &mut Cx<'_>) {}

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        match offset {
            RTCCR => Some("RTCCR"),
            0x30 => Some("CR"),
            CSR => Some("CSR"),
            _ if self.exists(offset) => Some("DRx"),
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
    use crate::periph::testbench::Bench;

    #[test]
    fn they_survive_a_reset_and_need_dbp() {
        let mut b = Bench::on("stm32f103xb", "BKP");
        b.write(DR1, 0x1234);
        assert_eq!(b.read(DR1), 0);
        assert_eq!(b.shared.log.findings[0].rule, "backup-domain-closed");
        b.shared.backup_access = true;
        b.write(DR1, 0xFFFF_1234);
        b.reset();
        assert_eq!(b.read(DR1), 0x1234);
        assert_eq!(
            b.try_read(DR11),
            Err(Refusal::Unmodelled),
            "ten on this part"
        );
        assert!(Bench::on("stm32f103xe", "BKP").try_read(0xBC).is_ok());
    }
}
