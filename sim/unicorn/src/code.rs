//! Instructions as bits, and the little of IT blocks that unicorn has to be told.

/// The bits of one instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// First halfword.
    pub first: u16,
    /// Second halfword of a 32-bit instruction.
    pub second: Option<u16>,
}

impl Code {
    /// Does a halfword begin a 32-bit instruction (A5.1)?
    #[must_use]
    pub const fn is_wide(first: u16) -> bool {
        first >> 11 >= 0b11101
    }

    /// Size in bytes.
    #[must_use]
    pub const fn size(self) -> u32 {
        if self.second.is_some() { 4 } else { 2 }
    }

    /// The bits, a wide instruction with its first halfword in bits 31:16.
    #[must_use]
    pub fn bits(self) -> u32 {
        match self.second {
            Some(second) => u32::from(self.first) << 16 | u32::from(second),
            None => u32::from(self.first),
        }
    }

    /// A narrow data-processing instruction: sets flags, but not in an IT block.
    pub(crate) const fn heeds_it(self) -> bool {
        self.first < 0x4400
    }

    /// A floating-point instruction: coprocessor 10 or 11.
    pub(crate) const fn is_floating_point(self) -> bool {
        match self.second {
            Some(second) => self.first >> 10 == 0b11_1011 && second >> 9 & 7 == 0b101,
            None => false,
        }
    }

    /// VCVT from fixed point.
    pub(crate) const fn is_from_fixed(self) -> bool {
        match self.second {
            Some(second) => self.first & 0xFFBE == 0xEEBA && second & 0x0F50 == 0x0A40,
            None => false,
        }
    }

    /// An IT instruction.
    pub(crate) const fn is_it(self) -> bool {
        self.first & 0xFF00 == 0xBF00 && self.first & 0xF != 0
    }
}

/// ITSTATE for the next instruction (`ITAdvance`).
#[must_use]
pub const fn advance(itstate: u8) -> u8 {
    if itstate & 7 == 0 {
        0
    } else {
        itstate & 0xE0 | itstate << 1 & 0x1F
    }
}

/// Does condition `cond` hold with these flags (A7.3)?
pub(crate) const fn condition_holds(apsr: u32, cond: u8) -> bool {
    let (n, z, c, v) = (
        apsr >> 31 & 1 != 0,
        apsr >> 30 & 1 != 0,
        apsr >> 29 & 1 != 0,
        apsr >> 28 & 1 != 0,
    );
    let holds = match cond >> 1 {
        0 => z,
        1 => c,
        2 => n,
        3 => v,
        4 => c && !z,
        5 => n == v,
        6 => n == v && !z,
        _ => return true,
    };
    holds != (cond & 1 != 0)
}
