//! The flash controller of the F4, register by register.

mod common;

use common::f4::*;
use common::{Bench, FLASH, KEY1};
use flashstall_cpu::{Abort, Bus, FaultKind, Size};
use flashstall_mcu::Picos;

const PART: &str = "stm32f429xi";
const FAULT: Abort = Abort::Fault(FaultKind::Refused);
const UNIT: Picos = Picos::from_micros(16);

fn open() -> Bench {
    let mut b = on(PART);
    b.unlock_f4();
    b
}

/// Writes `value` in `size`, and waits for the operation that it starts.
fn program(b: &mut Bench, addr: u32, size: Size, value: u32) {
    b.try_write(addr, size, value).expect("no bus error");
    b.pass(UNIT);
}

fn held(result: Result<(), Abort>) -> bool {
    matches!(result, Err(Abort::Held { .. }))
}

fn irq(b: &mut Bench) -> bool {
    let (_, soc) = b.machine.parts();
    soc.irq().is_high(FLASH_IRQ)
}

#[test]
fn reset_values_are_those_of_the_svd() {
    let mut b = on(PART);
    let values = [ACR, KEYR, SR, CR, OPTCR, OPTCR1].map(|at| b.read(at));
    assert_eq!(values, [0, 0, 0, LOCK, 0x0FFF_AAED, 0x0FFF_0000]);
    let mut one_bank = on("stm32f405xg");
    assert_eq!(one_bank.read(OPTCR1), 0);
    assert_eq!(one_bank.machine.log().unmodelled.len(), 1, "no OPTCR1");
}

#[test]
fn a_wrong_key_is_a_bus_error_and_locks_until_reset() {
    let mut b = on(PART);
    b.write(KEYR, KEY1);
    assert_eq!(b.try_write(KEYR, Size::Word, KEY1), Err(FAULT));
    assert_eq!(b.try_write(KEYR, Size::Word, KEY1), Err(FAULT));
    assert_eq!(b.read(CR), LOCK);
    assert!(b.has_finding("flash-wrong-key"));
    let mut b = open();
    assert_eq!(b.read(CR), 0);
    b.write(CR, LOCK);
    assert_eq!(b.read(CR), LOCK);
    b.unlock_f4();
    assert_eq!(b.read(CR), 0, "LOCK by hand can be opened again");
}

#[test]
fn cr_is_read_only_while_locked() {
    let mut b = on(PART);
    b.write(CR, PG | X32);
    assert_eq!(b.read(CR), LOCK);
    assert!(b.has_finding("flash-cr-locked"));
}

#[test]
fn an_erase_takes_its_time_by_size_and_psize() {
    // DS9405 table 48, typical.
    let cases = [
        (0, X8, 400),
        (0, X16, 300),
        (0, X32, 250),
        (4, X32, 550),
        (4, X8, 1_200),
        (11, X16, 1_300),
        (11, X32, 1_000),
        (11, X64, 875),
    ];
    for (code, psize, ms) in cases {
        let mut b = open();
        b.erase_sector(code, psize);
        assert_eq!(
            b.last_operation().3,
            Picos::from_millis(ms),
            "sector {code}"
        );
        assert_eq!(b.read(SR), BSY);
        assert_eq!(b.read(CR) & STRT, STRT);
        b.pass(Picos::from_millis(ms - 1));
        assert_eq!(b.read(SR), BSY);
        b.pass(Picos::from_millis(2));
        assert_eq!((b.read(SR), b.read(CR) & STRT), (0, 0));
    }
}

#[test]
fn sectors_of_bank_2_are_four_above_their_number() {
    let mut b = open();
    let mut at = |code| {
        b.erase_sector(code, X32);
        b.pass(Picos::from_millis(1_001));
        let (address, length, bank, _) = b.last_operation();
        (address - FLASH, length >> 10, bank)
    };
    assert_eq!(at(3), (0xC000, 16, 1));
    assert_eq!(at(4), (0x1_0000, 64, 1));
    assert_eq!(at(11), (0xE_0000, 128, 1));
    assert_eq!(at(0x10), (0x10_0000, 16, 2), "sector 12");
    assert_eq!(at(0x1B), (0x1E_0000, 128, 2), "sector 23");
}

