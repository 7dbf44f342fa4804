//! Exceptions as programs meet them: the run loop, the interrupt controller and a small bus together.

use flashstall_cpu::{
    Abort, Addr, Bus, Core, Cpu, CpuConfig, CpuModel, Cycles, Exit, FaultKind, Fetch, FetchWindow,
    Hold, HoldKind, IrqLines, OpenBehaviours, Size,
};

#[path = "../../src/testbus/bus.rs"]
mod bus;
#[rustfmt::skip]
mod programs;

use proptest::prelude::*;

use bus::{FLASH, Line, Pended, RAM, TestBus};
use programs::*;

const THREAD: u32 = FLASH + 0x800;
const STACK: u32 = RAM + 0x4000;
const USART: u16 = 37;
const EXTI: u16 = 40;
const LIMIT: Cycles = Cycles(1_000_000);

struct Board {
    cpu: Cpu,
    bus: TestBus,
}

/// A part out of reset, about to execute `thread`; handlers return at once unless given.
fn board(thread: &[u16]) -> Board {
    let mut bus = TestBus::new();
    bus.set_word(FLASH, STACK);
    bus.set_word(FLASH + 4, THREAD | 1);
    bus.program(THREAD, thread);
    for number in 2..98 {
        bus.set_word(FLASH + 4 * u32::from(number), handler(number) | 1);
        bus.program(handler(number), NAKED_RETURN);
    }
    let mut cpu = Cpu::new(CpuConfig {
        model: CpuModel::CortexM4,
        cpuid: 0x410F_C241,
        irqs: 82,
        priority_bits: 4,
        systick_calib: 0x4000_2328,
        systick_divider: 8,
        bit_band: true,
        fpu: true,
        open: OpenBehaviours::default(),
        fast_forward: true,
    });
    cpu.reset(&mut bus);
    bus.vectors.clear();
    Board { cpu, bus }
}

const fn handler(number: u16) -> u32 {
    FLASH + 0x1000 + 0x40 * number as u32
}

impl Board {
    fn with(mut self, number: u16, code: &[u16]) -> Self {
        self.bus.program(handler(number), code);
        self
    }

    fn at(mut self, cycle: u64, irq: u16, line: Line) -> Self {
        self.bus.at(cycle, irq, line);
        self
    }

    fn run(&mut self) -> Exit {
        self.cpu.run(&mut self.bus, LIMIT)
    }

    fn entries(&self) -> Vec<u16> {
        self.bus.entered.iter().map(|entry| entry.0).collect()
    }
}

#[test]
fn nesting_shows_in_iabr() {
    let mut board = board(ENABLE_37_AND_40_AND_SPIN)
        .with(53, PEND_40_THEN_RETURN)
        .with(56, STORE_IABR1)
        .at(100, USART, Line::Pulse);
    assert_eq!(board.run(), Exit::Limit);
    assert_eq!(board.entries(), [53, 56]);
    assert_eq!(board.bus.word(RAM), 0x120, "IABR1: 37 and 40");
    assert_eq!(board.bus.word(RAM + 4), 56, "IPSR");
    assert_eq!(
        board
            .bus
            .returned
            .iter()
            .map(|left| left.0)
            .collect::<Vec<_>>(),
        [56, 53]
    );
    assert_eq!(board.cpu.core.r[13], STACK);
}

#[test]
fn a_level_still_high_at_return_pends_again() {
    let mut board = board(ENABLE_37_AND_40_AND_SPIN)
        .with(53, COUNT_AT_RAM)
        .at(100, USART, Line::High)
        .at(150, USART, Line::Low);
    board.run();
    let handlers = board.entries().len();
    assert!(
        (2..6).contains(&handlers),
        "a few until the line fell, then no more: {handlers}"
    );
    assert_eq!(board.bus.word(RAM), handlers as u32);
    for pair in board.bus.entered.windows(2).zip(&board.bus.returned) {
        let ([_, next], left) = pair else { continue };
        assert_eq!(next.1 - left.1, 6, "tail-chained");
    }
}

