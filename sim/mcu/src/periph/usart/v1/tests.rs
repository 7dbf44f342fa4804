use super::*;
use crate::log::Fate;
use crate::periph::PinMode;
use crate::periph::testbench::Bench;
use crate::wire::{FlowControl, Parity, Start, TimedByte, UartWire};
use crate::{Hertz, Picos};

const IRQ: u16 = 37;
/// 8 MHz / 256 is 31250 baud: 320 us a character.
const BRR_MIDI: u32 = 256;
const CHARACTER: Picos = Picos::from_micros(320);
const RE: u32 = 1 << 2;
const TE: u32 = 1 << 3;
const RXNEIE: u32 = 1 << 5;
const RXNE: u32 = 1 << 5;
const ORE: u32 = 1 << 3;
const TC: u32 = 1 << 6;
const IDLE: u32 = 1 << 4;

fn bench() -> Bench {
    let mut b = Bench::on("stm32f103xb", "USART1");
    b.reset();
    b.shared.pins.mode[0][10] = PinMode::Input;
    b.write(BRR, BRR_MIDI);
    b.write(CR1, UE | RE | TE | RXNEIE);
    b
}

fn send(b: &mut Bench, values: &[u8]) {
    let bytes = values
        .iter()
        .map(|&value| TimedByte {
            offset: Picos::ZERO,
            value,
        })
        .collect();
    let start = Start::At(b.now());
    b.attach(UartWire {
        receiver_rate: None,
        name: "midi".into(),
        port: "USART1".into(),
        bit_rate: Hertz::new(31_250),
        data_bits: 8,
        parity: Parity::None,
        stop_halves: 2,
        flow_control: FlowControl::None,
        start,
        bytes,
    });
}

/// Three bytes have come: one waits, two overran.
fn overrun() -> Bench {
    let mut b = bench();
    send(&mut b, &[1, 2, 3]);
    b.run_for(Picos(3 * CHARACTER.0));
    b
}

