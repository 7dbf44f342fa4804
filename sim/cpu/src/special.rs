//! MSR, MRS and CPS: the special registers.
//!
//! | register or behaviour | source | test that proves it |
//! |---|---|---|
//! | xPSR views: EPSR reads zero, APSR writes by mask | ARMv7-M B5.2.2–3 | `tests::xpsr_views` |
//! | MSP, PSP, whichever is in use | B5.2.2–3 | `tests::both_stack_pointers` |
//! | PRIMASK, FAULTMASK, BASEPRI, BASEPRI_MAX | B5.2.2–3 | `tests::masks`, `tests::basepri_max_only_raises` |
//! | FAULTMASK cannot be set at HardFault's priority | B5.2.3 | `tests::faultmask_needs_a_lower_priority` |
//! | CONTROL: SPSEL in thread mode only | B5.2.3 | `tests::control_switches_stacks_in_thread_mode_only` |
//! | CONTROL.FPCA, with an FPU | B5.2.2–3 | `fpu::tests::fpca_is_in_control` |
//! | unprivileged: reads zero, writes ignored | B5.2.2–3 | `tests::unprivileged_code_sees_only_apsr_and_control` |
//! | CPSIE, CPSID | B5.2.1 | `tests::cps_changes_both_masks` |

use crate::nvic::Priority;
use crate::{Bus, Cpu, CpuModel, Mode};

const MSP: u8 = 8;
const PSP: u8 = 9;
const PRIMASK: u8 = 16;
const BASEPRI: u8 = 17;
const BASEPRI_MAX: u8 = 18;
const FAULTMASK: u8 = 19;
const CONTROL: u8 = 20;

/// N, Z, C, V and Q.
const FLAGS: u32 = 0xF800_0000;
/// GE, with the DSP extension.
const GE: u32 = 0x000F_0000;

impl Cpu {
    /// The special register `sysm`, as MRS reads it.
    pub(crate) fn mrs(&self, sysm: u8) -> u32 {
        let core = &self.core;
        match sysm {
            0..=7 => {
                let ipsr = if sysm & 1 != 0 && core.privileged() {
                    u32::from(core.exception)
                } else {
                    0
                };
                let apsr = if sysm & 4 == 0 { core.apsr() } else { 0 };
                ipsr | apsr
            }
            CONTROL => {
                u32::from(core.fp.active) << 2
                    | u32::from(core.spsel) << 1
                    | u32::from(core.unprivileged)
            }
            _ if !core.privileged() => 0,
            MSP => core.msp(),
            PSP => core.psp(),
            PRIMASK => u32::from(core.primask),
            BASEPRI | BASEPRI_MAX => u32::from(core.basepri),
            FAULTMASK => u32::from(core.faultmask),
            _ => 0,
        }
    }

    /// MSR: writes `value` to special register `sysm`. `mask` is the instruction's two-bit mask: bit 1 the
    /// flags, bit 0 GE.
    pub(crate) fn msr<B: Bus>(&mut self, bus: &mut B, sysm: u8, mask: u8, value: u32) {
        match sysm {
            0..=7 => self.write_apsr(sysm, mask, value),
            _ if !self.core.privileged() => {}
            MSP if self.core.spsel => self.core.other_sp = value & !3,
            PSP if !self.core.spsel => self.core.other_sp = value & !3,
            MSP | PSP => self.core.r[13] = value & !3,
            PRIMASK => self.core.primask = value & 1 != 0,
            BASEPRI => self.core.basepri = value as u8 & self.nvic.priority_mask(),
            BASEPRI_MAX => {
                let wanted = value as u8 & self.nvic.priority_mask();
                if wanted != 0 && (wanted < self.core.basepri || self.core.basepri == 0) {
                    self.core.basepri = wanted;
                }
            }
            FAULTMASK => self.set_faultmask(value & 1 != 0),
            CONTROL => {
                self.core.unprivileged = value & 1 != 0;
                if self.core.mode() == Mode::Thread {
                    self.select_stack(value & 2 != 0);
                }
                self.core.fp.active = self.fpu.is_fitted() && value & 4 != 0;
            }
            _ => {}
        }
        self.refresh_deadline(bus);
    }

    /// CPSIE/CPSID: `imm` bit 1 selects PRIMASK, bit 0 FAULTMASK.
    pub(crate) fn cps<B: Bus>(&mut self, bus: &mut B, imm: u8, disable: bool) {
        if self.core.privileged() {
            if imm & 2 != 0 {
                self.core.primask = disable;
            }
            if imm & 1 != 0 {
                self.set_faultmask(disable);
            }
        }
        self.refresh_deadline(bus);
    }

    fn write_apsr(&mut self, sysm: u8, mask: u8, value: u32) {
        if sysm & 4 != 0 {
            return;
        }
        let mut written = if mask & 2 != 0 { FLAGS } else { 0 };
        if mask & 1 != 0 && self.config.model != CpuModel::CortexM3 {
            written |= GE;
        }
        self.core
            .set_apsr(self.core.apsr() & !written | value & written);
    }

    fn set_faultmask(&mut self, set: bool) {
        if !set || self.execution_priority() > Priority::HARD_FAULT {
            self.core.faultmask = set;
        }
    }

