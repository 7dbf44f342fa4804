use super::*;
use crate::log::Fate;
use crate::periph::testbench::Bench;
use crate::periph::{HoldReason, PinMode};
use crate::wire::WireId;

const OWN: u8 = 0x42;
/// 100 kbit/s.
const BIT: u64 = 10;
const CR1: u32 = 0x00;
const OAR1: u32 = 0x08;
const DR: u32 = 0x10;
const SR1: u32 = 0x14;
const SR2: u32 = 0x18;
const ADDMODE: u32 = 1 << 15;
const NOSTRETCH: u32 = 1 << 7;
const ON: u32 = 1 | 1 << 10;

fn us(n: u64) -> Picos {
    Picos::from_micros(n)
}

fn slave() -> Bench {
    let mut b = Bench::on("stm32f103xb", "I2C1");
    b.reset();
    b.shared.pins.mode[1][6] = PinMode::Alternate(0);
    b.shared.pins.mode[1][7] = PinMode::Alternate(0);
    b.write(OAR1, u32::from(OWN) << 1);
    b.write(CR1, ON);
    b
}

fn write(bytes: &[u8]) -> I2cTransfer {
    I2cTransfer {
        write: bytes.to_vec(),
        ..I2cTransfer::default()
    }
}

fn wire(script: Vec<I2cTransfer>) -> I2cWire {
    I2cWire {
        name: "host".into(),
        port: "I2C1".into(),
        address: I2cAddress::Seven(OWN),
        clock: I2cClock::usual(Hertz::new(100_000)),
        time_out: None,
        retries: 0,
        retry_pause: Picos::ZERO,
        stop_on_failure: false,
        start: Start::At(Picos::ZERO),
        script,
    }
}

fn record(b: &Bench) -> &I2cRecord {
    &b.shared.log.i2c[&WireId(0)]
}

/// Clears ADDR as soon as it is set, takes bytes as soon as they are there, and says when it saw the first of each.
fn serve(b: &mut Bench, until: Picos) -> Vec<u8> {
    let mut got = Vec::new();
    while b.now() < until {
        let sr1 = b.read(SR1);
        if sr1 & 1 << 1 != 0 {
            b.read(SR2);
        }
        if sr1 & 1 << 6 != 0 {
            got.push(b.read(DR) as u8);
        }
        if sr1 & 1 << 4 != 0 {
            b.write(CR1, ON);
        }
        if sr1 & 1 << 10 != 0 {
            b.write(SR1, 0);
        }
        b.run_for(Picos::from_nanos(500));
    }
    got
}

#[test]
fn a_write_takes_its_time() {
    let mut b = slave();
    b.attach_i2c(wire(vec![write(&[1, 2])]));
    let got = serve(&mut b, us(400));
    assert_eq!(got, [1, 2]);
    assert_eq!(b.fates(), [Fate::Delivered, Fate::Delivered]);
    let attempt = record(&b).attempts.kept[0];
    // START to SCL low 5 us, three bytes of nine bits, 5 us low, 5 us high, STOP; ADDR is cleared within the low phase.
    assert_eq!(attempt.start, Picos::ZERO);
    assert_eq!(attempt.end, us(5 + 27 * BIT + 10));
    assert_eq!(attempt.outcome, I2cOutcome::Completed);
    let units = &b.shared.log.wires[0].units;
    assert_eq!(
        units[0].sent,
        us(5 + 9 * BIT + 5),
        "SCL rises for the first bit"
    );
    assert_eq!(units[0].arrived, Some(us(5 + 18 * BIT)));
    assert_eq!((record(&b).transactions, record(&b).completed), (1, 1));
    assert_eq!(record(&b).stretched, Picos::ZERO);
    assert!(b.wires[0].is_done(&b.shared));
}

#[test]
fn fast_mode_is_low_for_two_thirds() {
    let clock = I2cClock::usual(Hertz::new(400_000));
    assert_eq!(clock.low, Picos(1_666_666));
    assert_eq!(clock.low + clock.high(), Picos(2_500_000));
    assert_eq!(I2cClock::usual(Hertz::new(100_000)).low, us(5));
}

