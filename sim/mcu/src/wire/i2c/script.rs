//! What a host does, one transaction after the other.

use crate::Picos;

/// One transaction: bytes written, bytes read after a repeated START, or only one of them. With neither it is an address and STOP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct I2cTransfer {
    /// Idle time before it.
    pub pause: Picos,
    /// It does not begin before this time from the wire's start.
    pub not_before: Picos,
    /// What is written.
    pub write: Vec<u8>,
    /// How many bytes are read.
    pub read: u16,
    /// What must be read, for the transaction not to be counted as answered wrongly.
    pub answer: Option<Vec<u8>>,
    /// Do it again until the answer is the one that is waited for.
    pub poll: Option<I2cPoll>,
}

/// How a transaction is repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct I2cPoll {
    /// What must be read, as far as `mask` has ones.
    pub until: Vec<u8>,
    /// Bits that count, a byte of it for each of `until`; all, where it is shorter.
    pub mask: Vec<u8>,
    /// From the end of one to the next.
    pub every: Picos,
    /// So many at most.
    pub at_most: u32,
}

impl I2cPoll {
    /// Is it this that is waited for?
    pub(super) fn is_met(&self, read: &[u8]) -> bool {
        let masks = self.mask.iter().copied().chain(std::iter::repeat(0xFF));
        read.len() >= self.until.len()
            && self
                .until
                .iter()
                .zip(read)
                .zip(masks)
                .all(|((wanted, got), mask)| wanted & mask == got & mask)
    }
}
