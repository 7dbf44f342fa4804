//! Multiplication and division.

use crate::{case, check};

#[test]
#[rustfmt::skip]
fn products() {
    check(&[
        case("muls r0, r1, r0", &[0x4348], &[(0, 0x10000), (1, 0x10000)], "CV", &[(0, 0)], "ZCV"),
        case("muls r0, r1, r0", &[0x4348], &[(0, 0xFFFF_FFFF), (1, 3)], "", &[(0, 0xFFFF_FFFD)], "N"),
        case("mul r8, r9, r10", &[0xFB09, 0xF80A], &[(9, 0x1234_5678), (10, 0x10)], "NZCV", &[(8, 0x2345_6780)], "NZCV"),
        case("mla r0, r1, r2, r3", &[0xFB01, 0x3002], &[(1, 3), (2, 0xFFFF_FFFF), (3, 5)], "", &[(0, 2)], ""),
        case("mls r0, r1, r2, r3", &[0xFB01, 0x3012], &[(1, 3), (2, 4), (3, 10)], "", &[(0, 0xFFFF_FFFE)], ""),
        case("umull r0, r1, r2, r3", &[0xFBA2, 0x0103], &[(2, 0xFFFF_FFFF), (3, 0xFFFF_FFFF)], "", &[(0, 1), (1, 0xFFFF_FFFE)], ""),
        case("smull r0, r1, r2, r3", &[0xFB82, 0x0103], &[(2, 0xFFFF_FFFF), (3, 2)], "", &[(0, 0xFFFF_FFFE), (1, 0xFFFF_FFFF)], ""),
        case("smull r0, r1, r2, r3", &[0xFB82, 0x0103], &[(2, 0x8000_0000), (3, 0x8000_0000)], "", &[(0, 0), (1, 0x4000_0000)], ""),
        case("umlal r0, r1, r2, r3", &[0xFBE2, 0x0103], &[(0, 0xFFFF_FFFF), (1, 0xFFFF_FFFF), (2, 1), (3, 1)], "", &[(0, 0), (1, 0)], ""),
        case("umlal r0, r1, r2, r3", &[0xFBE2, 0x0103], &[(0, 0xFFFF_FFFF), (1, 0), (2, 1), (3, 1)], "", &[(0, 0), (1, 1)], ""),
        case("smlal r0, r1, r2, r3", &[0xFBC2, 0x0103], &[(0, 0), (1, 0), (2, 0xFFFF_FFFF), (3, 1)], "", &[(0, 0xFFFF_FFFF), (1, 0xFFFF_FFFF)], ""),
        case("smlal r0, r1, r0, r1", &[0xFBC0, 0x0101], &[(0, 2), (1, 3)], "", &[(0, 8), (1, 3)], ""),
    ]);
}

#[test]
#[rustfmt::skip]
fn quotients() {
    check(&[
        case("udiv r0, r1, r2", &[0xFBB1, 0xF0F2], &[(1, 0xFFFF_FFFF), (2, 16)], "NZCV", &[(0, 0x0FFF_FFFF)], "NZCV"),
        case("udiv r0, r1, r2", &[0xFBB1, 0xF0F2], &[(1, 7), (2, 0)], "", &[(0, 0)], ""),
        case("sdiv r0, r1, r2", &[0xFB91, 0xF0F2], &[(1, 0xFFFF_FFF9), (2, 2)], "", &[(0, 0xFFFF_FFFD)], ""),
        case("sdiv r0, r1, r2", &[0xFB91, 0xF0F2], &[(1, 7), (2, 0xFFFF_FFFE)], "", &[(0, 0xFFFF_FFFD)], ""),
        case("sdiv r0, r1, r2", &[0xFB91, 0xF0F2], &[(1, 0x8000_0000), (2, 0xFFFF_FFFF)], "", &[(0, 0x8000_0000)], ""),
        case("sdiv r0, r1, r2", &[0xFB91, 0xF0F2], &[(1, 0x8000_0000), (2, 0)], "", &[(0, 0)], ""),
    ]);
}
