//! 16-bit instructions (A5.2).

use super::immediate::sign_extend;
use crate::CostClass as C;
use crate::op::{DECREMENT, Op, OpKind as K, WRITE_BACK};

/// Branch kinds by condition.
pub(super) const CONDITIONAL: [K; 14] = [
    K::Beq,
    K::Bne,
    K::Bcs,
    K::Bcc,
    K::Bmi,
    K::Bpl,
    K::Bvs,
    K::Bvc,
    K::Bhi,
    K::Bls,
    K::Bge,
    K::Blt,
    K::Bgt,
    K::Ble,
];

const UNDEFINED: Op = Op::new(K::Undefined, 2);

/// Sets flags outside an IT block as `kind`, and does not inside one as `alt`.
fn alu(kind: K, alt: K) -> Op {
    Op::narrow(kind, C::Alu).unless_it(alt)
}

/// Table A5-1.
pub(super) fn decode(pc: u32, op: u32) -> Op {
    let (low, mid, high) = (op & 7, op >> 3 & 7, op >> 6 & 7);
    let (imm5, imm8) = (op >> 6 & 31, op & 0xFF);
    let r8 = op >> 8 & 7;
    match op >> 11 {
        0b00000 if imm5 == 0 => alu(K::MovRegS, K::MovReg).d(low).m(mid),
        0b00000 => alu(K::LslImmS, K::LslImm).d(low).m(mid).sh(imm5),
        0b00001 if imm5 == 0 => alu(K::MovShiftS, K::MovShift).d(low).m(mid).a(1).sh(32),
        0b00001 => alu(K::LsrImmS, K::LsrImm).d(low).m(mid).sh(imm5),
        0b00010 if imm5 == 0 => alu(K::MovShiftS, K::MovShift).d(low).m(mid).a(2).sh(32),
        0b00010 => alu(K::AsrImmS, K::AsrImm).d(low).m(mid).sh(imm5),
        0b00011 => match op >> 9 & 3 {
            0 => alu(K::AddRegS, K::AddReg).d(low).n(mid).m(high),
            1 => alu(K::SubRegS, K::SubReg).d(low).n(mid).m(high),
            2 => alu(K::AddImmS, K::AddImm).d(low).n(mid).i(high),
            _ => alu(K::SubImmS, K::SubImm).d(low).n(mid).i(high),
        },
        0b00100 => alu(K::MovImmS, K::MovImm).d(r8).i(imm8),
        0b00101 => alu(K::CmpImm, K::CmpImm).n(r8).i(imm8),
        0b00110 => alu(K::AddImmS, K::AddImm).d(r8).n(r8).i(imm8),
        0b00111 => alu(K::SubImmS, K::SubImm).d(r8).n(r8).i(imm8),
        0b01000 if op & 0x0400 == 0 => data_processing(op),
        0b01000 => special(pc, op),
        0b01001 => {
            let literal = (pc.wrapping_add(4) & !3).wrapping_add(imm8 << 2);
            Op::narrow(K::LdrLit, C::Load).d(r8).i(literal)
        }
        0b01010 | 0b01011 => {
            let (kind, class) = match op >> 9 & 7 {
                0 => (K::StrReg, C::StoreRegister),
                1 => (K::StrhReg, C::StoreRegister),
                2 => (K::StrbReg, C::StoreRegister),
                3 => (K::LdrsbReg, C::Load),
                4 => (K::LdrReg, C::Load),
                5 => (K::LdrhReg, C::Load),
                6 => (K::LdrbReg, C::Load),
                _ => (K::LdrshReg, C::Load),
            };
            Op::narrow(kind, class).d(low).n(mid).m(high)
        }
        0b01100 => Op::narrow(K::StrImm, C::Store).d(low).n(mid).i(imm5 << 2),
        0b01101 => Op::narrow(K::LdrImm, C::Load).d(low).n(mid).i(imm5 << 2),
        0b01110 => Op::narrow(K::StrbImm, C::Store).d(low).n(mid).i(imm5),
        0b01111 => Op::narrow(K::LdrbImm, C::Load).d(low).n(mid).i(imm5),
        0b10000 => Op::narrow(K::StrhImm, C::Store).d(low).n(mid).i(imm5 << 1),
        0b10001 => Op::narrow(K::LdrhImm, C::Load).d(low).n(mid).i(imm5 << 1),
        0b10010 => Op::narrow(K::StrImm, C::Store).d(r8).n(13).i(imm8 << 2),
        0b10011 => Op::narrow(K::LdrImm, C::Load).d(r8).n(13).i(imm8 << 2),
        0b10100 => {
            // ADR.
            let address = (pc.wrapping_add(4) & !3).wrapping_add(imm8 << 2);
            Op::narrow(K::MovImm, C::Alu).d(r8).i(address)
        }
        0b10101 => Op::narrow(K::AddImm, C::Alu).d(r8).n(13).i(imm8 << 2),
        0b10110 | 0b10111 => miscellaneous(pc, op),
        0b11000 => multiple(K::Stm, r8, imm8 | WRITE_BACK),
        // The base register is written back unless it is loaded.
        0b11001 => multiple(
            K::Ldm,
            r8,
            if imm8 >> r8 & 1 == 0 {
                imm8 | WRITE_BACK
            } else {
                imm8
            },
        ),
        0b11010 | 0b11011 => match op >> 8 & 15 {
            14 => UNDEFINED,
            15 => Op::narrow(K::Svc, C::System).i(imm8),
            cond => {
                let target = pc.wrapping_add(4).wrapping_add(sign_extend(imm8 << 1, 9));
                Op::narrow(CONDITIONAL[cond as usize], C::Branch)
                    .i(target)
                    .closing(pc)
            }
        },
        0b11100 => {
            let target = pc
                .wrapping_add(4)
                .wrapping_add(sign_extend((op & 0x7FF) << 1, 12));
            Op::narrow(K::B, C::Branch).i(target).closing(pc)
        }
        _ => UNDEFINED,
    }
}

