//! The flash controller of F3, register by register. The table in `src/flash/fpec.rs` names these tests.

mod common;

use common::*;
use flashstall_cpu::{Abort, Bus, FaultKind, Size};
use flashstall_mcu::Picos;
use flashstall_mcu::log::{OperationKind, ResetCause};

const REFUSED: Result<(), Abort> = Err(Abort::Fault(FaultKind::Refused));

#[test]
fn a_wrong_key_is_a_bus_error_and_locks_until_reset() {
    let mut b = Bench::new();
    b.write(KEYR, KEY1);
    assert_eq!(
        b.try_write(KEYR, Size::Word, KEY1),
        REFUSED,
        "the second key was due"
    );
    assert_eq!(b.try_write(KEYR, Size::Word, KEY1), REFUSED);
    assert_eq!(b.try_write(KEYR, Size::Word, KEY2), REFUSED);
    assert_eq!(b.read(CR), LOCK);
    assert!(b.has_finding("flash-wrong-key"));
}

#[test]
fn the_keys_once_more_change_nothing() {
    let mut b = Bench::new();
    b.unlock();
    b.unlock();
    assert_eq!(b.read(CR), 0);
    assert_eq!(b.try_write(KEYR, Size::Word, 0x1234), REFUSED);
    assert_eq!(b.read(CR), LOCK);
}

#[test]
fn cr_is_read_only_while_locked() {
    let mut b = Bench::new();
    b.write(CR, PER);
    assert_eq!(b.read(CR), LOCK);
    assert!(b.has_finding("flash-cr-locked"));
    b.unlock();
    b.write(CR, PER);
    assert_eq!(b.read(CR), PER);
    b.write(CR, LOCK);
    b.write(CR, PER);
    assert_eq!(b.read(CR), LOCK);
}

#[test]
fn half_words_are_programmed_and_other_widths_refused() {
    let mut b = Bench::new();
    b.unlock();
    b.write(CR, PG);
    assert_eq!(b.try_write(PAGE, Size::Word, 0x1234_5678), REFUSED);
    assert_eq!(b.try_write(PAGE, Size::Byte, 0x12), REFUSED);
    assert_eq!(b.half(PAGE + 2, 0x5678), Ok(()));
    assert_eq!(b.read(SR), BSY);
    b.wait_for(PROGRAM);
    assert_eq!(b.read(SR), EOP);
    assert_eq!(b.peek(PAGE), 0x5678_FFFF);
    let operation = &b.machine.log().operations.kept[0];
    assert_eq!(
        (operation.kind, operation.length),
        (OperationKind::Program, 2)
    );
    assert_eq!(operation.end.since(operation.start), PROGRAM);
}

#[test]
fn a_cell_that_is_not_erased_takes_only_zero() {
    let mut b = Bench::new();
    b.unlock();
    b.program(PAGE, &[0x1234]);
    b.write(SR, EOP);
    b.write(CR, PG);
    assert_eq!(b.half(PAGE, 0x1230), Ok(()));
    assert_eq!(b.read(SR), PGERR, "and not busy");
    assert_eq!(b.peek(PAGE), 0xFFFF_1234);
    b.write(SR, PGERR);
    assert_eq!(b.half(PAGE, 0), Ok(()));
    b.wait_for(PROGRAM);
    assert_eq!(b.read(SR), EOP);
    assert_eq!(b.peek(PAGE), 0xFFFF_0000);
}

#[test]
fn a_write_without_pg_is_a_bus_error() {
    let mut b = Bench::new();
    assert_eq!(b.half(PAGE, 0), REFUSED, "locked");
    b.unlock();
    assert_eq!(b.half(PAGE, 0), REFUSED, "PG clear");
    assert_eq!(b.peek(PAGE), u32::MAX);
    assert!(b.has_finding("flash-write-without-pg"));
}

#[test]
fn a_page_is_erased() {
    let mut b = Bench::new();
    b.unlock();
    b.program(PAGE + 0x7FE, &[0, 0]);
    b.erase(PAGE + 0x123);
    b.wait(2);
    assert_eq!((b.read(SR) & BSY, b.read(CR)), (BSY, PER | STRT));
    b.wait_for(ERASE);
    assert_eq!((b.read(SR), b.read(CR)), (EOP, PER), "STRT falls with BSY");
    assert_eq!(b.peek(PAGE + 0x7FC), u32::MAX);
    assert_eq!(b.peek(PAGE + 0x800), 0xFFFF_0000, "the next page stays");
    let operation = b.machine.log().operations.kept.last().expect("logged");
    assert_eq!(
        (
            operation.kind,
            operation.address.0,
            operation.length,
            operation.bank
        ),
        (OperationKind::PageErase, PAGE, 2048, 1)
    );
    assert!(operation.snapshot.is_some());
}

