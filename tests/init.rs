//! `flashstall init`: what it finds out by itself, what it writes can be run, and what it refuses.
#![allow(missing_docs, reason = "tests have no API")]

mod common;

use std::io::Write as _;
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

/// As [`init`] with `--ask`, and `answers` on standard input.
fn asked(elf: &str, out: &std::path::Path, more: &[&str], answers: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_flashstall"))
        .args(["init", "--ask"])
        .arg(root().join("firmware-under-test").join(elf))
        .arg("--out")
        .arg(out)
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have ended before it read all of it.
    let _ = child.stdin.take().unwrap().write_all(answers);
    child.wait_with_output().unwrap()
}

const HAWK: &str = "hawk-midi/elf/before.elf";
/// Nothing listens in it.
const SILENT: &str = "probes/elf/bkpt.elf";

#[test]
fn an_empty_answer_is_the_default() {
    let file = Scratch::new("asked.toml");
    let output = asked(HAWK, &file.0, &[], b"\n");
    assert!(output.status.success(), "{}", text(&output));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.ends_with("Chip [stm32f303xc]: "), "{said}");
    // What is known is not asked, and standard output has the result alone.
    let result = String::from_utf8_lossy(&output.stdout);
    assert!(
        result.starts_with("chip             stm32f303xc ("),
        "{result}"
    );
    let written = std::fs::read_to_string(&file.0).unwrap();
    assert!(written.contains("baud = 31250"), "{written}");
}

#[test]
fn a_wrong_answer_is_asked_again() {
    let file = Scratch::new("wrong.toml");
    let answers = b"stm32f999\nstm32l151x6\n\xff\xfe\x00\n  stm32f303xc \nnot read\n";
    let output = asked(HAWK, &file.0, &[], answers);
    assert!(output.status.success(), "{}", text(&output));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.matches("Chip [stm32f303xc]: ").count(), 4, "{said}");
    assert!(said.contains("no chip `stm32f999`"), "{said}");
    Scenario::from_path(&file.0).unwrap();
}

#[test]
fn port_and_rate_are_asked_where_nothing_listens() {
    let file = Scratch::new("silent.toml");
    let chip = ["--chip", "stm32f303xc"];
    let answers = b"USART9\nusart2\nfast\n0\n99999999999\n20000000\n9600\n";
    let output = asked(SILENT, &file.0, &chip, answers);
    assert!(output.status.success(), "{}", text(&output));
    let said = String::from_utf8_lossy(&output.stderr);
    for (part, times) in [
        ("Port that receives, or none [none]: ", 2),
        ("stm32f303xc has no port `USART9`", 1),
        ("Bits a second on USART2 [115200]: ", 5),
        ("is no number of bits a second", 3),
        ("cannot be made", 1),
    ] {
        assert_eq!(said.matches(part).count(), times, "{part}: {said}");
    }
    let written = std::fs::read_to_string(&file.0).unwrap();
    assert!(
        written.contains("port = \"USART2\"\nbaud = 9600 "),
        "{written}"
    );
    Scenario::from_path(&file.0).unwrap();

    let output = asked(SILENT, &Scratch::new("none.toml").0, &chip, b"none\n");
    assert!(output.status.success(), "{}", text(&output));
    assert!(text(&output).contains("none found"), "{}", text(&output));
}

#[test]
fn input_that_ends_is_an_error_and_nothing_is_written() {
    let file = Scratch::new("ended.toml");
    for (elf, answers, question) in [
        (HAWK, &b""[..], "`Chip`"),
        (HAWK, b"stm32f999", "`Chip`"),
        (
            SILENT,
            b"stm32f303xc\nUSART2\n",
            "`Bits a second on USART2`",
        ),
    ] {
        let output = asked(elf, &file.0, &[], answers);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        let said = text(&output);
        let ended = format!("the input ended before {question} was answered");
        assert!(said.contains(&ended) && said.contains("--chip"), "{said}");
        assert!(!file.0.exists());
    }
    // What is there is not asked about, and stays if the answers never come.
    std::fs::write(&file.0, "mine").unwrap();
    let refused = asked(HAWK, &file.0, &[], b"\n");
    assert_eq!(refused.status.code(), Some(2));
    assert!(!text(&refused).contains("Chip ["), "{}", text(&refused));
    let ended = asked(HAWK, &file.0, &["--force"], b"");
    assert_eq!(ended.status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(&file.0).unwrap(), "mine");
}

/// On a terminal nobody has to say `--ask`. `script` makes one.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_is_asked() {
    let Some(mut script) = common::tool("script") else {
        return;
    };
    let file = Scratch::new("terminal.toml");
    let elf = root().join("firmware-under-test").join(HAWK);
    let command = format!(
        "{} init {} --out {}",
        env!("CARGO_BIN_EXE_flashstall"),
        elf.display(),
        file.0.display()
    );
    let mut child = script
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keys = child.stdin.take().unwrap();
    keys.write_all(b"stm32f999\n\n").unwrap();
    let output = child.wait_with_output().unwrap();
    drop(keys);
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches("Chip [stm32f303xc]: ").count(), 2, "{said}");
    assert!(said.contains("no chip `stm32f999`"), "{said}");
    assert!(file.0.is_file());
}
