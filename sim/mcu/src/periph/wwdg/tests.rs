use super::*;
use crate::Picos;
use crate::periph::testbench::{Bench, spec};

const BITTEN: Signal = Signal::Reset(ResetCause::WindowWatchdog);
/// A step at PCLK1 = 8 MHz and WDGTB = 0.
const STEP_TIME: Picos = Picos::from_micros(512);

fn bench() -> Bench {
    let mut b = Bench::new(&spec("WWDG"));
    b.reset();
    b
}

fn steps(n: u64) -> Picos {
    Picos(STEP_TIME.0 * n)
}

#[test]
fn it_bites_when_t6_falls() {
    let mut b = bench();
    b.write(CR, Cr::WDGA.bits() | 0x7F);
    b.run_for(steps(64) - Picos(1_000_000));
    assert_eq!(b.sent, []);
    assert_eq!(b.read(CR), Cr::WDGA.bits() | 0x40);
    b.run_for(Picos(2_000_000));
    assert_eq!(b.sent, [BITTEN]);
}

#[test]
fn a_write_without_t6_bites_at_once() {
    let mut b = bench();
    b.write(CR, Cr::WDGA.bits() | 0x3F);
    assert_eq!(b.sent, [BITTEN]);
}

#[test]
fn a_refresh_outside_the_window_bites() {
    let mut b = bench();
    b.write(CFR, 0x50);
    b.write(CR, Cr::WDGA.bits() | 0x60);
    b.run_for(steps(17));
    b.write(CR, 0x60);
    assert_eq!(b.sent, [], "T is 0x4F");
    assert_ne!(
        b.read(CR) & Cr::WDGA.bits(),
        0,
        "software cannot switch it off"
    );
    b.run_for(steps(3));
    b.write(CR, 0x60);
    assert_eq!(b.sent, [BITTEN], "T is 0x5D");
}

#[test]
fn the_early_warning_comes_one_step_before() {
    let mut b = bench();
    b.write(CFR, Cfr::EWI.bits() | Cfr::W.bits() | 1 << 7);
    b.write(CFR, Cfr::W.bits() | 1 << 7);
    b.write(CR, Cr::WDGA.bits() | 0x42);
    b.run_for(steps(4) - Picos(1_000_000));
    assert_eq!(b.read(SR), 0);
    b.run_for(Picos(2_000_000));
    assert_eq!(b.read(SR), 1, "two steps of 2 x 4096");
    assert!(b.shared.irq.is_high(0), "EWI cannot be cleared");
    b.write(SR, 0);
    assert!(!b.shared.irq.is_high(0));
    assert_eq!(b.sent, []);
    b.run_for(steps(2));
    assert_eq!(b.sent, [BITTEN]);
}

#[test]
fn without_wdga_it_only_counts() {
    let mut b = bench();
    b.write(CR, 0x7F);
    b.run_for(steps(70) + Picos(1_000_000));
    assert_eq!((b.read(CR), b.sent.len()), (0x7F - 70, 0));
}

#[test]
fn a_clock_change_that_leaves_its_clock_alone_leaves_its_end_alone() {
    let mut b = bench();
    b.write(CR, Cr::WDGA.bits() | 0x41);
    for _ in 0..3 {
        b.run_for(Picos::from_micros(300));
        b.signal(&Signal::ClocksChanged);
    }
    b.sent.clear();
    b.run_for(Picos::from_micros(123));
    assert_eq!(b.sent, []);
    b.run_for(Picos::from_micros(2));
    assert_eq!(b.sent, [BITTEN], "two steps of 512 us");
}
