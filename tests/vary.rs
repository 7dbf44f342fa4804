//! Points of a grid: read from text, run from one boot, the same as if each were run from reset.

mod common;

use common::{hawk_scenario, root};
use flashstall::vary::{Value, Variation};
use flashstall::{Scenario, ScenarioError};

fn vary(scenario: &Scenario, axes: &[&str]) -> Result<Variation, ScenarioError> {
    let axes: Vec<String> = axes.iter().map(|a| (*a).to_owned()).collect();
    Variation::new(scenario, "--grid", &axes)
}

fn scenario(path: &str) -> Scenario {
    Scenario::from_path(root().join("scenarios").join(path)).unwrap_or_else(|e| panic!("{e}"))
}

/// Runs `indices` of the grid both ways.
fn same_as_from_reset(path: &str, axes: &[&str], indices: &[u64], booted: bool) {
    let scenario = scenario(path);
    let variation = vary(&scenario, axes).unwrap_or_else(|e| panic!("{e}"));
    let fork = variation.boot().unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(fork.time().0 > 0, booted, "{path}: {}", fork.time());
    let mut reports = Vec::new();
    for index in indices {
        let point = variation.point(*index);
        let forked = variation.report(&fork, &point).unwrap();
        let fresh = variation.scenario_at(&point).run().unwrap();
        let what = variation.describe(&point);
        assert!(
            forked.to_json() == fresh.to_json(),
            "{path} at {what}:\n{}\n{}",
            forked.to_text(),
            fresh.to_text()
        );
        // The file written for the point says the same again.
        let text = variation.scenario_at(&point).to_toml();
        let base = root().join("scenarios").join(path);
        let again = Scenario::from_toml(&text, &base, base.parent().unwrap()).unwrap();
        assert_eq!(again[0].run().unwrap().wires, fresh.wires, "{what}");
        let outcome = variation.run(&fork, &point).unwrap();
        assert_eq!(outcome.verdict, fresh.verdict, "{what}");
        let data = |w: &&flashstall::report::WireReport| w.kind != "pin";
        let lost: u64 = fresh.wires.iter().filter(data).map(|w| w.lost).sum();
        assert_eq!(outcome.lost, lost, "{what}");
        reports.push(forked.to_json());
    }
    reports.sort();
    reports.dedup();
    assert!(reports.len() > 1, "{path}: the points differ");
}

#[test]
fn a_forked_uart_point_is_what_a_run_from_reset_is() {
    let axes = ["baud=9600,31250,115200", "erase=20ms..40ms/3", "phase=8"];
    same_as_from_reset("hawk-midi/before.toml", &axes, &[0, 7, 29, 44, 71], true);
    let axes = [
        "clock-error=-1%,1%",
        "gap=0us,50us",
        "jitter=0us,90us",
        "seed=1,2",
        "count=1,640",
    ];
    same_as_from_reset("hawk-midi/before.toml", &axes, &[0, 9, 14, 31], true);
    let axes = [
        "phase:midi=2",
        "phase:button=0us..9us/2",
        "program=40us,70us",
    ];
    same_as_from_reset("hawk-midi/mutant-table-128.toml", &axes, &[0, 3, 5], true);
}

#[test]
fn with_only_flash_times_varied_the_boot_ends_at_the_first_flash_operation() {
    let scenario = hawk_scenario("before");
    let variation = vary(&scenario, &["erase=datasheet"]).unwrap();
    let fork = variation.boot().unwrap();
    let (from, to) = (99_000_000_000, 101_000_000_000);
    assert!((from..to).contains(&fork.time().0), "{}", fork.time());
    same_as_from_reset(
        "hawk-midi/before.toml",
        &["erase=15ms,20ms,40ms"],
        &[0, 2],
        true,
    );
}

#[test]
fn a_forked_host_and_a_can_bus_are_what_they_are_from_reset() {
    let axes = ["baud=57600,115200", "erase=15ms,20ms", "phase=4"];
    same_as_from_reset(
        "page-bootloader/f103-uart-dma-ring-small.toml",
        &axes,
        &[0, 13],
        true,
    );
    let axes = ["clock-error=-1000ppm,1000ppm", "erase=15ms,20ms"];
    same_as_from_reset(
        "page-bootloader-can/f303-can-plain.toml",
        &axes,
        &[0, 3],
        false,
    );
    // Sectors of several sizes: the columns of the datasheet.
    let axes = ["erase=datasheet"];
    same_as_from_reset(
        "page-bootloader/f429-uart-handshake.toml",
        &axes,
        &[0, 2],
        true,
    );
}

#[test]
fn bursts_orders_and_the_manners_of_a_host_are_what_they_are_from_reset() {
    let axes = [
        "burst=1,16",
        "pause=1ms,3ms",
        "count:button=1,2",
        "period:button=40ms",
    ];
    same_as_from_reset("hawk-midi/before.toml", &axes, &[0, 2, 5], true);
    same_as_from_reset("hawk-midi/before.toml", &["order:wires"], &[0, 2, 5], true);
    let axes = ["latency=0us,1ms", "answer-timeout=30ms,1s", "tries=1,10"];
    same_as_from_reset(
        "page-bootloader/f103-uart-crc-resend.toml",
        &axes,
        &[1, 4, 7],
        true,
    );
    let axes = ["page-gap=0us,25ms", "byte-gap=0us,99us"];
    same_as_from_reset(
        "page-bootloader/f303-uart-plain.toml",
        &axes,
        &[0, 1, 2],
        true,
    );
    let axes = [
        "extended-share:image=0,50",
        "remote-share:image=0,20",
        "dlc-min:image=4,8",
        "gap:image=0us,99us",
    ];
    same_as_from_reset(
        "page-bootloader-can/f303-can-wire.toml",
        &axes,
        &[0, 5, 15],
        false,
    );
}

