//! Values put into a scenario: the point as a file of its own, and the same made ready to run without reading everything again.

use flashstall_mcu::Picos;
use flashstall_mcu::wire::{LineFormat, Start};

use super::axis::{Axis, Kind, Slot, permute, starts_by_clock};
use super::value::Value;
use crate::scenario::file::{FlashTable, FrameTable, TrafficTable, WireTable};
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
    let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let small = |count: u64| u8::try_from(count).unwrap_or(u8::MAX);
    match (kind, value) {
        (Kind::Burst, Value::Count(count)) => table.burst = Some(number(count).into()),
        (Kind::Dlc, Value::Count(count)) => table.dlc = Some(small(count).into()),
        (Kind::DlcMin, Value::Count(count)) => table.dlc_min = Some(small(count).into()),
        (Kind::ExtendedShare, Value::Count(count)) => {
            table.extended = None;
            table.extended_share = Some(small(count).into());
        }
        (Kind::RemoteShare, Value::Count(count)) => table.remote_share = Some(small(count).into()),
        (Kind::Order, Value::Count(order)) => {
            if let Some(commands) = &mut table.commands {
                permute(&mut commands.value, order);
            }
            if let Some(frames) = &mut table.frames {
                frames_in_order(&mut frames.value, order);
            }
        }
        (Kind::Pause, Value::Time(time)) => table.pause = Some(time.into()),
        (Kind::Period, Value::Time(time)) => table.period = Some(time.into()),
        (Kind::Gap, Value::Time(time)) => table.gap = Some(time),
        (Kind::Jitter, Value::Time(time)) => table.jitter = Some(time),
        (Kind::Seed, Value::Count(seed)) => table.seed = Some(seed),
        (Kind::Count, Value::Count(count)) => {
            // Of a pin they are pulses.
            let slot = if table.pulses.is_some() {
                &mut table.pulses
            } else {
                &mut table.count
            };
            *slot = Some(number(count).into());
        }
        _ => {}
    }
}

/// Frames in another order at the old times.
fn frames_in_order(frames: &mut [FrameTable], order: u64) {
    let times: Vec<_> = frames.iter_mut().map(|f| f.at.take()).collect();
    permute(frames, order);
    for (frame, at) in frames.iter_mut().zip(times) {
        frame.at = at;
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
        (Kind::AnswerTimeout, Value::Time(time)) => table.answer_timeout = Some(time.into()),
        (Kind::ByteGap, Value::Time(time)) => table.byte_gap = Some(time),
        (Kind::Latency, Value::Time(time)) => table.latency = Some(time),
        (Kind::PageGap, Value::Time(time)) => table.page_gap = Some(time),
        (Kind::Tries, Value::Count(count)) => {
            table.tries = Some(u32::try_from(count).unwrap_or(u32::MAX).into());
        }
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

/// Wires and hosts that start by the clock change their times. False if they do not.
pub(super) fn starts(
    file: &mut ScenarioFile,
    prepared: &Prepared,
    axes: &[Axis],
    point: &[Value],
) -> bool {
    let mut all = axes.iter().zip(point);
    let Some((_, Value::Count(order))) = all.find(|(axis, _)| axis.slot == Slot::Starts) else {
        return false;
    };
    let numbers = starts_by_clock(prepared);
    let wires = file.wire.len();
    let at = |file: &ScenarioFile, n: usize| match n.checked_sub(wires) {
        None => file.wire.get(n).and_then(|w| w.at),
        Some(n) => file.host.get(n).and_then(|h| h.at),
    };
    let mut times: Vec<Option<Time>> = numbers.iter().map(|n| at(file, *n)).collect();
    permute(&mut times, *order);
    for (n, time) in numbers.into_iter().zip(times) {
        let slot = match n.checked_sub(wires) {
            None => file.wire.get_mut(n).map(|w| &mut w.at),
            Some(n) => file.host.get_mut(n).map(|h| &mut h.at),
        };
        if let Some(slot) = slot {
            *slot = time;
        }
    }
    true
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
    starts(&mut file, prepared, axes, point);
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
