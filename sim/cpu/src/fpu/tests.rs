use super::Fpccr;
use crate::testbus::{FLASH, RAM, STACK, THREAD, TestBus, cpu, cpu_of, enable, handler};
use crate::{Cpu, CpuModel, Cycles, Size};

const EXTI: u16 = 40;
const CPACR: u32 = 0xE000_ED88;
const FPCCR: u32 = 0xE000_EF34;
const FPCAR: u32 = 0xE000_EF38;
/// vadd.f32 s0, s0, s1.
const VADD: [u16; 2] = [0xEE30, 0x0A20];
const EAGER: u32 = 1 << 31;

/// A core whose thread has used the FPU: S registers hold 0x100 + n, FPSCR has FZ. EXTI's handler is `code`.
fn with_context(code: &[u16]) -> (Cpu, TestBus) {
    let (mut cpu, mut bus) = cpu();
    cpu.data_write(&mut bus, CPACR, Size::Word, 0x00F0_0000)
        .unwrap();
    enable(&mut cpu, EXTI, 0x40);
    for register in 0..32 {
        cpu.core.fp.put(register, 0x100 + u32::from(register));
    }
    cpu.core.fp.fpscr = crate::fp::Fpscr::FZ;
    cpu.core.fp.active = true;
    bus.program(handler(FLASH, EXTI + 16), code);
    (cpu, bus)
}

fn interrupt(cpu: &mut Cpu, bus: &mut TestBus) -> u64 {
    bus.irq.pulse(EXTI);
    cpu.service_events(bus);
    let before = cpu.core.now;
    assert!(cpu.take_exception(bus));
    cpu.core.now.since(before).0
}

fn set(cpu: &mut Cpu, bus: &mut TestBus, addr: u32, value: u32) {
    cpu.data_write(bus, addr, Size::Word, value).unwrap();
}

fn get(cpu: &mut Cpu, bus: &mut TestBus, addr: u32) -> u32 {
    cpu.data_read(bus, addr, Size::Word).unwrap()
}

#[test]
fn registers() {
    let (mut cpu, mut bus) = cpu();
    assert_eq!(get(&mut cpu, &mut bus, FPCCR), 0xC000_0000);
    set(&mut cpu, &mut bus, FPCCR, u32::MAX);
    set(&mut cpu, &mut bus, FPCAR, u32::MAX);
    set(&mut cpu, &mut bus, 0xE000_EF3C, u32::MAX);
    let all = [FPCCR, FPCAR, 0xE000_EF3C, 0xE000_EF40, 0xE000_EF44]
        .map(|addr| get(&mut cpu, &mut bus, addr));
    assert_eq!(
        all,
        [
            0xC000_017B,
            0xFFFF_FFF8,
            0x07C0_0000,
            0x1011_0021,
            0x1100_0011
        ]
    );
    assert!(bus.unmodelled.is_empty());
    let (mut cpu, mut bus) = cpu_of(CpuModel::CortexM3);
    assert_eq!(get(&mut cpu, &mut bus, FPCCR), 0);
    assert_eq!(bus.unmodelled, [(FPCCR, false)]);
}

#[test]
fn fpca_is_in_control() {
    let (mut cpu, mut bus) = with_context(&[]);
    assert_eq!(cpu.mrs(20), 4);
    cpu.msr(&mut bus, 20, 0, 0);
    assert!(!cpu.core.fp.active);
    cpu.msr(&mut bus, 20, 0, 4);
    assert!(cpu.core.fp.active);
}

#[test]
fn a_lazy_frame_is_only_room() {
    let (mut cpu, mut bus) = with_context(&[0x4770]);
    cpu.core.r[13] = STACK - 4;
    assert_eq!(interrupt(&mut cpu, &mut bus), 12);
    assert_eq!(
        cpu.core.r[13],
        STACK - 112,
        "26 words and one for alignment"
    );
    assert_eq!(cpu.core.r[14], 0xFFFF_FFE9);
    assert_eq!(bus.word(STACK - 112 + 0x20), 0, "nothing stored");
    assert_eq!(get(&mut cpu, &mut bus, FPCAR), STACK - 112 + 0x20);
    let fpccr = Fpccr::from_bits_retain(get(&mut cpu, &mut bus, FPCCR));
    assert_eq!(
        fpccr,
        Fpccr::ASPEN | Fpccr::LSPEN | Fpccr::HFRDY | Fpccr::THREAD | Fpccr::LSPACT
    );
    assert!(!cpu.core.fp.active);
}

#[test]
fn an_eager_frame_holds_the_registers() {
    let (mut cpu, mut bus) = with_context(&[0x4770]);
    set(&mut cpu, &mut bus, FPCCR, EAGER);
    assert_eq!(interrupt(&mut cpu, &mut bus), 29);
    let frame = STACK - 104;
    assert_eq!((cpu.core.r[13], cpu.core.r[14]), (frame, 0xFFFF_FFE9));
    assert_eq!(
        [0x20, 0x5C, 0x60].map(|offset| bus.word(frame + offset)),
        [0x100, 0x10F, 1 << 24]
    );
    assert_eq!(bus.word(frame + 0x18), THREAD);
    assert!(!cpu.fpu.fpccr.contains(Fpccr::LSPACT));
}

