//! I2C wires: files that cannot be run, reports that tell stretching from loss, and the books of any host.

mod common;

use std::path::Path;

use common::{golden, root, run};
use flashstall::{Report, RunOptions, Scenario};

const GOOD: &str = r#"schema = "flashstall-scenario/1"
chip = "stm32f103xb"

[firmware]
elf = "firmware-under-test/i2c-slave/elf/f103-in-flash.elf"

[[wire]]
name = "pi"
kind = "i2c"
port = "I2C1"
bitrate = "100k"
address = 0x42
at = "1ms"
traffic = { transactions = [{ write = "10 01" }, { read = 2 }] }

[run]
max-time = "30ms"

[[expect.wire]]
name = "pi"
lost = 0
"#;

const TRAFFIC: &str = "{ transactions = [{ write = \"10 01\" }, { read = 2 }] }";
const ADDRESS: &str = "address = 0x42";
const KIND: &str = "kind = \"i2c\"";

fn spoilt(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replacen(from, to, 1)
}

fn complaint(text: &str) -> String {
    let all = match Scenario::from_toml(text, Path::new("bad.toml"), root()) {
        Ok(all) => all,
        Err(error) => return error.to_string(),
    };
    let error = match all[0].prepare() {
        Ok(_) => panic!("nothing is wrong with {text}"),
        Err(error) => error,
    };
    assert!(error.line_column().is_some(), "no place: {error}");
    error.to_string()
}

fn scenario(text: &str) -> Scenario {
    let mut all =
        Scenario::from_toml(text, Path::new("i2c.toml"), root()).unwrap_or_else(|e| panic!("{e}"));
    all.remove(0)
}

fn committed(name: &str) -> Report {
    let path = root().join(format!("scenarios/i2c-slave/{name}.toml"));
    run(&Scenario::from_path(path).unwrap_or_else(|e| panic!("{e}")))
}

#[test]
fn each_mistake_has_its_message() {
    let one = |item: &str| format!("{{ transactions = [{{ {item} }}] }}");
    let traffic: Vec<String> = [
        "",
        "write = \"1\"",
        "write = \"xy\"",
        "read = 0",
        "read = 2, answer = \"01\"",
        "write = \"10\", answer = \"01\"",
        "read = 1, until = \"01 02\"",
        "read = 1, answer = \"01\", until = \"01\"",
        "read = 1, mask = \"01\"",
        "read = 1, every = \"5ms\"",
        "read = 1, at-most = 3",
        "reads = 1",
    ]
    .iter()
    .map(|item| one(item))
    .collect();
    let mut mistakes = vec![
        ("port = \"I2C1\"", "port = \"I2C3\""),
        ("port = \"I2C1\"", "port = \"USART1\""),
        ("port = \"I2C1\"", ""),
        ("bitrate = \"100k\"", ""),
        ("bitrate = \"100k\"", "bitrate = \"3.4M\""),
        ("bitrate = \"100k\"", "bitrate = \"100k\"\nbaud = 9600"),
        (
            "bitrate = \"100k\"",
            "bitrate = \"100k\"\nscl-low = \"10us\"",
        ),
        (
            "bitrate = \"100k\"",
            "bitrate = \"100k\"\nstretch-timeout = \"0ms\"",
        ),
        (
            "bitrate = \"100k\"",
            "bitrate = \"100k\"\nwrite-time = \"5ms\"",
        ),
        (ADDRESS, ""),
        (ADDRESS, "address = 0x84"),
        (ADDRESS, "address = 0x400\nten-bit = true"),
        (ADDRESS, "address = 0x42\npin = \"PB6\""),
        (KIND, "kind = \"uart\"\nbaud = 9600"),
        (KIND, "kind = \"can\""),
        (TRAFFIC, "{ }"),
        (TRAFFIC, "{ transactions = [] }"),
        (TRAFFIC, "{ transactions = [{ read = 1 }], hex = \"01\" }"),
        (
            TRAFFIC,
            "{ transactions = [{ read = 1 }], repeat = 20000000 }",
        ),
        (TRAFFIC, "{ counter = 0, count = 4, write-size = 0 }"),
        (TRAFFIC, "{ counter = 0, count = 4, repeat = 2 }"),
        (TRAFFIC, "{ counter = 0, count = 4, jitter = \"1us\" }"),
        (TRAFFIC, "{ counter = 0, id = 1, count = 4 }"),
        ("lost = 0", "lost = 0\nblames = [\"flash_weit\"]"),
        ("lost = 0", "lost = 0\nstretch-blames = [\"flash_weit\"]"),
    ];
    mistakes.extend(traffic.iter().map(|t| (TRAFFIC, t.as_str())));
    let all: Vec<String> = mistakes
        .iter()
        .map(|(from, to)| format!("# {from:?} -> {to:?}\n{}\n", complaint(&spoilt(from, to))))
        .collect();
    golden("bad_i2c.txt", &all.join("\n"));
}

#[test]
fn each_mistake_of_a_device_has_its_message() {
    let device = |keys: &str, traffic: &str| {
        let wire = format!(
            "[[wire]]\nname = \"rom\"\nkind = \"i2c-device\"\nport = \"I2C2\"\n{keys}\ntraffic = {{ {traffic} }}\n\n[run]"
        );
        spoilt("[run]", &wire)
    };
    let full = "counter = 0, count = 256";
    let all: Vec<String> = [
        ("", full),
        ("address = 0x80", full),
        ("address = 0x50\nat = \"1ms\"", full),
        ("address = 0x50\nbitrate = \"100k\"", full),
        ("address = 0x50\npointer-bytes = 3", full),
        ("address = 0x50\npage = 24", full),
        ("address = 0x50", "counter = 0, count = 257"),
        ("address = 0x50", "transactions = [{ read = 1 }]"),
        ("address = 0x50", "counter = 0, hex = \"00\", count = 1"),
        ("address = 0x50\nretries = 1", full),
    ]
    .iter()
    .map(|(keys, traffic)| {
        let said = complaint(&device(keys, traffic));
        format!("# {keys:?}, {traffic:?}\n{said}\n")
    })
    .collect();
    golden("bad_i2c_device.txt", &all.join("\n"));
}

