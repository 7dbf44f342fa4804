use crate::sleep::Sleep;
use crate::testbus::{
    FLASH, Line, Pended, RAM, STACK, THREAD, TestBus, cpu, cpu_of, enable, handler,
};
use crate::{Cpu, CpuModel, Cycles, ExceptionNumber, Size};

const EXTI: u16 = 40;
const USART: u16 = 37;
const INVPC: u32 = 1 << 18;

/// A core in the handler of USART1 (priority 0x80), at cycle 1000; EXTI15_10 has priority 0x40.
fn in_handler() -> (Cpu, TestBus) {
    let (mut cpu, mut bus) = cpu();
    enable(&mut cpu, USART, 0x80);
    enable(&mut cpu, EXTI, 0x40);
    enter(&mut cpu, &mut bus, USART);
    cpu.core.now = Cycles(1000);
    (cpu, bus)
}

fn enter(cpu: &mut Cpu, bus: &mut TestBus, irq: u16) {
    bus.irq.pulse(irq);
    cpu.service_events(bus);
    assert!(cpu.take_exception(bus));
}

#[test]
fn everything_stacked_comes_back() {
    let (mut cpu, mut bus) = cpu();
    enable(&mut cpu, USART, 0x80);
    cpu.core.r = [
        10,
        11,
        12,
        13,
        14,
        15,
        16,
        17,
        18,
        19,
        20,
        21,
        22,
        STACK - 4,
        24,
        0,
    ];
    cpu.core.set_apsr(0xF80F_0000);
    cpu.core.itstate = 0xAD;
    let before = cpu.core.clone();
    enter(&mut cpu, &mut bus, USART);
    cpu.core.r[..4].fill(0);
    cpu.core.r[12] = 0;
    cpu.core.set_apsr(0);
    cpu.exclusive = true;
    cpu.event_register = false;
    cpu.exception_return(&mut bus, 0xFFFF_FFF9);
    assert_eq!(cpu.core.r, before.r);
    assert_eq!(cpu.core.xpsr(), before.xpsr());
    assert_eq!(
        (cpu.core.pc, cpu.core.exception, cpu.core.itstate),
        (THREAD, 0, 0xAD)
    );
    assert!(cpu.event_register && !cpu.exclusive);
    assert!(!cpu.nvic.is_active(ExceptionNumber::irq(USART)));
}

#[test]
fn cortex_m3_has_no_ge_to_restore() {
    let (mut cpu, mut bus) = cpu_of(CpuModel::CortexM3);
    enable(&mut cpu, USART, 0x80);
    enter(&mut cpu, &mut bus, USART);
    bus.set_word(STACK - 4, 0x010F_0000);
    cpu.exception_return(&mut bus, 0xFFFF_FFF9);
    assert_eq!(cpu.core.ge, 0);
}

#[test]
fn the_alignment_bit_counts_only_with_stkalign() {
    for (ccr, sp) in [(0x200, STACK + 4), (0, STACK)] {
        let (mut cpu, mut bus) = in_handler();
        cpu.ppb_write(&mut bus, 0xE000_ED14, Size::Word, ccr)
            .unwrap();
        bus.set_word(STACK - 4, 1 << 24 | 1 << 9);
        cpu.exception_return(&mut bus, 0xFFFF_FFF9);
        assert_eq!(cpu.core.r[13], sp);
    }
}

#[test]
fn bit_0_of_the_stacked_pc_is_dropped() {
    let (mut cpu, mut bus) = in_handler();
    bus.set_word(STACK - 8, THREAD + 9);
    cpu.exception_return(&mut bus, 0xFFFF_FFF9);
    assert_eq!((cpu.core.pc, cpu.core.thumb), (THREAD + 8, true));
}

#[test]
fn ici_comes_back() {
    let (mut cpu, mut bus) = in_handler();
    cpu.core.ici = 9;
    enter(&mut cpu, &mut bus, EXTI);
    cpu.exception_return(&mut bus, 0xFFFF_FFF1);
    assert_eq!((cpu.core.ici, cpu.core.itstate), (9, 0));
}

#[test]
fn a_cleared_t_bit_in_the_frame_comes_back() {
    let (mut cpu, mut bus) = in_handler();
    bus.set_word(STACK - 4, 0);
    cpu.exception_return(&mut bus, 0xFFFF_FFF9);
    assert!(!cpu.core.thumb);
}

#[test]
fn returns_to_the_stack_it_came_from() {
    let (mut cpu, mut bus) = cpu();
    enable(&mut cpu, USART, 0x80);
    cpu.core.spsel = true;
    cpu.core.other_sp = RAM + 0x8000;
    enter(&mut cpu, &mut bus, USART);
    cpu.exception_return(&mut bus, 0xFFFF_FFFD);
    assert_eq!(
        (cpu.core.r[13], cpu.core.other_sp, cpu.core.spsel),
        (STACK, RAM + 0x8000, true)
    );
    // A handler may choose the other stack, as a scheduler's first switch does.
    enter(&mut cpu, &mut bus, USART);
    bus.set_word(RAM + 0x8000 - 4, 1 << 24);
    cpu.core.r[13] = RAM + 0x8000 - 32;
    cpu.exception_return(&mut bus, 0xFFFF_FFF9);
    assert_eq!(
        (cpu.core.r[13], cpu.core.psp(), cpu.core.spsel),
        (RAM + 0x8000, STACK - 32, false)
    );
}

