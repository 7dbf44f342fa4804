//! The 16 bytes between the two sides of a stream.

use flashstall_cpu::Size;

/// Bytes that fit.
pub(super) const CAPACITY: u32 = 16;

/// A queue of bytes, the oldest in the lowest bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fifo {
    bytes: u128,
    level: u32,
}

impl Fifo {
    /// Bytes in it.
    pub(super) const fn level(self) -> u32 {
        self.level
    }

    /// Is there room for one more of this width?
    pub(super) const fn has_room(self, size: Size) -> bool {
        self.level + size.bytes() <= CAPACITY
    }

    /// Adds `size` bytes. The caller has looked for room.
    pub(super) const fn push(&mut self, value: u32, size: Size) {
        self.bytes |= ((value as u128) & mask(size)) << (8 * (self.level & 15));
        self.level += size.bytes();
    }

    /// The oldest `size` bytes; those that are missing are 0.
    pub(super) const fn peek(self, size: Size) -> u32 {
        (self.bytes & mask(size)) as u32
    }

    /// Takes the oldest `size` bytes away, as far as there are any.
    pub(super) const fn drop(&mut self, size: Size) {
        self.bytes >>= 8 * size.bytes();
        self.level = self.level.saturating_sub(size.bytes());
    }

    /// SxFCR.FS.
    pub(super) const fn status(self) -> u32 {
        match self.level {
            0 => 4,
            CAPACITY.. => 5,
            level => level / 4,
        }
    }
}

const fn mask(size: Size) -> u128 {
    (1 << (8 * size.bytes())) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_packed_and_unpacked_in_order() {
        let mut fifo = Fifo::default();
        for byte in 1..=5 {
            fifo.push(byte | 0xFF00, Size::Byte);
        }
        assert_eq!((fifo.level(), fifo.peek(Size::Word)), (5, 0x0403_0201));
        fifo.drop(Size::Word);
        assert_eq!((fifo.level(), fifo.peek(Size::Word)), (1, 5));
        fifo.drop(Size::Word);
        assert_eq!(fifo, Fifo::default());
    }

    #[test]
    fn fs_counts_quarters() {
        let mut fifo = Fifo::default();
        let status: Vec<_> = (0..=16)
            .map(|_| {
                let status = fifo.status();
                if fifo.has_room(Size::Byte) {
                    fifo.push(0, Size::Byte);
                }
                status
            })
            .collect();
        assert_eq!(status, [4, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 5]);
        assert!(!fifo.has_room(Size::Byte));
    }
}
