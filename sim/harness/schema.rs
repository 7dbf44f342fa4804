//! JSON schemas of what goes in and what comes out, generated from the types. The files in `docs/` are these, held to them by a test.

use schemars::Schema;

use crate::exec::ExecReport;
use crate::gate::Baseline;
use crate::report::Report;
use crate::scenario::ScenarioFile;

/// File name in `docs/` and text of each schema.
#[must_use]
pub fn all() -> Vec<(&'static str, String)> {
    vec![
        (
            "scenario.schema.json",
            text(&schemars::schema_for!(ScenarioFile)),
        ),
        ("report.schema.json", text(&schemars::schema_for!(Report))),
        (
            "baseline.schema.json",
            text(&schemars::schema_for!(Baseline)),
        ),
        ("exec.schema.json", text(&schemars::schema_for!(ExecReport))),
    ]
}

fn text(schema: &Schema) -> String {
    let mut json = serde_json::to_string_pretty(schema).unwrap_or_default();
    json.push('\n');
    json
}
