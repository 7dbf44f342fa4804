//! Boot from the second bank in scenarios: options of the board, how a run ends in ROM, what the report calls a swapped bank.
//!
//! dualbank-probe writes the next version of itself into the other bank, has it started, and ends after two updates; the arithmetic of its times is in `sim/mcu/tests/f4_dualbank_probe.rs`.

mod common;

use std::path::Path;

use common::golden;
use flashstall::{Report, Scenario, Verdict};

const GOOD: &str = r#"schema = "flashstall-scenario/1"
chip = "stm32f429xi"

[firmware]
elf = "firmware-under-test/dualbank-probe/elf/works.elf"

[flash]
timing = "typ"

[flash.options]
bfb2 = false
write-protected = [1]

[run]
max-time = "2s"
until = "symbol:probe_done"

[[expect.memory]]
symbol = "boot_version"
words = [1, 2, 3, 0]

[[expect.memory]]
symbol = "boot_fb_mode"
words = [0, 1, 0, 0]
"#;

fn read(text: &str) -> Result<Scenario, String> {
    match Scenario::from_toml(text, Path::new("dualbank.toml"), common::root()) {
        Ok(mut all) => Ok(all.remove(0)),
        Err(error) => Err(error.to_string()),
    }
}

fn changed(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(GOOD.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    })
}

fn run(changes: &[(&str, &str)]) -> Report {
    let scenario = read(&changed(changes)).unwrap_or_else(|e| panic!("{e}"));
    common::run(&scenario)
}

fn has(report: &Report, rule: &str) -> bool {
    report.findings.iter().any(|f| f.rule == rule)
}

#[test]
fn two_updates_come_back_to_the_first_bank() {
    let report = run(&[]);
    assert_eq!(report.verdict, Verdict::Met, "{}", report.reason);
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert_eq!(report.resets.len(), 2);
}

#[test]
fn bfb2_of_the_board_starts_bank_1_while_bank_2_is_empty() {
    // The first update sets what is set already: the same versions.
    let report = run(&[("bfb2 = false", "bfb2 = true")]);
    assert_eq!(report.verdict, Verdict::Met, "{}", report.reason);
}

#[test]
fn a_protected_sector_is_not_erased() {
    // Sector 12 is where the first update goes. WRPERR is bit 4; what is there stays erased, and no word of it is what was written.
    let report = run(&[
        ("write-protected = [1]", "write-protected = [12]"),
        ("words = [1, 2, 3, 0]", "words = [1, 1, 1, 0]"),
        ("words = [0, 1, 0, 0]", "words = [0, 0, 0, 0]"),
    ]);
    assert_eq!(report.verdict, Verdict::Met, "{}", report.reason);
}

#[test]
fn without_an_image_the_run_ends_in_rom() {
    let no_stack = "[[patch]]\naddress = \"0x08000000\"\nwords = [0]\n\n[run]";
    let changes = [("bfb2 = false", "bfb2 = true"), ("[run]", no_stack)];
    let report = run(&changes);
    assert_eq!(report.stop.reason, "boot-loader");
    assert!(has(&report, "boot-without-image"));
    assert_eq!(report.verdict, Verdict::Failed, "{}", report.reason);
    let expected = (
        "[[expect.memory]]",
        "[expect]\nstop = \"boot-loader\"\n\n[[expect.memory]]",
    );
    let report = run(&[
        changes[0],
        changes[1],
        expected,
        ("[1, 2, 3, 0]", "[0]"),
        ("[0, 1, 0, 0]", "[0]"),
    ]);
    assert_eq!(report.verdict, Verdict::Met, "{}", report.reason);
}

#[test]
fn the_report_says_where_a_swapped_bank_is() {
    let report = run(&[("works.elf", "absolute-sectors.elf")]);
    assert_eq!(report.stop.reason, "lockup");
    assert!(has(&report, "flash-erase-of-running-bank"));
    golden("dualbank_absolute_sectors.txt", &report.to_text());
}

#[test]
fn each_mistake_has_its_message() {
    let mistakes = [
        ("write-protected = [1]", "write-protected = [1, 24]"),
        ("write-protected = [1]", "write-protected = [-1]"),
        ("bfb2 = false", "bfb2 = \"yes\""),
        ("bfb2 = false", "bfb = false"),
        ("stm32f429xi", "stm32f446xe"),
        ("stm32f429xi", "stm32f407xg"),
    ];
    let complaint = |from: &str, to: &str| {
        let prepared = read(&changed(&[(from, to)])).and_then(|scenario| {
            scenario.prepare().map(drop).map_err(|error| {
                assert!(error.line_column().is_some(), "no place: {error}");
                error.to_string()
            })
        });
        prepared.expect_err("a mistake")
    };
    let all: Vec<String> = mistakes
        .iter()
        .map(|(from, to)| format!("# {from:?} -> {to:?}\n{}\n", complaint(from, to)))
        .collect();
    golden("bad_options.txt", &all.join("\n"));
}
