use crate::testbus::{CCM, FLASH, Line, Pended, RAM, STACK, THREAD, TestBus, cpu, enable, handler};
use crate::{Cpu, Cycles, ExceptionNumber, Fault, HoldKind, VectorAddress};

const EXTI: u16 = 40;
const USART: u16 = 37;

/// A core with two enabled interrupts, USART1 (IRQ 37) less urgent than EXTI15_10 (IRQ 40), at cycle 1000.
fn ready() -> (Cpu, TestBus) {
    let (mut cpu, bus) = cpu();
    enable(&mut cpu, USART, 0x80);
    enable(&mut cpu, EXTI, 0x40);
    cpu.core.now = Cycles(1000);
    (cpu, bus)
}

fn interrupt(cpu: &mut Cpu, bus: &mut TestBus, irq: u16) {
    bus.irq.pulse(irq);
    cpu.service_events(bus);
    assert!(cpu.take_exception(bus));
}

/// Moves the vector table, with handlers in `code`.
fn table_at(cpu: &mut Cpu, bus: &mut TestBus, table: u32, code: u32) {
    for number in 0..98 {
        bus.set_word(table + 4 * number, handler(code, number as u16) | 1);
    }
    cpu.scb.set_vtor(table);
}

#[test]
fn the_frame_is_where_the_manual_puts_it() {
    let (mut cpu, mut bus) = ready();
    cpu.core.r = [
        10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, STACK, 24, 0,
    ];
    cpu.core.set_apsr(0xA000_0000);
    interrupt(&mut cpu, &mut bus, USART);
    let frame: Vec<u32> = (0..8).map(|word| bus.word(STACK - 32 + 4 * word)).collect();
    assert_eq!(frame, [10, 11, 12, 13, 22, 24, THREAD, 0xA100_0000]);
    assert_eq!(cpu.core.r[13], STACK - 32);
    assert_eq!(cpu.core.r[14], 0xFFFF_FFF9);
    assert_eq!(cpu.core.pc, handler(FLASH, 53));
    assert_eq!(cpu.core.exception, 53);
    assert!(cpu.nvic.is_active(ExceptionNumber::irq(USART)));
    assert!(!cpu.nvic.is_pending(ExceptionNumber::irq(USART)));
}

#[test]
fn an_odd_word_stack_is_aligned() {
    let (mut cpu, mut bus) = ready();
    cpu.core.r[13] = STACK - 4;
    interrupt(&mut cpu, &mut bus, USART);
    assert_eq!(cpu.core.r[13], STACK - 40);
    assert_eq!(bus.word(STACK - 12), 1 << 24 | 1 << 9);
}

#[test]
fn without_stkalign_it_is_not() {
    let (mut cpu, mut bus) = ready();
    cpu.ppb_write(&mut bus, 0xE000_ED14, crate::Size::Word, 0)
        .unwrap();
    cpu.core.r[13] = STACK - 4;
    interrupt(&mut cpu, &mut bus, USART);
    assert_eq!(cpu.core.r[13], STACK - 36);
    assert_eq!(bus.word(STACK - 8), 1 << 24);
}

#[test]
fn process_stack_and_nesting_have_their_own_exc_return() {
    let (mut cpu, mut bus) = ready();
    cpu.core.spsel = true;
    cpu.core.other_sp = RAM + 0x8000;
    interrupt(&mut cpu, &mut bus, USART);
    assert_eq!(cpu.core.r[14], 0xFFFF_FFFD);
    assert_eq!(
        (cpu.core.psp(), cpu.core.msp(), cpu.core.spsel),
        (STACK - 32, RAM + 0x8000, false)
    );
    interrupt(&mut cpu, &mut bus, EXTI);
    assert_eq!(cpu.core.r[14], 0xFFFF_FFF1);
    assert_eq!(cpu.core.msp(), RAM + 0x8000 - 32);
    assert_eq!(bus.word(RAM + 0x8000 - 4), 1 << 24 | 53, "the stacked IPSR");
}

#[test]
fn it_and_ici_are_saved_and_cleared() {
    let (mut cpu, mut bus) = ready();
    cpu.core.itstate = 0xAD;
    interrupt(&mut cpu, &mut bus, USART);
    assert_eq!(bus.word(STACK - 4), 1 << 24 | 0xAC << 8 | 1 << 25);
    assert_eq!(cpu.core.itstate, 0);
    cpu.core.ici = 7;
    interrupt(&mut cpu, &mut bus, EXTI);
    assert_eq!(bus.word(STACK - 36), 1 << 24 | 7 << 12 | 53);
    assert_eq!(cpu.core.ici, 0);
}

