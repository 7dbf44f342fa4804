//! A summary in Markdown, for a job's summary page or a comment on a merge request.

use super::{Comparison, Gate, Level, Outcome};
use crate::report::{Verdict, seconds};

/// The whole page.
#[must_use]
pub fn write(gate: &Gate) -> String {
    let mut text = format!("### flashstall: {}\n\n", super::text::totals(gate));
    text.push_str(
        "| | scenario | lost | longest stall | worst latency | |\n|---|---|--:|--:|--:|---|\n",
    );
    for outcome in &gate.outcomes {
        text.push_str(&row(outcome));
    }
    if let Some(comparison) = &gate.comparison {
        compared(&mut text, gate, comparison);
    }
    for outcome in &gate.outcomes {
        details(&mut text, outcome);
    }
    text
}

/// Before and after.
fn compared(text: &mut String, gate: &Gate, comparison: &Comparison) {
    text.push_str("\n#### Against the baseline\n\n");
    let mut rows = comparison.rows(gate).peekable();
    if rows.peek().is_none() {
        text.push_str("No change beyond the tolerance.\n");
    } else {
        text.push_str("| | scenario | | before | now |\n|---|---|---|--:|--:|\n");
    }
    for (outcome, change) in rows {
        let mark = if change.worse {
            "❌ worse"
        } else {
            "✅ better"
        };
        text.push_str(&format!(
            "| {mark} | {} | {} | {} | {} |\n",
            cell(&outcome.path),
            cell(&change.what.to_string()),
            cell(&change.before),
            cell(&change.now)
        ));
    }
    for (n, note) in comparison.notes().iter().enumerate() {
        let gap = if n == 0 { "\n" } else { "" };
        text.push_str(&format!("{gap}- {}\n", cell(note)));
    }
}

fn row(outcome: &Outcome) -> String {
    let latency = outcome.worst_latency().map_or("–".to_owned(), |(name, s)| {
        format!("{} {}", cell(name), seconds(s))
    });
    let mark = match outcome.verdict() {
        Verdict::Met => "✅ met",
        Verdict::Failed => "❌ failed",
        Verdict::Undecided => "❔ undecided",
    };
    let why = match outcome.verdict() {
        Verdict::Met => String::new(),
        _ => cell(outcome.reason()),
    };
    format!(
        "| {mark} | {} | {} | {} | {latency} | {why} |\n",
        cell(&outcome.path),
        outcome.lost(),
        seconds(outcome.longest_stall_s()),
    )
}

fn details(text: &mut String, outcome: &Outcome) {
    let mut shown = outcome
        .problems
        .iter()
        .filter(|p| p.level != Level::Note)
        .peekable();
    if shown.peek().is_none() {
        return;
    }
    text.push_str(&format!(
        "\n<details><summary>{}</summary>\n\n",
        cell(&outcome.path)
    ));
    for problem in shown {
        let at = &problem.location;
        text.push_str(&format!(
            "- {}:{}: {}\n",
            cell(&at.path),
            at.line,
            cell(&problem.message)
        ));
    }
    text.push_str(&format!(
        "\n```\n{}\n```\n\n</details>\n",
        outcome.reproduce().replace('`', "'")
    ));
}

/// Text as it is, in one line: nothing in it is markup, and it does not end a table's cell.
pub(super) fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\n' | '\r' => out.push(' '),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '~' | '#' | '@' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_is_no_markup() {
        assert_eq!(super::cell("a|b_c <x>\n#1"), r"a\|b\_c &lt;x&gt; \#1");
    }
}
