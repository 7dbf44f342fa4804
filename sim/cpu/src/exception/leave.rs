//! Exception return: integrity checks, unstacking, tail-chaining, sleep on exit.
//!
//! 10 cycles at zero wait states, eight pops and [`REFILL`] (Arm DDI0439 §3.9; pipeline.md §6), counted from
//! the branch that loaded EXC_RETURN; the fetch of the instruction returned to adds its wait states. A
//! request that is there at the start, or comes before the last pop, is tail-chained: the frame stays on the
//! stack, and 6 cycles later its handler runs (DDI0337 §5.10, "exception postamble").
//!
//! | register or behaviour | source | test that proves it |
//! |---|---|---|
//! | F1, F9, FD: mode and stack | ARMv7-M table B1-8 | `tests::returns_to_the_stack_it_came_from`, `tests::nested_handlers_return_one_by_one` |
//! | registers, APSR, IT, ICI, T, alignment | B1.5.8 `PopStack` | `tests::everything_stacked_comes_back`, `tests::ici_comes_back` |
//! | other values, not active, thread with others active: INVPC | B1.5.8 `ExceptionReturn` | `tests::an_illegal_return_is_invpc` |
//! | NONBASETHRDENA | B3.2.8 | `tests::nonbasethrdena_lets_a_nested_handler_return_to_thread` |
//! | IPSR in the frame against the mode | B1.5.8 | `tests::a_frame_of_the_wrong_mode_is_invpc` |
//! | FAULTMASK cleared, but by NMI | B1.5.8 `DeActivate` | `tests::leaving_clears_faultmask_unless_it_is_nmi` |
//! | a level still high pends again | B3.4.1 | `tests::a_level_still_high_pends_again` |
//! | UNSTKERR | B1.5.14 | `tests::a_bad_stack_at_return_is_unstkerr` |
//! | 10 cycles; tail-chain 6; a request during the pops | above | `tests::return_takes_10_cycles`, `tests::a_tail_chain_takes_6_cycles`, `tests::a_request_during_the_pops_is_tail_chained` |
//! | SLEEPONEXIT, only to thread mode with nothing active | B1.5.20 | `tests::sleeponexit_sleeps_at_the_base_level` |
//!
//! | EXC_RETURN bit 4 clear: a frame with floating-point context; INVPC without an FPU | table B1-8 | `fpu::tests::everything_comes_back`, `tests::an_illegal_return_is_invpc` |

use super::stack::{TRANSFER_ORDER, context_offsets};
use crate::fpu::{CONTEXT_WORDS, Fpccr};
use crate::nvic::FIRST_IRQ;
use crate::scb::{Ccr, Cfsr};
use crate::sleep::Sleep;
use crate::{Bus, Cpu, CpuModel, Cycles, ExceptionNumber, Fault, Size};

/// Cycles from the last pop to the instruction returned to.
const REFILL: Cycles = Cycles(2);

/// Bit 4 of EXC_RETURN, clear if the frame has room for a floating-point context.
const EXTENDED: u32 = 1 << 4;

/// Where an EXC_RETURN value leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Destination {
    Handler,
    ThreadMain,
    ThreadProcess,
}

impl Destination {
    /// Without an FPU bit 4 must be set.
    const fn of(exc_return: u32, has_fpu: bool) -> Option<Self> {
        match if has_fpu {
            exc_return | EXTENDED
        } else {
            exc_return
        } {
            0xFFFF_FFF1 => Some(Self::Handler),
            0xFFFF_FFF9 => Some(Self::ThreadMain),
            0xFFFF_FFFD => Some(Self::ThreadProcess),
            _ => None,
        }
    }
}

impl Cpu {
    /// Returns from the active exception; `exc_return` is the value that was loaded into the PC in handler
    /// mode. All cycles of the return pass here; none belong to the branch.
    #[cold]
    pub(crate) fn exception_return<B: Bus>(&mut self, bus: &mut B, exc_return: u32) {
        let number = self.core.exception;
        let nested = self.nvic.active_count() > 1 && !self.scb.ccr().contains(Ccr::NONBASETHRDENA);
        let destination = Destination::of(exc_return, self.fpu.is_fitted())
            .filter(|&destination| destination == Destination::Handler || !nested)
            .filter(|_| self.nvic.is_active(ExceptionNumber(number)));
        self.deactivate(bus, number);
        match destination {
            Some(destination) => self.unstack(bus, destination, exc_return),
            None => self.fault_on_return(bus, Fault::InvPc, exc_return),
        }
        self.refresh_deadline(bus);
    }

