//! What instructions do, one table a group: encodings as `arm-none-eabi-as` makes them, results worked out by hand from the
//! manual's pseudo-code.
#![allow(missing_docs, reason = "tests have no API")]

#[path = "../common/mod.rs"]
mod common;

mod alu;
mod bits;
mod branches;
mod immediates;
mod it_blocks;
mod memory;
mod multiple;
mod multiply;
mod refused;
mod shifts;

use common::{CODE, SimBus, machine};
use flashstall_cpu::{Cpu, CpuModel};

/// One instruction (or a few) with what it starts from and what it must come to. Flags are the letters of
/// those that are set, of `NZCVQ`.
pub struct Case {
    pub asm: &'static str,
    pub code: &'static [u16],
    pub before: &'static [(usize, u32)],
    pub flags: &'static str,
    pub after: &'static [(usize, u32)],
    pub flags_after: &'static str,
}

pub const fn case(
    asm: &'static str,
    code: &'static [u16],
    before: &'static [(usize, u32)],
    flags: &'static str,
    after: &'static [(usize, u32)],
    flags_after: &'static str,
) -> Case {
    Case {
        asm,
        code,
        before,
        flags,
        after,
        flags_after,
    }
}

/// What a register holds that a case does not mention.
pub const fn untouched(register: usize) -> u32 {
    0x5EED_0000 | register as u32
}

pub fn apsr(flags: &str) -> u32 {
    flags
        .chars()
        .map(|flag| 0x8000_0000u32 >> "NZCVQ".find(flag).expect("a flag"))
        .sum()
}

/// A machine before the instructions of a case.
pub fn prepared(code: &[u16], before: &[(usize, u32)], flags: &str) -> (Cpu, SimBus) {
    let (mut cpu, bus) = machine(CpuModel::CortexM4, code);
    for register in (0..13).chain([14]) {
        cpu.core.r[register] = untouched(register);
    }
    for &(register, value) in before {
        cpu.core.r[register] = value;
    }
    cpu.core.set_apsr(apsr(flags));
    (cpu, bus)
}

/// Runs each case up to the end of its code, and compares all registers and flags.
pub fn check(cases: &[Case]) {
    for case in cases {
        let (mut cpu, mut bus) = prepared(case.code, case.before, case.flags);
        let end = CODE + 2 * case.code.len() as u32;
        let sp = cpu.core.r[13];
        for _ in 0..case.code.len() {
            if cpu.core.pc != end {
                assert_eq!(cpu.step(&mut bus), None, "{}", case.asm);
            }
        }
        assert_eq!(cpu.core.exception, 0, "{} faults", case.asm);
        assert_eq!(cpu.core.pc, end, "{}", case.asm);
        for register in
            (0..15).filter(|&register| register != 13 || case.before.iter().all(|b| b.0 != 13))
        {
            let start = case
                .before
                .iter()
                .find(|before| before.0 == register)
                .map(|before| before.1);
            let start = start.unwrap_or(if register == 13 {
                sp
            } else {
                untouched(register)
            });
            let wanted = case
                .after
                .iter()
                .find(|after| after.0 == register)
                .map_or(start, |after| after.1);
            let got = cpu.core.r[register];
            assert_eq!(
                got, wanted,
                "{}: r{register} is {got:#010x}, not {wanted:#010x}",
                case.asm
            );
        }
        let flags: String = "NZCVQ"
            .chars()
            .filter(|&f| cpu.core.apsr() & apsr(&f.to_string()) != 0)
            .collect();
        assert_eq!(flags, case.flags_after, "{}: flags", case.asm);
    }
}
