//! Power-on and system reset.

use flashstall_cpu::{Addr, Core, Cycles};

use super::Soc;
use super::boot::Rom;
use crate::flash;
use crate::log::{OperationId, ResetRecord};
use crate::periph::PeripheralId;

/// Why the core came back from a run.
pub(crate) enum Recall {
    /// An erase began, and somebody wants to know.
    Erase(OperationId),
    /// The handler of this fault was entered, and somebody wants to know.
    Fault(u16),
    /// The chip must be reset.
    Reset,
    /// Only dates have moved: go on.
    Nothing,
}

impl Soc {
    /// Why the core was called back; the next call tells the next reason.
    pub(crate) fn take_recall(&mut self) -> Recall {
        if let Some(id) = self.erase_started.take() {
            self.recall = self.reset_cause.is_some();
            self.refresh_next_event();
            return Recall::Erase(id);
        }
        if let Some(number) = self.fault_entered.take() {
            self.recall = self.reset_cause.is_some();
            self.refresh_next_event();
            return Recall::Fault(number);
        }
        if self.reset_cause.is_some() {
            return Recall::Reset;
        }
        self.recall = false;
        self.refresh_next_event();
        Recall::Nothing
    }

    /// Power comes up: every peripheral takes its reset state.
    pub(crate) fn power_on(&mut self, core: &mut Core) {
        self.show_rom(Rom::Out);
        self.reset_peripherals(core);
    }

    /// The reset that was asked for. SRAM, time and wires go on.
    pub(crate) fn system_reset(&mut self, core: &mut Core) {
        let at = self.shared.clock.time(core.now);
        self.shared.pc = Addr(core.pc);
        if let Some(cause) = self.reset_cause.take() {
            self.shared.log.resets.push(ResetRecord {
                at,
                cause,
                pc: Addr(core.pc),
            });
        }
        flash::abort(&mut self.shared, at);
        self.shared.outbox.clear();
        self.forget_interrupts();
        self.show_rom(Rom::Out);
        self.remap(self.chip.alias.boot);
        self.reset_peripherals(core);
    }

    fn reset_peripherals(&mut self, core: &mut Core) {
        self.shared.irq.reset();
        self.shared.irq_sharing.reset();
        let time = self.shared.clock.time(core.now);
        for id in (0..self.peripherals.len()).map(PeripheralId) {
            self.with(id, time, core.now, |p, cx| p.reset(cx));
        }
        self.deliver(time, core.now);
        // What devices asked for in their own reset does not count: this is the reset.
        self.reset_cause = None;
        self.erase_started = None;
        self.fault_entered = None;
        self.held_until = Cycles::ZERO;
        self.dates_moved = false;
        self.settle(core);
        // The machine looks at its dates after a reset anyway.
        self.dates_moved = false;
        self.recall = false;
        self.refresh_next_event();
    }
}
