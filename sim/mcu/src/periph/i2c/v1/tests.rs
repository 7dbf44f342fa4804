use super::bits::*;
use crate::Picos;
use crate::log::Fate;
use crate::periph::testbench::Bench;
use crate::periph::{DmaLine, HoldReason, I2cAnswer, I2cStep, PinMode, Signal};
use crate::wire::WireId;

const EV: u16 = 31;
const ER: u16 = 32;
/// 7-bit address of the slave.
const OWN: u8 = 0x42;

/// I2C1 of an F103 on PB6 and PB7, enabled, with an own address.
fn slave() -> Bench {
    let mut b = Bench::on("stm32f103xb", "I2C1");
    b.reset();
    b.shared.pins.mode[1][6] = PinMode::Alternate(0);
    b.shared.pins.mode[1][7] = PinMode::Alternate(0);
    b.write(OAR1, 1 << 14 | u32::from(OWN) << 1);
    b.write(CR1, Cr1::PE.bits());
    b.write(CR1, (Cr1::PE | Cr1::ACK).bits());
    b.open_wire("host");
    b
}

fn step(b: &mut Bench, step: I2cStep) -> I2cAnswer {
    b.with_device(|device, cx| device.i2c().expect("an I2C controller").step(cx, step))
}

/// START and an address byte; was it acknowledged?
fn address(b: &mut Bench, byte: u8) -> bool {
    step(b, I2cStep::Start);
    second(b, byte)
}

/// A byte that is no data.
fn second(b: &mut Bench, value: u8) -> bool {
    step(b, I2cStep::Sent { value, unit: None });
    step(b, I2cStep::Ninth { acknowledged: None }).acknowledged
}

/// A byte of data; its number, and whether it was acknowledged.
fn data(b: &mut Bench, value: u8) -> (u32, bool) {
    let unit = b.unit(value.into());
    let (wire, unit_of) = (WireId(0), unit);
    step(
        b,
        I2cStep::Sent {
            value,
            unit: Some((wire, unit_of)),
        },
    );
    let answer = step(b, I2cStep::Ninth { acknowledged: None });
    (unit, answer.acknowledged)
}

fn held(b: &mut Bench) -> Option<HoldReason> {
    step(b, I2cStep::Released).hold.map(|hold| hold.reason)
}

fn clear_addr(b: &mut Bench) {
    b.read(SR1);
    b.read(SR2);
}

fn sr1(b: &mut Bench) -> Sr1 {
    Sr1::from_bits_retain(b.read(SR1))
}

fn sr2(b: &mut Bench) -> Sr2 {
    // SR2 first: alone it clears nothing.
    Sr2::from_bits_retain(b.read(SR2))
}

#[test]
fn registers_read_back_what_exists() {
    let mut b = Bench::on("stm32f103xb", "I2C1");
    b.reset();
    assert_eq!(b.read(TRISE), 2);
    for (offset, mask) in [(OAR1, 0xC3FF), (OAR2, 0xFF), (CCR, 0xCFFF), (TRISE, 0x3F)] {
        b.write(offset, !0);
        assert_eq!(b.read(offset), mask, "{offset:#x}");
    }
    b.write(CR2, !0);
    assert_eq!(b.read(CR2), 0x1F3F);
    assert!(b.try_read(FLTR).is_err(), "the F103 has no FLTR");
    let mut f4 = Bench::on("stm32f429xi", "I2C1");
    f4.reset();
    f4.write(FLTR, !0);
    assert_eq!(f4.read(FLTR), 0x1F);
}

