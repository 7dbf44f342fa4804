//! Random points until a property fails, the smallest scenario that still fails, and that as a file.
//!
//! Run `n` draws its point from the seed and `n` alone, so a search that was cut short goes on where it was, and the number of threads
//! changes nothing.

mod keep;
mod property;
mod shrink;
mod state;
mod write;

pub use property::Property;
pub use write::to_toml;

use std::path::PathBuf;

use super::sweep::{self, in_order};
use super::{Outcome, Point, Variation};
use crate::scenario::{Random, ScenarioError, ScenarioFile};

/// Runs between two looks at the clock of the state file. Fixed, so that the first failure is the same with any number of threads.
const BLOCK: u64 = 64;

/// The point of run `run`.
#[must_use]
pub fn draw(variation: &Variation, seed: u64, run: u64) -> Point {
    // One step of a generator of its own: neighbouring runs are not neighbours in its sequence.
    let mut mix = Random::new(seed ^ run.wrapping_mul(0xD134_2543_DE82_EF95));
    let mut random = Random::new(mix.next());
    let axes = variation.axes().iter();
    axes.map(|axis| axis.values.pick(random.next())).collect()
}

/// What is asked of a search.
#[derive(Clone, Debug)]
pub struct FuzzOptions {
    /// How many points.
    pub runs: u64,
    /// What they are drawn from.
    pub seed: u64,
    /// Threads, at least 1.
    pub threads: usize,
    /// Where it is noted how far the search is.
    pub state: Option<PathBuf>,
}

/// A scenario in which the property does not hold.
#[derive(Clone, Debug)]
pub struct Counterexample {
    /// The run that found it.
    pub run: u64,
    /// Its point.
    pub point: Point,
    /// What came of that.
    pub found: Outcome,
    /// The smallest scenario that was found from there, with the property as its expectation.
    pub file: ScenarioFile,
    /// What comes of it.
    pub outcome: Outcome,
    /// The file fails when it is run. False for a property that no expectation can say; its description says it then.
    pub replays: bool,
    /// Runs that making it smaller took.
    pub shrinks: u32,
}

/// Runs random points until the property fails. `progress` hears how many of how many were run.
///
/// # Errors
/// [`ScenarioError`] for a state file of another search, and one that cannot be written.
pub fn fuzz(
    variation: &Variation,
    property: &Property,
    options: &FuzzOptions,
    mut progress: impl FnMut(u64, u64),
) -> Result<Option<Counterexample>, ScenarioError> {
    let fork = variation.boot()?;
    let mark = format!(
        "flashstall-fuzz/1 digest={} seed={} property={property}",
        sweep::digest(variation),
        options.seed
    );
    let mut done = options
        .state
        .as_deref()
        .map_or(Ok(0), |path| state::load(path, &mark))?;
    while done < options.runs {
        progress(done, options.runs);
        let count = BLOCK.min(options.runs - done);
        let one = |n: usize| {
            let point = draw(variation, options.seed, done + n as u64);
            let outcome = variation.run(&fork, &point)?;
            Ok((point, outcome))
        };
        let all = in_order(count as usize, options.threads, one)?;
        let failed = |(_, (_, outcome)): &(u64, (Point, Outcome))| !property.holds(outcome);
        if let Some((n, (point, found))) = (0..).zip(all).find(failed) {
            progress(done + n + 1, options.runs);
            return Ok(Some(shrink::shrink(
                variation,
                property,
                done + n,
                point,
                found,
            )?));
        }
        done += count;
        if let Some(path) = &options.state {
            state::store(path, &mark, done)?;
        }
    }
    progress(done, options.runs);
    Ok(None)
}
