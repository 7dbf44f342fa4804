//! One channel: what it is set to, how far it has come, and the beat that is next.

use flashstall_cpu::{Addr, Size};

use super::bits::{Ccr, Flags};
use super::port::DmaBeat;
use crate::periph::registers::field;

/// A channel. Addresses count from CPAR and CMAR by the units moved since the last reload.
#[derive(Clone, Debug, Default)]
pub(super) struct Channel {
    pub(super) irq: Option<u16>,
    pub(super) ccr: Ccr,
    /// CNDTR as it is read: units left.
    pub(super) left: u32,
    pub(super) cpar: u32,
    pub(super) cmar: u32,
    /// CNDTR when EN became 1: what circular mode reloads.
    total: u32,
    /// Units moved since EN became 1 or since the last reload.
    moved: u32,
    /// Units moved since the firmware last looked.
    unseen: u32,
    /// The finding about laps that nobody served has been made.
    pub(super) told: bool,
    /// The finding about turns that nobody saw has been made.
    pub(super) told_lapped: bool,
}

impl Channel {
    /// Reset values; the interrupt line stays.
    pub(super) fn reset(&mut self) {
        *self = Self {
            irq: self.irq,
            ..Self::default()
        };
    }

    /// EN became 1: counting starts anew, from the addresses as they are programmed.
    pub(super) const fn enable(&mut self) {
        self.total = self.left;
        self.moved = 0;
        self.unseen = 0;
    }

    /// The firmware looks at how far the channel has come.
    pub(super) const fn seen(&mut self) {
        self.unseen = 0;
    }

    /// Units in a lap, if what is written in one overwrites what was written in the lap before.
    pub(super) fn ring(&self) -> Option<u32> {
        let to_memory = !self.ccr.intersects(Ccr::DIR | Ccr::MEM2MEM);
        let is_ring = to_memory && self.ccr.contains(Ccr::CIRC | Ccr::MINC);
        is_ring.then_some(self.total)
    }

    /// Counts one more unit that the firmware has not seen. Returns how many there are.
    pub(super) const fn count_unseen(&mut self) -> u32 {
        self.unseen = self.unseen.saturating_add(1);
        self.unseen
    }

    /// Enabled and with units left.
    pub(super) const fn is_armed(&self) -> bool {
        self.ccr.contains(Ccr::EN) && self.left > 0
    }

    /// PL.
    pub(super) const fn priority(&self) -> u32 {
        field(self.ccr.bits(), 12, 2)
    }

    /// The unit that is moved next.
    pub(super) fn beat(&self) -> DmaBeat {
        let side = |base: u32, size: Size, increments: bool| {
            let bytes = bytes(size);
            // The address bits below the width do not exist.
            let first = base & !(bytes - 1);
            let step = if increments { self.moved * bytes } else { 0 };
            (Addr(first.wrapping_add(step)), size)
        };
        let peripheral = side(
            self.cpar,
            width(field(self.ccr.bits(), 8, 2)),
            self.ccr.contains(Ccr::PINC),
        );
        let memory = side(
            self.cmar,
            width(field(self.ccr.bits(), 10, 2)),
            self.ccr.contains(Ccr::MINC),
        );
        let (source, destination) = if self.ccr.contains(Ccr::DIR) {
            (memory, peripheral)
        } else {
            (peripheral, memory)
        };
        DmaBeat {
            from: source.0,
            read: source.1,
            to: destination.0,
            write: destination.1,
        }
    }

    /// A unit has been moved: the flags that this sets.
    pub(super) fn advance(&mut self) -> Flags {
        self.left = self.left.saturating_sub(1);
        self.moved += 1;
        let mut flags = Flags::empty();
        flags.set(Flags::HTIF, self.left == self.total / 2);
        flags.set(Flags::TCIF, self.left == 0);
        // MEM2MEM has no circular mode.
        if self.left == 0 && self.ccr.contains(Ccr::CIRC) && !self.ccr.contains(Ccr::MEM2MEM) {
            self.left = self.total;
            self.moved = 0;
        }
        flags
    }
}

const fn bytes(size: Size) -> u32 {
    match size {
        Size::Byte => 1,
        Size::Half => 2,
        Size::Word => 4,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(ccr: Ccr, left: u32) -> Channel {
        let mut channel = Channel {
            ccr: ccr | Ccr::EN,
            left,
            cpar: 0x4001_3827,
            cmar: 0x2000_0002,
            ..Channel::default()
        };
        channel.enable();
        channel
    }

    #[test]
    fn addresses_step_by_their_own_width_and_are_aligned_to_it() {
        let words_to_halves = Ccr::MINC | Ccr::PINC | Ccr::from_bits_retain(2 << 8 | 1 << 10);
        let mut c = channel(words_to_halves, 3);
        c.advance();
        let beat = c.beat();
        assert_eq!(
            (beat.from, beat.read),
            (Addr(0x4001_3828), Size::Word),
            "CPAR's low bits do not count"
        );
        assert_eq!((beat.to, beat.write), (Addr(0x2000_0004), Size::Half));
        c.ccr.insert(Ccr::DIR);
        assert_eq!(c.beat().from, Addr(0x2000_0004));
    }

    #[test]
    fn half_and_complete_come_at_half_and_at_the_end() {
        let flags = |ccr, total, beats| {
            let mut c = channel(ccr, total);
            (0..beats).map(|_| c.advance()).collect::<Vec<_>>()
        };
        let none = Flags::empty();
        assert_eq!(
            flags(Ccr::CIRC, 4, 6),
            [none, Flags::HTIF, none, Flags::TCIF, none, Flags::HTIF]
        );
        assert_eq!(flags(Ccr::empty(), 3, 3), [none, Flags::HTIF, Flags::TCIF]);
        assert_eq!(flags(Ccr::empty(), 1, 1), [Flags::HTIF | Flags::TCIF]);
    }

    #[test]
    fn only_a_circular_channel_reloads() {
        let left = |ccr| {
            let mut c = channel(ccr, 2);
            c.advance();
            c.advance();
            (c.left, c.is_armed(), c.beat().to)
        };
        assert_eq!(
            left(Ccr::CIRC | Ccr::MINC),
            (2, true, Addr(0x2000_0002)),
            "from the start again"
        );
        assert_eq!(left(Ccr::MINC).0, 0);
        assert!(!left(Ccr::MINC | Ccr::CIRC | Ccr::MEM2MEM).1);
    }
}
