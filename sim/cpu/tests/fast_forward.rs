//! Fast-forward never changes a result: every loop here is run with it and without, and nothing may differ.
#![allow(missing_docs, reason = "tests have no API")]

mod common;

use common::{CODE, DEVICE, Event, FLASH, HANDLER, RAM, SimBus, machine};
use flashstall_cpu::{Cpu, CpuModel, Cycles, Exit, Size};

const WORD: u32 = RAM + 0x2000;

struct Loop {
    name: &'static str,
    code: &'static [u16],
    /// Is there something to skip?
    polls: bool,
}

/// R1 is the device (or what `prepare` says), R2 a word in RAM, R4 is 3.
#[rustfmt::skip]
const LOOPS: &[Loop] = &[
    Loop { name: "ldr; lsls; beq; b .", code: &[0x6808, 0x07C0, 0xD0FC, 0xE7FE], polls: true },
    Loop { name: "wide: ldr; tst.w; beq; b .", code: &[0x6808, 0xF010, 0x0F01, 0xD0FB, 0xE7FE], polls: true },
    Loop { name: "b .", code: &[0xE7FE], polls: true },
    Loop { name: "bl to a leaf that loads", code: &[0xF000, 0xF803, 0x07C0, 0xD0FB, 0xE7FE, 0x6808, 0x4770], polls: true },
    Loop { name: "with an IT block", code: &[0x6808, 0x07C0, 0xBF18, 0x2301, 0xD0FA, 0xE7FE], polls: true },
    Loop { name: "with mrs", code: &[0xF3EF, 0x8010, 0x6808, 0x03C0, 0xD5FA, 0xE7FE], polls: true },
    Loop { name: "with a division", code: &[0x6808, 0xFBB0, 0xF0F4, 0xB100, 0xE7FE, 0xE7F9], polls: true },
    Loop { name: "counts down", code: &[0x3A01, 0xD1FD, 0xE7FD], polls: false },
    Loop { name: "stores", code: &[0x6808, 0x6010, 0x07C0, 0xD0FB, 0xE7FE], polls: false },
    Loop { name: "reads a counter", code: &[0x6848, 0x07C0, 0x2000, 0x2800, 0xD0FA], polls: false },
    Loop { name: "sleeps", code: &[0xBF30, 0x6808, 0x4290, 0xD1FB], polls: false },
];

/// Everything that must be the same.
fn outcome(cpu: &Cpu, bus: &SimBus, exit: Exit) -> impl PartialEq + std::fmt::Debug + use<> {
    (
        exit,
        cpu.core.clone(),
        bus.ram.clone(),
        bus.device,
        bus.entered.clone(),
        bus.effects,
        bus.held.clone(),
    )
}

/// Runs to `limit` with and without fast-forward; number of transfers that the former saved.
fn compare(what: &str, code: &[u16], limit: u64, prepare: &dyn Fn(&mut Cpu, &mut SimBus)) -> i64 {
    let run = |fast: bool| {
        let (mut cpu, mut bus) = machine(CpuModel::CortexM3, code);
        cpu.core.r[1] = DEVICE;
        cpu.core.r[2] = WORD;
        cpu.core.r[4] = 3;
        cpu.config.fast_forward = fast;
        prepare(&mut cpu, &mut bus);
        bus.log_transfers = true;
        let exit = cpu.run(&mut bus, Cycles(limit));
        (outcome(&cpu, &bus, exit), bus.transfers.len() as i64)
    };
    let ((fast, fast_transfers), (slow, slow_transfers)) = (run(true), run(false));
    assert_eq!(fast, slow, "{what}, limit {limit}");
    slow_transfers - fast_transfers
}

#[test]
fn every_loop_at_every_phase_of_the_event() {
    for case in LOOPS {
        for phase in 0..97 {
            let date = 700 + phase;
            compare(case.name, case.code, 1500, &|_, bus| {
                bus.at(300, Event::Nothing);
                bus.at(date, Event::Status(1));
            });
        }
    }
}

#[test]
fn every_loop_at_every_phase_of_the_limit() {
    for case in LOOPS {
        for limit in 2000..2050 {
            compare(case.name, case.code, limit, &|_, _| {});
        }
    }
}

#[test]
fn poll_loops_are_skipped_and_others_are_not() {
    for case in LOOPS.iter().filter(|case| case.code.contains(&0x6808)) {
        let saved = compare(case.name, case.code, 200_000, &|_, bus| {
            bus.at(150_000, Event::Status(1))
        });
        assert_eq!(
            saved > 10_000,
            case.polls,
            "{}: {saved} transfers saved",
            case.name
        );
    }
}

