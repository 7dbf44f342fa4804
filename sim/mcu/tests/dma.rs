//! DMA on the buses of a whole chip: what it reaches, and that it goes on while the core stands still.

mod common;

use common::*;
use flashstall_cpu::Addr;
use flashstall_mcu::log::Fate;
use flashstall_mcu::wire::{FlowControl, Parity, Start, TimedByte, UartWire, WireId};
use flashstall_mcu::{Hertz, Picos};

const DMA1_ISR: u32 = 0x4002_0000;
const CCR5: u32 = 0x4002_0058;
const CCR4: u32 = 0x4002_0044;
const CCR1: u32 = 0x4002_0008;
const CNDTR: u32 = 4;
const CPAR: u32 = 8;
const CMAR: u32 = 12;
const EN: u32 = 1;
const DIR: u32 = 1 << 4;
const CIRC: u32 = 1 << 5;
const PINC: u32 = 1 << 6;
const MINC: u32 = 1 << 7;
const MEM2MEM: u32 = 1 << 14;
const TEIF1: u32 = 1 << 3;
const TCIF1: u32 = 1 << 1;

const USART1: u32 = 0x4001_3800;
const CR3: u32 = USART1 + 8;
const BRR: u32 = USART1 + 0xC;
const RDR: u32 = USART1 + 0x24;
const TDR: u32 = USART1 + 0x28;
const ISR: u32 = USART1 + 0x1C;
const DMAR: u32 = 1 << 6;
const DMAT: u32 = 1 << 7;

/// DMA1, GPIOA and USART1 with clocks, PA9, PA10 and PA12 connected, 100 kbaud from 8 MHz.
fn bench() -> Bench {
    let mut b = Bench::new();
    b.write(RCC_AHBENR, 1 | 1 << 2 | 1 << 4 | 1 << 17);
    b.write(0x4002_1018, 1 << 14);
    b.write(0x4800_0024, 0x0007_0770);
    b.write(
        0x4800_0000,
        0xA8000000 & !(3 << 24) | 2 << 18 | 2 << 20 | 2 << 24,
    );
    b.write(BRR, 80);
    b
}

fn receive(b: &mut Bench, cr3: u32) {
    b.write(CR3, cr3);
    b.write(USART1, 1 | 1 << 2 | 1 << 3);
}

fn channel(b: &mut Bench, ccr: u32, mode: u32, count: u32, peripheral: u32, memory: u32) {
    b.write(ccr + CNDTR, count);
    b.write(ccr + CPAR, peripheral);
    b.write(ccr + CMAR, memory);
    b.write(ccr, mode | EN);
}

fn send(b: &mut Bench, values: &[u8], flow_control: FlowControl) -> WireId {
    let start = Start::At(b.machine.time());
    let bytes = values
        .iter()
        .map(|&value| TimedByte {
            offset: Picos::ZERO,
            value,
        })
        .collect();
    b.machine
        .attach_uart(UartWire {
            receiver_rate: None,
            name: "line".into(),
            port: "USART1".into(),
            bit_rate: Hertz::new(100_000),
            data_bits: 8,
            parity: Parity::None,
            stop_halves: 2,
            flow_control,
            start,
            bytes,
        })
        .expect("a UART")
}

fn count(b: &Bench, fate: Fate) -> usize {
    b.machine.log().wires[0]
        .units
        .iter()
        .filter(|unit| unit.fate == fate)
        .count()
}

#[test]
fn bytes_reach_the_ring_while_the_core_stands_still() {
    let mut b = bench();
    channel(&mut b, CCR5, CIRC | MINC, 256, RDR, SRAM + 0x100);
    receive(&mut b, DMAR);
    let values: Vec<u8> = (0..=199).collect();
    send(&mut b, &values, FlowControl::None);
    b.unlock();
    b.erase(PAGE);
    // The core reads flash: it is held for the 20 ms, in which 200 bytes come.
    let start = b.machine.time();
    b.wait_for(ERASE + Picos::from_millis(1));
    assert!(b.machine.time() > start);
    assert_eq!(count(&b, Fate::Delivered), 200);
    for (n, value) in (0..).zip(&values) {
        assert_eq!(b.peek(SRAM + 0x100 + n) as u8, *value);
    }
    assert_eq!(b.read(CCR5 + CNDTR), 56);
    assert_eq!(b.read(ISR) & 0x28, 0, "neither RXNE nor ORE");
}

