//! 32-bit loads and stores (A5.3.5 to A5.3.10).

use super::UNDEFINED;
use crate::CostClass as C;
use crate::op::{DECREMENT, Op, OpKind as K, WRITE_BACK, addressing, width};

/// A5.3.5: LDM, STM, PUSH, POP.
pub(super) fn multiple(first: u32, second: u32) -> Op {
    let (rn, is_load, writes_back) = (first & 15, first & 0x10 != 0, first & 0x20 != 0);
    let direction = match first >> 7 & 3 {
        0b01 => 0,
        0b10 => DECREMENT,
        _ => return UNDEFINED,
    };
    // SP in no list, PC in no store.
    let refused = if is_load { 1 << 13 } else { 1 << 13 | 1 << 15 };
    if rn == 15 || second == 0 || second & refused != 0 {
        return UNDEFINED;
    }
    let write_back = if writes_back { WRITE_BACK } else { 0 };
    let kind = if is_load { K::Ldm } else { K::Stm };
    Op::wide(kind, C::Multiple)
        .n(rn)
        .i(second | direction | write_back)
}

/// A5.3.6: LDRD, STRD, exclusives, TBB, TBH.
pub(super) fn dual_or_exclusive(pc: u32, first: u32, second: u32) -> Op {
    let (rn, rt, rt2, offset) = (
        first & 15,
        second >> 12,
        second >> 8 & 15,
        (second & 0xFF) << 2,
    );
    let (pre, up, writes_back, is_load) = (
        first & 0x100 != 0,
        first & 0x80 != 0,
        first & 0x20 != 0,
        first & 0x10 != 0,
    );
    if !pre && !writes_back {
        return if up {
            narrow_exclusive_or_table(pc, first, second)
        } else {
            exclusive(first, second)
        };
    }
    let is_bad = |register| register == 13 || register == 15;
    if is_bad(rt) || is_bad(rt2) || is_load && rt == rt2 {
        return UNDEFINED;
    }
    let op = Op::wide(if is_load { K::Ldrd } else { K::Strd }, C::Multiple)
        .d(rt)
        .m(rt2)
        .n(rn);
    let signed = if up { offset } else { offset.wrapping_neg() };
    if rn == 15 {
        if !is_load || writes_back {
            return UNDEFINED;
        }
        return op
            .a(addressing::LITERAL)
            .i((pc.wrapping_add(4) & !3).wrapping_add(signed));
    }
    if writes_back && (rn == rt || rn == rt2) {
        return UNDEFINED;
    }
    // The offset is a multiple of four: SP stays aligned.
    let how = match (pre, writes_back) {
        (true, false) => addressing::OFFSET,
        (true, true) => addressing::PRE,
        _ => addressing::POST,
    };
    op.a(how).i(signed)
}

/// LDREX and STREX.
fn exclusive(first: u32, second: u32) -> Op {
    let (rn, rt, rd, offset) = (
        first & 15,
        second >> 12,
        second >> 8 & 15,
        (second & 0xFF) << 2,
    );
    let is_bad = |register| register == 13 || register == 15;
    if rn == 15 || is_bad(rt) {
        return UNDEFINED;
    }
    if first & 0x10 != 0 {
        if rd != 15 {
            return UNDEFINED;
        }
        return Op::wide(K::Ldrex, C::Exclusive)
            .d(rt)
            .n(rn)
            .i(offset)
            .sh(width::WORD.into());
    }
    if is_bad(rd) || rd == rn || rd == rt {
        return UNDEFINED;
    }
    Op::wide(K::Strex, C::Exclusive)
        .d(rd)
        .m(rt)
        .n(rn)
        .i(offset)
        .sh(width::WORD.into())
}

