use super::bits::{ARR, CCMR1, CCMR2, CCR1, CNT, CR1, DIER, EGR, PSC, SMCR, SR, UIFCPY};
use super::*;
use crate::Hertz;
use crate::periph::testbench::{Bench, spec};
use proptest::prelude::*;

const UG: u32 = 1;
const TIM2_IRQ: u16 = 28;
const CEN: u32 = Cr1::CEN.bits();
const UIF: u32 = Sr::UIF.bits();

fn bench(name: &str) -> Bench {
    let mut b = Bench::new(&spec(name));
    b.reset();
    b
}

/// TIM2 at 8 MHz: a count a microsecond, an update every 250.
fn envelope() -> Bench {
    let mut b = bench("TIM2");
    b.write(PSC, 7);
    b.write(ARR, 249);
    b.write(EGR, UG);
    b.write(SR, !UIF);
    b.write(CR1, CEN);
    b
}

fn lost(b: &Bench) -> u64 {
    b.shared
        .log
        .interrupts
        .get(&(TIM2_IRQ + 16))
        .map_or(0, |totals| totals.pended_lost)
}

#[test]
fn cnt_follows_the_cycles() {
    let mut b = envelope();
    b.run_cycles(8 * 100 + 7);
    assert_eq!(b.read(CNT), 100);
    b.run_cycles(1);
    assert_eq!(b.read(CNT), 101);
    assert_eq!(
        b.shared.side_effects, 2,
        "a running counter must not be skipped over"
    );
    b.run_cycles(8 * 249);
    assert_eq!((b.read(CNT), b.read(SR) & UIF), (100, UIF));
}

#[test]
fn reset_values() {
    for (name, arr) in [("TIM2", !0), ("TIM3", 0xFFFF), ("TIM6", 0xFFFF)] {
        let mut b = bench(name);
        assert_eq!(
            (b.read(CR1), b.read(SR), b.read(ARR)),
            (0, 0, arr),
            "{name}"
        );
    }
}

#[test]
fn psc_waits_for_an_update() {
    let mut b = bench("TIM3");
    b.write(ARR, 99);
    b.write(CR1, CEN);
    b.write(PSC, 9);
    b.run_cycles(50);
    assert_eq!(b.read(CNT), 50, "still undivided");
    b.run_cycles(50 + 25);
    assert_eq!(b.read(CNT), 2, "divided from the update on");
}

#[test]
fn arr_waits_only_with_arpe() {
    let mut b = bench("TIM3");
    b.write(ARR, 99);
    b.write(CR1, CEN | Cr1::ARPE.bits());
    b.write(ARR, 9);
    b.run_cycles(50);
    assert_eq!(b.read(CNT), 50);
    b.run_cycles(62);
    assert_eq!(b.read(CNT), 2, "100 counts, then periods of 10");
    b.write(CR1, CEN);
    b.write(ARR, 4);
    b.run_cycles(3);
    assert_eq!(b.read(CNT), 0, "at once");
}

#[test]
fn ug_reloads_and_sets_uif_unless_urs() {
    let mut b = bench("TIM3");
    b.write(CNT, 55);
    b.write(EGR, UG);
    assert_eq!((b.read(CNT), b.read(SR)), (0, UIF));
    b.write(SR, 0);
    b.write(CR1, Cr1::URS.bits());
    b.write(PSC, 3);
    b.write(EGR, UG);
    assert_eq!(b.read(SR), 0);
    b.write(CR1, CEN | Cr1::URS.bits());
    b.run_cycles(8);
    assert_eq!(b.read(CNT), 2, "the prescaler was taken over");
}

#[test]
fn one_pulse_stops_itself() {
    let mut b = bench("TIM6");
    b.write(ARR, 99);
    b.write(CR1, CEN | Cr1::OPM.bits());
    b.run_cycles(99);
    assert_eq!(b.read(CR1) & CEN, CEN);
    b.run_cycles(1);
    assert_eq!((b.read(CR1) & CEN, b.read(SR), b.read(CNT)), (0, UIF, 0));
}

#[test]
fn the_interrupt_follows_flag_and_enable() {
    let mut b = envelope();
    b.write(DIER, Dier::UIE.bits());
    b.run_cycles(8 * 250 - 1);
    assert!(!b.shared.irq.is_high(TIM2_IRQ));
    b.run_cycles(1);
    assert!(b.shared.irq.is_high(TIM2_IRQ));
    b.write(SR, !UIF);
    assert!(!b.shared.irq.is_high(TIM2_IRQ));
    b.run_cycles(8 * 250);
    assert!(b.shared.irq.is_high(TIM2_IRQ), "and again");
    b.write(DIER, 0);
    assert!(!b.shared.irq.is_high(TIM2_IRQ));
}

