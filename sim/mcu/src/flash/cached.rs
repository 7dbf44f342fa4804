//! The cached read interfaces: L4, and F4 with its ART accelerator.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | a hit costs nothing and does not touch the array | RM0090 s3.5.2 | `hits_are_free_and_misses_cost_the_wait_states` |
//! | what comes from the array or from the prefetch buffer is put into the cache | RM0090 s3.5.2 | `hits_are_free_and_misses_cost_the_wait_states` |
//! | the line behind is prefetched on a miss | pipeline.md s5 (F) | `straight_code_is_prefetched` |
//! | a hit is served while the array is busy | flash.md s1, design §4 rule 1 (D); switch `buffer_hit_while_busy` | `hits_are_served_while_busy_if_the_switch_says_so` |
//! | programming updates the data cache, an erase does not | RM0090 s3.6.4 | `an_erase_leaves_old_bytes_in_the_data_cache` |
//! | a cache that is switched off keeps what it has; a reset empties it | RM0090 s3.9.1: reset only while disabled | `a_disabled_cache_keeps_its_lines` |
//! | vectors go through the instruction cache, and fill it | ICode (D); that a vector fills a line (M) | `vectors_go_through_the_instruction_cache` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | old instructions that the instruction cache still holds after an erase | the decoder reads the array | the new instructions are executed |
//! | a prefetch on a hit | no source | code that is partly cached is a little too slow |
//! | a prefetch that runs into the other, busy bank | one line at the border of the banks | it comes as if that bank were free |

use flashstall_cpu::{Cycles, Size};

use super::{Access, LineCache, LineFetch, PrefetchBuffer};
use crate::memory::Memory;

/// L4: 64-bit reads, 32 lines of instructions and 8 of data, of 32 bytes.
pub type L4Cache = Cached<32, 8, 8, 4>;
/// F4: 128-bit reads, 64 lines of instructions and 8 of data, of 16 bytes.
pub type F4Art = Cached<64, 8, 16, 1>;

/// An instruction cache of `I` lines and a data cache of `D`, each of `SUBS` reads of `WIDTH` bytes.
#[derive(Clone, Debug)]
pub struct Cached<const I: usize, const D: usize, const WIDTH: u32, const SUBS: u32> {
    buffer: PrefetchBuffer<WIDTH>,
    instructions: LineCache<I, WIDTH, SUBS>,
    data: LineCache<D, WIDTH, SUBS>,
    /// Contents of the data cache, slot by slot: they may be older than the array.
    bytes: Box<[u8]>,
    access: Access,
    /// Are hits served while the array is busy?
    keep: bool,
}

impl<const I: usize, const D: usize, const WIDTH: u32, const SUBS: u32> Cached<I, D, WIDTH, SUBS> {
    const LINE: usize = (WIDTH * SUBS) as usize;

    pub(super) fn new(size: u32) -> Self {
        Self {
            buffer: PrefetchBuffer::new(size),
            instructions: LineCache::new(),
            data: LineCache::new(),
            bytes: vec![0; D * Self::LINE].into_boxed_slice(),
            access: Access::default(),
            keep: true,
        }
    }

    #[inline]
    pub(super) fn fetch(&mut self, offset: u32, now: Cycles) -> LineFetch {
        if !self.access.instruction_cache {
            return self.buffer.fetch(offset, now);
        }
        if let Some(hit) = self.cached(offset, now) {
            return hit;
        }
        let line = self.buffer.fetch_line(offset, now);
        self.instructions.fill(offset);
        line
    }

    fn cached(&mut self, offset: u32, now: Cycles) -> Option<LineFetch> {
        let slot = self.instructions.hit(offset)?;
        let (lo, hi) = self.instructions.extent(slot, offset);
        Some(LineFetch { lo, hi, ready: now })
    }

    pub(super) fn fetch_while_busy(&mut self, offset: u32, now: Cycles) -> Option<LineFetch> {
        if self.access.instruction_cache
            && self.keep
            && let Some(hit) = self.cached(offset, now)
        {
            return Some(hit);
        }
        let line = self.buffer.fetch_while_busy(offset, now)?;
        if self.access.instruction_cache {
            self.instructions.fill(offset);
        }
        Some(line)
    }

    pub(super) fn data(
        &mut self,
        memory: &Memory,
        offset: u32,
        size: Size,
        value: u32,
        now: Cycles,
    ) -> (u32, Cycles) {
        if !self.access.data_cache {
            return (value, self.buffer.uncached(now));
        }
        if let Some(value) = self.cached_data(offset, size) {
            return (value, Cycles::ZERO);
        }
        let slot = self.data.fill(offset);
        self.copy(memory, slot, offset - offset % WIDTH);
        (value, self.buffer.uncached(now))
    }

