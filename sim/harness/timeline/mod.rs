//! What happened when: the wires, the interrupts, the stalls and the flash operations of one run, as pictures want them.
//!
//! [`Timeline`] is made from the log after the run, beside the report; [`html`], [`vcd`] and [`perfetto`] write it down. Times are
//! picoseconds since power-up. Lists stop where the log's do; [`Timeline::dropped`] says how much is missing.

pub mod html;
pub mod perfetto;
pub mod vcd;

use flashstall_mcu::log::{Fate, Log, Unit, WireLog};
use flashstall_mcu::nor::{NorSocket, command_name};
use flashstall_mcu::wire::{I2cRecord, LineFormat, WireId};
use flashstall_mcu::{Machine, Picos};

use crate::chain::{at, stalled_at};
use crate::report::{Report, cause_name, hold_name, operation_name, place_report, reset_name};
use crate::scenario::{Prepared, WireSpec};

/// One run.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// Name of the scenario.
    pub scenario: String,
    /// The chip.
    pub chip: String,
    /// When it ended.
    pub end: Picos,
    /// Wires, in the order of the scenario.
    pub wires: Vec<Lane>,
    /// Runs of handlers, in the order in which they were entered.
    pub runs: Vec<Handler>,
    /// Stalls, in order.
    pub stalls: Vec<Held>,
    /// Flash operations, in order.
    pub operations: Vec<Operation>,
    /// Serial flashes on the board.
    pub nors: Vec<SerialFlash>,
    /// Times that the core slept.
    pub sleeps: Vec<(Picos, Picos)>,
    /// Resets: when, and why.
    pub resets: Vec<(Picos, &'static str)>,
    /// Records that the log left out.
    pub dropped: u64,
}

/// One wire.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Its name.
    pub name: String,
    /// `uart`, `pin` or `can`.
    pub kind: &'static str,
    /// What was sent on it.
    pub units: Vec<Sent>,
    /// Levels of the line before the first change and after each; `None` if nothing says what it was.
    pub levels: (Option<bool>, Vec<(Picos, bool)>),
}

/// One byte, edge or frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// What; as in the report.
    pub value: u32,
    /// When its first bit began.
    pub start: Picos,
    /// When its last bit ended, or the run did.
    pub end: Picos,
    /// `delivered`, or why not.
    pub fate: &'static str,
    /// Is it lost?
    pub lost: bool,
    /// When that was known.
    pub settled: Picos,
}

/// One run of a handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handler {
    /// Exception number.
    pub number: u16,
    /// Name of the exception.
    pub name: String,
    /// When it was requested.
    pub pended: Picos,
    /// When its first instruction issued.
    pub entered: Picos,
    /// When it returned; or the chip was reset, or the run ended.
    pub returned: Picos,
}

/// One stall.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// `fetch`, `data`, `vector`, `register`.
    pub kind: &'static str,
    /// From.
    pub start: Picos,
    /// To.
    pub end: Picos,
    /// The instruction, in words.
    pub place: String,
    /// Index of the operation that it waited for.
    pub operation: Option<usize>,
}

/// One flash operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// `page erase`, …
    pub kind: &'static str,
    /// What it touched.
    pub address: String,
    /// Bank, from 1.
    pub bank: u8,
    /// From.
    pub start: Picos,
    /// To; cut short by a reset of the chip, or by the end of the run.
    pub end: Picos,
    /// The instruction that started it, in words.
    pub place: String,
}

/// A serial flash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerialFlash {
    /// Its name.
    pub name: String,
    /// What kept it busy, with the time that it was suspended; the bank is 0.
    pub operations: Vec<Operation>,
    /// Instructions that it ignored: when, and which.
    pub ignored: Vec<(Picos, String)>,
}