#[test]
fn entry_sets_the_event_register_and_clears_the_monitor() {
    let (mut cpu, mut bus) = ready();
    cpu.exclusive = true;
    interrupt(&mut cpu, &mut bus, USART);
    assert!(cpu.event_register && !cpu.exclusive);
}

#[test]
fn an_even_vector_clears_the_t_bit() {
    let (mut cpu, mut bus) = ready();
    bus.set_word(FLASH + 4 * 53, handler(FLASH, 53));
    interrupt(&mut cpu, &mut bus, USART);
    assert!(!cpu.core.thumb);
    assert_eq!(
        cpu.core.exception, 53,
        "INVSTATE is the handler's first instruction's"
    );
}

/// Cycles from recognition to the handler's first instruction.
fn latency(cpu: &mut Cpu, bus: &mut TestBus) -> u64 {
    interrupt(cpu, bus, USART);
    assert_eq!(bus.entered, [(53, cpu.core.now.0)]);
    assert!(
        cpu.core
            .window
            .contains(handler(cpu.core.pc & 0xFFFF_0000, 53))
    );
    cpu.core.now.0 - 1000
}

#[test]
fn entry_takes_12_cycles_at_zero_wait_states() {
    let (mut cpu, mut bus) = ready();
    assert_eq!(latency(&mut cpu, &mut bus), 12);
}

#[test]
fn entry_takes_flash_wait_states_that_stacking_does_not_hide() {
    for (waits, expected) in [(1, 12), (2, 14), (5, 20)] {
        let (mut cpu, mut bus) = ready();
        bus.flash_waits = waits;
        assert_eq!(latency(&mut cpu, &mut bus), expected, "{waits} wait states");
    }
}

#[test]
fn entry_takes_stack_wait_states() {
    let (mut cpu, mut bus) = ready();
    bus.ram_waits = 1;
    assert_eq!(latency(&mut cpu, &mut bus), 20);
}

#[test]
fn entry_takes_longer_where_table_and_stack_share_the_system_bus() {
    let (mut cpu, mut bus) = ready();
    table_at(&mut cpu, &mut bus, RAM, RAM);
    assert_eq!(latency(&mut cpu, &mut bus), 14);
    let (mut cpu, mut bus) = ready();
    table_at(&mut cpu, &mut bus, FLASH, RAM);
    assert_eq!(
        latency(&mut cpu, &mut bus),
        13,
        "the first fetch waits for the last push"
    );
    let (mut cpu, mut bus) = ready();
    table_at(&mut cpu, &mut bus, CCM, CCM);
    assert_eq!(latency(&mut cpu, &mut bus), 12, "CCM is on ICode");
}

#[test]
fn a_late_arrival_before_the_vector_fetch_costs_nothing() {
    let (mut cpu, mut bus) = ready();
    bus.at(1003, EXTI, Line::Pulse);
    interrupt(&mut cpu, &mut bus, USART);
    assert_eq!(bus.entered, [(56, 1012)]);
    assert_eq!(bus.vectors, [(FLASH + 4 * 56, 1006)], "one vector fetch");
    assert!(cpu.nvic.is_pending(ExceptionNumber::irq(USART)));
    assert_eq!(cpu.core.r[14], 0xFFFF_FFF9);
}

#[test]
fn a_late_arrival_after_the_vector_fetch_fetches_its_own() {
    for at in [1007, 1010, 1012] {
        let (mut cpu, mut bus) = ready();
        bus.at(at, EXTI, Line::Pulse);
        interrupt(&mut cpu, &mut bus, USART);
        assert_eq!(bus.entered.len(), 1, "USART1 was not entered");
        assert_eq!(bus.entered[0].0, 56);
        assert_eq!(bus.vectors.len(), 2);
        assert_eq!(cpu.core.r[13], STACK - 32, "stacked once");
    }
}

#[test]
fn a_late_arrival_after_the_first_instruction_is_an_ordinary_preemption() {
    let (mut cpu, mut bus) = ready();
    bus.at(1013, EXTI, Line::Pulse);
    interrupt(&mut cpu, &mut bus, USART);
    assert_eq!(bus.entered, [(53, 1012)]);
}

#[test]
fn a_less_urgent_request_is_no_late_arrival() {
    let (mut cpu, mut bus) = ready();
    bus.at(1003, USART, Line::Pulse);
    interrupt(&mut cpu, &mut bus, EXTI);
    assert_eq!(bus.entered, [(56, 1012)]);
}

#[test]
fn sub_priority_decides_until_the_vector_is_fetched() {
    for (at, first) in [(1003, 56), (1008, 53)] {
        let (mut cpu, mut bus) = ready();
        cpu.nvic.set_prigroup(7);
        bus.at(at, EXTI, Line::Pulse);
        interrupt(&mut cpu, &mut bus, USART);
        assert_eq!(bus.entered[0].0, first, "a request at {at}");
    }
}

