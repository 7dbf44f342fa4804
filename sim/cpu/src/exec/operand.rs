//! Operands and flags: shifts, carries, conditions.

use crate::op::shift_type;
use crate::{Core, Op};

/// Does `cond` (0..=15, as encoded) hold? 15 is as 14: always.
#[inline]
pub(crate) const fn condition_holds(core: &Core, cond: u8) -> bool {
    let nzcv = (core.n() as usize) << 3
        | (core.z() as usize) << 2
        | (core.c as usize) << 1
        | core.v as usize;
    PASSING[(cond & 15) as usize] >> nzcv & 1 != 0
}

/// For each condition one bit for each of the 16 values of NZCV: a look-up, for a jump here is one too many.
const PASSING: [u16; 16] = {
    let mut table = [0xFFFF; 16];
    let mut cond = 0;
    while cond < 14 {
        let mut nzcv = 0;
        while nzcv < 16 {
            let (n, z, c, v) = (nzcv & 8 != 0, nzcv & 4 != 0, nzcv & 2 != 0, nzcv & 1 != 0);
            let holds = match cond >> 1 {
                0 => z,
                1 => c,
                2 => n,
                3 => v,
                4 => c && !z,
                5 => n == v,
                _ => n == v && !z,
            };
            if holds == (cond & 1 != 0) {
                table[cond] &= !(1 << nzcv);
            }
            nzcv += 1;
        }
        cond += 1;
    }
    table
};

/// LSL, LSR and ASR by 0..=255 with carry out; an amount of 0 leaves the carry.
#[inline(always)]
pub(crate) const fn lsl_c(value: u32, amount: u32, carry: bool) -> (u32, bool) {
    match amount {
        0 => (value, carry),
        1..=31 => (value << amount, value >> (32 - amount) & 1 != 0),
        32 => (0, value & 1 != 0),
        _ => (0, false),
    }
}

/// See [`lsl_c`].
#[inline(always)]
pub(crate) const fn lsr_c(value: u32, amount: u32, carry: bool) -> (u32, bool) {
    match amount {
        0 => (value, carry),
        1..=31 => (value >> amount, value >> (amount - 1) & 1 != 0),
        32 => (0, value >> 31 != 0),
        _ => (0, false),
    }
}

/// See [`lsl_c`].
#[inline(always)]
pub(crate) const fn asr_c(value: u32, amount: u32, carry: bool) -> (u32, bool) {
    match amount {
        0 => (value, carry),
        1..=31 => (
            ((value as i32) >> amount) as u32,
            value >> (amount - 1) & 1 != 0,
        ),
        _ => (((value as i32) >> 31) as u32, value >> 31 != 0),
    }
}

/// See [`lsl_c`]; a multiple of 32 leaves the value and takes its top bit as carry.
#[inline(always)]
pub(crate) const fn ror_c(value: u32, amount: u32, carry: bool) -> (u32, bool) {
    if amount == 0 {
        return (value, carry);
    }
    let result = value.rotate_right(amount & 31);
    (result, result >> 31 != 0)
}

impl Core {
    #[inline(always)]
    pub(crate) const fn reg(&self, index: u8) -> u32 {
        self.r[(index & 15) as usize]
    }

    #[inline(always)]
    pub(crate) const fn put(&mut self, index: u8, value: u32) {
        self.r[(index & 15) as usize] = value;
    }

    /// Goes on to the next instruction of an IT block (A7.3.2 `ITAdvance`).
    #[inline]
    pub(crate) const fn advance_it(&mut self) {
        let it = self.itstate;
        self.itstate = if it & 7 == 0 {
            0
        } else {
            it & 0xE0 | (it << 1) & 0x1F
        };
    }

    /// Rm shifted by the op's constant. LSR and ASR carry an amount of 32 as 32.
    #[inline(always)]
    pub(super) const fn shifted(&self, op: &Op) -> u32 {
        let (value, amount) = (self.reg(op.rm), op.shift as u32);
        match op.ra {
            shift_type::LSL => value << (amount & 31),
            shift_type::LSR => lsr_c(value, amount, false).0,
            shift_type::ASR => asr_c(value, amount, false).0,
            shift_type::ROR => value.rotate_right(amount & 31),
            _ => value >> 1 | (self.c as u32) << 31,
        }
    }

    /// Rm shifted by the op's constant, with the carry out of the shifter.
    #[inline(always)]
    pub(super) const fn shifted_c(&self, op: &Op) -> (u32, bool) {
        let (value, amount) = (self.reg(op.rm), op.shift as u32);
        match op.ra {
            shift_type::LSL => lsl_c(value, amount, self.c),
            shift_type::LSR => lsr_c(value, amount, self.c),
            shift_type::ASR => asr_c(value, amount, self.c),
            shift_type::ROR => ror_c(value, amount, self.c),
            _ => (value >> 1 | (self.c as u32) << 31, value & 1 != 0),
        }
    }

