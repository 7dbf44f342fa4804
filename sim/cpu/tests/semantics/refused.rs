//! Encodings that are refused: nothing runs past them.

use crate::common::{CODE, machine};
use flashstall_cpu::{CpuModel, OpKind, Size, decode};

const UNDEFINSTR: u32 = 1 << 16;
const NOCP: u32 = 1 << 19;

fn cfsr_of(model: CpuModel, code: &[u16]) -> u32 {
    let (mut cpu, mut bus) = machine(model, code);
    cpu.step(&mut bus);
    assert_eq!(cpu.core.exception, 3, "{code:x?}");
    assert_eq!(bus.word(cpu.core.r[13] + 0x18), CODE);
    cpu.data_read(&mut bus, 0xE000_ED28, Size::Word).unwrap()
}

#[test]
#[rustfmt::skip]
fn dsp_is_undefined_without_the_extension() {
    for code in [
        [0xFA82, 0xF081], // qadd r0, r1, r2
        [0xFB11, 0x3002], // smlabb r0, r1, r2, r3
        [0xFAA1, 0xF082], // sel r0, r1, r2
        [0xFBE2, 0x0163], // umaal r0, r1, r2, r3
        [0xFA81, 0xF002], // sadd8 r0, r1, r2
        [0xEAC1, 0x0002], // pkhbt r0, r1, r2
        [0xFA41, 0xF082], // sxtab r0, r1, r2
        [0xF321, 0x0003], // ssat16 r0, #4, r1
        [0xFB51, 0xF002], // smmul r0, r1, r2
        [0xFB71, 0xF002], // usad8 r0, r1, r2
    ] {
        assert_eq!(cfsr_of(CpuModel::CortexM3, &code), UNDEFINSTR, "{code:x?}");
    }
}

#[test]
#[rustfmt::skip]
fn coprocessors_are_absent() {
    for code in [
        [0xEE30, 0x0A00], // vadd.f32 s0, s0, s0: CPACR is zero after reset
        [0xED90, 0x0A00], // vldr s0, [r0]
        [0xEC51, 0x0B10], // vmov r0, r1, d0
        [0xEE01, 0x0010], // mcr p0, 0, r0, c1, c0
        [0xFE00, 0x0000], // cdp2
    ] {
        assert_eq!(cfsr_of(CpuModel::CortexM3, &code), NOCP, "{code:x?}");
        assert_eq!(cfsr_of(CpuModel::CortexM4, &code), NOCP, "{code:x?}");
    }
}

#[test]
#[rustfmt::skip]
fn undefined_and_unpredictable() {
    for (what, first, second) in [
        ("udf #0", 0xDE00, 0),
        ("udf.w #0", 0xF7F0, 0xA000),
        ("blx label: no Arm state", 0xF000, 0xE800),
        ("hlt of v8", 0xBA80, 0),
        ("push {}", 0xB400, 0),
        ("pop {}", 0xBC00, 0),
        ("ldm with an empty list", 0xC800, 0),
        ("bx pc", 0x4778, 0),
        ("cmp pc, r0", 0x4587, 0),
        ("add pc, pc", 0x44FF, 0),
        ("str pc, [r0]", 0xF8C0, 0xF000),
        ("str r0, [pc]", 0xF8CF, 0x0000),
        ("ldr r0, [r0], #4", 0xF850, 0x0B04),
        ("ldrb sp, [r0]", 0xF890, 0xD000),
        ("ldm.w with sp in the list", 0xE890, 0x2001),
        ("stm.w with pc in the list", 0xE880, 0x8001),
        ("ldrd r0, r0", 0xE9D1, 0x0002),
        ("strexd of ARMv7-A", 0xE8C1, 0x2070),
        ("srs", 0xE800, 0xC000),
        ("rfe", 0xE990, 0xC000),
        ("and.w r0, pc, r1", 0xEA0F, 0x0001),
        ("mov.w pc, r1", 0xEA4F, 0x0F01),
        ("bfi with msb below lsb", 0xF361, 0x1002),
        ("ubfx past bit 31", 0xF3C1, 0x70DF),
        ("movw pc", 0xF240, 0x0F00),
        ("mrs sp, apsr", 0xF3EF, 0x8D00),
        ("vld1: no Advanced SIMD", 0xF920, 0x0000),
    ] {
        for model in [CpuModel::CortexM3, CpuModel::CortexM4] {
            let op = decode(model.extensions(), CODE, first, second);
            assert_eq!(op.kind, OpKind::Undefined, "{what}");
        }
    }
}

#[test]
fn hints_are_not_refused() {
    for (first, second) in [
        (0xBF00u16, 0u16),
        (0xBF10, 0),
        (0xBF90, 0),
        (0xF3AF, 0x8000),
        (0xF3AF, 0x80F5),
        (0xF990, 0xF000),
    ] {
        assert_eq!(
            decode(CpuModel::CortexM3.extensions(), CODE, first, second).kind,
            OpKind::Nop,
            "{first:04x} {second:04x}"
        );
    }
}
