//! The array: bytes in sectors that are shared until they change, because machines are forked thousands of times.

use std::sync::Arc;

use super::part::SECTOR;

/// The bytes of one sector.
type Sector = [u8; SECTOR as usize];

/// All bytes. A clone costs one reference count until somebody writes.
#[derive(Clone, Debug)]
pub(super) struct Cells {
    /// `None`: erased.
    sectors: Arc<Vec<Option<Arc<Sector>>>>,
}

impl Cells {
    /// `size` erased bytes, a multiple of a sector.
    pub(super) fn erased(size: u32) -> Self {
        Self {
            sectors: Arc::new(vec![None; (size / SECTOR) as usize]),
        }
    }

    pub(super) fn size(&self) -> u32 {
        self.sectors.len() as u32 * SECTOR
    }

    /// The byte at `address`, which wraps at the end of the array.
    pub(super) fn byte(&self, address: u32) -> u8 {
        let at = address & (self.size() - 1);
        let sector = self.sectors.get((at / SECTOR) as usize);
        sector
            .and_then(Option::as_ref)
            .and_then(|bytes| bytes.get((at % SECTOR) as usize))
            .copied()
            .unwrap_or(0xFF)
    }

    /// Sets every bit of the `length` bytes from `address` on; both are multiples of a sector.
    pub(super) fn erase(&mut self, address: u32, length: u32) {
        let (first, count) = ((address / SECTOR) as usize, (length / SECTOR) as usize);
        for sector in Arc::make_mut(&mut self.sectors)
            .iter_mut()
            .skip(first)
            .take(count)
        {
            *sector = None;
        }
    }

    /// Puts `byte` at `address`, whatever was there: for an image that the board comes with.
    pub(super) fn set(&mut self, address: u32, byte: u8) {
        self.change(address, |_| byte);
    }

    /// Clears the bits at `address` that are 0 in `byte`.
    pub(super) fn program(&mut self, address: u32, byte: u8) {
        if byte != 0xFF {
            self.change(address, |old| old & byte);
        }
    }

    fn change(&mut self, address: u32, f: impl FnOnce(u8) -> u8) {
        let at = address & (self.size() - 1);
        let Some(sector) = Arc::make_mut(&mut self.sectors).get_mut((at / SECTOR) as usize) else {
            return;
        };
        let bytes = sector.get_or_insert_with(|| Arc::new([0xFF; SECTOR as usize]));
        if let Some(byte) = Arc::make_mut(bytes).get_mut((at % SECTOR) as usize) {
            *byte = f(*byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programming_clears_bits_and_an_erase_sets_them() {
        let mut cells = Cells::erased(0x1_0000);
        cells.program(0x1005, 0x0F);
        cells.program(0x1005, 0xF1);
        assert_eq!(cells.byte(0x1005), 0x01);
        assert_eq!((cells.byte(0x1004), cells.byte(0x1006)), (0xFF, 0xFF));
        cells.program(0x2000, 0);
        cells.erase(0x1000, 0x1000);
        assert_eq!((cells.byte(0x1005), cells.byte(0x2000)), (0xFF, 0));
        assert_eq!(cells.byte(0x1_2000), 0, "addresses wrap at the end");
    }

    #[test]
    fn a_clone_shares_what_nobody_has_written_and_never_sees_what_somebody_has() {
        let mut cells = Cells::erased(0x80_0000);
        cells.set(0, 1);
        cells.set(0x1000, 2);
        let mut fork = cells.clone();
        assert!(Arc::ptr_eq(&cells.sectors, &fork.sectors));
        fork.set(0, 9);
        assert_eq!((cells.byte(0), fork.byte(0)), (1, 9));
        let same = |n: usize| match (&cells.sectors[n], &fork.sectors[n]) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        assert!(!same(0) && same(1) && same(2));
    }
}
