//! Assertions of the library: what holds passes in a chain, what does not fails with the numbers and the causal chain.
#![allow(missing_docs, reason = "tests have no API")]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};

use common::{hawk_scenario, run};
use flashstall::{DurationExt, Report};

/// What the assertion panics with.
fn failure(assertion: impl FnOnce() -> &'static str) -> String {
    let panic = catch_unwind(AssertUnwindSafe(assertion)).expect_err("it must fail");
    panic
        .downcast_ref::<String>()
        .cloned()
        .expect("a text with the numbers")
}

fn fails(report: &Report, assertion: impl FnOnce(&Report)) -> String {
    failure(|| {
        assertion(report);
        "passed"
    })
}

#[test]
fn what_holds_passes_in_a_chain() {
    let report = run(&hawk_scenario("after"));
    report
        .assert_met()
        .assert_nothing_lost()
        .latency("USART1")
        .max_below(1.micros())
        .longest_stall()
        .below(1.nanos())
        .longest_stall()
        .is_none()
        .buffer("capture")
        .equals_sent()
        .buffer("capture")
        .equals_delivered();
    assert_eq!(report.longest_stall().get(), None);
}

#[test]
fn what_does_not_hold_fails_with_numbers_and_chain() {
    let report = run(&hawk_scenario("before"));
    let text = fails(&report, |r| {
        r.assert_nothing_lost();
    });
    assert!(
        text.contains("61 of 640 lost on `midi` (61 overrun)"),
        "{text}"
    );
    for part in ["fetch", "page erase", "FLASH_ErasePage", "save_patch"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let text = fails(&report, |r| {
        r.latency("USART1").max_below(10.micros());
    });
    assert!(
        text.contains("USART1 waited 19.79 ms for its handler, at most 10 us is allowed for"),
        "{text}"
    );
    let text = fails(&report, |r| {
        r.longest_stall().below(19.millis());
    });
    assert!(
        text.contains("took 20 ms") && text.contains("FLASH_GetStatus"),
        "{text}"
    );
    report.longest_stall().below(21.millis());
    fails(&report, |r| {
        r.longest_stall().is_none();
    });
    let text = fails(&report, |r| {
        r.buffer("capture").equals_sent();
    });
    assert!(
        text.contains("579 of 640 bytes in it, 61 missing; first at #251"),
        "{text}"
    );
    report.buffer("capture").equals_delivered();
}

#[test]
fn the_longest_latency_itself_is_not_below_itself() {
    let report = run(&hawk_scenario("after"));
    let max = report.interrupt("USART1").unwrap().latency_max_s.unwrap();
    let max = std::time::Duration::from_secs_f64(max);
    fails(&report, |r| {
        r.latency("USART1").max_below(max);
    });
    report.latency("USART1").max_below(max + 1.nanos());
}

#[test]
fn names_that_do_not_exist_are_said_so() {
    let report = run(&hawk_scenario("after"));
    let text = fails(&report, |r| {
        let _ = r.latency("USRAT1");
    });
    assert!(
        text.contains("no interrupt `USRAT1` was requested; did you mean `USART1`?"),
        "{text}"
    );
    let text = fails(&report, |r| {
        let _ = r.buffer("captrue");
    });
    assert!(
        text.contains("no buffer `captrue`; it has: capture"),
        "{text}"
    );
}

#[test]
fn a_ring_that_was_lapped_lost_bytes_although_the_wire_did_not() {
    let path = common::root().join("scenarios/page-bootloader/f303-uart-dma-ring-small.toml");
    let report = flashstall::Scenario::from_path(&path)
        .unwrap()
        .run()
        .unwrap();
    assert_eq!(report.wires[0].lost, 0);
    let text = fails(&report, |r| {
        r.assert_nothing_lost();
    });
    assert!(
        text.contains("overwritten in the ring of DMA1 channel 5"),
        "{text}"
    );
}
