//! The boundary that bisection finds is the one that running everything finds.

mod common;

use std::process::Command;

use common::{hawk_scenario, root};
use flashstall::scenario::Rate;
use flashstall::vary::boundary::{Boundary, Limit, Search};
use flashstall::vary::{Value, Variation};
use flashstall::{Scenario, Verdict};

fn texts(axes: &[&str]) -> Vec<String> {
    axes.iter().map(|a| (*a).to_owned()).collect()
}

fn search(variation: &Variation, threads: usize) -> Boundary {
    let fork = variation.boot().unwrap();
    Search::new(variation, &fork, threads)
        .unwrap()
        .boundary()
        .unwrap()
}

/// A scenario of hawk-midi in which the firmware itself says whether anything was lost: it counts what the receiver lost before each byte it
/// took, and what had no room in the ring. No buffer of ours is asked.
fn counted_by_the_firmware(name: &str) -> Scenario {
    let path = root()
        .join("scenarios/hawk-midi")
        .join(format!("{name}.toml"));
    let text = std::fs::read_to_string(&path).unwrap();
    let (scenario, _) = text.split_once("[expect]").unwrap();
    let counts = ["midi_overruns", "midi_ring_dropped"];
    let expect = counts.map(|name| format!("[[expect.memory]]\nsymbol = {name:?}\nwords = [0]\n"));
    let text = format!("{scenario}{}", expect.concat());
    let all = Scenario::from_toml(&text, &path, path.parent().unwrap());
    all.unwrap_or_else(|e| panic!("{e}")).remove(0)
}

/// Bisects, and holds that against every point of the grid and what the firmware says there.
fn confirmed(name: &str, axes: &[&str]) -> Boundary {
    let variation = Variation::new(&counted_by_the_firmware(name), "--grid", &texts(axes))
        .unwrap()
        .keep_busy()
        .unwrap();
    let found = search(&variation, 2);
    let fork = variation.boot().unwrap();
    let values = variation.axes()[0].values.count().unwrap();
    let over = variation.count().unwrap() / values;
    let clean = |value: u64| {
        let mut points = (0..over).map(|n| variation.point(value * over + n));
        points.all(|p| variation.run(&fork, &p).unwrap().verdict == Verdict::Met)
    };
    let first_loss = (0..values).find(|v| !clean(*v));
    let brute = match first_loss {
        Some(0) => None,
        Some(n) => Some(variation.axes()[0].values.get(n - 1)),
        None => Some(variation.axes()[0].values.get(values - 1)),
    };
    assert_eq!(found.highest, brute, "{name}");
    let runs = found.runs;
    assert!(
        runs < values * over,
        "{name}: {runs} runs are more than brute force"
    );
    found
}

#[test]
fn before_the_fix_the_stall_binds_and_brute_force_agrees() {
    // While the core stands still for T, the first byte that ends waits in RDR and the second is lost: two must not end in T. A byte that takes
    // T = 40 ms (250 baud) or longer is safe. With phases a quarter of a byte apart, two are sure to end in T if a byte takes T / 1.25 = 32 ms
    // (312 baud) or less.
    let found = confirmed(
        "before",
        &["baud=50..1000/96", "phase=4", "erase=20ms,40ms"],
    );
    let highest = found.highest.unwrap().number();
    assert!((250..=320).contains(&highest), "{highest}");
    let binding = found.binding.clone().unwrap();
    assert_eq!(binding.limit, Limit::Stall, "{binding:?}");
    assert!(binding.chain.unwrap().contains("page erase"));
    // 320 us a byte is what it has, 32 to 40 ms what it needs.
    let margin = found.margin_ps().unwrap();
    assert!(
        (-40_000_000_000..-30_000_000_000).contains(&margin),
        "{margin}"
    );
}

