//! The flash controller of the L1, register by register. The table in `src/flash/l1.rs` names these tests.

mod common;

use common::{Bench, FLASH, options};
use flashstall_cpu::{Abort, Addr, Bus, FaultKind, Size};
use flashstall_mcu::Picos;
use flashstall_mcu::chip::Chip;
use flashstall_mcu::log::{OperationKind, ResetCause};
use flashstall_mcu::machine::{FlashTiming, MachineOptions};

const REGS: u32 = 0x4002_3C00;
const ACR: u32 = REGS;
const PECR: u32 = REGS + 0x04;
const PEKEYR: u32 = REGS + 0x0C;
const PRGKEYR: u32 = REGS + 0x10;
const OPTKEYR: u32 = REGS + 0x14;
const SR: u32 = REGS + 0x18;
const OBR: u32 = REGS + 0x1C;
const WRPR1: u32 = REGS + 0x20;

const BSY: u32 = 1;
const EOP: u32 = 1 << 1;
const ENDHV: u32 = 1 << 2;
const WRPERR: u32 = 1 << 8;
const PGAERR: u32 = 1 << 9;
const SIZERR: u32 = 1 << 10;

const PELOCK: u32 = 1;
const PROG: u32 = 1 << 3;
const DATA: u32 = 1 << 4;
const FTDW: u32 = 1 << 8;
const ERASE: u32 = 1 << 9;
const FPRG: u32 = 1 << 10;
const EOPIE: u32 = 1 << 16;
const ERRIE: u32 = 1 << 17;
const OBL_LAUNCH: u32 = 1 << 18;
/// What PECR shows when PELOCK and PRGLOCK are open: OPTLOCK.
const OPTLOCK: u32 = 4;

const REFUSED: Result<(), Abort> = Err(Abort::Fault(FaultKind::Refused));
const PAGE: u32 = FLASH + 0x8000;
const EEPROM: u32 = 0x0808_0000;
const LONG: Picos = Picos(3_940_000_000);

fn locked(part: &str) -> Bench {
    let chip = Chip::builtin(part).expect("built in");
    let timing = FlashTiming::from_spec(&chip.flash.timing, |t| t.max);
    Bench::with(
        chip,
        MachineOptions {
            timing,
            ..options()
        },
    )
}

fn bench_of(part: &str) -> Bench {
    let mut b = locked(part);
    b.write(PEKEYR, 0x89AB_CDEF);
    b.write(PEKEYR, 0x0203_0405);
    b.write(PRGKEYR, 0x8C9D_AEBF);
    b.write(PRGKEYR, 0x1314_1516);
    b
}

/// A chip whose program memory is open.
fn bench() -> Bench {
    bench_of("stm32l151xc")
}

/// Lets at least `time` pass, at the 2.097 MHz of MSI.
fn wait(b: &mut Bench, time: Picos) {
    b.wait(time.0.div_ceil(476_000));
}

fn program(b: &mut Bench, addr: u32, value: u32) {
    b.write(addr, value);
    wait(b, LONG);
}

fn last(b: &Bench) -> (OperationKind, u32, u32, Picos) {
    let o = b
        .machine
        .log()
        .operations
        .kept
        .last()
        .expect("an operation");
    (o.kind, o.address.0, o.length, o.end.since(o.start))
}

#[test]
fn reset_values_are_those_of_the_svd() {
    let mut b = locked("stm32l151xc");
    assert_eq!([ACR, PECR, SR, WRPR1].map(|at| b.read(at)), [0, 7, 4, 0]);
    assert_eq!(b.read(OBR), 0x00F8_00AA, "the SVD's, and level 0");
    assert_eq!(b.read(PAGE), 0, "erased");
    assert_eq!(b.read(EEPROM), 0);
}

#[test]
fn three_locks_open_in_order() {
    let mut b = locked("stm32l151xc");
    b.write(PRGKEYR, 0x8C9D_AEBF);
    assert!(b.has_finding("flash-key-before-pelock"));
    b.write(PECR, PROG);
    assert_eq!(b.read(PECR), 7);
    b.write(PEKEYR, 0x89AB_CDEF);
    b.write(PEKEYR, 0x0203_0405);
    assert_eq!(b.read(PECR), 6);
    b.write(PRGKEYR, 0x8C9D_AEBF);
    b.write(PRGKEYR, 0x1314_1516);
    assert_eq!(b.read(PECR), 4);
    b.write(OPTKEYR, 0xFBEA_D9C8);
    b.write(OPTKEYR, 0x2425_2627);
    assert_eq!(b.read(PECR), 0);
    b.write(PECR, 2);
    assert_eq!(b.read(PECR), 2, "PRGLOCK alone");
    b.write(PECR, PELOCK);
    assert_eq!(b.read(PECR), 7);
}

