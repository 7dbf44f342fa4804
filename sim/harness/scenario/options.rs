//! `[flash.options]`: option bytes that are not as the part leaves the factory.

use std::sync::Arc;

use flashstall_mcu::chip::Chip;
use flashstall_mcu::machine::{OptionError, OptionSettings};
use flashstall_mcu::{Machine, MachineOptions};

use super::diagnostic::ScenarioError;
use super::file::OptionTable;

/// What the table asks for.
fn settings(table: &OptionTable) -> OptionSettings {
    OptionSettings {
        boot_from_bank2: table.bfb2.as_ref().map(|on| on.value),
        write_protected: table.write_protected.iter().map(|n| n.value).collect(),
    }
}

/// Does this part have these options? They are tried on a machine of its own: its flash controller knows.
///
/// # Errors
/// As [`set`].
pub(super) fn check(
    chip: &Arc<Chip>,
    options: MachineOptions,
    table: &OptionTable,
) -> Result<(), ScenarioError> {
    if settings(table).is_factory() {
        return Ok(());
    }
    let mut machine = Machine::new(chip.clone(), options)
        .map_err(|error| ScenarioError::new(error.to_string()))?;
    set(&mut machine, table)
}

/// Sets the options of a machine that has no power yet.
///
/// # Errors
/// Options that the part has not, at the place in the file.
pub(crate) fn set(machine: &mut Machine, table: &OptionTable) -> Result<(), ScenarioError> {
    let settings = settings(table);
    if settings.is_factory() {
        return Ok(());
    }
    let Err(error) = machine.set_options(&settings) else {
        return Ok(());
    };
    let message = format!("{}: {error}", machine.chip().name);
    let sector = match error {
        OptionError::NoSuchSector(number, _) => {
            table.write_protected.iter().find(|n| n.value == number)
        }
        OptionError::OneBank | OptionError::NotModelled => None,
    };
    Err(match (sector, &table.bfb2, table.write_protected.first()) {
        (Some(at), _, _) | (None, None, Some(at)) => ScenarioError::at(at, message),
        (None, Some(at), _) => ScenarioError::at(at, message),
        (None, None, None) => ScenarioError::new(message),
    })
}
