//! IDLE, time-out, character match.

use super::*;

#[test]
fn idle_comes_once_after_a_character_time() {
    let mut b = bench();
    send(&mut b, &[1, 2]);
    let start = b.now();
    b.run_until(start + bits(29));
    assert!(
        !isr(&mut b).contains(Isr::IDLE),
        "two characters, not yet one of silence"
    );
    b.run_until(start + bits(30));
    assert!(isr(&mut b).contains(Isr::IDLE));
    b.write(ICR, Isr::IDLE.bits());
    b.run_for(bits(100));
    assert!(!isr(&mut b).contains(Isr::IDLE));
}

#[test]
fn receiver_timeout() {
    let mut b = bench_with(Cr1::RE | Cr1::RTOIE, Cr2::RTOEN, Cr3::empty());
    b.write(RTOR, 20);
    send(&mut b, &[1]);
    let start = b.now();
    b.run_until(start + bits(29));
    assert!(!isr(&mut b).contains(Isr::RTOF));
    b.run_until(start + bits(30));
    assert!(isr(&mut b).contains(Isr::RTOF) && b.shared.irq.is_high(IRQ));
}

#[test]
fn character_match() {
    let mut b = bench_with(
        Cr1::RE | Cr1::CMIE,
        Cr2::from_bits_retain(0x0A << 24),
        Cr3::empty(),
    );
    send(&mut b, &[0x09, 0x0A]);
    b.run_for(bits(11));
    b.read(RDR);
    assert!(!isr(&mut b).contains(Isr::CMF));
    b.run_for(bits(10));
    assert!(isr(&mut b).contains(Isr::CMF) && b.shared.irq.is_high(IRQ));
}
