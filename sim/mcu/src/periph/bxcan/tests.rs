//! A controller at PCLK1 8 MHz, 500 kbit/s, with another node on its bus.

use super::bits::{
    BTR, ESR, F0R1, FA1R, FFA1R, FM1R, FMR, FS1R, IDE, IER, LBKM, MCR, MSR, RF0R, RF1R, RI0R, SILM,
    TI0R, TSR, TXRQ,
};
use crate::log::Fate;
use crate::periph::testbench::{Bench, spec};
use crate::periph::{CanTransmitted, PinMode, Signal};
use crate::wire::{CanFrame, CanId, CanWire, Start, TimedFrame, WireId};
use crate::{Hertz, Picos};

mod conservation;
mod errors;
mod modes;
mod reception;
mod transmission;

const BIT: u64 = 2_000_000;
/// 16 quanta of one clock, the sample before the last two.
const BTR_500K: u32 = 0x001C_0000;
const INRQ: u32 = 1 << 0;
const SLEEP: u32 = 1 << 1;
const TXFP: u32 = 1 << 2;
const RFLM: u32 = 1 << 3;
const NART: u32 = 1 << 4;
const AWUM: u32 = 1 << 5;
const ABOM: u32 = 1 << 6;
const INAK: u32 = 1 << 0;
const SLAK: u32 = 1 << 1;
const ERRI: u32 = 1 << 2;
const WKUI: u32 = 1 << 3;
const TX: u16 = 19;
const RX0: u16 = 20;
const RX1: u16 = 21;
const SCE: u16 = 22;

const fn bits(n: u64) -> Picos {
    Picos(n * BIT)
}

fn frame(id: u16, bytes: &[u8]) -> CanFrame {
    CanFrame::new(CanId::Standard(id), bytes).expect("at most eight bytes")
}

/// Asleep, as after reset, with its pins connected.
fn asleep() -> Bench {
    let mut bench = Bench::new(&spec("CAN"));
    for pin in [11, 12] {
        bench.shared.pins.mode[0][pin] = PinMode::Alternate(9);
    }
    bench.reset();
    bench
}

/// In initialisation mode, with `btr`, and a filter that keeps everything in FIFO 0.
fn initialised(btr: u32) -> Bench {
    let mut bench = asleep();
    bench.write(MCR, INRQ);
    bench.run_for(bits(1));
    assert_eq!(bench.read(MSR) & (INAK | SLAK), INAK);
    bench.write(BTR, btr);
    accept_all(&mut bench);
    bench
}

fn accept_all(bench: &mut Bench) {
    bench.write(FMR, 1);
    bench.write(FS1R, 1);
    bench.write(F0R1, 0);
    bench.write(F0R1 + 4, 0);
    bench.write(FA1R, 1);
    bench.write(FMR, 0);
}

/// In normal mode at 500 kbit/s; `mcr` is added to MCR.
fn normal(mcr: u32) -> Bench {
    let mut bench = initialised(BTR_500K);
    bench.write(MCR, mcr);
    bench.run_for(bits(12));
    assert_eq!(bench.read(MSR) & INAK, 0);
    bench
}

/// A node at 500 kbit/s that sends `frames` from `offset` bits from now on, back to back.
fn node(bench: &Bench, offset: u64, frames: &[CanFrame]) -> CanWire {
    CanWire {
        name: "bus".into(),
        port: "CAN".into(),
        bit_rate: Hertz::new(500_000),
        retransmit: true,
        acknowledged_by_others: false,
        start: Start::At(bench.now() + bits(offset)),
        frames: frames
            .iter()
            .map(|&frame| TimedFrame {
                offset: Picos::ZERO,
                frame,
            })
            .collect(),
    }
}

fn sends(bench: &mut Bench, offset: u64, frames: &[CanFrame]) -> WireId {
    let wire = node(bench, offset, frames);
    bench.attach_can(wire)
}

/// Fills mailbox `n` and asks for its transmission.
fn transmit(bench: &mut Bench, n: u32, id: u32, bytes: [u8; 2]) {
    let at = TI0R + 16 * n;
    bench.write(at + 4, 2);
    bench.write(at + 8, u32::from(bytes[0]) | u32::from(bytes[1]) << 8);
    bench.write(at + 12, 0);
    bench.write(at, id << 21 | TXRQ);
}

fn transmitted(bench: &mut Bench) -> Vec<CanTransmitted> {
    bench.with_device(|device, _| device.can().expect("a CAN").transmitted().to_vec())
}

fn findings(bench: &Bench) -> Vec<&'static str> {
    bench.shared.log.findings.iter().map(|f| f.rule).collect()
}

fn told(bench: &Bench, rule: &str) -> String {
    let mut findings = bench.shared.log.findings.iter();
    let finding = findings.find(|f| f.rule == rule);
    finding.map(|f| f.text.clone()).unwrap_or_default()
}
