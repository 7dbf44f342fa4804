use super::*;
use crate::log::{Fate, Unit};
use crate::periph::PinMode;
use crate::periph::testbench::{Bench, spec};
use crate::periph::usart::bits::Rqr;
use crate::wire::{FlowControl, Parity, Start, TimedByte, UartWire, WireId};
use crate::{Hertz, Picos};

mod conservation;
mod flow;
mod line_errors;
mod silence;
mod transmission;

const IRQ: u16 = 37;
const PA10: (usize, usize) = (0, 10);
/// 8 MHz / 256.
const MIDI: u64 = 31_250;
const BRR_MIDI: u32 = 256;

/// USART1 at 31250 baud from 8 MHz, PA10 connected, receiver and transmitter on.
fn bench() -> Bench {
    bench_with(Cr1::RE | Cr1::TE, Cr2::empty(), Cr3::empty())
}

fn bench_with(cr1: Cr1, cr2: Cr2, cr3: Cr3) -> Bench {
    let mut b = Bench::new(&spec("USART1"));
    b.reset();
    b.shared.pins.mode[PA10.0][PA10.1] = PinMode::Alternate(7);
    b.write(BRR, BRR_MIDI);
    b.write(CR2, cr2.bits());
    b.write(CR3, cr3.bits());
    b.write(CR1, (cr1 | Cr1::UE).bits());
    b
}

/// A wire that sends `values` back to back from now on.
fn wire(b: &Bench, values: &[u8]) -> UartWire {
    UartWire {
        receiver_rate: None,
        name: "midi".into(),
        port: "USART1".into(),
        bit_rate: Hertz::new(MIDI),
        data_bits: 8,
        parity: Parity::None,
        stop_halves: 2,
        flow_control: FlowControl::None,
        start: Start::At(b.now()),
        bytes: values
            .iter()
            .map(|&value| TimedByte {
                offset: Picos::ZERO,
                value,
            })
            .collect(),
    }
}

fn send(b: &mut Bench, values: &[u8]) {
    let wire = wire(b, values);
    b.attach(wire);
}

fn isr(b: &mut Bench) -> Isr {
    Isr::from_bits_truncate(b.read(ISR))
}

fn units(b: &Bench) -> &[Unit] {
    &b.shared.log.wires[0].units
}

/// Bit times of the wire.
fn bits(n: u64) -> Picos {
    Hertz::new(MIDI).periods(n)
}

#[test]
fn reset_values_are_those_of_the_svd() {
    let mut b = Bench::new(&spec("USART1"));
    b.reset();
    for (offset, value) in [
        (CR1, 0),
        (CR2, 0),
        (CR3, 0),
        (BRR, 0),
        (ISR, 0xC0),
        (RDR, 0),
    ] {
        assert_eq!(b.read(offset), value, "offset {offset:#x}");
    }
}

#[test]
fn rxne_is_set_at_the_last_stop_bit_sample() {
    let mut b = bench();
    send(&mut b, &[0xA5]);
    let start = b.now();
    b.run_until(start + Picos::from_nanos(307_999));
    assert!(
        !isr(&mut b).contains(Isr::RXNE),
        "9.625 bits of 32 us are 308 us"
    );
    assert!(isr(&mut b).contains(Isr::BUSY));
    b.run_until(start + Picos::from_micros(308));
    assert!(isr(&mut b).contains(Isr::RXNE));
    assert_eq!(b.fates(), [Fate::Waiting]);
    assert_eq!(b.read(RDR), 0xA5);
    assert!(!isr(&mut b).contains(Isr::RXNE));
    let unit = units(&b)[0];
    assert_eq!(
        (unit.fate, unit.received, unit.interrupt),
        (Fate::Delivered, Some(0xA5), Some(IRQ + 16))
    );
    assert_eq!(unit.arrived, Some(start + Picos::from_micros(308)));
}

#[test]
fn an_overrun_keeps_the_old_byte_and_loses_until_rxne_is_cleared() {
    let mut b = bench();
    send(&mut b, &[1, 2, 3, 4]);
    b.run_for(bits(30));
    assert!(isr(&mut b).contains(Isr::RXNE | Isr::ORE));
    assert_eq!(b.read(RDR), 1);
    b.run_for(bits(10));
    assert_eq!(b.read(RDR), 4);
    assert_eq!(
        b.fates(),
        [
            Fate::Delivered,
            Fate::Overrun,
            Fate::Overrun,
            Fate::Delivered
        ]
    );
    assert_eq!(units(&b)[1].blocked_by, Some(0));
    assert_eq!(units(&b)[2].blocked_by, Some(0));
}

