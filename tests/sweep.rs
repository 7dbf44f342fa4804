//! `flashstall sweep` and `merge` as a batch system uses them: cut short, in parts, beside each other.

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::root;

const BEFORE: &str = "scenarios/hawk-midi/before.toml";

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flashstall"));
    command.current_dir(root()).args(arguments);
    command
}

fn flashstall(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// A new file in a folder of the test's own.
fn scratch(test: &str, name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("sweep")
        .join(test);
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    let _ = std::fs::remove_file(&path);
    path
}

fn sweep(out: &Path, more: &[&str]) -> Output {
    let mut arguments = vec!["sweep", BEFORE, "--out", out.to_str().unwrap()];
    arguments.extend(more);
    flashstall(&arguments)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn good(output: &Output) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{text}");
}

fn refused(output: &Output, why: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains(why), "{text}");
}

const GRID: [&str; 6] = [
    "--grid",
    "baud=31250,62500",
    "--grid",
    "erase=20ms..40ms/3",
    "--grid",
    "phase=2",
];

#[test]
fn rows_are_in_the_order_of_the_grid_whoever_computes_them() {
    let (one, two) = (scratch("order", "one.csv"), scratch("order", "two.csv"));
    good(&sweep(&one, &[&GRID[..], &["--threads", "1"]].concat()));
    good(&sweep(&two, &[&GRID[..], &["--threads", "3"]].concat()));
    let text = read(&one);
    assert_eq!(text, read(&two));
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("# flashstall-sweep/1 digest=")
            && lines[0].ends_with(" points=12 shard=0/1"),
        "{}",
        lines[0]
    );
    assert!(
        lines[1].starts_with("index,baud,erase-ps,phase,verdict,stop,time-ps,sent,delivered,lost,"),
        "{}",
        lines[1]
    );
    // 20 ms at 31250 baud: 61 lost, one more or less by the phase; at 62500 twice as many bytes come.
    let cells: Vec<&str> = lines[2].split(',').collect();
    assert_eq!(cells[..4], ["0", "31250", "20000000000", "0/2"]);
    let lost: u32 = cells[9].parse().unwrap();
    assert!((60..=62).contains(&lost), "{}", lines[2]);
    let last: Vec<&str> = lines[13].split(',').collect();
    assert_eq!(last[..4], ["11", "62500", "40000000000", "1/2"]);
    let lost: u32 = last[9].parse().unwrap();
    // 640 bytes of 160 us begin at 20 ms and end at 122.4 ms; the core stands still from 100 ms on: 140 bytes, the first of them is kept.
    assert!((138..=140).contains(&lost), "{}", lines[13]);
    let json = scratch("order", "one.jsonl");
    good(&sweep(&json, &GRID));
    let rows: Vec<serde_json::Value> = read(&json)
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(rows[0]["points"], 12);
    assert_eq!(rows[12]["index"], 11);
    assert_eq!(rows[12]["phase"], "1/2");
    assert_eq!(rows[12]["lost"], lost);
}