#[test]
fn after_the_fix_the_ring_binds_and_brute_force_agrees() {
    // Nothing stalls: handler, ring_put and all that they read are in RAM. The main loop takes nothing out of the ring while it is in
    // save_patch, and the ring holds 1024 bytes. Its time T there:
    // - erase and 1024 half-words: 20 ms + 1024 x 53.5 us = 74.784 ms, which is the least it can be;
    // - FLASH_ProgramWord and its call around two half-words are 75 instructions, with a turn of each wait loop that BSY ends in: not more
    //   than 200 cycles, 2.8 us at 72 MHz, a word. 512 words: at most 1.4 ms;
    // - copying 2 KiB before and comparing 512 words after, from flash with two wait states: at most 20 cycles a word each, 0.3 ms;
    // - handlers: of USART1 30 to 40 instructions, with entry and return at most 100 cycles, 1.4 us. They delay T only where they run while
    //   the flash is idle, in less than a twentieth of T: at most 1024 x 1.4 us / 20 = 0.1 ms.
    // T is between 74.78 and 76.6 ms. More than 1024 bytes end in it, at the worst phase, if one takes less than T / 1024: 73.03 to 74.8 us,
    // which at ten bits a byte is 136 930 to 133 690 baud. A byte takes 5256 cycles there and its handler 100: its run time is no limit yet.
    // Of the steps of 31 250 it is the fourth.
    let found = confirmed("after", &["baud=31250..531250/17", "phase=2", "erase=20ms"]);
    let binding = found.binding.clone().unwrap();
    assert_eq!(binding.limit, Limit::RingSize, "{binding:?}");
    let highest = found.highest.unwrap().number();
    assert_eq!(highest, 125_000);
    let margin = found.margin_ps().unwrap();
    assert_eq!(margin, 240_000_000, "320 us less 80 us");
}

/// Highest rates that the arithmetic above leaves open.
const RING: std::ops::RangeInclusive<i64> = 133_690..=136_930;

#[test]
fn near_the_ring_limit_each_rate_is_what_the_firmware_counts() {
    let found = confirmed(
        "after",
        &["baud=132000..138000/13", "phase=4", "erase=20ms"],
    );
    // Steps of 500: the limit lies between the highest and the next.
    let highest = found.highest.unwrap().number();
    assert!(
        highest + 500 > *RING.start() && highest <= *RING.end(),
        "{highest}"
    );
    assert_eq!(found.binding.unwrap().limit, Limit::RingSize);
}

#[test]
fn a_capture_buffer_that_is_full_does_not_pass_for_nothing_lost() {
    // The save begins 100 ms - 20 ms after the wire does. The first byte without room is the one that finds 1024 of them in the ring, at the earliest byte
    // 80 ms x rate / 10 + 1024. The capture buffer holds 4096: from 3072 x 10 / 80 ms = 384 000 baud on it is full before that byte, and at
    // 5 % more and less of it the microseconds from edge to save do not matter.
    let axes = texts(&["baud=31250..4000000", "phase=2", "erase=20ms"]);
    let variation = Variation::new(&counted_by_the_firmware("after"), "--vary", &axes)
        .unwrap()
        .keep_busy()
        .unwrap();
    let fork = variation.boot().unwrap();
    let at = |baud: u32| {
        let mut point = vec![
            Value::Rate(Rate(0)),
            variation.axes()[1].values.get(0),
            variation.axes()[2].values.get(0),
        ];
        point[0] = Value::Rate(Rate(baud));
        variation.run(&fork, &point).unwrap()
    };
    let (below, above) = (at(365_000), at(403_000));
    assert!(below.missing > 0 && !below.is_complete(), "{below:?}");
    assert_eq!((above.lost, above.missing), (0, 0), "nothing is seen …");
    assert!(above.is_complete() && above.unseen > 0, "{above:?}");
    assert_eq!(above.verdict, Verdict::Failed, "… but the firmware knows");
    assert!(!above.is_clean(), "and it does not pass for clean");
    // So the boundary over all rates is the ring's, with nothing clean above.
    let found = search(&variation, 2);
    assert!(RING.contains(&found.highest.unwrap().number()), "{found:?}");
    assert_eq!(found.clean_above, [], "{found:?}");
    assert_eq!(found.lossy_below, [], "{found:?}");
    let binding = found.binding.unwrap();
    assert_eq!(binding.limit, Limit::RingSize);
    assert!(binding.chain.unwrap().contains("never came to capture"));
    // A scenario that sends too much at any rate says so, and does not blame the firmware.
    let axes = texts(&["count=2560,5120", "baud=125000", "phase=2", "erase=20ms"]);
    let variation = Variation::new(&hawk_scenario("after"), "--vary", &axes).unwrap();
    let binding = search(&variation, 2).binding.unwrap();
    assert_eq!(binding.limit, Limit::BufferFull, "{binding:?}");
    let why = binding.chain.unwrap();
    assert!(
        why.contains("buffer capture holds 4096 bytes and 5120 are sent"),
        "{why}"
    );
}

