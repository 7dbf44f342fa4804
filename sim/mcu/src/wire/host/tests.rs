//! Hosts on a line without a chip: orders and times.

use super::*;
use crate::Hertz;
use crate::periph::UartFrame;
use crate::periph::testbench::shared;
use crate::wire::{Parity, Wire};

type Told = std::sync::Arc<std::sync::Mutex<Vec<(Picos, PeerEvent<u8>)>>>;

/// Does by rote what its script says for each event, and writes down what it is told and when.
#[derive(Clone, Debug, Default)]
struct Script {
    orders: Vec<Orders<u8>>,
    told: Told,
}

impl Peer<u8, u8> for Script {
    fn event(&mut self, at: Picos, event: PeerEvent<u8>, orders: &mut Orders<u8>) {
        self.told.lock().unwrap().push((at, event));
        if !self.orders.is_empty() {
            *orders = self.orders.remove(0);
        }
    }

    fn account(&self) -> PeerAccount {
        PeerAccount::default()
    }

    fn boxed_clone(&self) -> Box<dyn Peer<u8, u8>> {
        Box::new(self.clone())
    }
}

const MS: fn(u64) -> Picos = Picos::from_millis;
const CHARACTER: Picos = Picos::from_millis(1);

fn send(bytes: &[u8]) -> Orders<u8> {
    Orders {
        send: bytes.to_vec(),
        ..Orders::default()
    }
}

struct Bench {
    shared: Shared,
    wire: Wire,
    told: Told,
    frames: Vec<UartFrame>,
}

impl Bench {
    /// A character takes a millisecond. The host begins at 10 ms and acts 5 ms after what it hears.
    fn new(orders: Vec<Orders<u8>>) -> Self {
        Self::with_gap(orders, Picos::ZERO)
    }

    fn with_gap(orders: Vec<Orders<u8>>, byte_gap: Picos) -> Self {
        let mut shared = shared();
        let script = Script {
            orders,
            ..Script::default()
        };
        let told = script.told.clone();
        let spec = HostWire {
            name: "host".into(),
            port: "USART1".into(),
            format: LineFormat {
                bit_rate: Hertz::new(10_000),
                data_bits: 8,
                parity: Parity::None,
                stop_halves: 2,
            },
            flow_control: FlowControl::None,
            start: Start::At(MS(10)),
            latency: MS(5),
            byte_gap,
            peer: Box::new(script),
        };
        let wire = Wire::host(WireId(0), spec, PeripheralId(7), &mut shared);
        Self {
            shared,
            wire,
            told,
            frames: Vec::new(),
        }
    }

    fn run_until(&mut self, limit: Picos) {
        while let Some(due) = self.shared.sched.pop(limit) {
            let action = self.wire.event(&mut self.shared, due.at, due.token);
            if let WireAction::UartFrame { frame, .. } = action {
                self.frames.push(frame);
            }
        }
    }

    fn chip_says(&mut self, byte: u8, end: Picos) {
        let bit_rate = Hertz::new(10_000);
        let character = Transmitted {
            bits: byte.into(),
            bit_count: 8,
            bit_rate,
            start: end - CHARACTER,
            end,
        };
        self.wire
            .heard(&mut self.shared, end, PeripheralId(7), &character);
    }

    fn told(&self) -> Vec<(Picos, PeerEvent<u8>)> {
        self.told.lock().unwrap().clone()
    }

    fn starts(&self) -> Vec<Picos> {
        self.frames.iter().map(|f| f.start).collect()
    }
}

#[test]
fn orders_follow_back_to_back() {
    let mut b = Bench::new(vec![send(&[1, 2]), send(&[3])]);
    b.run_until(MS(100));
    assert_eq!(b.starts(), [MS(10), MS(11), MS(12)]);
    let values: Vec<_> = b.frames.iter().map(|f| f.bits).collect();
    assert_eq!(values, [1, 2, 3]);
    assert_eq!(
        b.told(),
        [
            (MS(10), PeerEvent::Start),
            (MS(12), PeerEvent::Sent),
            (MS(13), PeerEvent::Sent)
        ]
    );
    assert_eq!(b.shared.log.wires[0].units.len(), 3);
}