#[test]
fn a_sweep_that_was_killed_goes_on_and_ends_byte_for_byte_the_same() {
    let grid = ["--grid", "count=1..640/320", "--threads", "1"];
    let (whole, cut) = (scratch("kill", "whole.csv"), scratch("kill", "cut.csv"));
    let arguments = [
        &["sweep", BEFORE, "--out", cut.to_str().unwrap()][..],
        &grid,
    ]
    .concat();
    let mut child = command(&arguments).stdout(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    // The first block of 64 rows is there: kill it in one of the others.
    while std::fs::metadata(&cut).map_or(0, |m| m.len()) < 2_000 {
        assert!(
            start.elapsed() < Duration::from_secs(120),
            "it writes nothing"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = read(&cut).lines().count();
    // What a kill in mid-write leaves.
    let mut torn = std::fs::read(&cut).unwrap();
    torn.extend(b"64,65,met,un");
    std::fs::write(&cut, torn).unwrap();
    let resumed = sweep(&cut, &grid);
    good(&resumed);
    let said = String::from_utf8_lossy(&resumed.stdout).into_owned();
    assert!(
        said.contains(&format!(", {} of them from before", before - 2)),
        "{said}"
    );
    good(&sweep(&whole, &grid));
    assert_eq!(read(&cut), read(&whole));
    // Once more: nothing is left to do, nothing changes.
    good(&sweep(&cut, &grid));
    assert_eq!(read(&cut), read(&whole));
    // Torn in the header, at every length.
    let header = read(&whole).lines().next().unwrap().len();
    std::fs::write(&cut, &read(&whole).as_bytes()[..header / 2]).unwrap();
    good(&sweep(&cut, &["--grid", "count=1..640/320"]));
    assert_eq!(read(&cut), read(&whole));
}

#[test]
fn shards_put_together_are_the_whole() {
    let whole = scratch("shards", "whole.csv");
    good(&sweep(&whole, &GRID));
    let parts: Vec<PathBuf> = (0..5)
        .map(|n| scratch("shards", &format!("{n}.csv")))
        .collect();
    for (n, part) in parts.iter().enumerate() {
        let arguments = [
            &[
                "sweep",
                BEFORE,
                "--shard",
                "auto/5",
                "--out",
                part.to_str().unwrap(),
            ][..],
            &GRID,
        ]
        .concat();
        good(
            &command(&arguments)
                .env("HQ_TASK_ID", n.to_string())
                .output()
                .unwrap(),
        );
    }
    let merged = scratch("shards", "merged.csv");
    let merge = |parts: &[PathBuf]| {
        let mut all = vec!["merge", "--out", merged.to_str().unwrap()];
        all.extend(parts.iter().map(|p| p.to_str().unwrap()));
        flashstall(&all)
    };
    // In any order.
    let shuffled = [3, 0, 4, 1, 2].map(|n| parts[n].clone());
    good(&merge(&shuffled));
    assert_eq!(read(&merged), read(&whole));
    refused(&merge(&parts[..4]), "is one of 5 shards, and 4 are given");
    let twice = [0, 1, 2, 3, 3].map(|n| parts[n].clone());
    refused(&merge(&twice), "is shard 3 once more");
    let text = read(&parts[4]);
    std::fs::write(&parts[4], &text[..text.len() - 30]).unwrap();
    refused(&merge(&parts), "cut short");
    refused(
        &sweep(&whole, &["--shard", "5/5", "--grid", "phase=2"]),
        "count from 0",
    );
}

#[test]
fn a_file_of_another_sweep_is_left_alone() {
    let out = scratch("other", "a.csv");
    good(&sweep(&out, &["--grid", "phase=2"]));
    let text = read(&out);
    refused(&sweep(&out, &["--grid", "phase=3"]), "is of another sweep");
    let after = flashstall(&[
        "sweep",
        "scenarios/hawk-midi/after.toml",
        "--grid",
        "phase=2",
        "--out",
        out.to_str().unwrap(),
    ]);
    refused(&after, "is of another sweep");
    assert_eq!(read(&out), text);
    // Nothing is made for a grid that is none.
    let never = scratch("other", "never.csv");
    refused(
        &sweep(
            &never,
            &["--grid", "erase=1ms..2s/1000000", "--grid", "phase=1000000"],
        ),
        "1000000000000 points are too many",
    );
    refused(
        &sweep(&never, &["--grid", "phaze=3"]),
        "did you mean `phase`?",
    );
    assert!(!never.exists());
    refused(
        &sweep(&scratch("other", "a.txt"), &["--grid", "phase=2"]),
        "name it .csv or .jsonl",
    );
    if cfg!(unix) {
        let link = scratch("other", "full.csv");
        #[cfg(unix)]
        std::os::unix::fs::symlink("/dev/full", &link).unwrap();
        refused(&sweep(&link, &["--grid", "phase=2"]), "is not a plain file");
    }
}

#[test]
fn a_full_disk_is_an_error_and_leaves_whole_rows() {
    let (out, whole) = (scratch("full", "a.csv"), scratch("full", "whole.csv"));
    let grid = ["--grid", "count=1..640/160", "--threads", "1"];
    // A limit on the size of files: the write fails as on a full disk, in mid-row.
    let program = env!("CARGO_BIN_EXE_flashstall");
    let script = format!(
        "trap '' XFSZ; ulimit -f 8; exec {program} sweep {BEFORE} --out {} {}",
        out.display(),
        grid.join(" ")
    );
    let limited = Command::new("bash")
        .current_dir(root())
        .args(["-c", &script])
        .output()
        .unwrap();
    refused(&limited, "cannot write");
    let text = read(&out);
    assert!(
        text.ends_with('\n') && text.lines().count() > 60,
        "{}",
        text.len()
    );
    good(&sweep(&out, &grid));
    good(&sweep(&whole, &grid));
    assert_eq!(read(&out), read(&whole));
}
