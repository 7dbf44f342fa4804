//! The FPv4-SP instructions: coprocessors 10 and 11 (A6.4 to A6.8).
//!
//! Single registers are numbered 0 to 31; a double register is the pair that starts at twice its number. What lies in this
//! space and is no instruction of this unit (double-precision arithmetic among it) is [`OpKind::FpUndefined`]: NOCP while
//! the unit is off, UNDEFINSTR when it is on.

use crate::CostClass as C;
use crate::op::{DECREMENT, Op, OpKind as K, WRITE_BACK};

const UNDEFINED: Op = Op::new(K::FpUndefined, 4);

/// Single registers.
const REGISTERS: u32 = 32;

/// Is this an instruction of coprocessor 10 or 11, and not one of the second encoding space (bit 28)?
pub(super) const fn is_floating_point(first: u32, second: u32) -> bool {
    first >> 10 == 0b11_1011 && second >> 9 & 7 == 0b101
}

pub(super) fn decode(pc: u32, first: u32, second: u32) -> Op {
    match (first >> 8 & 3, second & 0x10 != 0) {
        (0b10, false) => data_processing(first, second),
        (0b10, true) => transfer(first, second),
        (0b00, _) if first & 0xE0 == 0x40 => pair(first, second),
        (0b00 | 0b01, _) => load_or_store(pc, first, second),
        _ => UNDEFINED,
    }
}

/// The registers in the fields of D, N and M.
const fn single(number: u32, low_bit: u32) -> u8 {
    ((number & 15) << 1 | low_bit & 1) as u8
}

const fn sd(first: u32, second: u32) -> u8 {
    single(second >> 12, first >> 6)
}

const fn sn(first: u32, second: u32) -> u8 {
    single(first, second >> 7)
}

const fn sm(second: u32) -> u8 {
    single(second, second >> 5)
}

const fn op(kind: K, class: C, [rd, rn, rm]: [u8; 3]) -> Op {
    let mut op = Op::wide(kind, class);
    (op.rd, op.rn, op.rm) = (rd, rn, rm);
    op
}

/// Table A6-2: three registers.
fn data_processing(first: u32, second: u32) -> Op {
    let registers = [sd(first, second), sn(first, second), sm(second)];
    let bit6 = second >> 6 & 1;
    let (kind, class, form) = match first >> 4 & 0b1011 {
        0b1011 => return other(first, second),
        _ if second & 0x100 != 0 => return UNDEFINED,
        // `form`: bit 0 negates the product, bit 1 the addend.
        0b0000 => (K::Vmla, C::FpMultiplyAdd, bit6),
        0b0001 => (K::Vmla, C::FpMultiplyAdd, 2 | bit6),
        0b1001 => (K::Vfma, C::FpMultiplyAdd, 2 | bit6),
        0b1010 => (K::Vfma, C::FpMultiplyAdd, bit6),
        0b0010 => (if bit6 == 0 { K::Vmul } else { K::Vnmul }, C::FpAlu, 0),
        0b0011 => (if bit6 == 0 { K::Vadd } else { K::Vsub }, C::FpAlu, 0),
        0b1000 if bit6 == 0 => (K::Vdiv, C::FpDivide, 0),
        _ => return UNDEFINED,
    };
    op(kind, class, registers).sh(form)
}

/// Table A6-3: one or two registers.
fn other(first: u32, second: u32) -> Op {
    let (opc2, bit7) = (first & 15, second >> 7 & 1);
    let registers = [sd(first, second), 0, sm(second)];
    if second & 0x40 == 0 {
        let imm8 = opc2 << 4 | second & 15;
        return if second & 0x1A0 == 0 {
            op(K::VmovImm, C::FpAlu, registers).i(expand(imm8))
        } else {
            UNDEFINED
        };
    }
    // Fixed point has the size of the number where the others have that of the register.
    if second & 0x100 != 0 {
        return UNDEFINED;
    }
    match (opc2, bit7) {
        (0, 0) => op(K::Vmov, C::FpAlu, registers),
        (0, _) => op(K::Vabs, C::FpAlu, registers),
        (1, 0) => op(K::Vneg, C::FpAlu, registers),
        (1, _) => op(K::Vsqrt, C::FpDivide, registers),
        // `shift`: bit 0 the top half, bit 1 to half precision.
        (2 | 3, top) => op(K::VcvtHalf, C::FpAlu, registers).sh((opc2 & 1) << 1 | top),
        // `shift`: bit 0 signals, bit 1 compares with zero.
        (4, signals) => op(K::Vcmp, C::FpAlu, registers).sh(signals),
        (5, signals) if second & 0x2F == 0 => op(K::Vcmp, C::FpAlu, registers).sh(2 | signals),
        // `imm`: bit 0 signed, bit 1 by the mode of FPSCR.
        (8, is_signed) => op(K::VcvtFromInteger, C::FpAlu, registers).i(is_signed),
        (12 | 13, truncates) => {
            op(K::VcvtToInteger, C::FpAlu, registers).i(opc2 & 1 | (truncates ^ 1) << 1)
        }
        (10 | 11 | 14 | 15, is_word) => {
            let size = if is_word != 0 { 32 } else { 16 };
            let fraction = match u32::checked_sub(size, (second & 15) << 1 | second >> 5 & 1) {
                Some(fraction) => fraction,
                None => return UNDEFINED,
            };
            // `imm`: bit 0 signed, bit 1 to fixed point. `ra`: size. `shift`: fraction bits.
            let how = opc2 & 1 ^ 1 | (opc2 >> 2 & 1) << 1;
            op(K::VcvtFixed, C::FpAlu, [registers[0], 0, registers[0]])
                .i(how)
                .a(size as u8)
                .sh(fraction)
        }
        _ => UNDEFINED,
    }
}

