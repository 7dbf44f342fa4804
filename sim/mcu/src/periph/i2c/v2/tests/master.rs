use super::super::bits::*;
use crate::Picos;
use crate::log::Fate;
use crate::periph::PinMode;
use crate::periph::testbench::Bench;
use crate::wire::{I2cDevice, I2cDeviceWire, WireId};

const READ: u32 = Cr2::RD_WRN.bits();
const START: u32 = Cr2::START.bits();
const STOP: u32 = Cr2::STOP.bits();
const AUTOEND: u32 = Cr2::AUTOEND.bits();
const RELOAD: u32 = Cr2::RELOAD.bits();
const DEVICE: u32 = 0x50 << 1;

const fn nbytes(n: u32) -> u32 {
    n << 16
}

/// I2C1 of an F303 as a master at 100 kbit/s from 8 MHz, with registers, each its own address, at 0x50.
fn master() -> Bench {
    let mut b = Bench::on("stm32f303xc", "I2C1");
    b.reset();
    b.shared.pins.mode[1][6] = PinMode::Alternate(4);
    b.shared.pins.mode[1][7] = PinMode::Alternate(4);
    b.open_wire("registers");
    let spec = I2cDeviceWire {
        name: "registers".into(),
        port: "I2C1".into(),
        address: 0x50,
        memory: (0..=255).collect(),
        pointer_bytes: 1,
        page: 0,
        write_time: Picos::ZERO,
    };
    b.with_device(|device, _| {
        let port = device.i2c().expect("an I2C controller");
        port.attach(I2cDevice::new(WireId(0), &spec));
    });
    // 38 clocks and 2 of synchronisation in each phase: 5 us.
    b.write(TIMINGR, 37 << 8 | 37);
    b.write(CR1, Cr1::PE.bits());
    b
}

fn memory(b: &mut Bench) -> Vec<u8> {
    b.with_device(|device, _| {
        device.i2c().expect("an I2C controller").devices()[0]
            .memory()
            .to_vec()
    })
}

/// Lets time pass until ISR has all of `flags`; how long that took.
fn wait(b: &mut Bench, flags: Isr) -> Picos {
    let from = b.now();
    for _ in 0..10_000 {
        if isr(b).contains(flags) {
            return b.now() - from;
        }
        b.run_for(Picos::from_nanos(125));
    }
    panic!("{flags:?} never came: {:?}", isr(b));
}

fn isr(b: &mut Bench) -> Isr {
    Isr::from_bits_truncate(b.read(ISR))
}

fn us(n: u64) -> Picos {
    Picos::from_micros(n)
}

#[test]
fn a_master_writes() {
    let mut b = master();
    b.write(CR2, DEVICE | nbytes(2) | AUTOEND | START);
    assert_eq!(wait(&mut b, Isr::TXIS), us(5 + 90), "START and address");
    assert_eq!(b.read(CR2) & START, 0);
    b.run_for(us(300));
    assert!(isr(&mut b).contains(Isr::TXIS | Isr::BUSY), "it waits");
    b.write(TXDR, 0x05);
    assert!(!isr(&mut b).contains(Isr::TXIS));
    assert_eq!(wait(&mut b, Isr::TXIS), us(90));
    b.write(TXDR, 0xAA);
    assert_eq!(wait(&mut b, Isr::STOPF), us(90 + 10), "AUTOEND");
    assert!(!isr(&mut b).intersects(Isr::BUSY | Isr::TXIS | Isr::TC));
    assert_eq!(memory(&mut b)[4..7], [4, 0xAA, 6]);
    b.write(ICR, Isr::STOPF.bits());
    b.run_for(us(300));
    assert_eq!(b.read(ISR), Isr::TXE.bits());
}

#[test]
fn a_master_reads() {
    let mut b = master();
    b.write(CR2, DEVICE | nbytes(1) | START);
    wait(&mut b, Isr::TXIS);
    b.write(TXDR, 0x20);
    wait(&mut b, Isr::TC);
    b.write(CR2, DEVICE | READ | nbytes(3) | AUTOEND | START);
    assert!(!isr(&mut b).contains(Isr::TC), "START clears it");
    wait(&mut b, Isr::RXNE);
    b.run_for(us(500));
    assert_eq!(
        b.fates().len(),
        2,
        "the second waits in the shift register, SCL is low"
    );
    assert_eq!(b.read(RXDR), 0x20);
    wait(&mut b, Isr::RXNE);
    assert_eq!(b.read(RXDR), 0x21);
    wait(&mut b, Isr::RXNE);
    assert_eq!(b.read(RXDR), 0x22);
    wait(&mut b, Isr::STOPF);
    assert_eq!(b.fates(), [Fate::Delivered; 3], "not one byte more");
}

#[test]
fn reload_and_restart() {
    let mut b = master();
    b.write(CR2, DEVICE | nbytes(1) | RELOAD | START);
    wait(&mut b, Isr::TXIS);
    b.write(TXDR, 0x80);
    wait(&mut b, Isr::TCR);
    b.run_for(us(300));
    assert!(!isr(&mut b).contains(Isr::TXIS), "NBYTES comes first");
    b.write(CR2, DEVICE | nbytes(1));
    assert!(!isr(&mut b).contains(Isr::TCR));
    wait(&mut b, Isr::TXIS);
    b.write(TXDR, 0x11);
    wait(&mut b, Isr::TC);
    assert_eq!(memory(&mut b)[0x80], 0x11);
    b.write(CR2, DEVICE | STOP);
    wait(&mut b, Isr::STOPF);
    assert_eq!(b.read(CR2) & STOP, 0);

    b.write(ICR, Isr::STOPF.bits());
    b.write(CR2, DEVICE | READ | nbytes(1) | RELOAD | START);
    wait(&mut b, Isr::TCR | Isr::RXNE);
    assert_eq!(b.read(RXDR), 0x81);
    b.run_for(us(300));
    assert!(!isr(&mut b).contains(Isr::RXNE), "SCL is low");
    b.write(CR2, DEVICE | READ | nbytes(1) | AUTOEND);
    wait(&mut b, Isr::RXNE);
    assert_eq!(b.read(RXDR), 0x82);
    wait(&mut b, Isr::STOPF);
}

#[test]
fn nobody_answers() {
    let mut b = master();
    b.write(CR2, 0x51 << 1 | nbytes(2) | START);
    assert_eq!(wait(&mut b, Isr::NACKF), us(95));
    assert_eq!(b.read(CR2) & START, 0);
    assert_eq!(wait(&mut b, Isr::STOPF), us(10), "hardware sends it");
    assert!(!isr(&mut b).intersects(Isr::TXIS | Isr::BUSY));
}

#[test]
fn an_address_alone() {
    let mut b = master();
    b.write(CR2, DEVICE | AUTOEND | START);
    assert_eq!(wait(&mut b, Isr::STOPF), us(5 + 90 + 10));
    assert!(!isr(&mut b).contains(Isr::NACKF));
    assert_eq!(b.shared.log.i2c[&WireId(0)].transactions, 1);
}

#[test]
fn a_stop_that_is_asked_for_cuts_a_transfer_short() {
    let mut b = master();
    b.write(CR2, DEVICE | nbytes(10) | START);
    wait(&mut b, Isr::TXIS);
    b.write(CR2, DEVICE | nbytes(10) | STOP);
    wait(&mut b, Isr::STOPF);
    assert!(!isr(&mut b).contains(Isr::TXIS));
}