#[test]
fn the_first_use_in_a_handler_preserves() {
    let (mut cpu, mut bus) = with_context(&[VADD[0], VADD[1], VADD[0], VADD[1], 0x4770]);
    interrupt(&mut cpu, &mut bus);
    let before = cpu.core.now;
    cpu.step(&mut bus);
    assert_eq!(
        cpu.core.now.since(before),
        Cycles(18),
        "17 stores and the addition"
    );
    let frame = STACK - 104;
    assert_eq!(
        [0x20, 0x5C, 0x60].map(|offset| bus.word(frame + offset)),
        [0x100, 0x10F, 1 << 24]
    );
    assert!(!cpu.fpu.fpccr.contains(Fpccr::LSPACT) && cpu.core.fp.active);
    let before = cpu.core.now;
    cpu.step(&mut bus);
    assert_eq!(cpu.core.now.since(before), Cycles(1), "only once");
}

#[test]
fn everything_comes_back() {
    for fpccr in [0xC000_0000, EAGER] {
        // vmov s3, r0; bx lr.
        let (mut cpu, mut bus) = with_context(&[0xEE01, 0x0A90, 0x4770]);
        set(&mut cpu, &mut bus, FPCCR, fpccr);
        let before = cpu.core.fp.clone();
        interrupt(&mut cpu, &mut bus);
        cpu.step(&mut bus);
        assert_eq!(cpu.core.fp.get(3), 0);
        let at = cpu.core.now;
        cpu.step(&mut bus);
        assert_eq!(cpu.core.now.since(at), Cycles(27), "10 and 17 loads");
        assert_eq!((cpu.core.pc, cpu.core.r[13]), (THREAD, STACK));
        assert_eq!(cpu.core.fp, before);
    }
}

#[test]
fn a_handler_without_fp_returns_without_loading() {
    let (mut cpu, mut bus) = with_context(&[0x4770]);
    let before = cpu.core.fp.clone();
    interrupt(&mut cpu, &mut bus);
    let at = cpu.core.now;
    cpu.step(&mut bus);
    assert_eq!(cpu.core.now.since(at), Cycles(10));
    assert_eq!(cpu.core.fp, before);
    assert_eq!(
        (cpu.core.r[13], cpu.fpu.fpccr.contains(Fpccr::LSPACT)),
        (STACK, false)
    );
}

#[test]
fn without_a_context_the_frame_is_short() {
    let (mut cpu, mut bus) = with_context(&[0x4770]);
    cpu.core.fp.active = false;
    interrupt(&mut cpu, &mut bus);
    assert_eq!((cpu.core.r[13], cpu.core.r[14]), (STACK - 32, 0xFFFF_FFF9));
    cpu.core.fp.active = true;
    cpu.step(&mut bus);
    assert!(!cpu.core.fp.active, "FPCA comes from EXC_RETURN");
}

#[test]
fn without_aspen_there_is_no_context() {
    let (mut cpu, mut bus) = with_context(&[]);
    cpu.core.fp.active = false;
    set(&mut cpu, &mut bus, FPCCR, 0);
    bus.program(THREAD, &VADD);
    cpu.step(&mut bus);
    assert_eq!(cpu.core.pc, THREAD + 4);
    assert!(!cpu.core.fp.active);
}

#[test]
fn a_bad_frame_is_lsperr() {
    const LSPERR: u32 = 1 << 13;
    let (mut cpu, mut bus) = with_context(&VADD);
    interrupt(&mut cpu, &mut bus);
    set(&mut cpu, &mut bus, FPCAR, 0x6000_0000);
    cpu.step(&mut bus);
    assert_eq!(cpu.scb.cfsr(), LSPERR);
    assert_eq!((cpu.core.exception, cpu.core.fp.get(0)), (3, 0x100));
}

#[test]
fn an_eager_frame_without_access_is_nocp() {
    let (mut cpu, mut bus) = with_context(&[0x4770]);
    set(&mut cpu, &mut bus, FPCCR, EAGER);
    set(&mut cpu, &mut bus, CPACR, 0);
    interrupt(&mut cpu, &mut bus);
    assert_eq!(cpu.scb.cfsr(), 1 << 19);
    assert_eq!(cpu.core.exception, 3, "derived, and UsageFault is off");
}

#[test]
fn a_tail_chain_keeps_the_frame() {
    let (mut cpu, mut bus) = with_context(&[0x4770]);
    enable(&mut cpu, 37, 0x80);
    bus.program(handler(FLASH, 53), &[0x4770]);
    let before = cpu.core.fp.clone();
    interrupt(&mut cpu, &mut bus);
    bus.irq.pulse(37);
    cpu.service_events(&mut bus);
    cpu.step(&mut bus);
    assert_eq!((cpu.core.exception, cpu.core.r[14]), (53, 0xFFFF_FFE9));
    cpu.step(&mut bus);
    assert_eq!((cpu.core.fp.clone(), cpu.core.r[13]), (before, STACK));
    assert_eq!(bus.word(RAM), 0);
}
