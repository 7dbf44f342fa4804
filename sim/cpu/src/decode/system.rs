//! 32-bit branches and miscellaneous control (A5.3.4).

use super::UNDEFINED;
use super::immediate::{conditional_distance, long_distance};
use super::narrow::CONDITIONAL;
use crate::CostClass as C;
use crate::op::{Op, OpKind as K};

/// Table A5-13.
pub(super) fn branch_or_control(pc: u32, first: u32, second: u32) -> Op {
    let here = pc.wrapping_add(4);
    match second >> 12 & 5 {
        0b001 => {
            let target = here.wrapping_add(long_distance(first, second));
            Op::wide(K::B, C::Branch).i(target).closing(pc)
        }
        0b101 => Op::wide(K::Bl, C::Branch).i(here.wrapping_add(long_distance(first, second))),
        0b000 if first >> 7 & 7 != 7 => {
            let target = here.wrapping_add(conditional_distance(first, second));
            Op::wide(CONDITIONAL[(first >> 6 & 15) as usize], C::Branch)
                .i(target)
                .closing(pc)
        }
        // UDF.W lies in the space of 0b010 and is undefined like all that is left.
        0b000 if second >> 12 & 7 == 0 => control(first, second),
        _ => UNDEFINED,
    }
}

fn control(first: u32, second: u32) -> Op {
    let (rn, rd) = (first & 15, second >> 8 & 15);
    let is_bad = |register| register == 13 || register == 15;
    match first & 0xFFF0 {
        0xF380 if !is_bad(rn) && second & 0x2300 == 0 => Op::wide(K::Msr, C::Special)
            .n(rn)
            .i(second & 0xFF)
            .a((second >> 10 & 3) as u8),
        0xF3A0 if rn == 15 && second & 0x2F00 == 0 => hint(second),
        0xF3B0 if rn == 15 && second & 0x2F00 == 0x0F00 => match second & 0xFF {
            0x2F => Op::wide(K::Clrex, C::System),
            0x40..=0x6F => Op::wide(K::Barrier, C::Barrier),
            _ => UNDEFINED,
        },
        0xF3E0 if rn == 15 && !is_bad(rd) && second & 0x2000 == 0 => {
            Op::wide(K::Mrs, C::Special).d(rd).i(second & 0xFF)
        }
        _ => UNDEFINED,
    }
}

/// A5.3.5: hints; the rest of the space was for CPS, which has no 32-bit form here.
fn hint(second: u32) -> Op {
    match second & 0xFF {
        2 => Op::wide(K::Wfe, C::System),
        3 => Op::wide(K::Wfi, C::System),
        4 => Op::wide(K::Sev, C::System),
        _ => Op::wide(K::Nop, C::Alu),
    }
}
