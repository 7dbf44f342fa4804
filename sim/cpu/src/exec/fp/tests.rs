use crate::fp::Fpscr;
use crate::testbus::{RAM, THREAD, TestBus, cpu, cpu_of};
use crate::{Cpu, CpuModel, Size};

const CPACR: u32 = 0xE000_ED88;
const ONE: u32 = 0x3F80_0000;
const CFSR: u32 = 0xE000_ED28;

/// A core with its FPU on, about to execute `code`.
fn ready(code: &[u16]) -> (Cpu, TestBus) {
    let (mut cpu, mut bus) = cpu();
    bus.program(THREAD, code);
    cpu.data_write(&mut bus, CPACR, Size::Word, 0x00F0_0000)
        .unwrap();
    (cpu, bus)
}

/// Executes one instruction on s0, s1, s2 = `s`; s0 and FPSCR after it.
fn one(first: u16, second: u16, s: [f32; 3]) -> (f32, u32) {
    let (mut cpu, mut bus) = ready(&[first, second]);
    for (register, value) in (0..).zip(s) {
        cpu.core.fp.put(register, value.to_bits());
    }
    cpu.step(&mut bus);
    assert_eq!(cpu.core.pc, THREAD + 4);
    (f32::from_bits(cpu.core.fp.get(0)), cpu.core.fp.fpscr.bits())
}

#[test]
fn arithmetic() {
    let s = [9.0, 3.0, 2.0];
    assert_eq!(one(0xEE30, 0x0A81, s).0, 5.0, "vadd.f32 s0, s1, s2");
    assert_eq!(one(0xEE30, 0x0AC1, s).0, 1.0, "vsub.f32 s0, s1, s2");
    assert_eq!(one(0xEE20, 0x0A81, s).0, 6.0, "vmul.f32 s0, s1, s2");
    assert_eq!(one(0xEE20, 0x0AC1, s).0, -6.0, "vnmul.f32 s0, s1, s2");
    assert_eq!(one(0xEE80, 0x0A81, s).0, 1.5, "vdiv.f32 s0, s1, s2");
    assert_eq!(one(0xEEB1, 0x0AC0, s).0, 3.0, "vsqrt.f32 s0, s0");
    assert_eq!(one(0xEEB1, 0x0A60, s).0, -3.0, "vneg.f32 s0, s1");
    assert_eq!(
        one(0xEEB0, 0x0AE0, [0.0, -3.0, 0.0]).0,
        3.0,
        "vabs.f32 s0, s1"
    );
    assert_eq!(one(0xEEB0, 0x0A60, s).0, 3.0, "vmov.f32 s0, s1");
    assert_eq!(one(0xEEB7, 0x0A00, s).0, 1.0, "vmov.f32 s0, #1.0");
}

#[test]
fn multiply_accumulate_in_eight_forms() {
    let s = [10.0, 3.0, 2.0];
    let forms = [
        (0xEE00, 0x0A81, 16.0, "VMLA"),
        (0xEE00, 0x0AC1, 4.0, "VMLS"),
        (0xEE10, 0x0A81, -4.0, "VNMLS"),
        (0xEE10, 0x0AC1, -16.0, "VNMLA"),
        (0xEEA0, 0x0A81, 16.0, "VFMA"),
        (0xEEA0, 0x0AC1, 4.0, "VFMS"),
        (0xEE90, 0x0A81, -4.0, "VFNMS"),
        (0xEE90, 0x0AC1, -16.0, "VFNMA"),
    ];
    for (first, second, wanted, name) in forms {
        assert_eq!(one(first, second, s).0, wanted, "{name}");
    }
    let near = f32::from_bits(ONE + 1);
    let s = [f32::from_bits(0xBF80_0002), near, near];
    assert_eq!(one(0xEE00, 0x0A81, s).0, 0.0, "VMLA rounds the product");
    assert_eq!(
        one(0xEEA0, 0x0A81, s).0.to_bits(),
        0x2880_0000,
        "VFMA does not"
    );
}

#[test]
fn comparison_reaches_the_apsr() {
    // vcmp.f32 s0, s1; vmrs APSR_nzcv, fpscr.
    let (mut cpu, mut bus) = ready(&[0xEEB4, 0x0A60, 0xEEF1, 0xFA10]);
    cpu.core.fp.put(1, ONE);
    cpu.core.set_apsr(0x4800_0000);
    cpu.step(&mut bus);
    cpu.step(&mut bus);
    assert_eq!(cpu.core.apsr(), 0x8800_0000, "less, and Q stays");
    assert_eq!(
        one(0xEEB5, 0x0A40, [0.0; 3]).1 >> 28,
        0b0110,
        "vcmp.f32 s0, #0"
    );
    assert_eq!(
        one(0xEEB5, 0x0AC0, [f32::NAN; 3]).1,
        0x3000_0001,
        "vcmpe.f32 s0, #0"
    );
}