    /// The carry out of an expanded immediate: its top bit if it was rotated.
    #[inline(always)]
    pub(super) const fn immediate_c(&self, op: &Op) -> bool {
        if op.shift != 0 {
            op.imm >> 31 != 0
        } else {
            self.c
        }
    }

    #[inline(always)]
    pub(super) const fn set_nz(&mut self, result: u32) {
        self.n_of = result;
        self.z_of = result;
    }

    /// Result and flags of a logical operation.
    #[inline(always)]
    pub(super) const fn put_logic(&mut self, rd: u8, result: u32, carry: bool) {
        self.put(rd, result);
        self.set_nz(result);
        self.c = carry;
    }

    /// The flags of `a + b`; returns the sum.
    #[inline(always)]
    pub(super) const fn add_flags(&mut self, a: u32, b: u32) -> u32 {
        let (sum, carry) = a.overflowing_add(b);
        self.set_nz(sum);
        self.c = carry;
        self.v = ((a ^ sum) & (b ^ sum)) >> 31 != 0;
        sum
    }

    /// The flags of `a - b`; returns the difference.
    #[inline(always)]
    pub(super) const fn sub_flags(&mut self, a: u32, b: u32) -> u32 {
        let difference = a.wrapping_sub(b);
        self.set_nz(difference);
        self.c = a >= b;
        self.v = ((a ^ b) & (a ^ difference)) >> 31 != 0;
        difference
    }

    /// `a + b + C`, without flags. SBC is this with `b` inverted.
    #[inline(always)]
    pub(super) const fn adc(&self, a: u32, b: u32) -> u32 {
        a.wrapping_add(b).wrapping_add(self.c as u32)
    }

    /// `a + b + C` with flags.
    #[inline(always)]
    pub(super) const fn adc_flags(&mut self, a: u32, b: u32) -> u32 {
        let wide = a as u64 + b as u64 + self.c as u64;
        let sum = wide as u32;
        self.set_nz(sum);
        self.c = wide >> 32 != 0;
        self.v = ((a ^ sum) & (b ^ sum)) >> 31 != 0;
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::{asr_c, condition_holds, lsl_c, lsr_c, ror_c};
    use crate::Core;

    #[test]
    fn shifts_at_their_edges() {
        let value = 0x8000_0001;
        assert_eq!(lsl_c(value, 0, true), (value, true));
        assert_eq!(lsl_c(value, 1, false), (2, true));
        assert_eq!(lsl_c(value, 31, true), (0x8000_0000, false));
        assert_eq!(lsl_c(value, 32, false), (0, true));
        assert_eq!(lsl_c(value, 33, true), (0, false));
        assert_eq!(lsr_c(value, 1, false), (0x4000_0000, true));
        assert_eq!(lsr_c(value, 32, false), (0, true));
        assert_eq!(lsr_c(value, 33, true), (0, false));
        assert_eq!(asr_c(value, 31, true), (0xFFFF_FFFF, false));
        assert_eq!(asr_c(value, 32, false), (0xFFFF_FFFF, true));
        assert_eq!(asr_c(value, 255, false), (0xFFFF_FFFF, true));
        assert_eq!(asr_c(1, 40, true), (0, false));
        assert_eq!(ror_c(value, 0, true), (value, true));
        assert_eq!(ror_c(value, 32, false), (value, true));
        assert_eq!(ror_c(value, 1, false), (0xC000_0000, true));
        assert_eq!(ror_c(2, 33, true), (1, false));
    }

    #[test]
    fn conditions_against_the_manual() {
        // Flags as NZCV, condition, holds (ARMv7-M table A7-1).
        for nzcv in 0..16u32 {
            let mut core = Core::new();
            core.set_apsr(nzcv << 28);
            let (n, z, c, v) = (nzcv & 8 != 0, nzcv & 4 != 0, nzcv & 2 != 0, nzcv & 1 != 0);
            let wanted = [
                z,
                !z,
                c,
                !c,
                n,
                !n,
                v,
                !v,
                c && !z,
                !c || z,
                n == v,
                n != v,
                !z && n == v,
                z || n != v,
                true,
            ];
            for (cond, holds) in wanted.into_iter().enumerate() {
                assert_eq!(
                    condition_holds(&core, cond as u8),
                    holds,
                    "condition {cond}, NZCV {nzcv:04b}"
                );
            }
        }
    }
}