/// TBB, TBH, LDREXB, LDREXH, STREXB, STREXH.
fn narrow_exclusive_or_table(pc: u32, first: u32, second: u32) -> Op {
    let (rn, rt, low) = (first & 15, second >> 12, second & 15);
    let is_bad = |register| register == 13 || register == 15;
    let is_load = first & 0x10 != 0;
    // The bits that no form uses are ones, but for the destination of a table branch, which is 1111 0000.
    let unused = second >> 8 & 15;
    match (is_load, second >> 4 & 15) {
        (true, op3 @ (0 | 1)) if rt == 15 && unused == 0 && rn != 13 && !is_bad(low) => {
            let kind = if op3 == 0 { K::Tbb } else { K::Tbh };
            Op::wide(kind, C::TableBranch)
                .n(rn)
                .m(low)
                .i(pc.wrapping_add(4))
        }
        (true, op3 @ (4 | 5)) if rn != 15 && !is_bad(rt) && unused == 15 && low == 15 => {
            Op::wide(K::Ldrex, C::Exclusive).d(rt).n(rn).sh(op3 - 4)
        }
        (false, op3 @ (4 | 5))
            if rn != 15
                && !is_bad(rt)
                && unused == 15
                && !is_bad(low)
                && low != rn
                && low != rt =>
        {
            Op::wide(K::Strex, C::Exclusive)
                .d(low)
                .m(rt)
                .n(rn)
                .sh(op3 - 4)
        }
        _ => UNDEFINED,
    }
}

/// How the second halfword of a single transfer forms its address.
enum Form {
    /// Immediate offset, no write-back.
    Offset(u32),
    Pre(u32),
    Post(u32),
    /// Rm, shifted left.
    Register(u32, u32),
    Unprivileged(u32),
}

/// The forms that share bit 11 and below (A5.3.7 to A5.3.10); bit 7 of the first halfword is the 12-bit form.
fn form(first: u32, second: u32) -> Option<Form> {
    if first & 0x80 != 0 {
        return Some(Form::Offset(second & 0xFFF));
    }
    let imm8 = second & 0xFF;
    if second & 0x800 == 0 {
        return (second & 0xFC0 == 0).then_some(Form::Register(second & 15, second >> 4 & 3));
    }
    let signed = if second & 0x200 != 0 {
        imm8
    } else {
        imm8.wrapping_neg()
    };
    match second >> 8 & 7 {
        0b100 => Some(Form::Offset(signed)),
        0b110 => Some(Form::Unprivileged(imm8)),
        0b101 | 0b111 => Some(Form::Pre(signed)),
        0b001 | 0b011 => Some(Form::Post(signed)),
        _ => None,
    }
}

/// SP must stay aligned: as destination of a load, and with an odd write-back.
fn guard_sp(op: Op, writes_back: bool) -> Op {
    let loads_sp = op.kind.is_load() && op.rd == 13;
    if loads_sp || writes_back && op.rn == 13 && op.imm & 3 != 0 {
        op.to_sp()
    } else {
        op
    }
}

/// A5.3.10: STR, STRH, STRB.
pub(super) fn store_single(first: u32, second: u32) -> Op {
    let (rn, rt) = (first & 15, second >> 12);
    let what = first >> 5 & 3;
    if rn == 15 || rt == 15 || what == 3 || what != 2 && rt == 13 {
        return UNDEFINED;
    }
    let [offset, register, pre, post] = match what {
        0 => [K::StrbImm, K::StrbReg, K::StrbPre, K::StrbPost],
        1 => [K::StrhImm, K::StrhReg, K::StrhPre, K::StrhPost],
        _ => [K::StrImm, K::StrReg, K::StrPre, K::StrPost],
    };
    let op = |kind| Op::wide(kind, C::Store).d(rt).n(rn);
    match form(first, second) {
        Some(Form::Offset(imm)) => op(offset).i(imm),
        Some(Form::Pre(imm)) if rn != rt => guard_sp(op(pre).i(imm), true),
        Some(Form::Post(imm)) if rn != rt => guard_sp(op(post).i(imm), true),
        Some(Form::Register(rm, amount)) if rm != 13 && rm != 15 => Op {
            class: C::StoreRegister,
            ..op(register).m(rm).sh(amount)
        },
        Some(Form::Unprivileged(imm)) => op(K::StoreUnprivileged).i(imm).sh(what),
        _ => UNDEFINED,
    }
}

