//! The DSP extension: what the spaces of data processing hold beside the base instruction set (A5.3.11 to A5.3.17).
//!
//! Destinations that are SP are refused, like the PC anywhere. The callers have refused the PC as Rm.

use super::UNDEFINED;
use super::immediate::{imm5, shift};
use crate::CostClass as C;
use crate::op::{Op, OpKind as K};

fn op(kind: K, first: u32, second: u32) -> Op {
    Op::wide(kind, C::Dsp).d(second >> 8).n(first).m(second)
}

const fn is_bad(register: u32) -> bool {
    register == 13 || register == 15
}

/// PKHBT, PKHTB.
pub(super) fn pack(first: u32, second: u32) -> Op {
    // S and T must be clear.
    if first & 0x10 != 0 || second & 0x10 != 0 || first & 15 == 15 || is_bad(second >> 8 & 15) {
        return UNDEFINED;
    }
    let (how, amount) = shift(second >> 4 & 2, imm5(second));
    op(K::Pkh, first, second)
        .a(how)
        .sh(amount)
        .i(second >> 5 & 1)
}

/// SSAT16, USAT16.
pub(super) fn saturate16(first: u32, second: u32) -> Op {
    if second & 0x10 != 0 || first & 15 == 15 || is_bad(second >> 8 & 15) {
        return UNDEFINED;
    }
    let width = second & 15;
    if first & 0x80 != 0 {
        op(K::Usat16, first, second).i(width)
    } else {
        op(K::Ssat16, first, second).i(width + 1)
    }
}

/// A5.3.12 to A5.3.15: extension, parallel addition and subtraction, saturating addition, SEL.
pub(super) fn register(first: u32, second: u32) -> Op {
    let (rn, rd) = (first & 15, second >> 8 & 15);
    if is_bad(rd) {
        return UNDEFINED;
    }
    match (first >> 4 & 15, second >> 4 & 15) {
        (what @ 0..=5, rotation @ 8..=11) if rn != 15 || matches!(what, 2 | 3) => {
            op(K::ExtendAdd, first, second)
                .i(what)
                .sh((rotation & 3) * 8)
        }
        _ if rn == 15 => UNDEFINED,
        // 8 to 14 without 11: ADD8, ADD16, ASX, SUB8, SUB16, SAX.
        (what @ (8..=10 | 12..=14), flavour @ (0..=2 | 4..=6)) => {
            op(K::ParallelAdd, first, second).i(what & 7).sh(flavour)
        }
        (8, what @ 8..=11) => op(K::SaturatingAdd, first, second).i(what & 3),
        (10, 8) => op(K::Sel, first, second),
        _ => UNDEFINED,
    }
}

/// A5.3.16: multiplies and multiply-accumulates with a 32-bit result. Ra 15 is the form that adds nothing.
pub(super) fn multiply(first: u32, second: u32) -> Op {
    let (rd, ra, form) = (second >> 8 & 15, second >> 12, second >> 4 & 15);
    if is_bad(rd) {
        return UNDEFINED;
    }
    let kind = match (first >> 4 & 7, form) {
        (1, 0..=3) => K::Smlaxy,
        (2 | 4, 0..=1) => K::Smlad,
        (3, 0..=1) => K::Smlawy,
        (5, 0..=1) => K::Smmla,
        (6, 0..=1) if ra != 15 => K::Smmla,
        (7, 0) => K::Usada8,
        _ => return UNDEFINED,
    };
    // SMLSD is 4, SMMLS is 6: the forms that subtract.
    let subtracts = matches!(first >> 4 & 7, 4 | 6);
    op(kind, first, second)
        .a(ra as u8)
        .sh(form)
        .i(subtracts.into())
}

/// A5.3.17: multiply-accumulates with a 64-bit result. The caller has refused bad registers but RdLo.
pub(super) fn long_multiply(first: u32, second: u32) -> Op {
    let (low, high) = (second >> 12, second >> 8 & 15);
    if is_bad(low) || low == high {
        return UNDEFINED;
    }
    let (kind, form) = match (first >> 4 & 7, second >> 4 & 15) {
        (4, form @ 8..=11) => (K::Smlalxy, form & 3),
        (4 | 5, form @ 12..=13) => (K::Smlald, form & 1),
        (6, 6) => (K::Umaal, 0),
        _ => return UNDEFINED,
    };
    Op::wide(kind, C::Dsp)
        .d(low)
        .n(first)
        .m(second)
        .a(high as u8)
        .sh(form)
        .i(first >> 4 & 1)
}

#[cfg(test)]
mod tests {
    use crate::op::OpKind as K;
    use crate::{CpuModel, decode};

    /// As arm-none-eabi-as encodes them.
    #[rustfmt::skip]
    const SAMPLES: &[(u16, u16, K, &str)] = &[
        (0xFA91, 0xF002, K::ParallelAdd,   "sadd16 r0, r1, r2"),
        (0xFAA1, 0xF012, K::ParallelAdd,   "qasx r0, r1, r2"),
        (0xFAE1, 0xF062, K::ParallelAdd,   "uhsax r0, r1, r2"),
        (0xFAC1, 0xF052, K::ParallelAdd,   "uqsub8 r0, r1, r2"),
        (0xFAA1, 0xF082, K::Sel,           "sel r0, r1, r2"),
        (0xEAC1, 0x1042, K::Pkh,           "pkhbt r0, r1, r2, lsl #5"),
        (0xEAC1, 0x0022, K::Pkh,           "pkhtb r0, r1, r2, asr #32"),
        (0xFA41, 0xF092, K::ExtendAdd,     "sxtab r0, r1, r2, ror #8"),
        (0xFA3F, 0xF082, K::ExtendAdd,     "uxtb16 r0, r2"),
        (0xFA82, 0xF0B1, K::SaturatingAdd, "qdsub r0, r1, r2"),
        (0xF321, 0x000F, K::Ssat16,        "ssat16 r0, #16, r1"),
        (0xF3A1, 0x000F, K::Usat16,        "usat16 r0, #15, r1"),
        (0xFB71, 0xF002, K::Usada8,        "usad8 r0, r1, r2"),
        (0xFB11, 0x3032, K::Smlaxy,        "smlatt r0, r1, r2, r3"),
        (0xFB31, 0xF012, K::Smlawy,        "smulwt r0, r1, r2"),
        (0xFB21, 0x3012, K::Smlad,         "smladx r0, r1, r2, r3"),
        (0xFB41, 0xF002, K::Smlad,         "smusd r0, r1, r2"),
        (0xFB51, 0xF012, K::Smmla,         "smmulr r0, r1, r2"),
        (0xFB61, 0x3002, K::Smmla,         "smmls r0, r1, r2, r3"),
        (0xFBC2, 0x01B3, K::Smlalxy,       "smlaltt r0, r1, r2, r3"),
        (0xFBD2, 0x01D3, K::Smlald,        "smlsldx r0, r1, r2, r3"),
        (0xFBE2, 0x0163, K::Umaal,         "umaal r0, r1, r2, r3"),
    ];

    #[test]
    fn only_the_m4_has_them() {
        for &(first, second, kind, text) in SAMPLES {
            assert_eq!(
                decode(CpuModel::CortexM4.extensions(), 0, first, second).kind,
                kind,
                "{text}"
            );
            assert_eq!(
                decode(CpuModel::CortexM3.extensions(), 0, first, second).kind,
                K::Undefined,
                "{text} on an M3"
            );
        }
    }
}