#[test]
fn everything_is_erased() {
    let mut b = Bench::new();
    b.unlock();
    b.program(FLASH, &[1]);
    b.program(FLASH + 0x3_FFFE, &[2]);
    b.write(CR, MER);
    b.write(CR, MER | STRT);
    b.wait_for(ERASE);
    assert_eq!(
        (b.peek(FLASH), b.peek(FLASH + 0x3_FFFC)),
        (u32::MAX, u32::MAX)
    );
    assert_eq!(
        b.machine.log().operations.kept[2].kind,
        OperationKind::MassErase
    );
}

#[test]
fn contents_change_at_the_end() {
    let mut b = Bench::new();
    b.unlock();
    b.program(PAGE, &[0x1234]);
    b.erase(PAGE);
    b.wait_for(ERASE - Picos::from_micros(1));
    assert_eq!(b.peek(PAGE), 0xFFFF_1234);
    b.wait_for(Picos::from_micros(1));
    assert_eq!(b.peek(PAGE), u32::MAX);
}

#[test]
fn odd_combinations_are_told() {
    let mut b = Bench::new();
    b.unlock();
    b.write(CR, STRT);
    assert!(b.has_finding("flash-start-without-operation"));
    b.write(AR, 0x2000_0000);
    b.write(CR, PER | STRT);
    assert!(b.has_finding("flash-erase-outside"));
    b.write(CR, OPTER | STRT);
    assert!(b.has_finding("flash-options-locked"));
    assert!(b.machine.log().operations.kept.is_empty());
    b.write(CR, MER | PER | STRT);
    assert!(b.has_finding("flash-erase-conflict"));
    assert_eq!(
        b.machine.log().operations.kept[0].kind,
        OperationKind::MassErase
    );
}

#[test]
fn busy_shows_one_cycle_late() {
    let mut b = Bench::new();
    b.unlock();
    b.erase(PAGE);
    b.wait(1);
    assert_eq!(b.read(SR) & BSY, 0);
    b.wait(1);
    assert_eq!(b.read(SR) & BSY, BSY);
}

#[test]
fn registers_are_read_only_while_busy() {
    let mut b = Bench::new();
    b.unlock();
    b.erase(PAGE);
    b.write(CR, 0);
    b.write(AR, 0);
    assert_eq!(b.read(CR), PER | STRT);
    assert!(b.has_finding("flash-register-write-while-busy"));
    b.write(ACR, 0x12);
    assert_eq!(b.read(ACR), 0x32, "ACR is of the read interface");
    b.wait_for(ERASE);
    assert_eq!(b.read(SR), EOP);
    b.write(CR, 0);
    assert_eq!(b.read(CR), 0);
}

#[test]
fn flags_are_cleared_by_ones() {
    let mut b = Bench::new();
    b.unlock();
    b.program(PAGE, &[1]);
    b.write(CR, PG);
    b.half(PAGE, 2).expect("PGERR");
    assert_eq!(b.read(SR), EOP | PGERR, "EOP without EOPIE");
    b.write(SR, 0);
    assert_eq!(b.read(SR), EOP | PGERR);
    b.write(SR, PGERR);
    assert_eq!(b.read(SR), EOP);
    b.write(SR, EOP);
    assert_eq!(b.read(SR), 0);
}

#[test]
fn the_interrupt_is_a_level() {
    let mut b = Bench::new();
    let high = |b: &mut Bench| b.machine.parts().1.irq().is_high(4);
    b.unlock();
    b.program(PAGE, &[1]);
    assert!(!high(&mut b));
    b.write(CR, EOPIE);
    assert!(high(&mut b), "EOP stands already");
    b.write(SR, EOP);
    assert!(!high(&mut b));
    b.write(CR, PG | ERRIE);
    b.half(PAGE, 2).expect("PGERR");
    assert!(high(&mut b));
    b.write(CR, PG);
    assert!(!high(&mut b));
}