#[test]
fn an_interrupt_that_is_never_served_storms_until_the_limit() {
    let mut board = board(ENABLE_37_AND_40_AND_SPIN).at(100, USART, Line::High);
    assert_eq!(board.run(), Exit::Limit);
    assert!(board.entries().len() > 50_000);
    assert!(board.cpu.core.now >= LIMIT && board.cpu.core.now < LIMIT + Cycles(100));
}

#[test]
fn latency_is_12_cycles_and_the_rest_of_the_instruction() {
    for phase in 0..20 {
        let mut board = board(ENABLE_37_AND_40_AND_SPIN).at(100 + phase, USART, Line::Pulse);
        board.run();
        let latency = board.bus.entered[0].1 - (100 + phase);
        assert!(
            (12..=15).contains(&latency),
            "{latency} cycles at phase {phase}"
        );
    }
}

#[test]
fn registers_flags_and_it_state_survive_at_every_phase() {
    let mut quiet = board(IT_BLOCK);
    quiet.run();
    for phase in 0..40 {
        let mut noisy = board(IT_BLOCK).with(15, CLOBBER_AND_RETURN);
        noisy.cpu.core.r[12] = 0x1234_5678;
        // PendSV and SysTick need no enabling; the line stands for whatever pends them.
        noisy.bus.at(50 + phase, 0, Line::Pulse);
        noisy.bus.set_word(FLASH + 4 * 16, handler(15) | 1);
        noisy.cpu.run(&mut noisy.bus, Cycles(10));
        noisy
            .cpu
            .data_write(&mut noisy.bus, 0xE000_E100, Size::Word, 1)
            .unwrap();
        noisy.run();
        assert_eq!(noisy.entries(), [16]);
        let r = noisy.cpu.core.r;
        assert_eq!((r[0], r[3], r[12]), (0, 0, 0x1234_5678), "phase {phase}");
        assert!(
            r[1] - r[2] <= 1,
            "both or neither of the block: {} and {}",
            r[1],
            r[2]
        );
    }
}

/// The frame of an interrupt that breaks off a PUSH lies over what the PUSH has stored: seen in real firmware as a
/// return address made of a stacked xPSR. The same for other multiples, which are continued.
#[test]
fn multiples_survive_an_interrupt_at_every_phase() {
    let round_trips: [(&str, [u16; 2]); 2] = [
        ("push {r4-r7}; pop {r4-r7}", [0xB4F0, 0xBCF0]),
        ("stmia r0!, {r4-r7}; ldmia r1!, {r4-r7}", [0xC0F0, 0xC9F0]),
    ];
    for (name, [store, load]) in round_trips {
        let mut program = vec![0x2444, 0x2555, 0x2666, 0x2777];
        program.extend([0xBF00; 20]);
        program.extend([store, 0x2400, 0x2500, 0x2600, 0x2700, load, 0xBE00]);
        for phase in 0..15 {
            let mut board = board(&program).with(15, CLOBBER_AND_RETURN);
            (board.cpu.core.r[0], board.cpu.core.r[1]) = (RAM + 0x100, RAM + 0x100);
            board.bus.at(20 + phase, 0, Line::Pulse);
            board.bus.set_word(FLASH + 4 * 16, handler(15) | 1);
            board.cpu.run(&mut board.bus, Cycles(10));
            let Board { cpu, bus } = &mut board;
            cpu.data_write(bus, 0xE000_E100, Size::Word, 1).unwrap();
            cpu.run(bus, LIMIT);
            assert_eq!(board.entries(), [16]);
            assert_eq!(
                board.cpu.core.r[4..8],
                [0x44, 0x55, 0x66, 0x77],
                "{name}, phase {phase}"
            );
            assert_eq!(board.cpu.core.r[13], STACK, "{name}, phase {phase}");
        }
    }
}

