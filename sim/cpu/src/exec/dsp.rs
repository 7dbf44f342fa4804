//! The DSP extension of the Cortex-M4: arithmetic on bytes and halfwords, saturation, multiply-accumulate.
//!
//! | instructions | source | test that proves it |
//! |---|---|---|
//! | S, Q, SH, U, UQ, UH × ADD16, ASX, SAX, SUB16, ADD8, SUB8 | ARMv7-M A7.7.125 and others, P1 of `SADD16` | `tests::parallel_additions_in_their_six_flavours` |
//! | GE from S and U forms, SEL | A7.7.128 | `tests::ge_selects_bytes` |
//! | PKHBT, PKHTB | A7.7.91 | `tests::packing` |
//! | SXTAB and its like, SXTB16, UXTB16 | A7.7.180–185 | `tests::extensions` |
//! | QADD, QSUB, QDADD, QDSUB, Q | A7.7.103–111 | `tests::saturating_additions_set_q` |
//! | SSAT16, USAT16, Q | A7.7.154, A7.7.214 | `tests::saturation_of_halfwords` |
//! | USAD8, USADA8 | A7.7.211–212 | `tests::absolute_differences` |
//! | SMUL…, SMLA…, SMULW…, SMLAW…, SMUAD, SMUSD, SMLAD, SMLSD, Q | A7.7.139–151 | `tests::halfword_multiplies`, `tests::accumulations_that_overflow_set_q` |
//! | SMMUL, SMMLA, SMMLS and rounding | A7.7.145–147 | `tests::most_significant_word_multiplies` |
//! | SMLALxy, SMLALD, SMLSLD, UMAAL | A7.7.141–144, A7.7.203 | `tests::long_accumulations` |
//!
//! All of them against unicorn on random operands: `sim/unicorn/tests/random.rs`.

use crate::Core;
use crate::op::{Op, OpKind as K};

/// What becomes of a lane's sum: bits 1:0 of the flavour. Bit 2 makes the lanes unsigned.
mod flavour {
    pub(super) const MODULAR: u8 = 0;
    pub(super) const SATURATED: u8 = 1;
    pub(super) const HALVED: u8 = 2;
    pub(super) const UNSIGNED: u8 = 4;
}

/// Operations of [`K::ParallelAdd`] in its `imm`: bits 2:0 of the first halfword's op1.
mod lanes {
    pub(super) const ADD8: u32 = 0;
    pub(super) const ADD16: u32 = 1;
    /// The high lane adds, the low one subtracts, the second operand exchanged.
    pub(super) const ASX: u32 = 2;
    pub(super) const SUB8: u32 = 4;
    pub(super) const SUB16: u32 = 5;
}

/// Lane `lane` of `bits` bits.
const fn lane(value: u32, lane: u32, bits: u32, is_signed: bool) -> i32 {
    let up = value << (32 - bits * (lane + 1));
    if is_signed {
        (up as i32) >> (32 - bits)
    } else {
        (up >> (32 - bits)) as i32
    }
}

const fn top(value: u32, take_top: bool) -> i64 {
    (if take_top {
        (value as i32) >> 16
    } else {
        value as i16 as i32
    }) as i64
}

