//! The registers of the FPU in the system control space, and its context in exceptions: who saves it, when and where.
//!
//! | register or behaviour | source | test that proves it |
//! |---|---|---|
//! | FPCCR, FPCAR, FPDSCR, MVFR0, MVFR1; absent without an FPU | ARMv7-M B3.2.21–25 | `tests::registers` |
//! | CONTROL.FPCA in MRS and MSR | B5.2 | `tests::fpca_is_in_control` |
//! | extended frame: 26 words, 8-byte aligned, EXC_RETURN bit 4 clear | B1.5.6 | `tests::an_eager_frame_holds_the_registers` |
//! | lazy: room only, FPCAR, LSPACT, what UpdateFPCCR notes | B1.5.7 | `tests::a_lazy_frame_is_only_room` |
//! | preserved at the first use in the handler | B1.5.7 `PreserveFPState` | `tests::the_first_use_in_a_handler_preserves` |
//! | return: registers that are still there are not loaded | B1.5.8 `PopStack` | `tests::a_handler_without_fp_returns_without_loading`, `tests::everything_comes_back` |
//! | no context, short frame | B1.5.6 | `tests::without_a_context_the_frame_is_short` |
//! | ASPEN clear: no context is opened | B1.5.7 `ExecuteFPCheck` | `tests::without_aspen_there_is_no_context` |
//! | 12 cycles lazily, 29 eagerly | pipeline.md §6 | `tests::a_lazy_frame_is_only_room`, `tests::an_eager_frame_holds_the_registers` |
//! | a refused preservation is LSPERR, the instruction does not execute | B1.5.7 | `tests::a_bad_frame_is_lsperr` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | MONRDY, MMRDY, BFRDY, HFRDY deciding escalation of LSPERR | no firmware depends on it | noted in FPCCR; the current priority decides |
//! | USER and THREAD deciding with which privilege to save | without an MPU nothing differs | noted in FPCCR |

use crate::fp::{Fpscr, MODES};
use crate::nvic::Priority;
use crate::{Bus, Cpu, CpuConfig, Cycles, ExceptionNumber, Fault, Size};

const FPCCR: u32 = 0xF34;
const FPCAR: u32 = 0xF38;
const FPDSCR: u32 = 0xF3C;
const MVFR0: u32 = 0xF40;
const MVFR1: u32 = 0xF44;

/// Values of MVFR0 and MVFR1 of FPv4-SP (DDI0439 table 7-2).
const FEATURES: [u32; 2] = [0x1011_0021, 0x1100_0011];

/// Words of the context in a frame: S0 to S15 and FPSCR.
pub(crate) const CONTEXT_WORDS: u32 = 17;

bitflags::bitflags! {
    /// FPCCR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct Fpccr: u32 {
        const ASPEN = 1 << 31;
        const LSPEN = 1 << 30;
        const MONRDY = 1 << 8;
        const BFRDY = 1 << 6;
        const MMRDY = 1 << 5;
        const HFRDY = 1 << 4;
        const THREAD = 1 << 3;
        const USER = 1 << 1;
        const LSPACT = 1;
    }
}

/// The FPU's registers in the system control space.
#[derive(Clone, Debug)]
pub(crate) struct Fpu {
    is_fitted: bool,
    pub(crate) fpccr: Fpccr,
    fpcar: u32,
    fpdscr: Fpscr,
}

impl Fpu {
    pub(crate) fn new(config: &CpuConfig) -> Self {
        Self {
            is_fitted: config.extensions().fpu,
            fpccr: Fpccr::ASPEN.union(Fpccr::LSPEN),
            fpcar: 0,
            fpdscr: Fpscr::empty(),
        }
    }

    pub(crate) const fn is_fitted(&self) -> bool {
        self.is_fitted
    }

    pub(crate) fn read(&self, offset: u32) -> Option<u32> {
        if !self.is_fitted {
            return None;
        }
        Some(match offset {
            FPCCR => self.fpccr.bits(),
            FPCAR => self.fpcar,
            FPDSCR => self.fpdscr.bits(),
            MVFR0 => FEATURES[0],
            MVFR1 => FEATURES[1],
            _ => return None,
        })
    }

