//! JUnit XML: one test case for each scenario. Held against the schema of Jenkins' xunit plugin (`tests/gate`).
//!
//! `time` is simulated time, to the milliseconds that the schema allows: a file is the same on every machine. Undecided is an `error`, not a failure: the firmware was not judged.

use super::xml::Xml;
use super::{Gate, Level, Outcome};
use crate::report::Verdict;

/// The whole file.
#[must_use]
pub fn write(gate: &Gate) -> String {
    let time = |s: f64| format!("{s:.3}");
    let all: f64 = gate.outcomes.iter().map(|o| o.report.time_s).sum();
    let counts = [
        gate.outcomes.len(),
        gate.count(Verdict::Failed),
        gate.count(Verdict::Undecided),
    ]
    .map(|n| n.to_string());
    let [tests, failures, errors] = &counts;
    let totals = [
        ("name", "flashstall"),
        ("tests", tests),
        ("failures", failures),
        ("errors", errors),
        ("time", &time(all)),
    ];
    let mut xml = Xml::new();
    xml.open("testsuites", &totals);
    xml.line();
    xml.open("testsuite", &totals);
    xml.line();
    for outcome in &gate.outcomes {
        case(&mut xml, outcome, &time(outcome.report.time_s));
    }
    xml.finish()
}

fn case(xml: &mut Xml, outcome: &Outcome, time: &str) {
    let class = outcome.path.trim_end_matches(".toml").replace('/', ".");
    let attributes = [
        ("name", outcome.report.scenario.as_str()),
        ("classname", &class),
        ("time", time),
    ];
    let (element, kind) = match outcome.verdict() {
        Verdict::Met => return xml.empty("testcase", &attributes),
        Verdict::Failed => ("failure", "failed"),
        Verdict::Undecided => ("error", "undecided"),
    };
    xml.open("testcase", &attributes);
    xml.open(element, &[("type", kind), ("message", outcome.reason())]);
    xml.text(&detail(outcome));
    xml.close();
    xml.close();
}

/// What is wrong, one problem a line, and how to see it again.
fn detail(outcome: &Outcome) -> String {
    let mut text = String::new();
    for problem in outcome.problems.iter().filter(|p| p.level != Level::Note) {
        let at = &problem.location;
        text.push_str(&format!("{}:{}: {}\n", at.path, at.line, problem.message));
    }
    text.push_str(&format!("reproduce: {}\n", outcome.reproduce()));
    text
}