#[test]
fn a_run_that_ends_too_early_does_not_pass_for_nothing_lost() {
    // 6400 bytes of 320 us take 2.05 s, and the scenario ends after half a second.
    let axes = texts(&["count=640,6400", "phase=2", "erase=20ms"]);
    let variation = Variation::new(&hawk_scenario("after"), "--vary", &axes).unwrap();
    let found = search(&variation, 2);
    assert_eq!(found.highest.map(Value::number), Some(640));
    let binding = found.binding.unwrap();
    assert_eq!(binding.limit, Limit::TimeLimit, "{binding:?}");
    assert!(binding.chain.unwrap().contains("max-time = \"500ms\""));
}

#[test]
fn threads_do_not_change_what_is_found() {
    let axes = texts(&["erase=100us..40ms", "phase=5"]);
    let variation = Variation::new(&hawk_scenario("before"), "--vary", &axes).unwrap();
    let (one, three) = (search(&variation, 1), search(&variation, 3));
    assert_eq!(format!("{one:?}"), format!("{three:?}"));
    // A byte takes 320 us at 31250 baud: two end in a stall that is longer than that by more than a fifth, at one of the phases.
    let longest = one.highest.unwrap().number();
    assert!((250_000_000..400_000_000).contains(&longest), "{one:?}");
}

fn flashstall(arguments: &[&str]) -> (i32, String, String) {
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
}

#[test]
fn the_command_says_what_binds_and_draws_the_map() {
    let before = "scenarios/hawk-midi/before.toml";
    let (code, out, err) = flashstall(&[
        "boundary",
        before,
        "--vary",
        "baud=50..1000",
        "--over",
        "phase=2,erase",
    ]);
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(
        err.contains("--over:1:7"),
        "values and names do not mix: {err}"
    );
    let (code, out, err) = flashstall(&[
        "boundary",
        before,
        "--vary",
        "baud=50..1000",
        "--over",
        "phase=2",
        "--over",
        "erase",
    ]);
    assert_eq!(code, 0, "{err}");
    assert!(
        out.starts_with("baud ") && out.contains("the highest at which nothing is lost"),
        "{out}"
    );
    assert!(
        out.contains("  limit     stall\n") && out.contains(" page erase 0x08020000"),
        "{out}"
    );
    assert!(
        out.contains("  margin    -")
            && out.contains("320.00 us a character at the scenario's 31250 baud"),
        "{out}"
    );
    let (code, out, err) = flashstall(&[
        "boundary",
        before,
        "--vary",
        "baud=50..2000/40",
        "--over",
        "phase=2",
        "--map",
        "erase=10ms,20ms,40ms",
        "--csv",
        "-",
    ]);
    assert_eq!(code, 0, "{err}");
    let rows: Vec<Vec<&str>> = out.lines().map(|l| l.split(',').collect()).collect();
    assert_eq!(rows[0][..3], ["erase", "highest-baud", "limit"]);
    let highest: Vec<u32> = rows[1..].iter().map(|r| r[1].parse().unwrap()).collect();
    assert!(
        highest.len() == 3 && highest.is_sorted_by(|a, b| a > b),
        "longer erases allow less: {out}"
    );
    let (code, _, err) = flashstall(&["boundary", before, "--vary", "phase"]);
    assert!(code == 2 && err.contains("no highest phase"), "{err}");
}
