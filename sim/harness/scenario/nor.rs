//! `[[nor]]`: serial flashes on the board; `[[expect.nor]]`: what they must come to.

use std::path::Path;
use std::sync::Arc;

use flashstall_mcu::Picos;
use flashstall_mcu::chip::{Chip, PeripheralSpec, TimingSpec};
use flashstall_mcu::machine::BoardNor;
use flashstall_mcu::nor::{NorPart, NorTiming};
use flashstall_mcu::periph::Pin;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bounds::Bounds;
use super::diagnostic::ScenarioError;
use super::file::{ScenarioFile, TimingColumn, TrafficTable};
use super::prepared::{PreparedNor, PreparedWire, WireSpec};
use super::quantity::Time;
use super::{Located, can, traffic, wires};
use crate::firmware::Firmware;

type Result<T> = std::result::Result<T, ScenarioError>;

/// `[[nor]]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NorTable {
    /// Name in reports and in `[expect]`.
    pub name: Located<String>,
    /// Which one: `w25q64jv` or `w25q128jv`.
    pub part: Located<String>,
    /// The SPI or QUADSPI that it is wired to, for example `SPI1`.
    pub port: Located<String>,
    /// Its chip select at an SPI, for example `PA4`: a pin that the firmware drives, or NSS of the SPI. The board pulls it up. A QUADSPI has
    /// its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cs: Option<Located<String>>,
    /// Column of its data sheet for everything that is not given below. Default: `max`.
    #[serde(default)]
    pub timing: TimingColumn,
    /// Program of a page, however many bytes of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_program: Option<Located<Time>>,
    /// Erase of 4 KB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sector_erase: Option<Located<Time>>,
    /// Erase of 32 KB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block32_erase: Option<Located<Time>>,
    /// Erase of 64 KB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block64_erase: Option<Located<Time>>,
    /// Erase of everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chip_erase: Option<Located<Time>>,
    /// Write to the status registers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_status: Option<Located<Time>>,
    /// What it holds when the board is switched on; everything else is erased.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub image: Vec<NorBytesTable>,
}

/// One of `image` and of `contents`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NorBytesTable {
    /// Address of the first byte in the device.
    pub at: Located<u32>,
    /// The bytes: as the traffic of a uart wire, without times.
    pub data: Located<TrafficTable>,
}

/// `[[expect.nor]]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectNor {
    /// Which device.
    pub name: Located<String>,
    /// Erases that began, of any size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erases: Option<Bounds<u64>>,
    /// Page programs that began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programs: Option<Bounds<u64>>,
    /// Instructions that came to nothing, whatever the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored: Option<Bounds<u64>>,
    /// Of these, those that came while it was busy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored_busy: Option<Bounds<u64>>,
    /// The longest operation, with the time that it was suspended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_busy: Option<Bounds<Time>>,
    /// What it must hold at the end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contents: Vec<NorBytesTable>,
}

/// All devices of a file, checked against the chip and against what else is on its pins.
pub(super) fn nors(
    file: &ScenarioFile,
    base: &Path,
    chip: &Chip,
    wires: &[PreparedWire],
) -> Result<Vec<PreparedNor>> {
    let mut all: Vec<PreparedNor> = Vec::new();
    for table in &file.nor {
        if all.iter().any(|n| n.board.name == table.name.value) {
            let message = format!("two serial flashes are called `{}`", table.name.value);
            return Err(ScenarioError::at(&table.name, message));
        }
        let nor = nor(table, base, chip)?;
        if let (Some(pin), Some(cs)) = (nor.board.cs, &table.cs)
            && let Some(who) = who_has(pin, file, chip, wires, &all)
        {
            let message = format!("{} is taken by {who}", cs.value);
            return Err(ScenarioError::at(cs, message));
        }
        let same = |n: &&PreparedNor| n.board.cs.is_none() && n.board.port == nor.board.port;
        if let Some(other) = all.iter().find(same).filter(|_| nor.board.cs.is_none()) {
            let message = format!(
                "{} is taken by the serial flash `{}`",
                nor.board.port, other.board.name
            );
            return Err(ScenarioError::at(&table.port, message));
        }
        all.push(nor);
    }
    Ok(all)
}

/// What the ELF file puts into the window of a QUADSPI must find a serial flash there. `elf` is where the file names it.
pub(super) fn check_segments(
    firmware: &Firmware,
    elf: Option<&Located<String>>,
    chip: &Chip,
    nors: &[PreparedNor],
) -> Result<()> {
    for segment in firmware.segments.iter().filter(|s| !s.bytes.is_empty()) {
        let window = |p: &&PeripheralSpec| {
            let window = p.window();
            window.is_some_and(|(base, size)| segment.load.0.wrapping_sub(base) < size)
        };
        let Some(port) = chip.peripherals.iter().find(window) else {
            continue;
        };
        let nor = nors.iter().find(|n| n.board.port == port.name);
        let base = port.window().map_or(0, |(base, _)| base);
        let end = u64::from(segment.load.0 - base) + segment.bytes.len() as u64;
        let fault = match nor {
            None => format!("nothing is connected to {}", port.name),
            Some(n) if end > u64::from(n.board.part.geometry.size) => {
                format!("that is behind the end of `{}`", n.board.name)
            }
            Some(_) => continue,
        };
        let message = format!(
            "the ELF file puts {} bytes at {}, and {fault}",
            segment.bytes.len(),
            segment.load
        );
        let error = match elf {
            Some(place) => ScenarioError::at(place, message),
            None => ScenarioError::new(message),
        };
        return Err(error.help(format!("[[nor]] with port = \"{}\"", port.name)));
    }
    Ok(())
}

