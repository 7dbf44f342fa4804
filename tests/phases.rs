//! The stream against the erase at 100 phases of one byte: the fix holds at each, the fault shows at each.

mod common;

use std::collections::BTreeMap;

use common::hawk_scenario;
use flashstall::RunOptions;
use flashstall_mcu::Picos;

/// Runs `name` with the MIDI stream shifted by n hundredths of a byte time.
fn at_each_phase(name: &str, check: impl Fn(u64, &flashstall::Report)) {
    let scenario = hawk_scenario(name);
    for n in 0..100 {
        let shift = Picos(Picos::from_micros(320).0 * n / 100);
        let options = RunOptions {
            phase: BTreeMap::from([("midi".to_owned(), shift)]),
            ..RunOptions::default()
        };
        check(n, &scenario.run_with(&options).unwrap());
    }
}

#[test]
fn after_the_fix_nothing_is_lost_at_any_phase() {
    at_each_phase("after", |n, report| {
        assert!(report.is_met(), "phase {n}/100:\n{}", report.to_text())
    });
}

#[test]
fn after_the_fix_nothing_is_lost_at_any_phase_of_the_longest_erase() {
    at_each_phase("after-max", |n, report| {
        assert!(report.is_met(), "phase {n}/100:\n{}", report.to_text())
    });
}

#[test]
fn before_the_fix_the_loss_is_what_arithmetic_says_at_each_phase() {
    at_each_phase("before", |n, report| {
        assert!(report.is_met(), "phase {n}/100:\n{}", report.to_text());
        // floor(20 ms / 320 us) - 1, one more by the phase.
        assert!(
            (61..=62).contains(&report.wire("midi").unwrap().lost),
            "phase {n}/100"
        );
    });
}
