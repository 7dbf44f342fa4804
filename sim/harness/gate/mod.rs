//! The gate on merges: many scenarios judged at once, told to CI in the forms that it reads.
//!
//! [`Gate::new`] takes what ran and makes [`Problem`]s of it, each with the line that it is about; [`junit`], [`sarif`],
//! [`github`] and [`markdown`] write them down. Nothing is run here, and nothing is judged again: what fails is what the
//! reports say. No output holds a time of day or a machine's name: the same firmware gives the same bytes.

mod baseline;
mod compare;
pub mod github;
pub mod junit;
pub mod markdown;
mod problem;
mod remarks;
mod rules;
pub mod sarif;
mod sources;
pub mod text;
mod xml;

pub use baseline::{
    BASELINE_SCHEMA, Baseline, BufferEntry, DmaEntry, Entry, HostEntry, InterruptEntry, StallEntry,
    WireEntry,
};
pub use compare::{Change, Comparison, Quantity, Share, Tolerance, compare};
pub use problem::{Level, Location, Problem, Step};
pub use sources::Sources;

use crate::report::{Report, Verdict};
use crate::scenario::Scenario;

/// One scenario that has run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The scenario's file, relative to the root of the sources where it lies below it; with `/`.
    pub path: String,
    /// What its run has to say.
    pub report: Report,
    /// What is wrong, the worst first.
    pub problems: Vec<Problem>,
}

impl Outcome {
    /// What it comes to for the gate: failed also if the report met its expectations and a problem is an error.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if self.problems.iter().any(|p| p.level == Level::Error) {
            Verdict::Failed
        } else {
            self.report.verdict
        }
    }

    /// Why, in a line.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self.problems.first() {
            Some(first) if self.report.verdict == Verdict::Met && first.level == Level::Error => {
                &first.message
            }
            _ => &self.report.reason,
        }
    }

    /// The command that runs it again.
    #[must_use]
    pub fn reproduce(&self) -> String {
        format!("flashstall run {}", shell_word(&self.path))
    }

    /// Everything that was lost on its wires.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.report.wires.iter().map(|w| w.lost).sum()
    }

    /// The longest stall of any kind, in seconds.
    #[must_use]
    pub fn longest_stall_s(&self) -> f64 {
        let s = &self.report.stalls;
        let each = [s.fetch, s.data, s.vector, s.register];
        each.iter().map(|k| k.longest_s).fold(0.0, f64::max)
    }

    /// The interrupt that waited longest, and how long, in seconds.
    #[must_use]
    pub fn worst_latency(&self) -> Option<(&str, f64)> {
        let known = self.report.interrupts.iter();
        known
            .filter_map(|i| Some((i.name.as_str(), i.latency_max_s?)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
    }
}

/// All of them.
#[derive(Clone, Debug)]
pub struct Gate {
    /// In the order in which they were given.
    pub outcomes: Vec<Outcome>,
    /// What the run is like beside a baseline, if there was one.
    pub comparison: Option<Comparison>,
}

impl Gate {
    /// Makes problems of what ran. `reports` belong to `scenarios` by their order.
    #[must_use]
    pub fn new(scenarios: &[Scenario], reports: Vec<Report>, sources: &Sources) -> Self {
        let outcomes = scenarios
            .iter()
            .zip(reports)
            .map(|(scenario, report)| Outcome {
                path: sources.scenario(scenario),
                problems: problem::of(scenario, &report, sources),
                report,
            })
            .collect();
        Self {
            outcomes,
            comparison: None,
        }
    }

    /// Holds what ran against `baseline`: what has become worse is a problem that closes the gate.
    pub fn hold_against(&mut self, baseline: &Baseline, tolerance: Tolerance) {
        let run: Vec<Entry> = self
            .outcomes
            .iter()
            .map(|o| Entry::new(o.path.clone(), &o.report))
            .collect();
        let comparison = compare(baseline, &run, tolerance);
        for (outcome, changes) in self.outcomes.iter_mut().zip(&comparison.changes) {
            for change in changes.iter().filter(|c| c.worse).rev() {
                problem::worse(outcome, change);
            }
        }
        self.comparison = Some(comparison);
    }

    /// The exit code: see [`crate::exit`].
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        crate::exit::worst(self.outcomes.iter().map(Outcome::verdict))
    }

    /// How many came to `verdict`.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        let of = |o: &&Outcome| o.verdict() == verdict;
        self.outcomes.iter().filter(of).count()
    }
}

/// A word as a POSIX shell takes it.
fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:+,@%=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn commands_can_be_pasted() {
        assert_eq!(super::shell_word("a/b-1.toml"), "a/b-1.toml");
        assert_eq!(super::shell_word("my file.toml"), "'my file.toml'");
        assert_eq!(super::shell_word("it's"), r"'it'\''s'");
    }
}
