//! Exception entry: stacking, vector fetch, the handler's first fetch, late arrival, tail-chaining.
//!
//! # The timing rule
//!
//! From recognition, at zero wait states, 12 cycles to the handler's first instruction, 6 for a tail-chain
//! (Arm DDI0439 §3.9, reference core.md §2). How they are spent, so that wait states add where they do in
//! silicon (DDI0337 §5.5: the vector is fetched while registers are still being pushed, PC and xPSR first):
//!
//! - [`RECOGNITION`] cycles, then eight words pushed, one a cycle and their wait states.
//! - A vector below 0x20000000 is read on ICode, beside the pushes, after [`WORDS_BEFORE_VECTOR`] of them.
//!   A table at 0x20000000 or above shares the system bus with the stack: its vector is read after the last push.
//! - The handler's first fetch follows the vector; on the system bus it, too, comes after the last push.
//! - [`REFILL`] cycles from the later of last push and first fetch to the first instruction.
//!
//! Hence 12 + about W with table and handler in flash of W wait states (2 at W = 2), 14 with all in SRAM.
//! Which two of the twelve cycles the fetches can hide behind is fitted to "12 + ~W" (core.md §2), not measured.
//!
//! | register or behaviour | source | test that proves it |
//! |---|---|---|
//! | eight words at SP − 32, R0 lowest; 8-byte alignment, xPSR bit 9 | ARMv7-M B1.5.6 `PushStack` | `tests::the_frame_is_where_the_manual_puts_it`, `tests::an_odd_word_stack_is_aligned` |
//! | EXC_RETURN, mode, stack, IPSR, T, IT and ICI | B1.5.6 `ExceptionTaken` | `tests::the_frame_is_…`, `tests::it_and_ici_are_saved_and_cleared` |
//! | event register set, exclusive monitor cleared | B1.5.6 | `tests::entry_sets_the_event_register_and_clears_the_monitor` |
//! | 12 cycles, wait states, shared system bus | above | `tests::entry_takes_…` |
//! | late arrival until the first instruction issues | DDI0337B §5.7 | `tests::a_late_arrival_…` |
//! | a vector fetch that is held completes first, or is retargeted (open behaviour) | core.md §2 | `tests::a_held_vector_…` |
//! | the entry is told when the first instruction is there | design §4 | `tests::a_held_first_fetch_belongs_to_the_latency` |
//! | STKERR, the more urgent exception first | B1.5.14 | `tests::a_bad_stack_is_a_derived_fault` |
//! | VECTTBL, lock-up at HardFault and NMI | B1.5.14–15 | `tests::a_vector_that_cannot_be_read_is_a_hardfault`, `tests::no_vector_for_hardfault_locks_up` |
//! | extended frames, eager and lazy | B1.5.6–7 | `fpu::tests` |
//! | VTOR + 4n or VTOR OR 4n | core.md §4 | `tests::a_misaligned_table_can_be_read_by_or` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | stack in a bit-band alias or in the PPB | nobody puts one there | the bus answers for the alias; STKERR in the PPB |

use super::stack::{TRANSFER_ORDER, context_offsets, frame_bytes};
use crate::VectorAddress;
use crate::fpu::Fpccr;
use crate::scb::{Cfsr, Hfsr};
use crate::sleep::Sleep;
use crate::{Abort, Bus, Cpu, Cycles, ExceptionNumber, HoldKind, Mode, Size};

/// Cycles from recognition to the first push, or to the vector fetch of a tail-chain.
const RECOGNITION: Cycles = Cycles(2);
/// Cycles from the arrival of the first instruction to its execution.
const REFILL: Cycles = Cycles(2);
/// Pushes that go out before the vector is asked for on ICode.
const WORDS_BEFORE_VECTOR: usize = 4;
/// One transfer at zero wait states.
const TRANSFER: Cycles = Cycles(1);
/// The system bus starts here; below are ICode and DCode.
const SYSTEM_BUS: u32 = 0x2000_0000;

/// An entry that is under way.
struct Entry {
    /// The exception that will be entered, unless a more urgent one comes.
    number: u16,
    /// Its handler's address, once the vector is there.
    handler: Option<u32>,
    /// Cycle at which the handler's first fetch can be issued.
    fetch_from: Cycles,
}

/// How a vector fetch ended.
enum Vector {
    Fetched(u32),
    /// Given up for a late arrival or a system reset.
    GivenUp,
    /// A bus error.
    Fault,
}