#[test]
fn every_wrap_in_a_hold_is_told_at_its_own_cycle() {
    let mut board = board(TICK_THEN_READ_FLASH);
    board.bus.program(RAM, TICK_THEN_READ_FLASH);
    board.cpu.core.pc = RAM;
    board.bus.busy = (10, 1000);
    board.cpu.run(&mut board.bus, Cycles(1050));
    let hold = board.bus.held[0];
    assert_eq!(
        (hold.kind, hold.addr, hold.end),
        (HoldKind::Data, Addr(FLASH), Cycles(1000))
    );
    let Pended(_, first, _) = board.bus.pended[0];
    let expected: Vec<_> = (0..board.bus.pended.len() as u64)
        .map(|n| Pended(15, first + 100 * n, n > 0))
        .collect();
    assert_eq!(board.bus.pended, expected);
    assert!(board.bus.pended.len() >= 9 && first < 130);
    assert_eq!(board.entries(), [15], "ten ticks, one handler");
}

#[test]
fn systick_interrupts_once_a_period() {
    let mut board = board(TICK_AND_SPIN);
    board.cpu.run(&mut board.bus, Cycles(10_000));
    assert!((98..=99).contains(&board.entries().len()));
    for pair in board.bus.pended.windows(2) {
        assert_eq!(pair[1].1 - pair[0].1, 100);
    }
}

#[test]
fn countflag_counts_with_interrupts_masked() {
    let mut board = board(POLL_COUNTFLAG_3_TIMES);
    let exit = board.run();
    assert!(matches!(exit, Exit::Bkpt { imm: 3, .. }), "{exit:?}");
    let now = board.cpu.core.now.0;
    assert!(
        (3000..3040).contains(&now),
        "three periods of 1000 cycles: {now}"
    );
    assert!(board.bus.pended.is_empty());
}

#[test]
fn svc_returns_to_the_next_instruction() {
    let mut board = board(SVC_THEN_STOP);
    assert_eq!(
        board.run(),
        Exit::Bkpt {
            imm: 1,
            pc: THREAD + 4
        }
    );
    assert_eq!(board.entries(), [11]);
}

#[test]
fn pendsv_is_tail_chained_behind_svc() {
    let mut board = board(SVC_THEN_STOP)
        .with(11, SVC_PENDS_PENDSV)
        .with(14, PENDSV_NOTES_WHAT_CAME_BEFORE);
    assert_eq!(
        board.run(),
        Exit::Bkpt {
            imm: 1,
            pc: THREAD + 4
        }
    );
    assert_eq!(board.entries(), [11, 14]);
    assert_eq!(board.bus.word(RAM + 4), 11);
    assert_eq!(board.bus.entered[1].1 - board.bus.returned[0].1, 6);
}

#[test]
fn division_by_zero_reaches_its_handler() {
    let mut board = board(DIVIDE_BY_ZERO).with(6, STOP_IN_HANDLER);
    assert_eq!(
        board.run(),
        Exit::Bkpt {
            imm: 0x66,
            pc: handler(6)
        }
    );
    assert_eq!(board.cpu.scb.cfsr(), 1 << 25);
    let divide = THREAD + 22;
    assert_eq!(board.bus.word(STACK - 8), divide);
}

#[test]
fn a_wild_read_in_hardfault_locks_up() {
    let mut board = board(READ_NOWHERE).with(3, READ_NOWHERE);
    assert_eq!(board.run(), Exit::Lockup);
    assert_eq!(board.entries(), [3]);
    assert_eq!(
        (board.cpu.scb.bfar(), board.cpu.scb.hfsr()),
        (0x6000_0000, 1 << 30)
    );
}

#[test]
fn recursion_through_the_stack_ends_in_hardfault() {
    let mut board = board(RECURSE).with(3, STOP_IN_HANDLER);
    assert_eq!(
        board.run(),
        Exit::Bkpt {
            imm: 0x66,
            pc: handler(3)
        }
    );
    assert_ne!(
        board.cpu.scb.cfsr() & (1 << 9 | 1 << 12),
        0,
        "PRECISERR of the push, STKERR of the entry"
    );
}

