//! How the core reads the array: one interface a family, chosen by the chip file.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | F1 and F3: 64-bit lines and a buffer of two | RM0008 s3.3.3 | in [`prefetch`](super::prefetch) |
//! | L1: the same with lines of 32 bits, or of 64 with ACC64 | RM0038 FLASH_ACR (M) | `acc64_makes_the_lines_of_an_l1_wider` |
//! | L4 and F4: caches before the buffer | RM0090 s3.5 | in [`cached`](super::cached) |
//! | a vector is read through the instruction side on parts with an instruction cache | a vector fetch is a read on ICode, flash.md s1 (D) | `cached::vectors_go_through_the_instruction_cache` |

use flashstall_cpu::{Cycles, Size};

use super::{F4Art, L4Cache, PrefetchBuffer};
use crate::chip::ReadInterfaceKind;
use crate::memory::Memory;

/// What a fetch found, in offsets from the array's base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineFetch {
    /// First offset that came.
    pub lo: u32,
    /// One past the last.
    pub hi: u32,
    /// When it is there.
    pub ready: Cycles,
}

/// What FLASH_ACR sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// LATENCY.
    pub wait_states: u8,
    /// PRFTBE or PRFTEN.
    pub prefetch: bool,
    /// ACC64 (L1).
    pub wide: bool,
    /// ICEN (L4, F4).
    pub instruction_cache: bool,
    /// DCEN (L4, F4).
    pub data_cache: bool,
}

/// The read interface of a part.
#[derive(Clone, Debug)]
pub enum ReadInterface {
    /// F1 and F3.
    F3Prefetch(PrefetchBuffer<8>),
    /// L1 with 32-bit access.
    L1Narrow(PrefetchBuffer<4>),
    /// L1 with 64-bit access.
    L1Wide(PrefetchBuffer<8>),
    /// L4.
    L4Cache(Box<L4Cache>),
    /// F4.
    F4Art(Box<F4Art>),
}

/// Calls the same method of whatever interface it is.
macro_rules! each {
    ($read:expr, $inner:ident => $call:expr) => {
        match $read {
            ReadInterface::F3Prefetch($inner) => $call,
            ReadInterface::L1Narrow($inner) => $call,
            ReadInterface::L1Wide($inner) => $call,
            ReadInterface::L4Cache($inner) => $call,
            ReadInterface::F4Art($inner) => $call,
        }
    };
}

impl ReadInterface {
    /// The interface `kind` of an array of `size` bytes, as after reset.
    #[must_use]
    pub fn new(kind: ReadInterfaceKind, size: u32) -> Self {
        match kind {
            ReadInterfaceKind::F3Prefetch => Self::F3Prefetch(PrefetchBuffer::new(size)),
            ReadInterfaceKind::L1 => Self::L1Narrow(PrefetchBuffer::new(size)),
            ReadInterfaceKind::L4Cache => Self::L4Cache(Box::new(L4Cache::new(size))),
            ReadInterfaceKind::F4Art => Self::F4Art(Box::new(F4Art::new(size))),
        }
    }

    /// Fetches at `offset` while the array is free.
    pub fn fetch(&mut self, offset: u32, now: Cycles) -> LineFetch {
        each!(self, inner => inner.fetch(offset, now))
    }

    /// Fetches at `offset` while the array is busy: only what is buffered or cached.
    pub fn fetch_while_busy(&mut self, offset: u32, now: Cycles) -> Option<LineFetch> {
        each!(self, inner => inner.fetch_while_busy(offset, now))
    }

    /// A data read of `size` bytes at `offset` and `now`, where `memory` holds `value`: what comes, and its wait states.
    #[inline(always)]
    pub fn data(
        &mut self,
        memory: &Memory,
        offset: u32,
        size: Size,
        value: u32,
        now: Cycles,
    ) -> (u32, Cycles) {
        match self {
            Self::F3Prefetch(buffer) => (value, buffer.uncached(now)),
            _ => self.data_of_others(memory, offset, size, value, now),
        }
    }

    #[inline(never)]
    fn data_of_others(
        &mut self,
        memory: &Memory,
        offset: u32,
        size: Size,
        value: u32,
        now: Cycles,
    ) -> (u32, Cycles) {
        match self {
            Self::L4Cache(cached) => cached.data(memory, offset, size, value, now),
            Self::F4Art(cached) => cached.data(memory, offset, size, value, now),
            _ => (value, self.uncached(now)),
        }
    }

    /// Wait states of a data read that no cache answers: option bytes, data EEPROM.
    pub fn uncached(&mut self, now: Cycles) -> Cycles {
        each!(self, inner => inner.uncached(now))
    }

    /// A data read at `offset` while the array is busy: only what is cached.
    pub fn data_while_busy(&mut self, offset: u32, size: Size) -> Option<u32> {
        match self {
            Self::L4Cache(cached) => cached.data_while_busy(offset, size),
            Self::F4Art(cached) => cached.data_while_busy(offset, size),
            _ => None,
        }
    }