#[test]
fn nested_handlers_return_one_by_one() {
    let (mut cpu, mut bus) = in_handler();
    enter(&mut cpu, &mut bus, EXTI);
    assert_eq!(cpu.nvic.active_count(), 2);
    cpu.exception_return(&mut bus, 0xFFFF_FFF1);
    assert_eq!((cpu.core.exception, cpu.core.pc), (53, handler(FLASH, 53)));
    cpu.exception_return(&mut bus, 0xFFFF_FFF9);
    assert_eq!(
        (cpu.core.exception, cpu.core.pc, cpu.core.r[13]),
        (0, THREAD, STACK)
    );
    assert_eq!(
        bus.returned.iter().map(|left| left.0).collect::<Vec<_>>(),
        [56, 53]
    );
}

#[test]
fn return_takes_10_cycles() {
    let (mut cpu, mut bus) = in_handler();
    cpu.exception_return(&mut bus, 0xFFFF_FFF9);
    assert_eq!(cpu.core.now, Cycles(1010));
    assert_eq!(bus.returned, [(53, 1000)]);
    let (mut cpu, mut bus) = in_handler();
    bus.ram_waits = 1;
    cpu.exception_return(&mut bus, 0xFFFF_FFF9);
    assert_eq!(cpu.core.now, Cycles(1018));
}

#[test]
fn a_tail_chain_takes_6_cycles() {
    let (mut cpu, mut bus) = in_handler();
    bus.irq.pulse(USART);
    cpu.service_events(&mut bus);
    cpu.exception_return(&mut bus, 0xFFFF_FFF9);
    assert_eq!(bus.entered[1], (53, 1006));
    assert_eq!(
        (cpu.core.r[13], cpu.core.r[14]),
        (STACK - 32, 0xFFFF_FFF9),
        "the frame stays"
    );
    let (mut cpu, mut bus) = in_handler();
    bus.flash_waits = 2;
    bus.irq.pulse(USART);
    cpu.service_events(&mut bus);
    cpu.exception_return(&mut bus, 0xFFFF_FFF9);
    assert_eq!(bus.entered[1], (53, 1010), "nothing hides the wait states");
}

#[test]
fn a_request_during_the_pops_is_tail_chained() {
    for (at, entered) in [(1004, 1010), (1007, 1013)] {
        let (mut cpu, mut bus) = in_handler();
        bus.at(at, EXTI, Line::Pulse);
        cpu.exception_return(&mut bus, 0xFFFF_FFF9);
        assert_eq!(bus.entered[1], (56, entered), "a request at {at}");
        assert_eq!(cpu.core.r[13], STACK - 32);
    }
    let (mut cpu, mut bus) = in_handler();
    bus.at(1009, EXTI, Line::Pulse);
    cpu.exception_return(&mut bus, 0xFFFF_FFF9);
    assert_eq!(
        (cpu.core.exception, cpu.deadline),
        (0, Cycles::ZERO),
        "after the last pop it is a new entry"
    );
}

#[test]
fn a_request_that_cannot_preempt_what_is_returned_to_waits() {
    let (mut cpu, mut bus) = in_handler();
    enter(&mut cpu, &mut bus, EXTI);
    bus.irq.pulse(USART);
    cpu.service_events(&mut bus);
    cpu.exception_return(&mut bus, 0xFFFF_FFF1);
    assert_eq!((cpu.core.exception, bus.entered.len()), (53, 2));
}

#[test]
fn a_level_still_high_pends_again() {
    let (mut cpu, mut bus) = in_handler();
    bus.irq.set(USART, true);
    bus.irq.take_rises();
    bus.at(1007, USART, Line::Low);
    cpu.exception_return(&mut bus, 0xFFFF_FFF9);
    assert_eq!(bus.pended[1], Pended(53, 1000, false));
    assert_eq!(bus.entered[1], (53, 1006));
    cpu.core.now = Cycles(1020);
    cpu.service_events(&mut bus);
    cpu.exception_return(&mut bus, 0xFFFF_FFF9);
    assert_eq!(cpu.core.exception, 0);
}