#[test]
fn an_order_moves_commands_frames_or_starts() {
    let path = root().join("scenarios/hawk-midi/before.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let read = |text: &str| {
        Scenario::from_toml(text, &path, path.parent().unwrap())
            .unwrap()
            .remove(0)
    };
    let commands = text.replace(
        r#"{ pattern = "midi-notes", count = 640 }"#,
        r#"{ commands = ["90 3c 40", "c0 05", "fe"], pause = "1ms" }"#,
    );
    let variation = vary(&read(&commands), &["order"]).unwrap();
    assert_eq!(variation.axes()[0].to_string(), "order=0..5/6");
    let file = variation.file(&[Value::Count(4)]);
    let list = file.wire[0].traffic.commands.as_ref().unwrap();
    assert_eq!(list.value, ["fe", "90 3c 40", "c0 05"], "2 0 1 is number 4");
    // Of wires: midi and clock start at 20 ms, the button at 100 ms.
    let variation = vary(&read(&text), &["order"]).unwrap();
    let at = |number| {
        let file = variation.file(&[Value::Count(number)]);
        file.wire
            .iter()
            .map(|w| w.at.unwrap().to_string())
            .collect::<Vec<String>>()
    };
    assert_eq!(at(0), ["20ms", "20ms", "100ms"]);
    assert_eq!(at(1), ["20ms", "100ms", "20ms"]);
    assert_eq!(at(4), ["100ms", "20ms", "20ms"]);
    let base = root().join("scenarios/page-bootloader-can/f303-can-wire.toml");
    let text = std::fs::read_to_string(&base).unwrap();
    let two = text.replace(
        r#"data = "00200000 075367B6" }"#,
        r#"data = "00" }, { at = "3ms", id = 5 }"#,
    );
    let two = Scenario::from_toml(&two, &base, base.parent().unwrap()).unwrap();
    let variation = vary(&two[0], &["order=1"]).unwrap();
    let file = variation.file(&variation.point(0));
    let frames = &file.wire[0].traffic.frames.as_ref().unwrap().value;
    assert_eq!((frames[0].id.value, frames[1].id.value), (5, 0x100));
    assert!(
        frames[0].at.is_none() && frames[1].at.is_some(),
        "times stay"
    );
}

fn complaint(axes: &[&str]) -> String {
    let result = vary(&hawk_scenario("before"), axes);
    let counted = result.and_then(|v| v.count());
    counted.expect_err("a mistake").to_string()
}

#[test]
fn a_mistake_is_shown_at_its_column_with_what_was_expected() {
    for (axis, column, expected) in [
        ("buad=9600", 1, "did you mean `baud`?"),
        ("erase=20mss..40ms/5", 7, "a duration is in ps, ns"),
        ("erase=20ms..40/5", 13, "has no unit"),
        ("erase=40ms..20ms/5", 7, "an empty range"),
        ("erase=20ms..40ms/0", 18, "no values"),
        ("erase=20ms..40ms/x", 18, "not a number of values"),
        ("erase=20ms..20ms/3", 18, "there are 1"),
        ("baud=", 1, "no values"),
        ("baud=9600,,115200", 11, "a value is missing"),
        ("baud=9600,9600", 6, "given twice"),
        ("baud:midy=9600", 6, "did you mean `midi`?"),
        ("phase=0", 7, "1 to 1000000000"),
        ("baud=datasheet", 6, "no datasheet has a baud"),
        ("jitter:clock", 1, "needs values"),
        ("bitrate=500k", 1, "no wire with a bitrate"),
        ("tries=3", 1, "no wire with a tries"),
        ("dlc:midi=4", 5, "no wire `midi` that has a dlc"),
        ("order=6", 1, "3 things have 6 orders"),
        ("order:midi=0", 7, "no wire `midi` that has a order"),
        ("burst=", 1, "burst=1,4,16"),
    ] {
        let text = complaint(&[axis]);
        assert!(text.contains(expected), "{axis}:\n{text}");
        assert!(
            text.contains(&format!("--grid:1:{column}\n")),
            "{axis}:\n{text}"
        );
    }
    let text = complaint(&["baud=9600..20M/3"]);
    assert!(
        text.contains("baud=20000000: 20000000 baud cannot be made"),
        "{text}"
    );
    let text = complaint(&["burst=4"]);
    assert!(text.contains("burst=4: `burst` needs a `pause`"), "{text}");
    let text = complaint(&["baud=9600..2M"]);
    assert!(text.contains("baud=9600..2000000/20"), "{text}");
    let text = complaint(&["phase=8", "phase=4"]);
    assert!(text.contains("`phase` is given twice"), "{text}");
}

#[test]
fn a_grid_of_a_million_million_points_is_refused_with_its_count() {
    let axes = ["erase=1ms..2s/1000000", "phase=1000000"];
    let text = complaint(&axes);
    assert!(text.contains("1000000000000 points are too many"), "{text}");
}

#[test]
fn the_last_axis_varies_fastest() {
    let scenario = hawk_scenario("before");
    let variation = vary(&scenario, &["baud=31250,115200", "phase=3"]).unwrap();
    assert_eq!(variation.count().unwrap(), 6);
    let all: Vec<String> = (0..6)
        .map(|n| variation.describe(&variation.point(n)))
        .collect();
    assert_eq!(all[1], "baud=31250 phase=1/3");
    assert_eq!(all[3], "baud=115200 phase=0/3");
    let point = variation.point(4);
    let file = variation.file(&point);
    // A character of ten bits takes 86.805 us; the wire starts at 20 ms.
    assert_eq!(file.wire[0].at.unwrap().to_string(), "20.028935185ms");
    assert_eq!(point[1], Value::Phase { step: 1, of: 3 });
}
