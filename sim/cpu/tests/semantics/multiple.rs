//! LDM, STM, PUSH and POP, and what an interrupt makes of them.

use crate::common::{Event, HANDLER, STACK};
use crate::{case, check, prepared};
use flashstall_cpu::Size;

const DATA: u32 = 0x2000_2000;

#[test]
fn lists_and_write_back() {
    let load = |code: &[u16], before: &[(usize, u32)]| {
        let (mut cpu, mut bus) = prepared(code, before, "");
        for k in 0..8 {
            bus.set_word(DATA + 4 * k, 10 + k);
        }
        assert_eq!(cpu.step(&mut bus), None);
        cpu.core.r
    };
    let r = load(&[0xC80E], &[(0, DATA)]);
    assert_eq!(
        r[0..4],
        [DATA + 12, 10, 11, 12],
        "ldmia r0!, {{r1, r2, r3}}"
    );
    let r = load(&[0xC803], &[(0, DATA)]);
    assert_eq!(
        r[0..2],
        [10, 11],
        "ldmia r0, {{r0, r1}}: the loaded value stays"
    );
    let r = load(&[0xE890, 0x0102], &[(0, DATA)]);
    assert_eq!((r[0], r[1], r[8]), (DATA, 10, 11), "ldmia.w r0, {{r1, r8}}");
    let r = load(&[0xE930, 0x0006], &[(0, DATA + 8)]);
    assert_eq!(r[0..3], [DATA, 10, 11], "ldmdb r0!, {{r1, r2}}");

    let store = |code: &[u16], before: &[(usize, u32)]| {
        let (mut cpu, mut bus) = prepared(code, before, "");
        assert_eq!(cpu.step(&mut bus), None);
        (cpu.core.r[0], bus.word(DATA), bus.word(DATA + 4))
    };
    assert_eq!(
        store(&[0xC006], &[(0, DATA), (1, 5), (2, 6)]),
        (DATA + 8, 5, 6),
        "stmia r0!, {{r1, r2}}"
    );
    assert_eq!(
        store(&[0xC003], &[(0, DATA), (1, 5)]),
        (DATA + 8, DATA, 5),
        "stmia r0!, {{r0, r1}}"
    );
    assert_eq!(
        store(&[0xE900, 0x0006], &[(0, DATA + 8), (1, 5), (2, 6)]),
        (DATA + 8, 5, 6),
        "stmdb r0, {{r1, r2}}"
    );
}

#[test]
fn push_and_pop() {
    check(&[
        case(
            "push then pop",
            &[0xB511, 0x2000, 0xE8BD, 0x4011],
            &[(0, 1), (4, 4), (14, 14)],
            "",
            &[],
            "Z",
        ),
        case(
            "push.w then pop",
            &[0xE92D, 0x4110, 0xE8BD, 0x4110],
            &[(4, 4), (8, 8), (14, 14)],
            "",
            &[],
            "",
        ),
    ]);
    // push {r0, r4, lr}; pop {r0, r4, pc}
    let (mut cpu, mut bus) = prepared(&[0xB511, 0xBD11], &[(0, 1), (4, 4), (14, HANDLER | 1)], "");
    cpu.step(&mut bus);
    assert_eq!(cpu.core.r[13], STACK - 12);
    assert_eq!(
        [STACK - 12, STACK - 8, STACK - 4].map(|addr| bus.word(addr)),
        [1, 4, HANDLER | 1]
    );
    cpu.step(&mut bus);
    assert_eq!((cpu.core.pc, cpu.core.r[13]), (HANDLER, STACK));
}

#[test]
fn one_cycle_and_one_for_each_register() {
    let cycles = |code: &[u16]| {
        let (mut cpu, mut bus) = prepared(code, &[(0, DATA), (14, HANDLER | 1)], "");
        bus.set_word(STACK, HANDLER | 1);
        let start = cpu.core.now.0;
        cpu.step(&mut bus);
        cpu.core.now.0 - start
    };
    assert_eq!(cycles(&[0xC80E]), 4, "ldmia of three");
    assert_eq!(cycles(&[0xB511]), 4, "push of three");
    assert_eq!(cycles(&[0xBD00]), 4, "pop {{pc}}: 1 + 1, and 2 to refill");
    assert_eq!(cycles(&[0xE9D0, 0x1202]), 3, "ldrd");
    assert_eq!(cycles(&[0xE9C0, 0x1202]), 3, "strd");
}