/// `VFPExpandImm`.
const fn expand(imm8: u32) -> u32 {
    let exponent = if imm8 & 0x40 != 0 {
        0b0111_1100
    } else {
        0b1000_0000
    };
    (imm8 & 0x80) << 24 | (exponent | imm8 >> 4 & 3) << 23 | (imm8 & 15) << 19
}

const fn is_bad(register: u32) -> bool {
    register == 13 || register == 15
}

/// Table A6-5: one word between a core register and this unit. `ra` is 1 towards the core.
fn transfer(first: u32, second: u32) -> Op {
    let (to_core, rt) = (first >> 4 & 1, second >> 12);
    let is_double = second & 0x100 != 0;
    if second & 0xF != 0 || second & 0x60 != 0 {
        return UNDEFINED;
    }
    let op = |kind, number: u8| {
        let refused = if to_core != 0 { is_bad(rt) } else { rt == 15 };
        let op = op(kind, C::FpAlu, [number, rt as u8, 0]).a(to_core as u8);
        if refused { UNDEFINED } else { op }
    };
    match (first >> 5 & 7, is_double) {
        (0, false) => op(K::VmovCore, sn(first, second)),
        // VMOV of a scalar: the half of a double register is a single one.
        (half @ 0..=1, true) if second & 0x80 == 0 => op(K::VmovCore, single(first, half)),
        (7, false) if first & 15 == 1 && second & 0x80 == 0 => match (to_core, rt) {
            // FPSCR's flags to APSR.
            (1, 15) => Op::wide(K::Vmrs, C::FpAlu).n(15),
            (1, _) => op(K::Vmrs, 0),
            _ => op(K::Vmsr, 0),
        },
        _ => UNDEFINED,
    }
}

/// Table A6-6: two words between core registers and this unit.
fn pair(first: u32, second: u32) -> Op {
    let (to_core, rt, rt2) = (first >> 4 & 1, second >> 12, first & 15);
    let number = if second & 0x100 == 0 {
        sm(second)
    } else if second & 0x20 == 0 {
        single(second, 0)
    } else {
        return UNDEFINED;
    };
    let refused = if to_core != 0 {
        is_bad(rt) || is_bad(rt2) || rt == rt2
    } else {
        rt == 15 || rt2 == 15
    };
    if second & 0xD0 != 0x10 || u32::from(number) + 1 >= REGISTERS || refused {
        return UNDEFINED;
    }
    op(K::VmovPair, C::FpMovePair, [number, rt as u8, rt2 as u8]).a(to_core as u8)
}

/// Table A6-4. `rd` is the first register, `ra` the number of words.
fn load_or_store(pc: u32, first: u32, second: u32) -> Op {
    let (rn, is_load, imm8) = (first & 15, first & 0x10 != 0, second & 0xFF);
    let (pre, up, writes_back) = (first & 0x100 != 0, first & 0x80 != 0, first & 0x20 != 0);
    let is_double = second & 0x100 != 0;
    if is_double && first & 0x40 != 0 {
        return UNDEFINED;
    }
    let start = if is_double {
        single(second >> 12, 0)
    } else {
        sd(first, second)
    };
    if pre && !writes_back {
        let (kind, class) = match (is_load, is_double) {
            (true, false) => (K::Vldr, C::FpLoad),
            (true, true) => (K::Vldr, C::FpLoadDouble),
            (false, false) => (K::Vstr, C::FpStore),
            (false, true) => (K::Vstr, C::FpStoreDouble),
        };
        let offset = if up {
            imm8 << 2
        } else {
            (imm8 << 2).wrapping_neg()
        };
        let op = op(kind, class, [start, rn as u8, 0]).a(1 + u8::from(is_double));
        return match (rn, is_load) {
            (15, false) => UNDEFINED,
            (15, true) => op.i((pc.wrapping_add(4) & !3).wrapping_add(offset)),
            _ => op.i(offset),
        };
    }
    let direction = match (pre, up) {
        (false, true) => 0,
        (true, false) => DECREMENT,
        _ => return UNDEFINED,
    };
    let last = u32::from(start) + imm8;
    if rn == 15 || imm8 == 0 || last > REGISTERS || is_double && imm8 & 1 != 0 {
        return UNDEFINED;
    }
    let write_back = if writes_back { WRITE_BACK } else { 0 };
    let kind = if is_load { K::Vldm } else { K::Vstm };
    op(kind, C::FpMultiple, [start, rn as u8, 0])
        .a(imm8 as u8)
        .i(direction | write_back)
}

