//! The chip as the core sees it: widths, clocks, aliases, events, counts.

mod common;

use common::*;
use flashstall_cpu::{Abort, Addr, Bus, Cycles, FaultKind, Size};
use flashstall_mcu::Picos;

const TIM3_PSC: u32 = 0x4000_0428;
const GPIOA_ODR: u32 = 0x4800_0014;
const SYSCFG_CFGR1: u32 = 0x4001_0000;

#[test]
fn narrow_apb_writes_are_repeated() {
    let mut b = Bench::new();
    b.write(RCC_APB1ENR, 1 << 1);
    b.try_write(TIM3_PSC, Size::Byte, 0x5A).expect("written");
    assert_eq!(b.read(TIM3_PSC), 0x5A5A, "APB: the byte comes on all lanes");
    b.write(RCC_AHBENR, 1 << 17);
    b.try_write(GPIOA_ODR, Size::Byte, 0x5A).expect("written");
    b.try_write(GPIOA_ODR + 1, Size::Byte, 0xA5)
        .expect("written");
    assert_eq!(b.read(GPIOA_ODR), 0xA55A, "AHB: on its own lane");
    assert_eq!(b.try_read(GPIOA_ODR + 1, Size::Byte), Ok(0xA5));
    assert_eq!(b.try_read(GPIOA_ODR, Size::Half), Ok(0xA55A));
}

#[test]
fn a_peripheral_without_clock_is_told() {
    let mut b = Bench::new();
    b.write(TIM3_PSC, 7);
    assert_eq!(b.read(TIM3_PSC), 0);
    b.write(RCC_APB1ENR, 1 << 1);
    assert_eq!(b.read(TIM3_PSC), 0, "the write was lost");
    assert!(b.has_finding("peripheral-clock-off"));
    let finding = &b.machine.log().findings[0];
    assert!(finding.text.starts_with("TIM3"), "{}", finding.text);
}

#[test]
fn nothing_is_silently_ignored() {
    let mut b = Bench::new();
    b.read(0x4002_4008);
    b.write(0x4002_4008, 1);
    b.write(0x4002_4008, 1);
    b.read(0x5000_0308);
    b.read(0x1FFF_D800);
    let counts: Vec<_> = b
        .machine
        .log()
        .unmodelled
        .values()
        .map(|u| (u.name.as_str(), u.reads, u.writes))
        .collect();
    assert_eq!(
        counts,
        [("system memory", 1, 0), ("TSC", 1, 2), ("ADC1_2", 1, 0)]
    );
}

#[test]
fn where_nothing_answers_is_a_bus_fault() {
    let mut b = Bench::new();
    for addr in [
        0x0804_0000,
        0x1000_2000,
        0x2000_A000,
        0x4000_0C00,
        0x6000_0000,
        0xA000_0000,
        0xFFFF_FFFC,
    ] {
        assert_eq!(
            b.try_read(addr, Size::Word),
            Err(Abort::Fault(FaultKind::Unmapped)),
            "{addr:#010x}"
        );
        assert_eq!(
            b.try_write(addr, Size::Word, 0),
            Err(Abort::Fault(FaultKind::Unmapped)),
            "{addr:#010x}"
        );
        let (cpu, soc) = b.machine.parts();
        assert!(soc.fetch(&mut cpu.core, addr).is_err(), "{addr:#010x}");
    }
}

#[test]
fn memories_keep_what_is_written() {
    let mut b = Bench::new();
    for base in [SRAM, 0x1000_0000] {
        b.write(base + 4, 0x1234_5678);
        b.try_write(base + 5, Size::Byte, 0xFF).expect("written");
        assert_eq!(b.read(base + 4), 0x1234_FF78);
        assert_eq!(b.try_read(base + 6, Size::Half), Ok(0x1234));
        let (cpu, soc) = b.machine.parts();
        let fetch = soc.fetch(&mut cpu.core, base + 4).expect("executable");
        assert_eq!((fetch.window.lo(), fetch.ready), (base, cpu.core.now));
    }
}

