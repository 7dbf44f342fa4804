//! The gate: `check`, and `baseline` that it can be held against.

use std::path::{Path, PathBuf};

use flashstall::batch::{self, BatchOptions};
use flashstall::gate::{Baseline, Gate, Sources, Tolerance, github, junit, markdown, sarif, text};
use flashstall::timeline::html;
use flashstall::{Report, RunOptions, Scenario, ScenarioError, exit};

use crate::args::{CheckArgs, EngineName, OpenSettings};
use crate::output;

/// Runs scenarios and tells CI.
pub fn check(args: &CheckArgs) -> Result<u8, ScenarioError> {
    let sources = sources(&args.source)?;
    let all = batch::read(&batch::collect(&args.scenarios)?)?;
    let baseline = args.baseline.as_deref().map(read).transpose()?;
    if let Some(baseline) = &baseline {
        baseline.fits(&all, &sources)?;
    }
    let all_open = args.open_behaviours == OpenSettings::All;
    let reports = run(&all, args.engine, all_open, args.threads)?;
    let mut gate = Gate::new(&all, reports, &sources);
    if let Some(baseline) = &baseline {
        let tolerance = Tolerance {
            share: args.tolerance,
            floor: args.floor.0,
        };
        gate.hold_against(baseline, tolerance);
    }
    type Write = fn(&Gate) -> String;
    let files: [(_, Write); 3] = [
        (&args.junit, junit::write),
        (&args.sarif, sarif::write),
        (&args.markdown, markdown::write),
    ];
    for (target, write) in files {
        if let Some(target) = target {
            output::file(target, &write(&gate))?;
        }
    }
    if let Some(folder) = &args.html {
        pages(folder, &all, &gate, args.engine)?;
    }
    output::print(&text::write(&gate));
    if args.github {
        output::print(&github::write(&gate));
    }
    Ok(gate.exit_code())
}

/// A page for each scenario, named by its path and, where a file has several, by its variant.
fn pages(
    folder: &Path,
    scenarios: &[Scenario],
    gate: &Gate,
    engine: EngineName,
) -> Result<(), ScenarioError> {
    std::fs::create_dir_all(folder).map_err(|e| {
        ScenarioError::new(format!(
            "cannot make the folder `{}`: {e}",
            folder.display()
        ))
    })?;
    let options = RunOptions {
        engine: engine.into(),
        ..RunOptions::default()
    };
    for (scenario, outcome) in scenarios.iter().zip(&gate.outcomes) {
        let (report, timeline) = scenario.run_recorded(&options)?;
        let variant = scenario.name().split_once(':').map(|(_, variant)| variant);
        let path = outcome.path.trim_end_matches(".toml");
        let name = [Some(path), variant]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("-");
        let fits = |c: char| c.is_alphanumeric() || "-_.".contains(c);
        let name: String = name
            .chars()
            .map(|c| if fits(c) { c } else { '-' })
            .collect();
        let file = folder.join(name.trim_start_matches('-').to_owned() + ".html");
        output::file(&file, &html::write(&report, &timeline))?;
    }
    Ok(())
}

/// Writes down what scenarios come to. What they come to is no failure here.
pub fn baseline(
    scenarios: &[PathBuf],
    target: &Path,
    threads: Option<u16>,
) -> Result<u8, ScenarioError> {
    let sources = sources(&[])?;
    let all = batch::read(&batch::collect(scenarios)?)?;
    let reports = run(&all, EngineName::Native, false, threads)?;
    let baseline = Baseline::new(&all, &reports, &sources);
    output::json(target, &baseline.to_json())?;
    Ok(exit::MET)
}

fn read(path: &Path) -> Result<Baseline, ScenarioError> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|e| ScenarioError::new(format!("cannot read `{name}`: {e}")))?;
    Baseline::from_json(&name, &text)
}

fn run(
    scenarios: &[Scenario],
    engine: EngineName,
    all_open: bool,
    threads: Option<u16>,
) -> Result<Vec<Report>, ScenarioError> {
    let engine = engine.into();
    flashstall::engine::engine(engine).map_err(|e| ScenarioError::new(e.to_string()))?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let options = BatchOptions {
        run: RunOptions {
            engine,
            ..RunOptions::default()
        },
        all_open,
        threads: threads.map_or(cores, usize::from),
    };
    batch::run(scenarios, &options)
}

/// Paths are told relative to the working directory: in CI that is the repository's root.
fn sources(folders: &[PathBuf]) -> Result<Sources, ScenarioError> {
    for folder in folders {
        if !folder.is_dir() {
            let message = format!("`{}` is not a folder", folder.display());
            return Err(ScenarioError::new(message));
        }
    }
    let root = std::env::current_dir()
        .map_err(|e| ScenarioError::new(format!("cannot tell the working directory: {e}")))?;
    Ok(Sources::new(root, folders.to_vec()))
}
