use super::bits::*;
use crate::log::Fate;
use crate::periph::testbench::Bench;
use crate::periph::{DmaLine, HoldReason, I2cAnswer, I2cStep, PinMode, Signal};
use crate::wire::WireId;
use crate::{Hertz, Picos};

const EV: u16 = 31;
const ER: u16 = 32;
const OWN: u8 = 0x42;

/// I2C1 of an F303 on PB6 and PB7, with an own address and whatever `more` says, enabled.
fn slave_with(more: Cr1) -> Bench {
    let mut b = Bench::on("stm32f303xc", "I2C1");
    b.reset();
    b.shared.pins.mode[1][6] = PinMode::Alternate(4);
    b.shared.pins.mode[1][7] = PinMode::Alternate(4);
    b.write(OAR1, OAEN | u32::from(OWN) << 1);
    b.write(CR1, (Cr1::PE | more).bits());
    b.open_wire("host");
    b
}

fn slave() -> Bench {
    slave_with(Cr1::empty())
}

fn step(b: &mut Bench, step: I2cStep) -> I2cAnswer {
    b.with_device(|device, cx| device.i2c().expect("an I2C controller").step(cx, step))
}

fn byte(b: &mut Bench, value: u8) -> bool {
    step(b, I2cStep::Sent { value, unit: None });
    step(b, I2cStep::Ninth { acknowledged: None }).acknowledged
}

/// START and an address byte; was it acknowledged?
fn address(b: &mut Bench, value: u8) -> bool {
    step(b, I2cStep::Start);
    byte(b, value)
}

/// Eight bits of data; their number.
fn eight(b: &mut Bench, value: u8) -> u32 {
    let unit = b.unit(value.into());
    step(
        b,
        I2cStep::Sent {
            value,
            unit: Some((WireId(0), unit)),
        },
    );
    unit
}

fn ninth(b: &mut Bench) -> bool {
    step(b, I2cStep::Ninth { acknowledged: None }).acknowledged
}

fn held(b: &mut Bench) -> Option<HoldReason> {
    step(b, I2cStep::Released).hold.map(|hold| hold.reason)
}

fn isr(b: &mut Bench) -> Isr {
    Isr::from_bits_truncate(b.read(ISR))
}

fn clear(b: &mut Bench, flags: Isr) {
    b.write(ICR, flags.bits());
}

#[test]
fn registers_read_back_what_exists() {
    let mut b = Bench::on("stm32f303xc", "I2C1");
    b.reset();
    assert_eq!(b.read(ISR), 1, "TXE");
    for (offset, mask) in [
        (OAR1, OAR1_MASK),
        (OAR2, OAR2_MASK),
        (TIMINGR, TIMINGR_MASK),
    ] {
        b.write(offset, !0);
        assert_eq!(b.read(offset), mask, "{offset:#x}");
    }
    b.write(TIMEOUTR, !TIDLE);
    assert_eq!(b.read(TIMEOUTR), 0x8FFF_8FFF);
    b.write(CR2, 0x03FF_1FFF);
    assert_eq!(b.read(CR2), 0x03FF_1FFF);
    b.write(CR2, Cr2::NACK.bits());
    assert_eq!(b.read(CR2), 0, "no requests while PE is 0");
}

#[test]
fn addr_holds_scl_until_it_is_cleared() {
    let mut b = slave();
    assert!(address(&mut b, OWN << 1 | 1));
    assert_eq!(held(&mut b), Some(HoldReason::Address));
    assert_eq!(isr(&mut b), Isr::TXE | Isr::ADDR | Isr::BUSY | Isr::DIR);
    assert_eq!(b.read(ISR) >> ADDCODE, u32::from(OWN));
    b.sent.clear();
    clear(&mut b, Isr::ADDR);
    assert_eq!(held(&mut b), Some(HoldReason::Transmit), "now for data");
    let port = b.id;
    assert!(b.sent.contains(&Signal::SclChanged { port }));
    step(&mut b, I2cStep::Stop);
    assert!(address(&mut b, OWN << 1));
    assert!(!isr(&mut b).contains(Isr::DIR));
    clear(&mut b, Isr::ADDR);
    assert_eq!(held(&mut b), None);
}

