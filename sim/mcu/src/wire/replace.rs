//! Another sender in the place of one that has not begun: what forked machines differ in.
//!
//! A machine is run up to the moment before its first wire moves and is cloned there; each clone gets the senders of its own point. What it then does is
//! what a machine does that had them from reset: the first event of the wire keeps its place among events of the same time.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | the new sender's first event takes the old one's place in the order | events at one time happen in the order of scheduling | `the_new_sender_keeps_the_place_of_the_old_one` |
//! | a sender that has begun is not replaced | its units are in the log | `a_sender_that_has_begun_stays` |
//! | a pin must rest at the level that it rests at | the level holds from attachment on | `a_pin_that_would_have_rested_otherwise_is_refused` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | nodes on a CAN bus | the controller knows their bit rate from attachment on, and sends with it | not replaced: run from reset |

use super::{HostSender, HostWire, PinSender, PinWire, Start, UartSender, UartWire, Wire};
use crate::Picos;
use crate::periph::Shared;
use crate::sched::Target;

/// Who takes the place of a sender.
#[derive(Clone, Debug)]
pub enum Replacement {
    /// Of a UART sender.
    Uart(UartWire),
    /// Of a host at a UART.
    Host(HostWire),
    /// Of a driver of a pin.
    Pin(PinWire),
}

impl Wire {
    /// Puts `new` in the place of this sender, as if it had been attached instead. False, and nothing changes, if it has begun, if the two
    /// are not of a kind or not at the same place, or if the first event of `new` lies before `now`.
    pub(crate) fn replace(&mut self, shared: &mut Shared, now: Picos, new: Replacement) -> bool {
        let first = |start: Start, offset: Option<Picos>| match start {
            Start::At(zero) => offset.map(|offset| zero + offset),
            Start::Triggered { .. } => None,
        };
        let zero = |start: Start| match start {
            Start::At(zero) => Some(zero),
            Start::Triggered { .. } => None,
        };
        match (self, new) {
            (Self::Uart(old), Replacement::Uart(new)) => {
                let (was, is) = (old.spec(), &new);
                let same = was.name == is.name
                    && was.port == is.port
                    && !old.has_sent()
                    && old.begun() == zero(was.start);
                let from = first(was.start, was.bytes.first().map(|b| b.offset));
                let to = first(is.start, is.bytes.first().map(|b| b.offset));
                if !same || !retime(shared, old.id(), now, from, to) {
                    return false;
                }
                let (id, port, begun) = (old.id(), old.port(), zero(new.start));
                *old = UartSender::new(id, new, port);
                old.begin(begun);
                true
            }
            (Self::Host(old), Replacement::Host(new)) => {
                let (was, is) = (old.spec(), &new);
                let (from, to) = (zero(was.start), zero(is.start));
                let same = was.name == is.name
                    && was.port == is.port
                    && !old.is_open()
                    && old.has_begun() == from.is_some();
                if !same || !retime(shared, old.id(), now, from, to) {
                    return false;
                }
                let (id, port) = (old.id(), old.port());
                **old = HostSender::new(id, new, port);
                old.set_begun(to.is_some());
                true
            }
            (Self::Pin(old), Replacement::Pin(new)) => {
                let (was, is) = (old.spec(), &new);
                let rests = |wire: &PinWire| wire.edges.first().map(|e| !e.high);
                let same = was.name == is.name
                    && was.pin == is.pin
                    && rests(was) == rests(is)
                    && !old.has_moved()
                    && old.begun() == zero(was.start);
                let from = first(was.start, was.edges.first().map(|e| e.offset));
                let to = first(is.start, is.edges.first().map(|e| e.offset));
                if !same || !retime(shared, old.id(), now, from, to) {
                    return false;
                }
                let (id, begun) = (old.id(), zero(new.start));
                *old = PinSender::new(id, new);
                old.begin(begun);
                true
            }
            _ => false,
        }
    }
}

/// Moves the one event of a wire that has not begun, if it has one.
fn retime(
    shared: &mut Shared,
    id: super::WireId,
    now: Picos,
    from: Option<Picos>,
    to: Option<Picos>,
) -> bool {
    match (from, to) {
        (None, None) => true,
        (Some(_), Some(to)) => to >= now && shared.sched.move_to(Target::Wire(id), to),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Hertz;
    use crate::periph::testbench::shared;
    use crate::periph::{PeripheralId, Pin};
    use crate::wire::{EdgeKind, FlowControl, Parity, TimedByte, TimedEdge, WireId};

    fn uart(name: &str, at: u64, value: u8) -> UartWire {
        UartWire {
            receiver_rate: None,
            name: name.into(),
            port: "USART1".into(),
            bit_rate: Hertz::new(1_000_000),
            data_bits: 8,
            parity: Parity::None,
            stop_halves: 2,
            flow_control: FlowControl::None,
            start: Start::At(Picos(at)),
            bytes: vec![TimedByte {
                offset: Picos(0),
                value,
            }],
        }
    }

    #[test]
    fn the_new_sender_keeps_the_place_of_the_old_one() {
        let mut shared = shared();
        let port = PeripheralId(0);
        let mut a = Wire::uart(WireId(0), uart("a", 100, 1), port, &mut shared);
        let _b = Wire::uart(WireId(1), uart("b", 700, 2), port, &mut shared);
        assert!(a.replace(&mut shared, Picos(50), Replacement::Uart(uart("a", 700, 9))));
        let order: Vec<_> = std::iter::from_fn(|| shared.sched.pop(Picos(700)))
            .map(|due| (due.at, due.target))
            .collect();
        let both = [WireId(0), WireId(1)].map(|id| (Picos(700), Target::Wire(id)));
        assert_eq!(order, both, "attached first, first at the same time");
        a.event(&mut shared, Picos(700), 0);
        assert_eq!(shared.log.wires[0].units[0].value, 9);
        assert_eq!(shared.log.wires.len(), 2);
    }

    #[test]
    fn a_sender_that_has_begun_stays() {
        let mut shared = shared();
        let mut a = Wire::uart(WireId(0), uart("a", 100, 1), PeripheralId(0), &mut shared);
        let early = Replacement::Uart(uart("a", 30, 9));
        assert!(!a.replace(&mut shared, Picos(50), early), "too late");
        let other = Replacement::Uart(uart("b", 100, 9));
        assert!(!a.replace(&mut shared, Picos(50), other), "another wire");
        let due = shared.sched.pop(Picos(100)).unwrap();
        a.event(&mut shared, due.at, due.token);
        let late = Replacement::Uart(uart("a", 800, 9));
        assert!(!a.replace(&mut shared, Picos(150), late), "it has begun");
        assert_eq!(shared.log.wires[0].units[0].value, 1);
    }

    #[test]
    fn a_pin_that_would_have_rested_otherwise_is_refused() {
        let mut shared = shared();
        let pin = |at, high| PinWire {
            name: "p".into(),
            pin: Pin { port: 0, number: 3 },
            start: Start::At(Picos(at)),
            edges: vec![TimedEdge {
                offset: Picos(5),
                high,
            }],
            counts: EdgeKind::Both,
        };
        let mut wire = Wire::pin(WireId(0), pin(10, true), &mut shared);
        assert!(!wire.replace(&mut shared, Picos(0), Replacement::Pin(pin(20, false))));
        assert_eq!(shared.sched.next(), Picos(15));
        assert!(wire.replace(&mut shared, Picos(0), Replacement::Pin(pin(20, true))));
        assert_eq!(shared.sched.next(), Picos(25));
    }
}