    /// False if there is no such register.
    pub(crate) fn write(&mut self, offset: u32, value: u32) -> bool {
        match offset {
            _ if !self.is_fitted => return false,
            FPCCR => self.fpccr = Fpccr::from_bits_truncate(value),
            FPCAR => self.fpcar = value & !7,
            FPDSCR => self.fpdscr = Fpscr::from_bits_retain(value) & MODES,
            MVFR0 | MVFR1 => {}
            _ => return false,
        }
        true
    }
}

impl Cpu {
    /// `ExecuteFPCheck`: may an instruction use the unit now? Saves the context that a handler was entered with, and opens
    /// a new one, where that is due.
    #[inline]
    pub(crate) fn use_fpu<B: Bus>(&mut self, bus: &mut B) -> Result<(), Fault> {
        if !self.scb.fpu_enabled(self.core.privileged()) {
            return Err(Fault::NoCp);
        }
        if self.fpu.fpccr.contains(Fpccr::LSPACT) {
            self.preserve(bus)?;
        }
        if !self.core.fp.active && self.fpu.fpccr.contains(Fpccr::ASPEN) {
            let fp = &mut self.core.fp;
            fp.fpscr = fp.fpscr.difference(MODES) | self.fpu.fpdscr;
            fp.active = true;
        }
        Ok(())
    }

    /// `PreserveFPState`: 17 stores into the room that entry left.
    #[cold]
    fn preserve<B: Bus>(&mut self, bus: &mut B) -> Result<(), Fault> {
        for (index, value) in (0..).zip(self.context()) {
            let addr = self.fpu.fpcar.wrapping_add(4 * index);
            self.stack_access(bus, addr, |core, bus| {
                bus.write(core, addr, Size::Word, value)
            })
            .map_err(|()| Fault::LazySave)?;
            self.core.now += Cycles(1);
            self.service_due(bus);
        }
        self.code_under(self.fpu.fpcar, CONTEXT_WORDS * 4);
        self.fpu.fpccr.remove(Fpccr::LSPACT);
        Ok(())
    }

    /// S0 to S15 and FPSCR, as they lie in a frame.
    pub(crate) fn context(&self) -> [u32; CONTEXT_WORDS as usize] {
        let fp = &self.core.fp;
        std::array::from_fn(|i| if i < 16 { fp.s[i] } else { fp.fpscr.bits() })
    }

    /// Takes a context out of a frame.
    pub(crate) fn set_context(&mut self, words: &[u32; CONTEXT_WORDS as usize]) {
        let fp = &mut self.core.fp;
        fp.s[..16].copy_from_slice(&words[..16]);
        fp.fpscr = Fpscr::from_bits_truncate(words[16]);
    }

    /// Entry leaves room for the context at `frame` + 0x20: notes where, and what may interrupt its preservation
    /// (`UpdateFPCCR`).
    pub(crate) fn defer_context(&mut self, frame: u32) {
        let priority = self.execution_priority();
        let could = |exception: ExceptionNumber| {
            self.nvic.is_enabled(exception) && self.nvic.group_priority(exception.0) < priority
        };
        let mut fpccr = self.fpu.fpccr | Fpccr::LSPACT;
        fpccr.set(Fpccr::USER, !self.core.privileged());
        fpccr.set(Fpccr::THREAD, self.core.exception == 0);
        fpccr.set(Fpccr::HFRDY, priority > Priority::HARD_FAULT);
        fpccr.set(Fpccr::BFRDY, could(ExceptionNumber::BUS_FAULT));
        fpccr.set(Fpccr::MMRDY, could(ExceptionNumber::MEM_MANAGE));
        fpccr.set(Fpccr::MONRDY, could(ExceptionNumber::DEBUG_MONITOR));
        self.fpu.fpccr = fpccr;
        self.fpu.fpcar = frame.wrapping_add(0x20) & !7;
    }
}

#[cfg(test)]
mod tests;
