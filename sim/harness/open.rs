//! Does the verdict hang on a behaviour of silicon that no manual settles?

use flashstall_cpu::VectorAddress;

use crate::report::{AlternativeReport, Report, Verdict};
use crate::run::{RunOptions, apply, run_prepared};
use crate::scenario::file::{OpenTable, VectorAddressing};
use crate::scenario::{Scenario, ScenarioError};

impl Scenario {
    /// Runs it as it is, and again with each open behaviour set the other way, one at a time.
    ///
    /// A verdict *met* that one of them overturns becomes *undecided*: nobody knows which the silicon does.
    ///
    /// # Errors
    /// As [`run_with`](Self::run_with).
    pub fn run_all_open(&self, options: &RunOptions) -> Result<Report, ScenarioError> {
        let mut prepared = self.prepare()?;
        apply(&mut prepared, options);
        let mut report = run_prepared(self, &prepared, options)?;
        let (core, other) = (prepared.open.core, !prepared.open.buffer_hit_while_busy);
        let (addressing, shown) = match core.vector_address {
            VectorAddress::Add => (VectorAddressing::Or, "or"),
            VectorAddress::Or => (VectorAddressing::Add, "add"),
        };
        let (late, fetch) = (
            !core.late_arrival_during_held_vector,
            !core.interrupt_during_held_fetch,
        );
        let blank = OpenTable::default();
        let alternatives = [
            (
                "vector_address",
                shown.to_owned(),
                OpenTable {
                    vector_address: Some(addressing),
                    ..blank
                },
            ),
            (
                "late_arrival_during_held_vector",
                late.to_string(),
                OpenTable {
                    late_arrival_during_held_vector: Some(late),
                    ..blank
                },
            ),
            (
                "interrupt_during_held_fetch",
                fetch.to_string(),
                OpenTable {
                    interrupt_during_held_fetch: Some(fetch),
                    ..blank
                },
            ),
            (
                "buffer_hit_while_busy",
                other.to_string(),
                OpenTable {
                    buffer_hit_while_busy: Some(other),
                    ..blank
                },
            ),
        ];
        for (behaviour, value, open) in alternatives {
            let mut changed = prepared.clone();
            apply(
                &mut changed,
                &RunOptions {
                    open,
                    ..RunOptions::default()
                },
            );
            let run = run_prepared(self, &changed, options)?;
            let alternative = AlternativeReport {
                behaviour: behaviour.to_owned(),
                value,
                verdict: run.verdict,
                reason: run.reason,
            };
            report.open_alternatives.push(alternative);
        }
        if report.verdict == Verdict::Met
            && let Some(other) = report
                .open_alternatives
                .iter()
                .find(|a| a.verdict != Verdict::Met)
        {
            report.verdict = Verdict::Undecided;
            report.reason = format!(
                "met, but not with {} = {}: {}",
                other.behaviour, other.value, other.reason
            );
        }
        Ok(report)
    }
}
