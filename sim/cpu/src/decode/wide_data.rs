//! 32-bit data processing: modified and plain immediates, shifted registers, multiplies and divides.

use super::immediate::{expand, imm5, imm12, shift};
use super::{UNDEFINED, dsp};
use crate::CostClass as C;
use crate::op::{Op, OpKind as K, shift_type};

/// One data-processing operation in its six forms: without and with flags, for an immediate, a register, and a shifted
/// register.
struct Forms {
    plain: [K; 3],
    flags: [K; 3],
    /// With destination 15 and flags: the comparison.
    compare: Option<[K; 3]>,
    /// With first operand 15: the operation on one operand, without and with flags.
    unary: Option<([K; 3], [K; 3])>,
}

const fn forms(plain: [K; 3], flags: [K; 3]) -> Forms {
    Forms {
        plain,
        flags,
        compare: None,
        unary: None,
    }
}

/// Table A5-10 by bits 8:5. PKH, which is DSP, and what is not allocated has no forms.
fn operation(op: u32) -> Option<Forms> {
    Some(match op {
        0b0000 => Forms {
            compare: Some([K::TstImm, K::TstReg, K::TstShift]),
            ..forms(
                [K::AndImm, K::AndReg, K::AndShift],
                [K::AndImmS, K::AndRegS, K::AndShiftS],
            )
        },
        0b0001 => forms(
            [K::BicImm, K::BicReg, K::BicShift],
            [K::BicImmS, K::BicRegS, K::BicShiftS],
        ),
        0b0010 => Forms {
            unary: Some((
                [K::MovImm, K::MovReg, K::MovShift],
                [K::MovImmS, K::MovRegS, K::MovShiftS],
            )),
            ..forms(
                [K::OrrImm, K::OrrReg, K::OrrShift],
                [K::OrrImmS, K::OrrRegS, K::OrrShiftS],
            )
        },
        0b0011 => Forms {
            unary: Some((
                [K::MvnImm, K::MvnReg, K::MvnShift],
                [K::MvnImmS, K::MvnRegS, K::MvnShiftS],
            )),
            ..forms(
                [K::OrnImm, K::OrnReg, K::OrnShift],
                [K::OrnImmS, K::OrnRegS, K::OrnShiftS],
            )
        },
        0b0100 => Forms {
            compare: Some([K::TeqImm, K::TeqReg, K::TeqShift]),
            ..forms(
                [K::EorImm, K::EorReg, K::EorShift],
                [K::EorImmS, K::EorRegS, K::EorShiftS],
            )
        },
        0b1000 => Forms {
            compare: Some([K::CmnImm, K::CmnReg, K::CmnShift]),
            ..forms(
                [K::AddImm, K::AddReg, K::AddShift],
                [K::AddImmS, K::AddRegS, K::AddShiftS],
            )
        },
        0b1010 => forms(
            [K::AdcImm, K::AdcReg, K::AdcShift],
            [K::AdcImmS, K::AdcRegS, K::AdcShiftS],
        ),
        0b1011 => forms(
            [K::SbcImm, K::SbcReg, K::SbcShift],
            [K::SbcImmS, K::SbcRegS, K::SbcShiftS],
        ),
        0b1101 => Forms {
            compare: Some([K::CmpImm, K::CmpReg, K::CmpShift]),
            ..forms(
                [K::SubImm, K::SubReg, K::SubShift],
                [K::SubImmS, K::SubRegS, K::SubShiftS],
            )
        },
        0b1110 => forms(
            [K::RsbImm, K::RsbReg, K::RsbShift],
            [K::RsbImmS, K::RsbRegS, K::RsbShiftS],
        ),
        _ => return None,
    })
}

/// Registers and kind of a data-processing instruction; `form` is 0 to 2 as in [`Forms`].
fn data_processing(first: u32, second: u32, form: usize) -> Option<Op> {
    let (rn, rd, sets_flags) = (first & 15, second >> 8 & 15, first & 0x10 != 0);
    let forms = operation(first >> 5 & 15)?;
    if let (15, true, Some(compare)) = (rd, sets_flags, &forms.compare) {
        return (rn != 15).then(|| Op::wide(compare[form], C::Alu).n(rn));
    }
    if rd == 15 {
        return None;
    }
    if let (15, Some((plain, flags))) = (rn, &forms.unary) {
        return Some(Op::wide(if sets_flags { flags } else { plain }[form], C::Alu).d(rd));
    }
    (rn != 15).then(|| {
        Op::wide(
            if sets_flags { forms.flags } else { forms.plain }[form],
            C::Alu,
        )
        .d(rd)
        .n(rn)
    })
}

