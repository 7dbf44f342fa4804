//! Backup SRAM of the F4: memory behind a clock gate, closed to writes until `PWR_CR.DBP`.
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | reads and writes of any width, over a system reset | RM0090 §5.1.2 \[M\] | `it_keeps_what_is_written_with_dbp` |
//! | writes need `PWR_CR.DBP`; a finding | RM0090 PWR_CR.DBP \[M\] | `it_keeps_what_is_written_with_dbp` |
//! | no access without its clock (`AHB1ENR.BKPSRAMEN`) | chip file | `f4_core::backup_sram_has_a_clock_gate` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | contents without the backup regulator | VDD stays on | kept |

use flashstall_cpu::Size;

use crate::chip::PeripheralSpec;
use crate::memory::Memory;
use crate::periph::{Cx, Peripheral, Refusal, Register};

/// Backup SRAM.
#[derive(Clone, Debug)]
pub(super) struct BackupRam {
    memory: Memory,
}

impl BackupRam {
    pub(super) fn build(spec: &PeripheralSpec) -> Self {
        Self {
            memory: Memory::new(0, spec.size, 0),
        }
    }
}

impl Peripheral for BackupRam {
    fn read(&mut self, _cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        self.memory
            .read(reg.offset, Size::Word)
            .ok_or(Refusal::Unmodelled)
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        let old = self.read(cx, reg)?;
        if cx.shared.backup_access {
            self.memory
                .write(reg.offset, Size::Word, reg.merge(old, value));
        } else {
            cx.find("backup-domain-closed", || {
                "backup SRAM was written with PWR_CR.DBP = 0: ignored".into()
            });
        }
        Ok(())
    }

    fn reset(&mut self, _cx: &mut Cx<'_>) {}

    fn register_name(&self, _offset: u32) -> Option<&'static str> {
        None
    }

    fn boxed_clone(&self) -> Box<dyn Peripheral> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use crate::periph::testbench::Bench;

    #[test]
    fn it_keeps_what_is_written_with_dbp() {
        let mut b = Bench::on("stm32f429xi", "BKPSRAM");
        b.write(0xFFC, 5);
        assert_eq!(b.read(0xFFC), 0);
        assert_eq!(b.shared.log.findings[0].rule, "backup-domain-closed");
        b.shared.backup_access = true;
        b.write(0xFFC, 0x1234_5678);
        b.write_byte(0xFFC, 0xAA);
        b.reset();
        assert_eq!(b.read(0xFFC), 0x1234_56AA);
    }
}
