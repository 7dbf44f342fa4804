//! The page: what stands in it, and in headless Chromium what it does.

mod common;

use std::path::Path;
use std::process::Command;

use common::browser::{chromium, opened};
use common::{hawk_scenario, root};
use flashstall::RunOptions;
use flashstall::timeline::html;

fn page(name: &str) -> String {
    let (report, timeline) = hawk_scenario(name)
        .run_recorded(&RunOptions::default())
        .unwrap();
    html::write(&report, &timeline)
}

#[test]
fn the_page_is_self_contained_and_has_the_data_as_tables() {
    let page = page("before");
    // Nothing is fetched: no address of another file in an attribute, in the style or in the script.
    for fetches in [
        "src=", "url(", "@import", "import(", "fetch(", "http://", "https://",
    ] {
        assert!(!page.contains(fetches), "{fetches}");
    }
    assert!(page.contains("default-src 'none'"));
    for table in [
        "Wires",
        "Losses",
        "Causes",
        "Interrupts",
        "Flash operations",
    ] {
        assert!(
            page.contains(&format!("<table aria-label=\"{table}\">")),
            "{table}"
        );
    }
    assert!(
        page.contains("<td>page erase</td><td>0x08020000</td><td>FLASH_ErasePage flash.c:70</td>")
    );
    assert_eq!(page.matches("data-loss=\"").count(), 64);
    assert!(page.contains("prefers-color-scheme: dark"));
    // The data block ends where it should, whatever is in the strings.
    let data = page
        .split("id=\"data\">")
        .nth(1)
        .unwrap()
        .split("</script>")
        .next()
        .unwrap();
    let data: serde_json::Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["losses"].as_array().unwrap().len(), 64);
    assert_eq!(data["rows"][0]["name"], "midi");
    // The same run gives the same bytes.
    assert_eq!(page, self::page("before"));
}

#[test]
fn run_writes_the_page() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("run.html");
    let output = Command::new(env!("CARGO_BIN_EXE_flashstall"))
        .current_dir(root())
        .args(["run", "scenarios/hawk-midi/before.toml", "--html"])
        .arg(&file)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), page("before"));
}

#[test]
fn check_writes_a_page_for_each_scenario() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages/new");
    let _ = std::fs::remove_dir_all(&folder);
    let output = Command::new(env!("CARGO_BIN_EXE_flashstall"))
        .current_dir(root())
        .args([
            "check",
            "scenarios/hawk-midi/before.toml",
            "scenarios/hawk-midi/after.toml",
            "--html",
        ])
        .arg(&folder)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    for name in ["before", "after"] {
        let file = folder.join(format!("scenarios-hawk-midi-{name}.html"));
        assert_eq!(std::fs::read_to_string(file).unwrap(), page(name));
    }
}

#[test]
fn in_a_browser_the_chain_of_a_lost_byte_opens() {
    let Some(browser) = chromium() else { return };
    let (seen, console) = opened(browser, &page("before"), "html", "probe.js");
    assert_eq!(console, "");
    assert_eq!(seen["errors"], serde_json::json!([]));
    assert_eq!(seen["requests"], serde_json::json!([]));
    assert_eq!(seen["painted"], true);
    assert_eq!(seen["zoomChanges"], true);
    assert!(
        seen["zoomed"] != seen["home"] && seen["panned"] != seen["zoomed"],
        "{seen}"
    );
    assert!(
        seen["home"].as_str().unwrap().starts_with("0 ps to "),
        "{seen}"
    );
    assert!(
        seen["selected"]
            .as_str()
            .unwrap()
            .starts_with("loss 1 of 64: midi #251"),
        "{seen}"
    );
    assert_eq!(seen["byKey"]["open"], true);
    assert_eq!(seen["byKey"]["title"], "midi #251");
    for way in ["byKey", "byMouse", "byTable"] {
        let links = seen[way]["links"].as_array().unwrap();
        assert_eq!(seen[way]["open"], true, "{way}");
        assert!(
            links[0].as_str().unwrap().starts_with("byte #"),
            "{way}: {links:?}"
        );
        assert!(
            links.iter().any(|l| l == "FLASH_ErasePage flash.c:70"),
            "{way}: {links:?}"
        );
    }
    assert_eq!(
        seen["byMouse"]["links"][0]
            .as_str()
            .unwrap()
            .split(' ')
            .nth(1),
        Some("#311")
    );
    assert_eq!(seen["byTable"]["focusInside"], true);
    assert_eq!(seen["unnamed"], 0);
    assert_eq!(seen["focusable"], true);
}