impl Timeline {
    /// Of a run that is over.
    pub(crate) fn new(prepared: &Prepared, machine: &Machine, report: &Report) -> Self {
        let (log, end) = (machine.log(), machine.time());
        let words = |pc| at(&place_report(&prepared.firmware.place(pc)));
        // Handlers end with a reset that nobody returns from.
        let cut = |from: Picos| {
            let reset = log.resets.iter().map(|r| r.at).find(|r| *r >= from);
            reset.unwrap_or(end).min(end)
        };
        let sleeps = log.sleeps.as_ref();
        Self {
            scenario: report.scenario.clone(),
            chip: report.chip.clone(),
            end,
            wires: log
                .wires
                .iter()
                .enumerate()
                .map(|(n, wire)| {
                    let spec = prepared.wires.iter().map(|w| &w.spec);
                    let mut lane = lane(wire, spec.clone().find(|s| s.name() == wire.name), end);
                    if let Some(record) = log.i2c.get(&WireId(n)) {
                        lane.levels = scl(record, end);
                    }
                    lane
                })
                .collect(),
            runs: log
                .runs
                .kept
                .iter()
                .map(|r| Handler {
                    number: r.number,
                    name: prepared.chip.exception_name(r.number),
                    pended: r.pended,
                    entered: r.entered,
                    returned: r.returned.unwrap_or_else(|| cut(r.entered)),
                })
                .collect(),
            stalls: log
                .stalls
                .kept
                .iter()
                .map(|s| Held {
                    kind: hold_name(s.kind),
                    start: s.start,
                    end: s.end,
                    place: words(stalled_at(s)),
                    operation: s.operation.map(|o| o.0),
                })
                .collect(),
            operations: log
                .operations
                .kept
                .iter()
                .map(|o| Operation {
                    kind: operation_name(o.kind),
                    address: o.address.to_string(),
                    bank: o.bank,
                    start: o.start,
                    end: o.end.min(cut(o.start)),
                    place: words(o.pc),
                })
                .collect(),
            nors: machine
                .nors()
                .iter()
                .map(|socket| serial_flash(socket, prepared, end))
                .collect(),
            sleeps: sleeps.map(|s| s.kept.clone()).unwrap_or_default(),
            resets: log
                .resets
                .iter()
                .map(|r| (r.at, reset_name(r.cause)))
                .collect(),
            dropped: dropped(log),
        }
    }

    /// Which exception is active, from when on; 0 is thread mode.
    #[must_use]
    pub fn active(&self) -> Vec<(Picos, u16)> {
        // Returns before entries at the same time; `false` sorts first.
        let entries = self.runs.iter().map(|r| (r.entered, true, r.number));
        let returns = self.runs.iter().map(|r| (r.returned, false, r.number));
        let mut events: Vec<_> = entries.chain(returns).collect();
        events.sort_by_key(|(at, entry, _)| (*at, *entry));
        let mut stack: Vec<u16> = Vec::new();
        let mut active = Vec::new();
        for (at, entry, number) in events {
            if entry {
                stack.push(number);
            } else if let Some(top) = stack.iter().rposition(|n| *n == number) {
                stack.remove(top);
            }
            active.push((at, stack.last().copied().unwrap_or(0)));
        }
        active
    }

    /// The stall that goes on at `time`.
    #[must_use]
    pub fn stall_at(&self, time: Picos) -> Option<usize> {
        let next = self.stalls.partition_point(|s| s.start <= time);
        let last = next.checked_sub(1)?;
        (self.stalls.get(last)?.end >= time).then_some(last)
    }
}

fn serial_flash(socket: &NorSocket, prepared: &Prepared, end: Picos) -> SerialFlash {
    let log = socket.device.log();
    let firmware = &prepared.firmware;
    let name = |opcode| command_name(opcode).unwrap_or("unknown instruction");
    SerialFlash {
        name: socket.name.clone(),
        operations: log
            .operations
            .kept
            .iter()
            .map(|o| Operation {
                kind: name(o.opcode),
                address: format!("{:#08x}", o.address),
                bank: 0,
                start: o.start,
                end: o.end.min(end),
                place: at(&place_report(&firmware.place(o.pc))),
            })
            .collect(),
        ignored: log
            .ignored
            .kept
            .iter()
            .map(|i| (i.at, format!("{:#04x} {}", i.opcode, name(i.opcode))))
            .collect(),
    }
}

fn dropped(log: &Log) -> u64 {
    let sleeps = log.sleeps.as_ref().map_or(0, |s| s.dropped);
    log.runs.dropped + log.stalls.dropped + log.operations.dropped + sleeps
}