#[test]
fn conversions() {
    let bits = |first, second, s| one(first, second, s).0.to_bits();
    assert_eq!(
        bits(0xEEBD, 0x0AE0, [0.0, -2.7, 0.0]),
        -2i32 as u32,
        "vcvt.s32.f32 s0, s1"
    );
    assert_eq!(
        bits(0xEEBD, 0x0A60, [0.0, -2.7, 0.0]),
        -3i32 as u32,
        "vcvtr.s32.f32 s0, s1"
    );
    assert_eq!(
        bits(0xEEBC, 0x0AE0, [0.0, -2.7, 0.0]),
        0,
        "vcvt.u32.f32 s0, s1"
    );
    let minus_one = f32::from_bits(u32::MAX);
    assert_eq!(
        one(0xEEB8, 0x0AE0, [0.0, minus_one, 0.0]).0,
        -1.0,
        "vcvt.f32.s32 s0, s1"
    );
    assert_eq!(
        one(0xEEB8, 0x0A60, [0.0, minus_one, 0.0]).0,
        4_294_967_296.0,
        "vcvt.f32.u32 s0, s1"
    );
    assert_eq!(
        bits(0xEEBE, 0x0AC8, [1.5, 0.0, 0.0]),
        0x0001_8000,
        "vcvt.s32.f32 s0, s0, #16"
    );
    assert_eq!(
        bits(0xEEB3, 0x0AE0, [0.0, 1.0, 0.0]),
        0x3C00_0000,
        "vcvtt.f16.f32 s0, s1"
    );
    assert_eq!(
        one(0xEEB2, 0x0A60, [0.0, f32::from_bits(0x3C00), 0.0]).0,
        1.0,
        "vcvtb.f32.f16 s0, s1"
    );
}

#[test]
fn moves() {
    // vmov s5, r1; vmov r2, s5; vmov d3, r1, r2; vmov r3, r4, s6, s7; vmov.32 d1[1], r1; vmsr fpscr, r0; vmrs r5, fpscr.
    let code = [
        0xEE02, 0x1A90, 0xEE12, 0x2A90, 0xEC42, 0x1B13, 0xEC54, 0x3A13, 0xEE21, 0x1B10, 0xEEE1,
        0x0A10, 0xEEF1, 0x5A10,
    ];
    let (mut cpu, mut bus) = ready(&code);
    cpu.core.r[0] = u32::MAX;
    cpu.core.r[1] = 0x1234;
    for _ in 0..7 {
        cpu.step(&mut bus);
    }
    assert_eq!(cpu.core.r[2..6], [0x1234, 0x1234, 0x1234, 0xF7C0_009F]);
    assert_eq!(cpu.core.fp.get(3), 0x1234);
}

#[test]
fn loads_and_stores() {
    // vpush {d0-d1}; vldr s8, [sp, #4]; vstr d4, [r0, #-8]; vldmia r0!, {s16-s17}; vpop {d2-d3}.
    let code = [
        0xED2D, 0x0B04, 0xED9D, 0x4A01, 0xED00, 0x4B02, 0xECB0, 0x8A02, 0xECBD, 0x2B04,
    ];
    let (mut cpu, mut bus) = ready(&code);
    let top = cpu.core.r[13];
    cpu.core.r[0] = RAM + 0x108;
    for register in 0..4 {
        cpu.core.fp.put(register, 0x100 + u32::from(register));
    }
    bus.set_word(RAM + 0x108, 0xAA);
    bus.set_word(RAM + 0x10C, 0xBB);
    cpu.step(&mut bus);
    assert_eq!(cpu.core.r[13], top - 16);
    for _ in 0..4 {
        cpu.step(&mut bus);
    }
    assert_eq!(cpu.core.r[13], top);
    assert_eq!(bus.word(RAM + 0x100), 0x101);
    assert_eq!(
        [16, 17, 4, 5, 6, 7].map(|register| cpu.core.fp.get(register)),
        [0xAA, 0xBB, 0x100, 0x101, 0x102, 0x103]
    );
    assert_eq!(cpu.core.r[0], RAM + 0x110);
}

