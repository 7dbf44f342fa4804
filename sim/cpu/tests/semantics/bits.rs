//! Bit-fields, bit and byte reversal, extension, saturation.

use crate::{case, check};

#[test]
#[rustfmt::skip]
fn fields() {
    check(&[
        case("bfi r0, r1, #4, #8", &[0xF361, 0x100B], &[(0, 0xFFFF_FFFF), (1, 0x12)], "N", &[(0, 0xFFFF_F12F)], "N"),
        case("bfi r0, r1, #0, #32", &[0xF361, 0x001F], &[(0, 0), (1, 0xDEAD_BEEF)], "", &[(0, 0xDEAD_BEEF)], ""),
        case("bfi r0, r1, #31, #1", &[0xF361, 0x70DF], &[(0, 0), (1, 1)], "", &[(0, 0x8000_0000)], ""),
        case("bfc r0, #8, #16", &[0xF36F, 0x2017], &[(0, 0xFFFF_FFFF)], "", &[(0, 0xFF00_00FF)], ""),
        case("ubfx r0, r1, #4, #8", &[0xF3C1, 0x1007], &[(1, 0xFFFF_F12F)], "", &[(0, 0x12)], ""),
        case("ubfx r0, r1, #0, #32", &[0xF3C1, 0x001F], &[(1, 0xFFFF_F12F)], "", &[(0, 0xFFFF_F12F)], ""),
        case("ubfx r0, r1, #31, #1", &[0xF3C1, 0x70C0], &[(1, 0x8000_0000)], "", &[(0, 1)], ""),
        case("sbfx r0, r1, #4, #4", &[0xF341, 0x1003], &[(1, 0x80)], "", &[(0, 0xFFFF_FFF8)], ""),
        case("sbfx r0, r1, #31, #1", &[0xF341, 0x70C0], &[(1, 0x8000_0000)], "", &[(0, 0xFFFF_FFFF)], ""),
        case("sbfx r0, r1, #0, #32", &[0xF341, 0x001F], &[(1, 0x7FFF_FFFF)], "", &[(0, 0x7FFF_FFFF)], ""),
        case("movt r0, #0xBEEF", &[0xF6CB, 0x60EF], &[(0, 0x1234_5678)], "", &[(0, 0xBEEF_5678)], ""),
    ]);
}

#[test]
#[rustfmt::skip]
fn counting_and_reversal() {
    check(&[
        case("clz r0, r1", &[0xFAB1, 0xF081], &[(1, 0)], "", &[(0, 32)], ""),
        case("clz r0, r1", &[0xFAB1, 0xF081], &[(1, 1)], "", &[(0, 31)], ""),
        case("clz r0, r1", &[0xFAB1, 0xF081], &[(1, 0x8000_0000)], "", &[(0, 0)], ""),
        case("rbit r0, r1", &[0xFA91, 0xF0A1], &[(1, 0x0000_0003)], "", &[(0, 0xC000_0000)], ""),
        case("rev r0, r1", &[0xBA08], &[(1, 0x1234_5678)], "", &[(0, 0x7856_3412)], ""),
        case("rev.w r8, r9", &[0xFA99, 0xF889], &[(9, 0x1234_5678)], "", &[(8, 0x7856_3412)], ""),
        case("rev16 r0, r1", &[0xBA48], &[(1, 0x1234_5678)], "", &[(0, 0x3412_7856)], ""),
        case("revsh r0, r1", &[0xBAC8], &[(1, 0x0000_7FF0)], "", &[(0, 0xFFFF_F07F)], ""),
        case("revsh r0, r1", &[0xBAC8], &[(1, 0xFFFF_0180)], "", &[(0, 0xFFFF_8001)], ""),
    ]);
}

#[test]
#[rustfmt::skip]
fn extension() {
    check(&[
        case("sxtb r0, r1", &[0xB248], &[(1, 0x80)], "", &[(0, 0xFFFF_FF80)], ""),
        case("sxth r0, r1", &[0xB208], &[(1, 0x17FFF)], "", &[(0, 0x7FFF)], ""),
        case("uxtb r0, r1", &[0xB2C8], &[(1, 0x1FF)], "", &[(0, 0xFF)], ""),
        case("uxth r0, r1", &[0xB288], &[(1, 0x1234_8765)], "", &[(0, 0x8765)], ""),
        case("sxtb.w r0, r1, ror #8", &[0xFA4F, 0xF091], &[(1, 0x8000)], "", &[(0, 0xFFFF_FF80)], ""),
        case("sxth.w r0, r1, ror #24", &[0xFA0F, 0xF0B1], &[(1, 0xFF00_0080)], "", &[(0, 0xFFFF_80FF)], ""),
        case("uxtb.w r0, r1, ror #16", &[0xFA5F, 0xF0A1], &[(1, 0x00AB_0000)], "", &[(0, 0xAB)], ""),
        case("uxth.w r8, r9, ror #16", &[0xFA1F, 0xF8A9], &[(9, 0xABCD_1234)], "", &[(8, 0xABCD)], ""),
    ]);
}

#[test]
#[rustfmt::skip]
fn saturation() {
    check(&[
        case("ssat r0, #8, r1", &[0xF301, 0x0007], &[(1, 127)], "", &[(0, 127)], ""),
        case("ssat r0, #8, r1", &[0xF301, 0x0007], &[(1, 128)], "", &[(0, 127)], "Q"),
        case("ssat r0, #8, r1", &[0xF301, 0x0007], &[(1, 0xFFFF_FF7F)], "", &[(0, 0xFFFF_FF80)], "Q"),
        case("ssat r0, #32, r1", &[0xF301, 0x001F], &[(1, 0x8000_0000)], "Q", &[(0, 0x8000_0000)], "Q"),
        case("ssat r0, #1, r1", &[0xF301, 0x0000], &[(1, 5)], "", &[(0, 0)], "Q"),
        case("ssat r0, #16, r1, lsl #4", &[0xF301, 0x100F], &[(1, 0x1000)], "", &[(0, 0x7FFF)], "Q"),
        case("ssat r0, #16, r1, asr #4", &[0xF321, 0x100F], &[(1, 0x7FFF0)], "", &[(0, 0x7FFF)], ""),
        case("usat r0, #8, r1", &[0xF381, 0x0008], &[(1, 255)], "NZCV", &[(0, 255)], "NZCV"),
        case("usat r0, #8, r1", &[0xF381, 0x0008], &[(1, 256)], "", &[(0, 255)], "Q"),
        case("usat r0, #8, r1", &[0xF381, 0x0008], &[(1, 0xFFFF_FFFF)], "", &[(0, 0)], "Q"),
        case("usat r0, #0, r1", &[0xF381, 0x0000], &[(1, 1)], "", &[(0, 0)], "Q"),
        case("usat r0, #31, r1", &[0xF381, 0x001F], &[(1, 0x7FFF_FFFF)], "", &[(0, 0x7FFF_FFFF)], ""),
    ]);
}
