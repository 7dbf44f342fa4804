//! `flashstall init`: what it finds out by itself, what it writes can be run, and what it refuses.
#![allow(missing_docs, reason = "tests have no API")]

mod common;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use common::root;
use flashstall::{Scenario, Verdict};

fn init(elf: &str, out: &std::path::Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_flashstall"))
        .arg("init")
        .arg(root().join("firmware-under-test").join(elf))
        .arg("--out")
        .arg(out)
        .args(more)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// A file of this test alone; gone when it ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("flashstall-init-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder.join(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn the_synthesiser_is_known_by_what_it_does_and_the_scenario_fails_as_it_should() {
    let file = Scratch::new("hawk.toml");
    let output = init("hawk-midi/elf/before.elf", &file.0, &[]);
    assert!(output.status.success(), "{}", text(&output));
    for part in [
        "stm32f303xc (USART1 listens after start-up",
        "USART1 at 31250",
        "FLASH_ErasePage, FLASH_ProgramWord",
    ] {
        assert!(text(&output).contains(part), "{part}: {}", text(&output));
    }
    // Nobody presses the button, so nothing is erased and nothing lost.
    let report = Scenario::from_path(&file.0).unwrap().run().unwrap();
    assert_eq!(report.verdict, Verdict::Met, "{}", report.to_text());
    assert_eq!(report.wires[0].sent, 3125, "a second of bytes");
}

#[test]
fn a_can_boot_loader_and_its_bit_rate() {
    let file = Scratch::new("can.toml");
    let output = init(
        "page-bootloader/elf/f429-can-plain.elf",
        &file.0,
        &["--chip", "stm32f429xi"],
    );
    assert!(output.status.success(), "{}", text(&output));
    assert!(
        text(&output).contains("CAN1 at 500000"),
        "{}",
        text(&output)
    );
    let written = std::fs::read_to_string(&file.0).unwrap();
    assert!(written.contains("kind = \"can\""), "{written}");
    Scenario::from_path(&file.0).unwrap().run().unwrap();
}

#[test]
fn parts_that_cannot_be_told_apart_are_named_and_nothing_is_written() {
    let file = Scratch::new("l451.toml");
    let output = init("page-bootloader/elf/l451-uart-plain.elf", &file.0, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output).contains("stm32l451xe, stm32l452xe equally well")
            && text(&output).contains("--chip"),
        "{}",
        text(&output)
    );
    assert!(!file.0.exists());
}

#[test]
fn what_exists_is_kept_and_what_does_not_exist_is_said() {
    let file = Scratch::new("kept.toml");
    std::fs::write(&file.0, "mine").unwrap();
    let output = init("hawk-midi/elf/before.elf", &file.0, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("--force"), "{}", text(&output));
    assert_eq!(std::fs::read_to_string(&file.0).unwrap(), "mine");
    let output = init(
        "hawk-midi/elf/before.elf",
        &file.0,
        &["--force", "--port", "USART9"],
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output).contains("no port `USART9`"),
        "{}",
        text(&output)
    );
    let output = init(
        "hawk-midi/elf/before.elf",
        &file.0,
        &["--force", "--chip", "stm32l151x6"],
    );
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    let output = init(
        "hawk-midi/elf/before.elf",
        &file.0,
        &["--force", "--port", "USART1", "--baud", "20000000"],
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output).contains("cannot be made"),
        "{}",
        text(&output)
    );
    assert_eq!(std::fs::read_to_string(&file.0).unwrap(), "mine");
}
