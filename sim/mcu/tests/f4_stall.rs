//! The law of the stall on an F4: two banks, one controller, caches in front.

mod common;

use common::f4::*;
use common::{Bench, Code, FLASH, KEY1, KEY2, SRAM, vectors};
use flashstall_cpu::{Addr, HoldKind};
use flashstall_mcu::Picos;
use flashstall_mcu::machine::Stop;

const PART: &str = "stm32f429xi";
const RESET: u32 = FLASH + 0x400;
const LIMIT: Picos = Picos::from_millis(3_000);

/// Code at RESET that has unlocked the controller; `build` goes on.
fn booted(build: impl FnOnce(&mut Code)) -> Bench {
    let mut code = Code::at(RESET);
    code.poke(KEYR, KEY1).poke(KEYR, KEY2);
    build(&mut code);
    let mut b = on(PART);
    vectors(&mut b.machine, FLASH, RESET, FLASH + 0x300);
    Code::at(FLASH + 0x300)
        .b(FLASH + 0x300)
        .load(&mut b.machine);
    code.load(&mut b.machine);
    b.machine.power_on();
    b
}

/// Starts the erase of a sector.
fn erase(c: &mut Code, code: u32) {
    c.poke(CR, SER | snb(code) | X32)
        .poke(CR, SER | snb(code) | X32 | STRT);
}

/// Polls SR while BSY, then stops.
fn poll(c: &mut Code) {
    c.mov32(4, SR).mov32(5, BSY).while_set(6, 4, 0, 5).bkpt(0);
}

fn stalls(b: &Bench) -> Vec<(HoldKind, u64)> {
    let ms = |p: Picos| p.0 / Picos::from_millis(1).0;
    let log = b.machine.log();
    let kept = log.stalls.kept.iter();
    kept.map(|s| (s.kind, ms(s.end - s.start))).collect()
}

#[test]
fn the_other_bank_is_read_while_one_is_erased() {
    let mut b = booted(|c| {
        erase(c, 0x17);
        poll(c);
    });
    assert!(matches!(b.run(LIMIT), Stop::Bkpt { .. }));
    assert_eq!(b.last_operation().2, 2);
    assert!(b.machine.time() > Picos::SECOND, "it polled to the end");
    assert_eq!(stalls(&b), []);
}

#[test]
fn the_bank_that_is_erased_holds_its_code() {
    // Without caches and prefetch nothing is at hand but the line that executes.
    let mut b = booted(|c| {
        erase(c, 8);
        c.nop(16);
        poll(c);
    });
    assert!(matches!(b.run(LIMIT), Stop::Bkpt { .. }));
    assert_eq!(stalls(&b), [(HoldKind::Fetch, 999)]);
}

#[test]
fn a_loop_in_the_instruction_cache_goes_on() {
    let code = |acr: u32| {
        move |c: &mut Code| {
            let first = SER | snb(8) | X32;
            c.poke(ACR, acr).poke(CR, first);
            c.mov32(4, SR).mov32(5, BSY).mov32(6, first | STRT);
            // The first time around the store goes to SRAM: the loop is in the cache then. The second time it starts the erase.
            c.mov32(7, SRAM).mov32(3, CR).mov32(0, 2);
            let top = c.here();
            c.str(6, 7, 0);
            // The poll loop lies across two lines: one buffer cannot hold it.
            while c.here() % 16 != 12 {
                c.nop(1);
            }
            c.while_set(1, 4, 0, 5);
            // MOV r7, r3; SUBS r0, #1; BEQ over the B
            c.op(0x461F).op(0x3801).op(0xD000).b(top);
            c.bkpt(0);
        }
    };
    let run = |acr: u32| {
        let mut b = booted(code(acr));
        assert!(matches!(b.run(LIMIT), Stop::Bkpt { .. }));
        stalls(&b)
    };
    assert_eq!(run(5 | 1 << 9), [], "ICEN");
    assert_eq!(run(5), [(HoldKind::Fetch, 999)]);
}

#[test]
fn a_write_to_cr_from_the_other_bank_is_a_stall() {
    let mut b = booted(|c| {
        erase(c, 0x17);
        c.poke(CR, 0).bkpt(0);
    });
    assert!(matches!(b.run(LIMIT), Stop::Bkpt { .. }));
    assert_eq!(stalls(&b), [(HoldKind::Register, 999)]);
}

#[test]
fn a_constant_in_the_busy_bank_stops_code_in_sram() {
    let ram = SRAM + 0x1000;
    let read = |address: u32| {
        let mut b = booted(|c| {
            c.mov32(0, ram | 1).bx(0);
        });
        let mut code = Code::at(ram);
        erase(&mut code, 8);
        code.mov32(0, address).ldr(1, 0, 0).bkpt(0);
        code.load(&mut b.machine);
        assert!(matches!(b.run(LIMIT), Stop::Bkpt { .. }));
        stalls(&b)
    };
    assert_eq!(read(FLASH + 0x2000), [(HoldKind::Data, 999)]);
    assert_eq!(read(BANK2), []);
    assert_eq!(read(SRAM), []);
}

#[test]
fn programming_one_bank_from_the_other_costs_nothing_but_the_wait_for_bsy() {
    let mut b = booted(|c| {
        c.poke(CR, PG | X32)
            .poke(BANK2, 0x1234_5678)
            .poke(BANK2 + 4, 0x9ABC_DEF0);
        c.bkpt(0);
    });
    assert!(matches!(b.run(LIMIT), Stop::Bkpt { .. }));
    b.pass(Picos::from_micros(16));
    let mut out = [0; 8];
    assert!(b.machine.peek(Addr(BANK2), &mut out));
    assert_eq!(out, [0x78, 0x56, 0x34, 0x12, 0xF0, 0xDE, 0xBC, 0x9A]);
    let log = b.machine.log();
    let held: Vec<_> = log.stalls.kept.iter().map(|s| (s.kind, s.bank)).collect();
    assert_eq!(
        held,
        [(HoldKind::Data, 2)],
        "the second write waits for the first"
    );
}
