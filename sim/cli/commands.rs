//! One function a command; each gives the exit code.

use std::path::Path;
use std::sync::Arc;

use flashstall::batch::{self, BatchOptions};
use flashstall::exec::{ExecOptions, exec};
use flashstall::scenario::file::FlashTable;
use flashstall::svd::RegisterNames;
use flashstall::{RunOptions, ScenarioError, chips, demo, exit};

use crate::args::{Command, ExecArgs, OpenSettings, RunArgs};
use crate::{check, generated, maps, output, pictures, vary};

/// Runs a command.
pub fn run(command: Command) -> u8 {
    let result = match command {
        Command::Run(args) => scenarios(&args),
        Command::Check(args) => check::check(&args),
        Command::Baseline {
            scenarios,
            output,
            threads,
        } => check::baseline(&scenarios, &output, threads),
        Command::Exec(args) => one_elf(&args),
        Command::Init(args) => crate::init::init(&args),
        Command::Chips { json } => {
            let all = chips::chips();
            output::print(&if json {
                chips::to_json(&all)
            } else {
                chips::to_text(&all)
            });
            Ok(exit::MET)
        }
        Command::Sweep(args) => vary::sweep(&args),
        Command::Map(args) => maps::map(&args),
        Command::Fuzz(args) => vary::fuzz(&args),
        Command::Boundary(args) => vary::boundary(&args),
        Command::Merge { parts, out } => vary::merge(&parts, &out),
        Command::Demo => demo::reports().map(|(before, after)| {
            output::print(&demo::text(&before, &after));
            exit::MET
        }),
        #[cfg(unix)]
        Command::Serve(args) => crate::serve::serve(&args),
        Command::Crosscheck {
            file,
            chip,
            max_time,
            max_instructions,
        } => crosscheck(&file, &chip, max_time, max_instructions),
        Command::Completions { shell } => Ok(generated::completions(shell)),
        Command::Man { out } => generated::manual(&out),
    };
    result.unwrap_or_else(|error| {
        output::complain(&error);
        exit::BAD_INPUT
    })
}

fn scenarios(args: &RunArgs) -> Result<u8, ScenarioError> {
    let engine = args.engine.into();
    flashstall::engine::engine(engine).map_err(|e| ScenarioError::new(e.to_string()))?;
    let all = batch::read(&batch::collect(&args.scenarios)?)?;
    let pictured = pictures::scenario(args, &all)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let options = BatchOptions {
        run: RunOptions {
            engine,
            fast_forward: !args.no_fast_forward,
            svd: svd(args.svd.as_deref())?,
            ..RunOptions::default()
        },
        all_open: args.open_behaviours == OpenSettings::All,
        threads: args.threads.map_or(cores, usize::from),
    };
    let reports = batch::run(&all, &options)?;
    if let Some(scenario) = pictured {
        pictures::write(args, scenario, &options.run)?;
    }
    if let Some(target) = &args.json {
        let text = match reports.as_slice() {
            [one] => one.to_json(),
            several => {
                let each: Vec<String> = several
                    .iter()
                    .map(|r| r.to_json().trim_end().to_owned())
                    .collect();
                format!("[\n{}\n]\n", each.join(",\n"))
            }
        };
        output::json(target, &text)?;
    }
    if args.json.as_deref() != Some(Path::new("-")) {
        let texts: Vec<String> = reports.iter().map(flashstall::Report::to_text).collect();
        output::print(&texts.join("\n"));
    }
    Ok(exit::worst(reports.iter().map(|r| r.verdict)))
}

fn one_elf(args: &ExecArgs) -> Result<u8, ScenarioError> {
    let engine = args.engine.into();
    let options = ExecOptions {
        chip: args.chip.clone(),
        until: args.until.clone(),
        max_time: args.max_time.0,
        read: args.read.clone(),
        handle_faults: args.handle_faults,
        hse: (args.hse.0 != 0).then(|| args.hse.hertz()),
        lse: (args.lse.0 != 0).then(|| args.lse.hertz()),
        flash: FlashTable {
            page_erase: args.page_erase.map(Into::into),
            program: args.program.map(Into::into),
            ..FlashTable::default()
        },
        run: RunOptions {
            engine,
            fast_forward: !args.no_fast_forward,
            svd: svd(args.svd.as_deref())?,
            ..RunOptions::default()
        },
    };
    let report = exec(&args.elf, &options)?;
    if let Some(target) = &args.json {
        output::json(target, &report.to_json())?;
    }
    if args.json.as_deref() != Some(Path::new("-")) {
        output::print(&report.to_text());
    }
    Ok(report.exit_code(args.until.is_some()))
}

fn svd(path: Option<&Path>) -> Result<Option<Arc<RegisterNames>>, ScenarioError> {
    let read = |path| RegisterNames::from_path(path).map(Arc::new);
    path.map(read).transpose()
}

fn crosscheck(
    file: &Path,
    chip: &str,
    max_time: flashstall::scenario::Time,
    max_instructions: u64,
) -> Result<u8, ScenarioError> {
    let outcome = flashstall::crosscheck::crosscheck(file, chip, max_time.0, max_instructions)?;
    let (compared, time) = (outcome.compared, outcome.time);
    Ok(match outcome.difference {
        None => {
            output::print(&format!(
                "no difference in {compared} instructions ({time})\n"
            ));
            exit::MET
        }
        Some((text, place)) => {
            output::print(&format!("{text}  in {place}\n"));
            exit::FAILED
        }
    })
}
