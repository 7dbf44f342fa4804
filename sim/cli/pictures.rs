//! The timelines that `run` writes.

use flashstall::timeline::{html, perfetto, vcd};
use flashstall::{RunOptions, Scenario, ScenarioError};

use crate::args::RunArgs;
use crate::output;

/// The scenario that is to be pictured, if any is.
pub fn scenario<'a>(
    args: &RunArgs,
    all: &'a [Scenario],
) -> Result<Option<&'a Scenario>, ScenarioError> {
    let wanted = [
        ("--html", &args.html),
        ("--vcd", &args.vcd),
        ("--perfetto", &args.perfetto),
    ];
    let Some((flag, _)) = wanted.iter().find(|(_, file)| file.is_some()) else {
        return Ok(None);
    };
    match all {
        [one] => Ok(Some(one)),
        _ => Err(ScenarioError::new(format!(
            "`{flag}` writes one scenario, and there are {}",
            all.len()
        ))),
    }
}

/// Runs it again, recorded, and writes what was asked for. Recording changes nothing but what is kept.
pub fn write(
    args: &RunArgs,
    scenario: &Scenario,
    options: &RunOptions,
) -> Result<(), ScenarioError> {
    let (report, timeline) = scenario.run_recorded(options)?;
    if let Some(target) = &args.html {
        output::file(target, &html::write(&report, &timeline))?;
    }
    if let Some(target) = &args.vcd {
        output::file(target, &vcd::write(&timeline))?;
    }
    if let Some(target) = &args.perfetto {
        output::file(target, &perfetto::write(&timeline))?;
    }
    Ok(())
}