#[test]
fn addresses_and_masks() {
    let mut b = slave();
    let heard = |b: &mut Bench, value: u8| {
        let yes = address(b, value << 1);
        clear(b, Isr::ADDR);
        step(b, I2cStep::Stop);
        yes
    };
    assert!(!heard(&mut b, 0x30) && !heard(&mut b, 0));
    b.write(OAR2, OAEN | 0x30 << 1);
    assert!(heard(&mut b, 0x30) && !heard(&mut b, 0x31));
    b.write(OAR2, 0);
    b.write(OAR2, OAEN | 0x30 << 1 | 2 << 8);
    assert!(
        heard(&mut b, 0x33) && !heard(&mut b, 0x34),
        "two bits do not count"
    );
    assert_eq!(b.read(ISR) >> ADDCODE, 0x33);
    b.write(OAR2, 0);
    b.write(OAR2, OAEN | 7 << 8);
    assert!(heard(&mut b, 0x11) && heard(&mut b, 0x77));
    assert!(
        !heard(&mut b, 0x04) && !heard(&mut b, 0x79),
        "reserved ones"
    );
    b.write(CR1, (Cr1::PE | Cr1::GCEN).bits());
    assert!(heard(&mut b, 0));
    b.write(OAR1, 0);
    b.write(OAR2, 0);
    assert!(!heard(&mut b, OWN));
}

#[test]
fn ten_bit_addresses() {
    let mut b = slave();
    b.write(OAR1, 0);
    b.write(OAR1, OAEN | OA1MODE | 0x2A5);
    assert!(
        !address(&mut b, 0xF0 | 0b10 << 1 | 1),
        "a read that no write preceded"
    );
    assert!(address(&mut b, 0xF0 | 0b10 << 1));
    assert!(
        !isr(&mut b).contains(Isr::ADDR),
        "the header alone is no match"
    );
    assert!(byte(&mut b, 0xA5));
    assert!(isr(&mut b).contains(Isr::ADDR));
    assert_eq!(b.read(ISR) >> ADDCODE, 0x7A, "the header");
    clear(&mut b, Isr::ADDR);
    assert!(address(&mut b, 0xF0 | 0b10 << 1 | 1));
    assert!(isr(&mut b).contains(Isr::ADDR | Isr::DIR));
    step(&mut b, I2cStep::Stop);
    assert!(address(&mut b, 0xF0 | 0b10 << 1));
    assert!(!byte(&mut b, 0xA6), "another low byte");
}

#[test]
fn a_second_byte_waits_before_its_acknowledgement() {
    let mut b = slave();
    address(&mut b, OWN << 1);
    clear(&mut b, Isr::ADDR);
    let first = eight(&mut b, 1);
    assert!(isr(&mut b).contains(Isr::RXNE), "before the ninth bit");
    assert_eq!(held(&mut b), None);
    assert!(ninth(&mut b));
    let second = eight(&mut b, 2);
    assert_eq!(held(&mut b), Some(HoldReason::Received));
    assert_eq!(b.fates(), [Fate::Waiting, Fate::Waiting]);
    assert_eq!(b.read(RXDR), 1);
    assert_eq!((held(&mut b), b.fate(first)), (None, Fate::Delivered));
    assert!(
        isr(&mut b).contains(Isr::RXNE),
        "the second one has moved up"
    );
    assert!(ninth(&mut b));
    assert_eq!(b.read(RXDR), 2);
    assert_eq!(b.fate(second), Fate::Delivered);
    assert!(!isr(&mut b).contains(Isr::RXNE));
}

#[test]
fn without_stretching_a_byte_is_overrun_and_refused() {
    let mut b = slave_with(Cr1::NOSTRETCH);
    address(&mut b, OWN << 1);
    assert_eq!(held(&mut b), None, "ADDR is set and SCL is free");
    eight(&mut b, 1);
    assert!(ninth(&mut b));
    eight(&mut b, 2);
    assert_eq!(held(&mut b), None);
    let answer = step(&mut b, I2cStep::Ninth { acknowledged: None });
    assert!(!answer.acknowledged, "the host is told");
    assert!(answer.why.is_some_and(|why| why.contains("OVR")));
    assert!(isr(&mut b).contains(Isr::OVR));
    assert_eq!(b.fates(), [Fate::Waiting, Fate::Overrun]);
    assert_eq!(b.shared.log.wires[0].units[1].blocked_by, Some(0));
    assert_eq!(b.read(RXDR), 1);
    clear(&mut b, Isr::OVR);
    assert!(!isr(&mut b).contains(Isr::OVR));
}