#[test]
fn a_bad_exc_return_is_a_usage_fault() {
    let mut board = board(ENABLE_37_AND_40_AND_SPIN)
        .with(53, RETURN_TO_NOWHERE)
        .with(3, STOP_IN_HANDLER)
        .at(100, USART, Line::Pulse);
    assert_eq!(
        board.run(),
        Exit::Bkpt {
            imm: 0x66,
            pc: handler(3)
        }
    );
    assert_eq!(
        (board.cpu.scb.cfsr(), board.cpu.scb.hfsr()),
        (1 << 18, 1 << 30)
    );
}

#[test]
fn wfi_wakes_with_primask_set_and_goes_on() {
    let mut board = board(MASKED_WFI).at(5000, USART, Line::Pulse);
    board.cpu.run(&mut board.bus, Cycles(4000));
    assert_eq!(board.cpu.core.r[5], 0, "asleep");
    let exit = board.run();
    assert!(matches!(exit, Exit::Bkpt { imm: 1, .. }), "{exit:?}");
    assert_eq!(board.cpu.core.r[5], 1);
    assert_eq!(
        board.entries(),
        [53],
        "and the handler ran once CPSIE let it"
    );
    assert!((5000..5020).contains(&board.bus.entered[0].1));
}

#[test]
fn sleep_with_nothing_to_wake_it_is_told() {
    let mut board = board(WFI_WITH_NOTHING);
    assert_eq!(board.run(), Exit::Limit);
    assert_eq!(board.cpu.run(&mut board.bus, Cycles::NEVER), Exit::Dead);
}

#[test]
fn sev_lets_one_wfe_through() {
    let mut board = board(SEV_WFE_WFE);
    assert_eq!(board.cpu.run(&mut board.bus, Cycles::NEVER), Exit::Dead);
    assert_eq!(board.cpu.core.r[5], 1);
}

#[test]
fn sleeponexit_never_comes_back_to_thread_code() {
    let mut board = board(SLEEP_ON_EXIT)
        .with(53, COUNT_AT_RAM)
        .at(1000, USART, Line::Pulse)
        .at(2000, USART, Line::Pulse)
        .at(3000, USART, Line::Pulse);
    assert_eq!(board.cpu.run(&mut board.bus, Cycles::NEVER), Exit::Dead);
    assert_eq!((board.bus.word(RAM), board.cpu.core.r[5]), (3, 0));
}

#[test]
fn sysresetreq_ends_the_run() {
    assert_eq!(board(SYSTEM_RESET).run(), Exit::Reset);
}

#[test]
fn a_reset_by_the_chip_ends_a_hold() {
    let mut board = board(SVC_THEN_STOP).at(500, 0, Line::Reset);
    board.cpu.run(&mut board.bus, Cycles(1));
    board.bus.busy = (2, 900);
    assert_eq!(board.run(), Exit::Reset);
    assert_eq!(board.cpu.core.now, Cycles(500));
    assert_eq!(board.bus.held[0].kind, HoldKind::Vector);
}

#[test]
fn an_interrupt_waits_for_basepri_to_fall() {
    let mut board = board(BASEPRI_SECTION).at(100, USART, Line::Pulse);
    let exit = board.run();
    assert!(matches!(exit, Exit::Bkpt { imm: 1, .. }), "{exit:?}");
    let (_, entered) = board.bus.entered[0];
    assert!(
        entered > 2000,
        "a thousand rounds of the loop come first: {entered}"
    );
}

#[test]
fn no_exception_is_entered_while_a_read_is_held() {
    let mut board = board(ENABLE_37_AND_40_AND_SPIN).at(500, EXTI, Line::Pulse);
    board.cpu.run(&mut board.bus, Cycles(100));
    board.bus.program(RAM, TICK_THEN_READ_FLASH);
    // The read itself, with interrupts allowed: LDR r3, [r3] at offset 24 in the program, r3 = flash.
    board.cpu.core.r[3] = FLASH;
    board.cpu.core.pc = RAM + 24;
    board.bus.busy = (90, 2000);
    board.run();
    assert_eq!(board.bus.pended[0], Pended(56, 500, false));
    assert!(board.bus.entered[0].1 >= 2000);
    assert!(board.bus.held.iter().all(|hold| hold.end == Cycles(2000)));
}