/// Wraps an op whose destination is SP, unless it is one that keeps it aligned by itself.
fn guard_sp(op: Op) -> Op {
    let compares = matches!(
        op.kind,
        K::TstImm
            | K::TstReg
            | K::TstShift
            | K::TeqImm
            | K::TeqReg
            | K::TeqShift
            | K::CmpImm
            | K::CmpReg
            | K::CmpShift
            | K::CmnImm
            | K::CmnReg
            | K::CmnShift
    );
    let adjusts = matches!(op.kind, K::AddImm | K::SubImm) && op.rn == 13 && op.imm & 3 == 0;
    if op.rd != 13 || compares || adjusts {
        op
    } else {
        op.to_sp()
    }
}

/// A5.3.1.
pub(super) fn modified_immediate(first: u32, second: u32) -> Op {
    let (value, rotated) = expand(imm12(first, second));
    match data_processing(first, second, 0) {
        Some(op) => guard_sp(op.i(value).sh(rotated.into())),
        None => UNDEFINED,
    }
}

/// A5.3.11. A shift of the register by zero is the plain form.
pub(super) fn shifted_register(first: u32, second: u32) -> Op {
    let (kind, amount) = shift(second >> 4, imm5(second));
    let rm = second & 15;
    let is_plain = kind == shift_type::LSL && amount == 0;
    if rm == 15 || second & 0x8000 != 0 {
        return UNDEFINED;
    }
    if first >> 5 & 15 == 0b0110 {
        return dsp::pack(first, second);
    }
    match data_processing(first, second, if is_plain { 1 } else { 2 }) {
        Some(op) => guard_sp(op.m(rm).a(kind).sh(amount)),
        None => UNDEFINED,
    }
}

/// A5.3.3.
pub(super) fn plain_immediate(pc: u32, first: u32, second: u32) -> Op {
    let (rn, rd) = (first & 15, second >> 8 & 15);
    let here = pc.wrapping_add(4) & !3;
    let (imm, lsb, width) = (imm12(first, second), imm5(second), second & 31);
    if rd == 15 {
        return UNDEFINED;
    }
    let alu = |kind| Op::wide(kind, C::Alu).d(rd).n(rn);
    let op = match first >> 4 & 31 {
        0b00000 if rn == 15 => alu(K::MovImm).i(here.wrapping_add(imm)),
        0b00000 => alu(K::AddImm).i(imm),
        0b01010 if rn == 15 => alu(K::MovImm).i(here.wrapping_sub(imm)),
        0b01010 => alu(K::SubImm).i(imm),
        0b00100 => alu(K::MovImm).i(rn << 12 | imm),
        0b01100 => alu(K::Movt).i(rn << 12 | imm),
        _ if rn == 15 && first >> 4 & 31 != 0b10110 => return UNDEFINED,
        _ if first & 0x400 != 0 || second & 0x20 != 0 => return UNDEFINED,
        0b10010 | 0b11010 if lsb == 0 => return dsp::saturate16(first, second),
        0b10000 | 0b10010 => saturate(K::Ssat, first, second).i(width + 1),
        0b11000 | 0b11010 => saturate(K::Usat, first, second).i(width),
        0b10100 if lsb + width > 31 => return UNDEFINED,
        0b10100 => alu(K::Sbfx).a((31 - lsb - width) as u8).sh(31 - width),
        0b11100 if lsb + width > 31 => return UNDEFINED,
        0b11100 => alu(K::Ubfx).sh(lsb).i(mask(0, width)),
        // Here `width` is the last bit of the field.
        0b10110 if width < lsb => return UNDEFINED,
        0b10110 if rn == 15 => alu(K::Bfc).i(mask(lsb, width)),
        0b10110 => alu(K::Bfi).sh(lsb).i(mask(lsb, width)),
        _ => return UNDEFINED,
    };
    guard_sp(op)
}

fn saturate(kind: K, first: u32, second: u32) -> Op {
    let (rn, rd) = (first & 15, second >> 8 & 15);
    let (how, amount) = shift((first >> 5 & 1) << 1, imm5(second));
    Op::wide(kind, C::Alu).d(rd).m(rn).a(how).sh(amount)
}