fn lane(wire: &WireLog, spec: Option<&WireSpec>, end: Picos) -> Lane {
    let sent = |unit: &Unit, length: Picos| Sent {
        value: unit.value,
        start: unit.sent,
        end: (unit.sent + length)
            .max(unit.arrived.unwrap_or_default())
            .min(end),
        fate: cause_name(unit.fate),
        lost: crate::report::is_lost(unit),
        settled: unit.settled,
    };
    let units = &wire.units;
    let (lengths, levels): (Vec<Picos>, _) = match spec {
        Some(WireSpec::Uart(w)) => (
            vec![w.format().characters(1); units.len()],
            uart(units, &w.format()),
        ),
        Some(WireSpec::Host(w)) => (
            vec![w.format.characters(1); units.len()],
            uart(units, &w.format),
        ),
        Some(WireSpec::Pin(w)) => {
            // A unit is an edge that counts: from it follows when the wire began.
            let counted = w.edges.iter().find(|e| w.counts.counts(e.high));
            let begun = units
                .first()
                .zip(counted)
                .map(|(u, e)| Picos(u.sent.0.saturating_sub(e.offset.0)));
            let edges: Vec<_> = begun
                .into_iter()
                .flat_map(|zero| w.edges.iter().map(move |e| (zero + e.offset, e.high)))
                .collect();
            let before = edges.first().map(|e| !e.1);
            (vec![Picos::ZERO; units.len()], (before, edges))
        }
        Some(WireSpec::Can(w)) => can(wire, w.bit_rate),
        Some(WireSpec::CanHost(w)) => can(wire, w.bit_rate),
        Some(WireSpec::I2c(w)) => (
            vec![w.clock.rate.periods(9); units.len()],
            (None, Vec::new()),
        ),
        Some(WireSpec::I2cDevice(_)) | None => (vec![Picos::ZERO; units.len()], (None, Vec::new())),
    };
    let (before, mut changes) = levels;
    changes.retain(|(at, _)| *at <= end);
    Lane {
        name: wire.name.clone(),
        kind: wire.kind,
        units: units.iter().zip(lengths).map(|(u, l)| sent(u, l)).collect(),
        levels: (before, changes),
    }
}

type Levels = (Option<bool>, Vec<(Picos, bool)>);

fn uart(units: &[Unit], format: &LineFormat) -> Levels {
    let of = |unit: &Unit| {
        let start = unit.sent;
        let levels = format.levels(unit.value as u16);
        levels.into_iter().map(move |(at, high)| (start + at, high))
    };
    (Some(true), units.iter().flat_map(of).collect())
}

/// SCL as far as the chip drives it: low while it is held. What the host makes of it is not shown.
fn scl(record: &I2cRecord, end: Picos) -> Levels {
    let kept = record.stretches.kept.iter().map(|s| (s.from, s.to));
    let open = record.open.map(|(from, _)| (from, end));
    let mut changes: Vec<(Picos, bool)> = Vec::new();
    for (from, to) in kept.chain(open) {
        // A hold whose reason changed goes on.
        if changes.last().is_some_and(|(at, _)| *at == from) {
            changes.pop();
        } else {
            changes.push((from, false));
        }
        changes.push((to, true));
    }
    (Some(true), changes)
}

/// Levels of a bus as its sender drives them, with the acknowledgement where there was one.
fn can(wire: &WireLog, rate: flashstall_mcu::Hertz) -> (Vec<Picos>, Levels) {
    let (mut lengths, mut levels) = (Vec::new(), Vec::new());
    for (unit, frame) in wire.units.iter().zip(&wire.frames) {
        let bits = frame.bits();
        let acknowledged = !matches!(
            unit.fate,
            Fate::NotAcknowledged | Fate::NotListening | Fate::BitRate
        );
        lengths.push(rate.periods(bits.to_end().into()));
        let on_the_bus = (0..bits.to_end()).map(|n| {
            (
                unit.sent + rate.periods(n.into()),
                bits.level(n, acknowledged),
            )
        });
        levels.extend(on_the_bus);
    }
    (lengths, (Some(true), levels))
}
