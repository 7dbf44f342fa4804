//! `run`, `step`, `run_with` and `step_with` are one machine: the same cycles, whatever drives it. And no instruction
//! stream, however senseless, makes it panic or stand still.
#![allow(missing_docs, reason = "tests have no API")]

mod common;
#[path = "../benches/hot_loop/workload.rs"]
mod workload;

use common::{Event, FLASH, RAM, SimBus, config, machine};
use flashstall_cpu::{Bus, Cpu, CpuModel, Cycles, Executor, Exit, Fault, Op, OpKind, Size};
use proptest::prelude::*;

/// Executes the common kinds itself, through nothing but the public interface.
struct Second;

impl<B: Bus> Executor<B> for Second {
    fn execute(&mut self, cpu: &mut Cpu, bus: &mut B, op: &Op) -> Result<bool, Fault> {
        use OpKind as K;
        let next = cpu.core.pc.wrapping_add(op.size.into()) | 1;
        let r = cpu.core.r;
        let (n, m) = (r[usize::from(op.rn)], r[usize::from(op.rm)]);
        let in_it = cpu.core.itstate != 0;
        let taken = match op.kind {
            K::Beq => cpu.core.z(),
            K::Bne => !cpu.core.z(),
            _ => true,
        };
        let mut target = next;
        let rd = usize::from(op.rd);
        match op.kind {
            K::MovImm => cpu.core.r[rd] = op.imm,
            K::AddImm => cpu.core.r[rd] = n.wrapping_add(op.imm),
            K::AddReg => cpu.core.r[rd] = n.wrapping_add(m),
            K::EorReg => cpu.core.r[rd] = n ^ m,
            K::SubImmS if !in_it => {
                let (result, borrow) = n.overflowing_sub(op.imm);
                cpu.core.r[rd] = result;
                let overflow = (n as i32).checked_sub(op.imm as i32).is_none();
                let nzcv =
                    result >> 31 << 31 | u32::from(result == 0) << 30 | u32::from(!borrow) << 29;
                let kept = cpu.core.apsr() & 0x0FFF_FFFF;
                cpu.core.set_apsr(nzcv | u32::from(overflow) << 28 | kept);
            }
            K::Udiv if m != 0 => cpu.core.r[rd] = n / m,
            K::LdrImm => cpu.core.r[rd] = cpu.data_read(bus, n.wrapping_add(op.imm), Size::Word)?,
            K::LdrLit => cpu.core.r[rd] = cpu.data_read(bus, op.imm, Size::Word)?,
            K::StrImm => cpu.data_write(bus, n.wrapping_add(op.imm), Size::Word, r[rd])?,
            K::Ldrd if op.ra == 0 => {
                let addr = n.wrapping_add(op.imm);
                if addr & 3 != 0 {
                    return Ok(false);
                }
                let low = cpu.data_read(bus, addr, Size::Word)?;
                let high = cpu.data_read(bus, addr.wrapping_add(4), Size::Word)?;
                cpu.core.r[rd] = low;
                cpu.core.r[usize::from(op.rm)] = high;
            }
            // PUSH of whatever.
            K::Stm if op.rn == 13 && op.imm >> 16 == 3 => {
                let list = op.imm & 0xFFFF;
                let base = n.wrapping_sub(4 * list.count_ones());
                let mut addr = base;
                for register in (0..16).filter(|register| list >> register & 1 != 0) {
                    cpu.data_write(bus, addr, Size::Word, r[register])?;
                    addr = addr.wrapping_add(4);
                }
                cpu.core.r[13] = base;
            }
            K::B | K::Beq | K::Bne => {
                if taken {
                    target = op.imm | 1;
                }
            }
            K::Bl => {
                cpu.core.r[14] = next;
                target = op.imm | 1;
            }
            K::Bx => target = m,
            _ => return Ok(false),
        }
        cpu.set_pc(target);
        Ok(true)
    }
}

#[derive(Clone, Copy, Debug)]
enum Driver {
    Run,
    RunFastForward,
    Step,
    RunWith,
    StepWith,
}

