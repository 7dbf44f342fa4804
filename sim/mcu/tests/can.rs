//! CAN on a whole chip: the controller acknowledges while the core stands still, and its FIFO holds three frames.

mod common;

use common::*;
use flashstall_cpu::Addr;
use flashstall_mcu::chip::Chip;
use flashstall_mcu::log::Fate;
use flashstall_mcu::machine::AttachError;
use flashstall_mcu::wire::{CanFrame, CanId, CanWire, Start, TimedFrame};
use flashstall_mcu::{Hertz, Machine, Picos, Stop};

const RCC_APB2ENR: u32 = 0x4002_1018;
const CAN: u32 = 0x4000_6400;
const MCR: u32 = CAN;
const MSR: u32 = CAN + 4;
const RF0R: u32 = CAN + 0xC;
const IER: u32 = CAN + 0x14;
const BTR: u32 = CAN + 0x1C;
const RI0R: u32 = CAN + 0x1B0;
const FMR: u32 = CAN + 0x200;
const FS1R: u32 = CAN + 0x20C;
const FA1R: u32 = CAN + 0x21C;
/// 500 kbit/s from PCLK1 8 MHz.
const BTR_500K: u32 = 0x001C_0000;

fn frames(count: u64, period: Picos) -> Vec<TimedFrame> {
    (0..count)
        .map(|n| TimedFrame {
            offset: Picos(period.0 * n),
            frame: CanFrame::new(CanId::Standard(0x101), &n.to_le_bytes()).expect("eight bytes"),
        })
        .collect()
}

fn wire(start: Picos, frames: Vec<TimedFrame>) -> CanWire {
    CanWire {
        name: "bus".into(),
        port: "CAN".into(),
        bit_rate: Hertz::new(500_000),
        retransmit: true,
        acknowledged_by_others: false,
        start: Start::At(start),
        frames,
    }
}

/// Clocks and pins of CAN on PA11 and PA12, normal mode, everything accepted.
fn on_the_bus(b: &mut Bench, pins: impl FnOnce(&mut Bench)) {
    pins(b);
    b.write(MCR, 1);
    b.wait(2);
    b.write(BTR, BTR_500K);
    b.write(FS1R, 1);
    b.write(FA1R, 1);
    b.write(FMR, 0);
    b.write(IER, 0b10);
    b.write(MCR, 0);
    b.wait_for(Picos::from_micros(24));
    assert_eq!(b.read(MSR) & 3, 0, "normal mode");
}

fn f303_pins(b: &mut Bench) {
    b.write(RCC_AHBENR, 1 << 17 | 1 << 4 | 1 << 2);
    b.write(RCC_APB1ENR, 1 << 25);
    b.write(0x4800_0000, 0xA800_0000 | 2 << 22 | 2 << 24);
    b.write(0x4800_0024, 9 << 12 | 9 << 16);
}

fn f103_pins(b: &mut Bench) {
    b.write(RCC_APB2ENR, 1 << 2 | 1);
    b.write(RCC_APB1ENR, 1 << 25);
    // PA11 floating input, PA12 alternate push-pull.
    b.write(0x4001_0804, 0x444B_4444);
}

/// Code in flash starts an erase; the fetch after it is held for 20 ms.
fn erase_from_flash(b: &mut Bench) {
    let start = FLASH + 0x400;
    let mut code = Code::at(start);
    for (address, value) in [
        (KEYR, KEY1),
        (KEYR, KEY2),
        (CR, PER),
        (AR, PAGE),
        (CR, PER | STRT),
    ] {
        code.poke(address, value);
    }
    code.nop(16).bkpt(7);
    code.load(&mut b.machine);
    let (cpu, _) = b.machine.parts();
    cpu.core.pc = start;
    let stop = b.run(Picos::from_millis(100));
    assert!(matches!(stop, Stop::Bkpt { imm: 7, .. }), "{stop:?}");
}

fn fate(machine: &Machine, fate: Fate) -> usize {
    let units = &machine.log().wires[0].units;
    units.iter().filter(|unit| unit.fate == fate).count()
}

