//! The boundary that bisection finds is the one that running everything finds.

mod common;

use std::process::Command;

use common::{hawk_scenario, root};
use flashstall::vary::Variation;
use flashstall::vary::boundary::{Boundary, Limit, Search};

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

/// Bisects, and holds that against every point of the grid.
fn confirmed(name: &str, axes: &[&str]) -> Boundary {
    let variation = Variation::new(&hawk_scenario(name), "--grid", &texts(axes)).unwrap();
    let found = search(&variation, 2);
    let fork = variation.boot().unwrap();
    let values = variation.axes()[0].values.count().unwrap();
    let over = variation.count().unwrap() / values;
    let clean = |value: u64| {
        let mut points = (0..over).map(|n| variation.point(value * over + n));
        points.all(|p| variation.run(&fork, &p).unwrap().is_complete())
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
    // While the core stands still for T, the first byte that comes waits in RDR and the second is lost: two must not end in T, so a byte
    // must take about as long as the longest erase, 40 ms, or longer: 250 baud at ten bits.
    let found = confirmed(
        "before",
        &["baud=50..1000/96", "phase=4", "erase=20ms,40ms"],
    );
    let highest = found.highest.unwrap().number();
    assert!((200..=250).contains(&highest), "{highest}");
    let binding = found.binding.clone().unwrap();
    assert_eq!(binding.limit, Limit::Stall, "{binding:?}");
    assert!(binding.chain.unwrap().contains("page erase"));
    // 320 us a byte is what it has, 40 ms and more what it needs.
    let margin = found.margin_ps().unwrap();
    assert!(
        (-50_000_000_000..-39_000_000_000).contains(&margin),
        "{margin}"
    );
}

#[test]
fn after_the_fix_the_handler_binds_and_brute_force_agrees() {
    let found = confirmed("after", &["baud=250k..4500k/18", "phase=3", "erase=20ms"]);
    let binding = found.binding.clone().unwrap();
    assert!(
        matches!(binding.limit, Limit::HandlerRunTime | Limit::Latency),
        "{binding:?}"
    );
    let margin = found.margin_ps().unwrap();
    assert!(
        (300_000_000..320_000_000).contains(&margin),
        "{margin} of 320 us"
    );
}

#[test]
fn threads_do_not_change_what_is_found() {
    let axes = texts(&["erase=1ms..40ms", "phase=5"]);
    let variation = Variation::new(&hawk_scenario("before"), "--vary", &axes).unwrap();
    let (one, three) = (search(&variation, 1), search(&variation, 3));
    assert_eq!(format!("{one:?}"), format!("{three:?}"));
    // At 31250 baud the second byte ends at most 640 us after the stall began, and at least 320 us.
    let longest = one.highest.unwrap().number();
    assert!(
        longest < 1_000_000_000 || one.lossy_below.is_empty(),
        "{one:?}"
    );
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
        err.contains("--over:1:9"),
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