/// Drives up to `limit`; how it ended.
fn drive(driver: Driver, cpu: &mut Cpu, bus: &mut SimBus, limit: u64) -> Exit {
    let mut second = Second;
    cpu.config.fast_forward = matches!(driver, Driver::RunFastForward);
    loop {
        let exit = match driver {
            Driver::Run | Driver::RunFastForward => Some(cpu.run(bus, Cycles(limit))),
            Driver::RunWith => Some(cpu.run_with(bus, Cycles(limit), &mut second)),
            // `step` knows no limit, and its jump over sleep would go past it.
            _ if cpu.core.now >= Cycles(limit) || cpu.is_asleep() => {
                Some(cpu.run(bus, Cycles(limit)))
            }
            Driver::Step => cpu.step(bus),
            Driver::StepWith => cpu.step_with(bus, &mut second),
        };
        if let Some(exit) = exit {
            return exit;
        }
    }
}

const ALL: [Driver; 5] = [
    Driver::Run,
    Driver::RunFastForward,
    Driver::Step,
    Driver::RunWith,
    Driver::StepWith,
];

#[test]
fn the_workload_is_the_same_for_all() {
    for (at, waits) in [(RAM + 0x9000, 0), (FLASH + 0x400, 2)] {
        let mut first = None;
        for driver in ALL {
            let mut bus = SimBus::new();
            bus.flash_waits = waits;
            bus.set_word(FLASH, RAM + 0x8000);
            bus.set_word(FLASH + 4, at | 1);
            for number in 2..98 {
                bus.set_word(FLASH + 4 * number, (FLASH + 0x200) | 1);
            }
            bus.program(FLASH + 0x200, &[0x4770]);
            bus.program(at, &workload::WORKLOAD);
            let mut cpu = Cpu::new(config(CpuModel::CortexM3));
            cpu.reset(&mut bus);
            cpu.data_write(&mut bus, 0xE000_E100, Size::Word, 1)
                .unwrap();
            for k in 0..200 {
                bus.at(1000 + k * 997, Event::Pulse(0));
            }
            let exit = drive(driver, &mut cpu, &mut bus, 400_000);
            let outcome = (exit, cpu.core.clone(), bus.ram.clone(), bus.entered.clone());
            assert_eq!(outcome.3.len(), 200, "all interrupts came");
            let first = first.get_or_insert_with(|| outcome.clone());
            assert_eq!(first.1, outcome.1, "{driver:?}");
            assert!(*first == outcome, "{driver:?} differs");
        }
    }
}

#[test]
fn what_an_interrupt_breaks_off_is_the_same_for_all() {
    // udiv r0, r1, r2; push {r4, r5, r6, r7, lr}; pop {r4, r5, r6, r7}; add sp, #4; b to the start.
    let code = [0xFBB1, 0xF0F2, 0xB5F0, 0xBCF0, 0xB001, 0xE7F9];
    let mut first = None;
    for driver in ALL {
        let (mut cpu, mut bus) = machine(CpuModel::CortexM4, &code);
        cpu.core.r[1] = 0xFFFF_FFFF;
        cpu.core.r[2] = 1;
        cpu.data_write(&mut bus, 0xE000_E100, Size::Word, 1)
            .unwrap();
        for k in 0..300 {
            bus.at(100 + k * 61 + k * k % 29, Event::Pulse(0));
        }
        drive(driver, &mut cpu, &mut bus, 20_000);
        assert_eq!(bus.entered.len(), 300);
        let outcome = (cpu.core, bus.entered);
        assert_eq!(
            *first.get_or_insert_with(|| outcome.clone()),
            outcome,
            "{driver:?}"
        );
    }
}

#[test]
fn a_core_can_be_forked_and_sent() {
    fn is_clone_and_send<T: Clone + Send>() {}
    is_clone_and_send::<Cpu>();
    let (mut cpu, mut bus) = machine(CpuModel::CortexM3, &[0x3001, 0xE7FD]);
    cpu.run(&mut bus, Cycles(100));
    let (mut fork, mut its_bus) = (cpu.clone(), bus.clone());
    cpu.run(&mut bus, Cycles(1000));
    let there = std::thread::spawn(move || {
        fork.run(&mut its_bus, Cycles(1000));
        fork
    });
    assert_eq!(there.join().expect("no panic").core, cpu.core);
}

