//! What came of one point, in a few numbers.

use std::fmt::Write as _;

use flashstall_mcu::{Machine, Picos};

use crate::report::{Report, Verdict, is_lost, is_settled};
use crate::scenario::{Prepared, Time, WireSpec};

/// What came of one point. `sent = delivered + lost`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Do the scenario's expectations hold at this point?
    pub verdict: Verdict,
    /// Why the run ended: `until`, `time-limit`, …
    pub stop: String,
    /// The time limit ended the run before what it waits for had happened: not everything was sent or done. No column of a sweep.
    pub unfinished: bool,
    /// Simulated time.
    pub time: Picos,
    /// Bytes and frames sent, on all UARTs and CAN buses.
    pub sent: u64,
    /// … that firmware or DMA took.
    pub delivered: u64,
    /// … that it did not.
    pub lost: u64,
    /// Edges at pins that firmware did not see.
    pub edges_lost: u64,
    /// Units in DMA rings that were overwritten before firmware looked.
    pub overwritten: u64,
    /// Bytes sent that are in none of the scenario's buffers, as far as those go.
    pub missing: u64,
    /// Bytes sent after a buffer of the scenario was full: nobody can tell from it whether they arrived. No column of a sweep.
    pub unseen: u64,
    /// Hosts whose image is not where it should be, or who gave up; masters of I2C buses with a transaction that failed or was answered wrongly.
    pub hosts_failed: u64,
    /// Pages that hosts sent again.
    pub resends: u64,
    /// SysTick ticks lost.
    pub ticks_lost: u64,
    /// Resets.
    pub resets: u64,
    /// The longest time that the core was held.
    pub longest_stall: Picos,
    /// The longest time from request to handler, of the interrupts that take bytes and frames.
    pub worst_latency: Picos,
    /// The longest run of such a handler, from its first instruction to its return.
    pub longest_handler: Picos,
}

/// Names of the columns that [`Outcome::cells`] gives.
pub const COLUMNS: [&str; 15] = [
    "verdict",
    "stop",
    "time-ps",
    "sent",
    "delivered",
    "lost",
    "edges-lost",
    "overwritten",
    "missing",
    "hosts-failed",
    "resends",
    "ticks-lost",
    "resets",
    "longest-stall-ps",
    "worst-latency-ps",
];

impl Outcome {
    /// Everything sent was taken, nothing overwritten, and every buffer and host has what it should have.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.lost == 0 && self.overwritten == 0 && self.missing == 0 && self.hosts_failed == 0
    }

    /// Everything is sent and complete, and the buffers reach to its end: there is nothing that could have gone unnoticed.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.is_complete() && self.unseen == 0 && !self.unfinished
    }

    /// The number in column `name`; `None` for a column of words, or none at all.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        Some(match name {
            "time-ps" => self.time.0,
            "sent" => self.sent,
            "delivered" => self.delivered,
            "lost" => self.lost,
            "edges-lost" => self.edges_lost,
            "overwritten" => self.overwritten,
            "missing" => self.missing,
            "hosts-failed" => self.hosts_failed,
            "resends" => self.resends,
            "ticks-lost" => self.ticks_lost,
            "resets" => self.resets,
            "longest-stall-ps" => self.longest_stall.0,
            "worst-latency-ps" => self.worst_latency.0,
            _ => return None,
        })
    }

    /// One text a column of [`COLUMNS`].
    #[must_use]
    pub fn cells(&self) -> Vec<String> {
        let word = match self.verdict {
            Verdict::Met => "met",
            Verdict::Failed => "failed",
            Verdict::Undecided => "undecided",
        };
        COLUMNS
            .iter()
            .map(|column| match *column {
                "verdict" => word.to_owned(),
                "stop" => self.stop.clone(),
                number => self
                    .number(number)
                    .map_or_else(String::new, |n| n.to_string()),
            })
            .collect()
    }
}

impl std::fmt::Display for Outcome {
    /// In a line, for people.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = format!("{} of {} lost", self.lost, self.sent);
        for (count, what) in [
            (self.overwritten, "overwritten in a ring"),
            (self.missing, "missing in a buffer"),
            (self.unseen, "beyond the end of a full buffer"),
            (self.hosts_failed, "hosts without success"),
        ] {
            if count > 0 {
                let _ = write!(text, ", {count} {what}");
            }
        }
        if self.unfinished {
            text.push_str(", unfinished at the time limit");
        }
        let _ = write!(
            text,
            ", longest stall {}, longest wait {}",
            Time(self.longest_stall),
            Time(self.worst_latency)
        );
        f.write_str(&text)
    }
}