#[test]
fn an_erase_leaves_the_neighbours_alone() {
    let mut b = open();
    b.machine
        .load(flashstall_cpu::Addr(SECTOR8 - 4), &[0; 0x2_0008])
        .expect("flash");
    b.erase_sector(8, X32);
    assert_eq!(b.peek(SECTOR8), 0, "contents change at the end");
    b.pass(Picos::from_millis(1_001));
    let words = [SECTOR8 - 4, SECTOR8, SECTOR8 + 0x1_FFFC, SECTOR8 + 0x2_0000].map(|at| b.peek(at));
    assert_eq!(words, [0, !0, !0, 0]);
}

#[test]
fn a_sector_that_does_not_exist_is_told() {
    for (part, code) in [
        (PART, 12),
        (PART, 0x1C),
        ("stm32f446xe", 8),
        ("stm32f405xg", 0x10),
    ] {
        let mut b = on(part);
        b.unlock_f4();
        b.erase_sector(code, X32);
        assert_eq!(b.read(SR), 0, "{part} {code:#x}");
        assert!(b.has_finding("flash-no-such-sector"));
    }
}

#[test]
fn mass_erase_is_by_bank() {
    let erased = |part: &str, mass: u32| {
        let mut b = on(part);
        b.unlock_f4();
        b.write(CR, mass | X32);
        b.write(CR, mass | X32 | STRT);
        let (address, length, _, time) = b.last_operation();
        assert_eq!(time, Picos::from_millis(8_000));
        (address, length)
    };
    assert_eq!(erased(PART, MER), (FLASH, 0x10_0000));
    assert_eq!(erased(PART, MER1), (BANK2, 0x10_0000));
    assert_eq!(erased(PART, MER | MER1), (FLASH, 0x20_0000));
    assert_eq!(erased("stm32f405xg", MER), (FLASH, 0x10_0000));
}

#[test]
fn odd_combinations_are_told() {
    let mut b = open();
    b.write(CR, STRT);
    assert_eq!(b.read(SR), 0);
    assert!(b.has_finding("flash-start-without-operation"));
    b.write(CR, PG | SER | X32 | STRT);
    assert!(b.has_finding("flash-erase-and-program"));
    assert_eq!(b.last_operation().1, 0x4000, "the erase goes first");
    b.pass(Picos::from_millis(251));
    b.write(CR, MER | SER | X32 | STRT);
    assert!(b.has_finding("flash-sector-and-mass-erase"));
    assert_eq!(b.last_operation().1, 0x10_0000, "mass erase wins");
}

#[test]
fn the_width_must_be_psize() {
    let widths = [(X8, Size::Byte), (X16, Size::Half), (X32, Size::Word)];
    for (psize, right) in widths {
        for (_, size) in widths {
            let mut b = open();
            b.write(CR, PG | psize);
            program(&mut b, SECTOR8, size, 0);
            let expected = if size == right { 0 } else { PGPERR };
            assert_eq!(b.read(SR), expected, "{psize:#x} {size:?}");
            let cleared = if size == right { size.bytes() } else { 0 };
            let zeros = b.peek(SECTOR8).count_zeros();
            assert_eq!(zeros, 8 * cleared);
        }
    }
}

#[test]
fn a_unit_takes_16_us_whatever_its_width() {
    for (psize, size) in [(X8, Size::Byte), (X16, Size::Half), (X32, Size::Word)] {
        let mut b = open();
        b.write(CR, PG | psize);
        b.try_write(SECTOR8, size, 0).expect("no bus error");
        assert_eq!(b.last_operation().3, UNIT);
    }
}

#[test]
fn x64_takes_two_words() {
    let mut b = open();
    b.write(CR, PG | X64);
    b.write(SECTOR8 + 8, 0x1111_1111);
    assert_eq!(b.read(SR), 0, "waits for the other half");
    b.write(SECTOR8 + 12, 0x2222_2222);
    assert_eq!(b.read(SR), BSY);
    b.pass(UNIT);
    assert_eq!(
        (b.peek(SECTOR8 + 8), b.peek(SECTOR8 + 12)),
        (0x1111_1111, 0x2222_2222)
    );
    assert!(b.has_finding("flash-x64-without-vpp"));
    b.write(SECTOR8 + 0x1C, 0);
    b.write(SECTOR8 + 0x20, 0);
    assert_eq!(b.read(SR), PGAERR, "across a row of 16 bytes");
    assert_eq!(b.peek(SECTOR8 + 0x1C), !0);
    program(&mut b, SECTOR8, Size::Half, 0);
    assert_eq!(b.read(SR), PGAERR | PGPERR);
}

