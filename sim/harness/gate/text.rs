//! For people: one line a scenario, more where something is wrong.

use super::{Comparison, Gate, Level, Outcome};
use crate::report::{Verdict, block, table, wrapped};

/// The whole text.
#[must_use]
pub fn write(gate: &Gate) -> String {
    let mut text: String = gate.outcomes.iter().map(scenario).collect();
    if let Some(comparison) = &gate.comparison {
        compared(&mut text, gate, comparison);
    }
    text.push_str(&totals(gate));
    text.push('\n');
    text
}

/// Before and after, and what could not be compared.
fn compared(text: &mut String, gate: &Gate, comparison: &Comparison) {
    let mut changes = table(["", "against the baseline", "before", "now"], &[2]);
    let mut any = false;
    for (outcome, change) in comparison.rows(gate) {
        any = true;
        let mark = if change.worse { "WORSE" } else { "better" };
        changes.add_row([
            mark,
            &format!("{}: {}", outcome.path, change.what),
            &change.before,
            &change.now,
        ]);
    }
    if any {
        block(text, &changes);
        text.push('\n');
    }
    for note in comparison.notes() {
        text.push_str(&format!("{note}\n"));
    }
}

/// `5 scenarios: 3 met, 1 failed, 1 undecided`.
#[must_use]
pub fn totals(gate: &Gate) -> String {
    let all = gate.outcomes.len();
    let [met, failed, undecided] =
        [Verdict::Met, Verdict::Failed, Verdict::Undecided].map(|v| gate.count(v));
    let s = if all == 1 { "" } else { "s" };
    format!("{all} scenario{s}: {met} met, {failed} failed, {undecided} undecided")
}

fn scenario(outcome: &Outcome) -> String {
    let word = match outcome.verdict() {
        Verdict::Met => return format!("met        {}\n", outcome.path),
        Verdict::Failed => "FAILED   ",
        Verdict::Undecided => "UNDECIDED",
    };
    let mut text = format!("{word}  {}: {}\n", outcome.path, outcome.reason());
    for problem in outcome.problems.iter().filter(|p| p.level != Level::Note) {
        let at = &problem.location;
        let line = format!("   {}:{}: {}", at.path, at.line, problem.message);
        wrapped(&mut text, "", &line);
    }
    text.push_str(&format!("   reproduce: {}\n", outcome.reproduce()));
    text
}