#[test]
fn updates_while_uif_is_set_are_lost_requests() {
    let mut b = envelope();
    b.write(DIER, Dier::UIE.bits());
    b.run_for(crate::Picos::from_millis(20));
    assert_eq!(lost(&b), 79, "80 updates in 20 ms, one flag");
}

#[test]
fn a_storm_that_nobody_serves_costs_a_few_events() {
    let mut b = bench("TIM2");
    b.write(ARR, 1);
    b.write(DIER, Dier::UIE.bits());
    b.write(CR1, CEN);
    b.run_for(crate::Picos::from_millis(100));
    assert!(b.events < 1_000, "{} events for 400 000 updates", b.events);
    b.write(SR, 0);
    assert_eq!(lost(&b), 400_000 - 1);
    b.write(DIER, 0);
    b.run_cycles(2);
    assert_eq!(
        b.shared.sched.next(),
        crate::Picos::NEVER,
        "UIF is set and nothing else can change"
    );
}

#[test]
fn compare_flags_come_at_their_count() {
    let mut b = envelope();
    b.write(CCR1, 100);
    b.write(CCR1 + 4, 300);
    b.write(SR, 0);
    b.run_cycles(8 * 100 - 1);
    assert_eq!(b.read(SR) & 0b110, 0);
    b.run_cycles(1);
    assert_eq!(b.read(SR) & 0b110, 0b010);
    b.run_cycles(8 * 150);
    assert_eq!(b.read(SR) & 0b110, 0b110, "beyond ARR: at the overflow");
}

#[test]
fn uifremap_shows_uif_above_the_count() {
    let mut b = envelope();
    b.write(CR1, CEN | Cr1::UIFREMAP.bits());
    b.run_cycles(8 * 260);
    assert_eq!(b.read(CNT), UIFCPY | 10);
    b.write(SR, 0);
    assert_eq!(b.read(CNT), 10);
}

#[test]
fn a_clock_change_keeps_the_count() {
    let mut b = envelope();
    b.run_cycles(800);
    b.shared.clocks.timclk1 = Hertz::new(4_000_000);
    b.signal(&Signal::ClocksChanged);
    b.run_cycles(800);
    assert_eq!(b.read(CNT), 150, "100 at full speed, 50 at half");
    b.run_cycles(16 * 100);
    assert_eq!(b.read(SR) & UIF, UIF, "the update moved too");
}

#[test]
fn a_closed_gate_freezes_the_count() {
    let mut b = envelope();
    b.run_cycles(800);
    b.shared.clocked[b.id.0] = false;
    b.signal(&Signal::ClocksChanged);
    b.run_cycles(80_000);
    b.shared.clocked[b.id.0] = true;
    b.signal(&Signal::ClocksChanged);
    b.run_cycles(8);
    assert_eq!((b.read(CNT), b.read(SR) & UIF), (101, 0));
}