#[test]
fn reset_values_are_those_of_the_svd() {
    let mut b = Bench::on("stm32f103xb", "USART1");
    b.reset();
    let values = [SR, DR, BRR, CR1, CR2, CR3, GTPR].map(|at| b.read(at));
    assert_eq!(values, [0xC0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(b.device.register_name(CR1), Some("CR1"));
    assert_eq!(b.try_read(0x1C), Err(Refusal::Unmodelled));
}

#[test]
fn ore_is_cleared_by_sr_then_dr() {
    let mut b = overrun();
    assert_eq!(b.read(SR) & (RXNE | ORE), RXNE | ORE);
    assert_eq!(b.read(DR), 1, "the old byte");
    assert_eq!(b.read(SR) & (RXNE | ORE), 0);
    assert!(!b.shared.irq.is_high(IRQ));
    assert_eq!(b.fates(), [Fate::Delivered, Fate::Overrun, Fate::Overrun]);
}

#[test]
fn a_read_of_dr_alone_clears_rxne_only() {
    let mut b = overrun();
    b.read(DR);
    assert_eq!(b.read(SR) & (RXNE | ORE), ORE);
    b.read(DR);
    assert_eq!(b.read(SR) & ORE, 0, "the second half may come later");
}

#[test]
fn one_read_of_sr_serves_one_read_of_dr() {
    let mut b = overrun();
    b.read(SR);
    b.read(DR);
    send(&mut b, &[4, 5]);
    b.run_for(Picos(2 * CHARACTER.0));
    b.read(DR);
    assert_eq!(b.read(SR) & ORE, ORE, "SR had not been read again");
}

#[test]
fn a_flag_between_the_two_reads_stays() {
    let mut b = bench();
    send(&mut b, &[1, 2]);
    b.run_for(CHARACTER);
    assert_eq!(b.read(SR) & (RXNE | ORE), RXNE);
    b.run_for(CHARACTER);
    b.read(DR);
    assert_eq!(b.read(SR) & (RXNE | ORE), ORE);
}

#[test]
fn a_handler_that_looks_at_rxne_only_never_leaves() {
    let mut b = overrun();
    // What it does: SR, and DR if RXNE. The overrun came after its look at SR.
    b.read(DR);
    for _ in 0..1_000 {
        assert_eq!(b.read(SR) & RXNE, 0, "nothing for it to do");
        assert!(b.shared.irq.is_high(IRQ));
    }
    b.read(DR);
    assert!(!b.shared.irq.is_high(IRQ), "SR then DR ends it");
}

#[test]
fn idle_is_cleared_by_the_same_sequence() {
    let mut b = bench();
    send(&mut b, &[1]);
    b.run_for(Picos(3 * CHARACTER.0));
    assert_ne!(b.read(SR) & IDLE, 0);
    assert_eq!(b.read(DR), 1);
    assert_eq!(b.read(SR) & IDLE, 0);
    assert_eq!(b.read(DR), 1, "DR keeps its last byte");
}

#[test]
fn flags_are_cleared_by_zeros() {
    let mut b = overrun();
    b.write(SR, !RXNE);
    assert_eq!(b.read(SR) & (RXNE | ORE), ORE, "ORE takes no zeros");
    b.write(SR, !TC);
    assert_eq!(b.read(SR) & TC, 0);
}

#[test]
fn a_character_whose_flag_was_cleared_is_still_read() {
    let mut b = bench();
    send(&mut b, &[0x41]);
    b.run_for(Picos(2 * CHARACTER.0));
    b.write(SR, !RXNE);
    assert_eq!(b.read(SR) & RXNE, 0);
    assert_eq!(b.fates(), [Fate::Waiting]);
    assert_eq!(b.read(DR), 0x41);
    assert_eq!(b.fates(), [Fate::Delivered]);
    assert_eq!(b.read(DR), 0x41, "DR keeps it, and nothing is taken twice");
    assert_eq!(b.fates(), [Fate::Delivered]);
}

#[test]
fn a_character_whose_flag_was_cleared_is_overwritten() {
    let mut b = bench();
    send(&mut b, &[0x41, 0x42]);
    b.run_for(CHARACTER);
    b.write(SR, !RXNE);
    b.run_for(Picos(2 * CHARACTER.0));
    assert_eq!(b.read(SR) & (RXNE | ORE), RXNE, "there was room");
    assert_eq!(b.fates(), [Fate::Overwritten, Fate::Waiting]);
    assert_eq!(b.read(DR), 0x42);
    assert_eq!(b.fates(), [Fate::Overwritten, Fate::Delivered]);
}

#[test]
fn tc_is_cleared_by_sr_then_a_write() {
    let mut b = bench();
    b.run_for(CHARACTER);
    b.write(DR, 0x41);
    assert_ne!(b.read(SR) & TC, 0, "SR was not read before");
    b.write(DR, 0x42);
    assert_eq!(b.read(SR) & TC, 0);
    b.run_for(Picos(2 * CHARACTER.0));
    assert_ne!(b.read(SR) & TC, 0);
    let sent = b.with_device(|device, _| device.uart().map(|u| u.transmitted().len()));
    assert_eq!(sent, Some(2));
}

#[test]
fn rx_is_where_mapr_puts_it() {
    let heard = |prepare: &dyn Fn(&mut Bench)| {
        let mut b = bench();
        prepare(&mut b);
        send(&mut b, &[1]);
        b.run_for(CHARACTER);
        b.fates()[0] == Fate::Waiting
    };
    assert!(heard(&|_| {}));
    assert!(!heard(&|b| b.shared.pins.mode[0][10] = PinMode::Output));
    assert!(!heard(&|b| b.shared.remap = 1 << 2), "it is on PB7 now");
    assert!(heard(&|b| {
        b.shared.remap = 1 << 2;
        b.shared.pins.mode[1][7] = PinMode::Input;
    }));
}

#[test]
fn what_a_part_does_not_have_is_not_kept() {
    let mut b = bench();
    b.write(CR3, 1 << 11 | 1 << 12);
    b.write(CR1, UE | 1 << 15);
    assert_eq!(
        (b.read(CR3), b.read(CR1)),
        (0, UE),
        "no ONEBIT, OVRDIS, OVER8"
    );
    assert_eq!(b.try_write(CR1, UE | RWU), Err(Refusal::Unmodelled));
    assert_eq!(b.try_write(CR2, 1 << 14), Err(Refusal::Unmodelled), "LIN");
    b.write(BRR, 300);
    let told = |f: &crate::log::Finding| f.rule == "usart-written-while-enabled";
    assert!(!b.shared.log.findings.iter().any(told), "v1 allows it");
}
