//! The data FIFO.

/// Most bytes that a FIFO has.
pub(super) const DEEPEST: usize = 32;

/// Bytes, the oldest first.
#[derive(Clone, Debug)]
pub(super) struct Fifo {
    bytes: [u8; DEEPEST],
    first: usize,
    count: usize,
    depth: usize,
}

impl Fifo {
    /// With room for `depth` bytes, at most [`DEEPEST`].
    pub(super) fn new(depth: usize) -> Self {
        Self {
            bytes: [0; DEEPEST],
            first: 0,
            count: 0,
            depth: depth.min(DEEPEST),
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.count
    }

    pub(super) const fn free(&self) -> usize {
        self.depth - self.count
    }

    pub(super) const fn clear(&mut self) {
        self.count = 0;
    }

    /// Empties it, if `yes`.
    pub(super) const fn clear_if(&mut self, yes: bool) {
        if yes {
            self.clear();
        }
    }

    /// What does not fit is lost.
    pub(super) fn push(&mut self, byte: u8) {
        if self.free() > 0 {
            let at = (self.first + self.count) % DEEPEST;
            if let Some(slot) = self.bytes.get_mut(at) {
                *slot = byte;
            }
            self.count += 1;
        }
    }

    pub(super) fn pop(&mut self) -> Option<u8> {
        self.count = self.count.checked_sub(1)?;
        let byte = self.bytes.get(self.first).copied();
        self.first = (self.first + 1) % DEEPEST;
        byte
    }

    /// `count` bytes as a word, the first in the low byte; what is not there is 0.
    pub(super) fn word(&mut self, count: u32) -> u32 {
        (0..count).fold(0, |word, n| {
            word | u32::from(self.pop().unwrap_or(0)) << (8 * n)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_as_they_went_in_over_and_over() {
        let mut fifo = Fifo::new(16);
        for round in 0..10u8 {
            for n in 0..20 {
                fifo.push(round * 20 + n);
            }
            assert_eq!(
                (fifo.len(), fifo.free()),
                (16, 0),
                "what does not fit is lost"
            );
            assert_eq!(fifo.pop(), Some(round * 20));
            let next = u32::from(round) * 20 + 1;
            assert_eq!(
                fifo.word(4),
                (0..4).map(|n| ((next + n) & 0xFF) << (8 * n)).sum::<u32>()
            );
            while fifo.pop().is_some() {}
        }
        assert_eq!(fifo.word(2), 0);
    }
}