    pub(super) fn uncached(&mut self, now: Cycles) -> Cycles {
        self.buffer.uncached(now)
    }

    /// Copies the read at `first` into `slot`.
    fn copy(&mut self, memory: &Memory, slot: usize, first: u32) {
        let at = slot * Self::LINE + first as usize % Self::LINE;
        if let Some(bytes) = self.bytes.get_mut(at..at + WIDTH as usize) {
            memory.peek(first, bytes);
        }
    }

    fn cached_data(&mut self, offset: u32, size: Size) -> Option<u32> {
        let slot = self.data.hit(offset)?;
        let at = slot * Self::LINE + offset as usize % Self::LINE;
        let bytes = self.bytes.get(at..at + size.bytes() as usize)?;
        Some(
            bytes
                .iter()
                .rev()
                .fold(0, |all, &byte| all << 8 | u32::from(byte)),
        )
    }

    pub(super) fn data_while_busy(&mut self, offset: u32, size: Size) -> Option<u32> {
        if self.keep && self.access.data_cache {
            self.cached_data(offset, size)
        } else {
            None
        }
    }

    pub(super) fn vector(&mut self, offset: u32, now: Cycles) -> Cycles {
        if !self.access.instruction_cache {
            return self.buffer.uncached(now);
        }
        if self.instructions.hit(offset).is_some() {
            return Cycles::ZERO;
        }
        self.instructions.fill(offset);
        self.buffer.uncached(now)
    }

    pub(super) fn has_vector_while_busy(&mut self, offset: u32) -> bool {
        self.keep && self.access.instruction_cache && self.instructions.hit(offset).is_some()
    }

    pub(super) fn programmed(&mut self, memory: &Memory, offset: u32, length: u32) {
        let mut first = offset - offset % WIDTH;
        while first < offset + length {
            if let Some(slot) = self.data.hit(first) {
                self.copy(memory, slot, first);
            }
            first += WIDTH;
        }
    }

    pub(super) fn operation_began(&mut self, now: Cycles, executing: Option<u32>, keep: bool) {
        self.keep = keep;
        self.buffer.operation_began(now, executing, keep);
    }

    pub(super) fn fetch_state(&self, now: Cycles) -> u128 {
        let changes = self.instructions.changes() + self.data.changes();
        u128::from(changes) << 80 | self.buffer.short_state(now)
    }

    pub(super) const fn wait_states(&self) -> u8 {
        self.buffer.wait_states()
    }

    pub(super) const fn configure(&mut self, access: Access) {
        self.access = access;
        self.buffer.configure(access.wait_states, access.prefetch);
    }

    pub(super) const fn is_on(&self) -> bool {
        self.access.instruction_cache || self.access.data_cache
    }

    pub(super) fn forget(&mut self) {
        self.instructions.clear();
        self.data.clear();
        self.configure(self.access);
    }

    pub(super) fn reset_instruction_cache(&mut self) {
        self.instructions.clear();
    }