    fn select_stack(&mut self, process: bool) {
        if self.core.spsel != process {
            std::mem::swap(&mut self.core.r[13], &mut self.core.other_sp);
            self.core.spsel = process;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testbus::{cpu, cpu_of};

    #[test]
    fn xpsr_views() {
        let (mut cpu, mut bus) = cpu();
        cpu.core.exception = 53;
        cpu.core.itstate = 0xFF;
        cpu.msr(&mut bus, 0, 3, u32::MAX);
        assert_eq!(cpu.mrs(0), 0xF80F_0000, "APSR");
        assert_eq!(cpu.mrs(3), 0xF80F_0035, "XPSR: EPSR reads as zero");
        assert_eq!(cpu.mrs(5), 53, "IPSR");
        assert_eq!(cpu.mrs(6), 0, "EPSR");
        cpu.msr(&mut bus, 0, 1, 0);
        assert_eq!(cpu.mrs(0), 0xF800_0000, "mask 01 writes GE only");
        cpu.msr(&mut bus, 5, 3, 0);
        assert_eq!(
            cpu.mrs(3),
            0xF800_0035,
            "IPSR is not writable, and IPSR's view does not write APSR"
        );
    }

    #[test]
    fn cortex_m3_has_no_ge() {
        let (mut cpu, mut bus) = cpu_of(CpuModel::CortexM3);
        cpu.msr(&mut bus, 0, 3, u32::MAX);
        assert_eq!(cpu.mrs(0), 0xF800_0000);
    }

    #[test]
    fn both_stack_pointers() {
        let (mut cpu, mut bus) = cpu();
        for spsel in [0, 2] {
            cpu.msr(&mut bus, CONTROL, 0, spsel);
            cpu.msr(&mut bus, MSP, 0, 0x2000_1003);
            cpu.msr(&mut bus, PSP, 0, 0x2000_2002);
            assert_eq!((cpu.mrs(MSP), cpu.mrs(PSP)), (0x2000_1000, 0x2000_2000));
        }
        assert_eq!(cpu.core.r[13], 0x2000_2000, "SP is PSP now");
    }

    #[test]
    fn masks() {
        let (mut cpu, mut bus) = cpu();
        cpu.msr(&mut bus, PRIMASK, 0, 0xFFFF_FFFF);
        cpu.msr(&mut bus, BASEPRI, 0, 0x1FF);
        assert_eq!(
            (cpu.mrs(PRIMASK), cpu.mrs(BASEPRI), cpu.mrs(BASEPRI_MAX)),
            (1, 0xF0, 0xF0)
        );
        cpu.msr(&mut bus, FAULTMASK, 0, 1);
        assert_eq!(cpu.mrs(FAULTMASK), 1);
        cpu.msr(&mut bus, FAULTMASK, 0, 0);
        assert_eq!(cpu.mrs(FAULTMASK), 0);
    }

    #[test]
    fn basepri_max_only_raises() {
        let (mut cpu, mut bus) = cpu();
        for (value, expected) in [
            (0x80, 0x80),
            (0x90, 0x80),
            (0, 0x80),
            (0x0F, 0x80),
            (0x40, 0x40),
        ] {
            cpu.msr(&mut bus, BASEPRI_MAX, 0, value);
            assert_eq!(cpu.mrs(BASEPRI), expected, "after {value:#x}");
        }
    }

    #[test]
    fn faultmask_needs_a_lower_priority() {
        let (mut cpu, mut bus) = cpu();
        cpu.nvic.set_active(3, true);
        cpu.core.exception = 3;
        cpu.msr(&mut bus, FAULTMASK, 0, 1);
        cpu.cps(&mut bus, 1, true);
        assert_eq!(cpu.mrs(FAULTMASK), 0);
    }

    #[test]
    fn control_switches_stacks_in_thread_mode_only() {
        let (mut cpu, mut bus) = cpu();
        cpu.core.r[13] = 0x2000_1000;
        cpu.core.other_sp = 0x2000_2000;
        cpu.core.exception = 16;
        cpu.msr(&mut bus, CONTROL, 0, 3);
        assert_eq!((cpu.mrs(CONTROL), cpu.core.r[13]), (1, 0x2000_1000));
        cpu.core.exception = 0;
        cpu.core.unprivileged = false;
        cpu.msr(&mut bus, CONTROL, 0, 2);
        assert_eq!((cpu.mrs(CONTROL), cpu.core.r[13]), (2, 0x2000_2000));
    }

    #[test]
    fn unprivileged_code_sees_only_apsr_and_control() {
        let (mut cpu, mut bus) = cpu();
        cpu.core.r[13] = 0x2000_1000;
        cpu.core.unprivileged = true;
        for sysm in [MSP, PSP, PRIMASK, BASEPRI, BASEPRI_MAX, FAULTMASK, CONTROL] {
            cpu.msr(&mut bus, sysm, 0, 0xF2);
        }
        cpu.cps(&mut bus, 3, true);
        assert_eq!(
            (cpu.core.primask, cpu.core.faultmask, cpu.core.basepri),
            (false, false, 0)
        );
        assert_eq!((cpu.mrs(MSP), cpu.core.r[13]), (0, 0x2000_1000));
        assert_eq!(cpu.mrs(CONTROL), 1);
        cpu.msr(&mut bus, 0, 2, 0x8000_0000);
        assert_eq!(cpu.mrs(0), 0x8000_0000);
    }

    #[test]
    fn cps_changes_both_masks() {
        let (mut cpu, mut bus) = cpu();
        cpu.cps(&mut bus, 3, true);
        assert!(cpu.core.primask && cpu.core.faultmask);
        cpu.cps(&mut bus, 2, false);
        assert!(!cpu.core.primask && cpu.core.faultmask);
    }
}
