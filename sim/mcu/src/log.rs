//! What happened: everything that a verdict or a causal chain is made from.
//!
//! Devices write here, the harness reads. Totals are always complete; the lists of single records are
//! capped, and say so.

use std::collections::{BTreeMap, BTreeSet};

use flashstall_cpu::{Addr, HoldKind};

use crate::Picos;
use crate::periph::PeripheralId;
use crate::wire::{CanFrame, I2cRecord, WireId};

/// Most single records kept of one kind. Totals go on past it; `dropped` counts the rest.
pub const RECORD_CAP: usize = 1_000_000;

/// A list of records that stops growing at [`RECORD_CAP`] and counts what it left out.
#[derive(Clone, Debug)]
pub struct Records<T> {
    /// The first records.
    pub kept: Vec<T>,
    /// How many more there were.
    pub dropped: u64,
}

impl<T> Default for Records<T> {
    fn default() -> Self {
        Self {
            kept: Vec::new(),
            dropped: 0,
        }
    }
}

impl<T> Records<T> {
    /// Adds a record, or counts it.
    pub fn push(&mut self, record: T) {
        if self.kept.len() < RECORD_CAP {
            self.kept.push(record);
        } else {
            self.dropped += 1;
        }
    }
}

/// Index into [`Log::operations`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(pub usize);

/// What the flash array was asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// Erase of one page or sector.
    PageErase,
    /// Erase of a bank or of all main flash.
    MassErase,
    /// Programming of one unit, row or half page.
    Program,
    /// A write to the data EEPROM, with its erase if it needs one.
    EepromWrite,
    /// Erase of the option bytes.
    OptionErase,
    /// Programming of an option byte.
    OptionProgram,
}

/// The core's registers when something happened, and the top of its stack, for the unwinder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// R0 to R12, SP, LR, PC.
    pub registers: [u32; 16],
    /// Active exception number.
    pub exception: u16,
    /// Memory from SP upwards.
    pub stack: Vec<u8>,
}

/// One operation of the flash array, from start to end of BSY.
#[derive(Clone, Debug)]
pub struct FlashOperation {
    /// What.
    pub kind: OperationKind,
    /// First address touched.
    pub address: Addr,
    /// How many bytes.
    pub length: u32,
    /// Bank number, from 1, wherever that bank shows.
    pub bank: u8,
    /// Where that really is, if the banks were swapped; `None` for an operation on all of them.
    pub swapped: Option<Swapped>,
    /// Start.
    pub start: Picos,
    /// End (planned; a reset can cut it short).
    pub end: Picos,
    /// Address of the instruction that started it.
    pub pc: Addr,
    /// Who asked. Kept for each erase, and for the first program at each `pc`.
    pub snapshot: Option<Box<Snapshot>>,
}

/// Cells that show in another bank's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swapped {
    /// Their address while each bank is in its own place.
    pub home: Addr,
    /// Their sector, counted through all banks from 0; `None` on a part with pages.
    pub sector: Option<u32>,
}

/// One time that the core was held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    /// Which access was held.
    pub kind: HoldKind,
    /// The address that was accessed.
    pub address: Addr,
    /// The instruction that executed, or was about to.
    pub pc: Addr,
    /// Active exception number (0: thread).
    pub active: u16,
    /// The exception that was being entered.
    pub entering: Option<u16>,
    /// Start.
    pub start: Picos,
    /// End.
    pub end: Picos,
    /// Bank that was busy, from 1.
    pub bank: u8,
    /// The operation that kept it busy when the stall began.
    pub operation: Option<OperationId>,
}

/// Count, sum and maximum of the stalls of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StallTotals {
    /// How many.
    pub count: u64,
    /// Sum of their lengths.
    pub total: Picos,
    /// The longest.
    pub longest: Picos,
}

/// One run of an exception handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterruptRun {
    /// Exception number.
    pub number: u16,
    /// When the request was made.
    pub pended: Picos,
    /// When the first instruction of the handler issued.
    pub entered: Picos,
    /// When it returned, if it did.
    pub returned: Option<Picos>,
}