    /// Wait states of the vector fetch at `offset`.
    pub fn vector(&mut self, offset: u32, now: Cycles) -> Cycles {
        match self {
            Self::L4Cache(cached) => cached.vector(offset, now),
            Self::F4Art(cached) => cached.vector(offset, now),
            _ => self.uncached(now),
        }
    }

    /// Is the vector at `offset` at hand while the array is busy?
    pub fn has_vector_while_busy(&mut self, offset: u32) -> bool {
        match self {
            Self::L4Cache(cached) => cached.has_vector_while_busy(offset),
            Self::F4Art(cached) => cached.has_vector_while_busy(offset),
            _ => false,
        }
    }

    /// An operation begins; `executing` is the offset of the instruction that executes, if it is in the array.
    pub fn operation_began(&mut self, now: Cycles, executing: Option<u32>, keep: bool) {
        each!(self, inner => inner.operation_began(now, executing, keep))
    }

    /// `length` bytes from `offset` on were programmed: a data cache that holds them follows (an erase does not tell it).
    pub(super) fn programmed(&mut self, memory: &Memory, offset: u32, length: u32) {
        match self {
            Self::L4Cache(cached) => cached.programmed(memory, offset, length),
            Self::F4Art(cached) => cached.programmed(memory, offset, length),
            _ => {}
        }
    }

    /// See [`Bus::fetch_state`](flashstall_cpu::Bus::fetch_state).
    #[must_use]
    pub fn fetch_state(&self, now: Cycles) -> u128 {
        each!(self, inner => inner.fetch_state(now))
    }

    /// Is a cache switched on?
    #[must_use]
    pub fn has_cache_on(&self) -> bool {
        match self {
            Self::L4Cache(cached) => cached.is_on(),
            Self::F4Art(cached) => cached.is_on(),
            Self::F3Prefetch(_) | Self::L1Narrow(_) | Self::L1Wide(_) => false,
        }
    }

    /// Wait states in force.
    #[must_use]
    pub fn wait_states(&self) -> u8 {
        each!(self, inner => inner.wait_states())
    }

    /// FLASH_ACR was written. Buffers are emptied, caches are kept.
    pub fn configure(&mut self, access: Access) {
        let (wait_states, prefetch) = (access.wait_states, access.prefetch);
        match self {
            Self::F3Prefetch(buffer) => buffer.configure(wait_states, prefetch),
            Self::L1Narrow(PrefetchBuffer { size, .. })
            | Self::L1Wide(PrefetchBuffer { size, .. }) => {
                let size = *size;
                *self = if access.wide {
                    let mut buffer = PrefetchBuffer::new(size);
                    buffer.configure(wait_states, prefetch);
                    Self::L1Wide(buffer)
                } else {
                    let mut buffer = PrefetchBuffer::new(size);
                    // Prefetch needs 64-bit access.
                    buffer.configure(wait_states, false);
                    Self::L1Narrow(buffer)
                };
            }
            Self::L4Cache(cached) => cached.configure(access),
            Self::F4Art(cached) => cached.configure(access),
        }
    }

    /// What was read stands at another address now: buffers and caches are emptied.
    pub(super) fn forget(&mut self) {
        match self {
            Self::L4Cache(cached) => cached.forget(),
            Self::F4Art(cached) => cached.forget(),
            // No part with such an interface can swap its banks.
            Self::F3Prefetch(_) | Self::L1Narrow(_) | Self::L1Wide(_) => {}
        }
    }

    /// ICRST: the instruction cache forgets everything.
    pub fn reset_instruction_cache(&mut self) {
        match self {
            Self::L4Cache(cached) => cached.reset_instruction_cache(),
            Self::F4Art(cached) => cached.reset_instruction_cache(),
            _ => {}
        }
    }

    /// DCRST: the data cache forgets everything.
    pub fn reset_data_cache(&mut self) {
        match self {
            Self::L4Cache(cached) => cached.reset_data_cache(),
            Self::F4Art(cached) => cached.reset_data_cache(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acc64_makes_the_lines_of_an_l1_wider() {
        let mut read = ReadInterface::new(ReadInterfaceKind::L1, 0x1000);
        let mut access = Access {
            wait_states: 1,
            prefetch: true,
            ..Access::default()
        };
        read.configure(access);
        let line = read.fetch(0x104, Cycles(10));
        assert_eq!((line.lo, line.hi, line.ready), (0x104, 0x108, Cycles(11)));
        assert_eq!(
            read.fetch(0x108, Cycles(13)).ready,
            Cycles(14),
            "no prefetch with 32 bits"
        );
        access.wide = true;
        read.configure(access);
        let line = read.fetch(0x104, Cycles(20));
        assert_eq!((line.lo, line.hi, line.ready), (0x100, 0x108, Cycles(21)));
        assert_eq!(
            read.fetch(0x108, Cycles(23)).ready,
            Cycles(23),
            "prefetched"
        );
        assert_eq!(read.wait_states(), 1);
    }
}
