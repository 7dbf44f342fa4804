//! What keeps a value from being higher: read off the causal chain of a loss.

use crate::chain::Link;
use crate::report::Report;
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
            Self::Line => "line",
            Self::Host => "host",
        }
    }

    /// From what came of a point at which something is lost.
    pub(super) fn of(outcome: &Outcome, report: &Report) -> Self {
        if outcome.lost == 0 {
            return if outcome.overwritten + outcome.missing > 0 {
                Self::RingSize
            } else {
                Self::Host
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
}
