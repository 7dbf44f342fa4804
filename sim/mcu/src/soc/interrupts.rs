//! Interrupt latencies, lost requests and storms.
//!
//! A latency runs from the request to the first instruction of the handler. The request of a device is made
//! at the exact time at which its line rose, that of the core's own exceptions at the cycle of the core.

use flashstall_cpu::{Core, Cycles};

use super::Soc;
use crate::Picos;
use crate::log::{InterruptRun, RECORD_CAP};

/// A handler that has been entered.
#[derive(Clone, Copy, Debug)]
struct Active {
    number: u16,
    /// Index of its record, if it was kept.
    record: Option<usize>,
}

/// The handler that returned last.
#[derive(Clone, Copy, Debug)]
struct Returned {
    number: u16,
    /// Instructions that had completed by then.
    instructions: u64,
    /// The latest request that still belongs to the series.
    until: Picos,
    /// How many entries in a row.
    series: u64,
}

/// What latencies are made from.
#[derive(Clone, Debug, Default)]
pub(super) struct InterruptWatch {
    active: Vec<Active>,
    last: Option<Returned>,
    /// Length of the series that the handler entered last belongs to.
    series: u64,
}

/// The return instruction itself may or may not be counted by the time it is told.
const RETURN_INSTRUCTION: u64 = 1;
/// Cycles of an exception return (pipeline.md s6).
const UNSTACKING: Cycles = Cycles(10);

impl Soc {
    pub(super) fn log_pended(&mut self, number: u16, at: Cycles, merged: bool) {
        let rose = number
            .checked_sub(16)
            .and_then(|irq| self.shared.irq_rose.remove(&irq));
        let time = rose.unwrap_or_else(|| self.shared.clock.time(at));
        let totals = self.shared.log.interrupts.entry(number).or_default();
        if merged {
            totals.pended_lost += 1;
        } else {
            totals.pending_since = Some(time);
        }
    }

    pub(super) fn log_entered(&mut self, core: &Core, number: u16) {
        let entered = self.shared.clock.time(core.now);
        let watch = &mut self.interrupts;
        let log = &mut self.shared.log;
        let totals = log.interrupts.entry(number).or_default();
        let pended = totals.pending_since.take().unwrap_or(entered);
        watch.series = match watch.last {
            // Requested by the time the return was through: it was not sleep that nothing ran in.
            Some(last)
                if last.number == number
                    && core.instructions <= last.instructions + RETURN_INSTRUCTION
                    && pended <= last.until =>
            {
                last.series + 1
            }
            _ => 1,
        };
        let latency = entered.since(pended);
        totals.taken += 1;
        totals.latency = Some(totals.latency.map_or((latency, latency), |(min, max)| {
            (min.min(latency), max.max(latency))
        }));
        totals.longest_storm = totals.longest_storm.max(watch.series);
        let record = (log.runs.dropped == 0 && log.runs.kept.len() < RECORD_CAP)
            .then_some(log.runs.kept.len());
        log.runs.push(InterruptRun {
            number,
            pended,
            entered,
            returned: None,
        });
        watch.active.push(Active { number, record });
        if self.stop_on_fault && matches!(number, 3..=6) {
            self.fault_entered = Some(number);
            self.recall = true;
        }
    }

    pub(super) fn log_returned(&mut self, core: &Core, number: u16) {
        let time = self.shared.clock.time(core.now);
        let watch = &mut self.interrupts;
        // Firmware can return out of order (a forged EXC_RETURN): look for it, not at the top only.
        if let Some(n) = watch
            .active
            .iter()
            .rposition(|active| active.number == number)
        {
            let active = watch.active.remove(n);
            if let Some(run) = active
                .record
                .and_then(|n| self.shared.log.runs.kept.get_mut(n))
            {
                run.returned = Some(time);
            }
        }
        let until = self.shared.clock.time(core.now + UNSTACKING);
        watch.last = Some(Returned {
            number,
            instructions: core.instructions,
            until,
            series: watch.series,
        });
    }

    /// A reset ends every handler and forgets every request.
    pub(super) fn forget_interrupts(&mut self) {
        self.interrupts = InterruptWatch::default();
        self.shared.irq_rose.clear();
        for totals in self.shared.log.interrupts.values_mut() {
            totals.pending_since = None;
        }
    }
}
