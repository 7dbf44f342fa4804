//! Lines and the prefetch buffer of two: all that F1, F3 and L1 have, and what stands behind the caches of L4 and F4.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | the array is read in lines of 64 bits; a line takes LATENCY + 1 cycles from its request, of which the core's own timing covers one | RM0008 s3.3.3, pipeline.md s5 (F) | `a_miss_costs_the_wait_states_and_straight_code_a_line_each_three_cycles` |
//! | with PRFTBE the line behind is requested when execution enters a line | pipeline.md s5 says "when the last word is asked for"; the core's fetch runs ahead of execution, so the entry is the nearer point that this model has | same |
//! | a fetch outside both buffers aborts the prefetch | pipeline.md s5 | `a_branch_aborts_the_prefetch` |
//! | a line in a buffer is served without the array, also while it is busy | flash.md s1, design §4 rule 1 (D); switch `buffer_hit_while_busy` | `stall_law::lines_in_the_prefetch_buffer_go_on` |
//! | a prefetch that was asked for before the operation began is completed | the array finishes a read that it has begun (D) | same |
//! | a data read costs LATENCY cycles and goes before a prefetch | RM0008 s3.3.3: DCode has priority | `a_data_read_waits_and_pushes_the_prefetch_back` |
//! | without wait states nothing costs anything | RM0008 s3.3.3 | `without_wait_states_the_whole_array_is_one_window` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | the 4th-line penalty, and the refetch of a loop's own line (6 cycles for `subs; bne` at 2 wait states) | mechanism unknown, pipeline.md s5; a later issue | straight code is up to 8 % too fast, a loop inside one line runs at 3 cycles |
//! | half-cycle access (HLFCYA) | for 8 MHz and below, no wait states there | the bit is kept, no effect |
//!

use flashstall_cpu::Cycles;

use super::LineFetch;

/// "No line": offsets of lines are multiples of their size.
const NONE: u32 = u32::MAX;

/// A buffered line, or one on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line {
    offset: u32,
    ready: Cycles,
}

impl Line {
    const EMPTY: Self = Self {
        offset: NONE,
        ready: Cycles::ZERO,
    };
}

/// A buffer for the line of `LINE` bytes that executes and one for the line behind it.
#[derive(Clone, Debug)]
pub struct PrefetchBuffer<const LINE: u32> {
    pub(super) size: u32,
    wait_states: u64,
    prefetch: bool,
    current: Line,
    next: Line,
}

impl<const LINE: u32> PrefetchBuffer<LINE> {
    pub(super) const fn new(size: u32) -> Self {
        Self {
            size,
            wait_states: 0,
            prefetch: true,
            current: Line::EMPTY,
            next: Line::EMPTY,
        }
    }

    /// Sets wait states and prefetch, and empties the buffers.
    pub(super) const fn configure(&mut self, wait_states: u8, prefetch: bool) {
        *self = Self {
            wait_states: wait_states as u64,
            prefetch,
            ..Self::new(self.size)
        };
    }

    pub(super) const fn wait_states(&self) -> u8 {
        self.wait_states as u8
    }

    #[inline(always)]
    pub(crate) fn fetch(&mut self, offset: u32, now: Cycles) -> LineFetch {
        if self.wait_states == 0 {
            return LineFetch {
                lo: 0,
                hi: self.size,
                ready: now,
            };
        }
        self.fetch_line(offset, now)
    }

    /// As [`fetch`](Self::fetch), by lines even if there are no wait states.
    #[inline(always)]
    pub(super) fn fetch_line(&mut self, offset: u32, now: Cycles) -> LineFetch {
        let line = offset & !(LINE - 1);
        if line == self.current.offset {
            return LineFetch {
                lo: line,
                hi: line + LINE,
                ready: now.max(self.current.ready),
            };
        }
        let ready = if line == self.next.offset {
            now.max(self.next.ready)
        } else {
            now + Cycles(self.wait_states)
        };
        self.current = Line {
            offset: line,
            ready,
        };
        self.next = if self.prefetch {
            self.behind(line, ready)
        } else {
            Line::EMPTY
        };
        LineFetch {
            lo: line,
            hi: line + LINE,
            ready,
        }
    }

    /// The line behind `line`, requested at `now`.
    #[inline(always)]
    fn behind(&self, line: u32, now: Cycles) -> Line {
        Line {
            offset: line + LINE,
            ready: now + Cycles(self.wait_states + 1),
        }
    }

    pub(super) fn fetch_while_busy(&mut self, offset: u32, now: Cycles) -> Option<LineFetch> {
        let line = offset & !(LINE - 1);
        if line == self.next.offset {
            // The line behind cannot be asked for now.
            self.current = self.next;
            self.next = Line::EMPTY;
        }
        (line == self.current.offset).then(|| LineFetch {
            lo: line,
            hi: line + LINE,
            ready: now.max(self.current.ready),
        })
    }

    /// The line that executes and the one behind it, in 80 bits: enough room is left for what else an interface knows.
    pub(super) fn short_state(&self, now: Cycles) -> u128 {
        let of = |line: &Line| {
            let number = u128::from((line.offset / LINE) & 0xFF_FFFF);
            number << 16 | u128::from(line.ready.since(now).0.min(0xFFFF))
        };
        of(&self.current) << 40 | of(&self.next)
    }