#[test]
fn a_held_clock_is_stretching_and_no_loss() {
    let mut b = slave();
    b.attach_i2c(wire(vec![write(&[1, 2, 3, 4])]));
    // Nobody clears ADDR: SCL would rise 5 us after the ninth bit.
    b.run_until(us(1_000));
    let would_rise = us(5 + 9 * BIT + 5);
    assert_eq!(
        record(&b).open.map(|(from, hold)| (from, hold.reason)),
        Some((would_rise, HoldReason::Address))
    );
    assert!(b.fates().is_empty());
    let got = serve(&mut b, us(2_000));
    assert_eq!(got, [1, 2, 3, 4]);
    assert_eq!(b.fates(), [Fate::Delivered; 4]);
    assert_eq!(record(&b).stretch_count, 1);
    assert_eq!(record(&b).stretched, us(1_000) - would_rise);
    let stretch = record(&b).stretches.kept[0];
    assert_eq!((stretch.from, stretch.to), (would_rise, us(1_000)));
    assert_eq!(stretch.hold.interrupt, Some(31 + 16));
    let end = record(&b).attempts.kept[0].end;
    assert_eq!(
        end,
        us(5 + 45 * BIT + 10) + (us(1_000) - would_rise),
        "everything later by that"
    );
}

#[test]
fn reasons_of_one_hold_are_told_apart() {
    let mut b = slave();
    let read = I2cTransfer {
        read: 1,
        ..I2cTransfer::default()
    };
    b.attach_i2c(wire(vec![read]));
    b.run_until(us(200));
    b.read(SR1);
    b.read(SR2);
    b.run_until(us(500));
    b.write(DR, 0x77);
    b.run_until(us(1_000));
    let kept = &record(&b).stretches.kept;
    let what: Vec<_> = kept.iter().map(|s| (s.from, s.to, s.hold.reason)).collect();
    assert_eq!(
        what,
        [
            (us(100), us(200), HoldReason::Address),
            (us(200), us(500), HoldReason::Transmit)
        ]
    );
    assert_eq!(record(&b).read, 1);
}

#[test]
fn a_host_gives_up_and_says_stop_later() {
    let mut b = slave();
    let spec = I2cWire {
        time_out: Some(us(25_000)),
        ..wire(vec![write(&[1, 2, 3])])
    };
    b.attach_i2c(spec);
    b.run_until(us(24_000));
    assert_eq!(record(&b).timed_out, 0);
    b.run_until(us(40_000));
    assert_eq!(record(&b).timed_out, 1);
    assert_eq!(record(&b).attempts.kept[0].end, us(100 + 25_000));
    assert_eq!(b.read(SR2) & 0b10, 0b10, "BUSY: no STOP yet");
    let got = serve(&mut b, us(41_000));
    assert!(
        got.is_empty(),
        "the host had not sent anything but the address"
    );
    assert_eq!(b.read(SR2) & 0b10, 0, "STOP");
    let r = record(&b);
    assert_eq!((r.transactions, r.completed, r.failed), (1, 0, 1));
    assert_eq!(
        r.stretched,
        us(40_000 - 100),
        "also what comes after the host gave up"
    );
    assert!(b.wires[0].is_done(&b.shared));
}

#[test]
fn what_arrived_before_the_host_gave_up_is_delivered() {
    let mut b = slave();
    let spec = I2cWire {
        time_out: Some(us(25_000)),
        ..wire(vec![write(&[1, 2, 3])])
    };
    b.attach_i2c(spec);
    b.run_until(us(102));
    b.read(SR1);
    b.read(SR2);
    // Two bytes fit; the third waits until the host has lost patience, and is never sent.
    b.run_until(us(60_000));
    assert_eq!(b.fates(), [Fate::Waiting, Fate::Waiting]);
    let got = serve(&mut b, us(61_000));
    assert_eq!(got, [1, 2]);
    assert_eq!(b.fates(), [Fate::Delivered, Fate::Delivered]);
    assert_eq!(record(&b).timed_out, 1);
}

#[test]
fn the_bus_is_busy_while_it_is_held() {
    let mut b = slave();
    let spec = I2cWire {
        time_out: Some(us(25_000)),
        ..wire(vec![write(&[1]), write(&[2]), write(&[3])])
    };
    b.attach_i2c(spec);
    // Held for 60 ms: the first is given up at 25 ms, the second waits from then to 50 ms, the third gets through.
    b.run_until(us(60_000));
    assert_eq!(record(&b).timed_out, 2);
    let got = serve(&mut b, us(61_000));
    assert_eq!(got, [3]);
    let r = record(&b);
    assert_eq!((r.transactions, r.completed, r.failed), (3, 1, 2));
}

#[test]
fn a_refused_address_is_tried_again() {
    let mut b = slave();
    b.write(CR1, 1);
    let spec = I2cWire {
        retries: 2,
        retry_pause: us(1_000),
        ..wire(vec![write(&[1]), write(&[2])])
    };
    b.attach_i2c(spec);
    serve_refusing(&mut b, us(1_900));
    b.write(CR1, ON);
    let got = serve(&mut b, us(4_000));
    assert_eq!(got, [1, 2]);
    let r = record(&b);
    assert_eq!((r.transactions, r.completed, r.address_nacks), (2, 2, 2));
    assert_eq!(r.first_nack, Some("ACK in CR1 is 0"));
    assert_eq!(
        b.fates(),
        [Fate::Delivered, Fate::Delivered],
        "addresses are no units"
    );
}

