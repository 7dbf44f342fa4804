//! One stream: what it is set to, how far each of its two sides has come, and what it does next.

use flashstall_cpu::{Addr, Size};

use super::bits::{Cr, FCR_RESET, Fcr, Flags};
use super::fifo::{CAPACITY, Fifo};
use crate::periph::DmaAccess;
use crate::periph::registers::field;

/// SxCR.DIR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    PeripheralToMemory,
    MemoryToPeripheral,
    MemoryToMemory,
}

/// The two sides of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// SxPAR. In memory-to-memory mode this is the source.
    Peripheral,
    /// SxM0AR or SxM1AR.
    Memory,
}

/// What happened to a stream after an access.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// Flags to be set.
    pub(super) flags: Flags,
    /// A lap, or the whole transfer, is over.
    pub(super) lap: bool,
}

/// A stream.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) irq: u16,
    pub(super) cr: Cr,
    pub(super) fcr: Fcr,
    /// NDTR as it was written: what a start and circular mode load.
    pub(super) programmed: u32,
    /// NDTR as it is read: units of the peripheral side that are left.
    pub(super) left: u32,
    pub(super) par: u32,
    pub(super) mar: [u32; 2],
    pub(super) fifo: Fifo,
    /// Units of each side since the last reload.
    moved: [u32; 2],
    /// The FIFO goes on with its memory side until it is empty (or full).
    in_burst: bool,
    /// Software cleared EN: the FIFO is emptied, then EN reads 0.
    pub(super) stopping: bool,
    /// The finding about laps that nobody served has been made.
    pub(super) told: bool,
    /// Units moved since the firmware last looked.
    unseen: u32,
    /// The finding about turns that nobody saw has been made.
    pub(super) told_lapped: bool,
}

impl Stream {
    pub(super) fn new(irq: u16) -> Self {
        Self {
            irq,
            cr: Cr::empty(),
            fcr: FCR_RESET,
            programmed: 0,
            left: 0,
            par: 0,
            mar: [0; 2],
            fifo: Fifo::default(),
            moved: [0; 2],
            in_burst: false,
            stopping: false,
            told: false,
            unseen: 0,
            told_lapped: false,
        }
    }

    pub(super) const fn is_enabled(&self) -> bool {
        self.cr.contains(Cr::EN)
    }

    pub(super) const fn direction(&self) -> Direction {
        match field(self.cr.bits(), 6, 2) {
            0 => Direction::PeripheralToMemory,
            1 => Direction::MemoryToPeripheral,
            _ => Direction::MemoryToMemory,
        }
    }

    /// PL.
    pub(super) const fn priority(&self) -> u32 {
        field(self.cr.bits(), 16, 2)
    }

    pub(super) const fn is_direct(&self) -> bool {
        !self.fcr.contains(Fcr::DMDIS)
    }

    pub(super) const fn size(&self, side: Side) -> Size {
        let bit = match side {
            Side::Peripheral => 11,
            Side::Memory => 13,
        };
        width(field(self.cr.bits(), bit, 2))
    }

    /// Does the stream fill its FIFO from memory?
    const fn reads_memory(&self) -> bool {
        matches!(self.direction(), Direction::MemoryToPeripheral)
    }

    /// Bytes at which the memory side begins.
    const fn threshold(&self) -> u32 {
        if self.is_direct() {
            self.size(Side::Peripheral).bytes()
        } else {
            4 * (field(self.fcr.bits(), 0, 2) + 1)
        }
    }

    /// May FIFO threshold and memory burst be combined? A burst must fit into what the threshold guarantees, a whole number of times
    /// (RM0090 §10.3.12, table of FIFO threshold configurations).
    pub(super) const fn burst_fits(&self) -> bool {
        let beats = match field(self.cr.bits(), 23, 2) {
            0 => return true,
            n => 2 << n,
        };
        let burst = beats * self.size(Side::Memory).bytes();
        self.is_direct() || (burst <= CAPACITY && self.threshold().is_multiple_of(burst))
    }

    /// EN became 1.
    pub(super) fn enable(&mut self) {
        if self.direction() == Direction::MemoryToMemory {
            // Hardware leaves direct mode and circular mode for it.
            self.fcr.insert(Fcr::DMDIS);
            self.cr.remove(Cr::CIRC | Cr::DBM);
        }
        if self.is_direct() {
            // One width, and no bursts.
            let psize = field(self.cr.bits(), 11, 2);
            self.cr = Cr::from_bits_retain(self.cr.bits() & !Cr::MSIZE.bits() | psize << 13);
            self.cr.remove(Cr::PBURST | Cr::MBURST);
        }
        if self.cr.contains(Cr::DBM) {
            self.cr.insert(Cr::CIRC);
        }
        if self.cr.contains(Cr::PFCTRL) {
            self.cr.remove(Cr::CIRC | Cr::DBM);
            self.programmed = 0xFFFF;
        }
        self.left = self.programmed;
        self.fifo = Fifo::default();
        (self.moved, self.in_burst, self.stopping) = ([0; 2], false, false);
        self.unseen = 0;
    }

    /// The firmware looks at how far the stream has come.
    pub(super) const fn seen(&mut self) {
        self.unseen = 0;
    }

    /// Units in a turn, if what is written in one overwrites what was written in the turn before: a lap, or both buffers of two.
    pub(super) fn ring(&self) -> Option<u32> {
        let is_ring = self.direction() == Direction::PeripheralToMemory
            && self.cr.contains(Cr::CIRC | Cr::MINC);
        let laps = if self.cr.contains(Cr::DBM) { 2 } else { 1 };
        is_ring.then_some(laps * self.programmed)
    }

