//! A node on a CAN bus that sends to the chip: frames at their times, at its own bit rate.
//!
//! Who gets the bus, who acknowledges, and what follows an error is decided where the bus is, in the port of the controller:
//! [`CanPort`](crate::periph::CanPort). This node offers it one frame at a time and hears when it is done.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | a frame that is due while the one before it is not done waits for it | a node has one frame at a time in arbitration | `a_frame_waits_for_the_one_before_it` |
//! | frames due at once follow back to back, 3 bits apart | Bosch CAN 2.0 §3.1.5 intermission \[M\] | `bxcan` tests: `back_to_back_frames_are_three_bits_apart` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | more than one frame of a node in arbitration | a controller with several mailboxes sends its best one first; a log has an order already | frames go in their order |

mod frame;
mod host;

use crate::log::{Fate, Unit};
use crate::periph::{PeripheralId, Shared};
use crate::sched::Target;
use crate::wire::{Start, WireAction, WireId};
use crate::{Hertz, Picos};

pub(crate) use frame::INTERMISSION;
pub use frame::{CanFrame, CanId, WireBits};
pub use host::{CanHost, CanHostWire};

/// Does a node at `mine` understand frames at `theirs`? Off by at most 0.5 %: what a sample point near 87.5 % with SJW 1 allows.
pub(crate) fn rates_agree(mine: Hertz, theirs: Hertz) -> bool {
    const BITS: u64 = 1_000_000;
    let (mine, theirs) = (mine.periods(BITS).0, theirs.periods(BITS).0);
    u128::from(mine.abs_diff(theirs)) * 1_000 <= u128::from(mine) * 5
}

/// A frame and the time from which its node wants the bus for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedFrame {
    /// When, counted from the wire's start.
    pub offset: Picos,
    /// What.
    pub frame: CanFrame,
}

/// A CAN bus with a sending node on it.
#[derive(Clone, Debug)]
pub struct CanWire {
    /// Its name in the scenario.
    pub name: String,
    /// The controller at the other end: `CAN1`.
    pub port: String,
    /// Bits a second, as the node's clock makes them (its error included).
    pub bit_rate: Hertz,
    /// Does the node send a frame again that failed? Nodes do, unless they were told not to.
    pub retransmit: bool,
    /// Is there another node that acknowledges what this one sends?
    pub acknowledged_by_others: bool,
    /// When it starts.
    pub start: Start,
    /// What it sends, in order.
    pub frames: Vec<TimedFrame>,
}

/// What a controller must know about a node on its bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CanNode {
    /// Its wire.
    pub wire: WireId,
    /// Its bit rate.
    pub bit_rate: Hertz,
    /// Does it send a frame again that failed?
    pub retransmit: bool,
    /// Does somebody else acknowledge what it sends?
    pub acknowledged_by_others: bool,
}

/// A frame that a node wants to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CanOffer {
    /// The node's wire.
    pub wire: WireId,
    /// The frame's number on that wire.
    pub unit: u32,
    /// The frame.
    pub frame: CanFrame,
}

/// A [`CanWire`] at work.
#[derive(Clone, Debug)]
pub struct CanSender {
    id: WireId,
    spec: CanWire,
    port: PeripheralId,
    begun: Option<Picos>,
    next: usize,
    /// A frame is in the hands of the bus.
    offered: bool,
}

impl CanSender {
    pub(super) const fn new(id: WireId, spec: CanWire, port: PeripheralId) -> Self {
        Self {
            id,
            spec,
            port,
            begun: None,
            next: 0,
            offered: false,
        }
    }

    pub(super) const fn id(&self) -> WireId {
        self.id
    }

    pub(super) const fn spec(&self) -> &CanWire {
        &self.spec
    }

    pub(super) const fn begun(&self) -> Option<Picos> {
        self.begun
    }

    pub(super) const fn begin(&mut self, zero: Option<Picos>) {
        self.begun = zero;
    }

    /// Everything was sent, and the bus is done with it.
    pub(super) const fn all_sent(&self) -> bool {
        self.next >= self.spec.frames.len() && !self.offered
    }

    pub(super) fn event(&mut self, shared: &mut Shared, at: Picos) -> WireAction {
        let Some(&TimedFrame { frame, .. }) = self.spec.frames.get(self.next) else {
            return WireAction::None;
        };
        if self.offered {
            return WireAction::None;
        }
        let unit = self.next as u32;
        self.next += 1;
        self.offered = true;
        Self::record(shared, self.id, frame, at);
        WireAction::CanFrame {
            port: self.port,
            offer: CanOffer {
                wire: self.id,
                unit,
                frame,
            },
        }
    }

    /// A new unit on wire `id`.
    fn record(shared: &mut Shared, id: WireId, frame: CanFrame, at: Picos) {
        if let Some(log) = shared.log.wires.get_mut(id.0) {
            log.frames.push(frame);
            log.units.push(Unit {
                value: frame.key(),
                received: None,
                sent: at,
                arrived: None,
                fate: Fate::InFlight,
                settled: at,
                blocked_by: None,
                interrupt: None,
            });
        }
    }

    /// The bus is done with the frame that was offered.
    pub(super) fn done(&mut self, shared: &mut Shared, at: Picos) {
        self.offered = false;
        if let (Some(zero), Some(next)) = (self.begun, self.spec.frames.get(self.next)) {
            let due = (zero + next.offset).max(at);
            shared.sched.at(due, Target::Wire(self.id), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::periph::testbench::shared;
    use crate::wire::Wire;

    #[test]
    fn a_frame_waits_for_the_one_before_it() {
        let mut shared = shared();
        let frame = CanFrame::new(CanId::Standard(0x123), &[1, 2]).expect("two bytes");
        let spec = CanWire {
            name: "bus".into(),
            port: "CAN".into(),
            bit_rate: Hertz::new(500_000),
            retransmit: true,
            acknowledged_by_others: false,
            start: Start::At(Picos(100)),
            frames: [0, 10, 900]
                .map(|offset| TimedFrame {
                    offset: Picos(offset),
                    frame,
                })
                .to_vec(),
        };
        let mut wire = Wire::can(WireId(0), spec, PeripheralId(0), &mut shared);
        let offered = |wire: &mut Wire, shared: &mut Shared| {
            let due = shared.sched.pop(Picos(u64::MAX - 1))?;
            match wire.event(shared, due.at, due.token) {
                WireAction::CanFrame { offer, .. } => Some((due.at, offer.unit)),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(offered(&mut wire, &mut shared), Some((Picos(100), 0)));
        assert_eq!(offered(&mut wire, &mut shared), None, "one at a time");
        wire.frame_done(&mut shared, Picos(500));
        assert_eq!(offered(&mut wire, &mut shared), Some((Picos(500), 1)));
        wire.frame_done(&mut shared, Picos(700));
        assert_eq!(offered(&mut wire, &mut shared), Some((Picos(1_000), 2)));
        assert!(!wire.is_done(&shared), "the last one is on the bus");
        wire.frame_done(&mut shared, Picos(1_400));
        shared.log.settle(WireId(0), 2, Fate::Waiting, Picos(1_400));
        assert_eq!(shared.log.wires[0].units.len(), 3);
    }
}