/// A5.3.7 to A5.3.9: loads, and the hints PLD and PLI in their space.
pub(super) fn load_single(pc: u32, first: u32, second: u32) -> Op {
    let (rn, rt) = (first & 15, second >> 12);
    let (what, is_signed) = (first >> 5 & 3, first & 0x100 != 0);
    if what == 3 || what == 2 && is_signed {
        return UNDEFINED;
    }
    if rt == 15 && what == 2 {
        return load_pc(pc, first, second);
    }
    if rt == 15 {
        return preload(first, second);
    }
    if rt == 13 && what != 2 {
        return UNDEFINED;
    }
    let how = what as u8 | if is_signed { width::SIGNED } else { 0 };
    let op = |kind| Op::wide(kind, C::Load).d(rt).n(rn);
    if rn == 15 {
        let literal = literal(pc, first, second);
        return if what == 2 {
            guard_sp(op(K::LdrLit).i(literal), false)
        } else {
            op(K::LoadLit).i(literal).sh(how.into())
        };
    }
    let [offset, register, pre, post] = match how {
        0 => [K::LdrbImm, K::LdrbReg, K::LdrbPre, K::LdrbPost],
        1 => [K::LdrhImm, K::LdrhReg, K::LdrhPre, K::LdrhPost],
        4 => [K::LdrsbImm, K::LdrsbReg, K::LdrsbPre, K::LdrsbPost],
        5 => [K::LdrshImm, K::LdrshReg, K::LdrshPre, K::LdrshPost],
        _ => [K::LdrImm, K::LdrReg, K::LdrPre, K::LdrPost],
    };
    match form(first, second) {
        Some(Form::Offset(imm)) => guard_sp(op(offset).i(imm), false),
        Some(Form::Pre(imm)) if rn != rt => guard_sp(op(pre).i(imm), true),
        Some(Form::Post(imm)) if rn != rt => guard_sp(op(post).i(imm), true),
        Some(Form::Register(rm, amount)) if rm != 13 && rm != 15 => {
            guard_sp(op(register).m(rm).sh(amount), false)
        }
        Some(Form::Unprivileged(imm)) if rt != 13 => op(K::LoadUnprivileged).i(imm).sh(how.into()),
        _ => UNDEFINED,
    }
}

/// Bit 7 of the first halfword is the sign of a literal's offset.
fn literal(pc: u32, first: u32, second: u32) -> u32 {
    let (here, offset) = (pc.wrapping_add(4) & !3, second & 0xFFF);
    if first & 0x80 != 0 {
        here.wrapping_add(offset)
    } else {
        here.wrapping_sub(offset)
    }
}

fn load_pc(pc: u32, first: u32, second: u32) -> Op {
    let rn = first & 15;
    let op = Op::wide(K::LdrPc, C::LoadPc).d(15).n(rn);
    if rn == 15 {
        return op.a(addressing::LITERAL).i(literal(pc, first, second));
    }
    let write_back = |op: Op| {
        if rn == 13 && op.imm & 3 != 0 {
            op.to_sp()
        } else {
            op
        }
    };
    match form(first, second) {
        Some(Form::Offset(imm)) => op.a(addressing::OFFSET).i(imm),
        Some(Form::Pre(imm)) => write_back(op.a(addressing::PRE).i(imm)),
        Some(Form::Post(imm)) => write_back(op.a(addressing::POST).i(imm)),
        Some(Form::Register(rm, amount)) if rm != 13 && rm != 15 => Op {
            kind: K::LdrPcReg,
            alt: K::LdrPcReg,
            ..op.m(rm).sh(amount)
        },
        _ => UNDEFINED,
    }
}

/// PLD, PLI, and the unallocated hints among the halfword loads: no effect. Forms that are none of these are
/// unpredictable.
fn preload(first: u32, second: u32) -> Op {
    if first & 15 == 15 {
        return Op::wide(K::Nop, C::Alu);
    }
    match form(first, second) {
        Some(Form::Offset(_)) => Op::wide(K::Nop, C::Alu),
        Some(Form::Register(rm, _)) if rm != 13 && rm != 15 => Op::wide(K::Nop, C::Alu),
        _ => UNDEFINED,
    }
}
