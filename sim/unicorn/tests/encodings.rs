//! Every 16-bit encoding and random 32-bit ones, valid or not: what one engine refuses, the other must refuse
//! too, but for the exceptions that are named here.

use std::collections::BTreeMap;

use flashstall_cpu::CpuModel;
use flashstall_unicorn::Code;
use flashstall_unicorn::random::Rng;
use flashstall_unicorn::random::encodings::is_valid;
use flashstall_unicorn::random::every::{Jury, Opinion, narrow, random_wide};

/// 16-bit encodings that one engine alone takes: all UNPREDICTABLE, or absent from the M profile.
const NARROW: &[(u16, u16, Opinion, &str)] = &[
    (
        0x44FF,
        0x44FF,
        Opinion::UnicornAccepts,
        "ADD PC, PC: UNPREDICTABLE (A7.7.4)",
    ),
    (
        0x4500,
        0x45FF,
        Opinion::UnicornAccepts,
        "CMP T2 of two low registers or of PC: UNPREDICTABLE (A7.7.28)",
    ),
    (
        0x4587,
        0x45FF,
        Opinion::UnicornAccepts,
        "CMP T2 with PC: UNPREDICTABLE",
    ),
    (
        0x4778,
        0x4778,
        Opinion::UnicornAccepts,
        "BX PC: UNPREDICTABLE",
    ),
    (
        0x47F8,
        0x47F8,
        Opinion::UnicornAccepts,
        "BLX PC: UNPREDICTABLE (A7.7.19)",
    ),
    (
        0x4700,
        0x47FF,
        Opinion::NativeAccepts,
        "BX and BLX with bits set that should be zero: UNPREDICTABLE",
    ),
    (
        0xB650,
        0xB65F,
        Opinion::UnicornAccepts,
        "trap `setend`: an instruction of the A profile",
    ),
    (
        0xBF10,
        0xBF10,
        Opinion::NativeAccepts,
        "trap `hints-refused`: YIELD",
    ),
];

#[test]
fn all_narrow_encodings() {
    let model = CpuModel::CortexM3;
    let mut jury = Jury::new(model).expect("unicorn");
    let mut counts: BTreeMap<Opinion, u32> = BTreeMap::new();
    for code in narrow() {
        let opinion = jury.ask(code).expect("unicorn");
        *counts.entry(opinion).or_default() += 1;
        if matches!(opinion, Opinion::NativeAccepts | Opinion::UnicornAccepts) {
            let known = NARROW
                .iter()
                .any(|row| (row.0..=row.1).contains(&code.first) && row.2 == opinion);
            assert!(known, "{:04x}: {opinion:?}", code.first);
        }
        if is_valid(model.extensions(), code) {
            assert_eq!(
                opinion,
                if code.first == 0xBF10 {
                    opinion
                } else {
                    Opinion::BothAccept
                },
                "{:04x}",
                code.first
            );
        }
    }
    assert!(
        counts[&Opinion::BothAccept] > 57_000 && counts[&Opinion::BothRefuse] > 1_000,
        "{counts:?}"
    );
}

/// Bits of 32-bit encodings that have no meaning in ARMv7-M: the native core must refuse them, whatever unicorn does.
const NOT_IN_V7M: &[(u32, u32, &str)] = &[
    (
        0xFF10_0000,
        0xF900_0000,
        "A5.3: Advanced SIMD element or structure loads and stores",
    ),
    (0xFE70_0000, 0xF870_0000, "A5.3: 00xx111"),
    (0xF800_D000, 0xF000_C000, "A5.3.4: BLX (immediate)"),
    (0xEF00_0000, 0xEF00_0000, "A5.3.18: Advanced SIMD"),
];

/// A 32-bit encoding that only the native core takes may only be one whose bits that should be 0 or 1 are not, or one whose
/// registers make it UNPREDICTABLE. These are the instructions where it happens.
const LENIENT: &[(u32, u32, &str)] = &[
    (0xFFF0_0000, 0xE850_0000, "LDREX: bits 11:8 should be one"),
    (
        0xFFE0_0000,
        0xE8C0_0000,
        "TBB, TBH, narrow exclusives: bits that should be one or zero",
    ),
    (
        0xFE40_0000,
        0xE800_0000,
        "LDM, STM: one register, base in the list with write-back, PC and LR",
    ),
    (
        0xFFB0_8000,
        0xF3B0_8000,
        "barriers and CLREX: bits that should be one",
    ),
    (0xFBF0_8000, 0xF3A0_8000, "hints: bits that should be one"),
    (
        0xFB10_8000,
        0xF300_0000,
        "SSAT, USAT, SBFX, UBFX, BFI: bits 26 and 5 should be zero",
    ),
    (0xFF80_F040, 0xFA00_F040, "extensions: bit 6 should be zero"),
    (0xFF80_F080, 0xFA00_F080, "extensions: SP as destination"),
];

fn fits(table: &[(u32, u32, &str)], bits: u32) -> bool {
    table.iter().any(|(mask, value, _)| bits & mask == *value)
}

#[test]
fn random_wide_encodings() {
    for model in [CpuModel::CortexM3, CpuModel::CortexM4] {
        let mut jury = Jury::new(model).expect("unicorn");
        let mut rng = Rng::new(7);
        let mut counts: BTreeMap<Opinion, u32> = BTreeMap::new();
        for _ in 0..300_000 {
            let code = random_wide(&mut rng);
            let opinion = jury.ask(code).expect("unicorn");
            *counts.entry(opinion).or_default() += 1;
            check(model, code, opinion);
        }
        assert!(
            counts[&Opinion::BothAccept] > 50_000 && counts[&Opinion::BothRefuse] > 100_000,
            "{counts:?}"
        );
    }
}

fn check(model: CpuModel, code: Code, opinion: Opinion) {
    let bits = code.bits();
    let native = matches!(opinion, Opinion::NativeAccepts | Opinion::BothAccept);
    if is_valid(model.extensions(), code) {
        assert_eq!(opinion, Opinion::BothAccept, "{bits:08x} is valid");
    }
    assert!(
        !(native && fits(NOT_IN_V7M, bits)),
        "{bits:08x} is no ARMv7-M instruction, and the native core takes it"
    );
    // What unicorn alone takes is UNPREDICTABLE, or belongs to another architecture (traps `m3-dsp` and `a-profile`).
    // It is not valid, which was checked above.
    if opinion == Opinion::NativeAccepts {
        assert!(
            fits(LENIENT, bits),
            "{bits:08x}: only the native core takes it"
        );
    }
}
