//! A cache of lines: which are there, and which of them was used least lately. Knows no time and no contents.
//!
//! `LINES` lines of `SUBS` reads of `WIDTH` bytes. A line is taken when its first read comes, and filled read by read as they are
//! wanted: where a read is as long as a line (F4), a line is simply there or not.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | fully associative, the line that was used least lately goes | RM0090 s3.5.2 (LRU) | `the_line_used_least_lately_goes` |
//! | a line is filled by single reads of the array | choice where a line is longer than a read (L4): no manual says that a miss reads 32 bytes (M) | `a_line_is_filled_read_by_read` |

/// "No line": offsets of lines are multiples of their size.
const NONE: u32 = u32::MAX;

/// The tags of a cache.
#[derive(Clone, Debug)]
pub struct LineCache<const LINES: usize, const WIDTH: u32, const SUBS: u32> {
    tags: [u32; LINES],
    /// Bit n: read n of the line is there.
    filled: [u8; LINES],
    /// When each line was last used, by `clock`.
    used: [u64; LINES],
    clock: u64,
    /// How often something was filled or thrown away.
    changes: u64,
}

impl<const LINES: usize, const WIDTH: u32, const SUBS: u32> LineCache<LINES, WIDTH, SUBS> {
    /// Bytes in a line.
    pub const LINE: u32 = WIDTH * SUBS;

    /// An empty cache.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            tags: [NONE; LINES],
            filled: [0; LINES],
            used: [0; LINES],
            clock: 0,
            changes: 0,
        }
    }

    /// The line of `offset`.
    const fn tag(offset: u32) -> u32 {
        offset - offset % Self::LINE
    }

    /// The bit in `filled` of `offset`.
    const fn sub(offset: u32) -> u8 {
        1 << (offset % Self::LINE / WIDTH)
    }

    fn slot(&self, offset: u32) -> Option<usize> {
        let tag = Self::tag(offset);
        self.tags.iter().position(|&t| t == tag)
    }

    /// The slot that holds the bytes at `offset`; it counts as used now.
    pub fn hit(&mut self, offset: u32) -> Option<usize> {
        let slot = self.slot(offset)?;
        if self.filled[slot] & Self::sub(offset) == 0 {
            return None;
        }
        self.clock += 1;
        self.used[slot] = self.clock;
        Some(slot)
    }

    /// The bytes around `offset` that are there without a gap: first offset and one past the last.
    #[must_use]
    pub fn extent(&self, slot: usize, offset: u32) -> (u32, u32) {
        let tag = Self::tag(offset);
        if self.filled[slot].count_ones() == SUBS {
            (tag, tag + Self::LINE)
        } else {
            let lo = offset - offset % WIDTH;
            (lo, lo + WIDTH)
        }
    }

    /// The read around `offset` has come: the slot that it is put into.
    pub fn fill(&mut self, offset: u32) -> usize {
        self.changes += 1;
        self.clock += 1;
        let slot = self.slot(offset).unwrap_or_else(|| {
            let slot = self.oldest();
            self.tags[slot] = Self::tag(offset);
            self.filled[slot] = 0;
            slot
        });
        self.filled[slot] |= Self::sub(offset);
        self.used[slot] = self.clock;
        slot
    }

    fn oldest(&self) -> usize {
        // The first of equals: empty lines are taken in order.
        (0..LINES).min_by_key(|&n| self.used[n]).unwrap_or_default()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self {
            changes: self.changes + 1,
            ..Self::new()
        };
    }

    /// A number that changes with every line that comes or goes. The order of use is left out: while nothing comes or goes, a loop
    /// leaves the same order behind in each round.
    #[must_use]
    pub const fn changes(&self) -> u64 {
        self.changes
    }
}

impl<const LINES: usize, const WIDTH: u32, const SUBS: u32> Default
    for LineCache<LINES, WIDTH, SUBS>
{
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_used_least_lately_goes() {
        let mut cache = LineCache::<4, 16, 1>::new();
        for line in 0..4 {
            cache.fill(line * 16);
        }
        assert!(cache.hit(0x0C).is_some(), "line 0 is now the youngest");
        cache.fill(0x100);
        assert_eq!(cache.hit(0x10), None, "line 1 was the oldest");
        assert!(
            [0, 0x20, 0x30, 0x100]
                .iter()
                .all(|&at| cache.hit(at).is_some())
        );
        let before = cache.changes();
        cache.clear();
        assert!(cache.changes() > before);
        assert_eq!(cache.hit(0), None);
    }

    #[test]
    fn a_line_is_filled_read_by_read() {
        let mut cache = LineCache::<2, 8, 4>::new();
        let slot = cache.fill(0x48);
        assert_eq!(cache.hit(0x40), None);
        assert_eq!(cache.hit(0x4E), Some(slot));
        assert_eq!(cache.extent(slot, 0x4E), (0x48, 0x50));
        for at in [0x40, 0x50, 0x58] {
            assert_eq!(cache.fill(at), slot, "the same line");
        }
        assert_eq!(cache.extent(slot, 0x4E), (0x40, 0x60));
    }
}
