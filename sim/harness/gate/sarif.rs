//! SARIF 2.1.0: a result for each cause of losses, failed expectation and finding, at the line of the firmware that started it.
//!
//! Paths are relative to the root (`%SRCROOT%`), so that code scanning finds the file. The causal chain is the result's code flow.

use serde_json::{Value, json};

use super::rules::{FINDING_HELP, RULES};
use super::{Gate, Level, Location, Outcome, Problem};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The whole file.
#[must_use]
pub fn write(gate: &Gate) -> String {
    let rules = rules(gate);
    let results: Vec<Value> = gate
        .outcomes
        .iter()
        .flat_map(|o| o.problems.iter().map(move |p| (o, p)))
        .map(|(o, p)| result(o, p, &rules))
        .collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "flashstall",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules.iter().map(|id| rule(id)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text.push('\n');
    text
}

/// The ids of the rules: ours, and the findings that there are, by name.
fn rules(gate: &Gate) -> Vec<String> {
    let mut found: Vec<String> = gate
        .outcomes
        .iter()
        .flat_map(|o| &o.problems)
        .map(|p| p.rule.clone())
        .filter(|id| RULES.iter().all(|r| r.id != id))
        .collect();
    found.sort();
    found.dedup();
    let ours = RULES.iter().map(|r| r.id.to_owned());
    ours.chain(found).collect()
}

fn rule(id: &str) -> Value {
    let known = RULES.iter().find(|r| r.id == id);
    let title = known.map_or_else(
        || format!("Finding: {}", id.replace('-', " ")),
        |r| r.title.to_owned(),
    );
    let help = known.map_or(FINDING_HELP, |r| r.help);
    json!({
        "id": id,
        "shortDescription": { "text": title },
        "fullDescription": { "text": help },
        "help": { "text": help },
        "helpUri": concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/report.md"),
    })
}

fn result(outcome: &Outcome, problem: &Problem, rules: &[String]) -> Value {
    let level = match problem.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    };
    let text = format!(
        "{}: {}\nreproduce: {}",
        outcome.report.scenario,
        problem.message,
        outcome.reproduce()
    );
    let identity = format!("{}\n{}\n{}", problem.rule, outcome.path, problem.subject);
    let mut result = json!({
        "ruleId": problem.rule,
        "ruleIndex": rules.iter().position(|r| *r == problem.rule),
        "level": level,
        "message": { "text": text },
        "locations": [location(&problem.location, None)],
        "partialFingerprints": {
            "flashstall/v1": format!("{:016x}", crate::firmware::fnv1a(identity.as_bytes())),
        },
        "properties": { "scenario": outcome.path, "chip": outcome.report.chip },
    });
    if !problem.steps.is_empty() {
        let steps: Vec<Value> = problem
            .steps
            .iter()
            // A code flow is in the order of execution, a chain in the order of explanation.
            .rev()
            .map(|s| json!({ "location": location(&s.location, Some(&s.text)) }))
            .collect();
        result["codeFlows"] = json!([{ "threadFlows": [{ "locations": steps }] }]);
    }
    result
}

fn location(at: &Location, text: Option<&str>) -> Value {
    let mut artifact = json!({ "uri": uri(&at.path) });
    if !at.path.starts_with('/') {
        artifact["uriBaseId"] = json!("%SRCROOT%");
    }
    let mut location = json!({
        "physicalLocation": { "artifactLocation": artifact, "region": { "startLine": at.line } },
    });
    if let Some(text) = text {
        location["message"] = json!({ "text": text });
    }
    location
}

/// A path as a URI reference (RFC 3986): what is not unreserved or `/` is written as `%` and two digits.
fn uri(path: &str) -> String {
    let escaped: String = path
        .bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                char::from(b).to_string()
            }
            b => format!("%{b:02X}"),
        })
        .collect();
    if path.starts_with('/') {
        format!("file://{escaped}")
    } else {
        escaped
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn paths_become_uris() {
        assert_eq!(super::uri("a b/ü#1.c"), "a%20b/%C3%BC%231.c");
        assert_eq!(super::uri("/x.c"), "file:///x.c");
    }
}
