//! Hosts and patches: what can be wrong with them, how they end, and that a machine with one can be forked.

mod common;

use std::path::Path;

use common::{golden, root, run};
use flashstall::scenario::WireSpec;
use flashstall::{Report, RunOptions, Scenario, ScenarioError};
use flashstall_mcu::machine::MachineOptions;
use flashstall_mcu::wire::PeerOutcome;
use flashstall_mcu::{Machine, NativeEngine, Picos, Stop};

const GOOD: &str = r#"schema = "flashstall-scenario/1"
chip = "stm32f303xc"

[firmware]
elf = "firmware-under-test/page-bootloader/elf/f303-uart-crc-resend.elf"

[board]
hse = "8MHz"

[flash]
page-erase = "20ms"
program = "53.5us"

[[patch]]
symbol = "boot_config"
words = [230_400]

[[host]]
name = "pc"
kind = "uart"
port = "USART1"
baud = 230400
at = "20ms"
protocol = "crc-resend"
page = 2048
image = { pattern = "random", count = 3000 }
stored-at = "0x08008000"

[run]
max-time = "3s"
until = "host:pc"

[[expect.host]]
name = "pc"
outcome = "complete"
stored = true
"#;

fn read(text: &str) -> Result<Scenario, ScenarioError> {
    Ok(Scenario::from_toml(text, Path::new("host.toml"), root())?.remove(0))
}

fn changed(changes: &[(&str, &str)]) -> Scenario {
    let mut text = GOOD.to_owned();
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    read(&text).unwrap_or_else(|e| panic!("{e}"))
}

fn report(changes: &[(&str, &str)]) -> Report {
    run(&changed(changes))
}

#[test]
fn a_patched_baud_rate_is_what_the_firmware_uses() {
    let report = report(&[]);
    assert!(report.is_met(), "{}", report.to_text());
    let host = report.host("pc").unwrap();
    assert_eq!((host.pages, host.resends, host.time_outs), (2, 1, 0));
    assert_eq!(report.wire("pc").unwrap().sent, 12 + 2054 + 2 * (952 + 6));
}

#[test]
fn each_mistake_has_its_message() {
    let mistakes = [
        ("port = \"USART1\"", "port = \"USART11\""),
        ("port = \"USART1\"\n", ""),
        ("kind = \"uart\"", "kind = \"serial\""),
        ("baud = 230400", "baud = 230400\nflow-slack = 1"),
        ("baud = 230400", "baud = 230400\nflow-control = \"xon\""),
        ("at = \"20ms\"\nprotocol", "protocol"),
        ("protocol = \"crc-resend\"", "protocol = \"ymodem\""),
        (
            "protocol = \"crc-resend\"",
            "protocol = \"stream\"\ntries = 3",
        ),
        (
            "protocol = \"crc-resend\"",
            "protocol = \"crc-resend\"\ntries = 0",
        ),
        (
            "protocol = \"crc-resend\"",
            "protocol = \"crc-resend\"\npage-gap = \"1ms\"",
        ),
        ("page = 2048", "page = 0"),
        ("page = 2048", "page = 2048\nanswer-timeout = \"0s\""),
        ("pattern = \"random\", count", "pattern = \"randon\", count"),
        ("count = 3000 }", "count = 3000, gap = \"1ms\" }"),
        ("count = 3000 }", "pulses = 3000 }"),
        ("\"0x08008000\"", "\"0x0803ffff\""),
        ("\"0x08008000\"", "\"0x0800800g\""),
        ("\"0x08008000\"", "\"boot_crcc\""),
        ("stored-at = \"0x08008000\"\n", ""),
        ("until = \"host:pc\"", "until = \"host:cp\""),
        ("outcome = \"complete\"", "outcome = \"completed\""),
        ("name = \"pc\"\noutcome", "name = \"cp\"\noutcome"),
        ("symbol = \"boot_config\"", "symbol = \"boot_confg\""),
        ("symbol = \"boot_config\"", "symbol = \"boot_status\""),
        (
            "symbol = \"boot_config\"",
            "address = \"0x20000000\"\nsymbol = \"boot_config\"",
        ),
        ("symbol = \"boot_config\"", "address = \"0x0804ffff\""),
        ("symbol = \"boot_config\"\n", ""),
        ("words = [230_400]", "words = [230_400, 1]"),
        ("words = [230_400]", "words = []"),
        ("words = [230_400]", "bytes = \"00 84 0\""),
        ("words = [230_400]", "bytes = \"00\"\nwords = [1]"),
    ];
    let complaint = |from: &str, to: &str| {
        assert!(GOOD.contains(from), "{from}");
        let result = read(&GOOD.replacen(from, to, 1)).and_then(|s| s.prepare());
        match result {
            Ok(_) => panic!("nothing is wrong with {to}"),
            Err(error) => {
                assert!(error.line_column().is_some(), "no place: {error}");
                error.to_string()
            }
        }
    };
    let all: Vec<String> = mistakes
        .iter()
        .map(|(from, to)| format!("# {from:?} -> {to:?}\n{}\n", complaint(from, to)))
        .collect();
    golden("bad_hosts.txt", &all.join("\n"));
}