#[test]
fn with_interrupts_and_handlers_that_store() {
    // The handler counts in the word at R3: ldr; adds; str; bx lr. R0 is stacked.
    for case in LOOPS {
        for start in 500..520 {
            let saved = compare(case.name, case.code, 40_000, &|cpu, bus| {
                bus.program(HANDLER, &[0x6818, 0x3001, 0x6018, 0x4770]);
                cpu.core.r[3] = WORD + 64;
                cpu.data_write(bus, 0xE000_E100, Size::Word, 1).unwrap();
                for k in 0..9 {
                    bus.at(start + k * 3001, Event::Pulse(0));
                }
                bus.at(start + 30_000, Event::Status(1));
            });
            let _ = saved;
        }
    }
}

#[test]
fn a_ram_word_that_a_handler_changes() {
    // The loop waits until the word at R1 is odd; the handler makes it so.
    let saved = compare("RAM flag", LOOPS[0].code, 90_000, &|cpu, bus| {
        bus.program(HANDLER, &[0x6818, 0x3001, 0x6018, 0x4770]);
        cpu.core.r[1] = WORD;
        cpu.core.r[3] = WORD;
        cpu.data_write(bus, 0xE000_E100, Size::Word, 1).unwrap();
        bus.at(70_001, Event::Pulse(0));
    });
    assert!(saved > 10_000);
}

#[test]
fn from_flash_with_lines_and_waits() {
    for case in LOOPS {
        for offset in [0u32, 2, 4, 6] {
            for waits in 1..4 {
                compare(case.name, case.code, 5000, &|cpu, bus| {
                    bus.flash_waits = waits;
                    bus.program(FLASH + 0x400 + offset, case.code);
                    cpu.core.pc = FLASH + 0x400 + offset;
                    bus.at(3333, Event::Status(1));
                });
            }
        }
    }
}

#[test]
fn systick_polls() {
    // ldr r0, [r1]; lsls r0, r0, #15; bpl: waits for COUNTFLAG. Then the same on the counter itself.
    const CSR: u32 = 0xE000_E010;
    for reload in [99u32, 1000, 12_345] {
        let prepare = |cpu: &mut Cpu, bus: &mut SimBus, r1| {
            cpu.data_write(bus, CSR + 4, Size::Word, reload).unwrap();
            cpu.data_write(bus, CSR + 8, Size::Word, 0).unwrap();
            cpu.data_write(bus, CSR, Size::Word, 5).unwrap();
            cpu.core.r[1] = r1;
        };
        compare(
            "COUNTFLAG",
            &[0x6808, 0x03C0, 0xD5FC, 0xE7FB],
            60_000,
            &|cpu, bus| prepare(cpu, bus, CSR),
        );
        // ldr r0, [r1]; cmp r0, #5; beq .+2; movs r0, #0; b: looks the same each time, but the counter runs.
        let code = &[0x6808, 0x2805, 0xD001, 0x2000, 0xE7FA, 0xE7FE];
        compare("CVR", code, 60_000, &|cpu, bus| prepare(cpu, bus, CSR + 8));
    }
    // DWT.CYCCNT, read and forgotten: ldr r0, [r1]; lsrs r0, r0, #12; movs r0, #0; bcc
    let code = &[0x6808, 0x0B00, 0xF04F, 0x0000, 0xD3FA, 0xE7FE];
    compare("CYCCNT", code, 60_000, &|cpu, bus| {
        cpu.data_write(bus, 0xE000_EDFC, Size::Word, 1 << 24)
            .unwrap();
        cpu.data_write(bus, 0xE000_1000, Size::Word, 1).unwrap();
        cpu.core.r[1] = 0xE000_1004;
    });
}

#[test]
fn a_poll_loop_that_nothing_ends_is_dead() {
    let (mut cpu, mut bus) = machine(CpuModel::CortexM3, &[0xE7FE]);
    cpu.config.fast_forward = true;
    assert_eq!(cpu.run(&mut bus, Cycles::NEVER), Exit::Dead);
    assert_eq!(cpu.core.pc, CODE);
    let (mut cpu, mut bus) = machine(CpuModel::CortexM3, &[0xBF30]);
    assert_eq!(cpu.run(&mut bus, Cycles::NEVER), Exit::Dead, "asleep");
}