#[test]
fn a_table_in_sram_leaves_that_time_until_the_last_push() {
    let (mut cpu, mut bus) = ready();
    table_at(&mut cpu, &mut bus, RAM, RAM);
    cpu.nvic.set_prigroup(7);
    bus.at(1008, EXTI, Line::Pulse);
    interrupt(&mut cpu, &mut bus, USART);
    assert_eq!(bus.entered, [(56, 1014)]);
}

#[test]
fn a_stack_in_the_ppb_reaches_no_register() {
    let (mut cpu, mut bus) = ready();
    cpu.core.r[13] = 0xE004_2008;
    interrupt(&mut cpu, &mut bus, USART);
    assert_eq!((bus.dbgmcu, cpu.scb.cfsr()), (0, 1 << 12));
}

#[test]
fn a_held_vector_is_waited_for_after_stacking() {
    let (mut cpu, mut bus) = ready();
    bus.busy = (900, 5000);
    table_at(&mut cpu, &mut bus, FLASH, RAM);
    interrupt(&mut cpu, &mut bus, USART);
    let hold = bus.held[0];
    assert_eq!(bus.held.len(), 1);
    assert_eq!(
        (hold.kind, hold.addr.0, hold.entering),
        (HoldKind::Vector, FLASH + 4 * 53, Some(53))
    );
    assert_eq!(
        (hold.start, hold.end, hold.pc.0, hold.active),
        (Cycles(1010), Cycles(5000), THREAD, 0)
    );
    assert_eq!(bus.entered, [(53, 5004)], "vector, first fetch, refill");
}

#[test]
fn a_held_vector_completes_before_a_late_arrival_fetches_its_own() {
    let (mut cpu, mut bus) = ready();
    bus.busy = (900, 5000);
    bus.at(3000, EXTI, Line::Pulse);
    interrupt(&mut cpu, &mut bus, USART);
    assert_eq!(
        bus.pended[1],
        Pended(56, 3000, false),
        "told at its own time"
    );
    assert_eq!(
        bus.vectors,
        [(FLASH + 4 * 53, 5000), (FLASH + 4 * 56, 5001)]
    );
    assert_eq!(bus.entered, [(56, 5005)]);
}

#[test]
fn a_held_vector_can_be_retargeted_at_once() {
    let (mut cpu, mut bus) = ready();
    cpu.config.open.late_arrival_during_held_vector = true;
    bus.busy = (900, 5000);
    bus.at(3000, EXTI, Line::Pulse);
    interrupt(&mut cpu, &mut bus, USART);
    let holds: Vec<_> = bus
        .held
        .iter()
        .map(|hold| (hold.entering, hold.start.0, hold.end.0))
        .collect();
    assert_eq!(holds, [(Some(53), 1010, 3000), (Some(56), 3000, 5000)]);
    assert_eq!(bus.vectors, [(FLASH + 4 * 56, 5000)]);
    assert_eq!(bus.entered, [(56, 5004)]);
}

#[test]
fn a_held_first_fetch_belongs_to_the_latency() {
    let (mut cpu, mut bus) = ready();
    table_at(&mut cpu, &mut bus, RAM, FLASH);
    bus.busy = (900, 5000);
    interrupt(&mut cpu, &mut bus, USART);
    let hold = bus.held[0];
    assert_eq!(
        (hold.kind, hold.addr.0, hold.entering),
        (HoldKind::Fetch, handler(FLASH, 53), Some(53))
    );
    assert_eq!((hold.start, hold.end), (Cycles(1011), Cycles(5000)));
    assert_eq!(bus.entered, [(53, 5003)]);
}

#[test]
fn a_reset_during_a_held_vector_ends_the_entry() {
    let (mut cpu, mut bus) = ready();
    bus.busy = (900, 5000);
    bus.at(3000, 0, Line::Reset);
    interrupt(&mut cpu, &mut bus, USART);
    assert_eq!(cpu.core.now, Cycles(3000));
    assert!(bus.entered.is_empty());
    assert_eq!(cpu.deadline, Cycles::ZERO);
}