#[test]
fn the_budget_is_one_character_from_rxne() {
    for (late, fate) in [(0, Fate::Waiting), (1, Fate::Overrun)] {
        let mut b = bench();
        send(&mut b, &[1, 2]);
        let start = b.now();
        // Byte 2 is complete at 19.625 bits: 628 us.
        b.run_until(start + Picos::from_nanos(627_875 + 125 * late));
        b.read(RDR);
        b.run_until(start + Picos::from_millis(1));
        assert_eq!(
            b.fates(),
            [Fate::Delivered, fate],
            "read {late} cycles late"
        );
    }
}

#[test]
fn ore_outlives_rxne_and_keeps_interrupting() {
    let mut b = bench_with(Cr1::RE | Cr1::RXNEIE, Cr2::empty(), Cr3::empty());
    send(&mut b, &[1, 2]);
    b.run_for(bits(21));
    b.read(RDR);
    assert_eq!(isr(&mut b) & (Isr::RXNE | Isr::ORE), Isr::ORE);
    assert!(
        b.shared.irq.is_high(IRQ),
        "a handler that looks at RXNE only never leaves"
    );
    b.write(ICR, Isr::ORE.bits());
    assert!(!b.shared.irq.is_high(IRQ));
}

#[test]
fn ovrdis_overwrites() {
    let mut b = bench_with(Cr1::RE, Cr2::empty(), Cr3::OVRDIS);
    send(&mut b, &[1, 2, 3]);
    b.run_for(bits(31));
    assert_eq!(isr(&mut b) & (Isr::RXNE | Isr::ORE), Isr::RXNE);
    assert_eq!(b.read(RDR), 3);
    assert_eq!(
        b.fates(),
        [Fate::Overwritten, Fate::Overwritten, Fate::Delivered]
    );
}

#[test]
fn rxfrq_flushes() {
    let mut b = bench();
    send(&mut b, &[1]);
    b.run_for(bits(11));
    b.write(RQR, Rqr::RXFRQ.bits());
    assert!(!isr(&mut b).contains(Isr::RXNE));
    assert_eq!(b.fates(), [Fate::Flushed]);
}

#[test]
fn switching_off_flushes() {
    let mut b = bench();
    send(&mut b, &[1, 2]);
    b.run_for(bits(15));
    b.write(CR1, 0);
    assert_eq!(
        b.fates(),
        [Fate::Flushed, Fate::Flushed],
        "one in RDR, one in the shift register"
    );
    assert_eq!(b.read(ISR), 0xC0);
    b.run_for(bits(20));
    assert_eq!(b.read(ISR), 0xC0);
}

#[test]
fn a_reset_loses_what_was_under_way() {
    let mut b = bench();
    send(&mut b, &[1, 2, 3]);
    b.run_for(bits(15));
    b.reset();
    b.run_for(bits(20));
    assert_eq!(b.fates(), [Fate::Reset, Fate::Reset, Fate::NotListening]);
}

#[test]
fn a_receiver_that_does_not_listen_says_why() {
    let reason = |prepare: &dyn Fn(&mut Bench)| {
        let mut b = bench();
        prepare(&mut b);
        send(&mut b, &[1, 2]);
        b.run_for(bits(25));
        assert_eq!(b.fates(), [Fate::NotListening, Fate::NotListening]);
        assert_eq!(b.shared.log.findings.len(), 1, "told once");
        b.shared.log.findings[0].text.clone()
    };
    assert!(reason(&|b| b.write(CR1, Cr1::UE.bits())).contains("RE is 0"));
    assert!(reason(&|b| b.write(CR1, Cr1::RE.bits())).contains("UE is 0"));
    assert!(reason(&|b| b.shared.clocked[b.id.0] = false).contains("no clock"));
    assert!(reason(&|b| b.shared.pins.mode[0][10] = PinMode::Input).contains("pins"));
    assert!(reason(&|b| b.shared.pins.mode[0][10] = PinMode::Alternate(5)).contains("pins"));
    assert!(reason(&|b| b.shared.clocks.usart[0] = Hertz::STOPPED).contains("kernel clock"));
}