/// Bits `first` to `last`.
const fn mask(first: u32, last: u32) -> u32 {
    (u32::MAX >> (31 - last + first)) << first
}

/// A5.3.12, A5.3.15: shifts by register, extension, bit and byte reversal. The rest of the space is DSP (A5.3.12 to
/// A5.3.15).
pub(super) fn register(first: u32, second: u32) -> Op {
    let (rn, rd, rm) = (first & 15, second >> 8 & 15, second & 15);
    if second >> 12 != 15 || rd == 15 || rm == 15 {
        return UNDEFINED;
    }
    let op = match (first >> 4 & 15, second >> 4 & 15) {
        (op1 @ 0..=7, 0) if rn != 15 => {
            const SHIFTS: [K; 8] = [
                K::LslReg,
                K::LslRegS,
                K::LsrReg,
                K::LsrRegS,
                K::AsrReg,
                K::AsrRegS,
                K::RorReg,
                K::RorRegS,
            ];
            Op::wide(SHIFTS[op1 as usize], C::Alu).n(rn)
        }
        (op1 @ (0 | 1 | 4 | 5), rotation @ 8..=11) if rn == 15 => {
            let kind = match op1 {
                0 => K::Sxth,
                1 => K::Uxth,
                4 => K::Sxtb,
                _ => K::Uxtb,
            };
            Op::wide(kind, C::Alu).sh((rotation & 3) * 8)
        }
        (0b1001, 0b1000) => Op::wide(K::Rev, C::Alu),
        (0b1001, 0b1001) => Op::wide(K::Rev16, C::Alu),
        (0b1001, 0b1010) => Op::wide(K::Rbit, C::Alu),
        (0b1001, 0b1011) => Op::wide(K::Revsh, C::Alu),
        (0b1011, 0b1000) => Op::wide(K::Clz, C::Alu),
        _ => return dsp::register(first, second),
    };
    guard_sp(op.d(rd).m(rm))
}

/// A5.3.16: MUL, MLA, MLS. The rest of the space is DSP.
pub(super) fn multiply(first: u32, second: u32) -> Op {
    let (rn, rd, rm, ra) = (first & 15, second >> 8 & 15, second & 15, second >> 12);
    if rn == 15 || rd == 15 || rm == 15 {
        return UNDEFINED;
    }
    let op = match (first >> 4 & 7, second >> 4 & 15) {
        (0, 0) if ra == 15 => Op::wide(K::Mul, C::Multiply),
        (0, 0) => Op::wide(K::Mla, C::MultiplyAdd),
        (0, 1) if ra != 15 => Op::wide(K::Mls, C::MultiplyAdd),
        _ => return dsp::multiply(first, second),
    };
    guard_sp(op.d(rd).n(rn).m(rm).a(ra as u8))
}

/// A5.3.17: long multiplies and divides. UMAAL and the halfword and dual forms are DSP. SP as a destination is
/// refused: there are two of them, and neither may be it.
pub(super) fn long_multiply(first: u32, second: u32) -> Op {
    let (rn, high, rm, low) = (first & 15, second >> 8 & 15, second & 15, second >> 12);
    let is_bad = |register| register == 13 || register == 15;
    if is_bad(rn) || is_bad(high) || is_bad(rm) {
        return UNDEFINED;
    }
    let (kind, class) = match (first >> 4 & 7, second >> 4 & 15) {
        (0, 0) => (K::Smull, C::LongMultiplySigned),
        (2, 0) => (K::Umull, C::LongMultiply),
        (4, 0) => (K::Smlal, C::LongMultiplyAddSigned),
        (6, 0) => (K::Umlal, C::LongMultiplyAdd),
        (4, 8..=13) | (5, 12..=13) | (6, 6) => return dsp::long_multiply(first, second),
        (1, 15) if low == 15 => return Op::wide(K::Sdiv, C::DivideSigned).d(high).n(rn).m(rm),
        (3, 15) if low == 15 => return Op::wide(K::Udiv, C::Divide).d(high).n(rn).m(rm),
        _ => return UNDEFINED,
    };
    if is_bad(low) {
        return UNDEFINED;
    }
    Op::wide(kind, class).d(low).n(rn).m(rm).a(high as u8)
}