#[test]
fn a_read_waits_for_data() {
    let mut b = slave();
    address(&mut b, OWN << 1 | 1);
    assert!(
        !isr(&mut b).contains(Isr::TXIS),
        "not before ADDR is cleared"
    );
    clear(&mut b, Isr::ADDR);
    assert!(isr(&mut b).contains(Isr::TXIS));
    b.write(TXDR, 0x11);
    assert_eq!(held(&mut b), None);
    assert!(
        isr(&mut b).contains(Isr::TXIS | Isr::TXE),
        "it went straight on"
    );
    b.write(TXDR, 0x22);
    assert!(!isr(&mut b).intersects(Isr::TXIS | Isr::TXE));
    assert_eq!(step(&mut b, I2cStep::Taken).data, 0x11);
    step(
        &mut b,
        I2cStep::Ninth {
            acknowledged: Some(true),
        },
    );
    assert_eq!(held(&mut b), None);
    assert_eq!(step(&mut b, I2cStep::Taken).data, 0x22);
    step(
        &mut b,
        I2cStep::Ninth {
            acknowledged: Some(true),
        },
    );
    assert_eq!(held(&mut b), Some(HoldReason::Transmit));
    b.write(TXDR, 0x33);
    assert_eq!(held(&mut b), None);
    assert_eq!(step(&mut b, I2cStep::Taken).data, 0x33);
    step(
        &mut b,
        I2cStep::Ninth {
            acknowledged: Some(false),
        },
    );
    assert_eq!(held(&mut b), None);
    assert!(isr(&mut b).contains(Isr::NACKF));
    assert!(!isr(&mut b).contains(Isr::TXIS));
    step(&mut b, I2cStep::Stop);
    assert!(isr(&mut b).contains(Isr::STOPF));
    assert!(!isr(&mut b).contains(Isr::BUSY));
    clear(&mut b, Isr::STOPF | Isr::NACKF);
    assert!(!isr(&mut b).intersects(Isr::STOPF | Isr::NACKF));
    assert!(!address(&mut b, 0x50 << 1));
    step(&mut b, I2cStep::Stop);
    assert!(!isr(&mut b).contains(Isr::STOPF), "no STOPF for others");
}

#[test]
fn what_was_not_wanted_stays_in_txdr() {
    let mut b = slave();
    let read_one = |b: &mut Bench, flush: bool| {
        address(b, OWN << 1 | 1);
        if flush {
            b.write(ISR, Isr::TXE.bits());
        }
        clear(b, Isr::ADDR);
        let hold = held(b);
        b.write(TXDR, 0x11);
        b.write(TXDR, 0x22);
        let data = step(b, I2cStep::Taken).data;
        step(
            b,
            I2cStep::Ninth {
                acknowledged: Some(false),
            },
        );
        step(b, I2cStep::Stop);
        (hold, data)
    };
    assert_eq!(read_one(&mut b, false), (Some(HoldReason::Transmit), 0x11));
    assert_eq!(
        read_one(&mut b, false),
        (None, 0x22),
        "the left-over goes first"
    );
    assert_eq!(read_one(&mut b, true), (Some(HoldReason::Transmit), 0x11));
}

#[test]
fn without_stretching_ones_go_out() {
    let mut b = slave_with(Cr1::NOSTRETCH);
    b.write(TXDR, 0x5A);
    address(&mut b, OWN << 1 | 1);
    assert_eq!(held(&mut b), None);
    assert_eq!(step(&mut b, I2cStep::Taken).data, 0x5A);
    assert!(!isr(&mut b).contains(Isr::OVR));
    step(
        &mut b,
        I2cStep::Ninth {
            acknowledged: Some(true),
        },
    );
    assert_eq!(held(&mut b), None);
    assert_eq!(step(&mut b, I2cStep::Taken).data, 0xFF);
    assert!(isr(&mut b).contains(Isr::OVR));
    step(
        &mut b,
        I2cStep::Ninth {
            acknowledged: Some(false),
        },
    );
    step(&mut b, I2cStep::Stop);
    clear(&mut b, Isr::OVR | Isr::ADDR);
    b.write(TXDR, 0x5B);
    address(&mut b, OWN << 1 | 1);
    assert!(isr(&mut b).contains(Isr::OVR), "STOPF is still set");
}

#[test]
fn nack_refuses_the_next_byte() {
    let mut b = slave();
    address(&mut b, OWN << 1);
    clear(&mut b, Isr::ADDR);
    b.write(CR2, Cr2::NACK.bits());
    eight(&mut b, 1);
    assert!(!ninth(&mut b));
    assert_eq!(b.read(CR2), 0, "done");
    let unit = eight(&mut b, 2);
    assert!(!ninth(&mut b));
    assert_eq!(b.fate(unit), Fate::NotAcknowledged);
    assert!(address(&mut b, OWN << 1));
}

