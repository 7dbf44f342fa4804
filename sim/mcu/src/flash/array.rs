//! The array: contents, geometry, and whether it is busy.

use std::collections::BTreeSet;

use flashstall_cpu::{Cycles, Size};

use super::{FlashTiming, OptionBytes, ReadInterface, Running};
use crate::chip::FlashSpec;
use crate::log::{OperationId, OperationKind};
use crate::memory::Memory;

/// Main flash and its option bytes.
#[derive(Clone, Debug)]
pub struct FlashArray {
    pub(crate) memory: Memory,
    /// Option bytes.
    pub options: OptionBytes,
    /// How the core reads the array.
    pub read: ReadInterface,
    pub(super) page: u32,
    bank_size: u32,
    pub(super) erased: u8,
    pub(super) timing: FlashTiming,
    keep_lines_while_busy: bool,
    pub(super) running: Option<Running>,
    /// Cycle at which the running operation ends; zero if none runs. Kept apart: every read compares with it.
    pub(super) until: Cycles,
    /// An operation that began in the current access; the chip completes its record.
    pub(super) started: Option<OperationId>,
    /// What the core holds as fetched is no longer valid.
    pub(super) window_stale: bool,
    /// Byte ranges of the array, by offset, whose contents changed since the last look.
    pub(super) changed: Vec<(u32, u32)>,
    /// Program operations from these instructions have their snapshot already.
    pub(super) programmed_from: BTreeSet<u32>,
}

impl FlashArray {
    /// An erased array.
    #[must_use]
    pub fn new(spec: &FlashSpec, timing: FlashTiming, keep_lines_while_busy: bool) -> Self {
        Self {
            memory: Memory::new(spec.base.0, spec.size, spec.erased),
            options: OptionBytes::new(&spec.option_bytes),
            read: ReadInterface::new(spec.read.kind, spec.size),
            page: spec.page,
            bank_size: spec.bank_size(),
            erased: spec.erased,
            timing,
            keep_lines_while_busy,
            running: None,
            until: Cycles::ZERO,
            started: None,
            window_stale: false,
            changed: Vec::new(),
            programmed_from: BTreeSet::new(),
        }
    }

    /// First address.
    #[must_use]
    pub const fn base(&self) -> u32 {
        self.memory.base()
    }

    /// Size in bytes.
    #[must_use]
    pub const fn size(&self) -> u32 {
        self.memory.size()
    }

    /// Number of the bank, from 1, that `offset` lies in.
    #[must_use]
    pub const fn bank(&self, offset: u32) -> u8 {
        (offset / self.bank_size) as u8 + 1
    }

    /// First and last-plus-one offset of the page around `offset`.
    #[must_use]
    pub const fn page_of(&self, offset: u32) -> (u32, u32) {
        let first = offset - offset % self.page;
        (first, first + self.page)
    }

    /// No operation runs and no end is still to be told: the fast path of every read.
    #[inline(always)]
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.until == Cycles::ZERO
    }

    /// Is any operation running at `now`?
    #[inline(always)]
    #[must_use]
    pub fn is_busy(&self, now: Cycles) -> bool {
        now < self.until
    }

    /// The cycle until which an access at `now` to the bank of `offset` must wait.
    #[must_use]
    pub fn busy_until(&self, offset: u32, now: Cycles) -> Option<Cycles> {
        let running = self.running.as_ref()?;
        (now < self.until && running.bank == self.bank(offset)).then_some(self.until)
    }

    /// The operation that runs, or whose end is about to be told.
    #[must_use]
    pub const fn running(&self) -> Option<&Running> {
        self.running.as_ref()
    }

    /// Reads main flash at `offset`: contents only, no time.
    #[inline(always)]
    #[must_use]
    pub fn word(&self, offset: u32, size: Size) -> Option<u32> {
        self.memory.read(offset, size)
    }

    /// Is the half-word at `offset` erased?
    #[must_use]
    pub fn is_erased_half(&self, offset: u32) -> bool {
        self.memory.read(offset, Size::Half)
            == Some(u32::from(u16::from_le_bytes([self.erased; 2])))
    }

    /// What the core has fetched must be asked for again.
    pub(crate) fn invalidate_window(&mut self) {
        self.window_stale = true;
    }

    /// Was [`invalidate_window`](Self::invalidate_window) called since the last time?
    pub(crate) fn take_window_stale(&mut self) -> bool {
        std::mem::take(&mut self.window_stale)
    }

    /// The operation that began since the last time.
    pub(crate) fn take_started(&mut self) -> Option<OperationId> {
        self.started.take()
    }

    /// The ranges, by offset, whose contents changed since the last time.
    pub(crate) fn take_changed(&mut self) -> Vec<(u32, u32)> {
        std::mem::take(&mut self.changed)
    }

    /// Has anything changed since [`take_changed`](Self::take_changed)?
    pub(crate) fn has_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    /// An operation begins: what stays readable is decided by the read interface.
    pub(super) fn begin(&mut self, running: Running, until: Cycles, now: Cycles, pc: u32) {
        let executing = self.memory.offset(pc);
        self.read
            .operation_began(now, executing, self.keep_lines_while_busy);
        self.until = until;
        self.started = Some(running.id);
        self.running = Some(running);
        self.window_stale = true;
    }

    /// The clock tree changed: the end of the operation falls on another cycle.
    pub(crate) fn retime(&mut self, until: impl FnOnce(crate::Picos) -> Cycles) {
        if let Some(running) = &self.running {
            self.until = until(running.end);
        }
    }

    /// The contents take on what the operation was for.
    pub(super) fn apply(&mut self, kind: OperationKind, offset: u32, length: u32, value: u32) {
        match kind {
            OperationKind::PageErase | OperationKind::MassErase => {
                self.memory.fill(offset, length, self.erased);
                self.changed.push((offset, offset + length));
            }
            OperationKind::Program => {
                let old = self.memory.read(offset, Size::Half).unwrap_or_default();
                self.memory.write(offset, Size::Half, old & value);
                self.changed.push((offset, offset + 2));
            }
            OperationKind::OptionErase => self.options.erase(),
            OperationKind::OptionProgram => self.options.program(offset, value as u8),
        }
    }
}
