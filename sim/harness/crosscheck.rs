//! Two engines in lockstep: the first difference in registers, memory, cycles or interrupts.
//!
//! The comparison itself is the second engine's; here the machine is set up and driven as for any other run, triggers
//! and all.

use std::path::Path;

use flashstall_mcu::Picos;

use crate::engine::{EngineKind, engine, lockstep};
use crate::exec;
use crate::firmware::Place;
use crate::run::execute_with;
use crate::scenario::{Scenario, ScenarioError};

/// What the comparison came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crosscheck {
    /// Instructions that were compared.
    pub compared: u64,
    /// Simulated time.
    pub time: Picos,
    /// The first difference, over several lines, and where in the source it is.
    pub difference: Option<(String, Place)>,
}

/// Runs an ELF file on `chip`, or a scenario (`.toml`), with both engines. An ELF file runs to `end`, a scenario to its own end
/// or to there.
///
/// # Errors
/// [`ScenarioError`] for bad input, and if the second engine is not in this build.
pub fn crosscheck(
    file: &Path,
    chip: &str,
    end: Picos,
    most: u64,
) -> Result<Crosscheck, ScenarioError> {
    // The more basic mistake first.
    engine(EngineKind::Unicorn).map_err(|e| ScenarioError::new(e.to_string()))?;
    let mut prepared = if file.extension().is_some_and(|e| e == "toml") {
        Scenario::from_path(file)?.prepare()?
    } else {
        exec::prepare(file, chip)?
    };
    prepared.max_time = match file.extension() {
        Some(e) if e == "toml" => prepared.max_time.min(end),
        _ => end,
    };
    let mut time = Picos::ZERO;
    let run = |engine: &mut dyn flashstall_mcu::Engine| {
        // Each instruction is compared: there is nothing to skip.
        let (machine, _) = execute_with(&prepared, false, engine)?;
        time = machine.time();
        Ok(())
    };
    let outcome = lockstep(most, run).map_err(|e| ScenarioError::new(e.to_string()))?;
    let (compared, difference) = outcome?;
    let difference = difference.map(|(text, pc)| (text, prepared.firmware.place(pc)));
    Ok(Crosscheck {
        compared,
        time,
        difference,
    })
}