#[test]
fn a_write_without_pg_sets_pgserr() {
    for unlocked in [true, false] {
        let mut b = if unlocked { open() } else { on(PART) };
        program(&mut b, SECTOR8, Size::Word, 0);
        assert_eq!((b.read(SR), b.peek(SECTOR8)), (PGSERR, !0));
        assert!(b.has_finding("flash-write-without-pg"));
    }
}

#[test]
fn programming_only_clears_bits() {
    let mut b = open();
    b.write(CR, PG | X32);
    program(&mut b, SECTOR8, Size::Word, 0xFF00_FF00);
    assert!(!b.has_finding("flash-program-not-erased"));
    program(&mut b, SECTOR8, Size::Word, 0xF0F0_F0F0);
    assert_eq!((b.read(SR), b.peek(SECTOR8)), (0, 0xF000_F000));
    assert!(b.has_finding("flash-program-not-erased"));
}

/// Programs nWRP of both banks.
fn protect(b: &mut Bench, bank1: u32, bank2: u32) {
    b.write(OPTKEYR, 0x0819_2A3B);
    b.write(OPTKEYR, 0x4C5D_6E7F);
    b.write(OPTCR1, bank2 << 16);
    b.write(OPTCR, bank1 << 16 | 0xAAEC);
    b.write(OPTCR, bank1 << 16 | 0xAAEC | 2);
    b.pass(Picos::from_millis(251));
}

#[test]
fn protected_sectors_are_refused() {
    let mut b = open();
    protect(&mut b, 0xFFF & !(1 << 8), 0xFFF & !(1 << 4));
    b.erase_sector(8, X32);
    assert_eq!(b.read(SR), WRPERR);
    b.write(SR, WRPERR);
    b.erase_sector(0x14, X32);
    assert_eq!(b.read(SR), WRPERR, "sector 16, in bank 2");
    b.write(SR, WRPERR);
    b.write(CR, MER | X32 | STRT);
    assert_eq!(b.read(SR), WRPERR);
    b.write(SR, WRPERR);
    b.write(CR, PG | X32);
    program(&mut b, SECTOR8 + 0x1_FFFC, Size::Word, 0);
    assert_eq!((b.read(SR), b.peek(SECTOR8 + 0x1_FFFC)), (WRPERR, !0));
    b.write(SR, WRPERR);
    program(&mut b, SECTOR8 + 0x2_0000, Size::Word, 0);
    assert_eq!(
        (b.read(SR), b.peek(SECTOR8 + 0x2_0000)),
        (0, 0),
        "the next sector"
    );
}

#[test]
fn options_are_programmed() {
    let mut b = on(PART);
    b.write(OPTCR, 0x0FFF_AAE4);
    assert_eq!(b.read(OPTCR), 0x0FFF_AAED);
    assert!(b.has_finding("flash-optcr-locked"));
    assert_eq!(b.try_write(OPTKEYR, Size::Word, KEY1), Err(FAULT));
    let mut b = on(PART);
    protect(&mut b, 0xFFE, 0xFFD);
    assert_eq!((b.read(OPTCR), b.read(OPTCR1)), (0x0FFE_AAEC, 0x0FFD_0000));
    assert_eq!(b.read(0x1FFF_C008), 0xFFE, "the bytes themselves");
    // AIRCR.SYSRESETREQ by way of the machine: the registers are loaded again.
    b.write(OPTCR, 0x0AAA_AAEC);
    b.machine.power_on();
    assert_eq!((b.read(OPTCR), b.read(OPTCR1)), (0x0FFE_AAED, 0x0FFD_0000));
    b.write(OPTKEYR, 0x0819_2A3B);
    b.write(OPTKEYR, 0x4C5D_6E7F);
    b.write(OPTCR, 0x0FFE_AAEC | 1 << 30 | 2);
    assert!(b.has_finding("not-modelled"), "DB1M");
}

#[test]
fn two_banks_have_one_controller() {
    let mut b = open();
    b.machine
        .load(flashstall_cpu::Addr(FLASH), &7u32.to_le_bytes())
        .expect("flash");
    b.erase_sector(0x17, X32);
    let (_, soc) = b.machine.parts();
    let end = soc.log().operations.kept[0].end;
    assert_eq!(b.read(FLASH), 7, "bank 1 is read");
    let result = b.try_write(FLASH + 0x100, Size::Word, 0);
    let Err(Abort::Held { until }) = result else {
        panic!("{result:?}");
    };
    let (_, soc) = b.machine.parts();
    assert!(soc.time(until) >= end && soc.time(until) < end + Picos::from_micros(1));
    assert!(
        matches!(b.try_read(BANK2, Size::Word), Err(Abort::Held { .. })),
        "bank 2 is busy"
    );
}

