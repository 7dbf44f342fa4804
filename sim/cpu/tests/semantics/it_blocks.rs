//! IT blocks: conditions, flags that narrow instructions leave alone, instructions that are skipped.

use crate::{case, check};

#[test]
#[rustfmt::skip]
fn conditions_and_flags() {
    check(&[
        case("it eq; moveq r0, #1", &[0xBF08, 0x2001], &[], "Z", &[(0, 1)], "Z"),
        case("it eq; moveq r0, #1", &[0xBF08, 0x2001], &[], "", &[], ""),
        case("ite ne; addne r0, r1, r2; subeq r0, r1, r2", &[0xBF14, 0x1888, 0x1A88], &[(1, 5), (2, 3)], "", &[(0, 8)], ""),
        case("itte cs; addcs r0, r1, #1; lslcs r2, r0, #31; movcc r0, #0", &[0xBF26, 0x1C48, 0x07C2, 0x2000], &[(1, 0)], "CV", &[(0, 1), (2, 0x8000_0000)], "CV"),
        case("ittee gt; movgt r0, #1; movgt r1, #2; movle r2, #3; movle r3, #4", &[0xBFC7, 0x2001, 0x2102, 0x2203, 0x2304], &[], "NV", &[(0, 1), (1, 2)], "NV"),
        case("ittee gt; movgt r0, #1; movgt r1, #2; movle r2, #3; movle r3, #4", &[0xBFC7, 0x2001, 0x2102, 0x2203, 0x2304], &[], "N", &[(2, 3), (3, 4)], "N"),
        case("itt eq; cmpeq r0, r1; moveq r2, #7", &[0xBF04, 0x4288, 0x2207], &[(0, 1), (1, 2)], "ZC", &[], "N"),
        case("itt eq; cmpeq r0, r1; moveq r2, #7", &[0xBF04, 0x4288, 0x2207], &[(0, 2), (1, 2)], "Z", &[(2, 7)], "ZC"),
        case("it mi; addsmi.w r0, r1, r2", &[0xBF48, 0xEB11, 0x0002], &[(1, 0xFFFF_FFFF), (2, 1)], "N", &[(0, 0)], "ZC"),
        case("ittt vs; mulvs r0, r1, r0; mvnvs r1, r2; rsbvs r3, r4, #0", &[0xBF62, 0x4348, 0x43D1, 0x4263], &[(0, 2), (1, 3), (2, 0), (4, 1)], "V", &[(0, 6), (1, 0xFFFF_FFFF), (3, 0xFFFF_FFFF)], "V"),
        case("it hi; asrhi r0, r1, #32", &[0xBF88, 0x1008], &[(1, 0x8000_0000)], "C", &[(0, 0xFFFF_FFFF)], "C"),
        case("it ls; lslls.w r0, r1, #4", &[0xBF98, 0xEA4F, 0x1001], &[(1, 0x11)], "Z", &[(0, 0x110)], "Z"),
        case("it lt; ldrlt r0, [r1]", &[0xBFB8, 0x6808], &[(1, 0x2000_2001)], "", &[], ""),
    ]);
}