#[test]
fn a_wrong_key_locks_until_reset() {
    let mut b = locked("stm32l151xc");
    assert_eq!(b.try_write(PEKEYR, Size::Word, 1), REFUSED);
    assert_eq!(b.try_write(PEKEYR, Size::Word, 0x89AB_CDEF), REFUSED);
    assert_eq!(b.read(PECR), 7);
    b.machine.power_on();
    b.write(PEKEYR, 0x89AB_CDEF);
    b.write(PEKEYR, 0x0203_0405);
    assert_eq!(b.read(PECR), 6);
}

#[test]
fn a_page_is_erased_to_zero() {
    let mut b = bench();
    program(&mut b, PAGE + 0xFC, 0x1234_5678);
    b.write(PECR, OPTLOCK | ERASE | PROG);
    b.write(PAGE, 0);
    assert_eq!(last(&b), (OperationKind::PageErase, PAGE, 256, LONG));
    assert_eq!(b.read(SR), BSY | EOP);
    assert!(matches!(
        b.try_read(FLASH, Size::Word),
        Err(Abort::Held { .. })
    ));
    assert!(matches!(
        b.try_read(EEPROM, Size::Word),
        Err(Abort::Held { .. })
    ));
    wait(&mut b, LONG);
    assert_eq!((b.read(PAGE + 0xFC), b.read(SR)), (0, EOP | ENDHV));
}

#[test]
fn words_are_programmed_without_a_bit() {
    let mut b = bench();
    program(&mut b, PAGE, 0x0000_1234);
    assert_eq!(last(&b), (OperationKind::Program, PAGE, 4, LONG));
    program(&mut b, PAGE, 0xFF00_0002);
    assert_eq!(b.read(PAGE), 0xFF00_1236, "bits are only set");
    assert_eq!(b.machine.log().findings, []);
}

#[test]
fn a_half_page_is_one_operation() {
    let mut b = bench();
    b.write(PECR, OPTLOCK | FPRG | PROG);
    for n in 0..31 {
        b.write(PAGE + 0x80 + 4 * n, n + 1);
    }
    assert_eq!(b.read(SR) & BSY, 0);
    b.write(PAGE + 0xFC, 32);
    assert_eq!(last(&b), (OperationKind::Program, PAGE + 0x80, 128, LONG));
    wait(&mut b, LONG);
    assert_eq!(
        (
            b.read(PAGE + 0x80),
            b.read(PAGE + 0xFC),
            b.read(PAGE + 0x7C)
        ),
        (1, 32, 0)
    );
}

#[test]
fn sizes_and_alignment_are_checked() {
    let mut b = bench();
    assert_eq!(b.half(PAGE, 1), Ok(()));
    assert_eq!(b.read(SR), SIZERR | ENDHV);
    b.write(SR, SIZERR);
    b.write(PECR, OPTLOCK | FPRG | PROG);
    b.write(PAGE + 4, 1);
    assert_eq!(b.read(SR), PGAERR | ENDHV);
    b.write(SR, PGAERR);
    b.write(PAGE, 1);
    b.write(PAGE + 8, 1);
    assert_eq!(b.read(SR), PGAERR | ENDHV);
    assert!(b.machine.log().operations.kept.is_empty());
}

#[test]
fn locked_and_protected_writes_are_refused() {
    let mut b = locked("stm32l151xc");
    b.write(PAGE, 1);
    assert_eq!(b.read(SR), WRPERR | ENDHV);
    b.write(SR, WRPERR);
    b.write(EEPROM, 1);
    assert_eq!(b.read(SR), WRPERR | ENDHV);

    let mut b = locked("stm32l151xc");
    // Sector 8: bit 8 of WRP1, as a programmer sets it.
    b.machine
        .load(Addr(0x1FF8_0008), &0xFEFF_0100u32.to_le_bytes())
        .expect("it fits");
    b.machine.power_on();
    assert_eq!(b.read(WRPR1), 0x100);
    b.write(PEKEYR, 0x89AB_CDEF);
    b.write(PEKEYR, 0x0203_0405);
    b.write(PRGKEYR, 0x8C9D_AEBF);
    b.write(PRGKEYR, 0x1314_1516);
    b.write(PAGE + 0xFFC, 1);
    assert_eq!(b.read(SR), WRPERR | ENDHV);
    b.write(SR, WRPERR);
    b.write(PAGE + 0x1000, 1);
    assert_eq!(b.read(SR), BSY, "the next sector");
}