#[test]
fn protected_pages_are_refused() {
    let mut b = Bench::new();
    // WRP0 bit 0 protects the first two pages; loaded when power comes up.
    b.machine
        .load(flashstall_cpu::Addr(0x1FFF_F808), &[0xFE, 0x01])
        .expect("option bytes");
    b.unlock();
    assert_eq!(b.read(WRPR), 0xFFFF_FFFE);
    b.erase(FLASH + 0x800);
    assert_eq!(b.read(SR), WRPRTERR);
    b.write(SR, WRPRTERR);
    b.write(CR, PG);
    b.half(FLASH + 0xFFE, 0).expect("WRPRTERR");
    assert_eq!(b.read(SR), WRPRTERR);
    b.write(SR, WRPRTERR);
    b.write(CR, MER | STRT);
    assert_eq!(b.read(SR), WRPRTERR);
    b.write(SR, WRPRTERR);
    assert!(b.machine.log().operations.kept.is_empty());
    b.erase(FLASH + 0x1000);
    assert_eq!(
        b.machine.log().operations.kept.len(),
        1,
        "the third page is free"
    );
}

#[test]
fn option_bytes_are_erased_programmed_and_loaded() {
    let mut b = Bench::new();
    assert_eq!(b.read(OBR), 0xFFFF_FF00);
    b.unlock();
    b.write(OPTKEYR, KEY1);
    b.write(OPTKEYR, KEY2);
    assert_eq!(b.read(CR), OPTWRE);
    b.write(CR, OPTWRE | OPTER | STRT);
    b.wait_for(ERASE);
    assert_eq!(b.peek(0x1FFF_F800), u32::MAX);
    b.write(CR, OPTWRE | OPTPG);
    for (at, value) in [(0x1FFF_F800, 0xAA), (0x1FFF_F804, 0x42)] {
        b.half(at, value).expect("a half-word");
        b.wait_for(PROGRAM);
    }
    assert_eq!(b.peek(0x1FFF_F804), 0xFFFF_BD42, "with its complement");
    assert_eq!(b.read(OBR), 0xFFFF_FF00, "not loaded yet");
    b.write(CR, OPTWRE | 1 << 13);
    b.run(Picos::SECOND);
    assert_eq!(b.machine.log().resets[0].cause, ResetCause::OptionByteLoad);
    assert_eq!(b.read(OBR), 0xFF42_FF00);
    assert_eq!(b.read(CR), LOCK);
}

#[test]
fn a_reset_cuts_an_erase_short() {
    let mut b = Bench::new();
    b.unlock();
    b.program(PAGE, &[0x1234]);
    b.erase(PAGE);
    b.wait(1000);
    let (cpu, soc) = b.machine.parts();
    soc.request_reset(&cpu.core);
    b.run(b.machine.time() + Picos::from_micros(1));
    assert!(b.has_finding("flash-operation-cut-short"));
    assert_eq!(b.peek(PAGE), u32::MAX);
    let record = b.machine.log().operations.kept.last().expect("logged");
    assert!(record.end.since(record.start) < Picos::from_millis(1));
    b.wait_for(ERASE);
    assert_eq!(b.read(SR), 0, "the end is not told any more");
}

#[test]
fn without_hsi_nothing_starts() {
    let mut b = Bench::new();
    // HSE on, system clock from it, HSI off.
    b.write(0x4002_1000, 1 << 16 | 0x83);
    b.wait(100_000);
    b.write(0x4002_1004, 1);
    b.wait(100_000);
    b.write(0x4002_1000, 1 << 16);
    b.wait(100);
    b.unlock();
    b.erase(PAGE);
    assert!(b.has_finding("flash-hsi-off"));
    assert!(b.machine.log().operations.kept.is_empty());
}

#[test]
fn write_only_registers_read_zero() {
    let mut b = Bench::new();
    b.unlock();
    b.write(AR, PAGE);
    assert_eq!([b.read(KEYR), b.read(OPTKEYR), b.read(AR)], [0; 3]);
    b.read(0x4002_2018);
    let unmodelled = &b.machine.log().unmodelled[&flashstall_cpu::Addr(0x4002_2018)];
    assert_eq!((unmodelled.name.as_str(), unmodelled.reads), ("FLASH", 1));
}
