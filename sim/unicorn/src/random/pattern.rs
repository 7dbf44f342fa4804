//! Bit patterns of encodings, written as the manual draws them.
//!
//! A pattern is a string of `0`, `1` and letters, most significant bit first. Equal letters form one
//! field. Spaces separate and mean nothing.

/// The fields of one concrete instruction.
#[derive(Clone, Copy, Debug)]
pub struct Fields {
    pattern: &'static str,
    /// The instruction; a wide one has its first halfword in bits 31:16.
    pub bits: u32,
    /// 2 or 4 bytes.
    pub size: u8,
}

impl Fields {
    /// The field of this letter, its bits joined from the most significant down; 0 if there is none.
    #[must_use]
    pub fn get(&self, letter: char) -> u32 {
        let mut value = 0;
        let mut bit = u32::from(self.size) * 8;
        for symbol in self.pattern.chars().filter(|symbol| *symbol != ' ') {
            bit -= 1;
            if symbol == letter {
                value = value << 1 | self.bits >> bit & 1;
            }
        }
        value
    }

    /// Is the field of this letter the SP or the PC?
    #[must_use]
    pub fn is_sp_or_pc(&self, letter: char) -> bool {
        matches!(self.get(letter), 13 | 15)
    }
}

/// Number of significant bits of a pattern: 16 or 32.
#[must_use]
pub fn width(pattern: &str) -> u32 {
    pattern.chars().filter(|symbol| *symbol != ' ').count() as u32
}

/// Fills the letters of `pattern` from `random`, whose bits all matter.
#[must_use]
pub fn fill(pattern: &'static str, random: u32) -> Fields {
    let mut bits = 0u32;
    let mut source = random;
    for symbol in pattern.chars().filter(|symbol| *symbol != ' ') {
        bits <<= 1;
        match symbol {
            '0' => {}
            '1' => bits |= 1,
            _ => {
                bits |= source & 1;
                source >>= 1;
            }
        }
    }
    Fields {
        pattern,
        bits,
        size: (width(pattern) / 8) as u8,
    }
}

/// The fields of `bits` if they fit `pattern`.
#[must_use]
pub fn matching(pattern: &'static str, bits: u32) -> Option<Fields> {
    let size = (width(pattern) / 8) as u8;
    let mut bit = u32::from(size) * 8;
    for symbol in pattern.chars().filter(|symbol| *symbol != ' ') {
        bit -= 1;
        let is_set = bits >> bit & 1 != 0;
        if symbol == '0' && is_set || symbol == '1' && !is_set {
            return None;
        }
    }
    Some(Fields {
        pattern,
        bits,
        size,
    })
}

#[cfg(test)]
mod tests {
    use super::{fill, matching};

    #[test]
    fn a_filled_pattern_matches_itself() {
        let pattern = "1111 0i00 000S nnnn  0iii dddd iiii iiii";
        for random in [0, 0x1234_5678, u32::MAX] {
            let fields = fill(pattern, random);
            assert_eq!(
                matching(pattern, fields.bits).map(|f| f.get('n')),
                Some(fields.get('n'))
            );
            assert!(matching(pattern, fields.bits ^ 0x8000_0000).is_none());
        }
    }

    #[test]
    fn fields_are_joined_from_the_most_significant_bit() {
        let fields = fill("1111 0i00 0000 0000  0iii 0000 iiii iiii", u32::MAX);
        assert_eq!(fields.bits, 0xF400_70FF);
        assert_eq!(fields.size, 4);
        assert_eq!(fields.get('i'), 0xFFF);
        assert_eq!(fields.get('d'), 0);
    }
}