/// Who else is on a pin.
fn who_has(
    pin: Pin,
    file: &ScenarioFile,
    chip: &Chip,
    wires: &[PreparedWire],
    nors: &[PreparedNor],
) -> Option<String> {
    let nor = nors.iter().find(|n| n.board.cs == Some(pin));
    let wire = wires
        .iter()
        .find(|w| matches!(&w.spec, WireSpec::Pin(wire) if wire.pin == pin));
    let driven = || {
        let pins = wires::pins(file, chip).ok()?;
        pins.iter()
            .find(|(p, _)| *p == pin)
            .map(|_| "[pins]".to_owned())
    };
    nor.map(|n| format!("the serial flash `{}`", n.board.name))
        .or_else(|| wire.map(|w| format!("the wire `{}`", w.spec.name())))
        .or_else(driven)
}

fn nor(table: &NorTable, base: &Path, chip: &Chip) -> Result<PreparedNor> {
    let Some(part) = NorPart::builtin(&table.part.value.to_lowercase()) else {
        let message = format!("no serial flash `{}`", table.part.value);
        return Err(ScenarioError::at(&table.part, message)
            .suggest(&table.part.value.to_lowercase(), NorPart::names()));
    };
    let ports = || {
        let peripherals = chip.peripherals.iter();
        peripherals
            .filter(|p| p.kind.starts_with("spi") || p.kind == "quadspi")
            .map(|p| p.name.as_str())
    };
    if !ports().any(|name| name == table.port.value) {
        let message = format!("{} has no SPI `{}`", chip.name, table.port.value);
        return Err(ScenarioError::at(&table.port, message).suggest(&table.port.value, ports()));
    }
    let quadspi = |p: &PeripheralSpec| p.name == table.port.value && p.kind == "quadspi";
    let cs = match (&table.cs, chip.peripherals.iter().any(quadspi)) {
        (Some(cs), false) => Some(wires::pin(cs, chip)?),
        (None, true) => None,
        (Some(cs), true) => {
            let message = format!("{} has its own chip select", table.port.value);
            return Err(ScenarioError::at(cs, message));
        }
        (None, false) => {
            let message = "a serial flash at an SPI needs a `cs`";
            return Err(ScenarioError::at(&table.port, message).help("cs = \"PA4\""));
        }
    };
    let timing = timing(table, &part)?;
    let images = table
        .image
        .iter()
        .map(|t| bytes(t, &part, base))
        .collect::<Result<Vec<_>>>()?;
    Ok(PreparedNor {
        board: BoardNor {
            name: table.name.value.clone(),
            part,
            timing,
            port: table.port.value.clone(),
            cs,
            images,
        },
        place: table.name.clone(),
        contents: Vec::new(),
    })
}

fn timing(table: &NorTable, part: &NorPart) -> Result<NorTiming> {
    let column = |t: &TimingSpec| match table.timing {
        TimingColumn::Min => t.shortest(),
        TimingColumn::Typ => t.typical(),
        TimingColumn::Max => t.max,
    };
    let mut timing = NorTiming::from_spec(&part.timing, column);
    for (given, slot) in [
        (&table.sector_erase, &mut timing.sector_erase),
        (&table.block32_erase, &mut timing.block32_erase),
        (&table.block64_erase, &mut timing.block64_erase),
        (&table.chip_erase, &mut timing.chip_erase),
        (&table.write_status, &mut timing.write_status),
    ] {
        if let Some(time) = given {
            *slot = sensible(time)?;
        }
    }
    if let Some(time) = &table.page_program {
        timing.set_page_program(sensible(time)?);
    }
    Ok(timing)
}

/// An operation that takes no time is none.
fn sensible(time: &Located<Time>) -> Result<Picos> {
    let picos = time.value.0;
    if picos == Picos::ZERO || picos > Picos(3_600 * Picos::SECOND.0) {
        let message = "an operation takes more than no time and at most an hour";
        return Err(ScenarioError::at(time, message));
    }
    Ok(picos)
}

/// Where and which bytes.
pub(super) fn bytes(
    table: &NorBytesTable,
    part: &NorPart,
    base: &Path,
) -> Result<(u32, Arc<[u8]>)> {
    for (given, key) in [
        (table.data.gap.is_some(), "gap"),
        (table.data.jitter.is_some(), "jitter"),
        (table.data.burst.is_some(), "burst"),
        (table.data.pause.is_some(), "pause"),
        (table.data.commands.is_some(), "commands"),
    ] {
        if given {
            let message = format!("`{key}` is for wires: contents have no times");
            return Err(ScenarioError::at(&table.data, message));
        }
    }
    can::refuse_traffic(&table.data, "contents are bytes")?;
    let bytes: Arc<[u8]> = traffic::bytes(&table.data, base)?.into();
    let (at, size) = (table.at.value, part.geometry.size);
    if u64::from(at) + bytes.len() as u64 > u64::from(size) {
        let message = format!(
            "{} bytes at {at:#x} do not fit: a {} ends at {size:#x}",
            bytes.len(),
            part.name
        );
        return Err(ScenarioError::at(&table.at, message));
    }
    Ok((at, bytes))
}

/// The device that `expect` names, with what it must hold.
pub(super) fn check_expect(
    expect: &ExpectNor,
    nors: &mut [PreparedNor],
    base: &Path,
) -> Result<()> {
    let name = &expect.name;
    let names: Vec<String> = nors.iter().map(|n| n.board.name.clone()).collect();
    let Some(nor) = nors.iter_mut().find(|n| n.board.name == name.value) else {
        let message = format!("no serial flash `{}`", name.value);
        let names = names.iter().map(String::as_str);
        return Err(ScenarioError::at(name, message).suggest(name, names));
    };
    for table in &expect.contents {
        let contents = bytes(table, &nor.board.part, base)?;
        nor.contents.push(contents);
    }
    Ok(())
}
