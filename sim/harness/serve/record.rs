//! What came, as a scenario that replays it.

use std::path::Path;

use crate::scenario::{Prepared, Scenario, ScenarioError, ScenarioFile};
use crate::vary::Variation;
use crate::vary::fuzz::to_toml;

/// Writes `file` to `target`; what it names is named from there.
pub(super) fn write(
    scenario: &Scenario,
    base: &Prepared,
    mut file: ScenarioFile,
    target: &Path,
) -> Result<(), ScenarioError> {
    file.name.get_or_insert_with(|| base.name.clone());
    let nothing_varied = Variation::new(scenario, "", &[])?;
    let text = to_toml(&nothing_varied, &file, target);
    std::fs::write(target, text)
        .map_err(|e| ScenarioError::new(format!("cannot write `{}`: {e}", target.display())))
}