#[test]
fn slave_byte_control() {
    let mut b = slave_with(Cr1::SBC);
    b.write(CR2, 1 << 16 | Cr2::RELOAD.bits());
    address(&mut b, OWN << 1);
    clear(&mut b, Isr::ADDR);
    eight(&mut b, 0x10);
    assert!(isr(&mut b).contains(Isr::TCR | Isr::RXNE));
    assert_eq!(held(&mut b), Some(HoldReason::Count));
    b.read(RXDR);
    assert_eq!(held(&mut b), Some(HoldReason::Count));
    b.write(CR2, 2 << 16 | Cr2::RELOAD.bits());
    assert_eq!(held(&mut b), None);
    assert!(!isr(&mut b).contains(Isr::TCR));
    assert!(ninth(&mut b));
    eight(&mut b, 0x11);
    b.read(RXDR);
    assert!(ninth(&mut b) && !isr(&mut b).contains(Isr::TCR), "one more");
    eight(&mut b, 0x12);
    b.read(RXDR);
    b.write(CR2, (Cr2::NACK | Cr2::RELOAD).bits() | 1 << 16);
    assert_eq!(held(&mut b), None);
    assert!(!ninth(&mut b), "firmware has seen it and refuses");
    assert_eq!(b.fate(2), Fate::Delivered);
}

#[test]
fn timeouts_let_the_lines_go() {
    let mut b = slave();
    b.shared.clocks.i2c[0] = Hertz::new(8_192_000);
    // 100 times 2048 clocks of 8.192 MHz: 25 ms.
    b.write(TIMEOUTR, TIMOUTEN | 99);
    address(&mut b, OWN << 1);
    b.run_for(Picos::from_micros(24_999));
    assert_eq!(held(&mut b), Some(HoldReason::Address));
    b.run_for(Picos::from_micros(2));
    assert_eq!(held(&mut b), None);
    assert!(isr(&mut b).contains(Isr::TIMEOUT));
    eight(&mut b, 1);
    assert!(!ninth(&mut b), "it is out of the transfer");
    step(&mut b, I2cStep::Stop);
    clear(&mut b, Isr::TIMEOUT | Isr::ADDR);

    // Altogether 25 ms, in two pieces.
    b.write(TIMEOUTR, TEXTEN | 99 << 16);
    address(&mut b, OWN << 1);
    b.run_for(Picos::from_micros(20_000));
    clear(&mut b, Isr::ADDR);
    eight(&mut b, 1);
    ninth(&mut b);
    eight(&mut b, 2);
    b.run_for(Picos::from_micros(4_999));
    assert_eq!(held(&mut b), Some(HoldReason::Received));
    b.run_for(Picos::from_micros(2));
    assert_eq!(held(&mut b), None);
    assert!(isr(&mut b).contains(Isr::TIMEOUT));
    assert!(!ninth(&mut b));
    assert_eq!(
        b.fates(),
        [Fate::NotAcknowledged, Fate::Waiting, Fate::NotAcknowledged]
    );
    step(&mut b, I2cStep::Stop);
    clear(&mut b, Isr::TIMEOUT);
    b.read(RXDR);
    address(&mut b, OWN << 1);
    b.run_for(Picos::from_micros(20_000));
    assert_eq!(
        held(&mut b),
        Some(HoldReason::Address),
        "counted from START"
    );
}

#[test]
fn interrupts_are_levels() {
    let high = |b: &Bench| (b.shared.irq.is_high(EV), b.shared.irq.is_high(ER));
    let mut b = slave();
    address(&mut b, OWN << 1);
    let with = |b: &mut Bench, enable: Cr1| {
        b.write(CR1, (Cr1::PE | enable).bits());
        high(b)
    };
    assert_eq!(
        with(
            &mut b,
            !(Cr1::ADDRIE
                | Cr1::FROZEN
                | Cr1::WUPEN
                | Cr1::SMBHEN
                | Cr1::SMBDEN
                | Cr1::ALERTEN
                | Cr1::PECEN
                | Cr1::SBC)
        ),
        (false, false)
    );
    assert_eq!(with(&mut b, Cr1::ADDRIE), (true, false));
    clear(&mut b, Isr::ADDR);
    eight(&mut b, 1);
    assert_eq!(with(&mut b, Cr1::ADDRIE), (false, false));
    assert_eq!(with(&mut b, Cr1::RXIE), (true, false));
    b.read(RXDR);
    ninth(&mut b);
    step(&mut b, I2cStep::Stop);
    assert_eq!(with(&mut b, Cr1::RXIE), (false, false));
    assert_eq!(with(&mut b, Cr1::STOPIE), (true, false));
    clear(&mut b, Isr::STOPF);
    address(&mut b, OWN << 1 | 1);
    clear(&mut b, Isr::ADDR);
    assert_eq!(with(&mut b, Cr1::TXIE), (true, false));
    b.write(TXDR, 1);
    step(
        &mut b,
        I2cStep::Ninth {
            acknowledged: Some(false),
        },
    );
    assert_eq!(with(&mut b, Cr1::TXIE), (false, false));
    assert_eq!(with(&mut b, Cr1::NACKIE), (true, false));
    let mut b = slave_with(Cr1::NOSTRETCH | Cr1::ERRIE);
    address(&mut b, OWN << 1);
    eight(&mut b, 1);
    assert_eq!(high(&b), (false, false));
    eight(&mut b, 2);
    assert_eq!(high(&b), (false, true), "OVR");
}

