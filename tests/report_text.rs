//! The report as people see it, and the keys that tools depend on.

mod common;

use common::{golden, hawk_scenario, run};
use flashstall::Scenario;

#[test]
fn texts() {
    for name in [
        "before",
        "after",
        "as-published",
        "mutant-const-in-flash",
        "mutant-table-128",
    ] {
        golden(
            &format!("report-{name}.txt"),
            &run(&hawk_scenario(name)).to_text(),
        );
    }
}

/// Hosts, a ring that was lapped, frames for others, a reset, more losses than are explained one by one.
#[test]
fn texts_of_boot_loaders() {
    for name in [
        "page-bootloader/f103-uart-crc-resend",
        "page-bootloader/f429-uart-dma-ring-small",
        "page-bootloader/f429-uart-plain-iwdg",
        "page-bootloader/f429-uart-plain-max",
        "page-bootloader-can/f103-can-candump",
        "page-bootloader-can/f429-can-both-fifos",
    ] {
        let path = common::root().join(format!("scenarios/{name}.toml"));
        let report = run(&Scenario::from_path(path).unwrap());
        let file = name.rsplit('/').next().unwrap();
        golden(&format!("report-{file}.txt"), &report.to_text());
    }
}

#[test]
fn a_report_fits_a_screen() {
    for name in ["before", "after"] {
        let text = run(&hawk_scenario(name)).to_text();
        assert!(text.lines().count() <= 50, "{text}");
        assert!(text.lines().all(|l| l.chars().count() <= 100), "{text}");
    }
}

#[test]
fn the_demonstration_fits_a_terminal() {
    let (before, after) = flashstall::demo::reports().unwrap();
    let text = flashstall::demo::text(&before, &after);
    assert!(
        text.lines().count() <= 24 && text.lines().all(|l| l.chars().count() <= 100),
        "{text}"
    );
    assert!(before.wire("midi").unwrap().lost >= 60);
    assert_eq!(after.wire("midi").unwrap().lost, 0);
    assert!(after.find_buffer("capture").unwrap().equals_sent);
    golden("demo.txt", &text);
}

#[test]
fn the_chain_of_the_first_loss_leads_to_the_erase_and_its_source_line() {
    let report = run(&hawk_scenario("before"));
    let text = &report.losses[0].text;
    let expected = [
        "USART1 pending",
        "instruction fetch",
        "bank 1 busy: page erase 0x08020000",
        "FLASH_ErasePage flash.c:",
        "save_patch save.c:",
    ];
    let mut rest = text.as_str();
    for part in expected {
        let at = rest
            .find(part)
            .unwrap_or_else(|| panic!("no `{part}` in order in: {text}"));
        rest = &rest[at..];
    }
}

#[test]
fn json_has_the_keys_that_tools_depend_on() {
    let json: serde_json::Value =
        serde_json::from_str(&run(&hawk_scenario("before")).to_json()).unwrap();
    assert_eq!(json["schema"], "flashstall-report/1");
    for key in [
        "verdict",
        "time_s",
        "cycles",
        "instructions",
        "wires",
        "buffers",
        "stalls",
        "interrupts",
        "losses",
        "unmodelled",
        "expectations",
    ] {
        assert!(!json[key].is_null(), "{key}");
    }
    for key in ["name", "kind", "sent", "delivered", "lost", "lost_by_cause"] {
        assert!(!json["wires"][0][key].is_null(), "wires[].{key}");
    }
    for kind in ["fetch", "data", "vector", "register"] {
        for key in ["count", "total_s", "longest_s"] {
            assert!(json["stalls"][kind][key].is_number(), "stalls.{kind}.{key}");
        }
    }
    for key in [
        "name",
        "taken",
        "latency_min_s",
        "latency_max_s",
        "pended_lost",
    ] {
        assert!(
            json["interrupts"][0].get(key).is_some(),
            "interrupts[].{key}"
        );
    }
    assert_eq!(json["losses"][0]["chain"][0]["link"], "lost");
    let again: flashstall::Report = serde_json::from_value(json).unwrap();
    assert_eq!(again, run(&hawk_scenario("before")));
}
