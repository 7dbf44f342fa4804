//! A frame's way over the bus: start, acknowledgement, reception, end.

use super::bits::{Esr, IDE, Ier, LBKM, Mcr, Msr, RTR, SILM};
use super::errors::{Errors, Lec};
use super::fifo::Received;
use super::filter::Verdict;
use super::hearing::Deaf;
use super::mailbox::Failure;
use super::medium::{AFTER_ERROR, Carried, Talker};
use super::mode::Mode;
use super::{ACKNOWLEDGE, BxCan, END, VALID};
use crate::log::Fate;
use crate::periph::{CanTransmitted, Cx, Signal};
use crate::wire::{CanFrame, CanId, CanOffer, WireId, rates_agree};
use crate::{Hertz, Picos};

impl BxCan {
    /// May the controller send on the bus now, if a mailbox is pending?
    fn can_send(&self, cx: &Cx<'_>) -> bool {
        self.mode == Mode::Normal
            && self.wanted_to_stay()
            && !self.errors.is_bus_off()
            && self.btr & (LBKM | SILM) == 0
            && self.timing(cx).is_some()
    }

    /// No request to leave normal mode is pending.
    fn wanted_to_stay(&self) -> bool {
        !self.mcr.intersects(Mcr::INRQ | Mcr::SLEEP)
    }

    fn best_mailbox(&self) -> Option<(usize, CanFrame)> {
        self.mailboxes.best(self.mcr.contains(Mcr::TXFP))
    }

    /// Somebody may want the bus.
    pub(super) fn want_bus(&mut self, cx: &mut Cx<'_>) {
        let ours = self.can_send(cx) && self.best_mailbox().is_some();
        self.medium.arrange(cx, ours);
    }

    /// The bus is free, and somebody wanted it.
    pub(super) fn start(&mut self, cx: &mut Cx<'_>) {
        self.medium.started();
        if self.medium.carried.is_some() || cx.time < self.medium.free_from {
            return self.want_bus(cx);
        }
        let mut ours = self
            .best_mailbox()
            .filter(|_| self.can_send(cx) && self.medium.ours_from <= cx.time);
        if let Some((index, _)) = ours
            && !(self.hears(cx) && self.speaks(cx))
        {
            self.send_into_nothing(cx, index);
            ours = None;
        }
        let theirs = self.medium.best(cx.time);
        let (talker, frame, rate) = match (ours, theirs) {
            (None, None) => return self.want_bus(cx),
            (Some((index, frame)), theirs)
                if theirs.is_none_or(|(_, o)| frame.priority() <= o.frame.priority()) =>
            {
                let rate = self.timing(cx).map_or(Hertz::STOPPED, |t| t.rate());
                self.mailboxes.begin(index);
                (Talker::Mailbox(index), frame, rate)
            }
            (ours, Some((node, offer))) => {
                if let Some((index, _)) = ours {
                    self.attempt_failed(index, Failure::LostArbitration);
                }
                let Some(rate) = self.first_bit(cx, node, &offer) else {
                    return;
                };
                (Talker::Node(node), offer.frame, rate)
            }
            (Some(_), None) => return,
        };
        let deaf = match talker {
            Talker::Mailbox(_) => None,
            Talker::Node(_) => self.deaf(cx, rate),
        };
        let mut carried = Carried {
            frame,
            bits: frame.bits(),
            talker,
            start: cx.time,
            rate,
            deaf,
            acknowledged: false,
            event: None,
        };
        let at = carried.after(carried.bits.to_acknowledgement());
        carried.event = Some(cx.schedule(at, ACKNOWLEDGE));
        self.medium.carried = Some(carried);
        self.medium.set_recessive_from(Picos::NEVER);
        self.expect_run(cx);
        if matches!(talker, Talker::Node(_)) {
            self.wake(cx);
        }
    }

    /// A node's frame begins, perhaps once more. Returns the node's bit rate.
    fn first_bit(&mut self, cx: &mut Cx<'_>, node: usize, offer: &CanOffer) -> Option<Hertz> {
        let node = self.medium.nodes.get_mut(node)?;
        if !std::mem::replace(&mut node.begun, true)
            && let Some(unit) = cx.shared.log.unit(offer.wire, offer.unit)
        {
            unit.sent = cx.time;
        }
        Some(node.spec.bit_rate)
    }

    /// A pin is not connected: the dominant start of frame does not come back.
    fn send_into_nothing(&mut self, cx: &mut Cx<'_>, index: usize) {
        let name = &self.name;
        cx.find("can-pins-not-connected", || {
            format!(
                "{name} sends, but its RX or TX pin is not in the mode (or remap) that connects it"
            )
        });
        self.transmit_error(cx, Lec::BitDominant);
        self.attempt_failed(index, Failure::Error);
        if let Some(timing) = self.timing(cx) {
            self.medium.ours_from = cx.time + timing.rate().periods(1 + AFTER_ERROR);
        }
    }