#[test]
fn switching_on_in_mid_character_takes_the_next_falling_edge() {
    let mut b = bench_with(Cr1::empty(), Cr2::empty(), Cr3::empty());
    // 0b0000_1111: the line falls once more in the middle.
    send(&mut b, &[0x0F, 0x42]);
    b.run_for(bits(2));
    b.write(CR1, (Cr1::UE | Cr1::RE).bits());
    b.run_for(bits(40));
    let fates = b.fates();
    assert_eq!(fates[0], Fate::NotListening, "its start bit was not heard");
    assert_ne!(fates[1], Fate::InFlight);
    assert!(
        b.shared
            .log
            .findings
            .iter()
            .any(|f| f.rule == "uart-spurious-character")
    );
}

#[test]
fn interrupts_are_levels() {
    let mut b = bench_with(Cr1::RE | Cr1::RXNEIE, Cr2::empty(), Cr3::empty());
    send(&mut b, &[1, 2]);
    b.run_for(bits(10));
    assert!(b.shared.irq.is_high(IRQ));
    b.read(RDR);
    assert!(!b.shared.irq.is_high(IRQ));
    b.write(CR1, (Cr1::UE | Cr1::RE).bits());
    b.run_for(bits(11));
    assert!(!b.shared.irq.is_high(IRQ), "not enabled");
    b.write(CR1, (Cr1::UE | Cr1::RE | Cr1::RXNEIE).bits());
    assert!(b.shared.irq.is_high(IRQ), "the flag is still set");
    b.write(CR1, (Cr1::UE | Cr1::TE | Cr1::TXEIE).bits());
    assert!(b.shared.irq.is_high(IRQ), "TXE is set");
}

#[test]
fn acknowledge_bits_follow_the_enables() {
    let mut b = bench();
    assert!(isr(&mut b).contains(Isr::TEACK | Isr::REACK));
    b.write(CR1, (Cr1::UE | Cr1::RE).bits());
    assert_eq!(isr(&mut b) & (Isr::TEACK | Isr::REACK), Isr::REACK);
    b.write(CR1, Cr1::RE.bits());
    assert_eq!(isr(&mut b) & (Isr::TEACK | Isr::REACK), Isr::empty());
}

#[test]
fn what_is_left_out_is_refused_when_it_is_switched_on() {
    let mut b = bench();
    assert_eq!(b.try_write(CR3, Cr3::DEM.bits()), Err(Refusal::Unmodelled));
    assert_eq!(
        b.try_write(CR2, Cr2::LINEN.bits()),
        Err(Refusal::Unmodelled)
    );
    assert_eq!(
        b.try_write(RQR, Rqr::SBKRQ.bits()),
        Err(Refusal::Unmodelled)
    );
    assert_eq!(b.try_read(0x2C), Err(Refusal::Unmodelled));
}

#[test]
fn a_bit_rate_that_is_written_while_on_is_a_finding() {
    let mut b = bench();
    b.write(BRR, 300);
    assert_eq!(b.shared.log.findings[0].rule, "usart-written-while-enabled");
}

#[test]
fn two_stop_bits_complete_at_the_end_of_the_first() {
    let mut b = bench_with(Cr1::RE, Cr2::from_bits_retain(2 << 12), Cr3::empty());
    let mut two = wire(&b, &[7]);
    two.stop_halves = 4;
    b.attach(two);
    let start = b.now();
    b.run_until(start + bits(10) - Picos(125_000));
    assert!(!isr(&mut b).contains(Isr::RXNE));
    b.run_until(start + bits(10));
    assert!(isr(&mut b).contains(Isr::RXNE));
}

#[test]
fn frames_that_nobody_samples_are_not_kept() {
    let size_after = |b: &mut Bench| {
        send(b, &[0x55; 1_000]);
        b.run_for(bits(10_100));
        b.shared.log.findings.clear();
        format!("{:?}", b.device).len()
    };
    let mut off = bench_with(Cr1::TE, Cr2::empty(), Cr3::empty());
    let mut frozen = bench();
    send(&mut frozen, &[1]);
    frozen.run_for(bits(5));
    frozen.shared.clocks.usart[0] = Hertz::STOPPED;
    frozen.signal(&Signal::ClocksChanged);
    for b in [&mut off, &mut frozen] {
        assert!(size_after(b) < 10_000);
    }
}
