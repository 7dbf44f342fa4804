//! `[flash]`: which column of the datasheet, and times of one's own.

use flashstall_mcu::Picos;
use flashstall_mcu::chip::{Chip, TimingSpec};
use flashstall_mcu::machine::FlashTiming;

use super::Located;
use super::diagnostic::ScenarioError;
use super::file::{FlashTable, TimingColumn};
use super::quantity::Time;

/// The timings of `chip` as `table` chooses them.
///
/// # Errors
/// A time that makes no sense, a sector size that the part has not, EEPROM times for a part without one.
pub(crate) fn timing(chip: &Chip, table: &FlashTable) -> Result<FlashTiming, ScenarioError> {
    let single = [
        &table.page_erase,
        &table.mass_erase,
        &table.program,
        &table.row,
        &table.eeprom,
        &table.eeprom_erase,
    ];
    single
        .into_iter()
        .flatten()
        .chain(table.sector_erase.values())
        .try_for_each(check)?;
    let column = |t: &TimingSpec| match table.timing {
        TimingColumn::Min => t.shortest(),
        TimingColumn::Typ => t.typical(),
        TimingColumn::Max => t.max,
    };
    let mut timing = FlashTiming::from_spec(&chip.flash.timing, column);
    let given = |time: &Option<Located<Time>>| time.as_ref().map(|t| t.value.0);
    if let Some(time) = given(&table.page_erase) {
        timing.set_page_erase(time);
    }
    if let Some(time) = given(&table.mass_erase) {
        timing.set_mass_erase(time);
    }
    for (size, time) in &table.sector_erase {
        let bytes = sector_size(chip, size, time)?;
        timing.set_sector_erase(bytes, time.value.0);
    }
    timing.program = given(&table.program).unwrap_or(timing.program);
    for (time, slot, spec, key) in [
        (&table.row, &mut timing.row, &chip.flash.timing.row, "row"),
        (
            &table.eeprom,
            &mut timing.eeprom,
            &chip.flash.timing.eeprom,
            "eeprom",
        ),
        (
            &table.eeprom_erase,
            &mut timing.eeprom_erase,
            &chip.flash.timing.eeprom_erase,
            "eeprom-erase",
        ),
    ] {
        let Some(time) = time else { continue };
        if spec.is_none() {
            let message = format!(
                "{} has no operation that `{key}` could be the time of",
                chip.name
            );
            return Err(ScenarioError::at(time, message));
        }
        *slot = time.value.0;
    }
    Ok(timing)
}

/// An operation that takes no time is none.
fn check(time: &Located<Time>) -> Result<(), ScenarioError> {
    if time.value.0 == Picos::ZERO || time.value.0 > Picos(3_600 * Picos::SECOND.0) {
        return Err(ScenarioError::at(
            time,
            "a flash operation takes more than no time and at most an hour",
        ));
    }
    Ok(())
}

/// `16K` is a size that sectors of this part have.
fn sector_size(chip: &Chip, size: &str, time: &Located<Time>) -> Result<u32, ScenarioError> {
    let sizes = || chip.flash.sectors.iter().map(|run| run.size);
    let asked = size
        .strip_suffix('K')
        .and_then(|kilobytes| kilobytes.parse::<u32>().ok())
        .and_then(|kilobytes| kilobytes.checked_mul(1024));
    if let Some(found) = sizes().find(|&size| Some(size) == asked) {
        return Ok(found);
    }
    let error = ScenarioError::at(time, format!("{} has no sector of `{size}`", chip.name));
    let known: Vec<String> = sizes().map(|size| format!("{}K", size >> 10)).collect();
    Err(if known.is_empty() {
        error.help("its flash has pages of one size: write page-erase")
    } else {
        error.help(format!("it has {}", known.join(", ")))
    })
}
