//! From a scenario to something that can be run: files read, names resolved, contradictions found. Everything that can
//! be wrong with the input is found here, before anything runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use flashstall_cpu::VectorAddress;
use flashstall_mcu::Picos;
use flashstall_mcu::chip::Chip;
use flashstall_mcu::machine::OpenBehaviours;

use super::diagnostic::ScenarioError;
use super::file::{BufferTable, OpenTable, ScenarioFile, VectorAddressing};
use super::prepared::{Buffer, Prepared, PreparedWire, Until, WireSpec};
use super::{Located, SCHEMA, timing, wires};
use crate::firmware::{Firmware, SymbolError};

/// What `max-instructions` is if the file does not say.
pub const DEFAULT_MAX_INSTRUCTIONS: u64 = 20_000_000_000;

type Result<T> = std::result::Result<T, ScenarioError>;

/// Everything resolved against `base` (the folder of the file).
pub(super) fn prepare(
    file: &ScenarioFile,
    name: &str,
    base: &Path,
    firmware: Option<&Arc<Firmware>>,
) -> Result<Prepared> {
    if file.schema.value != SCHEMA {
        let message = format!(
            "schema `{}` is not one that this version reads",
            file.schema.value
        );
        return Err(
            ScenarioError::at(&file.schema, message).help(format!("write schema = \"{SCHEMA}\""))
        );
    }
    let chip = chip(file, base)?;
    let timing = timing::timing(&chip, &file.flash)?;
    let (firmware, firmware_name) = load_firmware(file, base, firmware, &chip)?;
    let mut attached: Vec<PreparedWire> = Vec::new();
    for table in &file.wire {
        if attached.iter().any(|w| w.spec.name() == table.name.value) {
            return Err(ScenarioError::at(
                &table.name,
                format!("two wires are called `{}`", table.name.value),
            ));
        }
        attached.push(wires::wire(table, base, &chip, &firmware)?);
    }
    let mut hosts = Vec::new();
    for table in &file.host {
        if attached.iter().any(|w| w.spec.name() == table.name.value) {
            let message = format!("two wires or hosts are called `{}`", table.name.value);
            return Err(ScenarioError::at(&table.name, message));
        }
        let (wire, host) = super::host::host(table, attached.len(), base, &chip, &firmware)?;
        attached.push(wire);
        hosts.push(host);
    }
    let mut patches = Vec::new();
    for table in &file.patch {
        patches.push(super::patch::patch(table, &chip, &firmware)?);
    }
    let mut buffers = Vec::new();
    for table in &file.buffer {
        buffers.push(buffer(table, &attached, &firmware)?);
    }
    let nors = super::nor::nors(file, base, &chip, &attached)?;
    let elf = file.firmware.as_ref().map(|f| &f.elf);
    super::nor::check_segments(&firmware, elf, &chip, &nors)?;
    let until = until(file, &attached, &firmware)?;
    let prepared = Prepared {
        name: name.to_owned(),
        hse: file.board.hse.map(super::Frequency::hertz),
        lse: file.board.lse.map(super::Frequency::hertz),
        timing,
        options: file.flash.options.clone().unwrap_or_default(),
        open: open(&chip, &file.open),
        pins: wires::pins(file, &chip)?,
        patches,
        wires: attached,
        hosts,
        nors,
        buffers,
        max_time: file.run.max_time.value.0,
        until,
        after: file.run.after.unwrap_or_default().0,
        stop_on_fault: false,
        max_instructions: file
            .run
            .max_instructions
            .unwrap_or(DEFAULT_MAX_INSTRUCTIONS),
        memory: Vec::new(),
        chip,
        firmware,
        firmware_name,
    };
    if prepared.max_time == Picos::ZERO || prepared.max_time > Picos(86_400 * Picos::SECOND.0) {
        return Err(ScenarioError::at(
            &file.run.max_time,
            "max-time must be above 0 and at most a day",
        ));
    }
    super::options::check(
        &prepared.chip,
        prepared.machine_options(true),
        &prepared.options,
    )?;
    super::check_expect::check(file, prepared, base)
}

fn chip(file: &ScenarioFile, base: &Path) -> Result<Arc<Chip>> {
    match (&file.chip, &file.chip_file) {
        (Some(path), None) if path.contains(['.', '/']) => described(path, base),
        (Some(name), None) => Chip::builtin(&name.value).ok_or_else(|| {
            ScenarioError::at(name, format!("no chip `{}`", name.value))
                .suggest(&name.value.to_lowercase(), Chip::names())
        }),
        (None, Some(path)) => described(path, base),
        (None, None) => {
            Err(ScenarioError::new("no chip").help("write for example chip = \"stm32f303xc\""))
        }
        (Some(chip), Some(_)) => Err(ScenarioError::at(
            chip,
            "`chip` and `chip-file` are both given",
        )),
    }
}

/// A chip description that the scenario names.
fn described(path: &Located<String>, base: &Path) -> Result<Arc<Chip>> {
    chip_file(&base.join(&path.value)).map_err(|e| match e.source {
        // An error inside the chip file is shown there.
        Some(_) => e,
        None => ScenarioError {
            span: path.span.clone(),
            ..e
        },
    })
}

/// Reads a chip description.
pub(crate) fn chip_file(path: &Path) -> Result<Arc<Chip>> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| ScenarioError::new(format!("cannot read `{}`: {e}", path.display())))?;
    Chip::from_toml(&text)
        .map(Arc::new)
        .map_err(|e| ScenarioError {
            message: e.message,
            span: e.span,
            label: None,
            help: None,
            source: Some(Arc::new(super::Source {
                path: path.to_owned(),
                text,
            })),
        })
}