impl Cpu {
    /// Takes the exception that pre-empts the current execution priority, if there is one. `core.pc` is the
    /// address to return to. On return, the first instruction of the handler is about to issue.
    #[cold]
    pub(crate) fn take_exception<B: Bus>(&mut self, bus: &mut B) -> bool {
        self.enter(bus, None)
    }

    /// Enters the next exception in place of the return with `exc_return`, whose frame stays where it is.
    pub(super) fn tail_chain<B: Bus>(&mut self, bus: &mut B, exc_return: u32) {
        self.enter(bus, Some(exc_return));
    }

    fn enter<B: Bus>(&mut self, bus: &mut B, chained: Option<u32>) -> bool {
        if self.lockup {
            return false;
        }
        let Some(number) = self.preemption(None) else {
            return false;
        };
        self.core.now += RECOGNITION;
        self.service_due(bus);
        let mut entry = Entry {
            number,
            handler: None,
            fetch_from: self.core.now,
        };
        let exc_return = match chained {
            Some(exc_return) => exc_return,
            None => self.push_frame(bus, &mut entry),
        };
        if let Some(handler) = self.reach_handler(bus, &mut entry) {
            self.begin(bus, entry.number, handler, exc_return);
        }
        self.refresh_deadline(bus);
        true
    }

    /// Pushes the frame, reading the vector beside it where the buses allow, and switches to the main stack.
    /// Returns EXC_RETURN.
    fn push_frame<B: Bus>(&mut self, bus: &mut B, entry: &mut Entry) -> u32 {
        let core = &self.core;
        let (frame, words) = self.frame_to_push();
        let extended = core.fp.active;
        let exc_return = match (core.mode(), core.spsel) {
            (Mode::Handler, _) => 0xFFFF_FFF1,
            (Mode::Thread, false) => 0xFFFF_FFF9,
            (Mode::Thread, true) => 0xFFFF_FFFD,
        } & !(u32::from(extended) << 4);
        // Time on the bus that the stack is on; `core.now` runs ahead of it while a vector is waited for.
        let mut pushed = core.now;
        let eager = self.saves_context_now(bus, frame);
        let context = context_offsets().zip(self.context()).filter(|_| eager);
        for (index, (offset, value)) in TRANSFER_ORDER
            .into_iter()
            .zip(words)
            .chain(context)
            .enumerate()
        {
            if index == WORDS_BEFORE_VECTOR {
                self.read_vector_beside_the_pushes(bus, entry);
            }
            let issued = self.core.now;
            let addr = frame.wrapping_add(offset);
            if self
                .stack_access(bus, addr, |core, bus| {
                    bus.write(core, addr, Size::Word, value)
                })
                .is_err()
            {
                if !bus.reset_requested() {
                    self.scb.cfsr |= Cfsr::STKERR;
                    self.pend_derived(bus, ExceptionNumber::BUS_FAULT);
                }
                break;
            }
            pushed = pushed + TRANSFER + self.core.now.since(issued);
            self.core.now = issued.max(pushed);
            self.service_due(bus);
        }
        self.code_under(frame, frame_bytes(extended));
        let core = &mut self.core;
        core.r[13] = frame;
        if core.spsel {
            std::mem::swap(&mut core.r[13], &mut core.other_sp);
            core.spsel = false;
        }
        exc_return
    }

    /// Does this entry push the floating-point context? If it leaves that for later, or may not, that is settled here.
    fn saves_context_now<B: Bus>(&mut self, bus: &mut B, frame: u32) -> bool {
        if !self.core.fp.active {
            return false;
        }
        if self.fpu.fpccr.contains(Fpccr::LSPEN) {
            self.defer_context(frame);
            return false;
        }
        if self.scb.fpu_enabled(self.core.privileged()) {
            return true;
        }
        self.scb.cfsr |= Cfsr::NOCP;
        self.pend_derived(bus, ExceptionNumber::USAGE_FAULT);
        false
    }

    /// The vector fetch on ICode. One that is held or refused is left for when the pushes are done.
    fn read_vector_beside_the_pushes<B: Bus>(&mut self, bus: &mut B, entry: &mut Entry) {
        entry.number = self.preemption(None).unwrap_or(entry.number);
        let addr = self.vector_address(entry.number);
        if addr < SYSTEM_BUS
            && let Ok(handler) = bus.vector(&mut self.core, addr)
        {
            entry.handler = Some(handler);
            entry.fetch_from = self.core.now + TRANSFER;
        }
    }

