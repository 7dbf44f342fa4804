//! The one place where the core is held: time passes, events happen, the core does nothing.

use crate::{Addr, Bus, Cpu, Cycles, Hold, HoldKind};

/// How a hold ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Released {
    /// The access can be repeated now.
    Retry,
    /// An interrupt was taken out of a held fetch (only with
    /// [`interrupt_during_held_fetch`](crate::OpenBehaviours::interrupt_during_held_fetch)), or a system reset hit:
    /// the access is abandoned, the instruction boundary decides what comes next.
    Abandoned,
}

impl Cpu {
    /// Holds the core from now until `until`, letting every event in between happen at its own time.
    ///
    /// `entering` names the exception whose vector or first instruction is being fetched.
    #[cold]
    pub(crate) fn hold<B: Bus>(
        &mut self,
        bus: &mut B,
        kind: HoldKind,
        addr: u32,
        until: Cycles,
        entering: Option<u16>,
    ) -> Released {
        let start = self.core.now;
        let mut released = Released::Retry;
        while self.core.now < until {
            // At least one cycle, whatever is overdue.
            self.core.now = until.min(self.next_event(bus).max(self.core.now + Cycles(1)));
            self.service_events(bus);
            if bus.reset_requested() {
                released = Released::Abandoned;
                break;
            }
            let open = self.config.open;
            let may_leave = match kind {
                HoldKind::Fetch => open.interrupt_during_held_fetch && entering.is_none(),
                HoldKind::Vector => open.late_arrival_during_held_vector,
                HoldKind::Data | HoldKind::Register => false,
            };
            if may_leave && self.core.now < until && self.preemption(entering).is_some() {
                released = Released::Abandoned;
                break;
            }
        }
        bus.held(
            &self.core,
            &Hold {
                kind,
                addr: Addr(addr),
                pc: Addr(self.core.pc),
                active: self.core.exception,
                entering,
                start,
                end: self.core.now,
            },
        );
        released
    }
}
