//! The record of the stalls.

use flashstall_cpu::{Abort, Addr, Core, Cycles, Hold};

use super::Soc;
use crate::Picos;
use crate::flash::Takes;
use crate::log::{OperationId, Stall};

/// Who holds the bus.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Holder {
    bank: u8,
    operation: Option<OperationId>,
    /// A device that answers at a date, not the flash.
    device: bool,
}

impl Soc {
    /// An access is held until the end of an operation; remembers which, for the record when it is over.
    pub(super) fn hold_for_flash(&mut self, core: &Core, until: Cycles) -> Abort {
        let clock = &self.shared.clock;
        self.holder = self
            .shared
            .flash
            .running()
            .find(|running| clock.cycle(running.end) == until)
            .map_or_else(Holder::default, |running| Holder {
                bank: running.bank,
                operation: Some(running.id),
                device: false,
            });
        self.forbid_reads_of_rows(core);
        self.held_until = until;
        Abort::Held { until }
    }

    /// An access waits for a device that answers at `time`: long, if its bus is slow, but no stall by the flash.
    pub(super) fn wait_for_device(&mut self, core: &Core, time: Picos) -> Abort {
        let until = self.shared.clock.cycle(time).max(core.now + Cycles(1));
        self.holder = Holder {
            device: true,
            ..Holder::default()
        };
        self.held_until = until;
        Abort::Held { until }
    }

    /// While a row or a half page is written, silicon does not hold a read: it forbids it.
    fn forbid_reads_of_rows(&mut self, core: &Core) {
        let flash = &self.shared.flash;
        if flash.running().any(|r| r.request.takes == Takes::Row) {
            let (time, pc) = (self.shared.clock.time(core.now), Addr(core.pc));
            self.shared.log.find("flash-access-during-row", time, pc, || {
                "flash was accessed while a row or half page is written: silicon forbids it, the write may fail; held here".to_owned()
            });
        }
    }

    pub(super) fn log_hold(&mut self, hold: &Hold) {
        self.held_until = Cycles::ZERO;
        if std::mem::take(&mut self.dates_moved) {
            self.recall = true;
            self.refresh_next_event();
        }
        let (start, end) = (
            self.shared.clock.time(hold.start),
            self.shared.clock.time(hold.end),
        );
        let length = end.since(start);
        let log = &mut self.shared.log;
        let all = if self.holder.device {
            &mut log.device_waits
        } else {
            &mut log.stall_totals
        };
        let totals = all.entry(hold.kind).or_default();
        totals.count += 1;
        totals.total += length;
        totals.longest = totals.longest.max(length);
        // They are many: each line of code that is fetched from a serial flash.
        if self.holder.device {
            return;
        }
        self.shared.log.stalls.push(Stall {
            kind: hold.kind,
            address: hold.addr,
            pc: hold.pc,
            active: hold.active,
            entering: hold.entering,
            start,
            end,
            bank: self.holder.bank,
            operation: self.holder.operation,
        });
    }
}
