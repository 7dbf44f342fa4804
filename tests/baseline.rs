//! `check --baseline`: each promise by itself. A baseline is written by the command, one figure in it is changed, and the gate must say that one.

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{hawk, root};
use serde_json::{Value, json};

fn flashstall(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_flashstall"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

/// A repository whose scenario loses bytes and expects nothing of them, and its baseline.
fn repository(name: &str) -> (PathBuf, Value) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("baseline")
        .join(name);
    std::fs::create_dir_all(folder.join("scenarios")).unwrap();
    let text = std::fs::read_to_string(root().join("scenarios/hawk-midi/before.toml")).unwrap();
    let text = text.split("[expect]").next().unwrap().to_owned() + "[expect]\nresets = 0\n";
    let elf = "../../firmware-under-test/hawk-midi/elf/before.elf";
    assert!(text.contains(elf));
    let text = text.replace(elf, "../fw.elf");
    std::fs::write(folder.join("scenarios/save.toml"), text).unwrap();
    std::fs::copy(hawk("before"), folder.join("fw.elf")).unwrap();
    let wrote = flashstall(&folder, &["baseline", "scenarios", "-o", "-"]);
    assert_eq!(wrote.status.code(), Some(0));
    (folder, serde_json::from_slice(&wrote.stdout).unwrap())
}

fn check(folder: &Path, base: &Value, more: &[&str]) -> (i32, String) {
    std::fs::write(folder.join("base.json"), base.to_string()).unwrap();
    let arguments = [&["check", "scenarios", "--baseline", "base.json"], more].concat();
    let output = flashstall(folder, &arguments);
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code().unwrap(), text)
}

/// The rows of the table, without what they are drawn with.
fn rows(text: &str) -> Vec<&str> {
    let row = |l: &&str| l.trim_start().starts_with("WORSE") || l.contains("  better ");
    text.lines().map(str::trim).filter(row).collect()
}

#[test]
fn each_figure_closes_the_gate_by_itself() {
    let (folder, base) = repository("figures");
    assert_eq!(check(&folder, &base, &[]).0, 0);
    let entry = &base["scenarios"][0];
    let position = |list: &str, name: &str| {
        let all = entry[list].as_array().unwrap();
        all.iter().position(|e| e["name"] == name).unwrap()
    };
    let (midi, usart) = (position("wires", "midi"), position("interrupts", "USART1"));
    let capture = position("buffers", "capture");
    let lost = entry["wires"][midi]["lost"].as_u64().unwrap();
    assert!(
        lost > 50 && entry["buffers"][capture]["missing"] == lost,
        "{entry}"
    );
    for (pointer, before, what) in [
        (format!("/wires/{midi}/lost"), json!(lost - 1), "midi: lost"),
        (
            format!("/wires/{midi}/margin_s"),
            json!(1.0),
            "midi: margin to an overrun",
        ),
        ("/ticks_lost".to_owned(), json!(1), "ticks lost"),
        (
            format!("/interrupts/{usart}/latency_max_s"),
            json!(0.01),
            "USART1: worst latency",
        ),
        (
            "/stalls/fetch_s".to_owned(),
            json!(0.01),
            "longest fetch stall",
        ),
        (
            format!("/buffers/{capture}/missing"),
            json!(lost - 1),
            "buffer capture: missing",
        ),
    ] {
        let mut changed = base.clone();
        *changed
            .pointer_mut(&format!("/scenarios/0{pointer}"))
            .unwrap() = before;
        let (code, text) = check(&folder, &changed, &[]);
        assert_eq!(code, 1, "{pointer}: {text}");
        let told = rows(&text);
        let row = format!("WORSE  scenarios/save.toml: {what} ");
        assert!(
            told.len() == 1 && told[0].starts_with(&row),
            "{pointer}: {text}"
        );
    }
}

#[test]
fn growth_within_the_tolerance_keeps_it_open() {
    let (folder, mut base) = repository("tolerance");
    let stall = base["scenarios"][0]["stalls"]["fetch_s"].as_f64().unwrap();
    // A twentieth less before than now, and a little: 5.3 %.
    base["scenarios"][0]["stalls"]["fetch_s"] = json!(stall * 0.95);
    assert_eq!(check(&folder, &base, &[]).0, 1);
    let (code, text) = check(&folder, &base, &["--tolerance", "6%"]);
    assert_eq!((code, rows(&text).len()), (0, 0), "{text}");
    let (code, text) = check(&folder, &base, &["--floor", "30ms"]);
    assert_eq!((code, rows(&text).len()), (0, 0), "{text}");
}

/// As many bytes, but others: a build whose erase begins a little later does that. It is told and closes nothing.
#[test]
fn other_bytes_lost_is_a_remark() {
    let (folder, mut base) = repository("others");
    let midi = &mut base["scenarios"][0]["wires"][0];
    assert_eq!(midi["name"], "midi");
    // The wire went deaf once: one range.
    let was = midi["lost_units"].as_str().unwrap().to_owned();
    let (first, last) = was.split_once('-').unwrap();
    let [first, last]: [u64; 2] = [first, last].map(|n| n.parse().unwrap());
    assert_eq!(last - first + 1, midi["lost"].as_u64().unwrap());
    midi["lost_units"] = json!(format!("{}-{}", first - 1, last - 1));
    let (code, text) = check(&folder, &base, &[]);
    assert_eq!(code, 0, "{text}");
    let remark = format!(
        "as many lost, but others: scenarios/save.toml: midi: #{}-{} before, #{was} now\n",
        first - 1,
        last - 1
    );
    assert!(text.contains(&remark), "{remark}{text}");
}

/// A scenario that sends less loses less: that is no better firmware, and the reader is told.
#[test]
fn another_stream_is_a_remark() {
    let (folder, mut base) = repository("stream");
    let wires = base["scenarios"][0]["wires"].as_array_mut().unwrap();
    wires[0]["sent"] = json!(10_000);
    let mut gone = wires[0].clone();
    gone["name"] = json!("modem");
    wires.push(gone);
    let (code, text) = check(&folder, &base, &[]);
    assert_eq!(code, 0, "{text}");
    for remark in [
        "not the same stream: scenarios/save.toml: midi: 10000 sent before, 640 now\n",
        "no longer there: scenarios/save.toml: wire modem\n",
    ] {
        assert!(text.contains(remark), "{remark}{text}");
    }
}
