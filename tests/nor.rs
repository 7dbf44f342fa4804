//! Serial flashes in scenarios: mistakes have their place, and the report says what was ignored, until when and where.

mod common;

use std::path::Path;

use common::golden;
use flashstall::timeline::{html, perfetto, vcd};
use flashstall::{Report, RunOptions, Scenario, Verdict};

const GOOD: &str = r#"schema = "flashstall-scenario/1"
chip = "stm32f103xb"

[firmware]
elf = "firmware-under-test/nor-probe/elf/f103.elf"

[pins]
high = ["PB0"]

[[wire]]
name = "button"
kind = "pin"
pin = "PB1"
at = "1ms"
traffic = { pulses = 1 }

[[nor]]
name = "flash"
part = "w25q64jv"
port = "SPI1"
cs = "PA4"
timing = "typ"
image = [{ at = 0x1000, data = { hex = "00", count = 4096 } }]

[[nor]]
name = "other"
part = "w25q128jv"
port = "SPI1"
cs = "PB2"
sector-erase = "1ms"

[run]
max-time = "100ms"
until = "symbol:done"

[[expect.nor]]
name = "flash"
erases = 1
contents = [{ at = 0x1100, data = { hex = "ff" } }]
"#;

fn read(text: &str) -> Result<Scenario, String> {
    let mut all = Scenario::from_toml(text, Path::new("nor.toml"), common::root())
        .map_err(|e| e.to_string())?;
    all[0].prepare().map_err(|e| {
        assert!(e.line_column().is_some(), "no place: {e}");
        e.to_string()
    })?;
    Ok(all.remove(0))
}

fn run(from: &str, to: &str) -> Report {
    assert!(GOOD.contains(from), "{from}");
    let scenario = read(&GOOD.replacen(from, to, 1)).unwrap_or_else(|e| panic!("{e}"));
    common::run(&scenario)
}

#[test]
fn each_mistake_has_its_message() {
    let mistakes = [
        ("part = \"w25q64jv\"", "part = \"w25q64\""),
        ("port = \"SPI1\"", "port = \"SPI3\""),
        ("port = \"SPI1\"", "port = \"USART1\""),
        ("cs = \"PA4\"", "cs = \"PA44\""),
        ("cs = \"PA4\"", "cs = \"PB0\""),
        ("cs = \"PA4\"", "cs = \"PB1\""),
        ("cs = \"PB2\"", "cs = \"PA4\""),
        ("cs = \"PB2\"\n", ""),
        ("name = \"other\"", "name = \"flash\""),
        ("timing = \"typ\"", "timing = \"slow\""),
        ("sector-erase = \"1ms\"", "sector-erase = \"0s\""),
        ("sector-erase = \"1ms\"", "sektor-erase = \"1ms\""),
        ("at = 0x1000,", "at = 0x7FFFFF,"),
        ("hex = \"00\", count = 4096", "hex = \"00\", gap = \"1ms\""),
        ("hex = \"00\", count = 4096", "hex = \"00\", id = 3"),
        (
            "[[expect.nor]]\nname = \"flash\"",
            "[[expect.nor]]\nname = \"flasch\"",
        ),
        ("{ at = 0x1100,", "{ at = 0x800000,"),
        ("erases = 1", "erases = \"one\""),
    ];
    let complaint = |from: &str, to: &str| {
        assert!(GOOD.contains(from), "{from}");
        match read(&GOOD.replacen(from, to, 1)) {
            Ok(_) => panic!("nothing is wrong with {to}"),
            Err(message) => message,
        }
    };
    let all: Vec<String> = mistakes
        .iter()
        .map(|(from, to)| format!("# {from:?} -> {to:?}\n{}\n", complaint(from, to)))
        .collect();
    golden("bad_nors.txt", &all.join("\n"));
}

#[test]
fn a_quadspi_has_its_own_rules() {
    let text = |nors: &str| {
        format!(
            "schema = \"flashstall-scenario/1\"\nchip = \"stm32l451xe\"\n\
             firmware = {{ elf = \"firmware-under-test/nor-probe/elf/l451-xip.elf\" }}\n\
             run = {{ max-time = \"1ms\" }}\n{nors}"
        )
    };
    let nor = |name: &str, more: &str| {
        format!("[[nor]]\nname = \"{name}\"\npart = \"w25q64jv\"\nport = \"QUADSPI\"\n{more}\n")
    };
    assert!(read(&text(&nor("one", ""))).is_ok());
    let all: Vec<String> = [
        ("nothing is connected", String::new()),
        ("a chip select", nor("one", "cs = \"PA4\"")),
        ("two of them", nor("one", "") + &nor("two", "")),
    ]
    .iter()
    .map(|(what, nors)| match read(&text(nors)) {
        Ok(_) => panic!("nothing is wrong with {what}"),
        Err(message) => format!("# {what}\n{message}\n"),
    })
    .collect();
    golden("bad_quadspi.txt", &all.join("\n"));
}

