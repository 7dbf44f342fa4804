//! The three status registers, and which addresses they protect.

use bitflags::bitflags;

use super::part::{NorPart, SECTOR};

bitflags! {
    /// Status registers 1 (low byte), 2 and 3.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Bits: u32 {
        const BUSY = 1 << 0;
        const WEL = 1 << 1;
        const BP0 = 1 << 2;
        const BP1 = 1 << 3;
        const BP2 = 1 << 4;
        const TB = 1 << 5;
        const SEC = 1 << 6;
        const SRP = 1 << 7;
        const SRL = 1 << 8;
        const QE = 1 << 9;
        const LB1 = 1 << 11;
        const LB2 = 1 << 12;
        const LB3 = 1 << 13;
        const CMP = 1 << 14;
        const SUS = 1 << 15;
        const WPS = 1 << 18;
        const DRV0 = 1 << 21;
        const DRV1 = 1 << 22;
        const HOLD_RST = 1 << 23;
    }
}

impl Bits {
    /// What software cannot write.
    const READ_ONLY: Self = Self::BUSY.union(Self::WEL).union(Self::SUS);
    /// Once 1, always 1.
    const ONCE: Self = Self::LB1.union(Self::LB2).union(Self::LB3);

    fn of(registers: [u8; 3]) -> Self {
        let [one, two, three] = registers;
        Self::from_bits_truncate(u32::from_le_bytes([one, two, three, 0]))
    }
}

/// The registers: what they hold now, and what they will hold after a reset.
#[derive(Clone, Copy, Debug)]
pub(super) struct Status {
    now: Bits,
    kept: Bits,
    qe_fixed: bool,
}

impl Status {
    pub(super) fn new(part: &NorPart) -> Self {
        let bits = Bits::of(part.status.registers) - Bits::READ_ONLY;
        Self {
            now: bits,
            kept: bits,
            qe_fixed: part.status.qe_fixed,
        }
    }

    pub(super) const fn has(&self, bits: Bits) -> bool {
        self.now.contains(bits)
    }

    pub(super) fn set(&mut self, bits: Bits, on: bool) {
        self.now.set(bits, on);
    }

    /// Register 1 to 3 (index from 0) as it reads.
    pub(super) fn byte(&self, index: u8) -> u8 {
        let bytes = self.now.bits().to_le_bytes();
        bytes.get(usize::from(index)).copied().unwrap_or(0xFF)
    }

    /// Writes register `index` (from 0). `keep`: the value outlives a reset.
    pub(super) fn write(&mut self, index: u8, value: u8, keep: bool) {
        let lanes = Bits::from_bits_truncate(0xFF << (8 * u32::from(index.min(2))));
        let value = Bits::from_bits_truncate(u32::from(value) << (8 * u32::from(index.min(2))));
        let mut writable = lanes - Bits::READ_ONLY;
        writable.set(Bits::QE, lanes.contains(Bits::QE) && !self.qe_fixed);
        let merge = |old: Bits| (old - writable) | (value & writable) | (old & Bits::ONCE);
        self.now = merge(self.now);
        if keep {
            self.kept = merge(self.kept);
        }
    }

    /// A reset: volatile values are lost.
    pub(super) const fn reset(&mut self) {
        self.now = self.kept;
    }

    /// First address and one past the last that the protection bits protect, in an array of `size` bytes.
    pub(super) fn protected(&self, size: u32) -> (Span, Span) {
        let bp = self.now.bits() >> Bits::BP0.bits().trailing_zeros() & 7;
        let length = match bp {
            0 => 0,
            7 => size,
            _ if self.has(Bits::SEC) => SECTOR << (bp - 1).min(3),
            _ => (size / 64) << (bp - 1),
        };
        let span = if self.has(Bits::TB) {
            (0, length)
        } else {
            (size - length, size)
        };
        if self.has(Bits::CMP) {
            ((0, span.0), (span.1, size))
        } else {
            (span, (0, 0))
        }
    }

    /// Is any of the `length` bytes from `address` on protected?
    pub(super) fn protects(&self, size: u32, address: u32, length: u32) -> bool {
        let meets = |(from, to): Span| from < to && address < to && from < address + length;
        let (one, other) = self.protected(size);
        meets(one) || meets(other)
    }
}

/// From the first address to one past the last.
type Span = (u32, u32);

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u32 = 0x80_0000;

    fn status(one: u8, two: u8) -> Status {
        let part = NorPart::builtin("w25q64jv").expect("built in");
        let mut status = Status::new(&part);
        status.write(0, one, true);
        status.write(1, two, true);
        status
    }

    #[test]
    fn block_protection_is_that_of_the_data_sheet() {
        // W25Q64JV data sheet, table of memory protection: BP, TB, SEC, CMP.
        let span = |one, two| status(one, two).protected(SIZE).0;
        assert_eq!(span(0b0000_0000, 0), (SIZE, SIZE), "nothing");
        assert_eq!(span(0b0000_0100, 0), (0x7E_0000, SIZE), "upper 1/64");
        assert_eq!(span(0b0001_1000, 0), (0x40_0000, SIZE), "upper 1/2");
        assert_eq!(span(0b0010_0100, 0), (0, 0x2_0000), "lower 1/64");
        assert_eq!(span(0b0001_1100, 0), (0, SIZE), "all");
        assert_eq!(span(0b0100_0100, 0), (0x7F_F000, SIZE), "top 4 KB");
        assert_eq!(span(0b0111_0100, 0), (0, 0x8000), "bottom 32 KB");
        assert_eq!(
            status(0b0000_0100, 0x40).protected(SIZE),
            ((0, 0x7E_0000), (SIZE, SIZE)),
            "complement"
        );
        let top = status(0b0000_0100, 0);
        assert!(top.protects(SIZE, 0x7E_0000, 1) && !top.protects(SIZE, 0x7D_FF00, 256));
        assert!(top.protects(SIZE, 0, SIZE), "a chip erase meets it");
    }

    #[test]
    fn volatile_values_are_lost_and_what_is_read_only_or_fixed_stays() {
        let mut s = status(0, 0);
        assert_eq!(s.byte(1) & 2, 2, "QE is fixed");
        s.write(0, 0xFF, false);
        assert_eq!(s.byte(0), 0xFC, "BUSY and WEL cannot be written");
        s.write(1, 0xFF, true);
        s.write(1, 0x00, true);
        assert_eq!(s.byte(1), 0x3A, "LB1 to LB3 stay 1, SUS was never");
        s.reset();
        assert_eq!((s.byte(0), s.byte(1)), (0, 0x3A));
    }
}
