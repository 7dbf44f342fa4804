//! The flash controller of the L4, register by register. The table in `src/flash/l4.rs` names these tests.

mod common;

use std::sync::Arc;

use common::{Bench, FLASH, options};
use flashstall_cpu::{Abort, Bus, Cycles, FaultKind, Size};
use flashstall_mcu::Picos;
use flashstall_mcu::chip::Chip;
use flashstall_mcu::log::{OperationKind, ResetCause};
use flashstall_mcu::machine::{FlashTiming, MachineOptions};

const REGS: u32 = 0x4002_2000;
const ACR: u32 = REGS;
const KEYR: u32 = REGS + 0x08;
const OPTKEYR: u32 = REGS + 0x0C;
const SR: u32 = REGS + 0x10;
const CR: u32 = REGS + 0x14;
const OPTR: u32 = REGS + 0x20;
const WRP1AR: u32 = REGS + 0x2C;

const EOP: u32 = 1;
const OPERR: u32 = 1 << 1;
const PROGERR: u32 = 1 << 3;
const WRPERR: u32 = 1 << 4;
const PGAERR: u32 = 1 << 5;
const SIZERR: u32 = 1 << 6;
const PGSERR: u32 = 1 << 7;
const FASTERR: u32 = 1 << 9;
const BSY: u32 = 1 << 16;
const PEMPTY: u32 = 1 << 17;
const ERRORS: u32 = 0x3FA;

const PG: u32 = 1;
const PER: u32 = 1 << 1;
const MER1: u32 = 1 << 2;
const BKER: u32 = 1 << 11;
const MER2: u32 = 1 << 15;
const STRT: u32 = 1 << 16;
const OPTSTRT: u32 = 1 << 17;
const FSTPG: u32 = 1 << 18;
const EOPIE: u32 = 1 << 24;
const ERRIE: u32 = 1 << 25;
const OBL_LAUNCH: u32 = 1 << 27;

const REFUSED: Result<(), Abort> = Err(Abort::Fault(FaultKind::Refused));
/// Page 16.
const PAGE: u32 = FLASH + 0x8000;
const ERASE: Picos = Picos(24_470_000_000);
const PROGRAM: Picos = Picos(90_760_000);

fn bench_of(part: &str) -> Bench {
    let chip = Chip::builtin(part).expect("built in");
    let timing = FlashTiming::from_spec(&chip.flash.timing, |t| t.max);
    let mut b = Bench::with(
        chip,
        MachineOptions {
            timing,
            ..options()
        },
    );
    // An image begins with its stack pointer.
    b.machine
        .load(flashstall_cpu::Addr(FLASH), &[0, 0, 2, 0x20])
        .expect("it fits");
    b.machine.power_on();
    b
}

/// A chip that is unlocked, with clean flags.
fn bench() -> Bench {
    let mut b = bench_of("stm32l451xe");
    unlock(&mut b);
    b
}

fn unlock(b: &mut Bench) {
    b.write(KEYR, 0x4567_0123);
    b.write(KEYR, 0xCDEF_89AB);
}

/// Lets time pass, at the 4 MHz of MSI.
fn wait(b: &mut Bench, time: Picos) {
    b.wait(time.0.div_ceil(250_000));
}

fn program(b: &mut Bench, addr: u32, low: u32, high: u32) {
    b.write(CR, PG);
    b.write(addr, low);
    b.write(addr + 4, high);
    wait(b, PROGRAM);
    b.write(CR, 0);
}

fn last(b: &Bench) -> (OperationKind, u32, u32, u8) {
    let o = b
        .machine
        .log()
        .operations
        .kept
        .last()
        .expect("an operation");
    (o.kind, o.address.0, o.length, o.bank)
}

#[test]
fn reset_values_are_those_of_the_svd() {
    let mut b = bench_of("stm32l451xe");
    assert_eq!(
        [ACR, KEYR, CR, REGS + 0x18].map(|at| b.read(at)),
        [0x600, 0, 0xC000_0000, 0]
    );
    assert_eq!(b.read(OPTR), 0xFFEF_F8AA, "the production value");
    assert_eq!(b.read(REGS + 0x4C), 0, "no bank 2");
    assert!(
        b.machine
            .log()
            .unmodelled
            .values()
            .any(|u| u.name == "FLASH.WRP2AR")
    );
}