#[test]
fn dma_requests_are_levels() {
    let mut b = slave_with(Cr1::RXDMAEN | Cr1::TXDMAEN);
    let from = b.id;
    let request = |line, high| Signal::DmaRequest { from, line, high };
    address(&mut b, OWN << 1);
    clear(&mut b, Isr::ADDR);
    eight(&mut b, 1);
    assert!(b.sent.contains(&request(DmaLine::Rx, true)));
    assert_eq!(b.shared.log.wires[0].units[0].interrupt, None);
    b.read(RXDR);
    assert!(b.sent.contains(&request(DmaLine::Rx, false)));
    step(&mut b, I2cStep::Stop);
    address(&mut b, OWN << 1 | 1);
    assert!(!b.sent.contains(&request(DmaLine::Tx, true)));
    clear(&mut b, Isr::ADDR);
    assert!(b.sent.contains(&request(DmaLine::Tx, true)));
    b.write(TXDR, 1);
    b.write(TXDR, 2);
    assert!(b.sent.contains(&request(DmaLine::Tx, false)));
}

#[test]
fn switching_off_is_a_software_reset() {
    let mut b = slave();
    address(&mut b, OWN << 1);
    clear(&mut b, Isr::ADDR);
    eight(&mut b, 1);
    b.write(CR1, 0);
    assert_eq!(b.read(ISR), 1);
    assert_eq!(b.fates(), [Fate::Flushed]);
    assert_eq!(b.read(OAR1), OAEN | u32::from(OWN) << 1);
    b.write(CR1, Cr1::PE.bits());
    assert!(!ninth(&mut b), "it is out of the transfer");
    let unit = eight(&mut b, 2);
    assert_eq!(b.fate(unit), Fate::NotAcknowledged);
}

#[test]
fn some_settings_are_frozen() {
    let mut b = slave();
    b.write(CR1, (Cr1::PE | Cr1::NOSTRETCH).bits());
    assert_eq!(b.read(CR1), Cr1::PE.bits());
    b.write(OAR1, OAEN | 0x11 << 1);
    assert_eq!(b.read(OAR1), OAEN | u32::from(OWN) << 1);
    let told = b.shared.log.findings.iter();
    assert_eq!(
        told.filter(|f| f.rule == "i2c-written-while-enabled")
            .count(),
        1
    );
}

#[test]
fn a_bus_that_does_not_reach_it() {
    let told = |b: &Bench| {
        let said = b.shared.log.findings.iter();
        said.filter(|f| f.rule == "i2c-not-listening").count()
    };
    let mut b = slave();
    b.shared.pins.mode[1][6] = PinMode::Alternate(1);
    assert!(!address(&mut b, OWN << 1));
    assert_eq!(told(&b), 1);
    b.shared.pins.mode[1][6] = PinMode::Alternate(4);
    let rate = std::mem::replace(&mut b.shared.clocks.i2c[0], Hertz::STOPPED);
    assert!(!address(&mut b, OWN << 1));
    b.shared.clocks.i2c[0] = rate;
    assert!(address(&mut b, OWN << 1));
    b.write(CR1, 0);
    step(&mut b, I2cStep::Start);
    step(
        &mut b,
        I2cStep::Sent {
            value: OWN << 1,
            unit: None,
        },
    );
    let answer = step(&mut b, I2cStep::Ninth { acknowledged: None });
    assert_eq!((answer.acknowledged, answer.why), (false, Some("PE is 0")));
}

mod master;
