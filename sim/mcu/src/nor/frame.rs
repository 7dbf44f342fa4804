//! One selection: from the fall of chip select to its rise, clock by clock.

use flashstall_cpu::Addr;

use super::command::{Command, Data, Effect, Lines, Source};
use super::part::PAGE;

/// Which part of an instruction the next clock belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Chip select is high.
    Released,
    Instruction,
    Address,
    Mode,
    Dummy,
    Data,
    /// The instruction was refused: what comes is not heeded.
    Deaf,
}

/// Where the selection stands.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) phase: Phase,
    pub(super) command: Option<&'static Command>,
    /// Bits of the phase, or of the byte, that came so far.
    pub(super) bits: u32,
    /// How many they are; of dummy clocks and of clocks behind the end, the clocks.
    pub(super) taken: u32,
    pub(super) address: u32,
    /// Whole data bytes so far.
    pub(super) bytes: u32,
    /// The byte that is being shifted out.
    pub(super) out: u8,
    /// Data that the host sends: a page at its places, or what comes first.
    pub(super) input: [u8; PAGE as usize],
    /// Who sent the opcode.
    pub(super) pc: Addr,
}

impl Frame {
    pub(super) const fn released() -> Self {
        Self {
            phase: Phase::Released,
            command: None,
            bits: 0,
            taken: 0,
            address: 0,
            bytes: 0,
            out: 0xFF,
            input: [0xFF; PAGE as usize],
            pc: Addr(0),
        }
    }

    /// The phase that follows `phase` in `command`, of those that it has.
    pub(super) const fn after(command: &Command, phase: Phase) -> Phase {
        match phase {
            Phase::Instruction if command.address.is_some() => Phase::Address,
            Phase::Address if command.mode => Phase::Mode,
            Phase::Instruction | Phase::Address | Phase::Mode if command.dummy > 0 => Phase::Dummy,
            _ => Phase::Data,
        }
    }

    /// Begins `phase`.
    pub(super) const fn enter(&mut self, phase: Phase) {
        (self.phase, self.bits, self.taken) = (phase, 0, 0);
    }

    /// Takes what the host drives in one clock on `lines`. `Some` once `width` bits are complete.
    pub(super) const fn take(&mut self, io: u8, lines: Lines, width: u32) -> Option<u32> {
        let count = lines.bits();
        self.bits = self.bits << count | (io & ((1 << count) - 1)) as u32;
        self.taken += count as u32;
        if self.taken < width {
            return None;
        }
        let word = self.bits;
        (self.bits, self.taken) = (0, 0);
        Some(word)
    }

    /// The next bits of the byte that goes out, on `lines`; lines that nobody drives are high.
    pub(super) const fn give(&mut self, lines: Lines) -> u8 {
        let count = lines.bits();
        let bits = self.out >> (8 - count);
        self.out = ((self.out as u16) << count) as u8;
        self.taken += count as u32;
        match lines {
            Lines::One => 0b1101 | bits << 1,
            Lines::Two => 0b1100 | bits,
            Lines::Four => bits,
        }
    }

    /// A data byte from the host is complete.
    pub(super) fn put(&mut self, byte: u8, at_address: bool) {
        let first = if at_address { self.address } else { 0 };
        let index = first.wrapping_add(self.bytes) % PAGE;
        if let Some(slot) = self.input.get_mut(index as usize) {
            *slot = byte;
        }
        self.bytes = self.bytes.saturating_add(1);
    }

    /// All of the instruction has come, and nothing of a further byte.
    pub(super) fn is_whole(&self) -> bool {
        let enough = |command: &Command| match (command.data, command.effect) {
            (Data::None, _) => self.bytes == 0,
            (_, Effect::WriteStatus(0)) => (1..=2).contains(&self.bytes),
            (_, Effect::WriteStatus(_) | Effect::Wrap) => self.bytes == 1,
            (_, Effect::Program) => self.bytes >= 1,
            _ => true,
        };
        self.phase == Phase::Data && self.taken == 0 && self.command.is_some_and(enough)
    }

    /// What is being read, if anything is.
    pub(super) fn reads(&self) -> Option<(Source, Lines)> {
        match (self.phase, self.command?.data) {
            (Phase::Data, Data::Out(source, lines)) => Some((source, lines)),
            _ => None,
        }
    }
}