#[test]
fn rdr_keeps_its_last_byte() {
    let mut b = bench();
    channel(&mut b, CCR5, CIRC | MINC, 4, RDR, SRAM);
    receive(&mut b, DMAR);
    send(&mut b, &[0x11, 0x22], FlowControl::None);
    b.wait_for(Picos::from_micros(300));
    assert_eq!(b.read(RDR), 0x22);
    assert_eq!(count(&b, Fate::Delivered), 2);
}

#[test]
fn bytes_are_lost_once_the_count_is_through() {
    let mut b = bench();
    channel(&mut b, CCR5, MINC, 3, RDR, SRAM);
    receive(&mut b, DMAR);
    send(&mut b, &[1, 2, 3, 4, 5, 6], FlowControl::None);
    b.wait_for(Picos::from_micros(700));
    assert_eq!(count(&b, Fate::Delivered), 3);
    assert_eq!(count(&b, Fate::Waiting), 1, "in RDR");
    assert_eq!(count(&b, Fate::Overrun), 2);
}

#[test]
fn a_buffer_is_transmitted() {
    let mut b = bench();
    b.machine.load(Addr(SRAM), b"stall").expect("SRAM");
    receive(&mut b, DMAT);
    channel(&mut b, CCR4, DIR | MINC, 5, TDR, SRAM);
    b.wait_for(Picos::from_millis(1));
    let sent: Vec<u8> = b
        .machine
        .uart("USART1")
        .expect("a UART")
        .transmitted()
        .iter()
        .map(|c| c.bits as u8)
        .collect();
    assert_eq!(sent, b"stall");
    assert_ne!(b.read(DMA1_ISR) & TCIF1 << 12, 0);
}

#[test]
fn ccm_is_out_of_reach() {
    let mut b = bench();
    channel(&mut b, CCR5, CIRC | MINC, 16, RDR, 0x1000_0000);
    receive(&mut b, DMAR);
    send(&mut b, &[1, 2], FlowControl::None);
    b.wait_for(Picos::from_micros(300));
    assert_ne!(b.read(DMA1_ISR) & TEIF1 << 16, 0);
    assert_eq!(b.read(CCR5) & EN, 0);
    assert!(b.has_finding("dma-bus-error"));
    assert_eq!(b.peek(0x1000_0000), 0);
}

#[test]
fn ccm_is_no_source_either() {
    let mut b = bench();
    channel(&mut b, CCR1, MEM2MEM | PINC | MINC, 4, 0x1000_0000, SRAM);
    b.wait(100);
    assert_ne!(b.read(DMA1_ISR) & TEIF1, 0);
    assert_eq!(b.read(CCR1 + CNDTR), 4);
}

#[test]
fn memory_to_memory_needs_no_request() {
    let mut b = bench();
    b.machine
        .load(Addr(PAGE), &[1, 2, 3, 4, 5, 6, 7, 8])
        .expect("flash");
    let words = 2 << 8 | 2 << 10;
    channel(
        &mut b,
        CCR1,
        MEM2MEM | PINC | MINC | words,
        2,
        PAGE,
        SRAM + 0x40,
    );
    b.wait(100);
    assert_eq!(b.peek(SRAM + 0x40), 0x0403_0201);
    assert_eq!(b.peek(SRAM + 0x44), 0x0807_0605);
    assert_ne!(b.read(DMA1_ISR) & TCIF1, 0);
}

