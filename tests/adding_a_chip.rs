//! Does what `docs/adding-a-chip.md` says, with the text that stands there.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{hawk, root};
use flashstall::exec::find_chip;

/// The TOML blocks of the page, under the names in their first lines.
fn blocks() -> Vec<(String, String)> {
    let page = std::fs::read_to_string(root().join("docs/adding-a-chip.md")).unwrap();
    let mut blocks = Vec::new();
    for block in page.split("```toml\n").skip(1) {
        let (text, _) = block.split_once("```").unwrap();
        let name = text.lines().next().unwrap().trim_start_matches("# ");
        blocks.push((name.to_owned(), text.to_owned()));
    }
    blocks
}

/// A folder with the files of the page and the firmware that it names.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("adding-a-chip");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, text) in blocks() {
        std::fs::write(folder.join(name), text).unwrap();
    }
    std::fs::copy(hawk("f103-recovers"), folder.join("f103-recovers.elf")).unwrap();
    folder
}

#[test]
fn the_page_adds_a_chip_and_runs_firmware_on_it() {
    let names: Vec<String> = blocks().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["stm32f103xc.toml", "scenario.toml"]);
    let folder = folder();
    let page = std::fs::read_to_string(root().join("docs/adding-a-chip.md")).unwrap();
    let commands = page
        .lines()
        .filter_map(|line| line.strip_prefix("flashstall "));
    let mut ran = 0;
    for command in commands {
        let output = Command::new(env!("CARGO_BIN_EXE_flashstall"))
            .args(command.split(' '))
            .current_dir(&folder)
            .output()
            .unwrap();
        let said =
            String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{command}: {said}");
        ran += 1;
    }
    assert_eq!(ran, 2);
    let chip = find_chip(folder.join("stm32f103xc.toml").to_str().unwrap()).unwrap();
    assert!(!flashstall_mcu::chip::Chip::names().any(|name| name == chip.name));
    assert_eq!((chip.flash.size, chip.flash.pages()), (256 << 10, 128));
    assert_eq!(chip.memory("SRAM").map(|m| m.size), Some(48 << 10));
}

#[test]
fn a_chip_file_that_is_wrong_is_shown_with_its_place() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("a-wrong-chip");
    std::fs::create_dir_all(&folder).unwrap();
    let text = blocks()
        .remove(0)
        .1
        .replace("[flash]\nsize", "[flash]\nsiez");
    std::fs::write(folder.join("wrong.toml"), text).unwrap();
    let error = find_chip(folder.join("wrong.toml").to_str().unwrap()).unwrap_err();
    assert_eq!(error.line_column(), Some((19, 1)), "{error}");
    assert!(error.to_string().contains("siez"), "{error}");
}
