//! The stall: time that passes with the core held, for each kind of access.
#![allow(missing_docs, reason = "tests have no API")]

mod common;

use common::{CODE, DEVICE, Event, FLASH, RAM, SimBus, machine};
use flashstall_cpu::{Cpu, CpuModel, Cycles, Exit, HoldKind, Size};

const BUSY: u64 = 1000;
/// Vector table and handlers in RAM, so that they are never held.
const TABLE: u32 = RAM + 0x400;
const RAM_HANDLER: u32 = RAM + 0x800;

/// Flash is busy until cycle 1000; interrupts go to RAM and return at once.
fn busy_machine(code: &[u16]) -> (Cpu, SimBus) {
    let (mut cpu, mut bus) = machine(CpuModel::CortexM4, code);
    for number in 0..98 {
        bus.set_word(TABLE + 4 * number, RAM_HANDLER | 1);
    }
    bus.program(RAM_HANDLER, &[0x4770]);
    cpu.data_write(&mut bus, 0xE000_ED08, Size::Word, TABLE)
        .unwrap();
    cpu.data_write(&mut bus, 0xE000_E100, Size::Word, 1)
        .unwrap();
    bus.busy_until = BUSY;
    (cpu, bus)
}

#[test]
fn a_fetch_waits_until_the_end_and_then_completes() {
    let (mut cpu, mut bus) = busy_machine(&[]);
    bus.program(FLASH + 0x400, &[0x2007]);
    cpu.core.pc = FLASH + 0x400;
    bus.at(300, Event::Pulse(0));
    assert_eq!(cpu.step(&mut bus), None);
    assert_eq!(
        (cpu.core.now.0, cpu.core.r[0]),
        (BUSY + 1, 7),
        "the instruction executes when it is there"
    );
    let hold = bus.held[0];
    assert_eq!(
        (hold.kind, hold.addr.0, hold.pc.0),
        (HoldKind::Fetch, FLASH + 0x400, FLASH + 0x400)
    );
    assert_eq!((hold.start.0, hold.end.0, hold.active), (0, BUSY, 0));
    assert_eq!(
        bus.entered,
        [],
        "no exception is entered while the fetch is held"
    );
    cpu.step(&mut bus);
    assert_eq!(bus.entered.len(), 1);
}

#[test]
fn an_interrupt_out_of_a_held_fetch_is_an_open_behaviour() {
    let (mut cpu, mut bus) = busy_machine(&[]);
    cpu.config.open.interrupt_during_held_fetch = true;
    bus.program(FLASH + 0x400, &[0x2007]);
    cpu.core.pc = FLASH + 0x400;
    bus.at(300, Event::Pulse(0));
    assert_eq!(cpu.run(&mut bus, Cycles(BUSY + 1)), Exit::Limit);
    assert!(
        (300..330).contains(&bus.entered[0].1),
        "entered at once: {:?}",
        bus.entered
    );
    assert_eq!(
        bus.held.len(),
        2,
        "given up, and asked for again after the handler"
    );
    assert_eq!((bus.held[0].end.0, bus.held[1].end.0), (300, BUSY));
    assert_eq!(cpu.core.r[0], 7);
}

#[test]
fn a_data_read_holds_everybody() {
    // ldr r0, [r1]; movs r2, #1
    for open in [false, true] {
        let (mut cpu, mut bus) = busy_machine(&[0x6808, 0x2201]);
        cpu.config.open.interrupt_during_held_fetch = open;
        cpu.core.r[1] = FLASH;
        bus.at(300, Event::Pulse(0));
        cpu.step(&mut bus);
        assert_eq!(cpu.core.now.0, BUSY + 2);
        let hold = bus.held[0];
        assert_eq!(
            (hold.kind, hold.addr.0, hold.pc.0),
            (HoldKind::Data, FLASH, CODE)
        );
        assert_eq!(
            bus.entered,
            [],
            "the transfer on the bus cannot be abandoned"
        );
    }
}

#[test]
fn a_register_write_can_be_held() {
    // str r0, [r1]
    let (mut cpu, mut bus) = busy_machine(&[0x6008]);
    cpu.core.r[0] = 77;
    cpu.core.r[1] = DEVICE + 20;
    cpu.step(&mut bus);
    assert_eq!(
        (bus.held[0].kind, bus.held[0].end.0),
        (HoldKind::Register, BUSY)
    );
    assert_eq!(bus.device[5], 77);
}

