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

#[test]
fn only_a_connected_pin_is_heard() {
    let heard = |mode: PinMode| {
        let mut b = bench_with(Cr1::TE, Cr2::empty(), Cr3::empty());
        b.shared.pins.mode[0][9] = mode;
        b.write(TDR, 0x55);
        b.run_for(bits(40));
        let heard: Vec<_> = b
            .sent
            .iter()
            .filter_map(|signal| match signal {
                Signal::UartSent { character, .. } => Some(*character),
                _ => None,
            })
            .collect();
        (heard, b.shared.log.findings.clone())
    };
    let (characters, findings) = heard(PinMode::Alternate(7));
    assert_eq!(characters.len(), 1);
    assert_eq!((characters[0].bits, characters[0].bit_count), (0x55, 8));
    assert_eq!(characters[0].bit_rate, Hertz::new(MIDI));
    assert!(findings.is_empty());
    let (characters, findings) = heard(PinMode::Output);
    assert!(characters.is_empty());
    assert_eq!(findings[0].rule, "usart-not-heard");
}