#[test]
fn the_report_says_what_was_done_and_what_was_ignored() {
    let report = run("erases = 1", "erases = 1");
    assert_eq!(report.verdict, Verdict::Met, "{}", report.reason);
    let nor = report.nor("flash").unwrap();
    let done: Vec<_> = nor
        .operations
        .iter()
        .map(|o| (o.command.as_str(), o.address.as_str(), o.length))
        .collect();
    assert_eq!(
        done,
        [
            ("sector erase", "0x001000", 4096),
            ("page program", "0x0010f8", 16)
        ]
    );
    let erase = &nor.operations[0];
    assert_eq!(erase.length_s, Some(0.045));
    let ignored: Vec<_> = nor
        .ignored
        .iter()
        .map(|i| (i.opcode.as_str(), i.why.as_str(), i.count))
        .collect();
    assert_eq!(
        ignored,
        [("0x02", "write-disabled", 1), ("0x03", "busy", 1)]
    );
    let until = nor.ignored[1].until_s.unwrap();
    assert!((until - erase.start_s - 0.045).abs() < 1e-12);
    let functions = |calls: &[flashstall::report::PlaceReport]| -> Vec<String> {
        calls.iter().filter_map(|c| c.function.clone()).collect()
    };
    assert_eq!(
        functions(&nor.ignored[1].calls),
        ["exchange", "read_word", "main", "Reset_Handler"]
    );
    assert_eq!(
        functions(&erase.calls),
        ["release", "erase_sector", "main", "Reset_Handler"]
    );
    // The one that nobody selects hears nothing.
    let other = report.nor("other").unwrap();
    assert_eq!((other.operations.len(), other.ignored.len()), (0, 0));
}

#[test]
fn what_is_expected_of_a_serial_flash_can_fail() {
    for (from, to, reason) in [
        (
            "erases = 1",
            "erases = 2",
            "nor flash erases: expected 2, got 1",
        ),
        (
            "erases = 1",
            "ignored-busy = 0",
            "nor flash ignored while busy: expected 0, got 1",
        ),
        (
            "erases = 1",
            "programs = 0",
            "nor flash programs: expected 0, got 1",
        ),
        (
            "erases = 1",
            "longest-busy = \"<=44ms\"",
            "nor flash longest busy: expected <=44ms, got 45ms",
        ),
        (
            "{ at = 0x1100, data = { hex = \"ff\" } }",
            "{ at = 0x10F8, data = { hex = \"a0 ff ff\" } }",
            "nor flash at 0x10f8: expected these 3 bytes, got 2 differ, first 0x10f9: 0xa1, not 0xff",
        ),
    ] {
        let report = run(from, to);
        assert_eq!(
            (report.verdict, report.reason.as_str()),
            (Verdict::Failed, reason)
        );
    }
}

#[test]
fn times_of_its_own_and_the_column_decide_how_long_it_is_busy() {
    let longest = |to: &str| {
        let report = run("timing = \"typ\"", to);
        report.nor("flash").unwrap().longest_busy_s
    };
    assert_eq!(longest("sector-erase = \"7ms\""), 0.007);
    let text = GOOD
        .replacen("timing = \"typ\"", "timing = \"max\"", 1)
        .replacen("max-time = \"100ms\"", "max-time = \"450ms\"", 1);
    let report = common::run(&read(&text).unwrap());
    assert_eq!(report.nor("flash").unwrap().longest_busy_s, 0.4);
    // A run that ends before the erase does says so.
    let report = run("timing = \"typ\"", "timing = \"max\"");
    assert!(
        report.reason.starts_with("nor flash at 0x1100"),
        "{}",
        report.reason
    );
    let nor = report.nor("flash").unwrap();
    let erase = &nor.operations[0];
    let end = erase.start_s + erase.length_s.unwrap();
    assert!((nor.busy_until_s.unwrap() - end).abs() < 1e-12);
}

#[test]
fn pictures_show_when_it_was_busy_and_what_it_ignored() {
    let scenario = read(GOOD).unwrap();
    let (report, timeline) = scenario.run_recorded(&RunOptions::default()).unwrap();
    let nor = &timeline.nors[0];
    let erase = &nor.operations[0];
    assert_eq!(
        (erase.kind, erase.address.as_str()),
        ("sector erase", "0x001000")
    );
    assert_eq!(erase.end.since(erase.start).0, 45_000_000_000);
    let ignored: Vec<&str> = nor.ignored.iter().map(|(_, what)| what.as_str()).collect();
    assert_eq!(ignored, ["0x02 page program", "0x03 read"]);
    let dump = vcd::write(&timeline);
    let scope = dump.find("$scope module nor_flash $end").unwrap();
    let busy: &str = dump[scope..].lines().nth(1).unwrap();
    let id = busy.split_whitespace().nth(3).unwrap();
    // It rises with the erase and falls 45 ms later.
    let edge = |at: u64, level: u8| {
        let from = dump.find(&format!("\n#{at}\n")).unwrap() + 1;
        let block = dump[from..]
            .lines()
            .skip(1)
            .take_while(|l| !l.starts_with('#'));
        block.into_iter().any(|l| l == format!("{level}{id}"))
    };
    assert!(edge(erase.start.0, 1) && edge(erase.end.0, 0));
    let trace = perfetto::write(&timeline);
    assert!(trace.contains("\"serial flash flash\"") && trace.contains("ignored: 0x03 read"));
    let page = html::write(&report, &timeline);
    assert!(page.contains("serial flash flash") && page.contains("sector erase 0x001000"));
}
