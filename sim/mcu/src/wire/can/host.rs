//! A node on a CAN bus that talks back: what it sends next depends on what the chip sends.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | one frame at a time is in arbitration; what is ordered meanwhile follows back to back | as [`CanWire`](super::CanWire) | `orders_follow_one_by_one` |
//! | a frame in arbitration is not taken back by a pause | a node's mailbox is not aborted \[D\] | `a_paused_host_finishes_its_frame` |
//! | the host acts `latency` after the end of frame of what it heard | adapters gather frames, USB polls \[M\] | `a_host_acts_after_its_latency` |
//! | it hears every frame of the chip at its own bit rate | it acknowledges those, and no others | `a_host_at_another_rate_hears_nothing` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | other nodes as seen by the host | it speaks with the chip only | it hears nobody else |

use std::collections::VecDeque;

use super::{CanFrame, CanOffer, CanSender, rates_agree};
use crate::periph::{CanTransmitted, PeripheralId, Shared};
use crate::sched::{EventId, Target};
use crate::wire::{Orders, Peer, PeerAccount, PeerEvent, PeerOutcome, Start, WireAction, WireId};
use crate::{Hertz, Picos};

/// Event: the next frame may be offered.
const OFFER: u32 = 0;
/// Event: the peer's timer goes off.
const TIMER: u32 = 1;
/// Event: the oldest of what was heard reaches the peer.
const HEARD: u32 = 2;
/// Event: the peer begins.
const BEGIN: u32 = 3;

/// A host on the bus of a CAN controller.
#[derive(Clone, Debug)]
pub struct CanHostWire {
    /// Its name in the scenario.
    pub name: String,
    /// The controller at the other end: `CAN1`.
    pub port: String,
    /// Bits a second, as the host's clock makes them (its error included).
    pub bit_rate: Hertz,
    /// When it begins.
    pub start: Start,
    /// From the end of a frame of the chip to the host's acting on it.
    pub latency: Picos,
    /// What it says.
    pub peer: Box<dyn Peer<CanFrame, CanFrame>>,
}

/// A [`CanHostWire`] at work.
#[derive(Clone, Debug)]
pub struct CanHost {
    id: WireId,
    spec: CanHostWire,
    port: PeripheralId,
    /// Its beginning is scheduled.
    begun: bool,
    /// It has begun: it listens.
    open: bool,
    /// What is to be sent.
    queue: VecDeque<CanFrame>,
    /// An `OFFER` event is scheduled.
    scheduled: bool,
    /// A frame is in the hands of the bus.
    offered: bool,
    paused: bool,
    sent: u32,
    timer: Option<EventId>,
    heard: VecDeque<CanFrame>,
}

impl CanHost {
    pub(in crate::wire) fn new(id: WireId, spec: CanHostWire, port: PeripheralId) -> Self {
        Self {
            id,
            spec,
            port,
            begun: false,
            open: false,
            queue: VecDeque::new(),
            scheduled: false,
            offered: false,
            paused: false,
            sent: 0,
            timer: None,
            heard: VecDeque::new(),
        }
    }

    pub(in crate::wire) const fn id(&self) -> WireId {
        self.id
    }

    pub(in crate::wire) const fn start(&self) -> Start {
        self.spec.start
    }

    pub(in crate::wire) fn account(&self) -> PeerAccount {
        self.spec.peer.account()
    }

    pub(in crate::wire) fn is_over(&self) -> bool {
        !self.offered && self.account().outcome != PeerOutcome::Running
    }

    /// Begins at `at`, once.
    pub(in crate::wire) fn begin(&mut self, shared: &mut Shared, at: Picos) {
        if !std::mem::replace(&mut self.begun, true) {
            self.schedule(shared, at, BEGIN);
        }
    }

    fn schedule(&self, shared: &mut Shared, at: Picos, token: u32) -> EventId {
        shared.sched.at(at, Target::Wire(self.id), token)
    }

    /// The chip has sent a frame; its end of frame is over at `at`.
    pub(in crate::wire) fn heard(
        &mut self,
        shared: &mut Shared,
        at: Picos,
        port: PeripheralId,
        sent: &CanTransmitted,
    ) {
        if port == self.port && self.open && rates_agree(self.spec.bit_rate, sent.bit_rate) {
            self.heard.push_back(sent.frame);
            self.schedule(shared, at + self.spec.latency, HEARD);
        }
    }

    pub(in crate::wire) fn event(
        &mut self,
        shared: &mut Shared,
        at: Picos,
        token: u32,
    ) -> WireAction {
        match token {
            BEGIN => {
                self.open = true;
                self.tell(shared, at, PeerEvent::Start);
            }
            TIMER => {
                self.timer = None;
                self.tell(shared, at, PeerEvent::TimeOut);
            }
            HEARD => {
                if let Some(frame) = self.heard.pop_front() {
                    self.tell(shared, at, PeerEvent::Heard(frame));
                }
            }
            _ => return self.next(shared, at),
        }
        WireAction::None
    }

    /// Offers the next frame.
    fn next(&mut self, shared: &mut Shared, at: Picos) -> WireAction {
        self.scheduled = false;
        if self.offered || self.paused {
            return WireAction::None;
        }
        let Some(frame) = self.queue.pop_front() else {
            return WireAction::None;
        };
        let offer = CanOffer {
            wire: self.id,
            unit: self.sent,
            frame,
        };
        self.offered = true;
        self.sent += 1;
        CanSender::record(shared, self.id, frame, at);
        WireAction::CanFrame {
            port: self.port,
            offer,
        }
    }

    /// The bus is done with the frame that was offered.
    pub(in crate::wire) fn done(&mut self, shared: &mut Shared, at: Picos) {
        self.offered = false;
        if self.queue.is_empty() {
            self.tell(shared, at, PeerEvent::Sent);
        }
        self.go_on(shared, at);
    }

    fn go_on(&mut self, shared: &mut Shared, at: Picos) {
        let waits = self.scheduled || self.offered || self.paused;
        if !waits && !self.queue.is_empty() {
            self.scheduled = true;
            self.schedule(shared, at, OFFER);
        }
    }

    fn tell(&mut self, shared: &mut Shared, at: Picos, event: PeerEvent<CanFrame>) {
        let mut orders = Orders::default();
        self.spec.peer.event(at, event, &mut orders);
        if orders.discard {
            self.queue.clear();
        }
        self.queue.extend(orders.send);
        self.paused = orders.pause.unwrap_or(self.paused);
        if let Some(timer) = orders.timer {
            if let Some(old) = self.timer.take() {
                shared.sched.cancel(old);
            }
            self.timer = timer.map(|span| self.schedule(shared, at + span, TIMER));
        }
        self.go_on(shared, at);
    }
}

#[cfg(test)]
mod tests;