/// Totals of one exception.
#[derive(Clone, Debug, Default)]
pub struct InterruptTotals {
    /// How often its handler ran.
    pub taken: u64,
    /// Requests that came while it was pending already (or a device's flag was still set): they leave no trace.
    pub pended_lost: u64,
    /// Shortest and longest time from request to first handler instruction.
    pub latency: Option<(Picos, Picos)>,
    /// Longest run of back-to-back entries: each began before one further instruction of the interrupted code ran.
    pub longest_storm: u64,
    /// Request that has not been taken yet, since when.
    pub pending_since: Option<Picos>,
}

/// What became of one byte, frame or edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// Not complete yet.
    InFlight,
    /// In the receive register, not read yet.
    Waiting,
    /// Firmware (or DMA) took it.
    Delivered,
    /// Arrived, and taken, but not as it was sent.
    Corrupted,
    /// Complete while the receive register was full: overrun.
    Overrun,
    /// Overwritten in the receive register by a later one (OVRDIS).
    Overwritten,
    /// Thrown away by firmware (RXFRQ, receiver switched off with a byte in it).
    Flushed,
    /// Complete and acknowledged while the receive FIFO was full: it, or the newest one in the FIFO, is lost.
    FifoOverrun,
    /// Acknowledged, and no active filter lets it pass.
    Filtered,
    /// A CAN frame that no node has acknowledged so far; a byte on an I2C bus that the chip has not acknowledged.
    NotAcknowledged,
    /// A CAN frame at a bit rate that the receiver cannot follow.
    BitRate,
    /// Nobody listened: clock off, receiver not enabled, pin not connected to the receiver.
    NotListening,
    /// An edge that came while its flag was still set.
    Merged,
    /// Lost in a reset of the chip.
    Reset,
}

/// One byte, frame or edge on a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// What was sent (a byte; 1 or 0 for an edge; [`CanFrame::key`](crate::wire::CanFrame::key) of a CAN frame).
    pub value: u32,
    /// What the receiver made of it, once it has.
    pub received: Option<u32>,
    /// When its first bit began.
    pub sent: Picos,
    /// When the receiver was done with it (its stop bit was sampled, the edge was seen).
    pub arrived: Option<Picos>,
    /// What became of it.
    pub fate: Fate,
    /// When that was settled.
    pub settled: Picos,
    /// For an overrun: the unit that still sat in the register.
    pub blocked_by: Option<u32>,
    /// Exception number of the interrupt that should have taken it.
    pub interrupt: Option<u16>,
}

/// Everything on one wire.
#[derive(Clone, Debug)]
pub struct WireLog {
    /// Its name in the scenario.
    pub name: String,
    /// `can`, `i2c`, `uart` or `pin`.
    pub kind: &'static str,
    /// All units, in the order sent; the index is the unit's number.
    pub units: Vec<Unit>,
    /// CAN: the frames, by the numbers of their units.
    pub frames: Vec<CanFrame>,
    /// Why nobody listened, for the units of which that is known.
    pub notes: BTreeMap<u32, &'static str>,
}

/// A register that the firmware touched and no model answers for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmodelled {
    /// Peripheral, with register name where known (`DMA1`, `TIM2.SMCR`).
    pub name: String,
    /// Reads.
    pub reads: u64,
    /// Writes.
    pub writes: u64,
    /// First instruction that did it.
    pub pc: Addr,
}

/// What one DMA channel did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DmaTotals {
    /// Units moved.
    pub units: u64,
    /// How often CNDTR came to its end.
    pub laps: u64,
    /// Laps that ended with TCIF of the one before still set, and its interrupt enabled.
    pub unserved_laps: u64,
    /// Units in a lap, if the channel is circular and writes to memory.
    pub ring: u32,
    /// Most units that it moved between two looks of the firmware: at how far it has come, or at a flag of it that was set.
    pub longest_unseen: u32,
    /// Units of a ring that were overwritten before the firmware could know of them: whole turns between two looks.
    pub overwritten: u64,
}

