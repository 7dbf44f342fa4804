//! The array: contents, geometry, and whether it is busy.

use std::collections::BTreeSet;

use flashstall_cpu::{Cycles, Size};

use super::operation::{Request, Running};
use super::{FlashTiming, Geometry, OptionBytes, ReadInterface, Sector};
use crate::chip::FlashSpec;
use crate::log::{OperationId, OperationKind};
use crate::memory::Memory;

/// Bank that system memory and option bytes belong to.
const FIRST_BANK: u8 = 1;

/// Main flash, its data EEPROM and its option bytes.
#[derive(Clone, Debug)]
pub struct FlashArray {
    pub(crate) memory: Memory,
    /// Data EEPROM; without a single byte on parts that have none.
    pub(crate) eeprom: Memory,
    /// Option bytes.
    pub options: OptionBytes,
    /// How the core reads the array.
    pub read: ReadInterface,
    /// Banks, pages and sectors.
    pub geometry: Geometry,
    pub(super) erased: u8,
    pub(super) timing: FlashTiming,
    keep_lines_while_busy: bool,
    /// By bank.
    pub(super) running: [Option<Running>; 2],
    /// Cycle at which the last running operation ends; zero if none runs. Kept apart: every read compares with it.
    until: Cycles,
    /// An operation that began in the current access; the chip completes its record.
    started: Option<OperationId>,
    /// What the core holds as fetched is no longer valid.
    window_stale: bool,
    /// Byte ranges of the array, by offset, whose contents changed since the last look.
    changed: Vec<(u32, u32)>,
    /// Program operations from these instructions have their snapshot already.
    pub(super) programmed_from: BTreeSet<u32>,
}

impl FlashArray {
    /// An erased array.
    #[must_use]
    pub fn new(spec: &FlashSpec, timing: FlashTiming, keep_lines_while_busy: bool) -> Self {
        let eeprom = spec.eeprom.as_ref().map_or((0, 0), |e| (e.base.0, e.size));
        Self {
            memory: Memory::new(spec.base.0, spec.size, spec.erased),
            eeprom: Memory::new(eeprom.0, eeprom.1, spec.erased),
            options: OptionBytes::new(&spec.option_bytes),
            read: ReadInterface::new(spec.read.kind, spec.size),
            geometry: Geometry::new(spec),
            erased: spec.erased,
            timing,
            keep_lines_while_busy,
            running: [None, None],
            until: Cycles::ZERO,
            started: None,
            window_stale: false,
            changed: Vec::new(),
            programmed_from: BTreeSet::new(),
        }
    }