fn load_firmware(
    file: &ScenarioFile,
    base: &Path,
    given: Option<&Arc<Firmware>>,
    chip: &Chip,
) -> Result<(Arc<Firmware>, String)> {
    let table = file.firmware.as_ref();
    let firmware = match (given, table) {
        (Some(firmware), _) => Arc::clone(firmware),
        (None, Some(table)) => {
            let path: PathBuf = base.join(&table.elf.value);
            Arc::new(Firmware::from_path(&path).map_err(|e| bad_elf(&table.elf, &e))?)
        }
        (None, None) => {
            return Err(ScenarioError::new("no firmware").help("write [firmware] with elf = \"…\""));
        }
    };
    let elf = table
        .map(|t| t.elf.clone())
        .unwrap_or_else(|| Located::from(firmware.path.display().to_string()));
    firmware.check(chip).map_err(|e| bad_elf(&elf, &e))?;
    Ok((firmware, elf.value))
}

fn bad_elf(elf: &Located<String>, error: &crate::firmware::ElfError) -> ScenarioError {
    let cause = std::error::Error::source(error)
        .map(|c| format!(": {c}"))
        .unwrap_or_default();
    ScenarioError::at(elf, format!("`{}`: {error}{cause}", elf.value))
}

/// The chip's defaults with what `table` changes.
pub(crate) fn open(chip: &Chip, table: &OpenTable) -> OpenBehaviours {
    change_open(OpenBehaviours::from(&chip.open), table)
}

/// `open` with what `table` changes.
pub(crate) fn change_open(mut open: OpenBehaviours, table: &OpenTable) -> OpenBehaviours {
    let core = &mut open.core;
    match table.vector_address {
        Some(VectorAddressing::Add) => core.vector_address = VectorAddress::Add,
        Some(VectorAddressing::Or) => core.vector_address = VectorAddress::Or,
        None => {}
    }
    core.late_arrival_during_held_vector = table
        .late_arrival_during_held_vector
        .unwrap_or(core.late_arrival_during_held_vector);
    core.interrupt_during_held_fetch = table
        .interrupt_during_held_fetch
        .unwrap_or(core.interrupt_during_held_fetch);
    open.buffer_hit_while_busy = table
        .buffer_hit_while_busy
        .unwrap_or(open.buffer_hit_while_busy);
    open
}

/// The address of a symbol that the file names.
pub(super) fn symbol<'a>(
    firmware: &'a Firmware,
    place: &Located<String>,
    name: &str,
) -> Result<&'a crate::firmware::Symbol> {
    firmware.symbols.find(name).map_err(|e| {
        let error = ScenarioError::at(place, e.to_string());
        match e {
            SymbolError::Unknown {
                similar: Some(similar),
                ..
            } => error.help(format!("did you mean `{similar}`?")),
            _ => error,
        }
    })
}

/// Index of the wire that the file names.
pub(super) fn wire_index(
    wires: &[PreparedWire],
    place: &Located<String>,
    name: &str,
) -> Result<usize> {
    wires
        .iter()
        .position(|w| w.spec.name() == name)
        .ok_or_else(|| {
            ScenarioError::at(place, format!("no wire `{name}`"))
                .suggest(name, wires.iter().map(|w| w.spec.name()))
        })
}

fn buffer(table: &BufferTable, wires: &[PreparedWire], firmware: &Firmware) -> Result<Buffer> {
    let array = symbol(firmware, &table.symbol, &table.symbol)?;
    let length = match &table.length_symbol {
        None => None,
        Some(place) => {
            let variable = symbol(firmware, place, place)?;
            if !matches!(variable.size, 1 | 2 | 4) {
                let message = format!(
                    "`{}` has {} bytes, a length has 1, 2 or 4",
                    place.value, variable.size
                );
                return Err(ScenarioError::at(place, message));
            }
            Some((variable.address, variable.size))
        }
    };
    if array.size == 0 {
        return Err(ScenarioError::at(
            &table.symbol,
            format!("the ELF gives no size for `{}`", table.symbol.value),
        ));
    }
    let wire = wire_index(wires, &table.wire, &table.wire)?;
    if matches!(wires[wire].spec, WireSpec::Pin(_)) {
        return Err(ScenarioError::at(
            &table.wire,
            "a buffer is compared with what a uart or a can sends, this wire is a pin",
        ));
    }
    Ok(Buffer {
        name: table.name.value.clone(),
        address: array.address,
        capacity: array.size,
        length,
        wire,
    })
}

fn until(file: &ScenarioFile, wires: &[PreparedWire], firmware: &Firmware) -> Result<Vec<Until>> {
    let Some(until) = &file.run.until else {
        return Ok(Vec::new());
    };
    let place: Located<String> = Located {
        value: String::new(),
        span: until.span.clone(),
    };
    let mut all = Vec::new();
    for condition in until.iter() {
        match condition.split_once(':') {
            Some(("symbol", name)) => all.push(Until::Symbol(
                symbol(firmware, &place, name)?.address,
                name.to_owned(),
            )),
            Some(("wire" | "host", name)) => {
                all.push(Until::Wire(wire_index(wires, &place, name)?));
            }
            None if condition == "wires" => all.extend((0..wires.len()).map(Until::Wire)),
            None if condition == "exit" => all.push(Until::Exit),
            _ => {
                let message = format!("`{condition}` is nothing that can end a run");
                return Err(ScenarioError::at(&place, message)
                    .help("symbol:NAME, wire:NAME, host:NAME, wires or exit"));
            }
        }
    }
    Ok(all)
}