fn stalled_for_20_ms(mut b: Bench, pins: fn(&mut Bench)) {
    on_the_bus(&mut b, pins);
    let now = b.machine.time();
    let sent = frames(200, Picos::ZERO);
    b.machine.attach_can(wire(now, sent)).expect("a CAN");
    erase_from_flash(&mut b);
    let held = b.machine.log().stalls.kept[0];
    assert!(held.end - held.start > Picos::from_micros(19_990));
    let units = &b.machine.log().wires[0].units;
    let arrived = units.iter().filter(|u| u.arrived.is_some()).count();
    // can.md §6: 3703 to 4504 frames a second.
    assert!((74..=90).contains(&arrived), "{arrived} in 20 ms");
    assert_eq!(fate(&b.machine, Fate::Waiting), 3);
    assert_eq!(fate(&b.machine, Fate::FifoOverrun), arrived - 3);
    assert_eq!(
        fate(&b.machine, Fate::NotAcknowledged),
        0,
        "no sender knows"
    );
    let mut kept = Vec::new();
    assert_eq!(b.read(RF0R) & 0b1_1011, 0b1_1011);
    for _ in 0..3 {
        kept.push(b.read(RI0R + 8) as usize);
        b.write(RF0R, 1 << 5);
    }
    // The bus has gone on for a few accesses since.
    assert_eq!(kept[..2], [0, 1]);
    assert!(kept[2] >= arrived - 1, "the newest");
}

#[test]
fn frames_are_acknowledged_while_the_core_stands_still() {
    stalled_for_20_ms(Bench::new(), f303_pins);
}

#[test]
fn the_same_on_an_f103() {
    let chip = Chip::builtin("stm32f103xb").expect("built in");
    stalled_for_20_ms(Bench::with(chip, options()), f103_pins);
}

/// The interrupt comes at the end of the frame, to the cycle, and not at its last bit.
#[test]
fn the_request_is_made_when_the_frame_counts() {
    let mut b = Bench::new();
    on_the_bus(&mut b, f303_pins);
    let now = b.machine.time() + Picos::from_micros(5);
    let sent = frames(1, Picos::ZERO);
    let bits = sent[0].frame.bits();
    b.machine.attach_can(wire(now, sent)).expect("a CAN");
    let before = u64::from(bits.to_valid()) * 2_000_000 - 200_000;
    b.wait_for(Picos::from_micros(5) + Picos(before));
    assert_eq!(b.read(RF0R), 0);
    b.wait(3);
    assert_eq!(b.read(RF0R), 1);
    let unit = b.machine.log().wires[0].units[0];
    assert_eq!(unit.interrupt, Some(36), "CAN RX0");
}

/// Frames further apart than a handler needs: nothing is lost, and nothing is counted as not modelled.
#[test]
fn firmware_that_polls_gets_every_frame() {
    let mut b = Bench::new();
    on_the_bus(&mut b, f303_pins);
    let now = b.machine.time();
    let period = Picos::from_micros(300);
    b.machine
        .attach_can(wire(now, frames(10, period)))
        .expect("a CAN");
    for n in 0..10 {
        b.wait_for(period);
        assert_eq!(b.read(RI0R + 8), n);
        b.write(RF0R, 1 << 5);
    }
    assert_eq!(fate(&b.machine, Fate::Delivered), 10);
    assert!(b.machine.log().unmodelled.is_empty());
    assert!(b.machine.log().findings.is_empty());
}

/// PB8 and PB9 have CAN on an F103 only if AFIO says so.
#[test]
fn a_pin_that_is_not_mapped_hears_nothing() {
    let chip = Chip::builtin("stm32f103xb").expect("built in");
    let mut b = Bench::with(chip, options());
    on_the_bus(&mut b, |b| {
        f103_pins(b);
        b.write(0x4001_0004, 2 << 13);
    });
    let now = b.machine.time();
    let mut other = wire(now, frames(1, Picos::ZERO));
    other.retransmit = false;
    b.machine.attach_can(other).expect("a CAN");
    b.wait_for(Picos::from_millis(1));
    // PB8 floats and hears, but nothing is on PB9: no acknowledgement.
    assert_eq!(fate(&b.machine, Fate::NotAcknowledged), 1);
    assert!(b.has_finding("can-not-acknowledged"));
}

#[test]
fn only_a_can_controller_takes_a_can_wire() {
    let mut b = Bench::new();
    for (port, expected) in [("CAN2", "this chip has no CAN2"), ("USART1", "not a CAN")] {
        let error = b.machine.attach_can(CanWire {
            port: port.into(),
            ..wire(Picos::ZERO, Vec::new())
        });
        let text = error.as_ref().map_err(AttachError::to_string);
        assert!(text.is_err_and(|text| text.contains(expected)), "{error:?}");
    }
    assert!(b.machine.can("CAN").is_some() && b.machine.can("USART1").is_none());
    assert!(!b.machine.peek(Addr(CAN), &mut [0; 4]));
}