#[test]
fn addr_holds_scl_until_sr1_and_sr2_are_read() {
    let mut b = slave();
    assert!(address(&mut b, OWN << 1));
    assert_eq!(held(&mut b), Some(HoldReason::Address));
    assert_eq!(sr2(&mut b), Sr2::BUSY);
    assert_eq!(held(&mut b), Some(HoldReason::Address), "SR2 alone");
    assert_eq!(sr1(&mut b), Sr1::ADDR);
    assert_eq!(held(&mut b), Some(HoldReason::Address), "SR1 alone");
    b.sent.clear();
    b.read(SR2);
    assert_eq!(held(&mut b), None);
    let port = b.id;
    assert!(b.sent.contains(&Signal::SclChanged { port }));
    assert!(!sr1(&mut b).contains(Sr1::ADDR));
}

#[test]
fn only_own_addresses_are_acknowledged() {
    let mut b = slave();
    assert!(!address(&mut b, 0x50 << 1));
    assert_eq!(held(&mut b), None);
    assert_eq!(sr1(&mut b), Sr1::empty());
    let (unit, acknowledged) = data(&mut b, 7);
    assert!(!acknowledged);
    assert_eq!(b.fate(unit), Fate::NotAcknowledged);
    step(&mut b, I2cStep::Stop);
    b.write(CR1, Cr1::PE.bits());
    assert!(!address(&mut b, OWN << 1), "ACK is 0");
    assert_eq!(sr1(&mut b), Sr1::empty());
}

#[test]
fn second_address_and_general_call() {
    let mut b = slave();
    assert!(!address(&mut b, 0x33 << 1), "ENDUAL is 0");
    b.write(OAR2, 0x33 << 1 | ENDUAL);
    assert!(address(&mut b, 0x33 << 1));
    assert_eq!(sr2(&mut b), Sr2::BUSY | Sr2::DUALF);
    clear_addr(&mut b);
    step(&mut b, I2cStep::Stop);
    assert_eq!(sr2(&mut b), Sr2::empty(), "STOP clears DUALF and BUSY");
    assert!(!address(&mut b, 0), "ENGC is 0");
    b.write(CR1, (Cr1::PE | Cr1::ACK | Cr1::ENGC).bits());
    assert!(address(&mut b, 0));
    assert_eq!(sr2(&mut b), Sr2::BUSY | Sr2::GENCALL);
}

#[test]
fn ten_bit_addresses() {
    let mut b = slave();
    b.write(OAR1, ADDMODE | 1 << 14 | 0x2A5);
    assert!(!address(&mut b, 0xF0), "another header");
    assert!(
        !address(&mut b, 0xF0 | 0b10 << 1 | 1),
        "a read that was not preceded by a write"
    );
    assert!(address(&mut b, 0xF0 | 0b10 << 1));
    assert_eq!(sr1(&mut b), Sr1::empty(), "the header alone is no match");
    assert!(second(&mut b, 0xA5));
    assert_eq!(sr1(&mut b), Sr1::ADDR);
    clear_addr(&mut b);
    assert!(
        address(&mut b, 0xF0 | 0b10 << 1 | 1),
        "a repeated START to read"
    );
    assert_eq!(sr2(&mut b), Sr2::BUSY | Sr2::TRA);
    step(&mut b, I2cStep::Stop);
    assert!(address(&mut b, 0xF0 | 0b10 << 1));
    assert!(!second(&mut b, 0xA6), "another low byte");
}

#[test]
fn busy_while_others_speak() {
    let mut b = slave();
    assert!(!address(&mut b, 0x50 << 1));
    assert_eq!(sr2(&mut b), Sr2::BUSY);
    step(&mut b, I2cStep::Stop);
    assert_eq!(sr2(&mut b), Sr2::empty());
    assert_eq!(sr1(&mut b), Sr1::empty(), "no STOPF for others");
    assert!(address(&mut b, OWN << 1 | 1));
    assert_eq!(sr2(&mut b), Sr2::BUSY | Sr2::TRA);
}

