//! STM32F103x8, xB and xE: what differs from the F303, on whole chips.

mod common;

use common::*;
use flashstall_cpu::{Abort, Addr, Bus, CpuModel, FaultKind, Size};
use flashstall_mcu::Picos;
use flashstall_mcu::chip::Chip;
use flashstall_mcu::log::Fate;
use flashstall_mcu::wire::{FlowControl, Parity, Start, TimedByte, UartWire};

const RCC_APB2ENR: u32 = 0x4002_1018;
const USART1: u32 = 0x4001_3800;
const DR: u32 = USART1 + 4;
const OBL_LAUNCH: u32 = 1 << 13;

fn on(part: &str) -> Bench {
    Bench::with(Chip::builtin(part).expect("built in"), options())
}

#[test]
fn the_parts_are_those_of_the_data_sheets() {
    let figures = |part: &str| {
        let c = Chip::builtin(part).expect("built in");
        (
            c.flash.size >> 10,
            c.flash.page,
            c.memory("SRAM").map_or(0, |m| m.size >> 10),
            c.core.irqs,
            c.vector_table_alignment(),
        )
    };
    assert_eq!(figures("stm32f103x8"), (64, 1024, 20, 43, 256));
    assert_eq!(figures("stm32f103xb"), (128, 1024, 20, 43, 256));
    assert_eq!(figures("stm32f103xe"), (512, 2048, 64, 60, 512));
    let c = Chip::builtin("stm32f103xb").expect("built in");
    assert_eq!(c.core.model, CpuModel::CortexM3);
    assert_eq!(c.flash.timing.program.max, Picos::from_micros(70));
    let (dma, uart) = (c.irq_name(15), c.irq_name(39));
    assert_eq!((dma, uart), (Some("DMA1_CH5"), Some("USART3")));
    let e = Chip::builtin("stm32f103xe").expect("built in");
    assert_eq!(e.irq_name(59), Some("DMA2_CH4_5"));
}

#[test]
fn an_erase_takes_a_page_of_the_parts_size() {
    for (part, page) in [("stm32f103xb", 1024), ("stm32f103xe", 2048)] {
        let mut b = on(part);
        b.machine.load(Addr(PAGE), &[0; 4096]).expect("flash");
        b.unlock();
        b.erase(PAGE + 4);
        b.wait_for(ERASE);
        assert_eq!(b.peek(PAGE + page - 4), !0, "{part}");
        assert_eq!(b.peek(PAGE + page), 0, "{part}: the next page stands");
    }
}

#[test]
fn flash_ends_where_the_part_ends() {
    let mut b = on("stm32f103x8");
    assert_eq!(b.read(0x0800_FFFC), !0);
    assert_eq!(
        b.try_read(0x0801_0000, Size::Word),
        Err(Abort::Fault(FaultKind::Unmapped))
    );
    assert_eq!(b.try_read(0x1FFF_F7E0, Size::Half), Ok(64), "flash size");
    assert_ne!(b.read(0x1FFF_F7E8), b.read(0x1FFF_F7EC), "unique id");
}

#[test]
fn there_is_no_option_byte_launch() {
    let mut b = on("stm32f103xb");
    assert_eq!(b.read(OBR), 0x03FF_FC1C);
    b.unlock();
    b.write(CR, OBL_LAUNCH);
    let (_, soc) = b.machine.parts();
    assert!(!soc.reset_requested());
    assert_eq!(b.read(CR), 0, "no such bit");
}

#[test]
fn a_half_word_program_delays_nothing_at_115200() {
    // 70 us at most against 86.8 us a character: RDR holds one over each of them.
    let mut b = on("stm32f103xb");
    receive(&mut b, 115_200, 20);
    b.unlock();
    b.write(CR, PG);
    let mut got = 0;
    for n in 0..30 {
        b.half(PAGE + 2 * n, 0).expect("programs");
        b.wait_for(Picos::from_micros(70));
        if b.read(USART1) & 1 << 5 != 0 {
            b.read(DR);
            got += 1;
        }
    }
    assert_eq!(got, 20);
    assert!(units(&b).all(|fate| fate == Fate::Delivered));
}

#[test]
fn the_flag_of_an_overrun_interrupts_until_sr_and_dr_are_read() {
    let mut b = on("stm32f103xb");
    receive(&mut b, 115_200, 5);
    b.wait_for(Picos::from_millis(1));
    assert_eq!(b.read(DR), 0);
    assert_eq!(b.read(USART1) & 0x28, 8, "ORE without RXNE");
    b.read(DR);
    assert_eq!(b.read(USART1) & 0x28, 0);
    assert_eq!(units(&b).filter(|f| *f == Fate::Overrun).count(), 4);
}

#[test]
fn dma_fills_a_ring_through_an_erase() {
    let mut b = on("stm32f103xb");
    receive(&mut b, 115_200, 200);
    b.write(RCC_AHBENR, 0x15);
    for (offset, value) in [(0x5C, 256), (0x60, DR), (0x64, SRAM), (0x58, 0xA1)] {
        b.write(0x4002_0000 + offset, value);
    }
    b.write(USART1 + 0x14, 1 << 6);
    b.unlock();
    b.erase(PAGE);
    b.wait_for(ERASE);
    assert!(units(&b).all(|fate| fate == Fate::Delivered));
    assert_eq!(b.peek(SRAM + 196) >> 24, 199);
}

/// USART1 on PA10 at (nearly) `baud` from 8 MHz, and `count` bytes that come back to back.
fn receive(b: &mut Bench, baud: u64, count: u8) {
    b.write(RCC_APB2ENR, 1 | 1 << 2 | 1 << 14);
    let brr = 8_000_000 / baud;
    b.write(USART1 + 8, brr as u32);
    b.write(USART1 + 0xC, 1 << 13 | 1 << 2);
    let start = Start::At(b.machine.time());
    b.machine
        .attach_uart(UartWire {
            receiver_rate: None,
            name: "line".into(),
            port: "USART1".into(),
            bit_rate: flashstall_mcu::Hertz::new(8_000_000).scaled(1, brr),
            data_bits: 8,
            parity: Parity::None,
            stop_halves: 2,
            flow_control: FlowControl::None,
            start,
            bytes: (0..count)
                .map(|value| TimedByte {
                    offset: Picos::ZERO,
                    value,
                })
                .collect(),
        })
        .expect("a UART");
}

fn units(b: &Bench) -> impl Iterator<Item = Fate> + '_ {
    b.machine.log().wires[0].units.iter().map(|unit| unit.fate)
}
