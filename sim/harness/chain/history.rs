//! The log, indexed for look-ups by time.

use std::collections::BTreeMap;

use flashstall_mcu::Picos;
use flashstall_mcu::log::{InterruptRun, Log, Stall};

/// Where an interrupt stood at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Requested, not entered yet.
    Pending {
        /// Requested.
        since: Picos,
        /// Entered, or the end of the run.
        until: Picos,
        /// Was it entered?
        entered: bool,
    },
    /// Its handler was running.
    Running {
        /// Entered.
        since: Picos,
    },
    /// Neither.
    Idle {
        /// When its handler was entered last.
        last: Option<Picos>,
    },
}

/// Handler runs by exception number, stalls in order of time.
pub(super) struct History<'a> {
    runs: BTreeMap<u16, Vec<&'a InterruptRun>>,
    stalls: &'a [Stall],
    log: &'a Log,
    end: Picos,
}

impl<'a> History<'a> {
    pub(super) fn new(log: &'a Log, end: Picos) -> Self {
        let mut runs: BTreeMap<u16, Vec<&InterruptRun>> = BTreeMap::new();
        for run in &log.runs.kept {
            runs.entry(run.number).or_default().push(run);
        }
        // A run is recorded when it is entered or when it returns: either way its entry orders it.
        for list in runs.values_mut() {
            list.sort_by_key(|run| run.entered);
        }
        Self {
            runs,
            stalls: &log.stalls.kept,
            log,
            end,
        }
    }

    /// Where exception `number` stood at `time`.
    pub(super) fn state(&self, number: u16, time: Picos) -> State {
        let list = self
            .runs
            .get(&number)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let next = list.partition_point(|run| run.entered <= time);
        if let Some(run) = list.get(next)
            && run.pended <= time
        {
            return State::Pending {
                since: run.pended,
                until: run.entered,
                entered: true,
            };
        }
        let pending = self
            .log
            .interrupts
            .get(&number)
            .and_then(|t| t.pending_since);
        if let Some(since) = pending
            && next == list.len()
            && since <= time
        {
            return State::Pending {
                since,
                until: self.end,
                entered: false,
            };
        }
        match next.checked_sub(1).and_then(|i| list.get(i)) {
            Some(run) if run.returned.is_none_or(|returned| returned > time) => {
                State::Running { since: run.entered }
            }
            last => State::Idle {
                last: last.map(|run| run.entered),
            },
        }
    }

    /// Stalls that overlap `from..to`, each with its overlap.
    pub(super) fn stalls(
        &self,
        from: Picos,
        to: Picos,
    ) -> impl Iterator<Item = (&'a Stall, Picos)> {
        // Stalls are recorded when they end, and never overlap each other: ends are in order.
        let first = self.stalls.partition_point(|s| s.end <= from);
        self.stalls[first..]
            .iter()
            .take_while(move |s| s.start < to)
            .map(move |s| (s, s.end.min(to) - s.start.max(from)))
    }

    /// The other handler that was running longest in `from..to`, and for how long.
    pub(super) fn busiest_handler(&self, but: u16, from: Picos, to: Picos) -> Option<(u16, Picos)> {
        let mut best: Option<(u16, Picos)> = None;
        for (number, list) in self.runs.iter().filter(|(n, _)| **n != but) {
            let first = list
                .partition_point(|run| run.entered < from)
                .saturating_sub(1);
            let mut sum = Picos::ZERO;
            for run in list[first..].iter().take_while(|run| run.entered < to) {
                let end = run.returned.unwrap_or(self.end).min(to);
                sum += end - run.entered.max(from);
            }
            if best.is_none_or(|(_, most)| sum > most) {
                best = Some((*number, sum));
            }
        }
        best.filter(|(_, sum)| *sum > Picos::ZERO)
    }
}