    fn deactivate<B: Bus>(&mut self, bus: &mut B, number: u16) {
        self.nvic.set_active(number, false);
        if number != ExceptionNumber::NMI.0 {
            self.core.faultmask = false;
        }
        bus.exception_returned(&self.core, number);
        if number >= FIRST_IRQ
            && bus.irq().is_high(number - FIRST_IRQ)
            && !self.nvic.is_pending(ExceptionNumber(number))
        {
            self.pend(bus, number, self.core.now);
        }
        self.service_due(bus);
    }

    /// The return itself is at fault; the frame stays, and the fault handler runs in place of its return.
    fn fault_on_return<B: Bus>(&mut self, bus: &mut B, fault: Fault, exc_return: u32) {
        self.record(fault);
        self.pend_fault(bus, fault.exception());
        self.tail_chain(bus, exc_return);
    }

    fn unstack<B: Bus>(&mut self, bus: &mut B, destination: Destination, exc_return: u32) {
        let frame = match destination {
            Destination::ThreadProcess => self.core.psp(),
            Destination::Handler | Destination::ThreadMain => self.core.msp(),
        };
        let extended = exc_return & EXTENDED == 0;
        // What nobody has touched since entry is still in its registers.
        let loads_context = extended && !self.fpu.fpccr.contains(Fpccr::LSPACT);
        if loads_context && !self.scb.fpu_enabled(true) {
            return self.fault_on_return(bus, Fault::NoCp, exc_return);
        }
        let mut words = [0; 8];
        let mut context = [0; CONTEXT_WORDS as usize];
        let of_context = context
            .iter_mut()
            .zip(context_offsets())
            .filter(|_| loads_context);
        for (word, offset) in words.iter_mut().zip(TRANSFER_ORDER).chain(of_context) {
            if self.preemption(None).is_some() {
                return self.tail_chain(bus, exc_return);
            }
            let addr = frame.wrapping_add(offset);
            match self.stack_access(bus, addr, |core, bus| bus.read(core, addr, Size::Word)) {
                Ok(value) => *word = value,
                Err(()) if bus.reset_requested() => return,
                Err(()) => {
                    self.scb.cfsr |= Cfsr::UNSTKERR;
                    self.pend_fault(bus, ExceptionNumber::BUS_FAULT);
                    return self.tail_chain(bus, exc_return);
                }
            }
            self.core.now += Cycles(1);
            self.service_due(bus);
        }
        let [_, xpsr, ..] = words;
        if (xpsr & 0x1FF == 0) == (destination == Destination::Handler) {
            return self.fault_on_return(bus, Fault::InvPc, exc_return);
        }
        if loads_context {
            self.set_context(&context);
        } else if extended {
            self.fpu.fpccr.remove(Fpccr::LSPACT);
        }
        self.core.fp.active = extended;
        self.restore(destination, frame, words);
        self.core.now += REFILL;
        self.service_due(bus);
        if destination != Destination::Handler
            && self.nvic.active_count() == 0
            && self.scb.sleeps_on_exit()
        {
            self.fall_asleep(Sleep::OnExit);
        }
    }

    /// The state change of the return: the frame's content and its stack.
    fn restore(&mut self, destination: Destination, frame: u32, words: [u32; 8]) {
        let [pc, xpsr, r0, r1, r2, r3, r12, lr] = words;
        let sp = self.sp_above(frame, self.core.fp.active, xpsr);
        let core = &mut self.core;
        core.r[0..4].copy_from_slice(&[r0, r1, r2, r3]);
        core.r[12] = r12;
        core.r[14] = lr;
        if destination == Destination::ThreadProcess {
            core.other_sp = core.r[13];
            core.spsel = true;
        }
        core.r[13] = sp;
        core.pc = pc & !1;
        core.exception = (xpsr & 0x1FF) as u16;
        core.thumb = xpsr & 1 << 24 != 0;
        // GE exists with the DSP extension only.
        core.set_apsr(if self.config.model == CpuModel::CortexM3 {
            xpsr & !0xF_0000
        } else {
            xpsr
        });
        let continuation = ((xpsr >> 10 & 0x3F) << 2 | xpsr >> 25 & 3) as u8;
        let inside_it = continuation & 0xF != 0;
        core.itstate = if inside_it { continuation } else { 0 };
        core.ici = if inside_it { 0 } else { continuation >> 4 };
        self.exclusive = false;
        self.event_register = true;
    }
}

#[cfg(test)]
mod tests;