#[cfg(test)]
mod tests {
    use super::expand;
    use crate::op::OpKind as K;
    use crate::{CpuModel, Extensions, decode};

    /// As arm-none-eabi-as encodes them.
    #[rustfmt::skip]
    const SAMPLES: &[(u16, u16, K, &str)] = &[
        (0xEE30, 0x0A20, K::Vadd,            "vadd.f32 s0, s0, s1"),
        (0xEE30, 0x0A60, K::Vsub,            "vsub.f32 s0, s0, s1"),
        (0xEE20, 0x0A60, K::Vnmul,           "vnmul.f32 s0, s0, s1"),
        (0xEE00, 0x0A20, K::Vmla,            "vmla.f32 s0, s0, s1"),
        (0xEEA0, 0x0A20, K::Vfma,            "vfma.f32 s0, s0, s1"),
        (0xEE80, 0x0A20, K::Vdiv,            "vdiv.f32 s0, s0, s1"),
        (0xEEB1, 0x0AE0, K::Vsqrt,           "vsqrt.f32 s0, s1"),
        (0xEEB7, 0x0A00, K::VmovImm,         "vmov.f32 s0, #1.0"),
        (0xEEB4, 0x0AE0, K::Vcmp,            "vcmpe.f32 s0, s1"),
        (0xEEB5, 0x0A40, K::Vcmp,            "vcmp.f32 s0, #0"),
        (0xEEBD, 0x0AE0, K::VcvtToInteger,   "vcvt.s32.f32 s0, s1"),
        (0xEEB8, 0x0A60, K::VcvtFromInteger, "vcvt.f32.u32 s0, s1"),
        (0xEEBE, 0x0AC8, K::VcvtFixed,       "vcvt.s32.f32 s0, s0, #16"),
        (0xEEB2, 0x0AE0, K::VcvtHalf,        "vcvtt.f32.f16 s0, s1"),
        (0xEE10, 0x0A10, K::VmovCore,        "vmov r0, s0"),
        (0xEE21, 0x0B10, K::VmovCore,        "vmov.32 d1[1], r0"),
        (0xEC51, 0x0A10, K::VmovPair,        "vmov r0, r1, s0, s1"),
        (0xEC41, 0x0B10, K::VmovPair,        "vmov d0, r0, r1"),
        (0xEEF1, 0xFA10, K::Vmrs,            "vmrs APSR_nzcv, fpscr"),
        (0xEEE1, 0x0A10, K::Vmsr,            "vmsr fpscr, r0"),
        (0xED91, 0x0A01, K::Vldr,            "vldr s0, [r1, #4]"),
        (0xED81, 0x0B02, K::Vstr,            "vstr d0, [r1, #8]"),
        (0xECBD, 0x8B10, K::Vldm,            "vpop {d8-d15}"),
        (0xED2D, 0x8B10, K::Vstm,            "vpush {d8-d15}"),
        (0xEE30, 0x0B01, K::FpUndefined,     "vadd.f64 d0, d0, d1"),
        (0xED91, 0xFBFF, K::Vldr,            "vldr d15, [r1, #1020]"),
        (0xEDD1, 0x0B00, K::FpUndefined,     "vldr d16, [r1]"),
    ];

    #[test]
    fn only_with_an_fpu() {
        let none = Extensions {
            fpu: false,
            ..CpuModel::CortexM4.extensions()
        };
        for &(first, second, kind, text) in SAMPLES {
            assert_eq!(
                decode(CpuModel::CortexM4.extensions(), 0, first, second).kind,
                kind,
                "{text}"
            );
            assert_eq!(
                decode(none, 0, first, second).kind,
                K::NoCp,
                "{text} without an FPU"
            );
        }
    }

    #[test]
    fn registers_and_literals() {
        let decode = |first, second| decode(CpuModel::CortexM4.extensions(), 0x1002, first, second);
        let op = decode(0xEE71, 0x0AE2);
        assert_eq!((op.rd, op.rn, op.rm), (1, 3, 5), "vsub.f32 s1, s3, s5");
        let op = decode(0xED9F, 0x1A02);
        assert_eq!((op.rd, op.rn, op.imm), (2, 15, 0x100C), "vldr s2, [pc, #8]");
        let op = decode(0xEE21, 0x0B10);
        assert_eq!((op.rd, op.rn), (3, 0), "vmov.32 d1[1], r0");
    }

    #[test]
    fn immediates() {
        assert_eq!(
            [0x70, 0x00, 0x80, 0x3F].map(|imm| f32::from_bits(expand(imm))),
            [1.0, 2.0, -2.0, 31.0]
        );
    }
}
