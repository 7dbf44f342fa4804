//! Scenario files that cannot be run: one error each, at its place, as a person sees it.

mod common;

use std::path::Path;

use common::golden;
use flashstall::Scenario;

const GOOD: &str = r#"schema = "flashstall-scenario/1"
chip = "stm32f303xc"

[firmware]
elf = "firmware-under-test/hawk-midi/elf/before.elf"

[board]
hse = "8MHz"

[flash]
page-erase = "20ms"

[[wire]]
name = "midi"
kind = "uart"
port = "USART1"
baud = 31250
on = "symbol:save_patch"
traffic = { hex = "90 3c 40" }

[[wire]]
name = "button"
kind = "pin"
pin = "PA0"
at = "100ms"
traffic = { pulses = 1 }

[[buffer]]
name = "capture"
symbol = "midi_capture"
length-symbol = "midi_capture_count"
wire = "midi"

[run]
max-time = "10ms"
until = "symbol:save_done"

[[expect.wire]]
name = "midi"
lost = "<=3"

[[expect.interrupt]]
name = "USART1"
latency = "<=10us"
"#;

/// What is said after `from` was replaced by `to`.
fn complaint(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    let text = GOOD.replacen(from, to, 1);
    let all = match Scenario::from_toml(&text, Path::new("bad.toml"), common::root()) {
        Ok(all) => all,
        Err(error) => return error.to_string(),
    };
    match all[0].prepare() {
        Ok(_) => panic!("nothing is wrong with {to}"),
        Err(error) => {
            assert!(error.line_column().is_some(), "no place: {error}");
            error.to_string()
        }
    }
}

#[test]
fn the_scenario_that_is_spoilt_below_is_good() {
    let all = Scenario::from_toml(GOOD, Path::new("good.toml"), common::root()).unwrap();
    all[0].prepare().unwrap();
}

#[test]
fn each_mistake_has_its_message() {
    let mistakes = [
        ("max-time = \"10ms\"", "max-time = \"20 parsecs\""),
        ("max-time = \"10ms\"", "max-time = 10"),
        ("max-time = \"10ms\"", "max-time = \"10\""),
        ("max-time = \"10ms\"", ""),
        ("max-time = \"10ms\"", "max-time = \"0ms\""),
        ("baud = 31250", "buad = 31250"),
        ("baud = 31250", "baud = 20000000"),
        ("baud = 31250", "baud = 0"),
        ("baud = 31250", "baud = \"fast\""),
        ("baud = 31250", "baud = 31250\nclock-error = \"60%\""),
        ("baud = 31250", "baud = 31250\nformat = \"8X1\""),
        ("flashstall-scenario/1", "flashstall-scenario/9"),
        ("stm32f303xc", "stm32f303xz"),
        ("elf/before.elf", "elf/befor.elf"),
        ("elf/before.elf", "flash.c"),
        ("\"8MHz\"", "\"8 MHzz\""),
        ("page-erase = \"20ms\"", "page-erase = \"0s\""),
        ("port = \"USART1\"", "port = \"USART9\""),
        ("port = \"USART1\"", "pin = \"PA0\""),
        ("symbol:save_patch", "symbol:save_pacth"),
        ("symbol:save_patch", "erase-start"),
        ("hex = \"90 3c 40\"", "hex = \"90 3\""),
        ("hex = \"90 3c 40\"", "pattern = \"midi-note\", count = 3"),
        ("hex = \"90 3c 40\"", "hex = \"90\", text = \"x\""),
        ("hex = \"90 3c 40\"", "counter = 0, count = 99999999"),
        ("hex = \"90 3c 40\"", "file = \"no-such.mid\""),
        ("hex = \"90 3c 40\"", "hex = \"90 3c 40\", burst = 2"),
        ("hex = \"90 3c 40\"", "hex = \"90 3c 40\", pause = \"1ms\""),
        (
            "hex = \"90 3c 40\"",
            "hex = \"90\", burst = 0, pause = \"1ms\"",
        ),
        ("hex = \"90 3c 40\"", "commands = [\"90 3c\", \"4\"]"),
        (
            "hex = \"90 3c 40\"",
            "chunks = [{ at = \"2ms\", hex = \"90\" }, { at = \"1ms\", hex = \"3c\" }]",
        ),
        (
            "hex = \"90 3c 40\"",
            "chunks = [{ at = \"2ms\", hex = \"9\" }]",
        ),
        ("hex = \"90 3c 40\"", "chunks = [], count = 3"),
        ("hex = \"90 3c 40\"", "chunks = [], text = \"x\""),
        ("pulses = 1", "chunks = []"),
        ("hex = \"90 3c 40\"", "hex = \"90\", extended-share = 5"),
        ("pulses = 1", "pulses = 1, burst = 2, pause = \"1ms\""),
        ("pin = \"PA0\"", "pin = \"PA16\""),
        ("pin = \"PA0\"", "pin = \"PG0\""),
        ("[flash]", "[pins]\nhigh = [\"PH3\"]\n\n[flash]"),
        ("pulses = 1", "pulses = 3"),
        (
            "pulses = 1",
            "edges = [{ at = \"2ms\", high = true }, { at = \"1ms\", high = false }]",
        ),
        ("name = \"button\"", "name = \"midi\""),
        ("\"midi_capture\"", "\"midi_captures\""),
        ("wire = \"midi\"", "wire = \"mdii\""),
        ("wire = \"midi\"", "wire = \"button\""),
        ("symbol:save_done", "save_done"),
        ("lost = \"<=3\"", "lost = \"a few\""),
        ("lost = \"<=3\"", "lost = \"5..=3\""),
        ("lost = \"<=3\"", "lost-by-cause = { overun = 1 }"),
        ("name = \"USART1\"\nlatency", "name = \"USART7\"\nlatency"),
        ("latency = \"<=10us\"", "latency = \"10us\""),
        ("[board]", "[bored]"),
        ("chip = \"stm32f303xc\"", "chip = \"stm32f303xc"),
        (
            "at = \"100ms\"",
            "at = \"100ms\"\non = \"flash:erase-start\"",
        ),
    ];
    let all: Vec<String> = mistakes
        .iter()
        .map(|(from, to)| format!("# {from:?} -> {to:?}\n{}\n", complaint(from, to)))
        .collect();
    golden("bad_scenarios.txt", &all.join("\n"));
}

#[test]
fn a_file_that_is_not_there() {
    let error = Scenario::from_path("no/such.toml").unwrap_err();
    assert_eq!(
        error.to_string(),
        "error: cannot read `no/such.toml`: No such file or directory (os error 2)"
    );
}

#[test]
fn what_is_written_is_read_back_the_same() {
    let all = Scenario::from_toml(GOOD, Path::new("good.toml"), common::root()).unwrap();
    let again =
        Scenario::from_toml(&all[0].to_toml(), Path::new("again.toml"), common::root()).unwrap();
    assert_eq!(all[0].file(), again[0].file());
}