#[test]
fn what_is_left_out_is_refused_when_it_is_switched_on() {
    let mut b = bench("TIM2");
    assert_eq!(b.try_write(SMCR, 0), Ok(()));
    assert_eq!(
        b.try_write(SMCR, 7),
        Err(Refusal::Unmodelled),
        "external clock"
    );
    assert_eq!(
        b.try_write(DIER, Dier::UDE.bits()),
        Err(Refusal::Unmodelled)
    );
    assert_eq!(
        b.try_write(CCMR1, 1),
        Ok(()),
        "an input that is not enabled"
    );
    assert_eq!(b.try_write(super::bits::CCER, 1), Err(Refusal::Unmodelled));
    assert_eq!(
        bench("TIM6").try_write(CCR1, 1),
        Err(Refusal::Unmodelled),
        "a basic timer has no channels"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// However the time is cut up, the count, the flag and the updates are those of cycle arithmetic.
    #[test]
    fn count_and_updates_do_not_depend_on_who_looks_when(
        psc in 0u32..20, arr in 1u32..500, spans in proptest::collection::vec(1u64..5_000, 1..20),
    ) {
        let mut b = bench("TIM2");
        b.write(PSC, psc);
        b.write(ARR, arr);
        b.write(EGR, UG);
        b.write(SR, 0);
        b.write(DIER, Dier::UIE.bits());
        b.write(CR1, CEN);
        let (mut total, mut served) = (0, 0);
        for span in spans {
            b.run_cycles(span);
            total += span;
            let counts = total / (u64::from(psc) + 1);
            let updates = counts / (u64::from(arr) + 1);
            prop_assert_eq!(u64::from(b.read(CNT)), counts % (u64::from(arr) + 1));
            if b.read(SR) & UIF != 0 {
                served += 1;
                b.write(SR, !UIF);
            }
            prop_assert_eq!(served + lost(&b), updates);
        }
    }
}

#[test]
fn looking_often_does_not_slow_the_count() {
    let mut b = envelope();
    b.shared.clocks.timclk1 = Hertz::new(1_000_000);
    b.signal(&Signal::ClocksChanged);
    let start = b.read(CNT);
    for _ in 0..64 {
        b.run_cycles(10);
        b.read(SR);
    }
    assert_eq!(
        b.read(CNT) - start,
        10,
        "640 cycles, 8 a timer clock, 8 clocks a count"
    );
}

#[test]
fn a_timer_with_one_channel() {
    let mut b = Bench::on("stm32f429xi", "TIM10");
    b.reset();
    b.write(CCMR1, 0x68);
    assert_eq!(b.try_read(CCMR2), Err(Refusal::Unmodelled));
    assert_eq!(b.try_read(CCR1 + 4), Err(Refusal::Unmodelled));
    b.write(CR1, Cr1::DIR.bits());
    assert_eq!(b.read(CR1), 0, "counts up only");
}

const RCR: u32 = super::bits::RCR;
const BDTR: u32 = super::bits::BDTR;
const CC1: u32 = Sr::CC1IF.bits();

/// TIM1 of an F303 at 8 MHz, a period of 100 clocks.
fn advanced() -> Bench {
    let mut b = bench("TIM1");
    b.write(ARR, 99);
    b
}

#[test]
fn the_repetition_counter_thins_updates_out() {
    let mut b = advanced();
    b.write(RCR, 2);
    b.write(EGR, UG);
    b.write(SR, 0);
    b.write(CR1, CEN);
    b.run_cycles(299);
    assert_eq!(b.read(SR) & UIF, 0, "two overflows have gone by");
    b.run_cycles(1);
    assert_eq!((b.read(SR) & UIF, b.read(CNT)), (UIF, 0));
    // A new value counts from the next update on.
    b.write(RCR, 0);
    b.write(SR, 0);
    b.run_cycles(299);
    assert_eq!(b.read(SR) & UIF, 0);
    b.run_cycles(1);
    b.write(SR, 0);
    b.run_cycles(100);
    assert_eq!(b.read(SR) & UIF, UIF);
    b.write(RCR, !0);
    assert_eq!(b.read(RCR), 0xFFFF, "16 bits on this part");
}

#[test]
fn an_advanced_timer_has_a_line_for_each_kind() {
    const LINES: [u16; 4] = [24, 25, 26, 27];
    let high = |b: &Bench| LINES.map(|irq| b.shared.irq.is_high(irq));
    let mut b = advanced();
    b.write(CCR1, 50);
    b.write(
        DIER,
        (Dier::UIE | Dier::CCIE | Dier::COMIE | Dier::BIE).bits(),
    );
    b.write(CR1, CEN);
    b.run_cycles(50);
    assert_eq!(high(&b), [false, false, false, true], "compare");
    b.write(SR, !CC1);
    b.run_cycles(50);
    // Channels 2 to 4 compare with 0, and match where the update is.
    assert_eq!(high(&b), [false, true, false, true], "update");
    b.write(SR, 0);
    b.write(EGR, Sr::COMIF.bits());
    assert_eq!(high(&b), [false, false, true, false], "commutation");
    b.write(SR, 0);
    b.write(EGR, Sr::BIF.bits());
    assert_eq!(high(&b), [true, false, false, false], "break");
}

#[test]
fn a_break_by_software() {
    let mut b = advanced();
    b.write(BDTR, 0x8042);
    b.write(EGR, Sr::BIF.bits());
    assert_eq!((b.read(SR), b.read(BDTR)), (Sr::BIF.bits(), 0x0042));
    let mut plain = bench("TIM2");
    assert_eq!(plain.try_read(BDTR), Err(Refusal::Unmodelled));
    assert_eq!(plain.try_read(RCR), Err(Refusal::Unmodelled));
    plain.write(DIER, Dier::BIE.bits());
    plain.write(EGR, Sr::BIF.bits());
    assert_eq!((plain.read(DIER), plain.read(SR)), (0, 0));
}