#[test]
fn bytes_arrive_in_dr() {
    let mut b = slave();
    address(&mut b, OWN << 1);
    clear_addr(&mut b);
    let (unit, acknowledged) = data(&mut b, 0xA7);
    assert!(acknowledged);
    assert_eq!((sr1(&mut b), b.fate(unit)), (Sr1::RXNE, Fate::Waiting));
    assert_eq!(held(&mut b), None, "one byte fits");
    assert_eq!(b.read(DR), 0xA7);
    assert_eq!((sr1(&mut b), b.fate(unit)), (Sr1::empty(), Fate::Delivered));
}

#[test]
fn two_bytes_wait_and_scl_is_held() {
    let mut b = slave();
    address(&mut b, OWN << 1);
    clear_addr(&mut b);
    data(&mut b, 1);
    let (_, acknowledged) = data(&mut b, 2);
    assert!(acknowledged);
    assert_eq!(sr1(&mut b), Sr1::RXNE | Sr1::BTF);
    assert_eq!(held(&mut b), Some(HoldReason::Received));
    assert_eq!(b.fates(), [Fate::Waiting, Fate::Waiting]);
    assert_eq!(b.read(DR), 1);
    assert_eq!(held(&mut b), None);
    assert_eq!(sr1(&mut b), Sr1::RXNE, "the second one has moved up");
    assert_eq!(b.read(DR), 2);
    assert_eq!(b.fates(), [Fate::Delivered, Fate::Delivered]);
}

#[test]
fn without_stretching_a_byte_is_overrun() {
    let mut b = slave();
    b.write(CR1, (Cr1::PE | Cr1::ACK | Cr1::NOSTRETCH).bits());
    address(&mut b, OWN << 1);
    assert_eq!(held(&mut b), None, "ADDR is set and SCL is free");
    data(&mut b, 1);
    let (_, acknowledged) = data(&mut b, 2);
    assert!(acknowledged, "the host does not know");
    assert!(sr1(&mut b).contains(Sr1::OVR | Sr1::RXNE));
    assert!(!sr1(&mut b).contains(Sr1::BTF));
    assert_eq!(held(&mut b), None);
    assert_eq!(b.fates(), [Fate::Waiting, Fate::Overrun]);
    assert_eq!(b.shared.log.wires[0].units[1].blocked_by, Some(0));
    assert_eq!(b.read(DR), 1, "the old byte stays");
    b.write(SR1, !Sr1::OVR.bits());
    assert!(!sr1(&mut b).contains(Sr1::OVR));
}

#[test]
fn a_read_waits_for_data() {
    let mut b = slave();
    address(&mut b, OWN << 1 | 1);
    assert!(!sr1(&mut b).contains(Sr1::TXE), "not during the address");
    b.read(SR2);
    assert_eq!(sr1(&mut b), Sr1::TXE, "EV3-1: empty, and no byte before it");
    assert_eq!(held(&mut b), Some(HoldReason::Transmit));
    b.write(DR, 0x11);
    assert_eq!(held(&mut b), None);
    assert_eq!(
        sr1(&mut b),
        Sr1::TXE,
        "it went straight to the shift register"
    );
    b.write(DR, 0x22);
    assert_eq!(sr1(&mut b), Sr1::empty());
    assert_eq!(step(&mut b, I2cStep::Taken).data, 0x11);
    step(
        &mut b,
        I2cStep::Ninth {
            acknowledged: Some(true),
        },
    );
    assert_eq!((held(&mut b), sr1(&mut b)), (None, Sr1::TXE));
    assert_eq!(step(&mut b, I2cStep::Taken).data, 0x22);
    step(
        &mut b,
        I2cStep::Ninth {
            acknowledged: Some(true),
        },
    );
    assert_eq!(sr1(&mut b), Sr1::TXE | Sr1::BTF);
    assert_eq!(held(&mut b), Some(HoldReason::Transmit));
    b.write(DR, 0x33);
    assert_eq!((held(&mut b), sr1(&mut b)), (None, Sr1::TXE));
    assert_eq!(step(&mut b, I2cStep::Taken).data, 0x33);
    step(
        &mut b,
        I2cStep::Ninth {
            acknowledged: Some(false),
        },
    );
    assert_eq!((held(&mut b), sr1(&mut b)), (None, Sr1::AF));
    step(&mut b, I2cStep::Stop);
    assert_eq!(sr1(&mut b), Sr1::AF, "no STOPF after a refusal");
    b.write(SR1, 0);
    assert_eq!(sr1(&mut b), Sr1::empty());
}