/// A5.2.2.
fn data_processing(op: u32) -> Op {
    let (dn, m) = (op & 7, op >> 3 & 7);
    let two = |kind, alt| alu(kind, alt).d(dn).n(dn).m(m);
    let compare = |kind| Op::narrow(kind, C::Alu).n(dn).m(m);
    match op >> 6 & 15 {
        0 => two(K::AndRegS, K::AndReg),
        1 => two(K::EorRegS, K::EorReg),
        2 => two(K::LslRegS, K::LslReg),
        3 => two(K::LsrRegS, K::LsrReg),
        4 => two(K::AsrRegS, K::AsrReg),
        5 => two(K::AdcRegS, K::AdcReg),
        6 => two(K::SbcRegS, K::SbcReg),
        7 => two(K::RorRegS, K::RorReg),
        8 => compare(K::TstReg),
        9 => alu(K::RsbImmS, K::RsbImm).d(dn).n(m),
        10 => compare(K::CmpReg),
        11 => compare(K::CmnReg),
        12 => two(K::OrrRegS, K::OrrReg),
        13 => Op::narrow(K::MulS, C::Multiply)
            .unless_it(K::Mul)
            .d(dn)
            .n(dn)
            .m(m),
        14 => two(K::BicRegS, K::BicReg),
        _ => alu(K::MvnRegS, K::MvnReg).d(dn).m(m),
    }
}