    /// Counts one more unit that the firmware has not seen. Returns how many there are.
    pub(super) const fn count_unseen(&mut self) -> u32 {
        self.unseen = self.unseen.saturating_add(1);
        self.unseen
    }

    /// EN becomes 0.
    pub(super) fn disable(&mut self) {
        self.cr.remove(Cr::EN);
        self.fifo = Fifo::default();
        (self.in_burst, self.stopping) = (false, false);
    }

    /// Bytes that a lap moves.
    const fn lap_bytes(&self) -> u32 {
        self.programmed * self.size(Side::Peripheral).bytes()
    }

    /// Does the memory side have something to do?
    pub(super) const fn wants_memory(&self) -> bool {
        if !self.is_enabled() {
            return false;
        }
        let size = self.size(Side::Memory);
        if self.reads_memory() {
            let loaded = self.moved[1] * size.bytes();
            let more = loaded < self.lap_bytes() || self.cr.contains(Cr::CIRC);
            if self.stopping || self.left == 0 || !more {
                return false;
            }
            return if self.is_direct() {
                self.fifo.level() == 0
            } else {
                self.fifo.has_room(size) && (self.in_burst || self.fifo.level() <= self.threshold())
            };
        }
        let flush = self.left == 0 || self.stopping;
        self.fifo.level() > 0
            && (flush
                || self.fifo.level() >= self.threshold()
                || self.in_burst && self.fifo.level() >= size.bytes())
    }

    /// Would the peripheral side do something, given a request?
    pub(super) const fn wants_peripheral(&self) -> bool {
        let size = self.size(Side::Peripheral);
        let fifo = if self.reads_memory() {
            self.fifo.level() >= size.bytes()
        } else {
            self.fifo.has_room(size)
        };
        self.is_enabled() && !self.stopping && self.left > 0 && fifo
    }

    /// Is a request asked of a FIFO that memory has not filled?
    pub(super) const fn underruns(&self) -> bool {
        self.is_enabled()
            && self.left > 0
            && self.reads_memory()
            && self.fifo.level() < self.size(Side::Peripheral).bytes()
    }

    /// The address that a side is at.
    pub(super) const fn address(&self, side: Side) -> Addr {
        let size = self.size(side).bytes();
        let (base, increments) = match side {
            Side::Peripheral => (self.par, self.cr.contains(Cr::PINC)),
            Side::Memory => (
                self.mar[self.cr.contains(Cr::CT) as usize],
                self.cr.contains(Cr::MINC),
            ),
        };
        let step = match side {
            Side::Peripheral if self.cr.contains(Cr::PINCOS) => 4,
            _ => size,
        };
        let moved = if increments {
            self.moved[side as usize]
        } else {
            0
        };
        // The address bits below the width do not exist.
        Addr((base & !(size - 1)).wrapping_add(moved.wrapping_mul(step)))
    }

    /// What a side does on the bus.
    pub(super) const fn access(&self, side: Side) -> DmaAccess {
        let (address, size) = (self.address(side), self.size(side));
        if self.loads(side) {
            DmaAccess::Load {
                from: address,
                size,
            }
        } else {
            DmaAccess::Store {
                to: address,
                size,
                value: self.fifo.peek(size),
            }
        }
    }

    /// Does this side fill the FIFO?
    const fn loads(&self, side: Side) -> bool {
        self.reads_memory() == matches!(side, Side::Memory)
    }

    /// A side has made its access; `value` is what it read.
    pub(super) fn advance(&mut self, side: Side, value: u32) -> Progress {
        let size = self.size(side);
        if self.loads(side) {
            self.fifo.push(value, size);
        } else {
            self.fifo.drop(size);
        }
        self.moved[side as usize] += 1;
        let mut flags = Flags::empty();
        if side == Side::Peripheral {
            self.left -= 1;
            flags.set(
                Flags::HTIF,
                self.left == self.programmed / 2 && !self.cr.contains(Cr::PFCTRL),
            );
        } else {
            self.in_burst = if self.reads_memory() {
                self.fifo.has_room(size)
            } else {
                self.fifo.level() >= size.bytes()
            };
            self.wrap_memory();
        }
        let flushed = self.reads_memory() || self.fifo.level() == 0;
        let lap = self.left == 0 && flushed;
        if lap {
            flags.insert(Flags::TCIF);
            self.end_lap();
        }
        Progress { flags, lap }
    }

    /// The memory side of a stream that reads ahead comes to the end of its lap before the peripheral side does.
    fn wrap_memory(&mut self) {
        let end = self.moved[1] * self.size(Side::Memory).bytes() >= self.lap_bytes();
        if self.reads_memory() && self.cr.contains(Cr::CIRC) && end {
            self.moved[1] = 0;
            self.swap_target();
        }
    }

    fn swap_target(&mut self) {
        if self.cr.contains(Cr::DBM) {
            self.cr.toggle(Cr::CT);
        }
    }

    fn end_lap(&mut self) {
        if !self.cr.contains(Cr::CIRC) || self.stopping {
            self.disable();
            return;
        }
        self.left = self.programmed;
        self.moved[0] = 0;
        if !self.reads_memory() {
            self.moved[1] = 0;
            self.swap_target();
        }
    }
}

/// PSIZE and MSIZE. The reserved value is taken as a word.
const fn width(code: u32) -> Size {
    match code {
        0 => Size::Byte,
        1 => Size::Half,
        _ => Size::Word,
    }
}
