//! What keeps a value from being higher: read off the causal chain of a loss.

use crate::chain::Link;
use crate::report::Report;
use crate::scenario::{Prepared, Time};
use crate::vary::Outcome;

/// What keeps the value from being higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The core stands still on busy flash for longer than the receiver can hold out.
    Stall,
    /// A handler, the receiver's own or another, runs for too long.
    HandlerRunTime,
    /// The interrupt waits: masked, or not taken in time, and nothing is held.
    Latency,
    /// A ring is too small: DMA goes round before firmware looks, or what the handler took has no room.
    RingSize,
    /// Nothing is seen to be lost, but a buffer of the scenario is full before everything has arrived: what comes after is not seen. It
    /// is a limit of the scenario, not of the firmware.
    BufferFull,
    /// Nothing is lost, but the run ends by `max-time` before everything was sent or done. It, too, is a limit of the scenario.
    TimeLimit,
    /// The line itself: characters are not understood.
    Line,
    /// Everything was taken and kept, and a host did not get what it wanted.
    Host,
}

impl Limit {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stall => "stall",
            Self::HandlerRunTime => "handler run time",
            Self::Latency => "latency",
            Self::RingSize => "ring size",
            Self::BufferFull => "buffer full",
            Self::TimeLimit => "time limit",
            Self::Line => "line",
            Self::Host => "host",
        }
    }

    /// From what came of a point at which something is lost.
    pub(super) fn of(outcome: &Outcome, report: &Report) -> Self {
        if outcome.lost == 0 {
            return if outcome.overwritten + outcome.missing > 0 {
                Self::RingSize
            } else if outcome.hosts_failed > 0 {
                Self::Host
            } else if outcome.unseen > 0 {
                Self::BufferFull
            } else {
                Self::TimeLimit
            };
        }
        let data = |name: &str| report.wire(name).is_some_and(|w| w.kind != "pin");
        let chain = report
            .losses
            .iter()
            .find(|l| data(&l.wire))
            .map(|l| &l.chain);
        let links = || chain.into_iter().flatten();
        let line = |link: &Link| {
            matches!(link, Link::NotListening { .. })
                || matches!(link, Link::Lost { cause, .. } if cause == "corrupted")
        };
        let runs = |link: &Link| {
            matches!(
                link,
                Link::HandlerRunning { .. } | Link::OtherHandler { .. }
            )
        };
        if links().any(line) {
            Self::Line
        } else if links().any(|link| matches!(link, Link::Held { .. })) {
            Self::Stall
        } else if links().any(runs) {
            Self::HandlerRunTime
        } else {
            Self::Latency
        }
    }

    /// Why, of a limit that shows in no chain.
    pub(super) fn reason(self, prepared: &Prepared, report: &Report) -> Option<String> {
        if self == Self::TimeLimit {
            let most = Time(prepared.max_time);
            return Some(format!(
                "the run ends at max-time = \"{most}\" before what it waits for: what would be lost later is not seen. Give it more time"
            ));
        }
        let buffers = report.buffers.iter().filter_map(|b| {
            let its = prepared.buffers.iter().find(|its| its.name == b.name)?;
            Some((b, u64::from(its.capacity)))
        });
        let mut buffers = buffers.filter(|(b, capacity)| match self {
            Self::RingSize => b.missing > 0,
            Self::BufferFull => b.received >= *capacity && b.sent > *capacity,
            _ => false,
        });
        let (b, capacity) = buffers.next()?;
        if self == Self::BufferFull {
            return Some(format!(
                "buffer {} holds {capacity} bytes and {} are sent: whether the rest arrives is not seen. Send less, for example with --vary count, or make it larger",
                b.name, b.sent
            ));
        }
        let at = b.first_difference.as_ref().map_or(b.received, |d| d.index);
        Some(format!(
            "{} #{at} was taken from the receiver and never came to {}: what is in between was full",
            b.wire, b.name
        ))
    }
}
