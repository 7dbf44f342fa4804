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
    let variation = Variation::new(&hawk_scenario(name), "--grid", &texts(axes))
        .unwrap()
        .keep_busy()
        .unwrap();
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
    // Nothing stalls. The ring holds 1024 bytes, and nobody takes any while a page of 1024 half-words is saved: 20 ms + 1024 x 53.5 us = 74.8 ms,
    // 73 us a byte, 137 kbaud at ten bits. 125 000 is the last of the grid below that.
    let found = confirmed("after", &["baud=31250..531250/17", "phase=2", "erase=20ms"]);
    let binding = found.binding.clone().unwrap();
    assert_eq!(binding.limit, Limit::RingSize, "{binding:?}");
    let highest = found.highest.unwrap().number();
    assert_eq!(highest, 125_000);
    let margin = found.margin_ps().unwrap();
    assert_eq!(margin, 240_000_000, "320 us less 80 us");
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
