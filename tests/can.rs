//! CAN wires: files that cannot be run, and why nobody listens.

mod common;

use std::path::Path;

use common::golden;
use flashstall::{Report, Scenario};

const GOOD: &str = r#"schema = "flashstall-scenario/1"
chip = "stm32f103xb"

[firmware]
elf = "firmware-under-test/page-bootloader/elf/f103-can-plain.elf"

[board]
hse = "8MHz"

[[wire]]
name = "bus"
kind = "can"
port = "CAN1"
bitrate = "500k"
at = "20ms"
traffic = { counter = 0, id = 0x101, count = 3 }

[run]
max-time = "30ms"

[[expect.wire]]
name = "bus"
lost = ">=0"
"#;

const TRAFFIC: &str = "{ counter = 0, id = 0x101, count = 3 }";

fn spoilt(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    GOOD.replacen(from, to, 1)
}

fn complaint(text: &str, base: &Path) -> String {
    let all = match Scenario::from_toml(text, Path::new("bad.toml"), base) {
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

#[test]
fn each_mistake_has_its_message() {
    let mistakes = [
        ("port = \"CAN1\"", "port = \"CAN2\""),
        ("port = \"CAN1\"", "baud = 500000"),
        ("bitrate = \"500k\"", ""),
        ("bitrate = \"500k\"", "bitrate = \"2M\""),
        ("bitrate = \"500k\"", "bitrate = \"500k\"\nformat = \"8N1\""),
        ("bitrate = \"500k\"", "bitrate = \"500k\"\npin = \"PA0\""),
        ("kind = \"can\"", "kind = \"uart\"\nbaud = 9600"),
        (TRAFFIC, "{ counter = 0, count = 3 }"),
        (TRAFFIC, "{ counter = 0, id = 0x800, count = 3 }"),
        (
            TRAFFIC,
            "{ counter = 0, id = 0x20000000, extended = true, count = 3 }",
        ),
        (TRAFFIC, "{ counter = 0, id = 1, dlc = 9, count = 3 }"),
        (TRAFFIC, "{ counter = 0, id = 1, dlc = 0, count = 3 }"),
        (TRAFFIC, "{ counter = 0, id = 1 }"),
        (TRAFFIC, "{ pattern = \"count\", id = 1, count = 1 }"),
        (TRAFFIC, "{ pattern = \"counter\", id = 1 }"),
        (
            TRAFFIC,
            "{ pattern = \"counter\", id = 1, count = 2000000 }",
        ),
        (
            TRAFFIC,
            "{ counter = 0, id = 1, count = 3, gap = \"1ms\", period = \"2ms\" }",
        ),
        (TRAFFIC, "{ counter = 0, id = 1, count = 3, burst = 2 }"),
        (
            TRAFFIC,
            "{ counter = 0, id = 1, count = 3, dlc = 2, dlc-min = 3 }",
        ),
        (
            TRAFFIC,
            "{ counter = 0, id = 1, count = 3, remote-share = 101 }",
        ),
        (
            TRAFFIC,
            "{ counter = 0, id = 1, count = 3, extended = true, extended-share = 5 }",
        ),
        (TRAFFIC, "{ frames = [{ id = 1 }], gap = \"1ms\" }"),
        (
            TRAFFIC,
            "{ counter = 0, id = 1, count = 3, jitter = \"1ms\" }",
        ),
        (TRAFFIC, "{ frames = [{ id = 1 }], id = 2 }"),
        (TRAFFIC, "{ frames = [{ id = 1, data = \"00 1\" }] }"),
        (
            TRAFFIC,
            "{ frames = [{ id = 1, data = \"00112233445566778899\" }] }",
        ),
        (TRAFFIC, "{ frames = [{ id = 1, dlc = 3 }] }"),
        (
            TRAFFIC,
            "{ frames = [{ id = 1, remote = true, data = \"00\" }] }",
        ),
        (TRAFFIC, "{ frames = [{ id = 1, remote = true, dlc = 9 }] }"),
        (
            TRAFFIC,
            "{ frames = [{ id = 1, at = \"2ms\" }, { id = 2, at = \"1ms\" }] }",
        ),
        (TRAFFIC, "{ candump = \"no-such.log\" }"),
        (TRAFFIC, "{ candump = \"x.log\", count = 3 }"),
        ("lost = \">=0\"", "lost-by-cause = { fifo-overun = 1 }"),
    ];
    let all: Vec<String> = mistakes
        .iter()
        .map(|(from, to)| {
            let said = complaint(&spoilt(from, to), common::root());
            format!("# {from:?} -> {to:?}\n{said}\n")
        })
        .collect();
    golden("bad_can.txt", &all.join("\n"));
}

const HOST: &str = r#"[[host]]
name = "pc"
kind = "can"
port = "CAN1"
bitrate = "500k"
at = "20ms"
protocol = "handshake"
page = 1024
image = { counter = 0, count = 8192 }
"#;

#[test]
fn each_mistake_in_a_host_has_its_message() {
    let scenario = |host: &str| GOOD.replacen("[run]", &format!("{host}\n[run]"), 1);
    let good = Scenario::from_toml(&scenario(HOST), Path::new("good.toml"), common::root());
    good.unwrap()[0].prepare().unwrap();
    let mistakes = [
        ("port = \"CAN1\"", "port = \"USART1\""),
        ("bitrate = \"500k\"", ""),
        ("bitrate = \"500k\"", "bitrate = \"500k\"\nbaud = 9600"),
        ("bitrate = \"500k\"", "bitrate = \"500k\"\nflow-slack = 1"),
        (
            "bitrate = \"500k\"",
            "bitrate = \"500k\"\nbyte-gap = \"1us\"",
        ),
        ("kind = \"can\"", "kind = \"uart\"\nbaud = 9600"),
        ("page = 1024", "page = 1020"),
        ("count = 8192", "count = 8192, id = 0x101"),
    ];
    let all: Vec<String> = mistakes
        .iter()
        .map(|(from, to)| {
            assert!(HOST.contains(from), "{from}");
            let said = complaint(&scenario(&HOST.replacen(from, to, 1)), common::root());
            format!("# {from:?} -> {to:?}\n{said}\n")
        })
        .collect();
    golden("bad_can_hosts.txt", &all.join("\n"));
}

/// The place in the log is told, not that in the scenario.
#[test]
fn each_mistake_in_a_log_has_its_message() {
    let dir = std::env::temp_dir().join(format!("flashstall-candump-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let elf = common::root().join("firmware-under-test");
    let text = spoilt(TRAFFIC, "{ candump = \"x.log\" }")
        .replace("firmware-under-test", &elf.display().to_string());
    let mut all = Vec::new();
    for line in [
        "(1436509052.249713) can0 123#DEADBEE",
        "(1436509052.249713) can0 123#001122334455667788",
        "(1436509052.249713) can0 20000080#0000000000000000",
        "(1436509052.249713) can0 12#00",
        "(1436509052.249713) can0 123##0AA",
        "(1436509051.999999) can0 123#00",
        "1436509052.249713 can0 123#00",
        "(1436509052.249713) can0",
        "(1436509052.249713) vcan1 123#00",
    ] {
        let log = format!("(1436509052.000000) can0 100#00\n{line}\n");
        std::fs::write(dir.join("x.log"), log).unwrap();
        all.push(format!("{}\n", complaint(&text, &dir)));
    }
    std::fs::write(dir.join("x.log"), "\n").unwrap();
    all.push(format!("{}\n", complaint(&text, &dir)));
    std::fs::remove_dir_all(&dir).unwrap();
    golden("bad_candump.txt", &all.join("\n"));
}

/// A part without CAN: the same chip file, its controller left out.
#[test]
fn a_part_without_can_is_told() {
    let dir = std::env::temp_dir().join(format!("flashstall-no-can-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let chip = std::fs::read_to_string(common::root().join("sim/mcu/chips/stm32f103xb.toml"));
    let chip = chip.unwrap();
    let begin = chip.find("[[peripheral]]\nname = \"CAN\"").unwrap();
    let end = begin + 2 + chip[begin + 2..].find("\n[[").unwrap();
    std::fs::write(
        dir.join("bare.toml"),
        format!("{}{}", &chip[..begin], &chip[end..]),
    )
    .unwrap();
    let elf = common::root().join("firmware-under-test");
    let text = spoilt("chip = \"stm32f103xb\"", "chip-file = \"bare.toml\"")
        .replace("firmware-under-test", &elf.display().to_string());
    let said = complaint(&text, &dir);
    std::fs::remove_dir_all(&dir).unwrap();
    assert!(
        said.contains("stm32f103xb has no CAN controller\n"),
        "{said}"
    );
}

fn run(changes: &[(&str, &str)]) -> Report {
    let text = changes.iter().fold(GOOD.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    let all = Scenario::from_toml(&text, Path::new("can.toml"), common::root()).unwrap();
    common::run(&all[0])
}

fn only_cause(report: &Report) -> (String, u64, String) {
    assert_eq!(report.causes.len(), 1, "{:?}", report.causes);
    let cause = &report.causes[0];
    (cause.cause.clone(), cause.count, cause.text.clone())
}

/// The boot loader keeps identifiers 0x100 to 0x103; without a header it takes data frames, and throws them away.
#[test]
fn frames_are_delivered_lost_and_filtered() {
    let report = run(&[(TRAFFIC, "{ counter = 0, ids = [0x101, 0x200], count = 10 }")]);
    let wire = report.wire("bus").unwrap();
    assert_eq!((wire.sent, wire.delivered, wire.lost), (5, 5, 0));
    assert_eq!(wire.filtered, 5);
}

#[test]
fn the_chain_says_why_nobody_listened() {
    let once = (
        "bitrate = \"500k\"",
        "bitrate = \"500k\"\nretransmit = false",
    );
    let early = ("at = \"20ms\"", "at = \"10us\"");
    let (cause, count, text) = only_cause(&run(&[once, early]));
    assert_eq!((cause.as_str(), count), ("not-acknowledged", 3));
    assert!(
        text.starts_with("frame #0 (0x101) not acknowledged at ")
            && text.ends_with(" ← nobody listened: RCC feeds it no clock"),
        "{text}"
    );
    // Among others the sender sees success all the same.
    let others = (
        "bitrate = \"500k\"",
        "bitrate = \"500k\"\nothers-acknowledge = true",
    );
    let (cause, count, text) = only_cause(&run(&[others, early]));
    assert_eq!((cause.as_str(), count), ("not-listening", 3));
    assert!(
        text.ends_with("nobody listened: RCC feeds it no clock"),
        "{text}"
    );
}

/// 2 % is more than SJW and the segments make up for (0.55 %); the finding tells the figures.
#[test]
fn a_wrong_bit_rate_is_told_with_its_error() {
    let slow = ("bitrate = \"500k\"", "bitrate = \"490k\"");
    let report = run(&[slow]);
    let (cause, count, text) = only_cause(&report);
    assert_eq!(
        (cause.as_str(), count),
        ("bit-rate", 1),
        "it tries for ever"
    );
    assert!(text.contains("its bit rate does not fit"), "{text}");
    let mut findings = report.findings.iter();
    let finding = findings.find(|f| f.rule == "can-not-listening").unwrap();
    assert!(finding.text.contains("2.00 % apart"), "{}", finding.text);
    let off = (
        "bitrate = \"500k\"",
        "bitrate = \"500k\"\nclock-error = \"0.5%\"",
    );
    assert_eq!(run(&[off]).wire("bus").unwrap().lost, 0);
}

/// A frame that waits for its acknowledgement is heard as soon as the controller listens.
#[test]
fn a_sender_tries_until_somebody_listens() {
    let early = ("at = \"20ms\"", "at = \"10us\"");
    let report = run(&[early]);
    let wire = report.wire("bus").unwrap();
    assert_eq!((wire.sent, wire.delivered, wire.lost), (3, 3, 0));
    assert!(
        report
            .findings
            .iter()
            .any(|f| f.rule == "can-not-acknowledged")
    );
}
