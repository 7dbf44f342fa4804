//! What instructions do once chip select is released, and how operations end.

use super::command::Effect;
use super::frame::Frame;
use super::part::PAGE;
use super::record::{NorOperation, NorRefusal};
use super::status::Bits;
use super::{Nor, RELEASE};
use crate::Picos;

/// What an operation changes when it is over.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// These bytes of the page at this address.
    Program(u32, Box<[u8; PAGE as usize]>),
    /// So many bytes from this address on.
    Erase(u32, u32),
    /// Register (from 0) and value; register 2 as well, if it was given.
    Status(u8, u8, Option<u8>),
}

impl Change {
    const fn span(&self) -> (u32, u32) {
        match *self {
            Self::Program(address, _) => (address, PAGE),
            Self::Erase(address, length) => (address, length),
            Self::Status(..) => (0, 0),
        }
    }

    /// Everything, and status registers, cannot be suspended.
    fn can_be_suspended(&self, size: u32) -> bool {
        match *self {
            Self::Program(..) => true,
            Self::Erase(_, length) => length < size,
            Self::Status(..) => false,
        }
    }
}

/// The operation that keeps the device busy.
#[derive(Clone, Debug)]
pub(super) struct Running {
    change: Change,
    pub(super) end: Picos,
    /// Its place in the log, if that had room.
    record: Option<usize>,
}

/// An operation that waits to be resumed.
#[derive(Clone, Debug)]
pub(super) struct Suspended {
    change: Change,
    left: Picos,
    record: Option<usize>,
}

impl Suspended {
    /// Is it at work on any of these bytes?
    pub(super) const fn touches(&self, address: u32, length: u32) -> bool {
        let (first, count) = self.change.span();
        address < first + count && first < address + length
    }

    const fn is_erase(&self) -> bool {
        matches!(self.change, Change::Erase(..))
    }
}

impl Nor {
    /// Brings the device to `at`: an operation that is over, or suspended, by then.
    pub(super) fn settle(&mut self, at: Picos) {
        let Some(running) = &self.running else { return };
        let stops = self.suspends_at.filter(|t| *t < running.end);
        match stops {
            Some(stop) if stop <= at => {
                self.suspends_at = None;
                if let Some(Running {
                    change,
                    end,
                    record,
                }) = self.running.take()
                {
                    self.status.set(Bits::BUSY, false);
                    self.status.set(Bits::SUS, true);
                    if let Some(operation) = self.record(record) {
                        operation.end = Picos::NEVER;
                        operation.suspended += 1;
                    }
                    let left = end - stop;
                    self.suspended = Some(Suspended {
                        change,
                        left,
                        record,
                    });
                }
            }
            None if running.end <= at => {
                self.suspends_at = None;
                if let Some(running) = self.running.take() {
                    self.apply(&running.change);
                    self.status.set(Bits::BUSY | Bits::WEL, false);
                }
            }
            _ => {}
        }
    }