#[test]
fn a_bad_stack_is_a_derived_fault() {
    const STKERR: u32 = 1 << 12;
    let (mut cpu, mut bus) = ready();
    cpu.core.r[13] = 0x6000_0000;
    interrupt(&mut cpu, &mut bus, USART);
    assert_eq!(
        (cpu.core.exception, cpu.scb.cfsr(), cpu.scb.hfsr()),
        (3, STKERR, 1 << 30)
    );
    assert!(
        cpu.nvic.is_pending(ExceptionNumber::irq(USART)),
        "the interrupt comes after it"
    );
    // Enabled, and less urgent than the interrupt: that goes first.
    let (mut cpu, mut bus) = ready();
    cpu.core.r[13] = 0x6000_0000;
    cpu.nvic.set_enabled(5, true);
    cpu.nvic.set_priority(5, 0xC0);
    interrupt(&mut cpu, &mut bus, USART);
    assert_eq!((cpu.core.exception, cpu.scb.hfsr()), (53, 0));
    assert!(cpu.nvic.is_pending(ExceptionNumber::BUS_FAULT));
    // HardFault's own entry goes on.
    let (mut cpu, mut bus) = ready();
    cpu.core.r[13] = 0xE000_F000;
    cpu.raise(&mut bus, Fault::Undefined);
    assert_eq!((cpu.core.exception, cpu.scb.cfsr()), (3, STKERR | 1 << 16));
    assert!(!cpu.lockup && !cpu.nvic.is_pending(ExceptionNumber::HARD_FAULT));
}

#[test]
fn a_vector_that_cannot_be_read_is_a_hardfault() {
    let (mut cpu, mut bus) = ready();
    cpu.scb.set_vtor(0x0900_0000);
    interrupt_with_hardfault_vector(&mut cpu, &mut bus);
    assert!(cpu.lockup, "HardFault's vector is not there either");
    assert_eq!(cpu.scb.hfsr(), 1 << 1);
    // Table at the end of memory: HardFault's vector is there, USART1's is not.
    let (mut cpu, mut bus) = ready();
    let table = FLASH + 0xFF80;
    bus.set_word(table + 12, handler(FLASH, 3) | 1);
    cpu.scb.set_vtor(table);
    interrupt_with_hardfault_vector(&mut cpu, &mut bus);
    assert_eq!(
        (cpu.core.exception, cpu.scb.hfsr(), cpu.lockup),
        (3, 1 << 1, false)
    );
}

fn interrupt_with_hardfault_vector(cpu: &mut Cpu, bus: &mut TestBus) {
    bus.irq.pulse(USART);
    cpu.service_events(bus);
    assert!(cpu.take_exception(bus));
}

#[test]
fn no_vector_for_hardfault_locks_up() {
    let (mut cpu, mut bus) = ready();
    cpu.scb.set_vtor(0x0900_0000);
    cpu.raise(&mut bus, Fault::Undefined);
    assert!(cpu.lockup);
    assert_eq!(cpu.scb.hfsr(), 1 << 30 | 1 << 1);
    assert!(bus.entered.is_empty());
}

#[test]
fn a_handler_that_cannot_be_fetched_is_entered_all_the_same() {
    let (mut cpu, mut bus) = ready();
    bus.set_word(FLASH + 4 * 53, 0x6000_0001);
    interrupt(&mut cpu, &mut bus, USART);
    assert_eq!(
        (cpu.core.exception, cpu.core.pc),
        (53, 0x6000_0000),
        "its first instruction raises IBUSERR"
    );
    assert!(!cpu.core.window.contains(0x6000_0000));
}

#[test]
fn a_misaligned_table_can_be_read_by_or() {
    for (mode, addr) in [
        (VectorAddress::Add, 0x2000_0160),
        (VectorAddress::Or, 0x2000_00E0),
    ] {
        let (mut cpu, mut bus) = ready();
        cpu.config.open.vector_address = mode;
        bus.set_word(addr, 0x1000_0001);
        cpu.scb.set_vtor(0x2000_0080);
        interrupt(&mut cpu, &mut bus, EXTI);
        assert_eq!(cpu.core.pc, CCM, "{mode:?}");
        assert_eq!(bus.vectors[0].0, addr);
    }
}

#[test]
fn masks_keep_interrupts_out() {
    let (mut cpu, mut bus) = ready();
    bus.irq.pulse(USART);
    cpu.service_events(&mut bus);
    assert_eq!(cpu.deadline, Cycles::ZERO);
    for mask in [
        |cpu: &mut Cpu| cpu.core.primask = true,
        |cpu: &mut Cpu| cpu.core.faultmask = true,
        |cpu: &mut Cpu| cpu.core.basepri = 0x80,
    ] {
        let mut masked = cpu.clone();
        mask(&mut masked);
        assert!(!masked.take_exception(&mut bus));
        masked.refresh_deadline(&bus);
        assert_ne!(masked.deadline, Cycles::ZERO);
    }
    cpu.core.basepri = 0x90;
    assert!(cpu.take_exception(&mut bus));
}

#[test]
fn primask_does_not_mask_nmi_and_faultmask_does_not_either() {
    let (mut cpu, mut bus) = ready();
    cpu.core.faultmask = true;
    cpu.nvic.pend(2);
    assert!(cpu.take_exception(&mut bus));
    assert_eq!(cpu.core.exception, 2);
}
