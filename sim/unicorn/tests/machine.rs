//! Where the executor leaves registers and memory behind: faults, exclusives, self-modifying code, and the baseline
//! that benches use.

use flashstall_cpu::{Cpu, CpuModel, Size};
use flashstall_unicorn::plain::{CODE, PlainBus, RAM};
use flashstall_unicorn::{UnicornExecutor, baseline, registers_of};

/// A native machine and one with unicorn, both with `code` and the vector table of a system whose handlers all loop.
struct Pair {
    native: (Cpu, PlainBus),
    unicorn: (Cpu, PlainBus, UnicornExecutor),
}

const HANDLER: u32 = CODE + 0x800;

impl Pair {
    fn new(code: &[u16]) -> Self {
        let mut bus = PlainBus::new();
        for vector in 0..48 {
            bus.poke(CODE + 4 * vector, 4, HANDLER | 1);
        }
        bus.poke(HANDLER, 2, 0xE7FE);
        for (addr, half) in (CODE + 0x100..).step_by(2).zip(code) {
            bus.poke(addr, 2, u32::from(*half));
        }
        let mut cpu = PlainBus::core(CpuModel::CortexM3);
        cpu.core.pc = CODE + 0x100;
        cpu.core.r = std::array::from_fn(|n| RAM + 0x1000 + 0x40 * n as u32);
        cpu.scb.set_vtor(CODE);
        let executor = UnicornExecutor::new(CpuModel::CortexM3).expect("unicorn");
        Self {
            native: (cpu.clone(), bus.clone()),
            unicorn: (cpu, bus, executor),
        }
    }

    fn set(mut self, register: usize, value: u32) -> Self {
        self.native.0.core.r[register] = value;
        self.unicorn.0.core.r[register] = value;
        self
    }

    /// Both step `count` times and agree on everything after each.
    fn agree(mut self, count: u32) -> Self {
        for step in 0..count {
            let a = self.native.0.step(&mut self.native.1);
            let (cpu, bus, executor) = &mut self.unicorn;
            let b = cpu.step_with(bus, executor);
            assert_eq!(a, b, "step {step}");
            assert_eq!(
                registers_of(&self.native.0.core),
                registers_of(&cpu.core),
                "step {step}"
            );
            assert_eq!(self.native.0.core.now, cpu.core.now, "step {step}");
            assert_eq!(
                self.native.0.core.exception, cpu.core.exception,
                "step {step}"
            );
            assert!(self.native.1.ram == bus.ram, "step {step}: RAM differs");
        }
        self
    }
}

#[test]
fn faults_leave_the_same_state() {
    // LDM R0!, {R1-R4} over the end of RAM: two registers are loaded, then a fault.
    let pair = Pair::new(&[0xC81E]).set(0, RAM + 0xFFF8).agree(2);
    assert_eq!(pair.native.0.core.exception, 3);
    // STM the same way, LDR and STR to nowhere, LDRD and LDM unaligned.
    Pair::new(&[0xC01E]).set(0, RAM + 0xFFF8).agree(2);
    Pair::new(&[0x6801]).set(0, 0x6000_0000).agree(2);
    Pair::new(&[0x6001]).set(0, 0x6000_0000).agree(2);
    Pair::new(&[0xE9D0, 0x1200]).set(0, RAM + 2).agree(2);
    Pair::new(&[0xC806]).set(0, RAM + 2).agree(2);
    // LDR R1, [R0], #4 with a fault: no write-back.
    Pair::new(&[0xF850, 0x1B04]).set(0, 0x6000_0000).agree(2);
    // LDRD over the end of RAM.
    Pair::new(&[0xE9D0, 0x1200]).set(0, RAM + 0xFFFC).agree(2);
}

#[test]
fn undefined_instructions_fault_alike() {
    for code in [
        [0xDE00, 0],
        [0xF7F0, 0xA000],
        [0xFB21, 0x3002],
        [0xEE10, 0x0A10],
        [0xB650, 0],
    ] {
        let pair = Pair::new(&code).agree(2);
        assert_eq!(pair.native.0.core.pc, HANDLER);
    }
}

#[test]
fn a_branch_to_arm_code_faults_at_the_target() {
    let pair = Pair::new(&[0x4700]).set(0, RAM).agree(3);
    assert_eq!(pair.native.0.core.exception, 3);
}

#[test]
fn division_by_zero_traps() {
    let mut pair = Pair::new(&[0xFBB1, 0xF0F2]).set(2, 0);
    const CCR: u32 = 0xE000_ED14;
    for (cpu, bus) in [
        (&mut pair.native.0, &mut pair.native.1),
        (&mut pair.unicorn.0, &mut pair.unicorn.1),
    ] {
        cpu.data_write(bus, CCR, Size::Word, 0x210).expect("CCR");
    }
    assert_eq!(pair.agree(2).native.0.core.exception, 3);
}

#[test]
fn exclusives_succeed_once() {
    // LDREX R1, [R0]; STREX R2, R3, [R0]; STREX R4, R3, [R0]; CLREX.
    let code = [
        0xE850, 0x1F00, 0xE840, 0x3200, 0xE840, 0x3400, 0xF3BF, 0x8F2F,
    ];
    let pair = Pair::new(&code).agree(4);
    let r = pair.native.0.core.r;
    assert_eq!((r[2], r[4]), (0, 1));
}

#[test]
fn self_modifying_code_is_seen() {
    // In RAM: STRH R1, [R0]; NOP; B back. R1 turns the NOP into ADDS R2, R2, #1, and later it is written again.
    let mut pair = Pair::new(&[]).set(0, RAM + 2).set(1, 0x1C52);
    for (cpu, bus) in [
        (&mut pair.native.0, &mut pair.native.1),
        (&mut pair.unicorn.0, &mut pair.unicorn.1),
    ] {
        for (addr, half) in (RAM..).step_by(2).zip([0x8001, 0xBF00, 0xE7FC]) {
            bus.poke(addr, 2, half);
        }
        cpu.core.pc = RAM;
        cpu.core.r[2] = 0;
    }
    let pair = pair.agree(9);
    assert_eq!(pair.native.0.core.r[2], 3);
    // Now as NOP again.
    let pair = pair.set(1, 0xBF00).agree(6);
    assert_eq!(pair.native.0.core.r[2], 3);
}

#[test]
fn unicorn_does_the_work() {
    let pair = Pair::new(&[0x1C40, 0x3101, 0x1C52, 0xBF00]).agree(4);
    let executor = &pair.unicorn.2;
    assert_eq!((executor.executed, executor.left), (4, 0));
}

#[test]
fn the_baseline_runs_a_program() {
    // MOVS R0, #200; loop: SUBS R0, #1; BNE loop; NOP (the end).
    let code: Vec<u8> = [0x20C8u16, 0x3801, 0xD1FD, 0xBF00]
        .iter()
        .flat_map(|half| half.to_le_bytes())
        .collect();
    let program = baseline::Program {
        model: CpuModel::CortexM3,
        image: &[(CODE, &code)],
        ram: (RAM, 0x1000),
        entry: CODE,
        sp: RAM + 0x1000,
        end: CODE + 6,
    };
    baseline::bare(&program).expect("runs to its end");
    let (_, instructions) = baseline::code_hook(&program).expect("runs to its end");
    assert_eq!(instructions, 401);
}
