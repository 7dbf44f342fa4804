//! Immediates: modified constants with their carry, wide constants, addresses.

use crate::{case, check};

#[test]
#[rustfmt::skip]
fn modified_constants() {
    check(&[
        case("movs r0, #255", &[0x20FF], &[], "CV", &[(0, 255)], "CV"),
        case("movs r0, #0", &[0x2000], &[], "NCV", &[(0, 0)], "ZCV"),
        case("mov.w r0, #0xFF00FF00", &[0xF04F, 0x20FF], &[], "", &[(0, 0xFF00_FF00)], ""),
        case("mov.w r0, #0x00AB00AB", &[0xF04F, 0x10AB], &[], "", &[(0, 0x00AB_00AB)], ""),
        case("mov.w r0, #0xABABABAB", &[0xF04F, 0x30AB], &[], "", &[(0, 0xABAB_ABAB)], ""),
        case("movs.w r0, #0x80000000", &[0xF05F, 0x4000], &[], "", &[(0, 0x8000_0000)], "NC"),
        case("movs.w r0, #0x00FF0000", &[0xF45F, 0x007F], &[], "C", &[(0, 0x00FF_0000)], ""),
        case("movs.w r0, #0x00AB00AB", &[0xF05F, 0x10AB], &[], "C", &[(0, 0x00AB_00AB)], "C"),
        case("mvns.w r0, #0xFF000000", &[0xF07F, 0x407F], &[], "", &[(0, 0x00FF_FFFF)], "C"),
        case("ands.w r0, r1, #0xFF000000", &[0xF011, 0x407F], &[(1, 0x00FF_FFFF)], "", &[(0, 0)], "ZC"),
        case("bics.w r0, r1, #0x80000000", &[0xF031, 0x4000], &[(1, 0xFFFF_FFFF)], "", &[(0, 0x7FFF_FFFF)], "C"),
        case("adds.w r0, r1, #0x80000000", &[0xF111, 0x4000], &[(1, 0x8000_0000)], "", &[(0, 0)], "ZCV"),
        case("orrs.w r0, r1, #0x1FE", &[0xF451, 0x70FF], &[(1, 0)], "C", &[(0, 0x1FE)], ""),
    ]);
}

#[test]
#[rustfmt::skip]
fn plain_constants() {
    check(&[
        case("movw r0, #0xFFFF", &[0xF64F, 0x70FF], &[(0, 0xFFFF_FFFF)], "NZCV", &[(0, 0xFFFF)], "NZCV"),
        case("addw r0, r1, #4095", &[0xF601, 0x70FF], &[(1, 1)], "NZCV", &[(0, 0x1000)], "NZCV"),
        case("subw r0, r1, #4095", &[0xF6A1, 0x70FF], &[(1, 0)], "", &[(0, 0xFFFF_F001)], ""),
        case("adr r0, .+8", &[0xA001], &[], "", &[(0, 0x2000_1008)], ""),
        case("adr.w r0, .-4", &[0xF2AF, 0x0008], &[], "", &[(0, 0x2000_0FFC)], ""),
        case("adr.w r0, .+24", &[0xF20F, 0x0014], &[], "", &[(0, 0x2000_1018)], ""),
    ]);
}