#[test]
fn widths_are_packed() {
    let mut b = bench();
    b.machine
        .load(
            Addr(SRAM),
            &[0xB0, 0xB1, 0xB2, 0xB3, 0xB4, 0xB5, 0xB6, 0xB7],
        )
        .expect("SRAM");
    // Bytes to half-words, then words to bytes: the manual's own examples.
    channel(
        &mut b,
        CCR1,
        MEM2MEM | PINC | MINC | 1 << 10,
        2,
        SRAM,
        SRAM + 0x40,
    );
    b.wait(100);
    assert_eq!(b.peek(SRAM + 0x40), 0x00B1_00B0);
    b.write(CCR1, 0);
    channel(
        &mut b,
        CCR1,
        MEM2MEM | PINC | MINC | 2 << 8,
        2,
        SRAM,
        SRAM + 0x50,
    );
    b.wait(100);
    assert_eq!(b.peek(SRAM + 0x50), 0x0000_B4B0);
}

#[test]
fn a_transfer_from_busy_flash_waits() {
    let mut b = bench();
    b.machine.load(Addr(PAGE + 0x800), &[0x5A]).expect("flash");
    b.unlock();
    b.erase(PAGE);
    channel(
        &mut b,
        CCR1,
        MEM2MEM | PINC | MINC,
        1,
        PAGE + 0x800,
        SRAM + 0x40,
    );
    b.wait_for(ERASE - Picos::from_millis(1));
    assert_eq!(b.read(CCR1 + CNDTR), 1, "held");
    b.wait_for(Picos::from_millis(1));
    assert_eq!(b.read(CCR1 + CNDTR), 0);
    assert_eq!(b.peek(SRAM + 0x40) as u8, 0x5A);
}

#[test]
fn code_that_dma_writes_is_decoded_anew() {
    use flashstall_cpu::Bus;
    let mut b = bench();
    let (_, soc) = b.machine.parts();
    soc.take_code_changes();
    channel(&mut b, CCR1, MEM2MEM, 1, SRAM, SRAM + 0x42);
    b.wait(100);
    let (_, soc) = b.machine.parts();
    assert!(
        soc.take_code_changes()
            .contains(&(SRAM + 0x40, SRAM + 0x44))
    );
}

mod rts {
    use super::*;

    const RTSE: u32 = 1 << 8;

    /// Reads RDR every 500 us, a fifth of the line rate.
    fn read_slowly(b: &mut Bench, bytes: usize) -> Vec<u8> {
        let mut got = Vec::new();
        for _ in 0..bytes * 2 {
            b.wait_for(Picos::from_micros(500));
            if b.read(ISR) & 1 << 5 != 0 {
                got.push(b.read(RDR) as u8);
            }
        }
        got
    }

    const VALUES: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

    #[test]
    fn a_sender_that_honours_rts_loses_nothing() {
        let mut b = bench();
        receive(&mut b, RTSE);
        send(&mut b, &VALUES, FlowControl::Rts { slack: 0 });
        assert_eq!(read_slowly(&mut b, 8), VALUES);
        assert_eq!(count(&b, Fate::Delivered), 8);
        let mut b = bench();
        receive(&mut b, RTSE);
        send(&mut b, &VALUES, FlowControl::None);
        assert_ne!(read_slowly(&mut b, 8), VALUES, "it matters");
    }

    #[test]
    fn a_sender_that_looks_late_overruns() {
        let mut b = bench();
        receive(&mut b, RTSE);
        send(&mut b, &VALUES, FlowControl::Rts { slack: 1 });
        read_slowly(&mut b, 8);
        assert_eq!(count(&b, Fate::Overrun), 4, "every second one");
    }

    #[test]
    fn an_rts_that_nothing_drives_lets_nothing_through() {
        let mut b = bench();
        receive(&mut b, 0);
        let wire = send(&mut b, &VALUES, FlowControl::Rts { slack: 0 });
        b.wait_for(Picos::from_millis(90));
        assert!(!b.has_finding("uart-rts-not-driven"), "it may come yet");
        b.wait_for(Picos::from_millis(20));
        assert!(b.has_finding("uart-rts-not-driven"));
        assert_eq!(b.machine.log().wires[0].units.len(), 0);
        assert!(!b.machine.wire_done(wire));
        // Firmware drives it by hand: PA12 as an output, low.
        b.write(0x4800_0000, 0xA9280000);
        b.wait_for(Picos::from_micros(250));
        assert!(b.machine.log().wires[0].units.len() >= 2);
    }
}
