//! Scenarios as tests: one `cargo test` test for each TOML file (and each variant in it).
//!
//! In `Cargo.toml`:
//!
//! ```toml
//! [[test]]
//! name = "scenarios"
//! harness = false
//! ```
//!
//! and `tests/scenarios.rs` is one line: `flashstall::scenario_tests!("scenarios");`. Filters, `--list`, threads and nextest work as
//! for any other test.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::batch;
use crate::run::RunOptions;
use crate::scenario::{Scenario, ScenarioError};

/// Makes a test binary of the scenarios in a folder, relative to the package's root.
#[macro_export]
macro_rules! scenario_tests {
    ($folder:literal) => {
        fn main() -> ::std::process::ExitCode {
            $crate::testing::main(::std::env!("CARGO_MANIFEST_DIR"), $folder)
        }
    };
}

/// Runs the scenarios in `root/folder` as tests; the arguments are those of the process. Called by [`scenario_tests!`].
#[must_use]
pub fn main(root: &str, folder: &str) -> ExitCode {
    let arguments = Arguments::from_args();
    libtest_mimic::run(&arguments, trials(Path::new(root), Path::new(folder))).exit_code()
}

/// One test for each scenario; one that fails, if the folder or a file cannot be read.
fn trials(root: &Path, folder: &Path) -> Vec<Trial> {
    let broken = |name: String, error: ScenarioError| {
        let text = error.to_string();
        vec![Trial::test(name, move || Err(Failed::from(text)))]
    };
    let files = match batch::collect(&[root.join(folder)]) {
        Ok(files) => files,
        Err(error) => return broken(folder.display().to_string(), error),
    };
    let one_file = |file: PathBuf| {
        let shown = file.strip_prefix(root).unwrap_or(&file).to_owned();
        let inside = file
            .strip_prefix(root.join(folder))
            .unwrap_or(&file)
            .with_extension("");
        let name = inside
            .components()
            .map(|c| c.as_os_str().to_string_lossy())
            .collect::<Vec<_>>()
            .join("::");
        match Scenario::all_from_path(&file) {
            Ok(scenarios) => scenarios
                .into_iter()
                .map(|scenario| trial(&name, &shown, scenario))
                .collect(),
            Err(error) => broken(name, error),
        }
    };
    files.into_iter().flat_map(one_file).collect()
}

fn trial(file: &str, path: &Path, scenario: Scenario) -> Trial {
    let variant = scenario
        .name()
        .split_once(':')
        .map(|(_, variant)| format!("::{variant}"))
        .unwrap_or_default();
    let path = path.display().to_string();
    Trial::test(format!("{file}{variant}"), move || {
        let report = scenario
            .run_with(&RunOptions::default())
            .map_err(|e| Failed::from(e.to_string()))?;
        if report.is_met() {
            return Ok(());
        }
        Err(Failed::from(format!(
            "{}\nreproduce: flashstall run {path}",
            report.to_text()
        )))
    })
}
