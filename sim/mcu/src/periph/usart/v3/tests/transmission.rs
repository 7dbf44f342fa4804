//! TDR to TX.

use super::*;

#[test]
fn transmission_takes_its_time() {
    let mut b = bench();
    let on = b.now();
    b.run_for(bits(20));
    let start = b.now();
    b.write(TDR, 0x55);
    assert_eq!(
        isr(&mut b) & (Isr::TXE | Isr::TC),
        Isr::TXE,
        "in the shift register at once"
    );
    b.write(TDR, 0xAA);
    assert_eq!(isr(&mut b) & (Isr::TXE | Isr::TC), Isr::empty());
    b.run_until(start + CHARACTER);
    assert_eq!(isr(&mut b) & (Isr::TXE | Isr::TC), Isr::TXE);
    b.run_until(start + CHARACTER + CHARACTER);
    assert_eq!(isr(&mut b) & (Isr::TXE | Isr::TC), Isr::TXE | Isr::TC);
    let sent = b.device.uart().expect("a UART").transmitted().to_vec();
    assert_eq!(
        sent.iter().map(|t| t.bits).collect::<Vec<_>>(),
        [0x55, 0xAA]
    );
    assert_eq!(
        (sent[0].start, sent[1].end),
        (start, start + CHARACTER + CHARACTER)
    );
    assert!(start > on + CHARACTER, "the idle frame was over");
}

#[test]
fn the_first_character_waits_for_the_idle_frame() {
    let mut b = bench();
    let on = b.now();
    b.write(TDR, 0x55);
    assert!(!isr(&mut b).contains(Isr::TXE));
    b.run_until(on + CHARACTER + CHARACTER);
    let sent = b.device.uart().expect("a UART").transmitted().to_vec();
    assert_eq!(sent[0].start, on + CHARACTER);
    assert!(isr(&mut b).contains(Isr::TC));
}

#[test]
fn parity_is_sent_in_the_highest_bit() {
    let mut b = bench_with(Cr1::TE | Cr1::PCE | Cr1::M0, Cr2::empty(), Cr3::empty());
    b.write(TDR, 0x83);
    b.run_for(bits(40));
    let sent = b.device.uart().expect("a UART").transmitted().to_vec();
    assert_eq!(sent[0].bits, 0x183, "three ones and an even parity");
}
