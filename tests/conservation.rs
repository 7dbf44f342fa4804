//! The books balance for every firmware, rate, erase time and phase: each byte sent is accounted for exactly once, and the
//! chains are causal.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::hawk;
use flashstall::chain::Link;
use flashstall::firmware::Firmware;
use flashstall::{Report, Scenario};
use proptest::prelude::*;

fn run(
    variant: &str,
    baud: u32,
    erase_us: u64,
    phase_ns: u64,
    error_ppm: i32,
    jitter_us: u64,
) -> Report {
    let firmware = Arc::new(Firmware::from_path(&hawk(variant)).unwrap());
    Scenario::builder("stm32f303xc")
        .firmware(firmware)
        .hse(8_000_000)
        .page_erase(Duration::from_micros(erase_us))
        .uart("midi", "USART1", baud, |w| {
            w.pattern("random", 300)
                .at(Duration::from_millis(20) + Duration::from_nanos(phase_ns))
                .clock_error_ppm(error_ppm)
                .jitter(Duration::from_micros(jitter_us), phase_ns)
        })
        .pulse("button", "PA0", Duration::from_millis(40))
        .buffer("capture", "midi_capture", "midi_capture_count", "midi")
        .run_for(Duration::from_millis(150))
        .build()
        .run()
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn sent_is_delivered_plus_lost_and_chains_run_back_in_time(
        variant in prop::sample::select(vec!["before", "after", "as-published", "mutant-callee-in-flash", "mutant-const-in-flash"]),
        baud in 28_000u32..36_000,
        erase_us in 1_000u64..60_000,
        phase_ns in 0u64..1_000_000,
        error_ppm in -40_000i32..40_000,
        jitter_us in 0u64..400,
    ) {
        let report = run(variant, baud, erase_us, phase_ns, error_ppm, jitter_us);
        for wire in &report.wires {
            prop_assert_eq!(wire.sent, wire.delivered + wire.lost);
            prop_assert_eq!(wire.lost, wire.lost_by_cause.values().sum::<u64>());
        }
        let lost: u64 = report.wires.iter().map(|w| w.lost).sum();
        prop_assert_eq!(lost, report.losses.len() as u64 + report.losses_not_listed);
        prop_assert_eq!(report.losses.len() as u64, report.causes.iter().map(|c| c.count).sum::<u64>());
        let capture = report.find_buffer("capture").unwrap();
        prop_assert!(capture.received <= report.wire("midi").unwrap().sent);
        for loss in &report.losses {
            for link in &loss.chain {
                match link {
                    Link::StillHeld { unit, .. } => prop_assert!(*unit < loss.unit, "{}", loss.text),
                    Link::Pending { since_s, .. } | Link::HandlerRunning { since_s, .. } => {
                        prop_assert!(*since_s <= report.time_s && *since_s <= loss.at_s.max(report.time_s), "{}", loss.text);
                    }
                    _ => {}
                }
            }
        }
    }
}