#[test]
fn a_run_in_pieces_is_a_run() {
    let whole = {
        let (mut cpu, mut bus) = machine(CpuModel::CortexM4, &[0x3001, 0xFBB0, 0xF1F0, 0xE7FB]);
        cpu.run(&mut bus, Cycles(5000));
        cpu.core
    };
    let (mut cpu, mut bus) = machine(CpuModel::CortexM4, &[0x3001, 0xFBB0, 0xF1F0, 0xE7FB]);
    for limit in 1..=5000 {
        assert_eq!(cpu.run(&mut bus, Cycles(limit)), Exit::Limit);
    }
    assert_eq!(cpu.core, whole);
}

fn register() -> impl Strategy<Value = u32> {
    prop_oneof![
        4 => RAM..RAM + 0x1_0000,
        1 => FLASH..FLASH + 0x1_0000,
        1 => 0x4000_0000u32..0x4000_0040,
        1 => 0xE000_E000u32..0xE000_F000,
        1 => 0x2200_0000u32..0x2220_0000,
        1 => 0xFFFF_FF00u32..=0xFFFF_FFFF,
        1 => 0u32..64,
        2 => any::<u32>(),
    ]
}

fn halfword() -> impl Strategy<Value = u16> {
    prop_oneof![3 => any::<u16>(), 1 => 0xE800u16..=0xFFFF, 1 => 0xBF00u16..=0xBFFF]
}

fn random_machine(
    code: &[u16],
    registers: &[u32],
    flags: u32,
    it: u8,
    waits: u64,
) -> (Cpu, SimBus) {
    let (mut cpu, mut bus) = machine(CpuModel::CortexM4, code);
    bus.flash_waits = waits;
    // The same code in flash, so that handlers and wild branches run into it.
    bus.program(FLASH + 0x200, code);
    cpu.core.r[..13].copy_from_slice(&registers[..13]);
    cpu.core.r[14] = registers[13];
    cpu.core.set_apsr(flags);
    cpu.core.itstate = it;
    cpu.data_write(&mut bus, 0xE000_E100, Size::Word, 0xFF)
        .unwrap();
    for k in 0..20 {
        bus.at(50 + k * 61, Event::Pulse((k % 8) as u16));
    }
    (cpu, bus)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_instruction_stream_panics_or_stands_still(
        code in prop::collection::vec(halfword(), 1..80),
        registers in prop::collection::vec(register(), 14),
        flags: u32,
        it: u8,
        waits in 0u64..3,
    ) {
        let (mut cpu, mut bus) = random_machine(&code, &registers, flags, it, waits);
        let mut still = 0;
        for _ in 0..400 {
            let before = cpu.core.now;
            match cpu.step(&mut bus) {
                // A step that only finds out what comes next (lock-up, an interrupted transfer) may take none.
                None => still = if cpu.core.now > before { 0 } else { still + 1 },
                Some(Exit::Bkpt { .. }) => cpu.core.pc = cpu.core.pc.wrapping_add(2),
                Some(_) => break,
            }
            prop_assert!(still < 2, "time stands still");
        }
    }

    #[test]
    fn every_driver_agrees_on_random_code(
        code in prop::collection::vec(halfword(), 1..80),
        registers in prop::collection::vec(register(), 14),
        flags: u32,
        waits in 0u64..3,
        limit in 1u64..2000,
    ) {
        let mut first = None;
        for driver in ALL {
            let (mut cpu, mut bus) = random_machine(&code, &registers, flags, 0, waits);
            let exit = drive(driver, &mut cpu, &mut bus, limit);
            let outcome = (exit, cpu.core.clone(), bus.ram.clone(), bus.device, bus.entered.clone());
            let first = first.get_or_insert_with(|| outcome.clone());
            prop_assert!(*first == outcome, "{:?} differs: {:?} and {:?}", driver, (first.0, &first.1), (exit, &outcome.1));
        }
    }
}