#[test]
fn without_stretching_the_same_byte_goes_out_again() {
    let mut b = slave();
    b.write(CR1, (Cr1::PE | Cr1::ACK | Cr1::NOSTRETCH).bits());
    address(&mut b, OWN << 1 | 1);
    clear_addr(&mut b);
    b.write(DR, 0x5A);
    assert_eq!(held(&mut b), None);
    assert_eq!(step(&mut b, I2cStep::Taken).data, 0x5A);
    assert!(!sr1(&mut b).contains(Sr1::OVR));
    step(
        &mut b,
        I2cStep::Ninth {
            acknowledged: Some(true),
        },
    );
    assert_eq!(held(&mut b), None);
    assert!(sr1(&mut b).contains(Sr1::OVR));
    assert_eq!(step(&mut b, I2cStep::Taken).data, 0x5A);
}

#[test]
fn stopf_is_cleared_by_sr1_then_cr1() {
    let mut b = slave();
    address(&mut b, OWN << 1);
    clear_addr(&mut b);
    step(&mut b, I2cStep::Stop);
    let on = (Cr1::PE | Cr1::ACK).bits();
    b.write(CR1, on);
    assert_eq!(sr1(&mut b), Sr1::STOPF, "CR1 without SR1 does not clear it");
    b.write(CR1, on);
    assert_eq!(sr1(&mut b), Sr1::empty());
}

#[test]
fn interrupts_are_levels() {
    let mut b = slave();
    let high = |b: &Bench| (b.shared.irq.is_high(EV), b.shared.irq.is_high(ER));
    address(&mut b, OWN << 1);
    assert_eq!(high(&b), (false, false));
    b.write(CR2, Cr2::ITEVTEN.bits());
    assert_eq!(high(&b), (true, false), "ADDR");
    clear_addr(&mut b);
    assert_eq!(high(&b), (false, false));
    data(&mut b, 1);
    assert_eq!(high(&b), (false, false), "RXNE needs ITBUFEN, too");
    b.write(CR2, (Cr2::ITEVTEN | Cr2::ITBUFEN).bits());
    assert_eq!(high(&b), (true, false));
    b.write(CR2, Cr2::ITBUFEN.bits());
    assert_eq!(high(&b), (false, false), "… and ITEVTEN");
    b.write(CR2, Cr2::ITEVTEN.bits());
    data(&mut b, 2);
    assert_eq!(high(&b), (true, false), "BTF does not");
    b.read(DR);
    b.read(DR);
    step(&mut b, I2cStep::Stop);
    assert_eq!(high(&b), (true, false), "STOPF");
    b.read(SR1);
    b.write(CR1, (Cr1::PE | Cr1::ACK).bits());
    address(&mut b, OWN << 1 | 1);
    clear_addr(&mut b);
    b.write(DR, 1);
    step(
        &mut b,
        I2cStep::Ninth {
            acknowledged: Some(false),
        },
    );
    assert_eq!(high(&b), (false, false), "AF needs ITERREN");
    b.write(CR2, Cr2::ITERREN.bits());
    assert_eq!(high(&b), (false, true));
    b.write(SR1, 0);
    assert_eq!(high(&b), (false, false));
}

