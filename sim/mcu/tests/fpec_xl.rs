//! The two flash controllers of the F103 XL. The table in `src/flash/fpec_xl.rs` names these tests.

mod common;

use common::*;
use flashstall_cpu::{Abort, Bus, Size};
use flashstall_mcu::chip::Chip;
use flashstall_mcu::log::OperationKind;

const KEYR2: u32 = 0x4002_2044;
const SR2: u32 = 0x4002_204C;
const CR2: u32 = 0x4002_2050;
const AR2: u32 = 0x4002_2054;
const BANK2: u32 = FLASH + 0x8_0000;

fn bench() -> Bench {
    let mut b = Bench::with(Chip::builtin("stm32f103xg").expect("built in"), options());
    b.unlock();
    b.write(KEYR2, KEY1);
    b.write(KEYR2, KEY2);
    b
}

fn erase2(b: &mut Bench, page: u32) {
    b.write(CR2, PER);
    b.write(AR2, page);
    b.write(CR2, PER | STRT);
    b.wait(2);
}

fn is_held(b: &mut Bench, addr: u32) -> bool {
    matches!(b.try_read(addr, Size::Word), Err(Abort::Held { .. }))
}

#[test]
fn each_bank_has_its_registers() {
    let mut b = Bench::with(Chip::builtin("stm32f103xg").expect("built in"), options());
    assert_eq!((b.read(CR), b.read(CR2)), (LOCK, LOCK));
    b.write(KEYR2, KEY1);
    b.write(KEYR2, KEY2);
    assert_eq!((b.read(CR), b.read(CR2)), (LOCK, 0));
    b.write(CR2, PG);
    b.half(BANK2, 0x1234).expect("programmed");
    assert!(b.half(PAGE, 0x1234).is_err(), "bank 1 is locked");
    b.wait_for(PROGRAM);
    assert_eq!((b.read(SR), b.read(SR2)), (0, EOP));
    assert_eq!(b.read(BANK2), 0xFFFF_1234);
}

#[test]
fn one_bank_is_read_while_the_other_is_erased() {
    let mut b = bench();
    erase2(&mut b, BANK2 + 0x800);
    assert_eq!((b.read(SR), b.read(SR2)), (0, BSY));
    assert!(!is_held(&mut b, FLASH) && is_held(&mut b, BANK2));
    let o = &b.machine.log().operations.kept[0];
    assert_eq!(
        (o.kind, o.address.0, o.bank),
        (OperationKind::PageErase, BANK2 + 0x800, 2)
    );
}

#[test]
fn both_banks_are_busy_at_once() {
    let mut b = bench();
    erase2(&mut b, BANK2);
    b.erase(PAGE);
    b.wait(2);
    assert_eq!((b.read(SR), b.read(SR2)), (BSY, BSY));
    assert!(is_held(&mut b, FLASH) && is_held(&mut b, BANK2));
    b.wait_for(ERASE);
    assert_eq!((b.read(SR), b.read(SR2)), (EOP, EOP));
    assert_eq!(b.machine.log().operations.kept.len(), 2);
}

#[test]
fn each_bank_is_erased_by_itself() {
    let mut b = bench();
    b.write(CR2, MER | STRT);
    let o = &b.machine.log().operations.kept[0];
    assert_eq!(
        (o.kind, o.address.0, o.length),
        (OperationKind::MassErase, BANK2, 0x8_0000)
    );
    b.wait_for(ERASE);
    b.erase(BANK2);
    assert!(b.has_finding("flash-erase-outside"));
    assert_eq!(b.machine.log().operations.kept.len(), 1);
}

#[test]
fn one_interrupt_for_both() {
    let mut b = bench();
    let high = |b: &mut Bench| b.machine.parts().1.irq().is_high(4);
    b.write(CR, EOPIE);
    b.write(CR2, EOPIE);
    b.write(CR2, PER | EOPIE);
    b.write(AR2, BANK2);
    b.write(CR2, PER | EOPIE | STRT);
    b.wait_for(ERASE);
    assert!(high(&mut b));
    b.write(CR, EOPIE);
    assert!(high(&mut b), "bank 1 has nothing to say");
    b.write(SR2, EOP);
    assert!(!high(&mut b));
}
