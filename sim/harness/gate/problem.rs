//! What is wrong with a run, and at which line.

use std::path::Path;

use super::Outcome;
use super::compare::{Change, Quantity};
use super::rules::{EXPECTATION, LOST, REGRESSION, UNDECIDED};
use super::sources::Sources;
use crate::chain::{Link, at};
use crate::report::{ExpectationReport, PlaceReport, Report, Verdict};
use crate::scenario::Scenario;

/// How much a problem matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The gate closes on it.
    Error,
    /// It stands in the way of an answer.
    Warning,
    /// Worth knowing: a loss that the scenario expects, a finding.
    Note,
}

/// A line in the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Relative to the root where it lies below it, with `/`.
    pub path: String,
    /// From 1.
    pub line: u32,
}

/// One step of a causal chain that stands somewhere in the firmware's source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where.
    pub location: Location,
    /// In words.
    pub text: String,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Stable name of its kind.
    pub rule: String,
    /// How much it matters.
    pub level: Level,
    /// In a line.
    pub message: String,
    /// What it is about, without figures that change from run to run: two problems that agree in this and in the rule are the same.
    pub subject: String,
    /// The line to look at: where the firmware started what stalled it, else a line of the scenario.
    pub location: Location,
    /// The places of the chain, from the loss to its origin.
    pub steps: Vec<Step>,
}

/// All problems of a run: errors first.
pub(super) fn of(scenario: &Scenario, report: &Report, sources: &Sources) -> Vec<Problem> {
    let finder = Finder {
        scenario,
        report,
        sources,
    };
    let mut all: Vec<Problem> = Vec::new();
    all.extend(finder.expectations());
    all.extend(finder.causes());
    all.extend(finder.findings());
    if report.verdict == Verdict::Undecided {
        all.push(finder.undecided());
    }
    all.sort_by_key(|p| p.level);
    all
}

/// Puts what has become worse before the other problems of `outcome`. New losses make errors of those of the same wire, so
/// that their chains are told; the line is that of the first of them.
pub(super) fn worse(outcome: &mut Outcome, change: &Change) {
    let mut cause = None;
    if let Quantity::Lost(wire) = &change.what {
        let prefix = format!("{wire}: ");
        let same = |p: &&mut Problem| p.rule == LOST && p.subject.starts_with(&prefix);
        for problem in outcome.problems.iter_mut().filter(same) {
            problem.level = Level::Error;
            cause.get_or_insert_with(|| problem.clone());
        }
    }
    let location = cause.as_ref().map_or_else(
        || Location {
            path: outcome.path.clone(),
            line: 1,
        },
        |c| c.location.clone(),
    );
    let problem = Problem {
        rule: REGRESSION.to_owned(),
        level: Level::Error,
        message: format!(
            "{}: {} in the baseline, {} now",
            change.what, change.before, change.now
        ),
        subject: change.what.to_string(),
        location,
        steps: cause.map(|c| c.steps).unwrap_or_default(),
    };
    outcome.problems.insert(0, problem);
    outcome.problems.sort_by_key(|p| p.level);
}

struct Finder<'a> {
    scenario: &'a Scenario,
    report: &'a Report,
    sources: &'a Sources,
}

impl Finder<'_> {
    /// What a loss or a finding amounts to is for the verdict to say: a scenario may expect it.
    fn level(&self, failed: Level) -> Level {
        match self.report.verdict {
            Verdict::Failed => failed,
            Verdict::Undecided => Level::Warning,
            Verdict::Met => Level::Note,
        }
    }

    fn expectations(&self) -> Vec<Problem> {
        let failed = self.report.expectations.iter().filter(|e| !e.passed);
        failed
            .map(|e| Problem {
                rule: EXPECTATION.to_owned(),
                level: Level::Error,
                message: format!("{}: expected {}, got {}", e.name, e.expected, e.actual),
                subject: e.name.clone(),
                location: self.in_scenario(expect_line(&self.text(), e)),
                steps: Vec::new(),
            })
            .collect()
    }

    fn causes(&self) -> Vec<Problem> {
        let causes = self.report.causes.iter();
        causes
            .map(|cause| {
                let steps = self.steps(&cause.chain);
                let origin = self.origin(&cause.chain);
                let count = match cause.count {
                    1 => String::new(),
                    n => format!(" (and {} more for the same cause)", n - 1),
                };
                Problem {
                    rule: LOST.to_owned(),
                    level: self.level(Level::Error),
                    message: format!("{}: {}{count}", cause.wire, cause.text),
                    subject: format!("{}: {}: {}", cause.wire, cause.cause, cause.summary),
                    location: origin
                        .unwrap_or_else(|| self.in_scenario(wire_line(&self.text(), &cause.wire))),
                    steps,
                }
            })
            .collect()
    }

    fn findings(&self) -> Vec<Problem> {
        let findings = self.report.findings.iter();
        findings
            .map(|f| Problem {
                rule: f.rule.clone(),
                level: self.level(Level::Warning),
                message: f.text.clone(),
                subject: format!("{}: {}", f.rule, at(&f.place)),
                location: self
                    .location(&f.place)
                    .unwrap_or_else(|| self.in_scenario(1)),
                steps: Vec::new(),
            })
            .collect()
    }

    fn undecided(&self) -> Problem {
        Problem {
            rule: UNDECIDED.to_owned(),
            level: Level::Warning,
            message: self.report.reason.clone(),
            subject: "verdict".to_owned(),
            location: self.in_scenario(1),
            steps: Vec::new(),
        }
    }

    /// The line that started what the chain ends in: the innermost call that is in the repository; else the innermost place
    /// of any kind that is (a handler, an access).
    fn origin(&self, chain: &[Link]) -> Option<Location> {
        let calls = chain.iter().filter_map(|link| match link {
            Link::Called { place } => Some(place),
            _ => None,
        });
        let others = chain.iter().rev().filter_map(place);
        calls.chain(others).find_map(|p| self.location(p))
    }

    fn steps(&self, chain: &[Link]) -> Vec<Step> {
        let step = |link: &Link| {
            Some(Step {
                location: self.location(place(link)?)?,
                text: crate::chain::chain_text(std::slice::from_ref(link)),
            })
        };
        chain.iter().filter_map(step).collect()
    }

    fn location(&self, place: &PlaceReport) -> Option<Location> {
        let folder = self.scenario.path().and_then(Path::parent);
        let elf = folder
            .unwrap_or(Path::new(""))
            .join(&self.report.firmware.elf);
        Some(Location {
            path: self.sources.firmware(&elf, place.file.as_deref()?)?,
            line: place.line.filter(|l| *l > 0)?,
        })
    }

    fn in_scenario(&self, line: u32) -> Location {
        Location {
            path: self.sources.scenario(self.scenario),
            line,
        }
    }

    fn text(&self) -> String {
        self.scenario.text().unwrap_or_default().to_owned()
    }
}

