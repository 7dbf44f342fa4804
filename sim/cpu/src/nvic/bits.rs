//! A set of exception numbers, one bit each.

/// Exception numbers 0..=255 as a bitmap, so that the search for what is pending touches four words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits([u64; 4]);

impl Bits {
    /// The numbers `first..first + count`, cut off at 255.
    pub(crate) fn range(first: u16, count: u16) -> Self {
        let mut bits = Self::default();
        for number in first..first.saturating_add(count).min(256) {
            bits.insert(number);
        }
        bits
    }

    #[inline]
    pub(crate) const fn contains(&self, number: u16) -> bool {
        self.0[(number >> 6) as usize & 3] & (1 << (number & 63)) != 0
    }

    #[inline]
    pub(crate) fn insert(&mut self, number: u16) {
        self.0[usize::from(number >> 6) & 3] |= 1 << (number & 63);
    }

    #[inline]
    pub(crate) fn remove(&mut self, number: u16) {
        self.0[usize::from(number >> 6) & 3] &= !(1 << (number & 63));
    }

    pub(crate) fn put(&mut self, number: u16, present: bool) {
        if present {
            self.insert(number)
        } else {
            self.remove(number)
        }
    }

    #[inline]
    pub(crate) const fn and(&self, other: &Self) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        Self([a & e, b & f, c & g, d & h])
    }

    #[inline]
    pub(crate) const fn is_empty(&self) -> bool {
        self.0[0] | self.0[1] | self.0[2] | self.0[3] == 0
    }

    pub(crate) fn len(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// Calls `f` with each number in the set, lowest first: a loop that the compiler keeps in registers, for the search at
    /// every exception.
    #[inline]
    pub(crate) fn each(self, mut f: impl FnMut(u16)) {
        for (first, word) in (0u16..).step_by(64).zip(self.0) {
            let mut rest = word;
            while rest != 0 {
                f(first + rest.trailing_zeros() as u16);
                rest &= rest - 1;
            }
        }
    }

    /// The numbers in the set, lowest first.
    pub(crate) fn iter(self) -> impl Iterator<Item = u16> {
        (0u16..4).zip(self.0).flat_map(|(index, word)| {
            std::iter::successors(Some(word), |rest| Some(rest & rest.wrapping_sub(1)))
                .take_while(|&rest| rest != 0)
                .map(move |rest| index * 64 + rest.trailing_zeros() as u16)
        })
    }

    /// The 32 numbers from `first` on as a register shows them, `first` in bit 0.
    pub(crate) fn word(&self, first: u16) -> u32 {
        (0..32)
            .filter(|&bit| first + bit < 256 && self.contains(first + bit))
            .fold(0, |word, bit| word | 1 << bit)
    }

    /// The set that a register write of `value` names, bit 0 meaning `first`.
    pub(crate) fn from_word(first: u16, value: u32) -> Self {
        let mut bits = Self::default();
        for bit in (0..32u16).filter(|&bit| value & (1 << bit) != 0 && first + bit < 256) {
            bits.insert(first + bit);
        }
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::Bits;

    #[test]
    fn a_set_lists_its_numbers_in_order_across_words() {
        let mut bits = Bits::default();
        for number in [255, 64, 63, 0, 17] {
            bits.insert(number);
        }
        bits.remove(17);
        assert_eq!(bits.iter().collect::<Vec<_>>(), [0, 63, 64, 255]);
        assert_eq!(bits.len(), 4);
    }

    #[test]
    fn registers_see_interrupts_16_numbers_up_and_cut_off_at_the_end() {
        let bits = Bits::from_word(16 + 32, 0x8000_0001);
        assert_eq!(bits.iter().collect::<Vec<_>>(), [48, 79]);
        assert_eq!(bits.word(48), 0x8000_0001);
        assert_eq!(bits.word(16), 0);
        assert_eq!(Bits::from_word(16 + 224, u32::MAX).len(), 16);
        assert_eq!(Bits::range(16, 240).word(240), 0x0000_FFFF);
    }
}
