//! The machine: images, resets, stops, semihosting, forks, and that no firmware can break it.

mod common;

use common::*;
use flashstall_cpu::Addr;
use flashstall_mcu::Picos;
use flashstall_mcu::log::ResetCause;
use flashstall_mcu::machine::{LoadError, Machine, MachineError, NativeEngine, Stop};
use flashstall_mcu::periph::Pin;
use flashstall_mcu::wire::{
    EdgeKind, FlowControl, Parity, PinWire, Start, TimedByte, TimedEdge, UartWire,
};
use proptest::prelude::*;

const RESET: u32 = FLASH + 0x400;
const LIMIT: Picos = Picos::from_millis(100);

fn booted(build: impl FnOnce(&mut Code)) -> Bench {
    let mut code = Code::at(RESET);
    build(&mut code);
    let mut b = Bench::new();
    vectors(&mut b.machine, FLASH, RESET, FLASH + 0x300);
    Code::at(FLASH + 0x300)
        .b(FLASH + 0x300)
        .load(&mut b.machine);
    code.load(&mut b.machine);
    b.machine.power_on();
    b
}

const fn is_clone_and_send<T: Clone + Send>() {}

#[test]
fn a_machine_can_be_forked_and_sent() {
    is_clone_and_send::<Machine>();
}

#[test]
fn a_fork_goes_on_exactly_as_its_original() {
    let mut b = booted(|c| {
        c.poke(KEYR, KEY1)
            .poke(KEYR, KEY2)
            .poke(CR, PER)
            .poke(AR, PAGE)
            .poke(CR, PER | STRT);
        c.nop(20)
            .poke(0xE000_E014, 999)
            .poke(0xE000_E010, 5)
            .b(RESET + 60);
    });
    assert_eq!(b.run(Picos::from_millis(7)), Stop::TimeLimit);
    let mut fork = b.machine.clone();
    b.run(LIMIT);
    fork.run_until(&mut NativeEngine, LIMIT);
    assert_eq!(fork.cpu().core, b.machine.cpu().core);
    assert_eq!(
        format!("{:?}", fork.log()),
        format!("{:?}", b.machine.log())
    );
    assert_eq!(fork.log().stalls.kept.len(), 1);
}

#[test]
fn an_image_must_lie_in_one_memory() {
    let mut b = Bench::new();
    let refused = |addr, length| {
        Err(LoadError {
            addr: Addr(addr),
            length,
        })
    };
    assert_eq!(
        b.machine.load(Addr(FLASH + 0x3_FFFF), &[1, 2]),
        refused(FLASH + 0x3_FFFF, 2)
    );
    assert_eq!(
        b.machine.load(Addr(0x4000_0000), &[1]),
        refused(0x4000_0000, 1)
    );
    assert_eq!(b.peek(FLASH + 0x3_FFFC), u32::MAX);
    assert_eq!(b.machine.load(Addr(0x1000_0000), &[1]), Ok(()));
}

#[test]
fn absurd_flash_times_are_refused() {
    let mut options = options();
    options.timing.program = Picos::ZERO;
    assert_eq!(
        Machine::new(chip(), options).err(),
        Some(MachineError::Timing(Picos::ZERO))
    );
}

#[test]
fn an_empty_flash_locks_up_and_says_so() {
    let mut b = Bench::new();
    assert!(matches!(b.run(LIMIT), Stop::Lockup { .. }));
    assert!(b.machine.time() < Picos::from_millis(1));
}

#[test]
fn semihosting_prints_and_exits() {
    let mut b = booted(|c| {
        c.mov32(0, 4).mov32(1, FLASH + 0x200).bkpt(0xAB);
        c.mov32(0, 3).mov32(1, FLASH + 0x200).bkpt(0xAB);
        c.mov32(0, 0x20).mov32(1, FLASH + 0x208).bkpt(0xAB);
    });
    b.machine
        .load(Addr(FLASH + 0x200), b"hello\0..")
        .expect("text");
    b.machine
        .load(Addr(FLASH + 0x208), &[0x26, 0, 2, 0, 42, 0, 0, 0])
        .expect("block");
    assert_eq!(b.run(LIMIT), Stop::SemihostingExit { code: 42 });
    assert_eq!(b.machine.log().output, "helloh");
}

#[test]
fn a_plain_exit_is_zero_only_for_the_good_reason() {
    for (reason, code) in [(0x2_0026, 0), (0x2_0023, 1)] {
        let mut b = booted(|c| {
            c.mov32(0, 0x18).mov32(1, reason).bkpt(0xAB);
        });
        assert_eq!(b.run(LIMIT), Stop::SemihostingExit { code });
    }
}

