//! Timelines, read back by parsers that are not ours and held against the report and the scenario.

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{hawk_scenario, root};
use flashstall::timeline::{Timeline, perfetto, vcd};
use flashstall::{Report, RunOptions, Scenario};
use vcd_reader as reader;

extern crate vcd as vcd_reader;

fn recorded(scenario: &Scenario) -> (Report, Timeline) {
    scenario.run_recorded(&RunOptions::default()).unwrap()
}

/// Values of each signal by its path: time in picoseconds and value; `None` is unknown.
type Signals = BTreeMap<String, Vec<(u64, Option<u64>)>>;

fn read(text: &str) -> (Signals, u64) {
    let mut parser = reader::Parser::new(text.as_bytes());
    let header = parser.parse_header().unwrap();
    assert_eq!(header.timescale, Some((1, reader::TimescaleUnit::PS)));
    let mut names = BTreeMap::new();
    fn walk(items: &[reader::ScopeItem], path: &str, names: &mut BTreeMap<reader::IdCode, String>) {
        for item in items {
            match item {
                reader::ScopeItem::Scope(s) => {
                    walk(&s.items, &format!("{path}{}.", s.identifier), names);
                }
                reader::ScopeItem::Var(v) => {
                    names.insert(v.code, format!("{path}{}", v.reference));
                }
                _ => {}
            }
        }
    }
    walk(&header.items, "", &mut names);
    let mut signals = Signals::new();
    let mut now = 0;
    let mut put = |code: reader::IdCode, at: u64, value: Option<u64>| {
        signals
            .entry(names[&code].clone())
            .or_default()
            .push((at, value));
    };
    for command in parser {
        match command.unwrap() {
            reader::Command::Timestamp(at) => {
                assert!(at >= now, "time runs back: {at} after {now}");
                now = at;
            }
            reader::Command::ChangeScalar(code, v) => {
                let bit = match v {
                    reader::Value::V0 => Some(0),
                    reader::Value::V1 => Some(1),
                    _ => None,
                };
                put(code, now, bit);
            }
            reader::Command::ChangeVector(code, v) => {
                let bits = v.iter().try_fold(0u64, |n, b| match b {
                    reader::Value::V0 => Some(n << 1),
                    reader::Value::V1 => Some(n << 1 | 1),
                    _ => None,
                });
                put(code, now, bits);
            }
            _ => {}
        }
    }
    (signals, now)
}

/// Time for which a signal is 1.
fn high(signal: &[(u64, Option<u64>)], end: u64) -> u64 {
    let ends = signal.iter().skip(1).map(|s| s.0).chain([end]);
    let spans = signal.iter().zip(ends).filter(|(s, _)| s.1 == Some(1));
    spans.map(|(s, end)| end - s.0).sum()
}

fn level_at(signal: &[(u64, Option<u64>)], at: u64) -> u64 {
    let next = signal.partition_point(|s| s.0 <= at);
    signal[next - 1].1.unwrap()
}

fn picos(s: f64) -> u64 {
    (s * 1e12).round() as u64
}