#[test]
fn a_host_that_hears_nothing_gives_up() {
    // Nobody clocks USART2: the header goes nowhere, three times, a second and 12 bytes apart.
    let report = report(&[
        ("port = \"USART1\"", "port = \"USART2\""),
        ("page = 2048", "page = 2048\ntries = 3"),
        ("max-time = \"3s\"", "max-time = \"4s\""),
    ]);
    let host = report.host("pc").unwrap();
    assert_eq!(host.outcome, "gave-up");
    assert_eq!((host.resends, host.time_outs), (2, 3));
    assert_eq!(host.why, "no answer within 1.000000 s, after the header");
    let expected = 3.0 * (1.0 + 120.0 / 230_400.0);
    assert!((host.duration_s.unwrap() - expected).abs() < 1e-9);
    let wire = report.wire("pc").unwrap();
    assert_eq!((wire.sent, wire.lost_by_cause["not-listening"]), (36, 36));
    let finding = report
        .findings
        .iter()
        .find(|f| f.rule == "usart-not-listening");
    assert!(finding.unwrap().text.contains("RCC feeds it no clock"));
    let chain = "nobody listened: USART2 does not hear what is sent to it: RCC feeds it no clock";
    assert!(
        report.losses[0].text.ends_with(chain),
        "{}",
        report.losses[0].text
    );
    assert_eq!(report.verdict, flashstall::Verdict::Failed);
}

#[test]
fn nobody_listens_on_a_port_that_the_firmware_never_enables() {
    // The build for CAN leaves USART1 as it comes out of reset.
    let report = report(&[
        ("f303-uart-crc-resend.elf", "f303-can-plain.elf"),
        (
            "[[patch]]\nsymbol = \"boot_config\"\nwords = [230_400]\n",
            "",
        ),
        ("max-time = \"3s\"", "max-time = \"30ms\""),
    ]);
    let wire = report.wire("pc").unwrap();
    assert_eq!(wire.sent, wire.lost_by_cause["not-listening"]);
    assert_eq!(report.host("pc").unwrap().outcome, "running");
    let mut findings = report.findings.iter();
    let finding = findings.find(|f| f.rule == "usart-not-listening").unwrap();
    assert!(
        finding.text.ends_with("RCC feeds it no clock"),
        "{}",
        finding.text
    );
}

#[test]
fn at_the_wrong_rate_nobody_understands_anybody() {
    let report = report(&[
        ("baud = 230400", "baud = 115200"),
        ("max-time = \"3s\"", "max-time = \"12s\""),
    ]);
    let host = report.host("pc").unwrap();
    assert_eq!((host.outcome.as_str(), host.answers), ("gave-up", 0));
    let wire = report.wire("pc").unwrap();
    assert!(wire.delivered < wire.sent / 2);
    let mut findings = report.findings.iter();
    let finding = findings.find(|f| f.rule == "uart-baud-mismatch").unwrap();
    // 72 MHz / 230400 is 312.5, which the firmware rounds up to 313: 230031 baud, 99.7 % more.
    let text = "USART1 is set to 230031 baud, 99.7 % more than what is sent to it at 115200 baud";
    assert_eq!(finding.text, text);
}

#[test]
fn a_slow_host_takes_longer_by_its_latency() {
    let fast = report(&[]).host("pc").unwrap().duration_s.unwrap();
    let slow = report(&[("page = 2048", "page = 2048\nlatency = \"16ms\"")]);
    // Acting late costs 16 ms after the header's ACK, after NAK and after the result. After the ACK of frame 0 it costs nothing: the
    // frame that follows, 16 + 41.6 ms, is over before the write of 75 ms, and NAK comes 20 ms of quiet after that.
    let host = slow.host("pc").unwrap();
    assert_eq!((host.outcome.as_str(), host.resends), ("complete", 1));
    let later = host.duration_s.unwrap() - fast;
    assert!((0.047..0.049).contains(&later), "{later}");
}

#[test]
fn fast_forward_changes_nothing() {
    let scenario = changed(&[]);
    let slow = RunOptions {
        fast_forward: false,
        ..RunOptions::default()
    };
    let (fast, slow) = (run(&scenario), scenario.run_with(&slow).unwrap());
    assert_eq!(fast.to_json(), slow.to_json());
}

/// The machine of `scenario` as the harness assembles it, powered on.
fn machine(scenario: &Scenario) -> Machine {
    let prepared = scenario.prepare().unwrap();
    let options = MachineOptions {
        hse: prepared.hse,
        lse: prepared.lse,
        timing: prepared.timing,
        open: prepared.open,
        fast_forward: true,
    };
    let mut machine = Machine::new(prepared.chip.clone(), options).unwrap();
    for segment in prepared
        .firmware
        .segments
        .iter()
        .filter(|s| !s.bytes.is_empty())
    {
        machine.load(segment.load, &segment.bytes).unwrap();
    }
    for (at, bytes) in &prepared.patches {
        machine.load(*at, bytes).unwrap();
    }
    for wire in &prepared.wires {
        if let WireSpec::Host(host) = &wire.spec {
            machine.attach_host(host.clone()).unwrap();
        }
    }
    machine.power_on();
    machine
}

#[test]
fn a_machine_with_a_host_can_be_forked() {
    let mut first = machine(&changed(&[]));
    let mut engine = NativeEngine;
    assert_eq!(
        first.run_until(&mut engine, Picos::from_millis(130)),
        Stop::TimeLimit
    );
    let wire = flashstall_mcu::wire::WireId(0);
    assert_eq!(first.host(wire).unwrap().outcome, PeerOutcome::Running);
    let mut second = first.clone();
    let on_another_thread = std::thread::spawn(move || {
        second.run_until(&mut NativeEngine, Picos::SECOND);
        second
    });
    first.run_until(&mut engine, Picos::SECOND);
    let second = on_another_thread.join().unwrap();
    assert_eq!(first.host(wire).unwrap().outcome, PeerOutcome::Complete);
    assert_eq!(first.host(wire), second.host(wire));
    assert_eq!(first.log().wires[0].units, second.log().wires[0].units);
}
