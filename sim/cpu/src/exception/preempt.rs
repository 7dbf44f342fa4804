//! Who pre-empts whom, and what happens between two instructions.

use crate::nvic::{FIRST_IRQ, Priority};
use crate::sleep::Sleep;
use crate::{Bus, Cpu, Cycles, ExceptionNumber};

impl Cpu {
    /// Lets everything happen that is due at or before now: bus events, SysTick wraps (each told at its own
    /// cycle), rises of interrupt lines, changes of code memory.
    #[cold]
    pub(crate) fn service_events<B: Bus>(&mut self, bus: &mut B) {
        bus.run_events(&mut self.core);
        self.advance_systick(bus);
        self.latch_lines(bus);
        if bus.code_changed() {
            self.drain_code_changes(bus);
        }
        self.refresh_deadline(bus);
    }

    /// As [`service_events`](Self::service_events), if anything is due.
    pub(crate) fn service_due<B: Bus>(&mut self, bus: &mut B) {
        if self.next_event(bus) <= self.core.now {
            self.service_events(bus);
        }
    }

    /// Brings SysTick up to now and pends its exception for each wrap on the way.
    pub(crate) fn advance_systick<B: Bus>(&mut self, bus: &mut B) {
        for at in self.systick.advance(self.core.now).cycles() {
            self.pend(bus, ExceptionNumber::SYSTICK.0, at);
        }
    }

    fn latch_lines<B: Bus>(&mut self, bus: &mut B) {
        if !bus.irq().has_risen() {
            return;
        }
        for (word, rises) in (0u16..).zip(bus.irq().take_rises()) {
            let mut rest = rises;
            while rest != 0 {
                let irq = word * 64 + rest.trailing_zeros() as u16;
                rest &= rest - 1;
                if self.nvic.has_line(irq) {
                    self.pend(bus, FIRST_IRQ + irq, self.core.now);
                }
            }
        }
    }

    /// Latches a request of `number` that was made at cycle `at`.
    pub(crate) fn pend<B: Bus>(&mut self, bus: &mut B, number: u16, at: Cycles) {
        let merged = self.nvic.pend(number);
        if !merged && self.scb.sends_event_on_pend() {
            self.event_register = true;
        }
        bus.exception_pended(&self.core, number, at, merged);
    }

    /// Computes when the loop must next leave its fast path: at once if it has something to look at.
    #[inline]
    pub(crate) fn refresh_deadline<B: Bus>(&mut self, bus: &B) {
        let at_once = self.lockup
            || self.pending_exit.is_some()
            || self.sleeping != Sleep::Awake
            || bus.reset_requested()
            || self.preemption(None).is_some();
        self.deadline = if at_once {
            Cycles::ZERO
        } else {
            self.next_deadline(bus)
        };
    }

    /// The execution priority: that of the most urgent active exception, raised by the mask registers
    /// (ARMv7-M B1.5.4 `ExecutionPriority`).
    pub(crate) fn execution_priority(&self) -> Priority {
        let unmasked = self.execution_priority_but_primask();
        if self.core.primask {
            unmasked.min(Priority::PRIMASK)
        } else {
            unmasked
        }
    }

    /// The execution priority as WFI sees it, which PRIMASK does not keep from waking (B1.5.19).
    pub(crate) fn execution_priority_but_primask(&self) -> Priority {
        self.nvic.active_priority().min(self.priority_of_masks())
    }

    /// What BASEPRI and FAULTMASK alone raise the execution priority to.
    pub(crate) fn priority_of_masks(&self) -> Priority {
        if self.core.faultmask {
            Priority::HARD_FAULT
        } else if self.core.basepri != 0 {
            self.nvic.group_of(self.core.basepri)
        } else {
            Priority::BASE
        }
    }

    /// The pending exception that would be taken now. With `entering`: that would be taken in place of the
    /// one that is being entered, a late arrival.
    #[inline]
    pub(crate) fn preemption(&self, entering: Option<u16>) -> Option<u16> {
        let number = self.nvic.highest_pending()?;
        let mut limit = self.execution_priority();
        if let Some(entering) = entering {
            limit = limit.min(self.nvic.group_priority(entering));
        }
        (self.nvic.group_priority(number) < limit).then_some(number)
    }
}