#[test]
fn the_dump_says_what_the_report_says() {
    let (report, timeline) = recorded(&hawk_scenario("before"));
    let (signals, end) = read(&vcd::write(&timeline));
    assert_eq!(end, picos(report.time_s));
    // Every signal has its value at time zero.
    assert!(signals.values().all(|s| s[0].0 == 0));

    // Losses: as many steps as losses, at their times.
    let midi = &signals["flashstall.wires.midi.lost"];
    let times: Vec<u64> = midi.iter().skip(1).map(|s| s.0).collect();
    let told = report.losses.iter().filter(|l| l.wire == "midi");
    let told: Vec<u64> = told.map(|l| picos(l.at_s)).collect();
    assert_eq!(times, told);
    assert_eq!(midi.last().unwrap().1, Some(61));

    // The flash is busy as long as its operations take, the core is held as long as the stalls.
    let busy = high(&signals["flashstall.flash.bank1_busy"], end);
    assert_eq!(
        busy,
        picos(report.operations.iter().map(|o| o.total_s).sum())
    );
    let s = report.stalls;
    let held = picos(s.fetch.total_s + s.data.total_s + s.vector.total_s + s.register.total_s);
    assert_eq!(high(&signals["flashstall.core.held"], end), held);

    // Exceptions: nothing is active at the end but what is running, and each number is one of the report's.
    let numbers: Vec<u64> = report.interrupts.iter().map(|i| i.number.into()).collect();
    let active = &signals["flashstall.core.exception"];
    assert!(
        active
            .iter()
            .all(|(_, n)| n.unwrap() == 0 || numbers.contains(&n.unwrap()))
    );
    let usart1 = report.interrupt("USART1").unwrap();
    let entries = active
        .iter()
        .filter(|(_, n)| *n == Some(usart1.number.into()))
        .count() as u64;
    assert!(entries >= usart1.taken, "{entries} {}", usart1.taken);
}

/// A UART that looks at the middle of each bit of the dumped line hears what the scenario sends: 8N1 at 31250 baud.
#[test]
fn the_level_of_the_line_can_be_decoded() {
    let (report, timeline) = recorded(&hawk_scenario("before"));
    let (signals, _) = read(&vcd::write(&timeline));
    let line = &signals["flashstall.wires.midi.level"];
    assert_eq!(line[0], (0, Some(1)), "idle is high");
    let bit = 32_000_000;
    let (mut heard, mut at) = (Vec::new(), 0);
    while let Some((start, _)) = line.iter().find(|(t, v)| *t >= at && *v == Some(0)) {
        let middle = |n: u64| level_at(line, start + bit * n + bit / 2);
        assert_eq!(
            (middle(0), middle(9)),
            (0, 1),
            "start and stop bit at {start}"
        );
        heard.push((1..=8).map(|n| middle(n) << (n - 1)).sum::<u64>());
        at = start + bit * 9 + bit / 2;
    }
    let sent: Vec<u64> = timeline.wires[0]
        .units
        .iter()
        .map(|u| u.value.into())
        .collect();
    assert_eq!(heard, sent);
    assert!(heard.len() as u64 >= report.wires[0].sent && heard[0] == 0x90);
}

/// The line of a pin rises once a pulse and stays high for its width.
#[test]
fn pins_and_sleep_are_there() {
    let (report, timeline) = recorded(&hawk_scenario("after"));
    let (signals, end) = read(&vcd::write(&timeline));
    let button = &signals["flashstall.wires.button.level"];
    assert_eq!(
        button[..],
        [(0, Some(0)), (picos(0.1), Some(1)), (picos(0.105), Some(0))]
    );
    assert_eq!(
        signals["flashstall.core.held"],
        [(0, Some(0))],
        "nothing stalls"
    );
    // The main loop sleeps in WFI when it has nothing to do, which is most of the time; no handler runs meanwhile.
    let sleeping = &signals["flashstall.core.sleeping"];
    let slept = high(sleeping, end);
    assert!(slept > end / 2 && slept < end, "{slept} of {end}");
    let active = &signals["flashstall.core.exception"];
    let asleep = sleeping.iter().filter(|s| s.1 == Some(1));
    assert!(asleep.clone().all(|s| level_at(active, s.0) == 0));
    assert_eq!(report.resets.len(), 0);
}

#[test]
fn a_can_bus_is_dumped_bit_by_bit() {
    let path = root().join("scenarios/page-bootloader-can/f303-can-wire.toml");
    let scenario = Scenario::from_path(path).unwrap();
    let (report, timeline) = recorded(&scenario);
    let (signals, _) = read(&vcd::write(&timeline));
    let wire = &report.wires[0];
    let name = format!("flashstall.wires.{}.", wire.name);
    let level = &signals[&format!("{name}level")];
    let numbers = &signals[&format!("{name}number")];
    assert_eq!(level[0], (0, Some(1)), "recessive before");
    // Each frame begins with a dominant bit where its number appears.
    let starts: Vec<u64> = numbers
        .iter()
        .filter(|n| n.1.is_some())
        .map(|n| n.0)
        .collect();
    assert!(starts.len() as u64 >= wire.sent && wire.sent > 0);
    assert!(starts.iter().all(|at| level_at(level, *at) == 0));
}