#[test]
fn an_illegal_return_is_invpc() {
    // Values that no core makes, the first one without an FPU.
    for exc_return in [0xFFFF_FFE9, 0xFFFF_FFF0, 0xFFFF_FFFF, 0xF000_0009] {
        let (mut cpu, mut bus) = in_handler();
        cpu.fpu = crate::fpu::Fpu::new(&crate::CpuConfig {
            fpu: false,
            ..cpu.config.clone()
        });
        cpu.nvic.set_enabled(6, true);
        cpu.exception_return(&mut bus, exc_return);
        assert_eq!(
            (cpu.core.exception, cpu.scb.cfsr()),
            (6, INVPC),
            "{exc_return:#x}"
        );
        assert_eq!((cpu.core.r[14], cpu.core.r[13]), (exc_return, STACK - 32));
        assert!(!cpu.nvic.is_active(ExceptionNumber::irq(USART)));
    }
    // Not active.
    let (mut cpu, mut bus) = in_handler();
    cpu.nvic.clear_active();
    cpu.exception_return(&mut bus, 0xFFFF_FFF9);
    assert_eq!(
        (cpu.core.exception, cpu.scb.cfsr(), cpu.scb.hfsr()),
        (3, INVPC, 1 << 30)
    );
    // Thread mode while another handler is active, with a frame that would do.
    let (mut cpu, mut bus) = in_handler();
    enter(&mut cpu, &mut bus, EXTI);
    bus.set_word(cpu.core.r[13] + 28, 1 << 24);
    cpu.exception_return(&mut bus, 0xFFFF_FFF9);
    assert_eq!((cpu.core.exception, cpu.scb.cfsr()), (3, INVPC));
}

#[test]
fn nonbasethrdena_lets_a_nested_handler_return_to_thread() {
    let (mut cpu, mut bus) = in_handler();
    cpu.ppb_write(&mut bus, 0xE000_ED14, Size::Word, 0x201)
        .unwrap();
    cpu.ppb_write(&mut bus, 0xE000_ED10, Size::Word, 1 << 1)
        .unwrap();
    enter(&mut cpu, &mut bus, EXTI);
    bus.set_word(cpu.core.r[13] + 28, 1 << 24);
    cpu.exception_return(&mut bus, 0xFFFF_FFF9);
    assert_eq!((cpu.core.exception, cpu.scb.cfsr()), (0, 0));
    assert_eq!(cpu.nvic.active_count(), 1);
    assert_eq!(
        cpu.sleeping,
        Sleep::Awake,
        "SLEEPONEXIT: not while one is active"
    );
}

#[test]
fn a_frame_of_the_wrong_mode_is_invpc() {
    let (mut cpu, mut bus) = in_handler();
    bus.set_word(STACK - 4, 1 << 24 | 53);
    cpu.exception_return(&mut bus, 0xFFFF_FFF9);
    assert_eq!(
        (cpu.core.exception, cpu.scb.cfsr(), cpu.core.r[13]),
        (3, INVPC, STACK - 32)
    );
    let (mut cpu, mut bus) = in_handler();
    enter(&mut cpu, &mut bus, EXTI);
    bus.set_word(cpu.core.r[13] + 28, 1 << 24);
    cpu.exception_return(&mut bus, 0xFFFF_FFF1);
    assert_eq!((cpu.core.exception, cpu.scb.cfsr()), (3, INVPC));
}

#[test]
fn leaving_clears_faultmask_unless_it_is_nmi() {
    let (mut cpu, mut bus) = in_handler();
    (cpu.core.faultmask, cpu.core.primask, cpu.core.basepri) = (true, true, 0x10);
    cpu.exception_return(&mut bus, 0xFFFF_FFF9);
    assert_eq!(
        (cpu.core.faultmask, cpu.core.primask, cpu.core.basepri),
        (false, true, 0x10)
    );
    cpu.core.faultmask = true;
    cpu.nvic.pend(2);
    assert!(cpu.take_exception(&mut bus));
    cpu.exception_return(&mut bus, 0xFFFF_FFF9);
    assert!(cpu.core.faultmask);
}

#[test]
fn a_bad_stack_at_return_is_unstkerr() {
    let (mut cpu, mut bus) = in_handler();
    cpu.core.r[13] = 0x6000_0000;
    cpu.exception_return(&mut bus, 0xFFFF_FFF9);
    // HardFault is entered without stacking: only the frame to be popped is bad.
    assert_eq!(
        (cpu.core.exception, cpu.scb.cfsr(), cpu.scb.hfsr()),
        (3, 1 << 11, 1 << 30)
    );
    assert_eq!(cpu.core.r[14], 0xFFFF_FFF9);
}

#[test]
fn sleeponexit_sleeps_at_the_base_level() {
    let (mut cpu, mut bus) = in_handler();
    cpu.ppb_write(&mut bus, 0xE000_ED10, Size::Word, 1 << 1)
        .unwrap();
    enter(&mut cpu, &mut bus, EXTI);
    cpu.exception_return(&mut bus, 0xFFFF_FFF1);
    assert_eq!(cpu.sleeping, Sleep::Awake, "not to a handler");
    cpu.exception_return(&mut bus, 0xFFFF_FFF9);
    assert_eq!((cpu.sleeping, cpu.deadline), (Sleep::OnExit, Cycles::ZERO));
    bus.irq.pulse(USART);
    cpu.service_events(&mut bus);
    assert!(cpu.wake_if_due());
}