    pub(super) fn reset_data_cache(&mut self) {
        self.data.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CACHED: Access = Access {
        wait_states: 4,
        prefetch: true,
        wide: false,
        instruction_cache: true,
        data_cache: true,
    };

    fn memory() -> Memory {
        let mut memory = Memory::new(0, 0x1000, 0xFF);
        memory.write(0x104, Size::Word, 0x1122_3344);
        memory
    }

    fn l4() -> L4Cache {
        let mut read = L4Cache::new(0x1000);
        read.configure(CACHED);
        read
    }

    #[test]
    fn hits_are_free_and_misses_cost_the_wait_states() {
        let mut read = l4();
        let line = read.fetch(0x44, Cycles(10));
        assert_eq!((line.lo, line.hi, line.ready), (0x40, 0x48, Cycles(14)));
        assert_eq!(read.fetch(0x200, Cycles(20)).ready, Cycles(24));
        let line = read.fetch(0x40, Cycles(30));
        assert_eq!((line.lo, line.hi, line.ready), (0x40, 0x48, Cycles(30)));

        let mut read = F4Art::new(0x1000);
        read.configure(CACHED);
        let line = read.fetch(0x44, Cycles(10));
        assert_eq!((line.lo, line.hi, line.ready), (0x40, 0x50, Cycles(14)));
        let m = memory();
        let data =
            |read: &mut F4Art, now| read.data(&m, 0x104, Size::Word, 0x1122_3344, Cycles(now));
        assert_eq!(data(&mut read, 40), (0x1122_3344, Cycles(4)));
        assert_eq!(data(&mut read, 50), (0x1122_3344, Cycles(0)));
        assert_eq!(
            read.data(&m, 0x106, Size::Byte, 0x22, Cycles(51)),
            (0x22, Cycles(0))
        );
    }

    #[test]
    fn straight_code_is_prefetched() {
        let mut read = l4();
        assert_eq!(read.fetch(0x40, Cycles(10)).ready, Cycles(14));
        assert_eq!(
            read.fetch(0x48, Cycles(18)).ready,
            Cycles(19),
            "5 cycles a read"
        );
        read.configure(Access {
            prefetch: false,
            ..CACHED
        });
        assert_eq!(read.fetch(0x50, Cycles(30)).ready, Cycles(34));
        assert_eq!(read.fetch(0x58, Cycles(40)).ready, Cycles(44));
        assert_eq!(
            read.fetch(0x40, Cycles(50)).hi,
            0x60,
            "four reads make a line"
        );
    }

    #[test]
    fn hits_are_served_while_busy_if_the_switch_says_so() {
        let m = memory();
        for keep in [true, false] {
            let mut read = l4();
            read.fetch(0x40, Cycles(0));
            read.fetch(0x200, Cycles(10));
            read.data(&m, 0x104, Size::Word, 0x1122_3344, Cycles(20));
            read.operation_began(Cycles(30), Some(0x200), keep);
            assert_eq!(read.fetch_while_busy(0x40, Cycles(31)).is_some(), keep);
            assert_eq!(read.data_while_busy(0x104, Size::Word).is_some(), keep);
            assert!(read.fetch_while_busy(0x300, Cycles(32)).is_none());
            assert!(read.data_while_busy(0x204, Size::Word).is_none());
        }
    }

    #[test]
    fn an_erase_leaves_old_bytes_in_the_data_cache() {
        let mut m = memory();
        let mut read = l4();
        read.data(&m, 0x104, Size::Word, 0x1122_3344, Cycles(0));
        m.fill(0x100, 0x100, 0xFF);
        assert_eq!(
            read.data(&m, 0x104, Size::Word, u32::MAX, Cycles(9)),
            (0x1122_3344, Cycles(0)),
            "stale"
        );
        m.write(0x100, Size::Word, 5);
        read.programmed(&m, 0x100, 8);
        assert_eq!(read.data(&m, 0x100, Size::Word, 5, Cycles(9)).0, 5);
        assert_eq!(
            read.data(&m, 0x104, Size::Word, u32::MAX, Cycles(9)).0,
            u32::MAX
        );
        m.fill(0x100, 0x100, 0);
        read.reset_data_cache();
        assert_eq!(
            read.data(&m, 0x100, Size::Word, 0, Cycles(20)),
            (0, Cycles(4))
        );
    }

    #[test]
    fn a_disabled_cache_keeps_its_lines() {
        let mut read = l4();
        read.fetch(0x40, Cycles(0));
        let off = Access {
            instruction_cache: false,
            prefetch: false,
            ..CACHED
        };
        read.configure(off);
        assert_eq!(read.fetch(0x40, Cycles(10)).ready, Cycles(14));
        read.configure(CACHED);
        assert_eq!(read.fetch(0x40, Cycles(20)).ready, Cycles(20));
        read.configure(off);
        read.reset_instruction_cache();
        read.configure(CACHED);
        assert_eq!(read.fetch(0x40, Cycles(30)).ready, Cycles(34));
    }

    #[test]
    fn vectors_go_through_the_instruction_cache() {
        let mut read = l4();
        assert_eq!(read.vector(0xD4, Cycles(0)), Cycles(4));
        assert_eq!(read.vector(0xD4, Cycles(9)), Cycles(0));
        assert_eq!(read.vector(0xD0, Cycles(9)), Cycles(0), "the same read");
        read.operation_began(Cycles(10), None, true);
        assert!(read.has_vector_while_busy(0xD4));
        assert!(!read.has_vector_while_busy(0xD8));
    }

    #[test]
    fn only_what_comes_or_goes_changes_the_state() {
        let mut read = l4();
        read.fetch(0x40, Cycles(0));
        read.fetch(0x80, Cycles(10));
        let state = read.fetch_state(Cycles(50));
        read.fetch(0x40, Cycles(60));
        read.fetch(0x80, Cycles(70));
        assert_eq!(read.fetch_state(Cycles(100)), state, "a round of hits");
        read.fetch(0x300, Cycles(110));
        read.fetch(0x80, Cycles(150));
        assert_ne!(read.fetch_state(Cycles(200)), state);
    }
}