#[test]
fn an_unknown_semihosting_call_is_told() {
    let mut b = booted(|c| {
        c.mov32(0, 1).bkpt(0xAB).bkpt(1);
    });
    assert!(matches!(b.run(LIMIT), Stop::Bkpt { imm: 1, .. }));
    assert_eq!(b.machine.cpu().core.r[0], u32::MAX);
    assert!(b.has_finding("semihosting-unmodelled"));
}

#[test]
fn a_core_that_nothing_can_wake_is_dead_and_sleeps_up_to_a_limit() {
    let mut b = booted(|c| {
        c.op(0xB672).op(0xBF30).bkpt(3); // CPSID i; WFI
    });
    assert_eq!(
        b.run(LIMIT),
        Stop::TimeLimit,
        "something outside may still come"
    );
    assert_eq!(b.machine.time(), LIMIT);
    assert!(matches!(b.run(Picos::NEVER), Stop::Dead { .. }));
}

#[test]
fn a_breakpoint_instruction_stops_and_is_passed() {
    let mut b = booted(|c| {
        c.bkpt(7).mov32(5, 1).bkpt(8);
    });
    assert_eq!(
        b.run(LIMIT),
        Stop::Bkpt {
            imm: 7,
            pc: Addr(RESET)
        }
    );
    assert_eq!(
        b.run(LIMIT),
        Stop::Bkpt {
            imm: 8,
            pc: Addr(RESET + 10)
        }
    );
    assert_eq!(b.machine.cpu().core.r[5], 1);
}

#[test]
fn stop_addresses_stop_each_time_until_cleared() {
    let mut b = booted(|c| {
        c.nop(2).b(RESET);
    });
    b.machine.set_stop(Addr(RESET + 2));
    for _ in 0..3 {
        assert_eq!(b.run(LIMIT), Stop::Breakpoint(Addr(RESET + 2)));
    }
    b.machine.clear_stop(Addr(RESET + 2));
    assert_eq!(b.run(LIMIT), Stop::TimeLimit);
}

#[test]
fn a_stop_address_survives_programming_around_it() {
    let mut b = booted(|c| {
        c.nop(2).b(RESET);
    });
    b.machine.set_stop(Addr(RESET + 2));
    assert_eq!(b.run(LIMIT), Stop::Breakpoint(Addr(RESET + 2)));
    b.machine
        .load(Addr(RESET), &[0x00, 0xBF, 0x00, 0xBF])
        .expect("it fits");
    assert_eq!(b.run(LIMIT), Stop::Breakpoint(Addr(RESET + 2)));
}

#[test]
fn the_start_of_an_erase_can_stop_the_run() {
    let mut b = booted(|c| {
        c.poke(KEYR, KEY1)
            .poke(KEYR, KEY2)
            .poke(CR, PER)
            .poke(AR, PAGE)
            .poke(CR, PER | STRT)
            .nop(40)
            .bkpt(1);
    });
    b.machine.stop_on_erase(true);
    let Stop::EraseStarted(id) = b.run(LIMIT) else {
        panic!("no stop")
    };
    let operation = &b.machine.log().operations.kept[id.0];
    assert!(b.machine.time().since(operation.start) < Picos::from_micros(1));
    let snapshot = operation.snapshot.as_ref().expect("kept");
    assert_eq!(snapshot.registers[15], operation.pc.0);
    assert!(matches!(b.run(LIMIT), Stop::Bkpt { imm: 1, .. }));
    assert_eq!(
        b.machine.log().stalls.kept.len(),
        1,
        "the stop changed nothing"
    );
}

#[test]
fn a_software_reset_runs_the_firmware_again() {
    // Counts boots in SRAM, which a reset keeps; the third boot stays.
    let mut b = booted(|c| {
        // ADDS r3, #1; CMP r3, #3; BEQ to itself
        c.mov32(2, SRAM)
            .ldr(3, 2, 0)
            .op(0x3301)
            .str(3, 2, 0)
            .op(0x2B03)
            .op(0xD0FE);
        c.poke(0xE000_ED0C, 0x05FA_0004).nop(10);
    });
    b.write(SRAM, 0);
    assert_eq!(b.run(LIMIT), Stop::TimeLimit);
    assert_eq!(b.peek(SRAM), 3);
    let causes: Vec<_> = b.machine.log().resets.iter().map(|r| r.cause).collect();
    assert_eq!(causes, [ResetCause::Software; 2]);
}