    /// Sets how long operations take that begin from now on.
    pub(crate) const fn set_timing(&mut self, timing: FlashTiming) {
        self.timing = timing;
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
    pub fn bank(&self, offset: u32) -> u8 {
        self.geometry.bank(offset)
    }

    /// Number of the bank, from 1, that `offset` of the data EEPROM belongs to.
    #[must_use]
    pub fn eeprom_bank(&self, offset: u32) -> u8 {
        let share = self.eeprom.size() / u32::from(self.geometry.banks().max(1));
        offset
            .checked_div(share)
            .map_or(FIRST_BANK, |n| n as u8 + 1)
    }

    /// The page or sector around `offset`.
    #[must_use]
    pub fn page_of(&self, offset: u32) -> Sector {
        self.geometry.page_of(offset)
    }

    /// The banks that `request` keeps busy: bit n is bank n + 1.
    pub(super) fn banks_of(&self, request: &Request) -> u8 {
        let addr = request.address.0;
        if let Some(first) = self.memory.offset(addr) {
            let last = first + request.length.saturating_sub(1);
            let (one, other) = (self.bank(first), self.bank(last));
            (one.min(other)..=one.max(other)).fold(0, |all, bank| all | 1 << (bank - 1))
        } else {
            let bank = self
                .eeprom
                .offset(addr)
                .map_or(FIRST_BANK, |o| self.eeprom_bank(o));
            1 << (bank - 1)
        }
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

    /// Is any of `banks` (bit n is bank n + 1) busy at `now`?
    #[must_use]
    pub fn are_banks_busy(&self, banks: u8, now: Cycles) -> bool {
        self.running()
            .any(|running| running.banks & banks != 0 && now < running.until)
    }

    /// The operation that keeps `bank` busy at `now`, and the cycle until which an access must wait.
    #[must_use]
    pub fn holding(&self, bank: u8, now: Cycles) -> Option<(&Running, Cycles)> {
        self.running()
            .find(|running| running.banks >> (bank - 1) & 1 != 0 && now < running.until)
            .map(|running| (running, running.until))
    }

    /// The cycle until which an access at `now` to the bank of `offset` must wait.
    #[must_use]
    pub fn busy_until(&self, offset: u32, now: Cycles) -> Option<Cycles> {
        if now >= self.until {
            return None;
        }
        self.holding(self.bank(offset), now).map(|(_, until)| until)
    }

    /// The operations that run, or whose end is about to be told.
    pub fn running(&self) -> impl Iterator<Item = &Running> {
        self.running.iter().flatten()
    }

    /// Ends the operation in `slot`, which is the number of its first bank, from 0.
    pub(super) fn take_running(&mut self, slot: u32) -> Option<Running> {
        let running = self.running.get_mut(slot as usize)?.take();
        self.until = self.last_end();
        running
    }

    fn last_end(&self) -> Cycles {
        self.running()
            .map(|running| running.until)
            .max()
            .unwrap_or(Cycles::ZERO)
    }

    /// Reads `size` bytes at `offset` of main flash while its bank is free: contents, and the wait states that they cost.
    #[inline(always)]
    pub fn data(&mut self, offset: u32, size: Size, now: Cycles) -> Option<(u32, Cycles)> {
        let value = self.memory.read(offset, size)?;
        Some(self.read.data(&self.memory, offset, size, value, now))
    }

    /// Reads the vector at `offset` of main flash while its bank is free.
    #[inline]
    pub fn vector(&mut self, offset: u32, now: Cycles) -> Option<(u32, Cycles)> {
        let value = self.memory.read(offset, Size::Word)?;
        Some((value, self.read.vector(offset, now)))
    }

    /// Reads main flash at `offset`: contents only, no time.
    #[inline(always)]
    #[must_use]
    pub fn word(&self, offset: u32, size: Size) -> Option<u32> {
        self.memory.read(offset, size)
    }

    /// Are the `length` bytes from `offset` on erased?
    #[must_use]
    pub fn is_erased(&self, offset: u32, length: u32) -> bool {
        (offset..offset.saturating_add(length))
            .all(|at| self.memory.read(at, Size::Byte) == Some(u32::from(self.erased)))
    }

    /// Value of an erased byte.
    #[must_use]
    pub const fn erased(&self) -> u8 {
        self.erased
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
    pub(super) fn begin(&mut self, running: Running, now: Cycles, pc: u32) {
        let executing = self.memory.offset(pc);
        self.read
            .operation_began(now, executing, self.keep_lines_while_busy);
        self.started = Some(running.id);
        let slot = usize::from(running.bank - 1).min(1);
        self.running[slot] = Some(running);
        self.until = self.last_end();
        self.window_stale = true;
    }

    /// The clock tree changed: the ends of operations fall on other cycles.
    pub(crate) fn retime(&mut self, until: impl Fn(crate::Picos) -> Cycles) {
        for running in self.running.iter_mut().flatten() {
            running.until = until(running.end);
        }
        self.until = self.last_end();
    }

    /// The contents take on what the operation was for.
    pub(super) fn apply(&mut self, request: &Request) {
        let (addr, length) = (request.address.0, request.length);
        match request.kind {
            OperationKind::PageErase | OperationKind::MassErase => {
                if let Some(offset) = self.memory.offset(addr) {
                    self.memory.fill(offset, length, self.erased);
                    self.changed.push((offset, offset + length));
                }
            }
            OperationKind::Program => {
                let bytes = request.contents.bytes(length);
                if let Some(offset) = self.memory.offset(addr) {
                    for (at, new) in (offset..).zip(bytes) {
                        let new = self.combined(&self.memory, at, new);
                        self.memory.write(at, Size::Byte, new);
                    }
                    self.read.programmed(&self.memory, offset, length);
                    self.changed.push((offset, offset + length));
                }
            }
            OperationKind::EepromWrite => {
                if let Some(offset) = self.eeprom.offset(addr) {
                    self.eeprom.poke(offset, &request.contents.bytes(length));
                }
            }
            OperationKind::OptionErase => self.options.erase(),
            OperationKind::OptionProgram => {
                if let Some(offset) = self.options.offset(addr) {
                    self.options
                        .program(offset, &request.contents.bytes(length));
                }
            }
        }
    }

    /// Programming only changes bits away from the erased state.
    fn combined(&self, memory: &Memory, offset: u32, new: u8) -> u32 {
        let old = memory.read(offset, Size::Byte).unwrap_or_default();
        if self.erased == 0 {
            old | u32::from(new)
        } else {
            old & u32::from(new)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Picos;
    use crate::chip::{Chip, EepromSpec};
    use crate::flash::operation::{self, Contents};
    use crate::flash::{Parallelism, Takes};
    use crate::periph::testbench::shared;
    use crate::periph::{Cx, PeripheralId, Shared, Signal};
    use flashstall_cpu::Addr;

    const BASE: u32 = 0x0800_0000;
    const EEPROM: u32 = 0x0808_0000;

    /// A chip whose flash is that of the F303xC with `change`.
    fn with(change: impl FnOnce(&mut FlashSpec)) -> Shared {
        let Some(chip) = Chip::builtin("stm32f303xc") else {
            panic!("built in")
        };
        let mut spec = chip.flash.clone();
        change(&mut spec);
        let timing = FlashTiming::from_spec(&spec.timing, |t| t.max);
        Shared {
            flash: FlashArray::new(&spec, timing, true),
            ..shared()
        }
    }

    /// A request at `time`, in cycles of 125 ns.
    fn ask(shared: &mut Shared, time: Picos, request: Request) {
        let cycle = shared.clock.cycle(time);
        let mut cx = Cx {
            shared,
            id: PeripheralId(0),
            time,
            cycle,
            core: None,
        };
        operation::start(&mut cx, request);
    }

    fn program(address: u32, length: u32, value: u64) -> Request {
        Request {
            kind: OperationKind::Program,
            address: Addr(address),
            length,
            contents: Contents::Unit(value),
            takes: Takes::Program,
        }
    }

    fn erase(address: u32, length: u32) -> Request {
        Request {
            kind: OperationKind::PageErase,
            address: Addr(address),
            length,
            contents: Contents::Erased,
            takes: Takes::PageErase,
        }
    }

    #[test]
    fn programming_moves_bits_away_from_erased() {
        let mut high = with(|_| {});
        let mut low = with(|spec| spec.erased = 0);
        for (array, first, once, twice) in [
            (&mut high.flash, 0xFF0F, 0xFFFF_FF0F, 0xFFFF_FF05),
            (&mut low.flash, 0x0A0F, 0x0000_0A0F, 0x0000_0AFF),
        ] {
            array.apply(&program(BASE + 8, 2, first));
            assert_eq!(array.word(8, Size::Word), Some(once));
            array.apply(&program(BASE + 8, 1, 0xF5));
            assert_eq!(array.word(8, Size::Word), Some(twice));
            array.apply(&erase(BASE, 2048));
            let erased = u32::from_le_bytes([array.erased(); 4]);
            assert_eq!(array.word(8, Size::Word), Some(erased));
            assert!(array.is_erased(0, 2048));
        }
    }

    #[test]
    fn a_unit_of_any_width_and_a_row_are_one_operation() {
        let mut array = with(|_| {}).flash;
        array.apply(&program(BASE, 8, 0x8877_6655_4433_2211));
        assert_eq!(array.word(4, Size::Word), Some(0x8877_6655));
        array.apply(&program(BASE + 16, 1, 0xAA));
        assert_eq!(array.word(16, Size::Word), Some(0xFFFF_FFAA));
        let row = Request {
            contents: Contents::Row((0..=255).collect()),
            takes: Takes::Row,
            ..program(BASE + 0x100, 256, 0)
        };
        array.apply(&row);
        assert_eq!(array.word(0x1FC, Size::Word), Some(0xFFFE_FDFC));
        assert_eq!(array.take_changed().last(), Some(&(0x100, 0x200)));
    }

    #[test]
    fn banks_are_busy_apart() {
        let mut s = with(|spec| spec.banks = 2);
        let ms = Picos::from_millis;
        ask(&mut s, ms(1), erase(BASE + 0x2_0000, 2048));
        let now = s.clock.cycle(ms(2));
        assert_eq!(s.flash.busy_until(0, now), None, "bank 1 is free");
        assert_eq!(
            s.flash.busy_until(0x3_0000, now),
            Some(s.clock.cycle(ms(41)))
        );
        ask(&mut s, ms(2), erase(BASE, 2048));
        ask(&mut s, ms(3), erase(BASE + 0x800, 2048));
        assert_eq!(s.log.operations.kept.len(), 2, "bank 1 was busy");
        assert_eq!(s.flash.busy_until(0, now), Some(s.clock.cycle(ms(42))));
        operation::finish(&mut s, 1);
        assert_eq!(s.outbox.pop(), Some(Signal::FlashDone { bank: 2 }));
        assert_eq!(s.flash.busy_until(0x3_0000, now), None);
        assert!(s.flash.is_busy(now) && !s.flash.is_idle());
        operation::finish(&mut s, 0);
        assert!(s.flash.is_idle());
        let everything = Request {
            kind: OperationKind::MassErase,
            takes: Takes::MassErase(Parallelism::default()),
            ..erase(BASE, 0x4_0000)
        };
        ask(&mut s, ms(50), everything);
        let now = s.clock.cycle(ms(51));
        assert!(s.flash.are_banks_busy(1, now) && s.flash.are_banks_busy(2, now));
    }

    #[test]
    fn the_eeprom_is_busy_with_its_bank() {
        let mut s = with(|spec| {
            spec.banks = 2;
            spec.erased = 0;
            spec.eeprom = Some(EepromSpec {
                base: Addr(EEPROM),
                size: 0x1000,
                source: String::new(),
                confidence: crate::chip::Confidence::M,
            });
        });
        let write = Request {
            kind: OperationKind::EepromWrite,
            takes: Takes::EepromErase,
            ..program(EEPROM + 0x800, 4, 0x1234_5678)
        };
        ask(&mut s, Picos::from_millis(1), write);
        let now = s.clock.cycle(Picos::from_millis(2));
        assert_eq!(
            (s.flash.eeprom_bank(0x7FC), s.flash.eeprom_bank(0x800)),
            (1, 2)
        );
        assert!(s.flash.holding(1, now).is_none());
        assert!(s.flash.holding(2, now).is_some());
        operation::finish(&mut s, 1);
        assert_eq!(s.flash.eeprom.read(0x800, Size::Word), Some(0x1234_5678));
    }
}