impl Core {
    /// Executes an op of the DSP extension.
    #[inline(never)]
    pub(super) fn dsp(&mut self, op: &Op) {
        let (n, m) = (self.reg(op.rn), self.reg(op.rm));
        let result = match op.kind {
            K::ParallelAdd => self.parallel_add(op, n, m),
            K::Sel => self.select(n, m),
            K::Pkh => {
                let shifted = self.shifted(op);
                if op.imm == 0 {
                    shifted & 0xFFFF_0000 | n & 0xFFFF
                } else {
                    n & 0xFFFF_0000 | shifted & 0xFFFF
                }
            }
            K::ExtendAdd => extend_add(op, if op.rn == 15 { 0 } else { n }, m),
            K::SaturatingAdd => {
                let n = i64::from(n as i32);
                let second = if op.imm & 1 != 0 {
                    i64::from(self.saturated(2 * n))
                } else {
                    n
                };
                let first = i64::from(m as i32);
                self.saturated(if op.imm & 2 != 0 {
                    first - second
                } else {
                    first + second
                }) as u32
            }
            K::Ssat16 => {
                let most = (1i32 << (op.imm.clamp(1, 16) - 1)) - 1;
                self.clamp_halves(n, -most - 1, most)
            }
            K::Usat16 => self.clamp_halves(n, 0, (1 << (op.imm & 15)) - 1),
            K::Usada8 => {
                let difference = |i| lane(n, i, 8, false).abs_diff(lane(m, i, 8, false));
                (0..4).fold(self.addend(op), |sum, i| sum.wrapping_add(difference(i)))
            }
            K::Smlaxy => {
                let product = top(n, op.shift & 2 != 0) * top(m, op.shift & 1 != 0);
                self.accumulate(op, product)
            }
            K::Smlawy => {
                let product = (i64::from(n as i32) * top(m, op.shift & 1 != 0)) >> 16;
                self.accumulate(op, product)
            }
            K::Smlad => {
                let sum = dual(op, n, m);
                self.accumulate(op, sum)
            }
            K::Smmla => {
                let product = i64::from(n as i32).wrapping_mul(i64::from(m as i32));
                let base = i64::from(self.addend(op) as i32) << 32;
                let sum = if op.imm != 0 {
                    base.wrapping_sub(product)
                } else {
                    base.wrapping_add(product)
                };
                let rounding = i64::from(op.shift & 1) << 31;
                (sum.wrapping_add(rounding) >> 32) as u32
            }
            _ => return self.long_accumulate(op, n, m),
        };
        self.put(op.rd, result);
    }

    /// Ra; nothing where the instruction has none.
    const fn addend(&self, op: &Op) -> u32 {
        if op.ra == 15 { 0 } else { self.reg(op.ra) }
    }

    /// The sum of `product` and Ra, modulo 2^32; Q if that is not what it is.
    fn accumulate(&mut self, op: &Op, product: i64) -> u32 {
        let sum = product + i64::from(self.addend(op) as i32);
        self.q |= sum != i64::from(sum as i32);
        sum as u32
    }

    fn saturated(&mut self, value: i64) -> i32 {
        let result = value.clamp(i32::MIN.into(), i32::MAX.into());
        self.q |= result != value;
        result as i32
    }

    fn clamp_halves(&mut self, value: u32, least: i32, most: i32) -> u32 {
        let [low, high] = [0, 1].map(|i| lane(value, i, 16, true));
        let [clamped_low, clamped_high] = [low, high].map(|half| half.clamp(least, most));
        self.q |= low != clamped_low || high != clamped_high;
        (clamped_high as u32) << 16 | clamped_low as u32 & 0xFFFF
    }

    /// Bytes of `n` where GE is set, of `m` elsewhere.
    const fn select(&self, n: u32, m: u32) -> u32 {
        let mut mask = 0;
        let mut i = 0;
        while i < 4 {
            if self.ge >> i & 1 != 0 {
                mask |= 0xFF << (8 * i);
            }
            i += 1;
        }
        n & mask | m & !mask
    }

    fn parallel_add(&mut self, op: &Op, n: u32, m: u32) -> u32 {
        let is_signed = op.shift & flavour::UNSIGNED == 0;
        let is_bytes = matches!(op.imm, lanes::ADD8 | lanes::SUB8);
        let (bits, count) = if is_bytes { (8, 4) } else { (16, 2) };
        let mask = (1u32 << bits) - 1;
        let crossed = !matches!(
            op.imm,
            lanes::ADD8 | lanes::ADD16 | lanes::SUB8 | lanes::SUB16
        );
        let mut result = 0;
        let mut ge = 0;
        for i in 0..count {
            let subtracts = match op.imm {
                lanes::ADD8 | lanes::ADD16 => false,
                lanes::SUB8 | lanes::SUB16 => true,
                lanes::ASX => i == 0,
                _ => i == 1,
            };
            let a = lane(n, i, bits, is_signed);
            let b = lane(m, if crossed { 1 - i } else { i }, bits, is_signed);
            let sum = if subtracts { a - b } else { a + b };
            let at_least = if is_signed || subtracts {
                sum >= 0
            } else {
                sum > mask as i32
            };
            if at_least {
                ge |= if is_bytes { 1 << i } else { 3 << (2 * i) };
            }
            let (least, most) = if is_signed {
                (-(1 << (bits - 1)), (mask >> 1) as i32)
            } else {
                (0, mask as i32)
            };
            let value = match op.shift & 3 {
                flavour::SATURATED => sum.clamp(least, most),
                flavour::HALVED => sum >> 1,
                _ => sum,
            };
            result |= (value as u32 & mask) << (bits * i);
        }
        if op.shift & 3 == flavour::MODULAR {
            self.ge = ge;
        }
        result
    }

