//! Laws about two runs of the same point: what must make no difference makes none.

use ::proptest::test_runner::TestCaseError;

use super::laws::law;
use crate::report::Report;
use crate::run::RunOptions;
use crate::vary::{Value, Variation};

fn report(
    variation: &Variation,
    point: &[Value],
    options: &RunOptions,
) -> Result<Report, TestCaseError> {
    let scenario = variation.scenario_at(point);
    let run = scenario.run_with(options);
    run.map_err(|e| TestCaseError::fail(e.to_string()))
}

/// The first line in which two reports differ.
fn difference(one: &Report, other: &Report) -> Option<String> {
    let (one, other) = (one.to_json(), other.to_json());
    if one == other {
        return None;
    }
    let mut lines = one.lines().zip(other.lines());
    let line = lines.find(|(a, b)| a != b);
    Some(line.map_or_else(
        || "one is longer".to_owned(),
        |(a, b)| format!("{} against {}", a.trim(), b.trim()),
    ))
}

/// Skipping over poll loops and sleep changes nothing: the report of a run that executes each instruction is the same, byte for byte. It takes
/// as long as the chip would at a few MHz.
///
/// # Errors
/// [`TestCaseError`] with the first difference. Then flashstall is wrong, not the firmware.
pub fn same_without_fast_forward(
    variation: &Variation,
    point: &[Value],
) -> Result<(), TestCaseError> {
    let with = report(variation, point, &RunOptions::default())?;
    let options = RunOptions {
        fast_forward: false,
        ..RunOptions::default()
    };
    let without = report(variation, point, &options)?;
    let difference = difference(&with, &without);
    law(difference.is_none(), || {
        format!(
            "fast-forward changes the report at {}: {}",
            variation.describe(point),
            difference.unwrap_or_default()
        )
    })
}

/// The native engine and Unicorn come to the same report, but for the engine's name. Feature `unicorn`.
///
/// # Errors
/// [`TestCaseError`] with the first difference. Then one of the engines is wrong, not the firmware.
#[cfg(feature = "unicorn")]
pub fn same_on_both_engines(variation: &Variation, point: &[Value]) -> Result<(), TestCaseError> {
    let mut native = report(variation, point, &RunOptions::default())?;
    let options = RunOptions {
        engine: crate::engine::EngineKind::Unicorn,
        ..RunOptions::default()
    };
    let unicorn = report(variation, point, &options)?;
    native.engine.clone_from(&unicorn.engine);
    let difference = difference(&native, &unicorn);
    law(difference.is_none(), || {
        format!(
            "the engines differ at {}: {}",
            variation.describe(point),
            difference.unwrap_or_default()
        )
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::Scenario;

    #[test]
    fn two_reports_that_differ_differ_in_a_line_that_is_told() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/hawk-midi/before.toml");
        let one = Scenario::from_path(path).unwrap().run().unwrap();
        assert_eq!(difference(&one, &one), None);
        let mut other = one.clone();
        other.ticks_lost += 1;
        let told = difference(&one, &other).unwrap();
        assert!(
            told.contains("\"ticks_lost\": ") && told.contains(" against "),
            "{told}"
        );
    }
}