#[test]
fn the_eeprom_takes_any_width() {
    let mut b = bench();
    b.write(EEPROM, 0x1122_3344);
    assert_eq!(
        last(&b),
        (OperationKind::EepromWrite, EEPROM, 4, LONG),
        "it was 0"
    );
    assert!(matches!(
        b.try_read(FLASH, Size::Word),
        Err(Abort::Held { .. })
    ));
    wait(&mut b, LONG);
    b.try_write(EEPROM + 1, Size::Byte, 0x00).expect("a byte");
    assert_eq!(last(&b).3, LONG + LONG, "with erase");
    wait(&mut b, LONG + LONG);
    assert_eq!(b.read(EEPROM), 0x1122_0044, "replaced, not combined");
    b.write(PECR, OPTLOCK | FTDW);
    b.half(EEPROM + 0x10, 0xABCD).expect("a half-word");
    assert_eq!(last(&b).3, LONG + LONG, "FTDW erases always");
    wait(&mut b, LONG + LONG);
    assert_eq!(b.read(EEPROM + 0x10), 0xABCD);
}

#[test]
fn an_eeprom_word_is_erased() {
    let mut b = bench();
    b.write(EEPROM + 8, 7);
    wait(&mut b, LONG);
    b.write(PECR, OPTLOCK | ERASE | DATA);
    b.write(EEPROM + 8, 7);
    assert_eq!(last(&b).3, LONG);
    wait(&mut b, LONG);
    assert_eq!(b.read(EEPROM + 8), 0);
}

#[test]
fn a_read_during_a_half_page_is_told() {
    let mut b = bench();
    b.write(PECR, OPTLOCK | FPRG | PROG);
    for n in 0..32 {
        b.write(PAGE + 4 * n, 1);
    }
    assert!(!b.has_finding("flash-access-during-row"));
    assert!(matches!(
        b.try_read(FLASH, Size::Word),
        Err(Abort::Held { .. })
    ));
    assert!(b.has_finding("flash-access-during-row"));
    let mut b = bench();
    b.write(PAGE, 1);
    assert!(b.try_read(FLASH, Size::Word).is_err());
    assert!(
        !b.has_finding("flash-access-during-row"),
        "a word is another matter"
    );
}

#[test]
fn flags_and_interrupt() {
    let mut b = bench();
    b.write(PECR, OPTLOCK | EOPIE | ERRIE);
    let high = |b: &mut Bench| b.machine.parts().1.irq().is_high(4);
    b.write(PAGE, 1);
    assert_eq!(b.read(SR), BSY, "ENDHV is 0 meanwhile");
    wait(&mut b, LONG);
    assert!(high(&mut b));
    b.write(SR, EOP);
    assert!(!high(&mut b));
    b.half(PAGE, 1).expect("no bus error");
    assert!(high(&mut b));
    b.write(SR, SIZERR);
    assert!(!high(&mut b));
}

#[test]
fn registers_keep_still_while_busy() {
    let mut b = bench();
    b.write(PAGE, 1);
    b.write(PECR, OPTLOCK | ERASE);
    assert_eq!(b.read(PECR), OPTLOCK);
    assert!(b.has_finding("flash-register-write-while-busy"));
}

#[test]
fn options_are_written_and_loaded() {
    let mut b = bench();
    b.write(0x1FF8_0008, 0xFFFE_0001);
    assert_eq!(b.read(SR), WRPERR | ENDHV, "OPTLOCK");
    b.write(SR, WRPERR);
    b.write(OPTKEYR, 0xFBEA_D9C8);
    b.write(OPTKEYR, 0x2425_2627);
    b.write(0x1FF8_0008, 0xFFFE_0001);
    assert_eq!(
        last(&b),
        (OperationKind::OptionProgram, 0x1FF8_0008, 4, LONG + LONG)
    );
    wait(&mut b, LONG + LONG);
    assert_eq!(b.read(WRPR1), 0, "not loaded yet");
    b.write(PECR, OBL_LAUNCH);
    b.run(Picos::from_millis(20));
    assert_eq!(b.machine.log().resets[0].cause, ResetCause::OptionByteLoad);
    assert_eq!(b.read(WRPR1), 1);
}

#[test]
fn a_wait_state_needs_acc64() {
    let mut b = bench();
    b.write(ACR, 1);
    assert_eq!(b.read(ACR), 0);
    assert!(b.has_finding("flash-latency-without-acc64"));
    b.write(ACR, 4);
    b.write(ACR, 7);
    assert_eq!(b.read(ACR), 7);
}

#[test]
fn the_eeprom_of_an_xe_is_split_between_its_banks() {
    let mut b = bench_of("stm32l151xe");
    b.write(PECR, OPTLOCK | ERASE | PROG);
    b.write(FLASH + 0x4_0000, 0);
    assert!(b.try_read(FLASH, Size::Word).is_ok(), "bank 1 is free");
    assert!(matches!(
        b.try_read(FLASH + 0x4_0100, Size::Word),
        Err(Abort::Held { .. })
    ));
    assert!(b.try_read(EEPROM, Size::Word).is_ok());
    assert!(matches!(
        b.try_read(EEPROM + 0x2000, Size::Word),
        Err(Abort::Held { .. })
    ));
    assert!(
        matches!(b.try_write(EEPROM, Size::Word, 1), Err(Abort::Held { .. })),
        "one operation at a time"
    );
}
