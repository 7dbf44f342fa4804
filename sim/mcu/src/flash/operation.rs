//! An operation from its start to its end.

use flashstall_cpu::{Addr, Core};

use crate::Picos;
use crate::log::{FlashOperation, OperationId, OperationKind, Snapshot};
use crate::periph::{Cx, Shared, Signal};
use crate::sched::{EventId, Target};

/// How long operations take on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlashTiming {
    /// Erase of one page, and of the option bytes.
    pub page_erase: Picos,
    /// Erase of all main flash.
    pub mass_erase: Picos,
    /// Programming of one unit.
    pub program: Picos,
}

impl FlashTiming {
    /// The time that `kind` takes.
    #[must_use]
    pub const fn of(&self, kind: OperationKind) -> Picos {
        match kind {
            OperationKind::PageErase | OperationKind::OptionErase => self.page_erase,
            OperationKind::MassErase => self.mass_erase,
            OperationKind::Program | OperationKind::OptionProgram => self.program,
        }
    }
}

/// What a controller asks of the array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// What.
    pub kind: OperationKind,
    /// First address, in main flash or in the option bytes.
    pub address: Addr,
    /// How many bytes.
    pub length: u32,
    /// What is programmed.
    pub value: u32,
}

/// The operation that runs.
#[derive(Clone, Debug)]
pub struct Running {
    /// Its number in the log.
    pub id: OperationId,
    /// What it does.
    pub request: Request,
    /// Bank that is busy, from 1.
    pub bank: u8,
    /// When it ends.
    pub end: Picos,
    event: EventId,
}

/// Starts an operation for the controller `cx`. One that runs already is a fault of the controller's model: the
/// new request is dropped.
pub fn start(cx: &mut Cx<'_>, request: Request) {
    let now = cx.cycle;
    if cx.shared.flash.is_busy(now) {
        return;
    }
    // An operation whose end fell into this very instruction has not been told yet.
    finish(cx.shared);
    let (time, pc) = (cx.time, cx.core.map_or(cx.shared.pc, |core| Addr(core.pc)));
    let end = time + cx.shared.flash.timing.of(request.kind);
    let flash = &mut cx.shared.flash;
    let is_erase = !matches!(
        request.kind,
        OperationKind::Program | OperationKind::OptionProgram
    );
    let keep_snapshot = is_erase || flash.programmed_from.insert(pc.0);
    let bank = flash
        .memory
        .offset(request.address.0)
        .map_or(1, |offset| flash.bank(offset));
    let operations = &mut cx.shared.log.operations;
    let id = OperationId(operations.kept.len() + operations.dropped as usize);
    operations.push(FlashOperation {
        kind: request.kind,
        address: request.address,
        length: request.length,
        bank,
        start: time,
        end,
        pc,
        snapshot: cx
            .core
            .filter(|_| keep_snapshot)
            .map(|core| Box::new(snapshot(core))),
    });
    let event = cx.shared.sched.at(end, Target::FlashArray, 0);
    let until = cx.shared.clock.cycle(end);
    cx.shared.flash.begin(
        Running {
            id,
            request,
            bank,
            end,
            event,
        },
        until,
        now,
        pc.0,
    );
}

/// The end of the running operation: its contents are there, the controller is told.
pub(crate) fn finish(shared: &mut Shared) {
    let Some(running) = shared.flash.running.take() else {
        return;
    };
    shared.flash.until = flashstall_cpu::Cycles::ZERO;
    apply(shared, running.request);
    shared.outbox.push(Signal::FlashDone);
}

/// A reset of the chip at `now` cuts the running operation short.
pub(crate) fn abort(shared: &mut Shared, now: Picos) {
    let Some(running) = shared.flash.running.take() else {
        return;
    };
    shared.flash.until = flashstall_cpu::Cycles::ZERO;
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
    apply(shared, running.request);
}

fn apply(shared: &mut Shared, request: Request) {
    let Request {
        kind,
        address,
        length,
        value,
    } = request;
    let base = match kind {
        OperationKind::OptionErase | OperationKind::OptionProgram => shared.flash.options.base(),
        _ => shared.flash.base(),
    };
    shared
        .flash
        .apply(kind, address.0.wrapping_sub(base), length, value);
}

/// The registers of the core; the chip adds the stack.
fn snapshot(core: &Core) -> Snapshot {
    let mut registers = core.r;
    registers[15] = core.pc;
    Snapshot {
        registers,
        exception: core.exception,
        stack: Vec::new(),
    }
}