/// A5.2.3: high registers and branches to registers.
fn special(pc: u32, op: u32) -> Op {
    let (dn, m) = (op >> 4 & 8 | op & 7, op >> 3 & 15);
    let here = pc.wrapping_add(4);
    match op >> 8 & 3 {
        // ADD. `add pc, pc` and the like are unpredictable.
        0 => match (dn, m) {
            (15, 15) => UNDEFINED,
            (15, _) => Op::narrow(K::AddPc, C::Branch).m(m).i(here),
            (_, 15) => {
                let op = Op::narrow(K::AddImm, C::Alu).d(dn).n(dn).i(here);
                if dn == 13 { op.to_sp() } else { op }
            }
            (13, _) => Op::narrow(K::AddReg, C::Alu).d(13).n(13).m(m).to_sp(),
            _ => Op::narrow(K::AddReg, C::Alu).d(dn).n(dn).m(m),
        },
        1 if dn == 15 || m == 15 => UNDEFINED,
        1 => Op::narrow(K::CmpReg, C::Alu).n(dn).m(m),
        2 => match (dn, m) {
            (15, 15) => Op::narrow(K::B, C::Branch).i(here),
            (15, _) => Op::narrow(K::MovPc, C::Branch).m(m),
            (13, 15) => Op::narrow(K::MovImm, C::Alu).d(13).i(here & !3),
            (_, 15) => Op::narrow(K::MovImm, C::Alu).d(dn).i(here),
            (13, _) => Op::narrow(K::MovSp, C::Alu).m(m),
            _ => Op::narrow(K::MovReg, C::Alu).d(dn).m(m),
        },
        _ if m == 15 => UNDEFINED,
        _ if op & 0x80 == 0 => Op::narrow(K::Bx, C::Branch).m(m),
        _ => Op::narrow(K::BlxReg, C::Branch).m(m),
    }
}

/// A5.2.5.
fn miscellaneous(pc: u32, op: u32) -> Op {
    let (low, mid) = (op & 7, op >> 3 & 7);
    let unary = |kind| Op::narrow(kind, C::Alu).d(low).m(mid);
    match op >> 8 & 15 {
        0b0000 if op & 0x80 == 0 => Op::narrow(K::AddImm, C::Alu)
            .d(13)
            .n(13)
            .i((op & 0x7F) << 2),
        0b0000 => Op::narrow(K::SubImm, C::Alu)
            .d(13)
            .n(13)
            .i((op & 0x7F) << 2),
        0b0001 | 0b0011 | 0b1001 | 0b1011 => {
            let target = pc
                .wrapping_add(4)
                .wrapping_add((op >> 9 & 1) << 6 | (op >> 3 & 31) << 1);
            let kind = if op & 0x0800 == 0 { K::Cbz } else { K::Cbnz };
            Op::narrow(kind, C::Branch).n(low).i(target)
        }
        0b0010 => match op >> 6 & 3 {
            0 => unary(K::Sxth),
            1 => unary(K::Sxtb),
            2 => unary(K::Uxth),
            _ => unary(K::Uxtb),
        },
        0b0100 | 0b0101 => {
            let list = op & 0xFF | (op >> 8 & 1) << 14;
            multiple(K::Stm, 13, list | WRITE_BACK | DECREMENT)
        }
        0b0110 if op >> 5 & 7 == 3 => {
            let disable = op >> 4 & 1 != 0;
            Op::narrow(K::Cps, C::System).i(op & 3).a(disable.into())
        }
        0b1010 => match op >> 6 & 3 {
            0 => unary(K::Rev),
            1 => unary(K::Rev16),
            3 => unary(K::Revsh),
            _ => UNDEFINED,
        },
        0b1100 | 0b1101 => {
            let list = op & 0xFF | (op >> 8 & 1) << 15;
            multiple(K::Ldm, 13, list | WRITE_BACK)
        }
        0b1110 => Op::narrow(K::Bkpt, C::System).i(op & 0xFF),
        0b1111 => hint_or_it(op),
        _ => UNDEFINED,
    }
}

/// IT, and the hints in its space. Unallocated hints are NOPs.
fn hint_or_it(op: u32) -> Op {
    if op & 15 != 0 {
        return Op::narrow(K::It, C::It).i(op & 0xFF);
    }
    match op >> 4 & 15 {
        2 => Op::narrow(K::Wfe, C::System),
        3 => Op::narrow(K::Wfi, C::System),
        4 => Op::narrow(K::Sev, C::System),
        _ => Op::narrow(K::Nop, C::Alu),
    }
}

fn multiple(kind: K, rn: u32, list: u32) -> Op {
    if list & 0xFFFF == 0 {
        UNDEFINED
    } else {
        Op::narrow(kind, C::Multiple).n(rn).i(list)
    }
}