    pub(super) fn fetch_state(&self, now: Cycles) -> u128 {
        let of = |line: &Line| {
            u128::from(line.offset) << 32 | u128::from(line.ready.since(now).0 as u32)
        };
        of(&self.current) << 64 | of(&self.next)
    }

    #[inline(always)]
    pub(super) fn uncached(&mut self, now: Cycles) -> Cycles {
        if self.wait_states != 0 && self.next.ready > now {
            self.next.ready += Cycles(self.wait_states + 1);
        }
        Cycles(self.wait_states)
    }

    pub(super) fn operation_began(&mut self, now: Cycles, executing: Option<u32>, keep: bool) {
        if !keep {
            (self.current, self.next) = (Line::EMPTY, Line::EMPTY);
        } else if self.wait_states == 0 {
            // No lines were followed: they are those around the instruction that executes.
            let line = executing.map(|offset| offset & !(LINE - 1));
            self.current = line.map_or(Line::EMPTY, |offset| Line { offset, ready: now });
            self.next = line
                .filter(|_| self.prefetch)
                .map_or(Line::EMPTY, |line| self.behind(line, now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::ReadInterfaceKind;
    use crate::flash::{Access, ReadInterface};
    use crate::memory::Memory;
    use flashstall_cpu::Size;

    fn at_two_wait_states(prefetch: bool) -> ReadInterface {
        let mut read = ReadInterface::new(ReadInterfaceKind::F3Prefetch, 0x1000);
        read.configure(Access {
            wait_states: 2,
            prefetch,
            ..Access::default()
        });
        read
    }

    /// Wait states of a data read at cycle `now`.
    fn data(read: &mut ReadInterface, now: u64) -> u64 {
        let memory = Memory::new(0, 0x1000, 0xFF);
        read.data(&memory, 0x800, Size::Word, 0, Cycles(now)).1.0
    }

    #[test]
    fn without_wait_states_the_whole_array_is_one_window() {
        let mut read = ReadInterface::new(ReadInterfaceKind::F3Prefetch, 0x1000);
        assert_eq!(
            read.fetch(0x102, Cycles(7)),
            LineFetch {
                lo: 0,
                hi: 0x1000,
                ready: Cycles(7)
            }
        );
        assert_eq!(data(&mut read, 7), 0);
    }

    #[test]
    fn a_miss_costs_the_wait_states_and_straight_code_a_line_each_three_cycles() {
        let mut read = at_two_wait_states(true);
        assert_eq!(read.fetch(0x10, Cycles(100)).ready, Cycles(102));
        // Two 32-bit instructions a line: executed in two cycles, the next line comes after three.
        assert_eq!(read.fetch(0x18, Cycles(104)).ready, Cycles(105));
        assert_eq!(read.fetch(0x20, Cycles(107)).ready, Cycles(108));
        // Four 16-bit instructions a line take longer than the line behind.
        assert_eq!(read.fetch(0x28, Cycles(112)).ready, Cycles(112));
    }

    #[test]
    fn a_branch_aborts_the_prefetch() {
        let mut read = at_two_wait_states(true);
        read.fetch(0x10, Cycles(0));
        assert_eq!(read.fetch(0x80, Cycles(3)).ready, Cycles(5));
        assert_eq!(
            read.fetch(0x18, Cycles(6)).ready,
            Cycles(8),
            "the line behind 0x10 is gone"
        );
    }

    #[test]
    fn without_prefetch_each_line_costs_the_wait_states() {
        let mut read = at_two_wait_states(false);
        assert_eq!(read.fetch(0x10, Cycles(0)).ready, Cycles(2));
        assert_eq!(read.fetch(0x18, Cycles(50)).ready, Cycles(52));
        assert_eq!(
            read.fetch(0x1E, Cycles(53)).ready,
            Cycles(53),
            "the same line"
        );
    }

    #[test]
    fn a_data_read_waits_and_pushes_the_prefetch_back() {
        let mut read = at_two_wait_states(true);
        read.fetch(0x10, Cycles(0)); // there at 2, the next at 5
        assert_eq!(data(&mut read, 3), 2);
        assert_eq!(read.fetch(0x18, Cycles(5)).ready, Cycles(8));
    }

    #[test]
    fn while_busy_only_buffered_lines_are_served() {
        let mut read = at_two_wait_states(true);
        read.fetch(0x10, Cycles(0));
        read.operation_began(Cycles(3), Some(0x12), true);
        assert!(read.fetch_while_busy(0x10, Cycles(4)).is_some());
        assert_eq!(
            read.fetch_while_busy(0x18, Cycles(4)).map(|l| l.ready),
            Some(Cycles(5))
        );
        assert!(read.fetch_while_busy(0x20, Cycles(9)).is_none());
        assert!(
            read.fetch_while_busy(0x18, Cycles(9)).is_some(),
            "a loop inside the line spins on"
        );
        read.operation_began(Cycles(10), Some(0x18), false);
        assert!(
            read.fetch_while_busy(0x18, Cycles(11)).is_none(),
            "the other setting of the switch"
        );
    }
}
