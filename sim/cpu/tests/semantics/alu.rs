//! Data processing on registers: results, carry and overflow.

use crate::{case, check};

#[test]
#[rustfmt::skip]
fn additions_and_subtractions() {
    check(&[
        case("adds r0, r1, r2", &[0x1888], &[(1, 0x7FFF_FFFF), (2, 1)], "C", &[(0, 0x8000_0000)], "NV"),
        case("adds r0, r1, r2", &[0x1888], &[(1, 0xFFFF_FFFF), (2, 1)], "", &[(0, 0)], "ZC"),
        case("adds r0, r1, r2", &[0x1888], &[(1, 0x8000_0000), (2, 0x8000_0000)], "N", &[(0, 0)], "ZCV"),
        case("adds r3, #255", &[0x33FF], &[(3, 1)], "ZV", &[(3, 0x100)], ""),
        case("adds r3, r4, #7", &[0x1DE3], &[(4, 0xFFFF_FFFC)], "", &[(3, 3)], "C"),
        case("subs r0, r1, r2", &[0x1A88], &[(1, 5), (2, 5)], "", &[(0, 0)], "ZC"),
        case("subs r0, r1, r2", &[0x1A88], &[(1, 5), (2, 6)], "C", &[(0, 0xFFFF_FFFF)], "N"),
        case("subs r0, r1, r2", &[0x1A88], &[(1, 0x8000_0000), (2, 1)], "", &[(0, 0x7FFF_FFFF)], "CV"),
        case("subs r7, #1", &[0x3F01], &[(7, 0)], "C", &[(7, 0xFFFF_FFFF)], "N"),
        case("subs r1, r2, #0", &[0x1E11], &[(2, 0x8000_0000)], "", &[(1, 0x8000_0000)], "NC"),
        case("rsbs r1, r2, #0", &[0x4251], &[(2, 0x8000_0000)], "", &[(1, 0x8000_0000)], "NV"),
        case("rsbs r1, r2, #0", &[0x4251], &[(2, 0)], "", &[(1, 0)], "ZC"),
        case("rsb.w r1, r2, #10", &[0xF1C2, 0x010A], &[(2, 3)], "NZCV", &[(1, 7)], "NZCV"),
        case("rsbs.w r1, r2, r3, lsl #4", &[0xEBD2, 0x1103], &[(2, 0x10), (3, 1)], "", &[(1, 0)], "ZC"),
        case("adcs r0, r1", &[0x4148], &[(0, 0xFFFF_FFFF), (1, 0)], "C", &[(0, 0)], "ZC"),
        case("adcs r0, r1", &[0x4148], &[(0, 0x7FFF_FFFF), (1, 0)], "C", &[(0, 0x8000_0000)], "NV"),
        case("adcs r0, r1", &[0x4148], &[(0, 0xFFFF_FFFF), (1, 0xFFFF_FFFF)], "C", &[(0, 0xFFFF_FFFF)], "NC"),
        case("adc.w r0, r1, r2", &[0xEB41, 0x0002], &[(1, 1), (2, 2)], "C", &[(0, 4)], "C"),
        case("sbcs r0, r1", &[0x4188], &[(0, 5), (1, 5)], "C", &[(0, 0)], "ZC"),
        case("sbcs r0, r1", &[0x4188], &[(0, 5), (1, 5)], "", &[(0, 0xFFFF_FFFF)], "N"),
        case("sbcs r0, r1", &[0x4188], &[(0, 0x8000_0000), (1, 0)], "", &[(0, 0x7FFF_FFFF)], "CV"),
        case("sbc.w r0, r1, #1", &[0xF161, 0x0001], &[(1, 10)], "", &[(0, 8)], ""),
        case("add.w r0, r1, r2, lsl #31", &[0xEB01, 0x70C2], &[(1, 1), (2, 3)], "", &[(0, 0x8000_0001)], ""),
        case("add.w r0, r1, r2, lsr #32", &[0xEB01, 0x0012], &[(1, 1), (2, 0xFFFF_FFFF)], "", &[(0, 1)], ""),
        case("add.w r0, r1, r2, asr #32", &[0xEB01, 0x0022], &[(1, 1), (2, 0x8000_0000)], "", &[(0, 0)], ""),
        case("adds.w r8, r9, r10, ror #8", &[0xEB19, 0x283A], &[(9, 0), (10, 0x80)], "", &[(8, 0x8000_0000)], "N"),
        case("sub.w r0, r1, r2, rrx", &[0xEBA1, 0x0032], &[(1, 0x8000_0001), (2, 2)], "C", &[(0, 0)], "C"),
        case("add r8, r9", &[0x44C8], &[(8, 0xFFFF_FFFF), (9, 2)], "NZCV", &[(8, 1)], "NZCV"),
        case("add r0, pc", &[0x4478], &[(0, 0x10)], "", &[(0, 0x2000_1014)], ""),
    ]);
}

