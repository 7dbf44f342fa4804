//! Plain memory: words at a base address, little-endian.
//!
//! Kept as words so that an access of any width is one bounds check and a shift; the core's hot loop
//! reads and writes here.

use flashstall_cpu::Size;

/// A block of memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    base: u32,
    words: Box<[u32]>,
}

impl Memory {
    /// `size` bytes (a multiple of 4) at `base`, each `fill`.
    #[must_use]
    pub fn new(base: u32, size: u32, fill: u8) -> Self {
        Self {
            base,
            words: vec![u32::from_le_bytes([fill; 4]); (size / 4) as usize].into_boxed_slice(),
        }
    }

    /// First address.
    #[inline(always)]
    #[must_use]
    pub const fn base(&self) -> u32 {
        self.base
    }

    /// Size in bytes.
    #[inline(always)]
    #[must_use]
    pub const fn size(&self) -> u32 {
        (self.words.len() as u32) << 2
    }

    /// Distance of `addr` from the base, if it lies inside.
    #[inline(always)]
    #[must_use]
    pub const fn offset(&self, addr: u32) -> Option<u32> {
        let offset = addr.wrapping_sub(self.base);
        if offset < self.size() {
            Some(offset)
        } else {
            None
        }
    }

    /// Reads `size` bytes at `offset`, which is aligned to `size`; `None` outside.
    #[inline(always)]
    #[must_use]
    pub fn read(&self, offset: u32, size: Size) -> Option<u32> {
        let word = *self.words.get((offset >> 2) as usize)?;
        Some(word >> ((offset & 3) * 8) & mask(size))
    }

    /// Writes the low `size` bytes of `value` at `offset`, which is aligned to `size`. False outside.
    #[inline(always)]
    pub fn write(&mut self, offset: u32, size: Size, value: u32) -> bool {
        let Some(word) = self.words.get_mut((offset >> 2) as usize) else {
            return false;
        };
        let (shift, mask) = ((offset & 3) * 8, mask(size));
        *word = *word & !(mask << shift) | (value & mask) << shift;
        true
    }

    /// The halfword at `addr`.
    #[inline]
    #[must_use]
    pub fn half_at(&self, addr: u32) -> Option<u16> {
        self.read(self.offset(addr)?, Size::Half)
            .map(|half| half as u16)
    }

    /// Copies the bytes from `offset` on into `out`, as far as there are any. Returns how many.
    pub fn peek(&self, offset: u32, out: &mut [u8]) -> usize {
        let room = self.size().saturating_sub(offset) as usize;
        let count = room.min(out.len());
        let skipped = (offset & 3) as usize;
        let words = self.words.get((offset >> 2) as usize..).unwrap_or_default();
        if skipped == 0 {
            for (to, word) in out[..count].chunks_mut(4).zip(words) {
                to.copy_from_slice(&word.to_le_bytes()[..to.len()]);
            }
            return count;
        }
        let bytes = words.iter().flat_map(|word| word.to_le_bytes());
        for (to, from) in out[..count].iter_mut().zip(bytes.skip(skipped)) {
            *to = from;
        }
        count
    }

    /// Copies `bytes` to `offset`. They must fit: false, and nothing happens, if not.
    pub fn poke(&mut self, offset: u32, bytes: &[u8]) -> bool {
        if u64::from(offset) + bytes.len() as u64 > u64::from(self.size()) {
            return false;
        }
        for (at, &byte) in (offset..).zip(bytes) {
            self.write(at, Size::Byte, u32::from(byte));
        }
        true
    }

    /// What is in the lower half goes to the upper one, and the other way round.
    pub fn swap_halves(&mut self) {
        let (lower, upper) = self.words.split_at_mut(self.words.len() / 2);
        if lower.len() == upper.len() {
            lower.swap_with_slice(upper);
        }
    }

    /// Sets `length` bytes from `offset` on to `value`, as far as there are any.
    pub fn fill(&mut self, offset: u32, length: u32, value: u8) {
        let end = offset.saturating_add(length).min(self.size());
        for at in offset..end {
            self.write(at, Size::Byte, u32::from(value));
        }
    }
}

#[inline(always)]
const fn mask(size: Size) -> u32 {
    match size {
        Size::Byte => 0xFF,
        Size::Half => 0xFFFF,
        Size::Word => 0xFFFF_FFFF,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_writes_leave_their_neighbours_and_the_end_is_the_end() {
        let mut m = Memory::new(0x2000_0000, 8, 0xFF);
        assert!(m.write(2, Size::Half, 0xABCD_1234));
        assert!(m.write(5, Size::Byte, 0x00));
        assert_eq!(m.read(0, Size::Word), Some(0x1234_FFFF));
        assert_eq!(m.read(4, Size::Word), Some(0xFFFF_00FF));
        assert_eq!(m.read(8, Size::Byte), None);
        assert!(!m.write(8, Size::Word, 0));
        assert_eq!(m.half_at(0x2000_0002), Some(0x1234));
        assert_eq!(m.offset(0x1FFF_FFFC), None);
    }

    #[test]
    fn halves_change_places() {
        let mut m = Memory::new(0, 16, 0);
        assert!(m.poke(0, &[1, 2, 3, 4, 5, 6, 7, 8, 9]));
        m.swap_halves();
        let mut out = [0; 16];
        m.peek(0, &mut out);
        assert_eq!(out, [9, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn bytes_go_in_and_out_in_memory_order() {
        let mut m = Memory::new(0, 8, 0);
        assert!(m.poke(1, &[1, 2, 3, 4, 5]));
        assert!(!m.poke(4, &[0; 5]), "does not fit");
        let mut out = [0; 16];
        assert_eq!(m.peek(2, &mut out), 6);
        assert_eq!(out[..6], [2, 3, 4, 5, 0, 0]);
        m.fill(6, 100, 9);
        assert_eq!(m.read(4, Size::Word), Some(0x0909_0504));
    }
}