#[test]
fn a_wrong_key_is_a_bus_error_and_locks_until_reset() {
    let mut b = bench_of("stm32l451xe");
    assert_eq!(b.try_write(KEYR, Size::Word, 0x1234_5678), REFUSED);
    assert_eq!(b.try_write(KEYR, Size::Word, 0x4567_0123), REFUSED);
    assert_eq!(b.read(CR), 0xC000_0000);
    assert!(b.has_finding("flash-wrong-key"));
}

#[test]
fn cr_is_read_only_while_locked() {
    let mut b = bench_of("stm32l451xe");
    b.write(CR, 0xC000_0001);
    assert_eq!(b.read(CR), 0xC000_0000);
    unlock(&mut b);
    b.write(CR, 0x4000_0001);
    assert_eq!(b.read(CR), 0x4000_0001);
    b.write(CR, 0x8000_0000);
    b.write(CR, 1);
    assert_eq!(
        b.read(CR),
        0xC000_0000,
        "LOCK was set again; OPTLOCK needs its own keys"
    );
}

#[test]
fn a_write_to_cr_while_busy_is_held() {
    let mut b = bench();
    b.write(CR, PER | 16 << 3 | STRT);
    let held = b.try_write(CR, Size::Word, 0);
    let end = b.machine.log().operations.kept[0].end;
    assert_eq!(
        held,
        Err(Abort::Held {
            until: Cycles(end.0.div_ceil(250_000))
        })
    );
    assert_eq!(b.read(SR) & BSY, BSY, "SR is not");
    wait(&mut b, ERASE);
    b.write(CR, 0);
    assert_eq!(b.read(CR) & 0xFF, 0);
}

#[test]
fn a_page_is_erased() {
    let mut b = bench();
    program(&mut b, PAGE + 0x7F8, 1, 2);
    b.write(CR, PER | 16 << 3 | STRT);
    assert_eq!(last(&b), (OperationKind::PageErase, PAGE, 2048, 1));
    let o = &b.machine.log().operations.kept[1];
    assert_eq!(o.end.since(o.start), ERASE);
    assert!(matches!(
        b.try_read(FLASH, Size::Word),
        Err(Abort::Held { .. })
    ));
    wait(&mut b, ERASE);
    assert_eq!(b.read(PAGE + 0x7F8), u32::MAX);
    assert_eq!(b.read(SR), 0, "no EOP without EOPIE");
    assert_eq!(
        b.read(0x4002_1000) >> 8 & 1,
        0,
        "HSI16 was never switched on"
    );
}

#[test]
fn banks_are_erased_apart_or_together() {
    let mut b = bench_of("stm32l476xg");
    unlock(&mut b);
    b.write(CR, PER | BKER | 3 << 3 | STRT);
    assert_eq!(
        last(&b),
        (OperationKind::PageErase, FLASH + 0x8_1800, 2048, 2)
    );
    assert!(b.try_read(FLASH + 8, Size::Word).is_ok(), "bank 1 is free");
    assert!(matches!(
        b.try_read(FLASH + 0x8_0000, Size::Word),
        Err(Abort::Held { .. })
    ));
    assert!(
        matches!(b.try_write(CR, Size::Word, PER), Err(Abort::Held { .. })),
        "CR is not"
    );
    wait(&mut b, ERASE);
    b.write(CR, MER2 | STRT);
    assert_eq!(
        last(&b),
        (OperationKind::MassErase, FLASH + 0x8_0000, 0x8_0000, 2)
    );
    wait(&mut b, Picos::from_millis(25));
    b.write(CR, MER1 | MER2 | STRT);
    assert_eq!(last(&b), (OperationKind::MassErase, FLASH, 0x10_0000, 1));
    // Not what is in the data cache.
    for bank in [FLASH + 0x100, FLASH + 0x8_0100] {
        assert!(matches!(
            b.try_read(bank, Size::Word),
            Err(Abort::Held { .. })
        ));
    }
    wait(&mut b, Picos::from_millis(25));
    assert_eq!(b.read(FLASH), u32::MAX);

    let mut b = bench();
    b.write(CR, MER2 | BKER | STRT);
    assert_eq!(b.read(CR), 1 << 30, "the L451 has one bank");
    assert!(b.has_finding("flash-start-without-operation"));
}