#[test]
fn a_write_to_cr_while_busy_is_held() {
    let mut b = open();
    b.erase_sector(8, X32);
    for register in [CR, OPTCR, OPTCR1] {
        assert!(held(b.try_write(register, Size::Word, 0)), "{register:#x}");
    }
    for register in [SR, ACR] {
        assert_eq!(b.try_write(register, Size::Word, 0), Ok(()));
    }
    assert_eq!(b.read(SR), BSY);
    b.pass(Picos::from_millis(1_001));
    assert_eq!(b.try_write(CR, Size::Word, 0), Ok(()));
}

#[test]
fn eop_needs_eopie_and_operr_errie() {
    let mut b = open();
    b.write(CR, PG | X32);
    program(&mut b, SECTOR8, Size::Word, 0);
    assert_eq!((b.read(SR), irq(&mut b)), (0, false));
    b.write(CR, PG | X32 | EOPIE);
    program(&mut b, SECTOR8, Size::Word, 0);
    assert_eq!((b.read(SR), irq(&mut b)), (EOP, true));
    b.write(SR, EOP);
    assert_eq!((b.read(SR), irq(&mut b)), (0, false));
    program(&mut b, SECTOR8, Size::Half, 0);
    assert_eq!((b.read(SR), irq(&mut b)), (PGPERR, false));
    b.write(CR, PG | X32 | ERRIE);
    program(&mut b, SECTOR8, Size::Half, 0);
    assert_eq!((b.read(SR), irq(&mut b)), (PGPERR | OPERR, true));
    b.write(SR, OPERR);
    assert_eq!((b.read(SR), irq(&mut b)), (PGPERR, false));
}

const DCEN: u32 = 1 << 10;
const ICRST: u32 = 1 << 11;
const DCRST: u32 = 1 << 12;

#[test]
fn caches_are_reset_only_while_off() {
    let mut b = open();
    b.machine
        .load(flashstall_cpu::Addr(SECTOR8), &[0; 16])
        .expect("flash");
    b.write(ACR, DCEN);
    assert_eq!(b.read(SECTOR8), 0, "now in the data cache");
    b.erase_sector(8, X32);
    b.pass(Picos::from_millis(1_001));
    assert_eq!((b.read(SECTOR8), b.peek(SECTOR8)), (0, !0), "stale");
    b.write(ACR, DCEN | DCRST);
    assert!(b.has_finding("cache-reset-while-enabled"));
    assert_eq!(b.read(SECTOR8), 0, "still");
    b.write(ACR, 0);
    assert_eq!(b.read(SECTOR8), !0, "past the cache");
    b.write(ACR, DCEN);
    assert_eq!(b.read(SECTOR8), 0, "a cache that was off keeps its lines");
    b.write(ACR, 0);
    b.write(ACR, ICRST | DCRST);
    b.write(ACR, DCEN);
    assert_eq!(b.read(SECTOR8), !0);
}

#[test]
fn a_program_write_reaches_the_data_cache() {
    let mut b = open();
    b.write(ACR, DCEN);
    assert_eq!(b.read(SECTOR8), !0);
    b.write(CR, PG | X32);
    program(&mut b, SECTOR8, Size::Word, 0x1234_5678);
    assert_eq!(b.read(SECTOR8), 0x1234_5678);
}

#[test]
fn too_few_wait_states_are_told() {
    let mut b = on(PART);
    b.write(0x4002_3800, 0x83 | 1 << 16);
    b.pass(Picos::from_millis(3));
    // 8 MHz / 8 x 128 / 2 = 64 MHz: 2 wait states up to 90 MHz.
    b.write(0x4002_3804, 8 | 128 << 6 | 1 << 22);
    b.write(0x4002_3808, 4 << 10);
    b.write(0x4002_3800, 0x83 | 1 << 16 | 1 << 24);
    b.pass(Picos::from_millis(1));
    b.write(ACR, 2);
    b.write(0x4002_3808, 4 << 10 | 2);
    assert!(!b.has_finding("flash-latency-too-low"));
    b.write(ACR, 1);
    assert!(b.has_finding("flash-latency-too-low"));
}