#[test]
fn dma_requests_are_levels() {
    let mut b = slave();
    let from = b.id;
    let request = |line, high| Signal::DmaRequest { from, line, high };
    b.write(CR2, Cr2::DMAEN.bits());
    address(&mut b, OWN << 1);
    clear_addr(&mut b);
    data(&mut b, 1);
    assert!(b.sent.contains(&request(DmaLine::Rx, true)));
    let unit = b.shared.log.wires[0].units[0];
    assert_eq!(unit.interrupt, None, "DMA is asked, not the core");
    b.read(DR);
    assert!(b.sent.contains(&request(DmaLine::Rx, false)));
    step(&mut b, I2cStep::Stop);
    address(&mut b, OWN << 1 | 1);
    assert!(
        !b.sent.contains(&request(DmaLine::Tx, true)),
        "not during the address"
    );
    clear_addr(&mut b);
    assert!(b.sent.contains(&request(DmaLine::Tx, true)));
    b.write(DR, 1);
    b.write(DR, 2);
    assert!(b.sent.contains(&request(DmaLine::Tx, false)));
}

#[test]
fn ack_needs_pe() {
    let mut b = Bench::on("stm32f103xb", "I2C1");
    b.reset();
    b.write(CR1, Cr1::ACK.bits());
    assert_eq!(b.read(CR1), 0);
    assert!(
        b.shared
            .log
            .findings
            .iter()
            .any(|f| f.rule == "i2c-ack-without-pe")
    );
    let mut b = slave();
    address(&mut b, OWN << 1);
    clear_addr(&mut b);
    data(&mut b, 1);
    b.write(CR1, 0);
    assert_eq!((b.read(CR1), b.read(SR1), b.read(SR2)), (0, 0, 0));
    assert_eq!(b.fates(), [Fate::Flushed]);
    assert_eq!(b.read(OAR1), 1 << 14 | u32::from(OWN) << 1, "settings stay");
}

#[test]
fn software_reset() {
    let mut b = slave();
    address(&mut b, OWN << 1);
    b.write(CR1, Cr1::SWRST.bits());
    assert_eq!(held(&mut b), None);
    assert_eq!((b.read(SR1), b.read(SR2), b.read(OAR1)), (0, 0, 0));
    b.write(OAR1, 0x84);
    assert_eq!(b.read(OAR1), 0, "it is held in reset");
    b.write(CR1, 0);
    b.write(OAR1, 0x84);
    assert_eq!(b.read(OAR1), 0x84);
}

#[test]
fn a_bus_that_does_not_reach_it() {
    let told = |b: &Bench| {
        let said = b.shared.log.findings.iter();
        said.filter(|f| f.rule == "i2c-not-listening").count()
    };
    let mut b = slave();
    b.shared.pins.mode[1][7] = PinMode::Input;
    assert!(!address(&mut b, OWN << 1), "SDA is not connected");
    b.shared.pins.mode[1][7] = PinMode::Alternate(0);
    assert_eq!(told(&b), 1);
    assert!(address(&mut b, OWN << 1));
    clear_addr(&mut b);
    step(&mut b, I2cStep::Stop);
    // I2C1_REMAP: PB8 and PB9 instead.
    b.shared.remap = 1 << 1;
    assert!(!address(&mut b, OWN << 1));
    b.shared.remap = 0;
    let id = b.id;
    b.shared.clocked[id.0] = false;
    assert!(!address(&mut b, OWN << 1));
    b.shared.clocked[id.0] = true;
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

#[test]
fn a_reset_loses_what_was_not_read() {
    let mut b = slave();
    address(&mut b, OWN << 1);
    clear_addr(&mut b);
    data(&mut b, 1);
    data(&mut b, 2);
    b.reset();
    assert_eq!(b.fates(), [Fate::Reset, Fate::Reset]);
    assert_eq!(held(&mut b), None);
    b.run_for(Picos::from_micros(1));
    let (unit, acknowledged) = data(&mut b, 3);
    assert!(!acknowledged);
    assert_eq!(b.fate(unit), Fate::NotAcknowledged);
}

mod master;