#[test]
fn two_words_make_a_double_word() {
    let mut b = bench();
    b.write(CR, PG);
    b.write(PAGE, 0x1122_3344);
    assert_eq!(b.read(SR), 0, "not yet");
    b.write(PAGE + 4, 0x5566_7788);
    assert_eq!(b.read(SR), BSY);
    assert_eq!(last(&b), (OperationKind::Program, PAGE, 8, 1));
    wait(&mut b, PROGRAM);
    assert_eq!((b.read(PAGE), b.read(PAGE + 4)), (0x1122_3344, 0x5566_7788));
    assert_eq!(b.machine.log().findings, []);
}

#[test]
fn sizes_and_alignment_are_checked() {
    let mut b = bench();
    b.write(CR, PG);
    assert_eq!(b.half(PAGE, 1), Ok(()), "no bus error");
    assert_eq!(b.read(SR), SIZERR);
    b.write(SR, ERRORS);
    b.write(PAGE + 4, 1);
    assert_eq!(b.read(SR), PGAERR);
    b.write(SR, ERRORS);
    b.write(PAGE, 1);
    b.write(PAGE + 12, 1);
    assert_eq!(b.read(SR), PGAERR);
    assert!(b.machine.log().operations.kept.is_empty());
}

#[test]
fn only_zero_goes_over_what_is_programmed() {
    let mut b = bench();
    program(&mut b, PAGE, 1, u32::MAX);
    program(&mut b, PAGE, 0, u32::MAX);
    assert_eq!(b.read(SR), PROGERR);
    b.write(SR, PROGERR);
    program(&mut b, PAGE, 0, 0);
    assert_eq!((b.read(SR), b.read(PAGE + 4)), (0, 0));
}

#[test]
fn an_old_error_spoils_the_next_operation() {
    let mut b = bench();
    b.write(PAGE, 1);
    assert_eq!(b.read(SR), PGSERR, "PG is clear");
    b.write(CR, PG);
    b.write(PAGE, 1);
    b.write(PAGE + 4, 1);
    b.write(CR, PER | 16 << 3 | STRT);
    assert_eq!(b.read(SR), PGSERR);
    assert!(b.machine.log().operations.kept.is_empty());
    b.write(SR, PGSERR);
    b.write(CR, PG | PER);
    b.write(PAGE, 1);
    assert_eq!(b.read(SR), PGSERR, "an erase is chosen");
    b.write(SR, PGSERR);
    b.write(CR, PER | 16 << 3 | STRT);
    assert_eq!(b.read(SR), BSY);
}

#[test]
fn protected_pages_are_refused() {
    let mut b = bench();
    b.write(OPTKEYR, 0x0819_2A3B);
    b.write(OPTKEYR, 0x4C5D_6E7F);
    b.write(WRP1AR, 16 | 17 << 16);
    b.write(CR, PER | 17 << 3 | STRT);
    assert_eq!(b.read(SR), WRPERR);
    b.write(SR, WRPERR);
    b.write(CR, MER1 | STRT);
    assert_eq!(b.read(SR), WRPERR, "one protected page forbids all");
    b.write(SR, WRPERR);
    program(&mut b, PAGE, 1, 1);
    assert_eq!(b.read(SR), WRPERR);
    b.write(SR, WRPERR);
    b.write(CR, PER | 18 << 3 | STRT);
    assert_eq!(b.read(SR), BSY);
}

