use super::super::bits::*;
use crate::Picos;
use crate::log::Fate;
use crate::periph::PinMode;
use crate::periph::testbench::Bench;
use crate::wire::{I2cDevice, I2cDeviceWire, WireId};

const ON: Cr1 = Cr1::PE;

/// I2C1 of an F103 as a master at 100 kbit/s from 8 MHz, with an EEPROM of 64 bytes, each its own address, at 0x50.
fn master() -> Bench {
    let mut b = Bench::on("stm32f103xb", "I2C1");
    b.reset();
    b.shared.pins.mode[1][6] = PinMode::Alternate(0);
    b.shared.pins.mode[1][7] = PinMode::Alternate(0);
    b.open_wire("eeprom");
    let spec = I2cDeviceWire {
        name: "eeprom".into(),
        port: "I2C1".into(),
        address: 0x50,
        memory: (0..64).collect(),
        pointer_bytes: 1,
        page: 8,
        write_time: Picos::from_millis(5),
    };
    b.with_device(|device, _| {
        let port = device.i2c().expect("an I2C controller");
        port.attach(I2cDevice::new(WireId(0), &spec));
    });
    b.write(CCR, 40);
    b.write(CR1, ON.bits());
    b
}

fn memory(b: &mut Bench) -> Vec<u8> {
    b.with_device(|device, _| {
        device.i2c().expect("an I2C controller").devices()[0]
            .memory()
            .to_vec()
    })
}

/// Lets time pass until SR1 has all of `flags`; how long that took.
fn wait(b: &mut Bench, flags: Sr1) -> Picos {
    let from = b.now();
    for _ in 0..10_000 {
        if Sr1::from_bits_retain(b.read(SR1)).contains(flags) {
            return b.now() - from;
        }
        b.run_for(Picos::from_nanos(125));
    }
    panic!(
        "{flags:?} never came: {:?}",
        Sr1::from_bits_retain(b.read(SR1))
    );
}

fn sr1(b: &mut Bench) -> Sr1 {
    Sr1::from_bits_retain(b.read(SR1))
}

/// START and an address; ADDR is set, or AF.
fn begin(b: &mut Bench, address: u8, more: Cr1) {
    b.write(CR1, (ON | Cr1::START | more).bits());
    wait(b, Sr1::SB);
    b.write(DR, address.into());
    assert!(!sr1(b).contains(Sr1::SB), "SR1 then DR clears it");
}

fn clear_addr(b: &mut Bench) {
    wait(b, Sr1::ADDR);
    b.read(SR2);
}

fn idle(b: &mut Bench) {
    b.run_for(Picos::from_micros(200));
    assert_eq!(b.read(SR2), 0, "STOP has been sent");
    assert_eq!(
        b.read(CR1) & (Cr1::STOP | Cr1::START).bits(),
        0,
        "and its request is gone"
    );
}

/// Writes the pointer.
fn point_at(b: &mut Bench, at: u8) {
    begin(b, 0xA0, Cr1::empty());
    clear_addr(b);
    b.write(DR, at.into());
    wait(b, Sr1::BTF);
}

#[test]
fn a_master_writes() {
    let mut b = master();
    b.write(CR1, (ON | Cr1::START).bits());
    assert_eq!(wait(&mut b, Sr1::SB), Picos::from_micros(5));
    assert_eq!(b.read(SR2), (Sr2::MSL | Sr2::BUSY).bits());
    assert_eq!(b.read(CR1) & Cr1::START.bits(), 0);
    b.run_for(Picos::from_micros(300));
    assert_eq!(sr1(&mut b), Sr1::SB, "it waits for the address");
    b.write(DR, 0xA0);
    assert_eq!(wait(&mut b, Sr1::ADDR), Picos::from_micros(90));
    assert_eq!(b.read(SR2), (Sr2::MSL | Sr2::BUSY | Sr2::TRA).bits());
    assert_eq!(sr1(&mut b), Sr1::TXE);
    b.write(DR, 0x05);
    assert_eq!(sr1(&mut b), Sr1::TXE, "the shift register was free");
    b.write(DR, 0xAA);
    assert_eq!(sr1(&mut b), Sr1::empty());
    assert_eq!(wait(&mut b, Sr1::TXE), Picos::from_micros(90));
    assert!(!sr1(&mut b).contains(Sr1::BTF));
    assert_eq!(wait(&mut b, Sr1::BTF), Picos::from_micros(90));
    b.write(DR, 0xBB);
    assert!(!sr1(&mut b).contains(Sr1::BTF), "a write of DR clears it");
    wait(&mut b, Sr1::BTF);
    assert_eq!(memory(&mut b)[5], 5, "not before STOP");
    b.write(CR1, (ON | Cr1::STOP).bits());
    idle(&mut b);
    assert_eq!(memory(&mut b)[4..8], [4, 0xAA, 0xBB, 7]);
    assert_eq!(b.shared.log.i2c[&WireId(0)].read, 3, "pointer and data");
}