#[test]
fn a_vector_fetch_is_held() {
    let (mut cpu, mut bus) = busy_machine(&[0xE7FE]);
    cpu.data_write(&mut bus, 0xE000_ED08, Size::Word, FLASH)
        .unwrap();
    bus.set_word(FLASH + 64, RAM_HANDLER | 1);
    bus.at(300, Event::Pulse(0));
    cpu.run(&mut bus, Cycles(BUSY + 100));
    let hold = bus.held[0];
    assert_eq!(
        (hold.kind, hold.addr.0, hold.entering),
        (HoldKind::Vector, FLASH + 64, Some(16))
    );
    assert!(hold.start.0 >= 300 && hold.end.0 == BUSY);
    assert!((BUSY..BUSY + 10).contains(&bus.entered[0].1));
}

#[test]
fn events_happen_at_their_own_time_in_a_hold() {
    let (mut cpu, mut bus) = busy_machine(&[0x6808]);
    cpu.core.r[1] = FLASH;
    // SysTick wraps every 100 cycles; each wrap is pended once, and those that find it pending are merged.
    cpu.data_write(&mut bus, 0xE000_E014, Size::Word, 99)
        .unwrap();
    cpu.data_write(&mut bus, 0xE000_E018, Size::Word, 0)
        .unwrap();
    cpu.data_write(&mut bus, 0xE000_E010, Size::Word, 7)
        .unwrap();
    cpu.step(&mut bus);
    assert!((9..=10).contains(&bus.pended.len()), "{:?}", bus.pended);
    assert_eq!(
        bus.pended.iter().filter(|pended| pended.2).count(),
        bus.pended.len() - 1,
        "all but one are lost"
    );
    assert!(
        bus.pended
            .windows(2)
            .all(|pair| pair[1].1 - pair[0].1 == 100)
    );
}

#[test]
fn a_reset_ends_a_hold_at_once() {
    // A load from flash (ldr r0, [r1]), and a fetch from it.
    for pc in [CODE, FLASH + 0x400] {
        let (mut cpu, mut bus) = busy_machine(&[0x6808]);
        cpu.core.r[1] = FLASH;
        cpu.core.pc = pc;
        bus.at(300, Event::Reset);
        assert_eq!(cpu.run(&mut bus, Cycles(5000)), Exit::Reset);
        assert!((300..303).contains(&cpu.core.now.0), "{}", cpu.core.now);
        assert_eq!(bus.held[0].end.0, 300);
    }
}

#[test]
fn a_reset_can_be_held_in_its_vector_fetch() {
    let (mut cpu, mut bus) = busy_machine(&[0xE7FE]);
    cpu.reset(&mut bus);
    assert_eq!((cpu.core.now.0, cpu.core.pc), (BUSY, CODE));
    assert_eq!(bus.held[0].kind, HoldKind::Vector);
    // And without vectors the core locks up.
    let (mut cpu, mut bus) = busy_machine(&[]);
    bus.no_vectors = true;
    bus.busy_until = 0;
    cpu.reset(&mut bus);
    assert_eq!(cpu.run(&mut bus, Cycles(100)), Exit::Lockup);
}

#[test]
fn a_limit_inside_a_hold_comes_after_it() {
    let (mut cpu, mut bus) = busy_machine(&[0x6808, 0xE7FE]);
    cpu.core.r[1] = FLASH;
    assert_eq!(cpu.run(&mut bus, Cycles(500)), Exit::Limit);
    assert_eq!((cpu.core.now.0, cpu.core.instructions), (BUSY + 2, 1));
}

#[test]
fn a_device_answers_as_of_now() {
    // ldr r0, [r1] in flash with 5 wait states: the status changes while the instruction is being fetched.
    let (mut cpu, mut bus) = busy_machine(&[]);
    bus.busy_until = 0;
    bus.flash_waits = 5;
    bus.program(FLASH + 0x400, &[0x6808]);
    cpu.core.pc = FLASH + 0x400;
    cpu.core.r[1] = DEVICE;
    bus.at(3, Event::Status(42));
    cpu.step(&mut bus);
    assert_eq!(cpu.core.r[0], 42);
}

#[test]
fn an_interrupt_that_a_store_raises_comes_right_after_it() {
    // str r0, [r1]; movs r2, #1
    let (mut cpu, mut bus) = busy_machine(&[0x6008, 0x2201, 0xE7FE]);
    bus.busy_until = 0;
    cpu.core.r[0] = 0;
    cpu.core.r[1] = DEVICE + 24;
    cpu.run(&mut bus, Cycles(4));
    assert_eq!(bus.entered.len(), 1);
    assert_eq!(
        bus.word(cpu.core.r[13] + 0x18),
        CODE + 2,
        "before the next instruction"
    );
}
