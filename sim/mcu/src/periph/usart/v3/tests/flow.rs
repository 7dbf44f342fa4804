//! Requests to DMA, RTS and CTS.

use super::*;
use crate::periph::{DmaLine, Pin, Rts};

const PA11: Pin = Pin {
    port: 0,
    number: 11,
};

/// Levels that were told on a line, in order.
fn told(b: &Bench, wanted: DmaLine) -> Vec<bool> {
    b.sent
        .iter()
        .filter_map(|signal| match *signal {
            Signal::DmaRequest { line, high, .. } if line == wanted => Some(high),
            _ => None,
        })
        .collect()
}

#[test]
fn dma_requests_are_levels() {
    let mut b = bench_with(Cr1::RE | Cr1::TE, Cr2::empty(), Cr3::DMAR | Cr3::DMAT);
    assert_eq!(told(&b, DmaLine::Tx), [true], "TDR is empty");
    send(&mut b, &[1, 2]);
    b.run_for(bits(10));
    assert_eq!(told(&b, DmaLine::Rx), [true]);
    b.read(RDR);
    assert_eq!(told(&b, DmaLine::Rx), [true, false]);
    b.run_for(bits(10));
    b.write(CR3, 0);
    assert_eq!(told(&b, DmaLine::Rx), [true, false, true, false], "DMAR 0");
    assert_eq!(told(&b, DmaLine::Tx), [true, false], "DMAT 0");
    assert_eq!(units(&b)[0].interrupt, None, "nobody waits for it");
}

#[test]
fn ddre_holds_reception_back_until_the_error_is_cleared() {
    let mut b = bench_with(Cr1::RE, Cr2::empty(), Cr3::DMAR | Cr3::DDRE);
    let mut slow = wire(&b, &[0]);
    slow.bit_rate = Hertz::new(MIDI / 2);
    b.attach(slow);
    b.run_for(bits(12));
    assert!(isr(&mut b).contains(Isr::FE | Isr::RXNE));
    assert_eq!(told(&b, DmaLine::Rx), []);
    b.write(ICR, (Isr::FE | Isr::NF).bits());
    assert_eq!(told(&b, DmaLine::Rx), [true]);
}

#[test]
fn rts_is_high_while_rdr_is_full_or_the_receiver_is_off() {
    let mut b = bench_with(Cr1::RE, Cr2::empty(), Cr3::RTSE);
    let rts = |b: &mut Bench| b.with_device(|device, cx| device.uart().map(|u| u.rts(cx)));
    assert_eq!(rts(&mut b), Some(Rts::NotDriven), "PA12 is not connected");
    b.shared.pins.mode[0][12] = PinMode::Alternate(7);
    assert_eq!(rts(&mut b), Some(Rts::Ready));
    send(&mut b, &[1]);
    b.run_for(bits(10));
    assert_eq!(rts(&mut b), Some(Rts::Full));
    b.read(RDR);
    assert_eq!(rts(&mut b), Some(Rts::Ready));
    b.write(CR1, 0);
    assert_eq!(rts(&mut b), Some(Rts::Full), "nobody would hear it");
    b.write(CR3, 0);
    b.shared.pins.mode[0][12] = PinMode::Output;
    assert_eq!(rts(&mut b), Some(Rts::Ready), "by hand: the output is low");
}

#[test]
fn cts_holds_the_next_character_back() {
    let mut b = bench_with(Cr1::TE, Cr2::empty(), Cr3::CTSE | Cr3::CTSIE);
    b.shared.pins.mode[0][11] = PinMode::Alternate(7);
    b.shared.drive_pin(PA11, true, None);
    b.run_for(bits(11));
    b.signal(&Signal::ClocksChanged);
    b.write(ICR, Isr::CTSIF.bits());
    b.write(TDR, 0x41);
    b.run_for(bits(30));
    assert!(!isr(&mut b).intersects(Isr::TXE | Isr::CTS));
    assert!(!b.shared.irq.is_high(IRQ));
    b.shared.drive_pin(PA11, false, None);
    b.signal(&Signal::ClocksChanged);
    assert!(isr(&mut b).contains(Isr::CTSIF | Isr::CTS | Isr::TXE));
    assert!(b.shared.irq.is_high(IRQ));
    // High again in mid-character: that one goes out to its end, the next waits.
    b.write(TDR, 0x42);
    b.shared.drive_pin(PA11, true, None);
    b.run_for(bits(30));
    let sent = b.with_device(|device, _| device.uart().map(|u| u.transmitted().len()));
    assert_eq!(sent, Some(1));
    assert!(!isr(&mut b).contains(Isr::TXE));
}