#[test]
fn eop_and_operr_need_their_enables() {
    let mut b = bench();
    b.write(CR, PER | 16 << 3 | STRT | EOPIE | ERRIE);
    wait(&mut b, ERASE);
    assert_eq!(b.read(SR), EOP);
    let (_, soc) = b.machine.parts();
    assert!(soc.irq().is_high(4));
    b.write(SR, EOP);
    let (_, soc) = b.machine.parts();
    assert!(!soc.irq().is_high(4));
    b.write(PAGE, 1);
    assert_eq!(b.read(SR), PGSERR | OPERR);
    let (_, soc) = b.machine.parts();
    assert!(soc.irq().is_high(4));
}

#[test]
fn a_row_is_one_operation() {
    let mut b = bench();
    b.write(CR, FSTPG);
    b.write(PAGE, 1);
    assert_eq!(b.read(SR), PGSERR, "not mass-erased");
    b.write(SR, PGSERR);
    b.write(CR, MER1 | STRT);
    wait(&mut b, Picos::from_millis(25));
    b.write(CR, FSTPG);
    for n in 0..64 {
        b.write(PAGE + 4 * n, n);
    }
    assert_eq!(last(&b), (OperationKind::Program, PAGE, 256, 1));
    let o = b.machine.log().operations.kept.last().expect("logged");
    assert_eq!(o.end.since(o.start), Picos::from_micros(2120));
    wait(&mut b, Picos::from_micros(2120));
    assert_eq!(b.read(PAGE + 0xFC), 63);
    b.write(PAGE + 0x100, 0);
    b.write(PAGE + 0x108, 0);
    assert_eq!(b.read(SR), PGAERR | FASTERR, "out of order");
}

#[test]
fn pempty_tells_that_there_is_no_image() {
    for (part, empty) in [("stm32l451xe", PEMPTY), ("stm32l476xg", 0)] {
        let chip: Arc<Chip> = Chip::builtin(part).expect("built in");
        let mut b = Bench::with(chip, options());
        assert_eq!(b.read(SR) & PEMPTY, empty, "{part}");
    }
    let mut b = bench_of("stm32l451xe");
    assert_eq!(b.read(SR), 0, "the image was loaded");
}

#[test]
fn options_are_programmed_and_loaded() {
    let mut b = bench();
    b.write(OPTR, 0);
    assert_eq!(b.read(OPTR), 0xFFEF_F8AA, "OPTLOCK");
    b.write(OPTKEYR, 0x0819_2A3B);
    b.write(OPTKEYR, 0x4C5D_6E7F);
    b.write(OPTR, 0xFFEF_F0AA);
    b.write(CR, OPTSTRT);
    assert_eq!(last(&b).0, OperationKind::OptionProgram);
    wait(&mut b, ERASE);
    assert_eq!(
        (b.read(0x1FFF_7800), b.read(0x1FFF_7804)),
        (0xFFEF_F0AA, !0xFFEF_F0AA)
    );
    b.write(CR, OBL_LAUNCH);
    b.run(Picos::from_millis(60));
    assert_eq!(b.machine.log().resets[0].cause, ResetCause::OptionByteLoad);
    assert_eq!(b.read(OPTR), 0xFFEF_F0AA);
    assert_eq!(b.read(0x4002_1094) >> 25 & 1, 1, "OBLRSTF");
}

#[test]
fn caches_are_reset_while_they_are_off() {
    const DCEN: u32 = 1 << 10;
    const DCRST: u32 = 1 << 12;
    let mut b = bench();
    program(&mut b, PAGE, 7, 8);
    assert_eq!(b.read(PAGE), 7, "now it is in the data cache");
    b.write(CR, PER | 16 << 3 | STRT);
    assert_eq!(b.read(PAGE), 7, "served while the bank is busy");
    wait(&mut b, ERASE);
    assert_eq!(b.read(PAGE), 7, "stale");
    b.write(ACR, DCEN | DCRST);
    b.write(ACR, DCEN);
    assert_eq!(b.read(PAGE), 7, "the cache was on");
    b.write(ACR, 0);
    b.write(ACR, DCRST);
    b.write(ACR, 0);
    b.write(ACR, DCEN);
    assert_eq!(b.read(PAGE), u32::MAX);
}
