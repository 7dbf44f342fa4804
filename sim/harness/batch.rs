//! Many scenarios: found in folders, checked all before any runs, run on several threads, told in order.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::report::Report;
use crate::run::RunOptions;
use crate::scenario::{Scenario, ScenarioError};

/// The scenario files that `paths` name: a file is itself, a folder all `.toml` files below it, sorted.
///
/// # Errors
/// [`ScenarioError`] for a path that cannot be read, and for a folder without scenarios.
pub fn collect(paths: &[PathBuf]) -> Result<Vec<PathBuf>, ScenarioError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        walk(path, &mut files)?;
        files[before..].sort();
        if files.len() == before {
            return Err(ScenarioError::new(format!(
                "no scenario in `{}`",
                path.display()
            )));
        }
    }
    Ok(files)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), ScenarioError> {
    let fail =
        |e: std::io::Error| ScenarioError::new(format!("cannot read `{}`: {e}", folder.display()));
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "toml") {
            files.push(path);
        }
    }
    Ok(())
}

/// Reads and checks all of them, variants apart.
///
/// # Errors
/// The first [`ScenarioError`]; nothing has run then.
pub fn read(files: &[PathBuf]) -> Result<Vec<Scenario>, ScenarioError> {
    let mut all = Vec::new();
    for file in files {
        for scenario in Scenario::all_from_path(file)? {
            scenario.prepare()?;
            all.push(scenario);
        }
    }
    Ok(all)
}

/// How several scenarios are run.
#[derive(Clone, Debug)]
pub struct BatchOptions {
    /// How each of them is run.
    pub run: RunOptions,
    /// Also with each open behaviour set the other way.
    pub all_open: bool,
    /// Threads, at least 1.
    pub threads: usize,
}

/// Runs them all. Results are in the order of `scenarios`, whatever the number of threads.
///
/// # Errors
/// The first [`ScenarioError`] in that order.
pub fn run(scenarios: &[Scenario], options: &BatchOptions) -> Result<Vec<Report>, ScenarioError> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<Result<Report, ScenarioError>>>> =
        Mutex::new(vec![None; scenarios.len()]);
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(scenario) = scenarios.get(index) else {
                break;
            };
            let result = if options.all_open {
                scenario.run_all_open(&options.run)
            } else {
                scenario.run_with(&options.run)
            };
            let mut results = results
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            results[index] = Some(result);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..options.threads.clamp(1, scenarios.len().max(1)) {
            scope.spawn(work);
        }
        work();
    });
    // Every index below the length was taken by a worker, and the scope has waited for all of them.
    let results = results
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    results.into_iter().flatten().collect()
}
