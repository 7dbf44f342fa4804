//! Parity, framing, noise, baud error, clock changes.

use super::*;

#[test]
fn framing_parity_and_noise() {
    // Even parity: 0x03 has parity 0, the sender makes it odd.
    let mut b = bench_with(Cr1::RE | Cr1::PCE | Cr1::M0, Cr2::empty(), Cr3::empty());
    let mut odd = wire(&b, &[0x03]);
    odd.parity = Parity::Odd;
    b.attach(odd);
    b.run_for(bits(12));
    assert!(isr(&mut b).contains(Isr::PE | Isr::RXNE));
    assert_eq!(b.read(RDR), 0x103);
    assert_eq!(b.fates(), [Fate::Corrupted]);
    b.write(ICR, Isr::PE.bits());
    assert!(!isr(&mut b).contains(Isr::PE));

    // A sender at half the rate: the receiver's stop bit falls into its data.
    let mut b = bench();
    let mut slow = wire(&b, &[0x00]);
    slow.bit_rate = Hertz::new(MIDI / 2);
    b.attach(slow);
    b.run_for(bits(30));
    assert!(isr(&mut b).contains(Isr::FE | Isr::RXNE));
    b.read(RDR);
    assert_eq!(b.fates(), [Fate::Corrupted]);
}

#[test]
fn parity_that_fits_is_delivered_without_it() {
    let mut b = bench_with(
        Cr1::RE | Cr1::PCE | Cr1::M0 | Cr1::PS,
        Cr2::empty(),
        Cr3::empty(),
    );
    let mut odd = wire(&b, &[0x83]);
    odd.parity = Parity::Odd;
    b.attach(odd);
    b.run_for(bits(12));
    assert_eq!(b.read(RDR) & 0xFF, 0x83);
    assert_eq!(
        (b.fates(), isr(&mut b) & Isr::PE),
        (vec![Fate::Delivered], Isr::empty())
    );
}

#[test]
fn frames_of_another_length_are_not_taken_for_good() {
    // 9 data bits expected, 8N1 sent: the stop bit becomes bit 8.
    let mut b = bench_with(Cr1::RE | Cr1::M0, Cr2::empty(), Cr3::empty());
    send(&mut b, &[0x41]);
    b.run_for(bits(12));
    assert_eq!(b.read(RDR), 0x141);
    assert_eq!(b.fates(), [Fate::Corrupted]);
}

/// Delivered bytes of 200 back-to-back ones from a sender that is `ppm` off, read in time.
fn delivered_at(ppm: i64) -> usize {
    let mut b = bench();
    let values: Vec<u8> = (0..200u8).map(|n| n.wrapping_mul(37)).collect();
    let mut off = wire(&b, &values);
    off.bit_rate = Hertz::new(MIDI).scaled((1_000_000 + ppm) as u64, 1_000_000);
    b.attach(off);
    for _ in 0..200 * 12 {
        b.run_for(bits(1));
        if isr(&mut b).contains(Isr::RXNE) {
            b.read(RDR);
        }
        b.write(ICR, Isr::CLEARABLE.bits());
    }
    let fates = b.fates();
    assert_eq!(fates.len(), 200);
    assert!(
        fates
            .iter()
            .all(|fate| !matches!(fate, Fate::InFlight | Fate::Waiting))
    );
    fates
        .iter()
        .filter(|fate| **fate == Fate::Delivered)
        .count()
}

#[test]
fn baud_error_within_limits_is_harmless_and_beyond_corrupts() {
    for ppm in [0, 20_000, -20_000, 35_000, -35_000] {
        assert_eq!(delivered_at(ppm), 200, "{ppm} ppm");
    }
    for ppm in [80_000, -80_000] {
        assert!(delivered_at(ppm) < 150, "{ppm} ppm");
    }
}

#[test]
fn a_clock_change_in_mid_character_is_felt() {
    let mut b = bench();
    send(&mut b, &[0x55]);
    b.run_for(bits(3));
    b.shared.clocks.usart[0] = Hertz::new(16_000_000);
    b.signal(&Signal::ClocksChanged);
    b.run_for(bits(4));
    assert!(
        isr(&mut b).contains(Isr::RXNE),
        "3 bits at the old rate, 6.6 at twice that: complete after 6.3"
    );
    b.read(RDR);
    b.run_for(bits(10));
    assert_eq!(b.fates(), [Fate::Corrupted]);
}

#[test]
fn a_pulse_that_is_shorter_than_half_a_bit_is_no_start_bit() {
    let mut b = bench();
    let mut pulse = wire(&b, &[0xFF, 0xFF]);
    // 13 us low, in a bit of 32 us: low at samples 3, 5 and nothing after.
    pulse.bit_rate = Hertz::new(76_923);
    pulse.bytes[1].offset = bits(20);
    b.attach(pulse);
    b.run_for(bits(60));
    assert!(!isr(&mut b).contains(Isr::RXNE));
    assert_eq!(b.fates(), [Fate::Corrupted, Fate::Corrupted]);
    assert_eq!(units(&b)[0].received, None, "nothing was made of it");
}

#[test]
fn a_sampler_whose_clock_stops_hears_nothing_more_and_loses_the_character_at_a_reset() {
    let mut b = bench();
    send(&mut b, &[1, 2, 3]);
    b.run_for(bits(5));
    b.shared.clocks.usart[0] = Hertz::STOPPED;
    b.signal(&Signal::ClocksChanged);
    b.run_for(bits(40));
    assert_eq!(
        b.fates(),
        [Fate::InFlight, Fate::NotListening, Fate::NotListening]
    );
    b.reset();
    assert_eq!(b.fates()[0], Fate::Reset);
}
