//! Values put into a scenario: the point as a file of its own, and the same made ready to run without reading everything again.

use flashstall_mcu::Picos;
use flashstall_mcu::wire::{LineFormat, Start};

use super::axis::{Axis, Kind, Slot};
use super::value::Value;
use crate::scenario::file::{FlashTable, TrafficTable, WireTable};
use crate::scenario::host::HostTable;
use crate::scenario::{
    Deviation, Located, Prepared, PreparedWire, Rate, ScenarioFile, Time, WireSpec,
};

/// The flash table with what `value` says.
pub(super) fn flash(table: &mut FlashTable, prepared: &Prepared, kind: Kind, value: Value) {
    match (kind, value) {
        (Kind::Erase, Value::Time(time)) => {
            table.page_erase = Some(time.into());
            table.sector_erase.clear();
        }
        (Kind::Erase, Value::Column(column)) => {
            // The column is chosen for all times: those that were chosen otherwise stay.
            let base = &prepared.timing;
            let keep = |slot: &mut Option<Located<Time>>, time: Picos| {
                slot.get_or_insert_with(|| Time(time).into());
            };
            keep(&mut table.program, base.program);
            keep(&mut table.mass_erase, base.mass_erase);
            table.timing = column;
            table.page_erase = None;
            table.sector_erase.clear();
        }
        (Kind::Program, Value::Time(time)) => table.program = Some(time.into()),
        _ => {}
    }
}

fn traffic(table: &mut TrafficTable, kind: Kind, value: Value) {
    match (kind, value) {
        (Kind::Gap, Value::Time(time)) => table.gap = Some(time),
        (Kind::Jitter, Value::Time(time)) => table.jitter = Some(time),
        (Kind::Seed, Value::Count(seed)) => table.seed = Some(seed),
        (Kind::Count, Value::Count(count)) => {
            table.count = Some(u32::try_from(count).unwrap_or(u32::MAX).into());
        }
        _ => {}
    }
}

/// A wire's table with what `value` says, but for its phase.
fn wire(table: &mut WireTable, kind: Kind, value: Value) {
    match (kind, value) {
        (Kind::Baud, Value::Rate(rate)) => {
            // Both ends: firmware is asked how fast it can be, not whether its divider fits.
            table.baud = Some(rate.into());
            table.receiver_follows = Some(true);
        }
        (Kind::Bitrate, Value::Rate(rate)) => table.bitrate = Some(rate.into()),
        (Kind::ClockError, Value::Deviation(error)) => table.clock_error = Some(error),
        _ => traffic(&mut table.traffic.value, kind, value),
    }
}

/// A host's table with what `value` says, but for its phase.
fn host(table: &mut HostTable, kind: Kind, value: Value) {
    match (kind, value) {
        (Kind::Baud, Value::Rate(rate)) => table.baud = Some(rate.into()),
        (Kind::Bitrate, Value::Rate(rate)) => table.bitrate = Some(rate.into()),
        (Kind::ClockError, Value::Deviation(error)) => table.clock_error = Some(error),
        _ => traffic(&mut table.image.value, kind, value),
    }
}

/// The time from one start bit to the next, back to back, of a UART at this rate; `None` of anything else.
pub(super) fn character(
    prepared: &PreparedWire,
    baud: Option<Rate>,
    error: Option<Deviation>,
) -> Option<Picos> {
    let format = match &prepared.spec {
        WireSpec::Uart(wire) => wire.format(),
        WireSpec::Host(host) => host.format,
        _ => return None,
    };
    let nominal = flashstall_mcu::Hertz::new(u64::from(baud?.0));
    let bit_rate = error.unwrap_or_default().apply(nominal);
    Some(LineFormat { bit_rate, ..format }.characters(1))
}

/// How much later than the scenario says.
fn later(value: Value, character: Option<Picos>) -> Picos {
    match (value, character) {
        (Value::Time(time), _) => time.0,
        (Value::Phase { step, of }, Some(character)) => {
            let picos = u128::from(character.0) * u128::from(step) / u128::from(of.max(1));
            Picos(u64::try_from(picos).unwrap_or(u64::MAX))
        }
        _ => Picos::ZERO,
    }
}

/// `at`, or else `delay`, that much later.
pub(super) fn shift(at: &mut Option<Time>, delay: &mut Option<Time>, later: Picos) {
    let slot = if at.is_some() { at } else { delay };
    *slot = Some(Time(slot.unwrap_or_default().0 + later));
}

/// A wire's table at a point; `prepared` is the wire as the scenario has it.
pub(super) fn wire_at<'a>(
    table: &WireTable,
    prepared: &PreparedWire,
    values: impl Iterator<Item = (&'a Axis, Value)> + Clone,
) -> WireTable {
    let (mut table, own) = (table.clone(), table.baud.as_ref().map(|b| b.value));
    for (axis, value) in values.clone() {
        wire(&mut table, axis.kind, value);
        if let (true, Value::Rate(rate), Some(own), WireSpec::Uart(spec)) =
            (axis.keep_busy, value, own, &prepared.spec)
        {
            let count = spec.bytes.len() as u64 * u64::from(rate.0) / u64::from(own.0.max(1));
            wire(&mut table, Kind::Count, Value::Count(count.max(1)));
        }
    }
    let character = character(
        prepared,
        table.baud.as_ref().map(|b| b.value),
        table.clock_error,
    );
    for (_, value) in values.filter(|(axis, _)| axis.kind == Kind::Phase) {
        shift(&mut table.at, &mut table.delay, later(value, character));
    }
    table
}

/// A host's table at a point; `prepared` is its wire as the scenario has it.
pub(super) fn host_at<'a>(
    table: &HostTable,
    prepared: &PreparedWire,
    values: impl Iterator<Item = (&'a Axis, Value)> + Clone,
) -> HostTable {
    let mut table = table.clone();
    for (axis, value) in values.clone() {
        host(&mut table, axis.kind, value);
    }
    let character = character(
        prepared,
        table.baud.as_ref().map(|b| b.value),
        table.clock_error,
    );
    for (_, value) in values.filter(|(axis, _)| axis.kind == Kind::Phase) {
        shift(&mut table.at, &mut table.delay, later(value, character));
    }
    table
}

/// The whole file at a point.
pub(super) fn file(
    file: &ScenarioFile,
    prepared: &Prepared,
    axes: &[Axis],
    point: &[Value],
) -> ScenarioFile {
    let mut file = file.clone();
    let of = |slot: Slot| {
        let all = axes.iter().zip(point.iter().copied());
        all.filter(move |(axis, _)| axis.slot == slot)
    };
    for (axis, value) in of(Slot::Flash) {
        flash(&mut file.flash, prepared, axis.kind, value);
    }
    let wires = file.wire.len();
    for (n, table) in file.wire.iter_mut().enumerate() {
        if let (Some(wire), true) = (prepared.wires.get(n), of(Slot::Wire(n)).next().is_some()) {
            *table = wire_at(table, wire, of(Slot::Wire(n)));
        }
    }
    for (n, table) in file.host.iter_mut().enumerate() {
        let wire = prepared.wires.get(wires + n);
        if let (Some(wire), true) = (wire, of(Slot::Host(n)).next().is_some()) {
            *table = host_at(table, wire, of(Slot::Host(n)));
        }
    }
    file
}

/// When a wire starts by the clock.
pub(super) const fn starts_at(start: Start) -> Option<Picos> {
    match start {
        Start::At(at) => Some(at),
        Start::Triggered { .. } => None,
    }
}