#[test]
fn a_slow_writer_leaves_a_gap_after_each_character() {
    let mut b = Bench::with_gap(vec![send(&[1, 2]), send(&[3])], MS(4));
    b.run_until(MS(100));
    assert_eq!(b.starts(), [MS(10), MS(15), MS(20)]);
    let sent: Vec<Picos> = b.told().iter().skip(1).map(|(at, _)| *at).collect();
    assert_eq!(sent, [MS(20), MS(25)], "a character and its gap");
}

#[test]
fn a_host_acts_after_its_latency() {
    let mut b = Bench::new(vec![Orders::default(), send(&[9])]);
    b.chip_says(0x06, MS(9));
    b.run_until(MS(20));
    assert_eq!(
        b.told().len(),
        1,
        "what was said before it began is not heard"
    );
    b.chip_says(0x06, MS(20));
    b.run_until(MS(24));
    assert_eq!(b.told().len(), 1);
    b.run_until(MS(30));
    assert_eq!(b.told()[1], (MS(25), PeerEvent::Heard(0x06)));
    assert_eq!(b.starts(), [MS(25)]);
}

#[test]
fn a_paused_host_finishes_its_character() {
    let pause = |yes| Orders {
        pause: Some(yes),
        ..Orders::default()
    };
    let mut b = Bench::new(vec![send(&[1, 2, 3]), pause(true), pause(false)]);
    b.run_until(MS(10));
    // Ended before the host began to send, acted upon at 11.5 ms.
    b.chip_says(0x13, Picos::from_micros(6_500));
    b.run_until(MS(50));
    assert_eq!(
        b.starts(),
        [MS(10), MS(11)],
        "the second was under way at 11.5 ms"
    );
    b.chip_says(0x11, MS(50));
    b.run_until(MS(100));
    assert_eq!(b.starts()[2], MS(55));
}

#[test]
fn only_the_last_timer_goes_off() {
    let timer = |span| Orders {
        timer: Some(span),
        ..Orders::default()
    };
    let mut b = Bench::new(vec![timer(Some(MS(20))), timer(Some(MS(30))), timer(None)]);
    b.run_until(MS(10));
    b.chip_says(1, MS(15));
    b.run_until(MS(49));
    assert_eq!(b.told().len(), 2, "the first timer was replaced at 20 ms");
    b.run_until(MS(60));
    assert_eq!(b.told()[2], (MS(50), PeerEvent::TimeOut));
    let mut b = Bench::new(vec![timer(Some(MS(20))), timer(None)]);
    b.run_until(MS(10));
    b.chip_says(1, MS(15));
    b.run_until(MS(100));
    assert_eq!(b.told().len(), 2, "a timer that was stopped stays silent");
}

#[test]
fn what_cannot_be_understood_is_told_as_such() {
    let mut b = Bench::new(Vec::new());
    b.run_until(MS(10));
    let character = Transmitted {
        bits: 0,
        bit_count: 8,
        bit_rate: Hertz::new(5_000),
        start: MS(18),
        end: MS(20),
    };
    b.wire
        .heard(&mut b.shared, MS(20), PeripheralId(7), &character);
    b.wire
        .heard(&mut b.shared, MS(20), PeripheralId(3), &character);
    b.run_until(MS(100));
    assert_eq!(
        b.told()[1..],
        [(MS(25), PeerEvent::Garbled)],
        "and of another port it hears nothing"
    );
}

#[test]
fn a_host_changes_its_rate() {
    let faster = Orders {
        bit_rate: Some(Hertz::new(20_000)),
        ..send(&[1, 2])
    };
    let mut bench = Bench::new(vec![send(&[7]), faster, Orders::default()]);
    bench.run_until(MS(20));
    let starts: Vec<_> = bench.frames.iter().map(|f| (f.start, f.bit_rate)).collect();
    let half = CHARACTER.0 / 2;
    let (slow, fast) = (Hertz::new(10_000), Hertz::new(20_000));
    assert_eq!(
        starts,
        [
            (MS(10), slow),
            (MS(11), fast),
            (Picos(MS(11).0 + half), fast)
        ]
    );
}