/// Bytes that are in no buffer. A buffer that is full to its end is compared as far as it goes.
fn missing(prepared: &Prepared, report: &Report) -> u64 {
    let one = |b: &crate::report::BufferReport| {
        let of = prepared.buffers.iter().find(|its| its.name == b.name);
        let capacity = of.map_or(0, |its| u64::from(its.capacity));
        if b.received < capacity {
            return b.missing;
        }
        let differs = b
            .first_difference
            .as_ref()
            .is_some_and(|d| d.index < capacity);
        let beyond = b.sent.saturating_sub(capacity);
        b.missing.saturating_sub(beyond).max(u64::from(differs))
    };
    report.buffers.iter().map(one).sum()
}

/// Bytes sent after a buffer was full.
fn unseen(prepared: &Prepared, report: &Report) -> u64 {
    let one = |b: &crate::report::BufferReport| {
        let of = prepared.buffers.iter().find(|its| its.name == b.name)?;
        let capacity = u64::from(of.capacity);
        (b.received >= capacity).then(|| b.sent.saturating_sub(capacity))
    };
    report.buffers.iter().filter_map(one).sum()
}

/// From the machine at the end of its run, and the report as far as it was made.
pub(super) fn outcome(prepared: &Prepared, machine: &Machine, report: &Report) -> Outcome {
    let log = machine.log();
    let mut o = Outcome {
        verdict: report.verdict,
        stop: report.stop.reason.clone(),
        unfinished: report.stop.reason == "time-limit" && !prepared.until.is_empty(),
        time: machine.time(),
        sent: 0,
        delivered: 0,
        lost: 0,
        edges_lost: 0,
        overwritten: report.dma.iter().map(|d| d.overwritten).sum(),
        missing: missing(prepared, report),
        unseen: unseen(prepared, report),
        hosts_failed: 0,
        resends: report.hosts.iter().map(|h| h.resends).sum(),
        ticks_lost: report.ticks_lost,
        resets: report.resets.len() as u64,
        longest_stall: Picos::ZERO,
        worst_latency: Picos::ZERO,
        longest_handler: Picos::ZERO,
    };
    let failed = |h: &&crate::report::HostReport| {
        h.outcome == "gave-up"
            || h.outcome == "refused"
            || h.stored.as_ref().is_some_and(|s| !s.equal)
    };
    // The master of an I2C bus is a host, too.
    let buses = report.wires.iter().filter_map(|w| w.i2c.as_ref());
    let without_success = buses.filter(|b| b.failed > 0 || b.wrong_answers > 0);
    o.hosts_failed =
        report.hosts.iter().filter(failed).count() as u64 + without_success.count() as u64;
    for total in log.stall_totals.values() {
        o.longest_stall = o.longest_stall.max(total.longest);
    }
    let mut takers: Vec<u16> = Vec::new();
    for (wire, its) in prepared.wires.iter().zip(&log.wires) {
        let settled = its.units.iter().filter(|u| is_settled(u));
        let lost = settled.clone().filter(|u| is_lost(u)).count() as u64;
        if matches!(wire.spec, WireSpec::Pin(_)) {
            o.edges_lost += lost;
            continue;
        }
        let sent = settled.count() as u64;
        o.sent += sent;
        o.lost += lost;
        o.delivered += sent - lost;
        for number in its.units.iter().filter_map(|u| u.interrupt) {
            if !takers.contains(&number) {
                takers.push(number);
            }
        }
    }
    for number in takers {
        let latency = log.interrupts.get(&number).and_then(|t| t.latency);
        o.worst_latency = o.worst_latency.max(latency.map_or(Picos::ZERO, |l| l.1));
        for run in log.runs.kept.iter().filter(|r| r.number == number) {
            let length = run.returned.map_or(Picos::ZERO, |end| end - run.entered);
            o.longest_handler = o.longest_handler.max(length);
        }
    }
    o
}