#[test]
fn a_frame_pushed_over_code_changes_what_executes() {
    let mut board = board(&[]);
    let spin = RAM + 0x100;
    board.bus.program(spin, &[0xE7FE]);
    board
        .cpu
        .data_write(&mut board.bus, 0xE000_E104, Size::Word, 0x20)
        .unwrap();
    board.bus.at(100, USART, Line::Pulse);
    board.cpu.core.pc = spin;
    // R0 is the lowest word of the frame: two BKPTs.
    board.cpu.core.r[0] = 0xBE01_BE01;
    board.cpu.core.r[13] = spin + 32;
    assert_eq!(board.run(), Exit::Bkpt { imm: 1, pc: spin });
}

#[test]
fn a_cloned_core_goes_its_own_way() {
    let mut first = board(ENABLE_37_AND_40_AND_SPIN);
    first.cpu.run(&mut first.bus, Cycles(100));
    let mut second = Board {
        cpu: first.cpu.clone(),
        bus: first.bus.clone(),
    };
    second.bus.at(200, USART, Line::Pulse);
    assert_eq!((first.run(), second.run()), (Exit::Limit, Exit::Limit));
    assert_eq!((first.entries(), second.entries()), (vec![], vec![53]));
}

proptest! {
    /// The law of pending bits: each request that was not merged is served exactly once, the most urgent
    /// first, and in the end nothing of it is left on the stack.
    #[test]
    fn every_request_is_served_once(
        requests in prop::collection::vec((100u64..600, 0u16..6), 1..40),
        priorities in prop::array::uniform6(0u8..16),
        prigroup in 3u32..8,
    ) {
        let mut board = board(ENABLE_37_AND_40_AND_SPIN);
        board.cpu.data_write(&mut board.bus, 0xE000_E100, Size::Word, 0x3F).unwrap();
        board.cpu.data_write(&mut board.bus, 0xE000_ED0C, Size::Word, 0x05FA_0000 | prigroup << 8).unwrap();
        for (irq, priority) in (0u16..).zip(priorities) {
            let ipr = 0xE000_E400 + u32::from(irq);
            board.cpu.data_write(&mut board.bus, ipr, Size::Byte, u32::from(priority) << 4).unwrap();
            board.bus.program(handler(16 + irq), CLOBBER_AND_RETURN);
        }
        for (cycle, irq) in requests {
            board.bus.at(cycle, irq, Line::Pulse);
        }
        board.cpu.run(&mut board.bus, Cycles(10_000));
        let bus = &board.bus;
        for number in 16..22 {
            let asked = bus.pended.iter().filter(|pended| pended.0 == number && !pended.2).count();
            let served = bus.entered.iter().filter(|entry| entry.0 == number).count();
            let left = bus.returned.iter().filter(|entry| entry.0 == number).count();
            prop_assert_eq!((asked, asked), (served, left));
        }
        prop_assert_eq!((board.cpu.core.r[13], board.cpu.core.exception), (STACK, 0));
        // Whoever is entered leaves nobody waiting whose group is more urgent.
        let group = |number: u16| u32::from(priorities[usize::from(number) - 16]) << 4 >> (prigroup + 1);
        for &(number, at) in &bus.entered {
            for other in 16..22 {
                let asked = bus.pended.iter().filter(|p| p.0 == other && !p.2 && p.1 < at).count();
                let served = bus.entered.iter().filter(|e| e.0 == other && e.1 <= at).count();
                prop_assert!(asked <= served || group(other) >= group(number), "{number} before {other} at {at}");
            }
        }
    }
}
