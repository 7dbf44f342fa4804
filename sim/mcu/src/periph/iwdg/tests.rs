use super::*;
use crate::periph::testbench::{Bench, spec};

const BITTEN: Signal = Signal::Reset(ResetCause::IndependentWatchdog);

fn bench() -> Bench {
    Bench::new(&spec("IWDG"))
}

/// 40 kHz / 4, RLR 99: 10 ms.
fn started() -> Bench {
    let mut b = bench();
    b.write(KR, KEY_START);
    b.write(KR, KEY_ACCESS);
    b.write(RLR, 99);
    b.run_for(Picos::from_micros(200));
    b.write(KR, KEY_RELOAD);
    b
}

#[test]
fn it_bites_after_its_time() {
    let mut b = started();
    b.run_for(Picos::from_micros(9_999));
    assert_eq!(b.sent, []);
    b.run_for(Picos::from_micros(2));
    assert_eq!(b.sent, [BITTEN]);
}

#[test]
fn a_reload_in_time_keeps_it_quiet() {
    let mut b = started();
    for _ in 0..5 {
        b.run_for(Picos::from_millis(9));
        b.write(KR, KEY_RELOAD);
    }
    assert_eq!(b.sent, []);
}

#[test]
fn only_a_reset_stops_it() {
    let mut b = started();
    b.write(KR, 0);
    b.reset();
    b.run_for(Picos::SECOND);
    assert_eq!(b.sent, []);
    assert_eq!(b.read(RLR), COUNTER);
}

#[test]
fn registers_open_only_to_the_key() {
    let mut b = bench();
    b.write(PR, 3);
    assert_eq!(b.read(PR), 0);
    b.write(KR, KEY_ACCESS);
    b.write(PR, 3);
    b.write(KR, KEY_RELOAD);
    b.write(RLR, 5);
    assert_eq!(
        (b.read(PR), b.read(RLR), b.read(KR)),
        (3, COUNTER, 0),
        "any other key closes them"
    );
}

#[test]
fn update_flags_fall_after_five_lsi_periods() {
    let mut b = bench();
    b.write(KR, KEY_ACCESS);
    b.write(PR, 3);
    b.write(PR, 4);
    assert_eq!(
        (b.read(SR), b.read(PR)),
        (Sr::PVU.bits(), 3),
        "busy: ignored"
    );
    b.run_for(Picos::from_micros(124));
    assert_eq!(b.read(SR), Sr::PVU.bits());
    b.run_for(Picos::from_micros(2));
    assert_eq!(b.read(SR), 0);
    b.write(PR, 4);
    assert_eq!(b.read(PR), 4);
}

#[test]
fn a_reload_outside_the_window_bites() {
    let mut b = started();
    b.write(KR, KEY_ACCESS);
    b.write(WINR, 50);
    b.run_for(Picos::from_micros(5_500));
    b.write(KR, KEY_RELOAD);
    assert_eq!(b.sent, [], "the counter is at 44");
    b.run_for(Picos::from_micros(3_000));
    b.write(KR, KEY_RELOAD);
    assert_eq!(b.sent, [BITTEN], "the counter is at 69");
}

#[test]
fn a_new_prescaler_counts_on_from_where_the_counter_is() {
    let mut b = started();
    b.run_for(Picos::from_millis(5));
    b.write(KR, KEY_ACCESS);
    b.write(PR, 1);
    b.run_for(Picos::from_micros(9_900));
    assert_eq!(b.sent, [], "50 more counts, now 0.2 ms each");
    b.run_for(Picos::from_micros(500));
    assert_eq!(b.sent, [BITTEN]);
}