/// Something worth telling that is not a loss by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable name, `kebab-case`.
    pub rule: &'static str,
    /// A sentence.
    pub text: String,
    /// When it was first seen.
    pub at: Picos,
    /// The instruction that was executing.
    pub pc: Addr,
}

/// Why the chip was reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetCause {
    /// AIRCR.SYSRESETREQ.
    Software,
    /// Independent watchdog.
    IndependentWatchdog,
    /// Window watchdog.
    WindowWatchdog,
    /// Option-byte load.
    OptionByteLoad,
}

/// A system reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResetRecord {
    /// When.
    pub at: Picos,
    /// Why.
    pub cause: ResetCause,
    /// Where the core was.
    pub pc: Addr,
}

/// The whole record of a run.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Flash operations.
    pub operations: Records<FlashOperation>,
    /// Stalls, each.
    pub stalls: Records<Stall>,
    /// Stalls, by kind.
    pub stall_totals: BTreeMap<HoldKind, StallTotals>,
    /// Accesses that waited for a device to answer (a word from a serial flash, data that a QUADSPI has not got yet), by kind.
    pub device_waits: BTreeMap<HoldKind, StallTotals>,
    /// Times that the core slept, from and to; `None` if nobody asked for them.
    pub sleeps: Option<Records<(Picos, Picos)>>,
    /// Handler runs, each.
    pub runs: Records<InterruptRun>,
    /// Handler runs, by exception number.
    pub interrupts: BTreeMap<u16, InterruptTotals>,
    /// Wires.
    pub wires: Vec<WireLog>,
    /// What else happened on those of them that are I2C buses.
    pub i2c: BTreeMap<WireId, I2cRecord>,
    /// Unmodelled registers by address.
    pub unmodelled: BTreeMap<Addr, Unmodelled>,
    /// DMA channels (from 1) and streams (from 0) that moved anything, by controller and number.
    pub dma: BTreeMap<(PeripheralId, u8), DmaTotals>,
    /// Findings, one a rule and place.
    pub findings: Vec<Finding>,
    /// Rules and places that have their finding.
    found: BTreeSet<(&'static str, Addr)>,
    /// Resets.
    pub resets: Vec<ResetRecord>,
    /// Text that firmware printed by semihosting.
    pub output: String,
}

impl Log {
    /// The units of `wire`.
    pub fn unit(&mut self, wire: WireId, number: u32) -> Option<&mut Unit> {
        self.wires.get_mut(wire.0)?.units.get_mut(number as usize)
    }

    /// Settles what became of a unit.
    pub fn settle(&mut self, wire: WireId, number: u32, fate: Fate, at: Picos) {
        if let Some(unit) = self.unit(wire, number) {
            unit.fate = fate;
            unit.settled = at;
        }
    }

    /// Notes why a unit was not heard.
    pub fn note(&mut self, wire: WireId, number: u32, why: &'static str) {
        if let Some(wire) = self.wires.get_mut(wire.0) {
            wire.notes.insert(number, why);
        }
    }

    /// Notes a finding, once a (rule, pc).
    pub fn find(&mut self, rule: &'static str, at: Picos, pc: Addr, text: impl FnOnce() -> String) {
        if self.found.insert((rule, pc)) {
            self.findings.push(Finding {
                rule,
                text: text(),
                at,
                pc,
            });
        }
    }

    /// Counts an access to a register that is not modelled.
    pub fn unmodelled(&mut self, addr: Addr, name: &str, write: bool, pc: Addr) {
        let entry = self.unmodelled.entry(addr).or_insert_with(|| Unmodelled {
            name: name.to_owned(),
            reads: 0,
            writes: 0,
            pc,
        });
        if write {
            entry.writes += 1
        } else {
            entry.reads += 1
        }
    }
}