    fn long_accumulate(&mut self, op: &Op, n: u32, m: u32) {
        let (low, high) = (self.reg(op.rd), self.reg(op.ra));
        let base = u64::from(high) << 32 | u64::from(low);
        let result = match op.kind {
            K::Umaal => u64::from(n) * u64::from(m) + u64::from(low) + u64::from(high),
            K::Smlald => base.wrapping_add(dual(op, n, m) as u64),
            _ => base.wrapping_add((top(n, op.shift & 2 != 0) * top(m, op.shift & 1 != 0)) as u64),
        };
        self.put(op.rd, result as u32);
        self.put(op.ra, (result >> 32) as u32);
    }
}

/// Low product plus, or minus, high product; bit 0 of `shift` exchanges the halves of the second operand.
const fn dual(op: &Op, n: u32, m: u32) -> i64 {
    let m = if op.shift & 1 != 0 {
        m.rotate_right(16)
    } else {
        m
    };
    let (low, high) = (top(n, false) * top(m, false), top(n, true) * top(m, true));
    if op.imm != 0 { low - high } else { low + high }
}

/// `imm` as in table A5-23: 0 SXTAH, 1 UXTAH, 2 SXTAB16, 3 UXTAB16, 4 SXTAB, 5 UXTAB.
const fn extend_add(op: &Op, n: u32, m: u32) -> u32 {
    let m = m.rotate_right(op.shift as u32);
    match op.imm {
        0 => n.wrapping_add(m as i16 as u32),
        1 => n.wrapping_add(m as u16 as u32),
        4 => n.wrapping_add(m as i8 as u32),
        5 => n.wrapping_add(m as u8 as u32),
        both => {
            let is_signed = both == 2;
            let (low, high) = (
                lane(m, 0, 8, is_signed) as u32,
                lane(m, 2, 8, is_signed) as u32,
            );
            (n >> 16).wrapping_add(high) << 16 | n.wrapping_add(low) & 0xFFFF
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Core, CpuModel, decode};

    /// R0 after an instruction on R1, R2, R3 (and R0, where it is a source), and Q.
    fn run(code: u32, r: [u32; 4]) -> (u32, bool) {
        let core = after(&mut Core::new(), code, r);
        (core.r[0], core.q)
    }

    fn after(core: &mut Core, code: u32, r: [u32; 4]) -> Core {
        core.r[..4].copy_from_slice(&r);
        let op = decode(
            CpuModel::CortexM4.extensions(),
            0,
            (code >> 16) as u16,
            code as u16,
        );
        assert!(op.kind.is_dsp(), "{code:08x} is {:?}", op.kind);
        core.dsp(&op);
        core.clone()
    }

    #[test]
    fn parallel_additions_in_their_six_flavours() {
        // op r0, r1, r2 with r1 = 0x7FFF_8000, r2 = 0x0001_FFFF.
        let r = [0, 0x7FFF_8000, 0x0001_FFFF, 0];
        let add16 = |flavour: u32| run(0xFA91_F002 | flavour << 4, r).0;
        assert_eq!(add16(0), 0x8000_7FFF, "SADD16");
        assert_eq!(add16(1), 0x7FFF_8000, "QADD16");
        assert_eq!(add16(2), 0x4000_BFFF, "SHADD16");
        assert_eq!(add16(4), 0x8000_7FFF, "UADD16");
        assert_eq!(add16(5), 0x8000_FFFF, "UQADD16");
        assert_eq!(add16(6), 0x4000_BFFF, "UHADD16");
        assert_eq!(
            run(0xFAA1_F002, [0, 0x0010_0020, 0x0003_0001, 0]).0,
            0x0011_001D,
            "SASX"
        );
        assert_eq!(
            run(0xFAE1_F002, [0, 0x0010_0020, 0x0003_0001, 0]).0,
            0x000F_0023,
            "SSAX"
        );
        assert_eq!(
            run(0xFAD1_F042, [0, 0x0001_0005, 0x0002_0003, 0]).0,
            0xFFFF_0002,
            "USUB16"
        );
        assert_eq!(
            run(0xFAD1_F052, [0, 0x0001_0005, 0x0002_0003, 0]).0,
            0x0000_0002,
            "UQSUB16"
        );
        assert_eq!(
            run(0xFA81_F052, [0, 0xFF01_80F0, 0x0102_8020, 0]).0,
            0xFF03_FFFF,
            "UQADD8"
        );
        assert_eq!(
            run(0xFAC1_F012, [0, 0x8001_7F05, 0x0102_FF03, 0]).0,
            0x80FF_7F02,
            "QSUB8"
        );
        assert!(!run(0xFA91_F012, r).1, "saturation of lanes leaves Q alone");
    }

    #[test]
    fn ge_selects_bytes() {
        let mut core = Core::new();
        // USUB8: 5-3, 3-5, 0x80-0x80, 0-1.
        let ge = after(&mut core, 0xFAC1_F042, [0, 0x0503_8000, 0x0305_8001, 0]).ge;
        assert_eq!(ge, 0b1010);
        assert_eq!(
            after(&mut core, 0xFAA1_F082, [0, 0x1122_3344, 0xAABB_CCDD, 0]).r[0],
            0x11BB_33DD,
            "SEL"
        );
        assert_eq!(
            after(&mut core, 0xFA81_F002, [0, 0x8001_7FFF, 0x8001_0101, 0]).ge,
            0b0111,
            "SADD8: signs"
        );
        assert_eq!(
            after(&mut core, 0xFA91_F042, [0, 0xFFFF_0001, 0x0001_0001, 0]).ge,
            0b1100,
            "UADD16: carries"
        );
        assert_eq!(
            after(&mut core, 0xFA91_F052, [0, 0xFFFF_0001, 0x0001_FFFF, 0]).ge,
            0b1100,
            "UQADD16 keeps GE"
        );
    }

    #[test]
    fn packing() {
        let r = [0, 0x1111_2222, 0x8765_4321, 0];
        assert_eq!(run(0xEAC1_1002, r).0, 0x7654_2222, "PKHBT LSL #4");
        assert_eq!(run(0xEAC1_0022, r).0, 0x1111_FFFF, "PKHTB ASR #32");
        assert_eq!(run(0xEAC1_2022, r).0, 0x1111_6543, "PKHTB ASR #8");
    }

    #[test]
    fn extensions() {
        let r = [0, 0x0001_FFFF, 0x1280_3490, 0];
        assert_eq!(run(0xFA41_F082, r).0, 0x0001_FF8F, "SXTAB");
        assert_eq!(run(0xFA51_F092, r).0, 0x0002_0033, "UXTAB ROR #8");
        assert_eq!(run(0xFA01_F0A2, r).0, 0x0002_127F, "SXTAH ROR #16");
        assert_eq!(
            run(0xFA21_F082, r).0,
            0xFF81_FF8F,
            "SXTAB16: lanes do not carry into each other"
        );
        assert_eq!(run(0xFA3F_F082, r).0, 0x0080_0090, "UXTB16");
    }

    #[test]
    fn saturating_additions_set_q() {
        // QADD r0, r1, r2 has Rn = r2.
        assert_eq!(
            run(0xFA82_F081, [0, 0x7FFF_FFFF, 1, 0]),
            (0x7FFF_FFFF, true),
            "QADD"
        );
        assert_eq!(run(0xFA82_F081, [0, 5, 1, 0]), (6, false), "QADD");
        assert_eq!(
            run(0xFA82_F0A1, [0, 0x8000_0000, 1, 0]),
            (0x8000_0000, true),
            "QSUB"
        );
        assert_eq!(
            run(0xFA82_F091, [0, 0xFFFF_FFFF, 0x4000_0000, 0]),
            (0x7FFF_FFFE, true),
            "QDADD: the doubling"
        );
        assert_eq!(run(0xFA82_F0B1, [0, 10, 3, 0]), (4, false), "QDSUB");
    }

    #[test]
    fn saturation_of_halfwords() {
        assert_eq!(
            run(0xF321_0003, [0, 0x0010_FFF0, 0, 0]),
            (0x0007_FFF8, true),
            "SSAT16 #4"
        );
        assert_eq!(
            run(0xF321_000F, [0, 0x8000_7FFF, 0, 0]),
            (0x8000_7FFF, false),
            "SSAT16 #16"
        );
        assert_eq!(
            run(0xF3A1_0004, [0, 0x0010_FFF0, 0, 0]),
            (0x000F_0000, true),
            "USAT16 #4"
        );
    }

    #[test]
    fn absolute_differences() {
        assert_eq!(
            run(0xFB71_F002, [0, 0x00FF_1020, 0xFF00_2010, 9]).0,
            255 + 255 + 16 + 16,
            "USAD8"
        );
        assert_eq!(
            run(0xFB71_3002, [0, 0x01, 0x03, 0xFFFF_FFFF]).0,
            1,
            "USADA8"
        );
    }

    #[test]
    fn halfword_multiplies() {
        let r = [0, 0xFFFE_0003, 0x0005_FFF9, 100];
        assert_eq!(run(0xFB11_F002, r).0 as i32, -21, "SMULBB");
        assert_eq!(run(0xFB11_F012, r).0 as i32, 15, "SMULBT");
        assert_eq!(run(0xFB11_F022, r).0 as i32, 14, "SMULTB");
        assert_eq!(run(0xFB11_3032, r).0 as i32, 90, "SMLATT");
        assert_eq!(
            run(0xFB31_F012, [0, 0xFFFF_0000, 0x0003_0000, 0]).0 as i32,
            -3,
            "SMULWT"
        );
        assert_eq!(run(0xFB21_F002, r).0 as i32, -31, "SMUAD");
        assert_eq!(run(0xFB21_3012, r).0 as i32, 15 + 14 + 100, "SMLADX");
        assert_eq!(run(0xFB41_F002, r).0 as i32, -11, "SMUSD");
        assert_eq!(run(0xFB41_3012, r).0 as i32, 15 - 14 + 100, "SMLSDX");
    }

    #[test]
    fn accumulations_that_overflow_set_q() {
        let most = 0x7FFF_FFFF;
        assert_eq!(
            run(0xFB11_3002, [0, 1, 1, most]),
            (0x8000_0000, true),
            "SMLABB"
        );
        assert_eq!(
            run(0xFB31_3002, [0, 0x1_0000, 1, most]),
            (0x8000_0000, true),
            "SMLAWB"
        );
        assert_eq!(
            run(0xFB21_F002, [0, 0x8000_8000, 0x8000_8000, 0]),
            (0x8000_0000, true),
            "SMUAD"
        );
        assert_eq!(
            run(0xFB21_3002, [0, 1, 1, most]),
            (0x8000_0000, true),
            "SMLAD"
        );
        assert_eq!(
            run(0xFB41_3002, [0, 1, 1, most - 1]),
            (most, false),
            "SMLSD"
        );
    }

    #[test]
    fn most_significant_word_multiplies() {
        let r = [0, 0x4000_0000, 0x0000_0002, 7];
        assert_eq!(run(0xFB51_F002, r).0, 0, "SMMUL truncates");
        assert_eq!(run(0xFB51_F012, r).0, 1, "SMMULR rounds");
        assert_eq!(run(0xFB51_3012, r).0, 8, "SMMLAR");
        assert_eq!(run(0xFB61_3002, r).0, 6, "SMMLS");
        assert_eq!(run(0xFB61_3012, r).0, 7, "SMMLSR");
    }

    #[test]
    fn long_accumulations() {
        // RdLo r0, RdHi r1, operands r2, r3.
        let pair = |code, r| {
            let core = after(&mut Core::new(), code, r);
            u64::from(core.r[1]) << 32 | u64::from(core.r[0])
        };
        assert_eq!(
            pair(0xFBC2_0183, [0xFFFF_FFFF, 0, 2, 3]),
            0x1_0000_0005,
            "SMLALBB"
        );
        assert_eq!(
            pair(0xFBC2_01B3, [5, 0, 0xFFFF_0000, 0x0006_0000]) as i64,
            -1,
            "SMLALTT"
        );
        assert_eq!(
            pair(0xFBC2_01C3, [0, 0, 0x0002_0003, 0x0005_0007]),
            31,
            "SMLALD"
        );
        assert_eq!(
            pair(0xFBC2_01D3, [0, 0, 0x0002_0003, 0x0005_0007]),
            29,
            "SMLALDX"
        );
        assert_eq!(
            pair(0xFBD2_01C3, [0, 0, 0x0002_0003, 0x0005_0007]),
            11,
            "SMLSLD"
        );
        assert_eq!(
            pair(0xFBE2_0163, [u32::MAX; 4]),
            u64::MAX,
            "UMAAL cannot overflow"
        );
    }
}
