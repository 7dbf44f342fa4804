//! Immediates: modified constants, shift amounts, branch distances.

use crate::op::shift_type;

/// The low `bits` bits of `value`, sign-extended.
pub(super) const fn sign_extend(value: u32, bits: u32) -> u32 {
    (((value << (32 - bits)) as i32) >> (32 - bits)) as u32
}

/// ThumbExpandImm (A5.3.2): the constant, and whether it was rotated, so that bit 31 is the carry out.
pub(super) const fn expand(imm12: u32) -> (u32, bool) {
    let byte = imm12 & 0xFF;
    if imm12 >> 10 == 0 {
        let value = match imm12 >> 8 & 3 {
            0 => byte,
            1 => byte << 16 | byte,
            2 => byte << 24 | byte << 8,
            _ => byte << 24 | byte << 16 | byte << 8 | byte,
        };
        (value, false)
    } else {
        ((0x80 | imm12 & 0x7F).rotate_right(imm12 >> 7), true)
    }
}

/// i:imm3:imm8 of a 32-bit data-processing instruction.
pub(super) const fn imm12(first: u32, second: u32) -> u32 {
    (first >> 10 & 1) << 11 | (second >> 12 & 7) << 8 | second & 0xFF
}

/// imm3:imm2, the shift amount of a 32-bit data-processing instruction.
pub(super) const fn imm5(second: u32) -> u32 {
    (second >> 12 & 7) << 2 | second >> 6 & 3
}

/// DecodeImmShift (A7.4.2): type as in [`shift_type`], and amount.
pub(super) const fn shift(kind: u32, imm5: u32) -> (u8, u32) {
    match (kind & 3, imm5) {
        (0, amount) => (shift_type::LSL, amount),
        (1, 0) => (shift_type::LSR, 32),
        (1, amount) => (shift_type::LSR, amount),
        (2, 0) => (shift_type::ASR, 32),
        (2, amount) => (shift_type::ASR, amount),
        (_, 0) => (shift_type::RRX, 1),
        (_, amount) => (shift_type::ROR, amount),
    }
}

/// Distance of B T4 and BL.
pub(super) const fn long_distance(first: u32, second: u32) -> u32 {
    let s = first >> 10 & 1;
    let i1 = !(second >> 13 ^ s) & 1;
    let i2 = !(second >> 11 ^ s) & 1;
    sign_extend(
        s << 24 | i1 << 23 | i2 << 22 | (first & 0x3FF) << 12 | (second & 0x7FF) << 1,
        25,
    )
}

/// Distance of Bcc T3.
pub(super) const fn conditional_distance(first: u32, second: u32) -> u32 {
    let (s, j1, j2) = (first >> 10 & 1, second >> 13 & 1, second >> 11 & 1);
    sign_extend(
        s << 20 | j2 << 19 | j1 << 18 | (first & 0x3F) << 12 | (second & 0x7FF) << 1,
        21,
    )
}

#[cfg(test)]
mod tests {
    use super::{conditional_distance, expand, long_distance};

    #[test]
    fn modified_constants() {
        assert_eq!(expand(0x0AB), (0xAB, false));
        assert_eq!(expand(0x1AB), (0x00AB_00AB, false));
        assert_eq!(expand(0x2AB), (0xAB00_AB00, false));
        assert_eq!(expand(0x3AB), (0xABAB_ABAB, false));
        assert_eq!(
            expand(0x400),
            (0x8000_0000, true),
            "0x80 rotated right by 8"
        );
        assert_eq!(
            expand(0xFFF),
            (0x0000_01FE, true),
            "0xFF rotated right by 31"
        );
    }

    #[test]
    fn branch_distances() {
        // As arm-none-eabi-as encodes them.
        assert_eq!(long_distance(0xF7FF, 0xFFFE), 0xFFFF_FFFC, "bl .");
        assert_eq!(long_distance(0xF000, 0xF800), 0, "bl .+4");
        assert_eq!(
            long_distance(0xF3FF, 0xD7FF),
            0x00FF_FFFE,
            "bl to the far end"
        );
        assert_eq!(conditional_distance(0xF43F, 0xAFFE), 0xFFFF_FFFC, "beq.w .");
        assert_eq!(conditional_distance(0xF000, 0x8000), 0, "beq.w .+4");
    }
}
