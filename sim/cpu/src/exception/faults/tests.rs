use crate::testbus::{FLASH, Pended};
use crate::testbus::{STACK, THREAD, cpu, handler};
use crate::{Cpu, ExceptionNumber, Fault, Size};

const FAULTS: [(Fault, u16, u32); 9] = [
    (Fault::Undefined, 6, 1 << 16),
    (Fault::InvState, 6, 1 << 17),
    (Fault::InvPc, 6, 1 << 18),
    (Fault::NoCp, 6, 1 << 19),
    (Fault::Unaligned, 6, 1 << 24),
    (Fault::DivByZero, 6, 1 << 25),
    (Fault::DataBus { addr: 0x6000_0004 }, 5, 1 << 9 | 1 << 15),
    (Fault::InstructionBus { addr: 0x6000_0004 }, 5, 1 << 8),
    (Fault::ExecuteNever { addr: 0x4000_0000 }, 4, 1),
];

fn enable_faults(cpu: &mut Cpu) {
    for number in 4..=6 {
        cpu.nvic.set_enabled(number, true);
    }
}

#[test]
fn each_fault_sets_its_own_bit() {
    for (fault, number, cfsr) in FAULTS {
        let (mut cpu, mut bus) = cpu();
        enable_faults(&mut cpu);
        cpu.raise(&mut bus, fault);
        assert_eq!(
            (cpu.core.exception, cpu.scb.cfsr(), cpu.scb.hfsr()),
            (number, cfsr, 0),
            "{fault:?}"
        );
        assert_eq!(cpu.scb.mmfar(), 0);
        assert_eq!(cpu.core.pc, handler(FLASH, number));
        assert_eq!(
            bus.word(STACK - 8),
            THREAD,
            "the faulting instruction is returned to"
        );
        assert_eq!(bus.pended, [Pended(number, 0, false)]);
        assert_eq!(bus.entered, [(number, 12)]);
    }
}

#[test]
fn a_data_fault_leaves_its_address() {
    let (mut cpu, mut bus) = cpu();
    cpu.raise(&mut bus, Fault::DataBus { addr: 0x6000_0004 });
    assert_eq!(cpu.scb.bfar(), 0x6000_0004);
}

#[test]
fn a_disabled_fault_escalates() {
    for (fault, _, cfsr) in FAULTS {
        let (mut cpu, mut bus) = cpu();
        cpu.raise(&mut bus, fault);
        assert_eq!(
            (cpu.core.exception, cpu.scb.cfsr(), cpu.scb.hfsr()),
            (3, cfsr, 1 << 30),
            "{fault:?}"
        );
        assert!(!cpu.nvic.is_pending(fault.exception()));
    }
}

#[test]
fn a_fault_that_cannot_preempt_escalates() {
    let (mut cpu, mut bus) = cpu();
    enable_faults(&mut cpu);
    cpu.nvic.set_priority(6, 0x40);
    cpu.nvic.set_priority(53, 0x40);
    cpu.nvic.set_active(53, true);
    cpu.core.exception = 53;
    cpu.raise(&mut bus, Fault::Undefined);
    assert_eq!(cpu.core.exception, 3);
    assert_eq!(cpu.core.r[14], 0xFFFF_FFF1);
}

#[test]
fn a_fault_with_primask_set_escalates() {
    let (mut cpu, mut bus) = cpu();
    enable_faults(&mut cpu);
    cpu.core.primask = true;
    cpu.raise(&mut bus, Fault::DivByZero);
    assert_eq!(cpu.core.exception, 3);
}

#[test]
fn a_fault_in_hardfault_locks_up() {
    let (mut cpu, mut bus) = cpu();
    cpu.raise(&mut bus, Fault::Undefined);
    cpu.raise(&mut bus, Fault::DataBus { addr: 0 });
    assert!(cpu.lockup);
    assert_eq!(cpu.deadline.0, 0, "the loop looks at once");
    assert_eq!(bus.entered.len(), 1);
    assert_eq!(
        cpu.scb.cfsr(),
        1 << 16 | 1 << 9 | 1 << 15,
        "the second fault is on record"
    );
}

#[test]
fn a_fault_with_faultmask_locks_up() {
    let (mut cpu, mut bus) = cpu();
    cpu.core.faultmask = true;
    cpu.raise(&mut bus, Fault::Undefined);
    assert!(cpu.lockup);
}

#[test]
fn bfhfnmign_ignores_data_faults() {
    let (mut cpu, mut bus) = cpu();
    cpu.ppb_write(&mut bus, 0xE000_ED14, Size::Word, 1 << 8)
        .unwrap();
    assert!(!cpu.ignores_bus_fault(0x6000_0000), "not at base level");
    assert_eq!(cpu.scb.cfsr(), 0);
    cpu.core.faultmask = true;
    assert!(cpu.ignores_bus_fault(0x6000_0000));
    assert_eq!(
        (cpu.scb.cfsr(), cpu.scb.bfar()),
        (1 << 9 | 1 << 15, 0x6000_0000)
    );
    cpu.ppb_write(&mut bus, 0xE000_ED14, Size::Word, 0).unwrap();
    assert!(!cpu.ignores_bus_fault(0x6000_0000));
}

#[test]
fn svc_returns_behind_itself() {
    let (mut cpu, mut bus) = cpu();
    cpu.core.itstate = 0b0000_1100;
    cpu.svc(&mut bus);
    assert_eq!(cpu.core.exception, 11);
    assert_eq!(bus.word(STACK - 8), THREAD + 2);
    assert_eq!(
        bus.word(STACK - 4),
        cpu_xpsr_with_it(0b0001_1000),
        "IT state of the next instruction"
    );
}

fn cpu_xpsr_with_it(itstate: u32) -> u32 {
    1 << 24 | (itstate & 0xFC) << 8 | (itstate & 3) << 25
}

#[test]
fn svc_with_primask_escalates() {
    let (mut cpu, mut bus) = cpu();
    cpu.core.primask = true;
    cpu.svc(&mut bus);
    assert_eq!((cpu.core.exception, cpu.scb.hfsr()), (3, 1 << 30));
    assert_eq!(bus.word(STACK - 8), THREAD, "the SVC itself");
    assert!(!cpu.nvic.is_pending(ExceptionNumber::SVCALL));
}

#[test]
fn a_more_urgent_interrupt_goes_before_svc() {
    let (mut cpu, mut bus) = cpu();
    cpu.nvic.set_priority(11, 0x80);
    crate::testbus::enable(&mut cpu, 37, 0x10);
    bus.at(3, 37, crate::testbus::Line::Pulse);
    cpu.svc(&mut bus);
    assert_eq!(cpu.core.exception, 53);
    assert!(cpu.nvic.is_pending(ExceptionNumber::SVCALL));
}
