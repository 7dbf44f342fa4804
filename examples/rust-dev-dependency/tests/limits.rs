//! Limits as assertions, for what a file cannot say: many values in one test, a build that must fail.

use std::path::PathBuf;

use flashstall::{DurationExt, Report, Scenario};

/// What the build put there; a real repository would say `target/thumbv7em-none-eabihf/release/…`.
fn firmware(build: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../firmware-under-test/hawk-midi/elf")
        .join(build)
        .with_extension("elf")
}

/// Saves one patch while `baud` arrives without a gap.
fn save(build: &str, baud: u32, erase_ms: u64) -> Report {
    Scenario::builder("stm32f303xc")
        .name(&format!("{build} at {baud} baud, {erase_ms} ms erase"))
        .elf(firmware(build))
        .hse(8_000_000)
        .page_erase(erase_ms.millis())
        .uart("midi", "USART1", baud, |w| {
            w.pattern("midi-notes", 400).at(20.millis())
        })
        .pulse("button", "PA0", 50.millis())
        .buffer("capture", "midi_capture", "midi_capture_count", "midi")
        .run_for(300.millis())
        .build()
        .run()
        .unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn nothing_is_lost_with_the_shortest_and_the_longest_erase_of_the_data_sheet() {
    for erase_ms in [20, 40] {
        save("after", 31_250, erase_ms)
            .assert_nothing_lost()
            .latency("USART1")
            .max_below(10.micros())
            .longest_stall()
            .is_none()
            .buffer("capture")
            .equals_sent();
    }
}

#[test]
fn the_old_build_would_not_pass() {
    let report = save("before", 31_250, 20);
    assert!(
        report.wire("midi").is_some_and(|w| w.lost >= 60),
        "{}",
        report.to_text()
    );
}
