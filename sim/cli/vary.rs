//! The commands that run a scenario at many points.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use flashstall::heatmap::limits::Limits;
use flashstall::vary::Variation;
use flashstall::vary::boundary::{self, Search};
use flashstall::vary::fuzz::{self, FuzzOptions, Property};
use flashstall::vary::sweep::{Shard, SweepOptions, Table};
use flashstall::{Scenario, ScenarioError, exit};

use crate::args::{BoundaryArgs, FuzzArgs, SweepArgs};
use crate::{maps, output};

/// Threads to use if nobody says.
fn threads(asked: Option<u16>) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    asked.map_or(cores, usize::from)
}

/// Cells of a progress bar.
const BAR: u64 = 30;

/// A bar on standard error, if somebody looks. It is wiped off when the work is done, however that ends.
struct Progress {
    what: &'static str,
    watched: bool,
}

impl Progress {
    fn new(what: &'static str) -> Self {
        let watched = std::io::stderr().is_terminal();
        Self { what, watched }
    }

    fn show(&self, done: u64, all: u64) {
        if self.watched {
            let cells = (u128::from(done) * u128::from(BAR) / u128::from(all.max(1))) as usize;
            let bar = format!("{:.<1$}", "#".repeat(cells), BAR as usize);
            let _ = write!(std::io::stderr(), "\r[{bar}] {done} of {all} {}", self.what);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.watched {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

/// Tells how far it is.
fn progress(what: &'static str) -> impl FnMut(u64, u64) {
    let bar = Progress::new(what);
    move |done, all| bar.show(done, all)
}

/// `flashstall sweep`.
pub fn sweep(args: &SweepArgs) -> Result<u8, ScenarioError> {
    let scenario = Scenario::from_path(&args.scenario)?;
    let variation = Variation::new(&scenario, "--grid", &args.grid)?;
    let variable = |name: &str| std::env::var(name).ok();
    let shard = match &args.shard {
        Some(text) => Shard::parse(text, variable)?,
        None => Shard::WHOLE,
    };
    let options = SweepOptions {
        shard,
        threads: threads(args.threads),
    };
    let drawn = args.heat.of_sweep(&variation, shard, &args.out)?;
    let done = flashstall::vary::sweep::sweep(&variation, &args.out, options, progress("points"))?;
    output::print(&format!(
        "{} points in {}{}\n",
        done.rows,
        args.out.display(),
        match done.kept {
            0 => String::new(),
            kept => format!(", {kept} of them from before"),
        }
    ));
    if let Some(chosen) = drawn {
        args.heat
            .draw(&Table::read(&args.out)?, chosen, Some(&scenario))?;
    }
    Ok(exit::MET)
}

/// `flashstall merge`.
pub fn merge(parts: &[PathBuf], out: &Path) -> Result<u8, ScenarioError> {
    let points = flashstall::vary::sweep::merge(parts, out)?;
    output::print(&format!("{points} points in {}\n", out.display()));
    Ok(exit::MET)
}

/// `flashstall boundary`.
pub fn boundary(args: &BoundaryArgs) -> Result<u8, ScenarioError> {
    let scenario = Scenario::from_path(&args.scenario)?;
    let over: Vec<String> = args
        .over
        .iter()
        .flat_map(|o| boundary::split_axes(o))
        .collect();
    let mut axes = vec![("--vary", args.vary.as_str())];
    axes.extend(over.iter().map(|o| ("--over", o.as_str())));
    let threads = threads(args.threads);
    args.pictures.check(args.csv.as_deref())?;
    let Some(map) = &args.map else {
        if args.pictures.any() {
            return Err(ScenarioError::new("a picture needs an axis to the right")
                .help("give one with --map, for example --map erase=10ms..40ms/7"));
        }
        let variation = Variation::with_options(&scenario, &axes)?.keep_busy()?;
        let fork = variation.boot()?;
        let found = Search::new(&variation, &fork, threads)?.boundary()?;
        output::print(&boundary::to_text(&variation, &found));
        return Ok(exit::MET);
    };
    let rows = boundary::map(&scenario, &axes, ("--map", map), threads)?;
    let name = args.vary.split('=').next().unwrap_or_default();
    let along = map.split('=').next().unwrap_or_default();
    if args.pictures.any() {
        let varied = Variation::with_options(&scenario, &axes)?;
        if let Some(axis) = varied.axes().first() {
            let limits = Limits::new(scenario.name(), axis, along, &over, &rows);
            maps::limits(&args.pictures, &limits)?;
        }
    }
    if let Some(csv) = &args.csv {
        output::json(csv, &boundary::map_csv(along, name, &rows))?;
    }
    if args.csv.as_deref() != Some(Path::new("-")) {
        output::print(&boundary::map_text(along, name, &rows));
    }
    Ok(exit::MET)
}

/// `flashstall fuzz`.
pub fn fuzz(args: &FuzzArgs) -> Result<u8, ScenarioError> {
    let scenario = Scenario::from_path(&args.scenario)?;
    let property = Property::parse(&args.property)?;
    let variation = Variation::new(&scenario, "--vary", &args.vary)?;
    let options = FuzzOptions {
        runs: args.runs,
        seed: args.seed,
        threads: threads(args.threads),
        state: args.state.clone(),
    };
    let Some(found) = fuzz::fuzz(&variation, &property, &options, progress("runs"))? else {
        output::print(&format!(
            "{property} holds in {} runs from seed {}\n",
            args.runs, args.seed
        ));
        return Ok(exit::MET);
    };
    let text = fuzz::to_toml(&variation, &found.file, &args.out);
    std::fs::write(&args.out, text)
        .map_err(|e| ScenarioError::new(format!("cannot write `{}`: {e}", args.out.display())))?;
    if !found.replays {
        let note = format!(
            "note: no expectation says `{property}`: the file shows it and does not fail by it"
        );
        let _ = writeln!(std::io::stderr(), "{note}");
    }
    output::print(&format!(
        "{property} does not hold: run {} from seed {}\n  at        {}: {}\n  smallest  {}, after {} more runs\n  replay    flashstall run {}\n",
        found.run,
        args.seed,
        variation.describe(&found.point),
        found.found,
        found.outcome,
        found.shrinks,
        args.out.display()
    ));
    Ok(exit::FAILED)
}