#[test]
fn a_watchdog_bites_in_the_middle_of_a_stall() {
    let mut code = Code::at(RESET);
    code.poke(0x4000_3000, 0xCCCC); // IWDG: 4096 x 4 periods of 40 kHz, 409.6 ms
    code.poke(KEYR, KEY1)
        .poke(KEYR, KEY2)
        .poke(CR, PER)
        .poke(AR, PAGE)
        .poke(CR, PER | STRT);
    code.nop(40).bkpt(1);
    let mut options = options();
    options.timing.page_erase = Picos::from_millis(600);
    let mut b = Bench::with(chip(), options);
    vectors(&mut b.machine, FLASH, RESET, FLASH + 0x300);
    code.load(&mut b.machine);
    b.machine.power_on();
    assert_eq!(b.run(Picos::from_millis(500)), Stop::TimeLimit);
    let log = b.machine.log();
    // The limit is looked at between instructions, and the second boot is held in its own erase by then.
    assert_eq!(log.resets.len(), 2);
    assert_eq!(log.resets[0].cause, ResetCause::IndependentWatchdog);
    assert!(
        log.resets[0].at.since(Picos(409_600_000_000)) < Picos::from_micros(100),
        "{:?}",
        log.resets
    );
    assert_eq!(
        log.stalls.kept[0].end, log.resets[0].at,
        "the held fetch is given up"
    );
    assert_eq!(log.operations.kept[0].end, log.resets[0].at);
    assert_eq!(
        log.operations.kept.len(),
        2,
        "the second boot begins the next erase"
    );
    assert!(b.has_finding("flash-operation-cut-short"));
}

#[test]
fn a_misaligned_vector_table_is_told() {
    let mut b = booted(|c| {
        c.poke(0xE000_ED08, SRAM + 0x80);
        let here = c.here();
        c.b(here);
    });
    assert_eq!(b.run(LIMIT), Stop::TimeLimit);
    let finding = b
        .machine
        .log()
        .findings
        .iter()
        .find(|f| f.rule == "vector-table-misaligned");
    assert!(
        finding.is_some_and(|f| f.text.contains("0x20000080") && f.text.contains("512")),
        "{finding:?}"
    );
    let mut b = booted(|c| {
        c.poke(0xE000_ED08, SRAM + 0x200).bkpt(1);
    });
    b.run(LIMIT);
    assert!(!b.has_finding("vector-table-misaligned"));
}

#[test]
fn the_time_limit_holds_over_a_change_of_clock() {
    // HPRE = 512 after boot: a limit counted in the old cycles would be 512 times too late.
    let mut b = booted(|c| {
        c.poke(0x4002_1004, 0xF << 4);
        let here = c.here();
        c.b(here);
    });
    assert_eq!(b.run(LIMIT), Stop::TimeLimit);
    let late = b.machine.time().since(LIMIT);
    assert!(late < Picos::from_micros(200), "{late}");
}

#[test]
fn wires_need_something_at_their_end() {
    let mut b = Bench::new();
    let uart = |port: &str| UartWire {
        receiver_rate: None,
        flow_control: FlowControl::None,
        name: "midi".into(),
        port: port.into(),
        bit_rate: flashstall_mcu::Hertz::new(31_250),
        data_bits: 8,
        parity: Parity::None,
        stop_halves: 2,
        start: Start::At(Picos::ZERO),
        bytes: vec![TimedByte {
            offset: Picos::ZERO,
            value: 1,
        }],
    };
    let error =
        |r: Result<_, flashstall_mcu::machine::AttachError>| r.map(|_| ()).unwrap_err().to_string();
    assert_eq!(
        error(b.machine.attach_uart(uart("USART9"))),
        "wire midi: this chip has no USART9"
    );
    assert_eq!(
        error(b.machine.attach_uart(uart("TIM2"))),
        "wire midi: TIM2 is not a UART"
    );
    let pin = |port, number| PinWire {
        name: "clock".into(),
        pin: Pin { port, number },
        start: Start::Triggered { delay: Picos::ZERO },
        edges: vec![TimedEdge {
            offset: Picos::ZERO,
            high: true,
        }],
        counts: EdgeKind::Rising,
    };
    assert_eq!(
        error(b.machine.attach_pin(pin(9, 0))),
        "wire clock: this chip has no pin 0 on port 9"
    );
    let first = b.machine.attach_uart(uart("USART1")).expect("attached");
    let second = b.machine.attach_pin(pin(1, 12)).expect("attached");
    b.wait_for(Picos::from_millis(1));
    assert!(b.machine.wire_done(first), "sent; nobody listened");
    assert!(!b.machine.wire_done(second), "not triggered yet");
    b.machine.start_wire(second);
    b.wait(10);
    assert!(b.machine.wire_done(second));
    assert_eq!(b.machine.log().wires[1].name, "clock");
}