#[test]
fn address_zero_shows_what_mem_mode_says() {
    let mut b = Bench::new();
    b.machine.load(Addr(FLASH), &[1, 0, 0, 0]).expect("flash");
    b.machine.load(Addr(SRAM), &[2, 0, 0, 0]).expect("SRAM");
    assert_eq!(b.read(0), 1);
    b.write(0x4002_1018, 1); // SYSCFG clock
    b.write(SYSCFG_CFGR1, 3);
    assert_eq!(b.read(0), 2);
    b.write(4, 0x55);
    assert_eq!(b.read(SRAM + 4), 0x55);
    assert_eq!(
        b.try_read(0xA000, Size::Word),
        Err(Abort::Fault(FaultKind::Unmapped)),
        "40 KB only"
    );
    let (_, soc) = b.machine.parts();
    assert_eq!(soc.code_region(0), Some((0, 0xA000)));
    assert!(soc.code_changed());
    assert!(
        soc.take_code_changes().contains(&(0, 0x4_0000)),
        "what was decoded at 0 is gone"
    );
    b.write(SYSCFG_CFGR1, 1);
    assert_eq!(b.read(0), 0, "system memory has no content");
}

#[test]
fn programming_tells_the_decoder_through_the_alias_too() {
    let mut b = Bench::new();
    b.unlock();
    let (_, soc) = b.machine.parts();
    soc.take_code_changes();
    b.program(PAGE, &[0x1234]);
    let (_, soc) = b.machine.parts();
    assert_eq!(
        soc.take_code_changes(),
        [(PAGE, PAGE + 2), (PAGE - FLASH, PAGE - FLASH + 2)]
    );
    assert_eq!(soc.code(PAGE), Some(0x1234));
}

#[test]
fn an_access_sees_every_event_before_it() {
    let mut b = Bench::new();
    b.unlock();
    b.erase(PAGE);
    // Past the end, and nobody has run the events.
    let (cpu, soc) = b.machine.parts();
    cpu.core.now += Cycles(8_000 * 21);
    assert!(soc.next_event() < cpu.core.now);
    assert_eq!(b.read(SR), EOP);
}

#[test]
fn an_array_read_just_after_the_end_sees_the_erased_page() {
    let mut b = Bench::new();
    b.unlock();
    b.program(PAGE, &[0x1234]);
    b.erase(PAGE);
    let (cpu, _) = b.machine.parts();
    cpu.core.now += Cycles(8_000 * 21);
    assert_eq!(b.read(PAGE), u32::MAX);
}

#[test]
fn too_few_wait_states_are_told() {
    let mut b = Bench::new();
    // HSE, PLL x9 = 72 MHz without touching LATENCY.
    b.write(0x4002_1000, 1 << 16 | 0x83);
    b.wait(100_000);
    b.write(0x4002_1004, 7 << 18 | 1 << 16 | 4 << 8);
    b.write(0x4002_1000, 1 << 24 | 1 << 16 | 0x83);
    b.wait(100_000);
    assert!(!b.has_finding("flash-latency-too-low"));
    b.write(0x4002_1004, 7 << 18 | 1 << 16 | 4 << 8 | 2);
    b.wait(1_000);
    assert_eq!(b.read(0x4002_1004) >> 2 & 3, 2, "SWS");
    assert!(b.has_finding("flash-latency-too-low"));
}

#[test]
fn identity_words_are_there() {
    let mut b = Bench::new();
    assert_eq!(b.try_read(0x1FFF_F7CC, Size::Half), Ok(256));
    assert_ne!(b.read(0x1FFF_F7AC), 0);
    assert_eq!(b.read(0xE004_2000) & 0xFFF, 0x422);
}

#[test]
fn dates_of_events_are_asked_for_often_and_are_right() {
    let mut b = Bench::new();
    b.unlock();
    let (cpu, soc) = b.machine.parts();
    assert_eq!(soc.next_event(), Cycles::NEVER);
    let now = cpu.core.now;
    b.erase(PAGE);
    let (_, soc) = b.machine.parts();
    assert_eq!(soc.next_event(), now + Cycles(160_000), "20 ms at 8 MHz");
    let end = soc.log().operations.kept[0].end;
    assert_eq!(end, soc.time(now) + Picos::from_millis(20));
}
