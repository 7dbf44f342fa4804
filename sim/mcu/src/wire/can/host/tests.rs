//! Hosts on a bus without a chip: orders and times.

use super::*;
use crate::periph::testbench::shared;
use crate::wire::{CanId, Wire};

type Told = std::sync::Arc<std::sync::Mutex<Vec<(Picos, PeerEvent<CanFrame>)>>>;

/// Does by rote what its script says for each event, and writes down what it is told and when.
#[derive(Clone, Debug, Default)]
struct Script {
    orders: Vec<Orders<CanFrame>>,
    told: Told,
}

impl Peer<CanFrame, CanFrame> for Script {
    fn event(&mut self, at: Picos, event: PeerEvent<CanFrame>, orders: &mut Orders<CanFrame>) {
        self.told.lock().unwrap().push((at, event));
        if !self.orders.is_empty() {
            *orders = self.orders.remove(0);
        }
    }

    fn account(&self) -> PeerAccount {
        PeerAccount::default()
    }

    fn boxed_clone(&self) -> Box<dyn Peer<CanFrame, CanFrame>> {
        Box::new(self.clone())
    }
}

const MS: fn(u64) -> Picos = Picos::from_millis;

fn frame(n: u16) -> CanFrame {
    CanFrame::new(CanId::Standard(n), &[]).expect("no bytes")
}

fn send(frames: &[u16]) -> Orders<CanFrame> {
    Orders {
        send: frames.iter().map(|n| frame(*n)).collect(),
        ..Orders::default()
    }
}

struct Bench {
    shared: Shared,
    wire: Wire,
    told: Told,
    /// What was offered to the bus, and when.
    offers: Vec<(Picos, u32)>,
}

impl Bench {
    /// The host begins at 10 ms and acts 5 ms after what it hears.
    fn new(orders: Vec<Orders<CanFrame>>) -> Self {
        let mut shared = shared();
        let script = Script {
            orders,
            ..Script::default()
        };
        let told = script.told.clone();
        let spec = CanHostWire {
            name: "host".into(),
            port: "CAN".into(),
            bit_rate: Hertz::new(500_000),
            start: Start::At(MS(10)),
            latency: MS(5),
            peer: Box::new(script),
        };
        let wire = Wire::can_host(WireId(0), spec, PeripheralId(7), &mut shared);
        Self {
            shared,
            wire,
            told,
            offers: Vec::new(),
        }
    }

    fn run_until(&mut self, limit: Picos) {
        while let Some(due) = self.shared.sched.pop(limit) {
            let action = self.wire.event(&mut self.shared, due.at, due.token);
            if let WireAction::CanFrame { offer, .. } = action {
                self.offers.push((due.at, offer.frame.id.raw()));
            }
        }
    }

    fn chip_says(&mut self, n: u16, end: Picos, bit_rate: u64) {
        let sent = CanTransmitted {
            frame: frame(n),
            bit_rate: Hertz::new(bit_rate),
            start: end,
            end,
        };
        self.wire
            .heard_frame(&mut self.shared, end, PeripheralId(7), &sent);
    }

    fn told(&self) -> Vec<(Picos, PeerEvent<CanFrame>)> {
        self.told.lock().unwrap().clone()
    }
}

#[test]
fn orders_follow_one_by_one() {
    let mut bench = Bench::new(vec![send(&[1, 2]), send(&[3])]);
    bench.run_until(MS(20));
    assert_eq!(bench.offers, [(MS(10), 1)], "one at a time");
    bench.wire.frame_done(&mut bench.shared, MS(21));
    bench.run_until(MS(30));
    assert_eq!(bench.offers.last(), Some(&(MS(21), 2)));
    bench.wire.frame_done(&mut bench.shared, MS(31));
    assert_eq!(
        bench.told(),
        [(MS(10), PeerEvent::Start), (MS(31), PeerEvent::Sent)],
        "when all of it is out"
    );
    bench.run_until(MS(40));
    assert_eq!(bench.offers.last(), Some(&(MS(31), 3)));
    assert_eq!(bench.shared.log.wires[0].frames.len(), 3);
}

#[test]
fn a_paused_host_finishes_its_frame() {
    let pause = |yes| Orders {
        pause: Some(yes),
        ..Orders::default()
    };
    let mut bench = Bench::new(vec![send(&[1, 2]), pause(true), pause(false)]);
    bench.run_until(MS(11));
    bench.chip_says(9, MS(12), 500_000);
    bench.run_until(MS(20));
    bench.wire.frame_done(&mut bench.shared, MS(21));
    bench.run_until(MS(30));
    assert_eq!(bench.offers, [(MS(10), 1)]);
    bench.chip_says(9, MS(31), 500_000);
    bench.run_until(MS(40));
    assert_eq!(bench.offers, [(MS(10), 1), (MS(36), 2)]);
}

#[test]
fn a_host_acts_after_its_latency() {
    let mut bench = Bench::new(vec![]);
    bench.chip_says(8, MS(9), 500_000);
    bench.run_until(MS(10));
    bench.chip_says(9, MS(12), 500_000);
    bench.run_until(MS(100));
    assert_eq!(
        bench.told(),
        [
            (MS(10), PeerEvent::Start),
            (MS(17), PeerEvent::Heard(frame(9)))
        ],
        "nothing before it began"
    );
}

#[test]
fn a_host_at_another_rate_hears_nothing() {
    let mut bench = Bench::new(vec![]);
    bench.run_until(MS(10));
    bench.chip_says(9, MS(12), 250_000);
    bench.run_until(MS(100));
    assert_eq!(bench.told(), [(MS(10), PeerEvent::Start)]);
}