fn serve_refusing(b: &mut Bench, until: Picos) {
    b.run_until(until);
}

#[test]
fn a_host_that_stops_on_failure() {
    let mut b = slave();
    b.write(CR1, 1);
    let spec = I2cWire {
        stop_on_failure: true,
        ..wire(vec![write(&[1]), write(&[2])])
    };
    b.attach_i2c(spec);
    b.run_until(us(5_000));
    let r = record(&b);
    assert_eq!((r.transactions, r.failed), (1, 1));
    assert!(b.wires[0].is_done(&b.shared));
}

#[test]
fn a_read_ends_with_a_refusal() {
    let mut b = slave();
    let transfer = I2cTransfer {
        write: vec![0x10],
        read: 2,
        answer: Some(vec![0x77, 0x78]),
        ..I2cTransfer::default()
    };
    b.attach_i2c(wire(vec![transfer]));
    let got = serve(&mut b, us(150));
    assert!(got.is_empty());
    let got = serve(&mut b, us(400));
    assert_eq!(got, [0x10]);
    b.write(DR, 0x77);
    b.run_until(us(450));
    b.write(DR, 0x79);
    b.run_until(us(1_000));
    assert_eq!(b.read(SR1) & 1 << 10, 1 << 10, "AF");
    let r = record(&b);
    assert_eq!((r.completed, r.read, r.wrong_answers), (1, 2, 1));
}

#[test]
fn a_poll_ends_when_its_answer_comes() {
    let mut b = slave();
    b.write(CR1, ON | NOSTRETCH);
    let poll = I2cTransfer {
        read: 1,
        poll: Some(I2cPoll {
            until: vec![0x01],
            mask: vec![0x0F],
            every: us(5_000),
            at_most: 10,
        }),
        ..I2cTransfer::default()
    };
    b.attach_i2c(wire(vec![poll, write(&[9])]));
    b.run_until(us(5_100));
    b.write(DR, 0xF1);
    let got = serve_nostretch(&mut b, us(30_000));
    let r = record(&b);
    assert_eq!(got, [9]);
    assert_eq!(
        (r.transactions, r.completed, r.failed),
        (3, 3, 0),
        "two polls and the write"
    );
    let starts: Vec<_> = r.attempts.kept.iter().map(|a| a.start).collect();
    // START, 18 bits, STOP; then 5 ms.
    assert_eq!(starts[1], us(5 + 18 * BIT + 10) + us(5_000));
}

#[test]
fn a_poll_without_its_answer_fails_in_the_end() {
    let mut b = slave();
    b.write(CR1, ON | NOSTRETCH);
    let poll = I2cTransfer {
        read: 1,
        poll: Some(I2cPoll {
            until: vec![0x01],
            mask: Vec::new(),
            every: us(100),
            at_most: 3,
        }),
        ..I2cTransfer::default()
    };
    b.attach_i2c(I2cWire {
        stop_on_failure: true,
        ..wire(vec![poll, write(&[9])])
    });
    b.run_until(us(5_000));
    let r = record(&b);
    assert_eq!((r.transactions, r.completed, r.failed), (3, 2, 1));
    assert!(b.wires[0].is_done(&b.shared));
}

fn serve_nostretch(b: &mut Bench, until: Picos) -> Vec<u8> {
    let mut got = Vec::new();
    while b.now() < until {
        if b.read(SR1) & 1 << 6 != 0 {
            got.push(b.read(DR) as u8);
        }
        b.read(SR2);
        b.run_for(us(1));
    }
    got
}

#[test]
fn ten_bit_addresses_take_two_bytes() {
    let mut b = slave();
    b.write(OAR1, ADDMODE | 0x155);
    let spec = I2cWire {
        address: I2cAddress::Ten(0x155),
        ..wire(vec![write(&[0xEE])])
    };
    b.attach_i2c(spec);
    let got = serve(&mut b, us(500));
    assert_eq!(got, [0xEE]);
    assert_eq!(record(&b).attempts.kept[0].end, us(5 + 27 * BIT + 10));
}

#[test]
fn each_byte_has_one_fate_and_overruns_are_no_stretching() {
    let mut b = slave();
    b.write(CR1, ON | NOSTRETCH);
    b.attach_i2c(wire(vec![write(&[1, 2, 3, 4])]));
    b.run_until(us(1_000));
    assert_eq!(
        b.fates(),
        [Fate::Waiting, Fate::Overrun, Fate::Overrun, Fate::Overrun]
    );
    assert_eq!(record(&b).stretch_count, 0);
    assert_eq!(record(&b).completed, 1, "the host knows nothing of it");
}
