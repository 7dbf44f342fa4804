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
    Loop { name: "counts down", code: &[0x3A01, 0xD1FD, 0xE7FD], polls: true },
    Loop { name: "counts and polls", code: &[0x6808, 0x07C0, 0xD101, 0x3A01, 0xD1FA, 0xE7FE], polls: true },
    Loop { name: "counts up, compares, polls", code: &[0x6808, 0x07C0, 0xD105, 0x3301, 0xF1B3, 0x1F40, 0xD8F8, 0xD3F7, 0xE7FE, 0xE7FE], polls: true },
    Loop { name: "the counter in two registers", code: &[0x6808, 0x4617, 0x1E7A, 0xB10F, 0x07C0, 0xD0F9, 0xE7FE], polls: true },
    Loop { name: "the counter is an address", code: &[0x5888, 0x3204, 0xF002, 0x020C, 0x07C0, 0xD0F9, 0xE7FE], polls: false },
    Loop { name: "shifts the counter", code: &[0x6808, 0x3A01, 0x0913, 0x07C0, 0xD0FA, 0xE7FE], polls: false },
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

/// Numbers for loops that nobody thought of.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as u32) % n
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u32) as usize]
    }

    /// R0 holds what was polled, R3 to R7 count or are worked out anew.
    fn register(&mut self) -> u16 {
        self.of(&[0, 3, 5, 6, 7])
    }

    fn instruction(&mut self, code: &mut Vec<u16>) {
        let (d, n, k) = (self.register(), self.register(), self.below(6) as u16);
        match self.below(14) {
            0 => code.push(0x6808),                           // ldr r0, [r1]
            1 | 2 => code.push(0x3800 | d << 8 | k),          // subs d, #k
            3 => code.push(0x3000 | d << 8 | k),              // adds d, #k
            4 => code.push(0x2800 | d << 8 | k),              // cmp d, #k
            5 => code.push(0x4600 | n << 3 | d),              // mov d, n
            6 => code.extend([0xF1A0 | n, d << 8 | k]),       // sub.w d, n, #k
            7 => code.extend([0xF110 | n, 0x0F00 | k]),       // cmn n, #k
            8 => code.push(0x2000 | d << 8 | k),              // movs d, #k
            9 => code.push(0xB240 | n << 3 | d),              // sxtb d, n
            10 => code.extend([0xBF08, 0x3800 | d << 8 | k]), // it eq; sub d, #k
            11 => code.push(0x4280 | n << 3 | d),             // cmp d, n
            12 => code.push(0x4200 | n << 3 | d),             // tst d, n
            _ => code.push(0x4040 | n << 3 | d),              // eors d, n
        }
    }
}

#[test]
fn loops_that_nobody_thought_of() {
    let mut random = Random(20_261_121);
    let mut skipped = 0;
    for case in 0..4_000 {
        let mut code = vec![0x6808];
        for _ in 0..1 + random.below(4) {
            random.instruction(&mut code);
        }
        let condition = random.below(14) as u16;
        let back = (!(code.len() as u16 + 1)) & 0xFF;
        code.extend([0xD000 | condition << 8 | back, 0xE7FE]);
        let edge = [0, 1 << 31, u32::MAX, 300, 100_000];
        let values: [u32; 5] = std::array::from_fn(|_| {
            random
                .of(&edge)
                .wrapping_add(random.below(400))
                .wrapping_sub(200)
        });
        let limit = 2_000 + u64::from(random.below(40));
        let saved = compare(
            &format!("case {case}: {code:04x?} {values:x?}"),
            &code,
            limit,
            &|cpu, bus| {
                for (register, value) in [0, 3, 5, 6, 7].into_iter().zip(values) {
                    cpu.core.r[register] = value;
                }
                bus.at(1_500, Event::Status(1));
            },
        );
        skipped += u32::from(saved > 20);
    }
    assert!(skipped > 400, "{skipped} loops had something to skip");
}