const EXTI_IMR1: u32 = 0x4001_0400;
const EXTI_RTSR1: u32 = 0x4001_0408;
const EXTI_PR1: u32 = 0x4001_0414;
const NVIC_ISER0: u32 = 0xE000_E100;

/// A machine that waits for rising edges of PA0, with `handler` at all vectors, and an edge at an odd time.
fn waiting_for_an_edge(handler: impl FnOnce(&mut Code)) -> Bench {
    let mut b = booted(|c| {
        c.poke(EXTI_IMR1, 1)
            .poke(EXTI_RTSR1, 1)
            .poke(NVIC_ISER0, 1 << 6);
        let here = c.here();
        c.b(here);
    });
    let mut code = Code::at(FLASH + 0x300);
    handler(&mut code);
    code.load(&mut b.machine);
    let wire = PinWire {
        name: "button".into(),
        pin: Pin { port: 0, number: 0 },
        start: Start::At(Picos::ZERO),
        edges: vec![TimedEdge {
            offset: EDGE,
            high: true,
        }],
        counts: EdgeKind::Rising,
    };
    b.machine.attach_pin(wire).expect("attached");
    b
}

const EDGE: Picos = Picos(1_000_012_345);

#[test]
fn a_latency_counts_from_the_exact_time_of_the_request() {
    let mut b = waiting_for_an_edge(|c| {
        c.poke(EXTI_PR1, 1).bx(14);
    });
    b.run(LIMIT);
    let runs = &b.machine.log().runs.kept;
    assert_eq!(runs.len(), 1);
    assert_eq!((runs[0].number, runs[0].pended), (22, EDGE));
    let latency = runs[0].entered.since(EDGE);
    assert!(
        latency >= Picos::from_nanos(1500),
        "12 cycles at least: {latency}"
    );
    assert!(latency < Picos::from_nanos(2000), "{latency}");
    assert_eq!(
        b.machine.log().interrupts[&22].latency,
        Some((latency, latency))
    );
    assert!(runs[0].returned.is_some_and(|at| at > runs[0].entered));
}

#[test]
fn an_interrupt_that_returns_at_once_for_ever_is_a_storm() {
    let mut b = waiting_for_an_edge(|c| {
        c.bx(14);
    });
    b.run(Picos::from_millis(2));
    let storm = &b.machine.log().interrupts[&22];
    assert!(storm.longest_storm > 100, "{storm:?}");
    assert_eq!(storm.longest_storm, storm.taken);
}

#[test]
fn an_interrupt_that_wakes_a_sleeping_core_is_no_storm() {
    // SCR.SLEEPONEXIT, SysTick each millisecond: nothing runs between two handlers either.
    let mut b = booted(|c| {
        c.poke(0xE000_ED10, 2)
            .poke(0xE000_E014, 7999)
            .poke(0xE000_E010, 7)
            .op(0xBF30);
    });
    Code::at(FLASH + 0x300).bx(14).load(&mut b.machine);
    b.run(LIMIT);
    let ticks = &b.machine.log().interrupts[&15];
    assert!(ticks.taken > 90 && ticks.longest_storm == 1, "{ticks:?}");
}

/// Instructions that read and write anywhere, and random words between them.
fn wild_code() -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(any::<u16>(), 64..512)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Invariant 2: bad firmware is a result, never a panic; and invariant 1: the same result each time.
    #[test]
    fn no_firmware_breaks_the_machine(code in wild_code(), handler in 0u32..0x400, registers in prop::collection::vec(any::<u32>(), 4)) {
        let run = |fast_forward: bool| {
            let mut options = options();
            options.fast_forward = fast_forward;
            let mut b = Bench::with(chip(), options);
            vectors(&mut b.machine, FLASH, RESET, RESET + handler * 2);
            let mut program = Code::at(RESET);
            program.poke(KEYR, KEY1).poke(KEYR, KEY2).mov32(4, CR).mov32(5, PAGE).mov32(6, SRAM + 0x100).mov32(7, 0x4001_3800);
            for (rd, &value) in (0..).zip(&registers) {
                program.mov32(rd, value);
            }
            program.halves.extend(&code);
            program.load(&mut b.machine);
            b.machine.power_on();
            let stop = b.run(Picos::from_millis(2));
            (stop, b.machine.cpu().core.clone(), format!("{:?}", b.machine.log()))
        };
        let with = run(true);
        prop_assert_eq!(&with, &run(true));
        prop_assert_eq!(with, run(false), "fast-forward changes nothing");
    }
}