#[test]
fn unaligned_transfers_fault() {
    for code in [[0xED90, 0x0A00], [0xEC90, 0x0A02]] {
        let (mut cpu, mut bus) = ready(&code);
        cpu.core.r[0] = RAM + 2;
        cpu.step(&mut bus);
        assert_eq!(cpu.data_read(&mut bus, CFSR, Size::Word), Ok(1 << 24));
    }
}

#[test]
fn cpacr_opens_the_unit() {
    const NOCP: u32 = 1 << 19;
    const UNDEFINSTR: u32 = 1 << 16;
    let status = |cpacr, unprivileged, code: [u16; 2]| {
        let (mut cpu, mut bus) = ready(&code);
        cpu.data_write(&mut bus, CPACR, Size::Word, cpacr).unwrap();
        cpu.core.unprivileged = unprivileged;
        cpu.step(&mut bus);
        cpu.scb.cfsr()
    };
    let (vadd, vadd64) = ([0xEE30, 0x0A20], [0xEE30, 0x0B01]);
    assert_eq!(status(0, false, vadd), NOCP);
    assert_eq!(status(0x0050_0000, false, vadd), 0, "privileged only");
    assert_eq!(status(0x0050_0000, true, vadd), NOCP);
    assert_eq!(status(0x00F0_0000, true, vadd), 0);
    assert_eq!(status(0, false, vadd64), NOCP);
    assert_eq!(status(0x00F0_0000, false, vadd64), UNDEFINSTR);
    let (mut cpu, mut bus) = cpu_of(CpuModel::CortexM3);
    bus.program(THREAD, &vadd);
    cpu.data_write(&mut bus, CPACR, Size::Word, 0x00F0_0000)
        .unwrap();
    cpu.step(&mut bus);
    assert_eq!(cpu.data_read(&mut bus, CFSR, Size::Word), Ok(NOCP));
}

#[test]
fn the_first_use_opens_a_context() {
    const FPDSCR: u32 = 0xE000_EF3C;
    let (mut cpu, mut bus) = ready(&[0xEE30, 0x0A20]);
    cpu.data_write(&mut bus, FPDSCR, Size::Word, u32::MAX)
        .unwrap();
    assert_eq!(cpu.mrs(20), 0);
    cpu.step(&mut bus);
    assert_eq!(cpu.mrs(20), 4, "CONTROL.FPCA");
    assert_eq!(cpu.core.fp.fpscr, Fpscr::from_bits_retain(0x07C0_0000));
}

#[test]
fn cycles() {
    let cost = |code: [u16; 2]| {
        let (mut cpu, mut bus) = ready(&code);
        cpu.core.r[0] = RAM + 0x100;
        cpu.core.fp.put(1, ONE);
        let before = cpu.core.now;
        cpu.step(&mut bus);
        cpu.core.now.since(before).0
    };
    assert_eq!(cost([0xEE30, 0x0A20]), 1, "VADD");
    assert_eq!(cost([0xEE00, 0x0A20]), 3, "VMLA");
    assert_eq!(cost([0xEEA0, 0x0A20]), 3, "VFMA");
    assert_eq!(cost([0xEE80, 0x0A20]), 14, "VDIV");
    assert_eq!(cost([0xEEB1, 0x0AE0]), 14, "VSQRT");
    assert_eq!(cost([0xED90, 0x0A00]), 2, "VLDR");
    assert_eq!(cost([0xED90, 0x0B00]), 3, "VLDR of a double");
    assert_eq!(cost([0xED80, 0x0A00]), 2, "VSTR");
    assert_eq!(cost([0xEC90, 0x0A08]), 9, "VLDM of eight");
    assert_eq!(cost([0xEC80, 0x0B08]), 9, "VSTM of four doubles");
    assert_eq!(cost([0xEC51, 0x0A10]), 2, "VMOV of two");
}

#[test]
fn an_interrupted_multiple_starts_again() {
    // vldmia r0!, {s0-s31}.
    let (mut cpu, mut bus) = ready(&[0xECB0, 0x0A20]);
    cpu.core.r[0] = RAM + 0x100;
    crate::testbus::enable(&mut cpu, 40, 0x40);
    bus.at(cpu.core.now.0 + 10, 40, crate::testbus::Line::Pulse);
    cpu.step(&mut bus);
    assert_eq!((cpu.core.r[0], cpu.core.pc), (RAM + 0x100, THREAD));
    cpu.step(&mut bus);
    assert_eq!(cpu.core.exception, 56);
    assert!(bus.entered[0].1 < 40, "not after all 32");
}
