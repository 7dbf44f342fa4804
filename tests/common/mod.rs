//! What the integration tests share: paths, golden files, small ELF files made by hand.
#![allow(dead_code, reason = "each test file uses its part")]

pub mod browser;

use std::path::{Path, PathBuf};
use std::process::Command;

use flashstall::{Report, Scenario};

/// The package's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A committed ELF of the synthesiser.
pub fn hawk(variant: &str) -> PathBuf {
    root().join(format!("firmware-under-test/hawk-midi/elf/{variant}.elf"))
}

/// A committed ELF of a probe.
pub fn probe(name: &str) -> PathBuf {
    root().join(format!("firmware-under-test/probes/elf/{name}.elf"))
}

/// A scenario file of the synthesiser.
pub fn hawk_scenario(name: &str) -> Scenario {
    let path = root().join(format!("scenarios/hawk-midi/{name}.toml"));
    Scenario::from_path(path).unwrap_or_else(|e| panic!("{e}"))
}

/// Runs a scenario that must be runnable.
pub fn run(scenario: &Scenario) -> Report {
    scenario.run().unwrap_or_else(|e| panic!("{e}"))
}

/// Holds `actual` against `tests/golden/NAME`; `FLASHSTALL_BLESS=1` writes the file instead.
pub fn golden(name: &str, actual: &str) {
    let path = root().join("tests/golden").join(name);
    if std::env::var_os("FLASHSTALL_BLESS").is_some() {
        std::fs::write(&path, actual).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == actual,
        "{} differs; FLASHSTALL_BLESS=1 accepts what is there now.\n--- expected\n{expected}\n--- actual\n{actual}",
        path.display()
    );
}

/// A program that `./test --all` installs. Without it a test does less, unless FLASHSTALL_NEED_TOOLS says that it is there.
pub fn tool(name: &str) -> Option<Command> {
    let found = Command::new(name).arg("--version").output().is_ok();
    assert!(
        found || std::env::var_os("FLASHSTALL_NEED_TOOLS").is_none(),
        "no {name}"
    );
    found.then(|| Command::new(name))
}

/// One PT_LOAD segment of [`elf`].
pub struct Segment {
    pub load: u32,
    pub run: u32,
    pub bytes: Vec<u8>,
}

impl Segment {
    /// Loaded where it runs.
    pub fn at(address: u32, bytes: Vec<u8>) -> Self {
        Self {
            load: address,
            run: address,
            bytes,
        }
    }
}

/// A vector table of two words and a `b .` behind it, padded to `size` bytes.
pub fn vectors(size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(0x2000_A000u32.to_le_bytes());
    bytes.extend(0x0800_0009u32.to_le_bytes());
    bytes.extend(0xE7FEu16.to_le_bytes());
    bytes.resize(size.max(12), 0);
    bytes
}

/// A minimal 32-bit Arm ELF file.
pub fn elf(entry: u32, segments: &[Segment]) -> Vec<u8> {
    let mut file = vec![0u8; 52 + 32 * segments.len()];
    file[..8].copy_from_slice(b"\x7fELF\x01\x01\x01\0");
    let half =
        |file: &mut [u8], at: usize, v: u16| file[at..at + 2].copy_from_slice(&v.to_le_bytes());
    let word =
        |file: &mut [u8], at: usize, v: u32| file[at..at + 4].copy_from_slice(&v.to_le_bytes());
    half(&mut file, 0x10, 2);
    half(&mut file, 0x12, 40);
    word(&mut file, 0x14, 1);
    word(&mut file, 0x18, entry);
    word(&mut file, 0x1C, 52);
    word(&mut file, 0x24, 0x0500_0200);
    half(&mut file, 0x28, 52);
    half(&mut file, 0x2A, 32);
    half(&mut file, 0x2C, segments.len() as u16);
    half(&mut file, 0x2E, 40);
    for (n, segment) in segments.iter().enumerate() {
        let (at, offset) = (52 + 32 * n, file.len() as u32);
        let size = segment.bytes.len() as u32;
        for (i, v) in [1, offset, segment.run, segment.load, size, size, 5, 4]
            .into_iter()
            .enumerate()
        {
            word(&mut file, at + 4 * i, v);
        }
        file.extend(&segment.bytes);
    }
    file
}