    fn record(&mut self, index: Option<usize>) -> Option<&mut NorOperation> {
        self.log.operations.kept.get_mut(index?)
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::Program(page, bytes) => {
                for (at, byte) in (*page..).zip(bytes.iter()) {
                    self.cells.program(at, *byte);
                }
            }
            Change::Erase(address, length) => self.cells.erase(*address, *length),
            Change::Status(index, value, second) => {
                self.status.write(*index, *value, true);
                if let Some(second) = second {
                    self.status.write(1, *second, true);
                }
            }
        }
    }

    /// Chip select rose behind an opcode.
    pub(super) fn end_of(&mut self, frame: &Frame, at: Picos) {
        let Some(command) = frame.command else { return };
        let opcode = command.opcode;
        // Release needs its opcode only; a read just ends.
        if opcode == RELEASE {
            if self.down {
                self.down = false;
                self.ready_at = at + self.timing.release;
            }
            return;
        }
        if command.effect == Effect::None {
            return;
        }
        let result = if frame.is_whole() {
            self.execute(command.effect, frame, at)
        } else {
            Err(NorRefusal::CutShort)
        };
        if let Err(why) = result {
            self.refuse(opcode, at, why, frame.pc);
        }
    }

    fn execute(&mut self, effect: Effect, frame: &Frame, at: Picos) -> Result<(), NorRefusal> {
        let size = self.cells.size();
        let address = frame.address & (size - 1);
        match effect {
            Effect::None | Effect::Release => {}
            Effect::WriteEnable => self.status.set(Bits::WEL, true),
            Effect::VolatileWriteEnable => self.volatile_write = true,
            Effect::WriteDisable => {
                self.status.set(Bits::WEL, false);
                self.volatile_write = false;
            }
            Effect::Program => {
                let page = address & !(PAGE - 1);
                self.may_change(page, PAGE)?;
                if self.suspended.as_ref().is_some_and(|s| !s.is_erase()) {
                    return Err(NorRefusal::Suspended);
                }
                let count = frame.bytes.min(PAGE);
                let change = Change::Program(page, Box::new(frame.input));
                self.start(
                    change,
                    frame,
                    at,
                    (address, count),
                    self.timing.program(count),
                );
            }
            Effect::Erase(length) => {
                let first = address & !(length - 1);
                let takes = match length {
                    0x1000 => self.timing.sector_erase,
                    0x8000 => self.timing.block32_erase,
                    _ => self.timing.block64_erase,
                };
                self.erase(first, length, frame, at, takes)?;
            }
            Effect::ChipErase => self.erase(0, size, frame, at, self.timing.chip_erase)?,
            Effect::WriteStatus(index) => self.write_status(index, frame, at)?,
            Effect::Suspend => self.suspend(at, size)?,
            Effect::Resume => self.resume(at)?,
            Effect::EnableReset => self.reset_enabled = true,
            Effect::Reset if std::mem::take(&mut self.reset_enabled) => self.reset(at),
            Effect::Reset => return Err(NorRefusal::ResetNotEnabled),
            Effect::PowerDown => {
                self.down = true;
                self.ready_at = at + self.timing.power_down;
            }
            Effect::Wrap => {
                let [w, ..] = frame.input;
                self.wrap = (w & 0x10 == 0).then_some(8 << (w >> 5 & 3));
            }
        }
        Ok(())
    }

    /// May these bytes be programmed or erased now?
    fn may_change(&self, address: u32, length: u32) -> Result<(), NorRefusal> {
        if !self.status.has(Bits::WEL) {
            Err(NorRefusal::WriteDisabled)
        } else if self.status.protects(self.cells.size(), address, length) {
            Err(NorRefusal::Protected)
        } else if self
            .suspended
            .as_ref()
            .is_some_and(|s| s.touches(address, length))
        {
            Err(NorRefusal::Suspended)
        } else {
            Ok(())
        }
    }

    fn erase(
        &mut self,
        first: u32,
        length: u32,
        frame: &Frame,
        at: Picos,
        takes: Picos,
    ) -> Result<(), NorRefusal> {
        self.may_change(first, length)?;
        if self.suspended.is_some() {
            return Err(NorRefusal::Suspended);
        }
        self.start(
            Change::Erase(first, length),
            frame,
            at,
            (first, length),
            takes,
        );
        Ok(())
    }

    fn write_status(&mut self, index: u8, frame: &Frame, at: Picos) -> Result<(), NorRefusal> {
        let [value, second, ..] = frame.input;
        let second = (frame.bytes == 2).then_some(second);
        if self.status.has(Bits::SRL) {
            return Err(NorRefusal::Protected);
        }
        if self.suspended.is_some() {
            return Err(NorRefusal::Suspended);
        }
        if std::mem::take(&mut self.volatile_write) {
            self.status.write(index, value, false);
            if let Some(second) = second {
                self.status.write(1, second, false);
            }
            return Ok(());
        }
        if !self.status.has(Bits::WEL) {
            return Err(NorRefusal::WriteDisabled);
        }
        let change = Change::Status(index, value, second);
        self.start(
            change,
            frame,
            at,
            (0, frame.bytes),
            self.timing.write_status,
        );
        Ok(())
    }

    /// BUSY from now on. `span` is what the report says of it.
    fn start(
        &mut self,
        change: Change,
        frame: &Frame,
        at: Picos,
        (address, length): (u32, u32),
        takes: Picos,
    ) {
        let end = at + takes;
        self.status.set(Bits::BUSY, true);
        let before = self.log.operations.kept.len();
        self.log.operations.push(NorOperation {
            opcode: frame.command.map_or(0, |c| c.opcode),
            address,
            length,
            start: at,
            end,
            pc: frame.pc,
            caller: None,
            suspended: 0,
            cut_short: false,
        });
        let record = (self.log.operations.kept.len() > before).then_some(before);
        self.running = Some(Running {
            change,
            end,
            record,
        });
    }

    fn suspend(&mut self, at: Picos, size: u32) -> Result<(), NorRefusal> {
        let running = self.running.as_ref();
        if self.suspended.is_some()
            || self.suspends_at.is_some()
            || !running.is_some_and(|r| r.change.can_be_suspended(size))
        {
            return Err(NorRefusal::Nothing);
        }
        self.suspends_at = Some(at + self.timing.suspend);
        Ok(())
    }

    fn resume(&mut self, at: Picos) -> Result<(), NorRefusal> {
        let Some(Suspended {
            change,
            left,
            record,
        }) = self.suspended.take()
        else {
            return Err(NorRefusal::Nothing);
        };
        let end = at + left;
        if let Some(operation) = self.record(record) {
            operation.end = end;
        }
        self.status.set(Bits::SUS, false);
        self.status.set(Bits::BUSY, true);
        self.running = Some(Running {
            change,
            end,
            record,
        });
        Ok(())
    }

    fn reset(&mut self, at: Picos) {
        let running = self.running.take().map(|r| (r.change, r.record));
        let suspended = self.suspended.take().map(|s| (s.change, s.record));
        for (change, record) in running.into_iter().chain(suspended) {
            self.apply(&change);
            if let Some(operation) = self.record(record) {
                operation.end = at;
                operation.cut_short = true;
            }
        }
        self.suspends_at = None;
        self.status.reset();
        (self.volatile_write, self.wrap, self.continuous) = (false, None, None);
        self.ready_at = at + self.timing.reset;
    }
}
