//! Branches: targets, link, interworking, tables; and their cycles.

use crate::common::{CODE, FLASH, HANDLER};
use crate::prepared;
use flashstall_cpu::Exit;

/// PC, LR and cycles after one instruction.
fn branch(code: &[u16], before: &[(usize, u32)], flags: &str) -> (u32, u32, u64) {
    let (mut cpu, mut bus) = prepared(code, before, flags);
    bus.set_word(0x2000_2000, HANDLER | 1);
    bus.set_word(0x2000_2008, HANDLER | 1);
    let start = cpu.core.now.0;
    assert_eq!(cpu.step(&mut bus), None);
    assert_eq!(cpu.core.exception, 0, "{code:x?} faults");
    (cpu.core.pc, cpu.core.r[14], cpu.core.now.0 - start)
}

const LR: u32 = crate::untouched(14);

#[test]
#[rustfmt::skip]
fn targets_link_and_cycles() {
    assert_eq!(branch(&[0xE7FE], &[], ""), (CODE, LR, 2), "b .");
    assert_eq!(branch(&[0xE7FC], &[], ""), (CODE - 4, LR, 2), "b .-4");
    assert_eq!(branch(&[0xF000, 0xBFFE], &[], ""), (CODE + 0x1000, LR, 2), "b.w .+0x1000");
    assert_eq!(branch(&[0xD002], &[], "Z"), (CODE + 8, LR, 2), "beq taken");
    assert_eq!(branch(&[0xD002], &[], ""), (CODE + 2, LR, 1), "beq not taken");
    assert_eq!(branch(&[0xF040, 0x87FE], &[], ""), (CODE + 0x1000, LR, 2), "bne.w taken");
    assert_eq!(branch(&[0xF040, 0x87FE], &[], "Z"), (CODE + 4, LR, 1), "bne.w not taken");
    assert_eq!(branch(&[0xF000, 0xF87E], &[], ""), (CODE + 0x100, CODE + 5, 2), "bl");
    assert_eq!(branch(&[0xF7FF, 0xFF7E], &[], ""), (CODE - 0x100, CODE + 5, 2), "bl back");
    assert_eq!(branch(&[0x4700], &[(0, HANDLER | 1)], ""), (HANDLER, LR, 2), "bx r0");
    assert_eq!(branch(&[0x4780], &[(0, HANDLER | 1)], ""), (HANDLER, CODE + 3, 2), "blx r0");
    assert_eq!(branch(&[0x4687], &[(0, HANDLER)], ""), (HANDLER, LR, 2), "mov pc, r0 ignores bit 0");
    assert_eq!(branch(&[0x4487], &[(0, 0x101)], ""), (CODE + 0x104, LR, 2), "add pc, r0");
    assert_eq!(branch(&[0xB110], &[(0, 0)], ""), (CODE + 8, LR, 2), "cbz taken");
    assert_eq!(branch(&[0xB110], &[(0, 1)], "Z"), (CODE + 2, LR, 1), "cbz not taken");
    assert_eq!(branch(&[0xB910], &[(0, 1)], ""), (CODE + 8, LR, 2), "cbnz taken");
    assert_eq!(branch(&[0xE8DF, 0xF000, 0x0502, 0], &[(0, 1)], ""), (CODE + 4 + 10, LR, 6), "tbb [pc, r0]");
    assert_eq!(branch(&[0xE8DF, 0xF010, 1, 0x300], &[(0, 1)], ""), (CODE + 4 + 0x600, LR, 6), "tbh [pc, r0, lsl #1]");
    assert_eq!(branch(&[0xF8D0, 0xF000], &[(0, 0x2000_2000)], ""), (HANDLER, LR, 5), "ldr pc, [r0]");
    assert_eq!(branch(&[0xF850, 0xF021], &[(0, 0x2000_2000), (1, 2)], ""), (HANDLER, LR, 5), "ldr pc, [r0, r1, lsl #2]");
    assert_eq!(branch(&[0xF8DF, 0xF004, 0, 0, 0x0201, 0x0800], &[], ""), (HANDLER, LR, 5), "ldr pc, [pc, #4]");
}

#[test]
fn conditions() {
    // One branch of each condition, against the flags it reads.
    let taken = |cond: u16, flags| branch(&[0xD002 | cond << 8], &[], flags).0 == CODE + 8;
    for (cond, on, off) in [
        (0, "Z", "NCV"),
        (1, "NCV", "Z"),
        (2, "C", "NZV"),
        (3, "NZV", "C"),
        (4, "N", "ZCV"),
        (5, "ZCV", "N"),
        (6, "V", "NZC"),
        (7, "NZC", "V"),
        (8, "C", "ZC"),
        (9, "ZC", "C"),
        (10, "NV", "N"),
        (11, "V", "NV"),
        (12, "NV", "NZV"),
        (13, "Z", ""),
    ] {
        assert!(taken(cond, on), "condition {cond} with {on}");
        assert!(!taken(cond, off), "condition {cond} with {off}");
    }
}