/// ldmia.w r0, {r1-r8}, with an interrupt that comes `after` cycles. What the handler finds stacked as xPSR, and
/// the registers in the end.
fn interrupted_load(code: &[u16], after: u64) -> (u32, [u32; 16], u64) {
    let (mut cpu, mut bus) = prepared(code, &[(0, DATA)], "");
    for k in 0..8 {
        bus.set_word(DATA + 4 * k, 10 + k);
    }
    cpu.data_write(&mut bus, 0xE000_E100, Size::Word, 1)
        .unwrap();
    let start = cpu.core.now.0;
    bus.at(start + after, Event::Pulse(0));
    let end = cpu.core.pc + 2 * code.len() as u32;
    let mut xpsr = 0;
    let mut entered = 0;
    while cpu.core.pc != end {
        assert_eq!(cpu.step(&mut bus), None);
        if cpu.core.exception != 0 && entered == 0 {
            entered = cpu.core.now.0 - start;
            xpsr = bus.word(cpu.core.r[13] + 0x1C);
        }
    }
    (xpsr, cpu.core.r, entered)
}

#[test]
fn an_interrupt_between_two_registers_continues_the_load() {
    for after in 1..8u64 {
        let (xpsr, r, entered) = interrupted_load(&[0xE890, 0x01FE], after);
        assert_eq!(
            xpsr >> 12 & 0xF,
            1 + after as u32,
            "ICI: next register after {after} transfers"
        );
        assert_eq!(
            xpsr & 0x0600_0C00,
            0,
            "the other continuation bits are clear"
        );
        assert_eq!(r[1..9], [10, 11, 12, 13, 14, 15, 16, 17]);
        assert_eq!(r[0], DATA);
        assert!(
            entered >= after && entered < after + 16,
            "not after the whole load: {entered}"
        );
    }
}

#[test]
fn base_in_the_list_restarts_the_load() {
    // ldmia r0, {r0, r1, r2, r3}
    for after in 1..4 {
        let (xpsr, r, _) = interrupted_load(&[0xC80F], after);
        assert_eq!(xpsr & 0x0600_FC00, 0);
        assert_eq!(r[0..4], [10, 11, 12, 13]);
    }
}

#[test]
fn in_an_it_block_the_load_restarts() {
    // it pl; ldmiapl.w r0, {r1-r8}
    let (xpsr, r, _) = interrupted_load(&[0xBF58, 0xE890, 0x01FE], 4);
    assert_eq!(xpsr >> 10 & 0x3F, 0x58 >> 2, "ITSTATE, not ICI");
    assert_eq!(r[1..9], [10, 11, 12, 13, 14, 15, 16, 17]);
}

#[test]
fn an_interrupted_store_stores_each_word_once() {
    // stmia.w r0!, {r1-r8}
    let (mut cpu, mut bus) = prepared(&[0xE8A0, 0x01FE], &[(0, DATA)], "");
    cpu.data_write(&mut bus, 0xE000_E100, Size::Word, 1)
        .unwrap();
    bus.at(cpu.core.now.0 + 3, Event::Pulse(0));
    bus.log_transfers = true;
    let end = cpu.core.pc + 4;
    while cpu.core.pc != end {
        cpu.step(&mut bus);
    }
    let stored: Vec<u32> = bus
        .transfers
        .iter()
        .filter(|t| t.2 && t.0 < STACK - 64)
        .map(|t| t.0)
        .collect();
    assert_eq!(stored, (0..8).map(|k| DATA + 4 * k).collect::<Vec<_>>());
    assert_eq!(cpu.core.r[0], DATA + 32);
}

#[test]
fn an_interrupt_abandons_a_divide() {
    // udiv r0, r1, r2 takes 11 cycles here.
    let (mut cpu, mut bus) = prepared(&[0xFBB1, 0xF0F2], &[(0, 0), (1, 0xFFFF_FFFF), (2, 1)], "");
    cpu.data_write(&mut bus, 0xE000_E100, Size::Word, 1)
        .unwrap();
    let start = cpu.core.now.0;
    bus.at(start + 4, Event::Pulse(0));
    cpu.step(&mut bus);
    assert_eq!(
        (cpu.core.now.0 - start, cpu.core.r[0], cpu.core.instructions),
        (4, 0, 0),
        "given up at the interrupt"
    );
    let end = cpu.core.pc + 4;
    while cpu.core.pc != end {
        cpu.step(&mut bus);
    }
    assert_eq!(cpu.core.r[0], 0xFFFF_FFFF);
}
