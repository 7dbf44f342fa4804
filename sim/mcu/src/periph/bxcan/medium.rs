//! The bus: who sends next, what is on it now, and when it is free again.

use super::errors::TransmitErrors;
use super::hearing::Deaf;
use crate::periph::Cx;
use crate::sched::EventId;
use crate::wire::{CanFrame, CanNode, CanOffer, INTERMISSION, WireBits};
use crate::{Hertz, Picos};

use super::START;

/// Bits of an error flag.
const ERROR_FLAG: u64 = 6;
/// Bits of the delimiter after it.
const ERROR_DELIMITER: u64 = 8;
/// Bits for which an error passive node that has sent leaves the bus to others.
const SUSPEND: u64 = 8;
/// Bits from a node's error to the next start of frame.
pub(super) const AFTER_ERROR: u64 = ERROR_FLAG + ERROR_DELIMITER + INTERMISSION as u64;

/// Another node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) spec: CanNode,
    pub(super) offer: Option<CanOffer>,
    /// The frame on offer has been on the bus.
    pub(super) begun: bool,
    pub(super) errors: TransmitErrors,
    /// Not before.
    pub(super) from: Picos,
}

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Talker {
    /// The node with this index.
    Node(usize),
    /// This mailbox of our controller.
    Mailbox(usize),
}

/// The frame on the bus.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carried {
    pub(super) frame: CanFrame,
    pub(super) bits: WireBits,
    pub(super) talker: Talker,
    pub(super) start: Picos,
    pub(super) rate: Hertz,
    /// Why our controller takes no part in it, as a receiver.
    pub(super) deaf: Option<Deaf>,
    pub(super) acknowledged: bool,
    /// What comes next in it.
    pub(super) event: Option<EventId>,
}

impl Carried {
    /// When bit `n` is over.
    pub(super) fn after(&self, n: u32) -> Picos {
        self.start + self.rate.periods(n.into())
    }

    /// Does our controller send or receive it?
    pub(super) fn is_ours(&self) -> bool {
        matches!(self.talker, Talker::Mailbox(_)) || self.deaf.is_none()
    }
}

/// The bus and the other nodes on it.
#[derive(Clone, Debug, Default)]
pub(super) struct Medium {
    pub(super) nodes: Vec<Node>,
    pub(super) carried: Option<Carried>,
    /// End of the last intermission.
    pub(super) free_from: Picos,
    /// Our controller does not start before.
    pub(super) ours_from: Picos,
    recessive_from: Picos,
    start: Option<(Picos, EventId)>,
}

impl Medium {
    pub(super) fn attach(&mut self, spec: CanNode) {
        self.nodes.push(Node {
            spec,
            offer: None,
            begun: false,
            errors: TransmitErrors::default(),
            from: Picos::ZERO,
        });
    }

    /// The bus is recessive from then on, as far as one knows now; [`Picos::NEVER`] inside a frame.
    pub(super) const fn recessive_from(&self) -> Picos {
        self.recessive_from
    }

    pub(super) const fn set_recessive_from(&mut self, at: Picos) {
        self.recessive_from = at;
    }

    /// Level at RX, true is recessive.
    pub(super) fn level(&self, at: Picos) -> bool {
        self.carried.is_none_or(|c| {
            let bit = c.rate.elapsed(at - c.start);
            c.bits
                .level(u32::try_from(bit).unwrap_or(u32::MAX), c.acknowledged)
        })
    }

    /// Arranges for a start of frame at the earliest time that somebody is ready. `ours` tells whether our controller wants the bus.
    pub(super) fn arrange(&mut self, cx: &mut Cx<'_>, ours: bool) {
        if self.carried.is_some() {
            return;
        }
        let nodes = self.nodes.iter();
        let nodes = nodes.filter(|node| node.offer.is_some()).map(|n| n.from);
        let earliest = nodes.chain(ours.then_some(self.ours_from)).min();
        let at = earliest.map(|from| from.max(self.free_from).max(cx.time));
        if let Some((planned, event)) = self.start {
            if at == Some(planned) {
                return;
            }
            cx.cancel(event);
        }
        // Also for right now: who asks for the bus at the same time takes part in the arbitration.
        self.start = at.map(|at| (at, cx.schedule(at, START)));
    }

    pub(super) const fn started(&mut self) {
        self.start = None;
    }

    /// The node with the best frame that may start at `at`.
    pub(super) fn best(&self, at: Picos) -> Option<(usize, CanOffer)> {
        let nodes = self.nodes.iter().enumerate();
        nodes
            .filter(|(_, node)| node.from <= at)
            .filter_map(|(index, node)| Some((index, node.offer?)))
            .min_by_key(|(index, offer)| (offer.frame.priority(), *index))
    }

    /// After the end of a frame at `at`: the bus is free after the intermission, for a passive talker later.
    pub(super) fn end_frame(&mut self, at: Picos, talker: Talker, rate: Hertz, passive: bool) {
        self.free_from = at + rate.periods(INTERMISSION.into());
        self.suspend(talker, rate, passive);
    }

    /// After an error at `at`. An active flag is dominant.
    pub(super) fn end_by_error(&mut self, at: Picos, carried: &Carried, passive: bool) {
        let rate = carried.rate;
        self.free_from = at + rate.periods(AFTER_ERROR);
        self.recessive_from = if passive {
            // The CRC delimiter was the first of them.
            carried.after(carried.bits.stuffed())
        } else {
            at + rate.periods(ERROR_FLAG)
        };
        self.suspend(carried.talker, rate, passive);
    }

    fn suspend(&mut self, talker: Talker, rate: Hertz, passive: bool) {
        let pause = if passive { SUSPEND } else { 0 };
        let from = self.free_from + rate.periods(pause);
        match talker {
            Talker::Mailbox(_) => self.ours_from = from,
            Talker::Node(index) => {
                if let Some(node) = self.nodes.get_mut(index) {
                    node.from = from;
                }
            }
        }
    }
}