    /// Gets vector and first instruction of the most urgent exception. `None`: locked up, or a system reset.
    fn reach_handler<B: Bus>(&mut self, bus: &mut B, entry: &mut Entry) -> Option<u32> {
        while !bus.reset_requested() {
            // Before the vector is asked for, sub-priority and number decide; afterwards only what would
            // pre-empt the handler is a late arrival.
            let fetched = entry.handler.is_some();
            let best = self.preemption(fetched.then_some(entry.number));
            if let Some(best) = best.filter(|&best| best != entry.number) {
                entry.number = best;
                entry.handler = None;
            }
            let Some(handler) = entry.handler else {
                match self.fetch_vector(bus, entry.number) {
                    Vector::Fetched(handler) => {
                        entry.handler = Some(handler);
                        entry.fetch_from = self.core.now;
                    }
                    Vector::GivenUp => {}
                    Vector::Fault => {
                        self.scb.hfsr |= Hfsr::VECTTBL;
                        if entry.number <= ExceptionNumber::HARD_FAULT.0 {
                            self.lock_up(bus);
                            return None;
                        }
                        self.pend(bus, ExceptionNumber::HARD_FAULT.0, self.core.now);
                    }
                }
                self.service_due(bus);
                continue;
            };
            self.fetch_first(bus, entry, handler);
            self.service_due(bus);
            if self.preemption(Some(entry.number)).is_none() && !bus.reset_requested() {
                return Some(handler);
            }
        }
        None
    }

    fn vector_address(&self, number: u16) -> u32 {
        let offset = u32::from(number) * 4;
        match self.config.open.vector_address {
            VectorAddress::Add => self.scb.vtor().wrapping_add(offset),
            VectorAddress::Or => self.scb.vtor() | offset,
        }
    }

    fn fetch_vector<B: Bus>(&mut self, bus: &mut B, number: u16) -> Vector {
        let addr = self.vector_address(number);
        loop {
            match bus.vector(&mut self.core, addr) {
                Ok(handler) => {
                    self.core.now += TRANSFER;
                    return Vector::Fetched(handler);
                }
                Err(Abort::Held { until }) => {
                    self.hold(
                        bus,
                        HoldKind::Vector,
                        addr,
                        until.max(self.core.now + TRANSFER),
                        Some(number),
                    );
                    let late = self.config.open.late_arrival_during_held_vector
                        && self.preemption(Some(number)).is_some();
                    if late || bus.reset_requested() {
                        return Vector::GivenUp;
                    }
                }
                Err(Abort::Fault(_)) => return Vector::Fault,
            }
        }
    }

    /// Fetches the handler's first instruction and lets the time pass until it can execute. A refused fetch is
    /// left to the handler's first instruction to raise.
    fn fetch_first<B: Bus>(&mut self, bus: &mut B, entry: &mut Entry, handler: u32) {
        let addr = handler & !1;
        let mut from = if addr < SYSTEM_BUS {
            entry.fetch_from
        } else {
            self.core.now
        };
        loop {
            let issued = self.core.now;
            let waits = match bus.fetch(&mut self.core, addr) {
                Ok(fetch) => {
                    self.core.window = fetch.window;
                    self.core.now.max(fetch.ready).since(issued)
                }
                Err(Abort::Held { until }) => {
                    self.hold(
                        bus,
                        HoldKind::Fetch,
                        addr,
                        until.max(issued + TRANSFER),
                        Some(entry.number),
                    );
                    if bus.reset_requested() {
                        return;
                    }
                    from = self.core.now;
                    continue;
                }
                Err(Abort::Fault(_)) => Cycles::ZERO,
            };
            self.core.now = issued.max(from + TRANSFER + waits) + REFILL;
            return;
        }
    }

    /// The state change of the entry (B1.5.6 `ExceptionTaken`): from here on the handler runs.
    fn begin<B: Bus>(&mut self, bus: &mut B, number: u16, handler: u32, exc_return: u32) {
        self.nvic.unpend(number);
        self.nvic.set_active(number, true);
        let core = &mut self.core;
        core.exception = number;
        core.r[14] = exc_return;
        core.pc = handler & !1;
        core.thumb = handler & 1 != 0;
        core.itstate = 0;
        core.ici = 0;
        core.fp.active = false;
        self.exclusive = false;
        self.event_register = true;
        self.sleeping = Sleep::Awake;
        bus.exception_entered(&self.core, number);
    }
}

#[cfg(test)]
mod tests;