#[test]
fn a_branch_to_an_even_address_faults_there() {
    for code in [&[0x4700u16][..], &[0x4780], &[0xF8D1, 0xF000]] {
        let (mut cpu, mut bus) = prepared(code, &[(0, FLASH + 0x400), (1, 0x2000_2000)], "");
        bus.set_word(0x2000_2000, FLASH + 0x400);
        cpu.step(&mut bus);
        assert_eq!(
            (cpu.core.pc, cpu.core.thumb, cpu.core.exception),
            (FLASH + 0x400, false, 0),
            "{code:x?} completes"
        );
        cpu.step(&mut bus);
        assert_eq!(cpu.core.exception, 3, "HardFault by escalation");
        assert_eq!(bus.word(cpu.core.r[13] + 0x18), FLASH + 0x400);
        assert_eq!(
            bus.word(cpu.core.r[13] + 0x1C) & 1 << 24,
            0,
            "the T bit is stacked clear"
        );
    }
}

#[test]
fn execute_never_regions() {
    for target in [0x4000_0000u32, 0xA000_0000, 0xE000_0000, 0xFFFF_FFF0] {
        let (mut cpu, mut bus) = prepared(&[0x4700], &[(0, target | 1)], "");
        cpu.step(&mut bus);
        cpu.step(&mut bus);
        assert_eq!(cpu.core.exception, 3, "{target:#010x}");
        assert_eq!(
            cpu.data_read(&mut bus, 0xE000_ED28, flashstall_cpu::Size::Word),
            Ok(1),
            "IACCVIOL"
        );
    }
    // The external RAM region is executable, but nothing is there: IBUSERR.
    let (mut cpu, mut bus) = prepared(&[0x4700], &[(0, 0x6000_0001)], "");
    cpu.step(&mut bus);
    cpu.step(&mut bus);
    assert_eq!(
        cpu.data_read(&mut bus, 0xE000_ED28, flashstall_cpu::Size::Word),
        Ok(1 << 8)
    );
}

#[test]
fn branches_end_it_blocks() {
    // it eq; beq .+6
    let (mut cpu, mut bus) = prepared(&[0xBF08, 0xE001], &[], "Z");
    cpu.step(&mut bus);
    cpu.step(&mut bus);
    assert_eq!((cpu.core.pc, cpu.core.itstate), (CODE + 8, 0));
    // it ne; bxne lr, not taken
    let (mut cpu, mut bus) = prepared(&[0xBF18, 0x4770], &[], "Z");
    cpu.step(&mut bus);
    cpu.step(&mut bus);
    assert_eq!((cpu.core.pc, cpu.core.itstate), (CODE + 4, 0));
}

#[test]
fn bkpt_stops_in_front_of_itself_every_time() {
    let (mut cpu, mut bus) = prepared(&[0xBEAB, 0x2001], &[], "");
    let bkpt = Exit::Bkpt {
        imm: 0xAB,
        pc: CODE,
    };
    assert_eq!(cpu.step(&mut bus), Some(bkpt));
    assert_eq!(cpu.run(&mut bus, flashstall_cpu::Cycles::NEVER), bkpt);
    assert_eq!((cpu.core.instructions, cpu.core.now.0), (0, 0));
    cpu.core.pc += 2;
    assert_eq!(cpu.step(&mut bus), None);
    assert_eq!(cpu.core.r[0], 1);
}

#[test]
fn stop_addresses() {
    // nop; movs r0, #1; b .
    let (mut cpu, mut bus) = prepared(&[0xBF00, 0x2001, 0xE7FE], &[], "");
    cpu.code.set_stop((CODE + 2) | 1);
    let limit = flashstall_cpu::Cycles(1000);
    assert_eq!(cpu.run(&mut bus, limit), Exit::Stop(CODE + 2));
    assert_eq!((cpu.core.pc, cpu.core.instructions), (CODE + 2, 1));
    assert_eq!(
        cpu.run(&mut bus, limit),
        Exit::Limit,
        "it goes on behind the stop"
    );
    assert_eq!(cpu.core.r[0], 1);
    cpu.core.pc = CODE;
    assert_eq!(
        cpu.run(&mut bus, flashstall_cpu::Cycles(2000)),
        Exit::Stop(CODE + 2),
        "and stops there again"
    );
    cpu.code.clear_stop(CODE + 2);
    cpu.core.pc = CODE;
    assert_eq!(cpu.run(&mut bus, flashstall_cpu::Cycles(3000)), Exit::Limit);
    assert_eq!(cpu.code.stops(), [0u32; 0]);
}