#[test]
fn the_trace_has_the_same_events() {
    let (report, timeline) = recorded(&hawk_scenario("before"));
    let trace: serde_json::Value = serde_json::from_str(&perfetto::write(&timeline)).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let mut tracks = BTreeMap::new();
    for e in events.iter().filter(|e| e["name"] == "thread_name") {
        tracks.insert(
            e["tid"].as_u64().unwrap(),
            e["args"]["name"].as_str().unwrap(),
        );
    }
    let on = |track: &str| -> Vec<&serde_json::Value> {
        let here =
            |e: &&serde_json::Value| e["ph"] == "X" && tracks[&e["tid"].as_u64().unwrap()] == track;
        events.iter().filter(here).collect()
    };
    let sum = |track: &str| {
        on(track)
            .iter()
            .map(|e| e["dur"].as_f64().unwrap())
            .sum::<f64>()
            * 1e-6
    };
    let total: f64 = report.operations.iter().map(|o| o.total_s).sum();
    assert!((sum("flash operations") - total).abs() < 1e-9);
    let erase = on("flash operations")
        .into_iter()
        .find(|e| e["name"] == "page erase")
        .unwrap();
    assert_eq!(erase["dur"], 20_000.0);
    assert_eq!(erase["args"]["started by"], "FLASH_ErasePage flash.c:70");
    assert_eq!(on("wire midi").len(), timeline.wires[0].units.len());
    let lost = on("wire midi")
        .iter()
        .filter(|e| e["name"].as_str().unwrap().starts_with("LOST"))
        .count();
    assert_eq!(lost as u64, report.wire("midi").unwrap().lost);
    assert_eq!(
        on("USART1 handler").len() as u64,
        report.interrupt("USART1").unwrap().taken
    );
    // Arrows come in pairs, from the operation to the byte.
    let ends = |ph: &str| events.iter().filter(|e| e["ph"] == ph).collect::<Vec<_>>();
    let (from, to) = (ends("s"), ends("f"));
    assert!(from.len() == to.len() && from.len() as u64 >= lost as u64);
    for (from, to) in from.iter().zip(&to) {
        assert_eq!(from["id"], to["id"]);
        assert_eq!(from["ts"], erase["ts"]);
    }
}

/// Recording is looking: the report is the same to the byte.
#[test]
fn recording_changes_nothing() {
    for name in ["before", "after"] {
        let scenario = hawk_scenario(name);
        let (report, _) = recorded(&scenario);
        assert_eq!(report.to_json(), common::run(&scenario).to_json());
    }
}

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("timeline");
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

#[test]
fn run_writes_timelines_of_one_scenario() {
    let [vcd, perfetto] = [scratch("t.vcd"), scratch("t.json")];
    let run = |scenarios: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_flashstall"))
            .current_dir(root())
            .args(["run", scenarios, "--vcd"])
            .arg(&vcd)
            .arg("--perfetto")
            .arg(&perfetto)
            .output();
        output.unwrap()
    };
    assert_eq!(
        run("scenarios/hawk-midi/before.toml").status.code(),
        Some(0)
    );
    let (signals, _) = read(&std::fs::read_to_string(&vcd).unwrap());
    assert!(signals.contains_key("flashstall.wires.midi.level"));
    assert!(
        std::fs::read_to_string(&perfetto)
            .unwrap()
            .contains("traceEvents")
    );
    let several = run("scenarios/hawk-midi");
    assert_eq!(several.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&several.stderr).contains("writes one scenario, and there are")
    );
}
