//! An operation from its start to its end.

use flashstall_cpu::{Addr, Core, Cycles};

use super::Takes;
use crate::Picos;
use crate::log::{FlashOperation, OperationId, OperationKind, Snapshot};
use crate::periph::{Cx, Shared, Signal};
use crate::sched::{EventId, Target};

/// What an operation leaves in the array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contents {
    /// Erased bytes.
    Erased,
    /// As many low bytes of this as the operation is long: 1, 2, 4 or 8, little-endian.
    Unit(u64),
    /// A row or half page.
    Row(Box<[u8]>),
}

impl Contents {
    /// The bytes, of an operation of `length` bytes; none for an erase.
    pub(super) fn bytes(&self, length: u32) -> Vec<u8> {
        match self {
            Self::Erased => Vec::new(),
            Self::Unit(value) => value
                .to_le_bytes()
                .into_iter()
                .take(length as usize)
                .collect(),
            Self::Row(bytes) => bytes.to_vec(),
        }
    }
}

/// What a controller asks of the array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What.
    pub kind: OperationKind,
    /// First address: in main flash, in the data EEPROM or in the option bytes.
    pub address: Addr,
    /// How many bytes.
    pub length: u32,
    /// What is there at the end.
    pub contents: Contents,
    /// How long it takes.
    pub takes: Takes,
}

/// The operation that runs in a bank.
#[derive(Clone, Debug)]
pub struct Running {
    /// Its number in the log.
    pub id: OperationId,
    /// What it does.
    pub request: Request,
    /// First bank that is busy, from 1.
    pub bank: u8,
    /// All banks that are busy: bit n is bank n + 1.
    pub banks: u8,
    /// When it ends.
    pub end: Picos,
    /// The first cycle at or after its end.
    pub(super) until: Cycles,
    event: EventId,
}

/// Starts an operation for the controller `cx`. One in a bank that is busy already is a fault of the controller's model: the
/// new request is dropped.
pub fn start(cx: &mut Cx<'_>, request: Request) {
    let now = cx.cycle;
    let banks = cx.shared.flash.banks_of(&request);
    let slot = banks.trailing_zeros().min(1);
    let bank = slot as u8 + 1;
    if cx.shared.flash.are_banks_busy(banks, now) {
        return;
    }
    // An operation whose end fell into this very instruction has not been told yet.
    for ended in (0..2).filter(|slot| banks >> slot & 1 != 0) {
        finish(cx.shared, ended);
    }
    let (time, pc) = (cx.time, cx.core.map_or(cx.shared.pc, |core| Addr(core.pc)));
    let end = time + cx.shared.flash.timing.of(request.takes);
    let flash = &mut cx.shared.flash;
    let is_erase = matches!(
        request.kind,
        OperationKind::PageErase | OperationKind::MassErase | OperationKind::OptionErase
    );
    let keep_snapshot = is_erase || flash.programmed_from.insert(pc.0);
    let swapped = flash.swapped(&request);
    let operations = &mut cx.shared.log.operations;
    let id = OperationId(operations.kept.len() + operations.dropped as usize);
    operations.push(FlashOperation {
        kind: request.kind,
        address: request.address,
        length: request.length,
        bank,
        swapped,
        start: time,
        end,
        pc,
        snapshot: cx
            .core
            .filter(|_| keep_snapshot)
            .map(|core| Box::new(snapshot(core))),
    });
    let event = cx.shared.sched.at(end, Target::FlashArray, slot);
    let until = cx.shared.clock.cycle(end);
    cx.shared.flash.begin(
        Running {
            id,
            request,
            bank,
            banks,
            end,
            until,
            event,
        },
        now,
        pc.0,
    );
}

/// The end of the operation in `slot` (0 is bank 1): its contents are there, the controller is told.
pub(crate) fn finish(shared: &mut Shared, slot: u32) {
    let Some(running) = shared.flash.take_running(slot) else {
        return;
    };
    shared.flash.apply(&running.request);
    shared.outbox.push(Signal::FlashDone { bank: running.bank });
}

/// A reset of the chip at `now` cuts the running operations short.
pub(crate) fn abort(shared: &mut Shared, now: Picos) {
    for slot in 0..2 {
        let Some(running) = shared.flash.take_running(slot) else {
            continue;
        };
        if running.end > now {
            shared.sched.cancel(running.event);
            if let Some(record) = shared.log.operations.kept.get_mut(running.id.0) {
                record.end = now;
            }
            let (pc, address) = (shared.pc, running.request.address);
            shared.log.find("flash-operation-cut-short", now, pc, || {
                format!("a reset came while the flash was busy at {address}: what is there now is undefined on silicon")
            });
        }
        shared.flash.apply(&running.request);
    }
}

/// The registers of the core; the chip adds the stack.
pub(crate) fn snapshot(core: &Core) -> Snapshot {
    let mut registers = core.r;
    registers[15] = core.pc;
    Snapshot {
        registers,
        exception: core.exception,
        stack: Vec::new(),
    }
}