#[test]
fn nobody_answers() {
    let mut b = master();
    begin(&mut b, 0xA2, Cr1::empty());
    assert_eq!(wait(&mut b, Sr1::AF), Picos::from_micros(90));
    assert!(!sr1(&mut b).intersects(Sr1::ADDR | Sr1::TXE));
    b.write(SR1, 0);
    b.write(CR1, (ON | Cr1::STOP).bits());
    idle(&mut b);
}

#[test]
fn a_busy_device_is_polled() {
    let mut b = master();
    point_at(&mut b, 0);
    b.write(DR, 0x77);
    wait(&mut b, Sr1::BTF);
    b.write(CR1, (ON | Cr1::STOP).bits());
    idle(&mut b);
    let mut refusals = 0;
    loop {
        begin(&mut b, 0xA0, Cr1::empty());
        b.run_for(Picos::from_micros(100));
        let flags = sr1(&mut b);
        b.write(SR1, 0);
        b.read(SR2);
        b.write(CR1, (ON | Cr1::STOP).bits());
        idle(&mut b);
        if flags.contains(Sr1::ADDR) {
            break;
        }
        assert!(flags.contains(Sr1::AF));
        refusals += 1;
    }
    // 5 ms from STOP on; each round takes 5 us for START, 125 ns until SB is seen, 100 us and 200 us.
    assert_eq!(refusals, 16);
    assert_eq!(b.shared.log.i2c[&WireId(0)].address_nacks, 16);
}

#[test]
fn a_master_reads_one() {
    let mut b = master();
    point_at(&mut b, 9);
    begin(&mut b, 0xA1, Cr1::empty());
    clear_addr(&mut b);
    b.write(CR1, (ON | Cr1::STOP).bits());
    wait(&mut b, Sr1::RXNE);
    assert_eq!(b.read(DR), 9);
    idle(&mut b);
    assert_eq!(b.fates(), [Fate::Delivered], "not one byte more");
}

#[test]
fn a_master_reads_two() {
    let mut b = master();
    point_at(&mut b, 20);
    begin(&mut b, 0xA1, Cr1::ACK | Cr1::POS);
    wait(&mut b, Sr1::ADDR);
    b.read(SR2);
    b.write(CR1, (ON | Cr1::POS).bits());
    wait(&mut b, Sr1::BTF);
    b.run_for(Picos::from_micros(500));
    assert_eq!(sr1(&mut b), Sr1::RXNE | Sr1::BTF, "SCL is low");
    b.write(CR1, (ON | Cr1::STOP).bits());
    assert_eq!([b.read(DR), b.read(DR)], [20, 21]);
    idle(&mut b);
    assert_eq!(b.fates(), [Fate::Delivered, Fate::Delivered]);
}

#[test]
fn a_master_reads_three() {
    let mut b = master();
    point_at(&mut b, 62);
    begin(&mut b, 0xA1, Cr1::ACK);
    clear_addr(&mut b);
    wait(&mut b, Sr1::BTF);
    b.run_for(Picos::from_micros(500));
    assert_eq!(b.fates().len(), 2, "the third waits for room");
    b.write(CR1, ON.bits());
    assert_eq!(b.read(DR), 62);
    wait(&mut b, Sr1::BTF);
    b.write(CR1, (ON | Cr1::STOP).bits());
    assert_eq!([b.read(DR), b.read(DR)], [63, 0]);
    idle(&mut b);
    assert_eq!(b.fates(), [Fate::Delivered; 3]);
}

#[test]
fn a_repeated_start() {
    let mut b = master();
    point_at(&mut b, 33);
    b.write(CR1, (ON | Cr1::START).bits());
    // SCL rises after 5 us, START 5 us later, SCL falls after another 5.
    assert_eq!(wait(&mut b, Sr1::SB), Picos::from_micros(15));
    b.write(DR, 0xA1);
    clear_addr(&mut b);
    b.write(CR1, (ON | Cr1::STOP).bits());
    wait(&mut b, Sr1::RXNE);
    assert_eq!(b.read(DR), 33);
    idle(&mut b);
}

#[test]
fn scl_follows_ccr() {
    for (ccr, byte) in [
        (40, 90_000_000),
        // 2 x 7 clocks low, 7 high.
        (CCR_FAST | 7, 9 * 21 * 125_000),
        // 16 low, 9 high.
        (CCR_FAST | CCR_DUTY | 1, 9 * 25 * 125_000),
    ] {
        let mut b = master();
        b.write(CCR, ccr);
        begin(&mut b, 0xA0, Cr1::empty());
        assert_eq!(wait(&mut b, Sr1::ADDR), Picos(byte), "{ccr:#x}");
    }
}

#[test]
fn switching_off_lets_the_lines_go() {
    let mut b = master();
    point_at(&mut b, 0);
    begin(&mut b, 0xA1, Cr1::ACK);
    clear_addr(&mut b);
    wait(&mut b, Sr1::RXNE);
    b.write(CR1, 0);
    assert_eq!((b.read(SR1), b.read(SR2)), (0, 0));
    assert_eq!(b.fates(), [Fate::Flushed]);
    b.run_for(Picos::from_millis(1));
    assert_eq!(b.fates().len(), 1, "nothing goes on");
}