#[test]
#[rustfmt::skip]
fn comparisons() {
    check(&[
        case("cmp r0, #0", &[0x2800], &[(0, 0)], "", &[], "ZC"),
        case("cmp r0, r1", &[0x4288], &[(0, 1), (1, 0xFFFF_FFFF)], "C", &[], ""),
        case("cmp r0, r1", &[0x4288], &[(0, 0x8000_0000), (1, 0x7FFF_FFFF)], "", &[], "CV"),
        case("cmp r8, r9", &[0x45C8], &[(8, 1), (9, 2)], "", &[], "N"),
        case("cmp.w r0, r1, lsl #1", &[0xEBB0, 0x0F41], &[(0, 4), (1, 2)], "", &[], "ZC"),
        case("cmn r0, r1", &[0x42C8], &[(0, 1), (1, 0xFFFF_FFFF)], "", &[], "ZC"),
        case("cmn.w r0, #1", &[0xF110, 0x0F01], &[(0, 0x7FFF_FFFF)], "", &[], "NV"),
        case("tst r0, r1", &[0x4208], &[(0, 0xF0), (1, 0x0F)], "CV", &[], "ZCV"),
        case("tst.w r0, #0x80000000", &[0xF010, 0x4F00], &[(0, 0x8000_0000)], "", &[], "NC"),
        case("tst.w r0, r1, lsr #1", &[0xEA10, 0x0F51], &[(0, 1), (1, 3)], "", &[], "C"),
        case("teq.w r0, r1", &[0xEA90, 0x0F01], &[(0, 5), (1, 5)], "NCV", &[], "ZCV"),
        case("teq.w r0, #0x80000000", &[0xF090, 0x4F00], &[(0, 1)], "V", &[], "NCV"),
    ]);
}

#[test]
#[rustfmt::skip]
fn logic() {
    check(&[
        case("ands r0, r1", &[0x4008], &[(0, 0xFF00_FF00), (1, 0x0FF0_0FF0)], "CV", &[(0, 0x0F00_0F00)], "CV"),
        case("eors r0, r1", &[0x4048], &[(0, 0xFFFF_FFFF), (1, 0x7FFF_FFFF)], "", &[(0, 0x8000_0000)], "N"),
        case("orrs r0, r1", &[0x4308], &[(0, 0), (1, 0)], "NC", &[(0, 0)], "ZC"),
        case("bics r0, r1", &[0x4388], &[(0, 0xFF), (1, 0x0F)], "", &[(0, 0xF0)], ""),
        case("mvns r0, r1", &[0x43C8], &[(1, 0)], "", &[(0, 0xFFFF_FFFF)], "N"),
        case("and.w r0, r1, r2", &[0xEA01, 0x0002], &[(1, 0xF), (2, 0x3)], "NZCV", &[(0, 3)], "NZCV"),
        case("ands.w r0, r1, r2, lsl #1", &[0xEA11, 0x0042], &[(1, 0xFFFF_FFFF), (2, 0x8000_0001)], "", &[(0, 2)], "C"),
        case("orr.w r0, r1, r2, lsl #16", &[0xEA41, 0x4002], &[(1, 0x1234), (2, 0x5678)], "", &[(0, 0x5678_1234)], ""),
        case("orn r0, r1, r2", &[0xEA61, 0x0002], &[(1, 0), (2, 0xFFFF_FFF0)], "", &[(0, 0xF)], ""),
        case("orns r0, r1, #0", &[0xF071, 0x0000], &[(1, 0)], "C", &[(0, 0xFFFF_FFFF)], "NC"),
        case("eor.w r0, r1, r2, ror #4", &[0xEA81, 0x1032], &[(1, 0), (2, 0x1F)], "", &[(0, 0xF000_0001)], ""),
        case("eors.w r0, r1, r2, rrx", &[0xEA91, 0x0032], &[(1, 0), (2, 1)], "C", &[(0, 0x8000_0000)], "NC"),
        case("bic.w r0, r1, r2, asr #31", &[0xEA21, 0x70E2], &[(1, 0x1234), (2, 0x8000_0000)], "", &[(0, 0)], ""),
        case("mvn.w r0, r1, lsl #8", &[0xEA6F, 0x2001], &[(1, 0xFF)], "", &[(0, 0xFFFF_00FF)], ""),
        case("movs r0, r1", &[0x0008], &[(1, 0x8000_0000)], "CV", &[(0, 0x8000_0000)], "NCV"),
        case("mov r8, r1", &[0x4688], &[(1, 0)], "NC", &[(8, 0)], "NC"),
        case("movs.w r0, r1", &[0xEA5F, 0x0001], &[(1, 0)], "NCV", &[(0, 0)], "ZCV"),
    ]);
}

#[test]
#[rustfmt::skip]
fn the_stack_pointer_stays_aligned() {
    check(&[
        case("add sp, #508", &[0xB07F], &[], "NZCV", &[(13, 0x2000_81FC)], "NZCV"),
        case("sub sp, #508", &[0xB0FF], &[], "", &[(13, 0x2000_7E04)], ""),
        case("add r0, sp, #1020", &[0xA8FF], &[], "", &[(0, 0x2000_83FC)], ""),
        case("mov sp, r0", &[0x4685], &[(0, 0x2000_4007)], "", &[(13, 0x2000_4004)], ""),
        case("add sp, r0", &[0x4485], &[(0, 6)], "", &[(13, 0x2000_8004)], ""),
        case("sub.w sp, sp, r0, lsl #2", &[0xEBAD, 0x0D80], &[(0, 3)], "", &[(13, 0x2000_7FF4)], ""),
        case("add.w sp, sp, #3", &[0xF10D, 0x0D03], &[], "", &[(13, 0x2000_8000)], ""),
        case("subw sp, sp, #4", &[0xF2AD, 0x0D04], &[], "", &[(13, 0x2000_7FFC)], ""),
        case("mov r0, sp", &[0x4668], &[], "", &[(0, 0x2000_8000)], ""),
    ]);
}