fn place(link: &Link) -> Option<&PlaceReport> {
    match link {
        Link::Held { place, .. } | Link::Called { place } | Link::Reset { place, .. } => {
            Some(place)
        }
        _ => None,
    }
}

/// The line of the table that an expectation comes from: `wire midi lost` from `[[expect.wire]]` with `name = "midi"`, `USART1
/// latency` from `[[expect.interrupt]]` with that name, `resets` from `[expect]`. Of several that fit it is the first.
fn expect_line(text: &str, expectation: &ExpectationReport) -> u32 {
    let words: Vec<&str> = expectation.name.split(' ').collect();
    let (kind, subject) = match words.as_slice() {
        [
            kind @ ("wire" | "host" | "buffer" | "memory" | "finding"),
            subject,
            ..,
        ] => (*kind, *subject),
        ["all", "stalls" | "stalls:", ..] => ("stall", ""),
        [subject, "stalls" | "stalls:", ..] => ("stall", *subject),
        [subject, "channel", ..] => ("dma", *subject),
        [subject, ..] => ("interrupt", *subject),
        [] => ("", ""),
    };
    let kind = format!("expect.{kind}");
    let quoted = [format!("\"{subject}\""), format!("'{subject}'")];
    let about = |t: &Table<'_>| {
        t.name == kind && (subject.is_empty() || quoted.iter().any(|q| t.body.contains(q.as_str())))
    };
    tables(text)
        .find(about)
        .or_else(|| tables(text).find(|t| t.name == "expect"))
        .map_or(1, |t| t.line)
}

/// The line of the table that brings a wire or a host.
fn wire_line(text: &str, wire: &str) -> u32 {
    let quoted = [format!("\"{wire}\""), format!("'{wire}'")];
    tables(text)
        .find(|t| {
            matches!(t.name, "wire" | "host") && quoted.iter().any(|q| t.body.contains(q.as_str()))
        })
        .map_or(1, |t| t.line)
}

/// A TOML table as it is written.
struct Table<'a> {
    name: &'a str,
    line: u32,
    body: &'a str,
}

/// The tables of a file, in order. The file has been read already, so a line that begins with `[` outside of a value over
/// several lines is a header; what is taken for one by mistake only misplaces an annotation.
fn tables(text: &str) -> impl Iterator<Item = Table<'_>> {
    let mut starts = Vec::new();
    let mut offset = 0;
    for (line, content) in (1..).zip(text.split_inclusive('\n')) {
        let trimmed = content.trim();
        if trimmed.starts_with('[') && !trimmed.ends_with(',') {
            let name = trimmed.split('#').next().unwrap_or_default();
            starts.push((line, offset, name.trim().trim_matches(['[', ']']).trim()));
        }
        offset += content.len();
    }
    let ends: Vec<usize> = starts
        .iter()
        .skip(1)
        .map(|s| s.1)
        .chain([text.len()])
        .collect();
    starts
        .into_iter()
        .zip(ends)
        .map(|((line, from, name), to)| Table {
            name,
            line,
            body: text.get(from..to).unwrap_or_default(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "schema = \"x\"\n[[wire]]\nname = \"midi\"\n[expect]\nresets = 0\n[[expect.wire]]\nname = \"clock\"\n\
                        lost = 0\n[[expect.wire]] # second\nname = \"midi\"\nlost = 0\n[[expect.stall]]\ncount = 0\n\
                        [[expect.interrupt]]\nname = 'USART1'\nlatency = \"<=1us\"\n";

    fn line(name: &str) -> u32 {
        expect_line(
            TEXT,
            &ExpectationReport {
                name: name.to_owned(),
                expected: String::new(),
                actual: String::new(),
                passed: false,
            },
        )
    }

    #[test]
    fn an_expectation_is_found_where_it_is_written() {
        assert_eq!(line("wire midi lost"), 9);
        assert_eq!(line("wire clock lost"), 6);
        assert_eq!(line("resets"), 4);
        assert_eq!(line("all stalls: count"), 12);
        assert_eq!(line("all stalls in main: count"), 12);
        assert_eq!(line("USART1 latency"), 14);
        assert_eq!(wire_line(TEXT, "midi"), 2);
        assert_eq!(wire_line(TEXT, "gone"), 1);
    }
}