    /// The acknowledgement slot is over.
    pub(super) fn acknowledge(&mut self, cx: &mut Cx<'_>) {
        let Some(mut carried) = self.medium.carried else {
            return;
        };
        if carried.deaf == Some(Deaf::BitRate) {
            self.with_errors(|errors| errors.receive_error(Lec::Stuff));
        }
        let heard = match carried.talker {
            Talker::Mailbox(_) => self.heard_by_a_node(carried.rate, None),
            Talker::Node(node) => {
                carried.deaf = carried.deaf.or_else(|| self.deaf(cx, carried.rate));
                let ours = carried.deaf.is_none() && self.mute(cx).is_none();
                let spec = self.medium.nodes.get(node).map(|node| node.spec);
                ours || spec.is_some_and(|spec| spec.acknowledged_by_others)
                    || self.heard_by_a_node(carried.rate, Some(node))
            }
        };
        if !heard {
            return self.not_acknowledged(cx, &carried);
        }
        carried.acknowledged = true;
        carried.event = Some(cx.schedule(carried.after(carried.bits.to_valid()), VALID));
        self.medium.carried = Some(carried);
        self.medium.set_recessive_from(cx.time);
        self.expect_run(cx);
    }

    /// Does a node other than `but` understand frames at `rate`?
    fn heard_by_a_node(&self, rate: Hertz, but: Option<usize>) -> bool {
        let nodes = self.medium.nodes.iter().enumerate();
        nodes
            .filter(|(index, _)| Some(*index) != but)
            .any(|(_, node)| rates_agree(node.spec.bit_rate, rate))
    }

    fn not_acknowledged(&mut self, cx: &mut Cx<'_>, carried: &Carried) {
        self.medium.carried = None;
        let passive = match carried.talker {
            Talker::Mailbox(index) => {
                let passive = self.errors.is_passive();
                // Nodes at another rate make errors of it.
                let lec = if self.medium.nodes.is_empty() {
                    Lec::Acknowledgement
                } else {
                    Lec::BitRecessive
                };
                self.transmit_error(cx, lec);
                self.attempt_failed(index, Failure::Error);
                passive
            }
            Talker::Node(index) => {
                self.node_not_acknowledged(cx, carried, index);
                let node = self.medium.nodes.get_mut(index);
                node.is_some_and(|node| {
                    let passive = node.errors.is_passive();
                    node.errors.not_acknowledged();
                    passive
                })
            }
        };
        self.medium.end_by_error(cx.time, carried, passive);
        self.expect_run(cx);
        self.after_frame(cx);
    }

    fn node_not_acknowledged(&mut self, cx: &mut Cx<'_>, carried: &Carried, index: usize) {
        let reason = match carried.deaf {
            Some(why) => {
                self.tell(cx, why, carried.rate);
                Some(why.reason())
            }
            None => self.mute(cx),
        };
        let Some(node) = self.medium.nodes.get_mut(index) else {
            return;
        };
        let Some(offer) = node.offer else { return };
        let why = reason.unwrap_or("it could not receive it");
        cx.shared.log.note(offer.wire, offer.unit, why);
        cx.shared.log.settle(
            offer.wire,
            offer.unit,
            match carried.deaf {
                Some(Deaf::BitRate) => Fate::BitRate,
                _ => Fate::NotAcknowledged,
            },
            cx.time,
        );
        if !node.spec.retransmit {
            node.offer = None;
            cx.send(Signal::CanFrameDone { wire: offer.wire });
        }
        let name = &self.name;
        let again = node.spec.retransmit;
        cx.find("can-not-acknowledged", || {
            let then = if again {
                "its sender sends it again"
            } else {
                "its sender gives it up"
            };
            format!(
                "nobody acknowledges frame {}: {name} does not, because {}; {then}",
                carried.frame.id, why
            )
        });
    }

    /// The last but one bit of the end of frame: receivers take the frame.
    pub(super) fn valid(&mut self, cx: &mut Cx<'_>) {
        let Some(mut carried) = self.medium.carried else {
            return;
        };
        if let Talker::Node(index) = carried.talker {
            carried.deaf = carried.deaf.or_else(|| self.deaf(cx, carried.rate));
            let offer = self.medium.nodes.get(index).and_then(|node| node.offer);
            let unit = offer.map(|offer| (offer.wire, offer.unit));
            match carried.deaf {
                None => {
                    self.errors.received();
                    self.take(cx, &carried.frame, unit, carried.rate);
                }
                Some(why) => {
                    self.tell(cx, why, carried.rate);
                    let fate = match why {
                        Deaf::BitRate => Fate::BitRate,
                        _ => Fate::NotListening,
                    };
                    lost(cx, unit, why);
                    settle(cx, unit, fate);
                }
            }
        }
        carried.event = Some(cx.schedule(carried.after(carried.bits.to_end()), END));
        self.medium.carried = Some(carried);
    }

