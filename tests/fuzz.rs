//! A seeded bug is found, made small, written down, and replays from there.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{hawk, root};
use flashstall::Scenario;
use flashstall::vary::Variation;
use flashstall::vary::fuzz::{FuzzOptions, Property, draw, fuzz, to_toml};

/// A new file in a folder of the test's own.
fn scratch(test: &str, name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("fuzz")
        .join(test);
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    let _ = std::fs::remove_file(&path);
    path
}

/// A burst while the synthesiser saves: `count` bytes at once, from 5 ms after the button on. The firmware promises to keep bursts of 16 bytes.
fn burst(elf: &str, at: &str) -> String {
    format!(
        r#"schema = "flashstall-scenario/1"
chip = "stm32f303xc"
firmware = {{ elf = {elf:?} }}
board = {{ hse = "8MHz" }}
flash = {{ page-erase = "20ms", program = "53.5us" }}

[[wire]]
name = "midi"
kind = "uart"
port = "USART1"
baud = 31250
at = "{at}"
traffic = {{ pattern = "midi-notes", count = 16 }}

[[wire]]
name = "button"
kind = "pin"
pin = "PA0"
at = "30ms"
traffic = {{ pulses = 1, width = "5ms" }}

[[buffer]]
name = "capture"
symbol = "midi_capture"
length-symbol = "midi_capture_count"
wire = "midi"

[run]
max-time = "200ms"
until = ["symbol:save_done", "wires"]
after = "5ms"
"#
    )
}

fn variation(text: &str, axes: &[&str]) -> Variation {
    let all = Scenario::from_toml(text, Path::new("burst.toml"), root())
        .unwrap_or_else(|e| panic!("{e}"));
    let axes: Vec<String> = axes.iter().map(|a| (*a).to_owned()).collect();
    Variation::new(&all[0], "--vary", &axes).unwrap_or_else(|e| panic!("{e}"))
}

const AXES: [&str; 4] = [
    "count=1..16",
    "baud=9600..115200",
    "erase=5ms..40ms",
    "phase=0us..40ms",
];

fn options(runs: u64) -> FuzzOptions {
    FuzzOptions {
        runs,
        seed: 1,
        threads: 2,
        state: None,
    }
}

#[test]
fn a_ring_that_is_one_byte_too_short_is_found_and_replays_from_the_file() {
    let elf = hawk("mutant-ring-short").display().to_string();
    let variation = variation(&burst(&elf, "20ms"), &AXES);
    let property = Property::parse("missing=0").unwrap();
    let found = fuzz(&variation, &property, &options(2_000), |_, _| {}).unwrap();
    let found = found.expect("the bug is found within 2 000 runs");
    assert!(found.run < 2_000 && found.found.missing > 0, "{found:?}");
    assert_eq!(
        (found.outcome.sent, found.outcome.missing),
        (16, 1),
        "{found:?}"
    );
    let file = scratch("ring", "counterexample.toml");
    std::fs::write(&file, to_toml(&variation, &found.file, &file)).unwrap();
    let report = Scenario::from_path(&file).unwrap().run().unwrap();
    assert_eq!(
        report.verdict,
        flashstall::Verdict::Failed,
        "{}",
        report.to_text()
    );
    assert_eq!(report.buffers[0].missing, 1);
    // Nothing of the kind in the firmware with the long ring.
    let elf = hawk("after").display().to_string();
    let sound = self::variation(&burst(&elf, "20ms"), &AXES);
    let none = fuzz(&sound, &property, &options(found.run + 64), |_, _| {}).unwrap();
    assert!(none.is_none(), "{none:?}");
}

#[test]
fn a_loss_on_the_wire_comes_down_to_two_bytes() {
    let elf = hawk("before").display().to_string();
    let text = burst(&elf, "20ms").replace("count = 16", "count = 200");
    let variation = variation(&text, &["baud=9600..115200", "erase=datasheet", "phase"]);
    let property = Property::parse("lost=0").unwrap();
    let found = fuzz(&variation, &property, &options(10), |_, _| {})
        .unwrap()
        .unwrap();
    assert_eq!(
        (found.outcome.sent, found.outcome.lost),
        (2, 1),
        "one waits in RDR, one is lost: {found:?}"
    );
}

#[test]
fn points_hang_on_seed_and_number_alone() {
    let elf = hawk("before").display().to_string();
    let variation = variation(&burst(&elf, "20ms"), &AXES);
    assert_eq!(draw(&variation, 7, 3), draw(&variation, 7, 3));
    let points: Vec<_> = (0..50).map(|run| draw(&variation, 7, run)).collect();
    let mut counts: Vec<i64> = points.iter().map(|p| p[0].number()).collect();
    counts.sort_unstable();
    counts.dedup();
    assert!(counts.len() > 10, "{counts:?}");
    assert_ne!(draw(&variation, 7, 3), draw(&variation, 8, 3));
}

#[test]
fn the_command_writes_the_counterexample_and_goes_on_where_it_was() {
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_flashstall"))
            .current_dir(root())
            .args(arguments)
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (
            output.status.code().unwrap(),
            text(output.stdout),
            text(output.stderr),
        )
    };
    let (out, state) = (
        scratch("command", "small.toml"),
        scratch("command", "state"),
    );
    let (out, state) = (out.to_str().unwrap(), state.to_str().unwrap());
    let before = "scenarios/hawk-midi/before.toml";
    let (code, text, err) = run(&[
        "fuzz", before, "--vary", "phase", "--runs", "5", "--out", out,
    ]);
    assert_eq!((code, err.as_str()), (1, ""), "{text}");
    assert!(
        text.starts_with("lost=0 does not hold: run 0 from seed 0\n"),
        "{text}"
    );
    let (code, text, err) = run(&["run", out]);
    assert_eq!(code, 1, "{text}{err}");
    assert!(text.contains("wire midi lost: expected 0, got 1"), "{text}");
    // A property that holds: cut in two, it comes to the same end, and another search is refused.
    let held = [
        "fuzz",
        before,
        "--vary",
        "phase",
        "--property",
        "resets=0",
        "--state",
        state,
    ];
    let with = |runs| [&held[..], &["--runs", runs]].concat();
    let (code, text, err) = run(&with("3"));
    assert_eq!(
        (code, text.as_str()),
        (0, "resets=0 holds in 3 runs from seed 0\n"),
        "{err}"
    );
    assert!(
        std::fs::read_to_string(state)
            .unwrap()
            .ends_with("property=resets=0 done=3\n")
    );
    assert_eq!(run(&with("8")).0, 0);
    assert!(
        std::fs::read_to_string(state)
            .unwrap()
            .ends_with(" done=8\n")
    );
    let (code, _, err) = run(&[&with("9")[..], &["--seed", "5"]].concat());
    assert!(code == 2 && err.contains("is of another search"), "{err}");
    let (code, _, err) = run(&["fuzz", before, "--vary", "phase", "--property", "lots=0"]);
    assert!(code == 2 && err.contains("did you mean `lost`?"), "{err}");
}
