//! Names in `[expect]` against what the scenario has.

use std::path::Path;

use flashstall_mcu::chip::Chip;

use super::Located;
use super::diagnostic::ScenarioError;
use super::expect::{ExpectHost, ExpectWire};
use super::file::ScenarioFile;
use super::prepare::wire_index;
use super::prepared::{Prepared, PreparedHost, WireSpec};
use crate::report::{CAUSES, HOST_OUTCOMES, STOP_REASONS};

/// Checks them all and adds the addresses of `expect.memory`.
pub(super) fn check(
    file: &ScenarioFile,
    mut prepared: Prepared,
    base: &Path,
) -> Result<Prepared, ScenarioError> {
    let expect = &file.expect;
    if let Some(stop) = &expect.stop
        && !STOP_REASONS.contains(&stop.as_str())
    {
        return Err(
            ScenarioError::at(stop, format!("`{}` is no reason to stop", stop.value))
                .suggest(stop, STOP_REASONS),
        );
    }
    for wire in &expect.wire {
        let index = wire_index(&prepared.wires, &wire.name, &wire.name)?;
        let on_i2c = prepared.wires.get(index);
        if !matches!(
            on_i2c.map(|w| &w.spec),
            Some(WireSpec::I2c(_) | WireSpec::I2cDevice(_))
        ) {
            only_of_i2c(wire)?;
        }
        for (cause, bounds) in &wire.lost_by_cause {
            if !CAUSES.contains(&cause.as_str()) {
                return Err(
                    ScenarioError::at(bounds, format!("no cause `{cause}` of a loss"))
                        .suggest(cause, CAUSES),
                );
            }
        }
        for function in wire.blames.iter().chain(&wire.stretch_blames) {
            function_exists(&prepared, function)?;
        }
    }
    for host in &expect.host {
        check_host(&prepared, host)?;
    }
    for nor in &expect.nor {
        super::nor::check_expect(nor, &mut prepared.nors, base)?;
    }
    for buffer in &expect.buffer {
        if !prepared.buffers.iter().any(|b| b.name == buffer.name.value) {
            let error =
                ScenarioError::at(&buffer.name, format!("no buffer `{}`", buffer.name.value));
            return Err(error.suggest(
                &buffer.name,
                prepared.buffers.iter().map(|b| b.name.as_str()),
            ));
        }
    }
    for dma in &expect.dma {
        let all = || {
            let peripherals = prepared.chip.peripherals.iter();
            peripherals
                .filter(|p| p.kind.starts_with("dma"))
                .map(|p| p.name.as_str())
        };
        if !all().any(|name| name == dma.controller.value) {
            let message = format!(
                "{} has no DMA controller `{}`",
                prepared.chip.name, dma.controller.value
            );
            return Err(ScenarioError::at(&dma.controller, message).suggest(&dma.controller, all()));
        }
    }
    for stall in &expect.stall {
        if let Some(function) = &stall.function {
            function_exists(&prepared, function)?;
        }
    }
    for interrupt in &expect.interrupt {
        interrupt_exists(&prepared.chip, &interrupt.name)?;
    }
    for memory in &expect.memory {
        let words = match (&memory.words, &memory.word) {
            (Some(words), None) => words.len() as u32,
            (None, Some(_)) => 1,
            _ => {
                return Err(ScenarioError::at(
                    &memory.symbol,
                    "a variable is held against `words` or `word`, one of them",
                ));
            }
        };
        let symbol = prepared
            .firmware
            .symbols
            .find(&memory.symbol)
            .map_err(|e| {
                let error = ScenarioError::at(&memory.symbol, e.to_string());
                match e {
                    crate::firmware::SymbolError::Unknown {
                        similar: Some(s), ..
                    } => error.help(format!("did you mean `{s}`?")),
                    _ => error,
                }
            })?;
        prepared.memory.push((symbol.address, words));
    }
    Ok(prepared)
}

/// Refuses what can be expected of I2C wires only.
fn only_of_i2c(wire: &ExpectWire) -> Result<(), ScenarioError> {
    for (given, key) in [
        (wire.completed.is_some(), "completed"),
        (wire.failed.is_some(), "failed"),
        (wire.nacked.is_some(), "nacked"),
        (wire.timed_out.is_some(), "timed-out"),
        (wire.read.is_some(), "read"),
        (wire.wrong_answers.is_some(), "wrong-answers"),
        (wire.stretched.is_some(), "stretched"),
        (wire.longest_stretch.is_some(), "longest-stretch"),
        (!wire.stretch_blames.is_empty(), "stretch-blames"),
    ] {
        if given {
            let message = format!("`{key}` is for i2c wires, `{}` is none", wire.name.value);
            return Err(ScenarioError::at(&wire.name, message));
        }
    }
    Ok(())
}

fn check_host(prepared: &Prepared, expect: &ExpectHost) -> Result<(), ScenarioError> {
    let name_of = |h: &PreparedHost| prepared.wires.get(h.wire).map(|w| w.spec.name());
    let found = |h: &&PreparedHost| name_of(h) == Some(expect.name.value.as_str());
    let Some(host) = prepared.hosts.iter().find(found) else {
        let names = prepared.hosts.iter().filter_map(name_of);
        let message = format!("no host `{}`", expect.name.value);
        return Err(ScenarioError::at(&expect.name, message).suggest(&expect.name, names));
    };
    if let Some(outcome) = &expect.outcome
        && !HOST_OUTCOMES.contains(&outcome.as_str())
    {
        let message = format!("`{}` is no outcome of a host", outcome.value);
        return Err(ScenarioError::at(outcome, message).suggest(outcome, HOST_OUTCOMES));
    }
    if let (Some(stored), None) = (&expect.stored, host.stored_at) {
        let message = format!(
            "host `{}` does not say where its image belongs",
            expect.name.value
        );
        return Err(ScenarioError::at(stored, message).help("stored-at = \"0x08008000\""));
    }
    Ok(())
}

/// A function that was inlined away is still in the debug information, so only names that look like a slip are refused.
fn function_exists(prepared: &Prepared, name: &Located<String>) -> Result<(), ScenarioError> {
    match prepared.firmware.symbols.find(name) {
        Err(crate::firmware::SymbolError::Unknown {
            similar: Some(similar),
            ..
        }) => {
            let error = ScenarioError::at(name, format!("no function `{}` in the ELF", name.value));
            Err(error.help(format!("did you mean `{similar}`?")))
        }
        _ => Ok(()),
    }
}

fn interrupt_exists(chip: &Chip, name: &Located<String>) -> Result<(), ScenarioError> {
    let system: Vec<String> = (1..16).map(|n| chip.exception_name(n)).collect();
    let all = || {
        chip.irqs()
            .map(|(name, _)| name)
            .chain(system.iter().map(String::as_str))
    };
    if all().any(|known| known == name.value) {
        return Ok(());
    }
    let error = ScenarioError::at(
        name,
        format!("{} has no interrupt `{}`", chip.name, name.value),
    );
    match crate::suggest::did_you_mean(name, all()) {
        Some(question) => Err(error.help(question)),
        None => Err(error),
    }
}