    /// A valid frame: through the filters, into a FIFO.
    pub(super) fn take(
        &mut self,
        cx: &mut Cx<'_>,
        frame: &CanFrame,
        unit: Option<(WireId, u32)>,
        rate: Hertz,
    ) {
        let word = identifier(frame);
        let (fifo, filter) = match self.filters.judge(word) {
            Verdict::Keep { fifo, filter } => (fifo, filter),
            Verdict::Drop => return settle(cx, unit, Fate::Filtered),
            nobody @ (Verdict::NoneActive | Verdict::Initialising) => {
                let why = match nobody {
                    Verdict::NoneActive => Deaf::NoFilter,
                    _ => Deaf::FilterInit,
                };
                self.tell(cx, why, rate);
                lost(cx, unit, why);
                return settle(cx, unit, Fate::NotListening);
            }
        };
        let irq = [self.irqs.rx0, self.irqs.rx1][fifo.min(1)];
        if let Some(unit) = unit.and_then(|(wire, number)| cx.shared.log.unit(wire, number)) {
            unit.arrived = Some(cx.time);
            unit.received = Some(frame.key());
            unit.interrupt = Some(irq + 16);
        }
        let [d0, d1, d2, d3, d4, d5, d6, d7] = frame.data;
        let registers = [
            word,
            u32::from(frame.dlc) | filter << 8,
            u32::from_le_bytes([d0, d1, d2, d3]),
            u32::from_le_bytes([d4, d5, d6, d7]),
        ];
        let locked = self.mcr.contains(Mcr::RFLM);
        if let Some(fifo) = self.fifos.get_mut(fifo) {
            fifo.store(cx, Received::new(registers, unit), locked);
        }
    }

    /// The end of frame is over: the talker is done.
    pub(super) fn end(&mut self, cx: &mut Cx<'_>) {
        let Some(carried) = self.medium.carried.take() else {
            return;
        };
        let passive = match carried.talker {
            Talker::Mailbox(index) => {
                self.sent(cx, index, &carried);
                self.errors.is_passive()
            }
            Talker::Node(index) => self.medium.nodes.get_mut(index).is_some_and(|node| {
                node.errors.success();
                node.begun = false;
                if let Some(offer) = node.offer.take() {
                    cx.send(Signal::CanFrameDone { wire: offer.wire });
                }
                node.errors.is_passive()
            }),
        };
        self.medium
            .end_frame(cx.time, carried.talker, carried.rate, passive);
        self.after_frame(cx);
    }

    /// A mailbox has been sent: the other nodes hear it.
    fn sent(&mut self, cx: &mut Cx<'_>, index: usize, carried: &Carried) {
        self.mailboxes.succeed(index);
        self.errors.sent();
        let sent = CanTransmitted {
            frame: carried.frame,
            bit_rate: carried.rate,
            start: carried.start,
            end: cx.time,
        };
        self.transmitted.push(sent);
        let port = cx.id;
        cx.send(Signal::CanSent { port, sent });
    }

    fn attempt_failed(&mut self, index: usize, why: Failure) {
        let again = !self.mcr.contains(Mcr::NART);
        self.mailboxes.fail(index, why, again);
    }

    /// Nothing is on the bus any more.
    fn after_frame(&mut self, cx: &mut Cx<'_>) {
        self.follow_requests(cx);
        self.want_bus(cx);
    }

    fn transmit_error(&mut self, cx: &mut Cx<'_>, lec: Lec) {
        let was_off = self.errors.is_bus_off();
        self.with_errors(|errors| errors.transmit_error(lec));
        if self.errors.is_bus_off() && !was_off {
            let name = &self.name;
            cx.find("can-bus-off", || {
                format!("{name} went off the bus: too many of its frames met errors")
            });
            self.left_the_bus(cx);
        }
    }

    /// Counts an error, and sets ERRI for what is new and enabled.
    fn with_errors(&mut self, count: impl FnOnce(&mut Errors)) {
        let before = self.errors.flags();
        count(&mut self.errors);
        let new = self.errors.flags() & !before;
        let told = new.contains(Esr::EWGF) && self.ier.contains(Ier::EWGIE)
            || new.contains(Esr::EPVF) && self.ier.contains(Ier::EPVIE)
            || new.contains(Esr::BOFF) && self.ier.contains(Ier::BOFIE)
            || self.ier.contains(Ier::LECIE);
        if told {
            self.flags.insert(Msr::ERRI);
        }
    }
}

/// The identifier as RIxR and the filters have it.
fn identifier(frame: &CanFrame) -> u32 {
    let rtr = if frame.remote { RTR } else { 0 };
    match frame.id {
        CanId::Standard(_) => frame.id.raw() << 21 | rtr,
        CanId::Extended(_) => frame.id.raw() << 3 | IDE | rtr,
    }
}

fn lost(cx: &mut Cx<'_>, unit: Option<(WireId, u32)>, why: Deaf) {
    if let Some((wire, number)) = unit {
        cx.shared.log.note(wire, number, why.reason());
    }
}

fn settle(cx: &mut Cx<'_>, unit: Option<(WireId, u32)>, fate: Fate) {
    if let Some((wire, number)) = unit {
        if let Some(unit) = cx.shared.log.unit(wire, number) {
            unit.arrived = Some(cx.time);
        }
        cx.shared.log.settle(wire, number, fate, cx.time);
    }
}