#[test]
fn what_is_of_i2c_is_refused_elsewhere() {
    let uart = spoilt(KIND, "kind = \"uart\"\nbaud = 9600")
        .replace("bitrate = \"100k\"\n", "")
        .replace(&format!("{ADDRESS}\n"), "")
        .replace("I2C1", "USART1")
        .replace(TRAFFIC, "{ hex = \"00\" }")
        .replace("lost = 0", "nacked = 0");
    assert!(complaint(&uart).contains("`nacked` is for i2c wires, `pi` is none"));
}

#[test]
fn reports_tell_stretching_from_loss() {
    golden(
        "report-i2c-f103-in-flash-max.txt",
        &committed("f103-in-flash-max").to_text(),
    );
    golden(
        "report-i2c-f303-nostretch.txt",
        &committed("f303-nostretch").to_text(),
    );
}

#[test]
fn the_longest_stretch_has_its_chain() {
    let report = committed("f103-in-flash-max");
    let bus = report.wires[0].i2c.as_ref().expect("an I2C bus");
    let longest = bus.longest.as_ref().expect("it was held");
    assert_eq!(longest.reason, "address");
    assert_eq!(report.wires[0].margin_s, None, "the host waits");
    let json = serde_json::to_value(&longest.chain).expect("plain data");
    let links: Vec<_> = json
        .as_array()
        .expect("a list")
        .iter()
        .map(|l| l["link"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(links[..4], ["stretched", "pending", "held", "busy"]);
    assert!(links[4..].iter().all(|l| l == "called"));
    let sum: f64 = bus.stretched_for_s.values().sum();
    assert!((sum - bus.stretched_s).abs() < 1e-12);
}

/// `sent = delivered + lost`; attempts and transactions agree; nothing is lost while SCL may be held.
fn books(report: &Report, stretches: bool) {
    let wire = &report.wires[0];
    let bus = wire.i2c.as_ref().expect("an I2C bus");
    let name = &report.scenario;
    assert_eq!(wire.sent, wire.delivered + wire.lost, "{name}");
    assert_eq!(
        wire.lost,
        wire.lost_by_cause.values().sum::<u64>(),
        "{name}"
    );
    assert_eq!(bus.transactions, bus.completed + bus.failed, "{name}");
    assert!(bus.failed <= bus.nacked + bus.timed_out, "{name}");
    if stretches {
        assert_eq!(wire.lost, 0, "{name}: {:?}", wire.lost_by_cause);
    } else {
        assert_eq!(bus.stretches, 0, "{name}");
    }
}

#[test]
fn the_books_agree_at_any_rate_and_patience() {
    for (chip, elf) in [("stm32f103xb", "f103"), ("stm32f303xc", "f303")] {
        for variant in ["in-flash", "in-ram", "nostretch"] {
            for rate in ["20k", "100k", "400k", "1M"] {
                for patience in [
                    "",
                    "stretch-timeout = \"1ms\"\nretries = 1",
                    "stretch-timeout = \"30ms\"",
                ] {
                    let text = GOOD
                        .replace("stm32f103xb", chip)
                        .replace("f103-in-flash", &format!("{elf}-{variant}"))
                        .replace("\"100k\"", &format!("\"{rate}\""))
                        .replace(ADDRESS, &format!("{ADDRESS}\n{patience}"))
                        .replace(
                            TRAFFIC,
                            "{ gap = \"50us\", transactions = [{ write = \"30\" }, { write = \"10 01 02 03 04 05\" }, { read = 3 }, { write = \"10\", read = 1 }, { write = \"\" }], repeat = 8 }",
                        )
                        .replace("max-time = \"30ms\"", "max-time = \"2s\"\nuntil = \"wire:pi\"\nafter = \"50ms\"");
                    let report = run(&scenario(&text));
                    assert_eq!(
                        report.stop.reason, "until",
                        "{chip} {variant} {rate} {patience}"
                    );
                    books(&report, variant != "nostretch");
                }
            }
        }
    }
}

#[test]
fn a_timeline_shows_scl_held() {
    let path = root().join("scenarios/i2c-slave/f103-in-flash-max.toml");
    let scenario = Scenario::from_path(path).unwrap_or_else(|e| panic!("{e}"));
    let (report, timeline) = scenario
        .run_recorded(&RunOptions::default())
        .unwrap_or_else(|e| panic!("{e}"));
    let lane = &timeline.wires[0];
    let (before, changes) = &lane.levels;
    assert_eq!(*before, Some(true));
    let low: Vec<_> = changes
        .chunks(2)
        .map(|pair| {
            assert!(!pair[0].1 && pair[1].1, "{pair:?}");
            (pair[1].0 - pair[0].0).as_secs_f64()
        })
        .collect();
    let bus = report.wires[0].i2c.as_ref().expect("an I2C bus");
    assert!((low.iter().sum::<f64>() - bus.stretched_s).abs() < 1e-12);
    let longest = low.iter().copied().fold(0.0, f64::max);
    assert!((0.0397..0.0399).contains(&longest), "{longest}");
}
