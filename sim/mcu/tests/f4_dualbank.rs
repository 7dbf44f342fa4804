//! Two banks of an STM32F429xI that change places, and the boot that chooses one of them.
//!
//! Bank 1 has sectors 0 to 11, bank 2 sectors 12 to 23; SNB is the number for the first, and 4 more for the second. Sectors 0 and 12 have
//! 16 KB: 250 ms at x32 (DS9405 table 48, typical).

mod common;

use common::f4::*;
use common::{Bench, Code, FLASH, SRAM};
use flashstall_cpu::{Abort, Addr, Size};
use flashstall_mcu::Picos;
use flashstall_mcu::chip::{Chip, TimingSpec};
use flashstall_mcu::log::Swapped;
use flashstall_mcu::machine::{Machine, OptionError, OptionSettings, Stop};

const APB2ENR: u32 = 0x4002_3844;
const SYSCFGEN: u32 = 1 << 14;
const MEMRMP: u32 = 0x4001_3800;
const FB_MODE: u32 = 1 << 8;
const BFB2: u32 = 1 << 4;
const VTOR: u32 = 0xE000_ED08;
/// Where the code of an image is.
const CODE: u32 = 0x400;
const BIT_OF_ERASE: Picos = Picos::from_millis(10);
const ERASE: Picos = Picos::from_millis(251);

fn machine() -> Machine {
    let chip = Chip::builtin("stm32f429xi").expect("built in");
    let options = options_of(&chip, TimingSpec::typical);
    Machine::new(chip, options).expect("a machine")
}

/// Puts an image for 0x08000000 to `home`: its first stack pointer is `sp`, each of its handlers stops with BKPT 9.
fn put_with_sp(machine: &mut Machine, home: u32, sp: u32, code: impl FnOnce(&mut Code)) {
    let mut c = Code::at(FLASH + CODE);
    code(&mut c);
    let handler = c.here();
    c.bkpt(9);
    let mut table = vec![sp, FLASH + CODE + 1];
    table.extend([handler | 1; 97]);
    let table: Vec<u8> = table.into_iter().flat_map(u32::to_le_bytes).collect();
    machine.load(Addr(home), &table).expect("flash");
    machine.load(Addr(home + CODE), &c.bytes()).expect("flash");
}

fn put(machine: &mut Machine, home: u32, code: impl FnOnce(&mut Code)) {
    put_with_sp(machine, home, SRAM + 0x8000, code);
}

fn bfb2(machine: &mut Machine) {
    let settings = OptionSettings {
        boot_from_bank2: Some(true),
        ..OptionSettings::default()
    };
    machine.set_options(&settings).expect("two banks");
}

fn start(mut machine: Machine) -> (Bench, Stop) {
    machine.power_on();
    let mut bench = Bench { machine };
    let stop = bench.run(Picos::SECOND);
    (bench, stop)
}

/// Image 1 in bank 1 and image 2 in bank 2; each stops with its number.
fn two_images() -> Machine {
    let mut machine = machine();
    for (number, home) in [(1, FLASH), (2, BANK2)] {
        put(&mut machine, home, |c| {
            c.bkpt(number);
        });
    }
    machine
}

fn is_bkpt(stop: Stop, number: u8) -> bool {
    matches!(stop, Stop::Bkpt { imm, .. } if imm == number)
}

fn is_held(result: Result<u32, Abort>) -> bool {
    matches!(result, Err(Abort::Held { .. }))
}

/// Powered, with SYSCFG clocked and flash unlocked; 1 is the first word of bank 1, 2 that of bank 2.
fn open() -> Bench {
    let mut machine = machine();
    for (value, home) in [(1u32, FLASH), (2, BANK2)] {
        machine
            .load(Addr(home), &value.to_le_bytes())
            .expect("flash");
    }
    machine.power_on();
    let mut b = Bench { machine };
    b.write(APB2ENR, SYSCFGEN);
    b.unlock_f4();
    b
}

#[test]
fn options_are_loaded_by_a_reset() {
    let mut machine = machine();
    let words = [0xFFFF_A5ECu32, !0, 0x0000_CFFE, !0].map(u32::to_le_bytes);
    machine
        .load(Addr(0x1FFF_C000), &words.concat())
        .expect("option bytes");
    machine.power_on();
    let mut b = Bench { machine };
    assert_eq!(
        b.read(OPTCR),
        0xCFFE_A5ED,
        "SPRMOD, DB1M, nWRP of sector 0, RDP 0xA5"
    );
    b.write(OPTKEYR, 0x0819_2A3B);
    b.write(OPTKEYR, 0x4C5D_6E7F);
    b.write(OPTCR, 0x4FFD_AAFC);
    b.write(OPTCR, 0x4FFD_AAFC | 2);
    assert_eq!((b.read(SR), b.read(OPTCR)), (BSY, 0x4FFD_AAFE));
    b.pass(ERASE);
    assert_eq!((b.read(SR), b.read(OPTCR)), (0, 0x4FFD_AAFC));
    assert_eq!((b.read(0x1FFF_C000), b.read(0x1FFF_C008)), (0xAAFC, 0x4FFD));
    b.machine.power_on();
    assert_eq!(b.read(OPTCR), 0x4FFD_AAFD);
}

#[test]
fn a_programmer_sets_options_by_what_they_mean() {
    let mut machine = machine();
    let settings = OptionSettings {
        boot_from_bank2: Some(true),
        write_protected: vec![0, 11, 12],
    };
    machine
        .set_options(&settings)
        .expect("options of this part");
    machine.power_on();
    let mut b = Bench { machine };
    assert_eq!((b.read(OPTCR), b.read(OPTCR1)), (0x07FE_AAFD, 0x0FFE_0000));
    let on = |part: &str, settings: &OptionSettings| {
        let chip = Chip::builtin(part).expect("built in");
        let options = options_of(&chip, TimingSpec::typical);
        Machine::new(chip, options)
            .expect("a machine")
            .set_options(settings)
    };
    let beyond = OptionSettings {
        write_protected: vec![24],
        ..OptionSettings::default()
    };
    assert_eq!(
        on("stm32f429xi", &beyond),
        Err(OptionError::NoSuchSector(24, 23))
    );
    assert_eq!(on("stm32f446xe", &settings), Err(OptionError::OneBank));
    assert_eq!(on("stm32f303xc", &settings), Err(OptionError::NotModelled));
}

#[test]
fn bfb2_starts_bank_2() {
    let (mut b, stop) = start(two_images());
    assert!(is_bkpt(stop, 1));
    b.write(OPTKEYR, 0x0819_2A3B);
    b.write(OPTKEYR, 0x4C5D_6E7F);
    b.write(OPTCR, 0x0FFF_AAEC | BFB2);
    b.write(OPTCR, 0x0FFF_AAEC | BFB2 | 2);
    b.pass(ERASE);
    b.write(APB2ENR, SYSCFGEN);
    assert_eq!(b.read(MEMRMP), 0, "only a reset looks at it");
    assert_eq!(b.peek(FLASH + CODE) as u16, 0xBE01);
    b.machine.power_on();
    let stop = b.run(b.machine.time() + Picos::SECOND);
    assert!(is_bkpt(stop, 2), "{stop:?}");
    assert_eq!(b.machine.cpu().core.pc, FLASH + CODE);
    b.write(APB2ENR, SYSCFGEN);
    assert_eq!(b.read(MEMRMP), FB_MODE);
    assert_eq!(b.peek(BANK2 + CODE) as u16, 0xBE01, "bank 1 is here now");
}

#[test]
fn an_image_that_is_none_falls_back_to_bank_1() {
    let mut machine = two_images();
    // What an erased bank begins with.
    machine.load(Addr(BANK2), &[0xFF; 4]).expect("flash");
    bfb2(&mut machine);
    let (mut b, stop) = start(machine);
    assert!(is_bkpt(stop, 1), "{stop:?}");
    b.write(APB2ENR, SYSCFGEN);
    assert_eq!(b.read(MEMRMP), 0);
}

#[test]
fn the_stack_pointer_decides() {
    // 192 KB of SRAM at 0x20000000; CCM at 0x10000000.
    let cases = [
        (0x2000_0000, 2),
        (0x2002_FFFC, 2),
        (0x2003_0000, 2),
        (0x2003_0004, 1),
        (0x1FFF_FFFC, 1),
        (0x1001_0000, 1),
        (0, 1),
    ];
    for (sp, image) in cases {
        let mut machine = two_images();
        put_with_sp(&mut machine, BANK2, sp, |c| {
            c.bkpt(2);
        });
        bfb2(&mut machine);
        let (_, stop) = start(machine);
        assert!(is_bkpt(stop, image), "{sp:#010x}: {stop:?}");
    }
}

#[test]
fn without_an_image_rom_stays() {
    let mut machine = machine();
    bfb2(&mut machine);
    let (b, stop) = start(machine);
    assert_eq!(stop, Stop::BootLoader);
    let rules: Vec<&str> = b.machine.log().findings.iter().map(|f| f.rule).collect();
    assert_eq!(rules, ["boot-without-image"]);
}

#[test]
fn address_0_stays_with_rom() {
    let mut machine = two_images();
    bfb2(&mut machine);
    let (mut b, _) = start(machine);
    b.write(APB2ENR, SYSCFGEN);
    let seen = |b: &Bench| {
        b.machine
            .log()
            .unmodelled
            .values()
            .map(|u| u.reads)
            .sum::<u64>()
    };
    assert_eq!((b.read(0), seen(&b)), (0, 1), "not what bank 2 begins with");
    b.write(MEMRMP, FB_MODE);
    assert_eq!((b.read(0), seen(&b)), (0, 2), "0 over 0");
    b.write(MEMRMP, FB_MODE | 3);
    b.write(SRAM, 0x1234);
    assert_eq!(b.read(0), 0x1234);
    b.write(MEMRMP, FB_MODE);
    assert_eq!(
        b.read(CODE) as u16,
        0xBE02,
        "flash, and the bank that shows there"
    );
    assert_eq!(seen(&b), 2);
}

#[test]
fn vtor_zero_is_a_vector_from_rom() {
    const SVC: u16 = 0xDF00;
    let boot = |vtor: bool, by_rom: bool| {
        let mut machine = machine();
        for home in [FLASH, BANK2] {
            put(&mut machine, home, |c| {
                if vtor {
                    c.poke(VTOR, FLASH);
                }
                c.op(SVC).bkpt(1);
            });
        }
        if by_rom {
            bfb2(&mut machine);
        }
        start(machine)
    };
    for (vtor, by_rom) in [(false, false), (true, false), (true, true)] {
        let (b, stop) = boot(vtor, by_rom);
        assert!(is_bkpt(stop, 9), "the handler: {stop:?}");
        assert!(!b.has_finding("vector-from-system-memory"));
    }
    let (b, stop) = boot(false, true);
    assert!(matches!(stop, Stop::Lockup { .. }), "{stop:?}");
    assert!(b.has_finding("vector-from-system-memory"));
}

#[test]
fn fb_mode_shows_the_other_bank() {
    let mut b = open();
    let words = |b: &mut Bench| [0, FLASH, BANK2 - FLASH, BANK2].map(|at| b.read(at));
    assert_eq!(words(&mut b), [1, 1, 2, 2]);
    b.write(ACR, 1 << 10 | 1 << 9 | 4);
    assert_eq!(words(&mut b), [1, 1, 2, 2], "and into the data cache");
    assert!(!b.has_finding("bank-swap-with-cache-on"));
    b.write(MEMRMP, FB_MODE);
    assert_eq!(words(&mut b), [2, 2, 1, 1]);
    assert!(b.has_finding("bank-swap-with-cache-on"));
    b.write(CR, PG | X32);
    b.write(FLASH + 0x20, 0x55);
    b.pass(Picos::from_micros(17));
    b.write(MEMRMP, 0);
    assert_eq!(words(&mut b), [1, 1, 2, 2]);
    assert_eq!(
        (b.read(FLASH + 0x20), b.read(BANK2 + 0x20)),
        (!0, 0x55),
        "into bank 2"
    );
}

#[test]
fn code_is_fetched_from_the_bank_that_shows() {
    // MOVS r0 (r1), #7; BX lr
    const ROUTINE: u32 = FLASH + 0x800;
    let mut machine = machine();
    for (home, half) in [(FLASH, 0x2007u16), (BANK2, 0x2107)] {
        let routine = [half, 0x4770].map(u16::to_le_bytes).concat();
        machine.load(Addr(home + 0x800), &routine).expect("flash");
    }
    let mut c = Code::at(SRAM + 0x100);
    let call = |c: &mut Code| {
        // BLX r4
        c.mov32(4, ROUTINE | 1).op(0x47A0);
    };
    c.op(0x2000).op(0x2100);
    call(&mut c);
    c.poke(APB2ENR, SYSCFGEN).poke(MEMRMP, FB_MODE);
    call(&mut c);
    c.bkpt(3);
    c.load(&mut machine);
    // MOVW, MOVT, BX r0
    let mut first = Code::at(FLASH + CODE);
    first.mov32(0, (SRAM + 0x100) | 1).bx(0);
    put(&mut machine, FLASH, |c| {
        c.halves.extend(&first.halves);
    });
    let (b, stop) = start(machine);
    assert!(is_bkpt(stop, 3), "{stop:?}");
    let r = b.machine.cpu().core.r;
    assert_eq!((r[0], r[1]), (7, 7), "each bank's routine ran once");
}

#[test]
fn sector_numbers_are_physical() {
    let mut b = open();
    b.write(MEMRMP, FB_MODE);
    let erase = |b: &mut Bench, code| {
        b.erase_sector(code, X32);
        b.pass(BIT_OF_ERASE);
        let held = [FLASH, BANK2].map(|at| is_held(b.try_read(at, Size::Word)));
        b.pass(ERASE);
        let operation = b.machine.log().operations.kept.last().expect("an erase");
        (operation.address.0, operation.bank, operation.swapped, held)
    };
    let at = |home, sector| {
        Some(Swapped {
            home: Addr(home),
            sector: Some(sector),
        })
    };
    // Bank 1 shows at 0x08100000, bank 2 at 0x08000000: what is held is the bank, not the address.
    assert_eq!(erase(&mut b, 0), (BANK2, 1, at(FLASH, 0), [false, true]));
    assert!(!b.has_finding("flash-erase-of-running-bank"));
    {
        let (cpu, _) = b.machine.parts();
        cpu.core.pc = FLASH + CODE;
    }
    assert_eq!(
        erase(&mut b, 0x10),
        (FLASH, 2, at(BANK2, 12), [true, false])
    );
    assert!(b.has_finding("flash-erase-of-running-bank"));
    b.write(CR, MER | X32);
    b.write(CR, MER | X32 | STRT);
    assert_eq!(b.last_operation().0, BANK2, "MER is bank 1");
}

#[test]
fn a_mass_erase_keeps_both_banks_busy_however_they_show() {
    for mode in [0, FB_MODE] {
        let mut b = open();
        b.write(MEMRMP, mode);
        b.write(CR, MER | MER1 | X32);
        b.write(CR, MER | MER1 | X32 | STRT);
        b.pass(BIT_OF_ERASE);
        let held = [FLASH, BANK2].map(|at| is_held(b.try_read(at, Size::Word)));
        assert_eq!(held, [true, true]);
    }
}

#[test]
fn an_erase_stays_in_its_bank() {
    let mut b = open();
    b.erase_sector(0x10, X32);
    b.pass(BIT_OF_ERASE);
    assert!(is_held(b.try_read(BANK2, Size::Word)));
    b.write(MEMRMP, FB_MODE);
    assert!(is_held(b.try_read(FLASH, Size::Word)), "bank 2 is here now");
    assert_eq!(b.read(BANK2), 1);
    b.pass(ERASE);
    assert_eq!((b.read(FLASH), b.read(BANK2)), (!0, 1));
}

#[test]
fn protection_goes_with_the_sectors() {
    let mut machine = machine();
    let settings = OptionSettings {
        write_protected: vec![12],
        ..OptionSettings::default()
    };
    machine.set_options(&settings).expect("two banks");
    machine.power_on();
    let mut b = Bench { machine };
    b.write(APB2ENR, SYSCFGEN);
    b.unlock_f4();
    b.write(MEMRMP, FB_MODE);
    b.write(CR, PG | X32);
    b.write(FLASH, 0);
    assert_eq!(b.read(SR), WRPERR, "sector 12 shows here");
    b.write(SR, WRPERR);
    b.write(BANK2, 0);
    assert_eq!(b.read(SR), BSY);
}

#[test]
fn a_reset_puts_the_banks_back() {
    let mut b = open();
    b.write(MEMRMP, FB_MODE);
    assert_eq!(b.read(FLASH), 2);
    b.machine.power_on();
    assert_eq!(b.read(FLASH), 1);
}

mod l476 {
    use super::*;

    pub const BANK2: u32 = 0x0808_0000;
    pub const KEYR: u32 = 0x4002_2008;
    pub const OPTKEYR: u32 = 0x4002_200C;
    pub const CR: u32 = 0x4002_2014;
    pub const OPTR: u32 = 0x4002_2020;
    pub const MEMRMP: u32 = 0x4001_0000;
    pub const RCC_APB2ENR: u32 = 0x4002_1060;
    pub const BFB2: u32 = 1 << 20;
    pub const OPTSTRT: u32 = 1 << 17;
    pub const OBL_LAUNCH: u32 = 1 << 27;

    /// Image 1 in bank 1 and image 2 in bank 2; each stops with its number, and goes on for ever.
    pub fn machine() -> Machine {
        let chip = Chip::builtin("stm32l476xg").expect("built in");
        let options = options_of(&chip, TimingSpec::typical);
        let mut machine = Machine::new(chip, options).expect("a machine");
        for (number, home) in [(1, FLASH), (2, BANK2)] {
            put(&mut machine, home, |c| {
                c.bkpt(number);
                let here = c.here();
                c.b(here);
            });
        }
        machine
    }

    pub fn unlock(b: &mut Bench) {
        b.write(RCC_APB2ENR, 1);
        b.write(KEYR, 0x4567_0123);
        b.write(KEYR, 0xCDEF_89AB);
        b.write(OPTKEYR, 0x0819_2A3B);
        b.write(OPTKEYR, 0x4C5D_6E7F);
    }
}

#[test]
fn an_l476_starts_bank_2_as_soon_as_options_are_loaded() {
    let (mut b, stop) = start(l476::machine());
    assert!(is_bkpt(stop, 1), "{stop:?}");
    l476::unlock(&mut b);
    let options = b.read(l476::OPTR);
    b.write(l476::OPTR, options | l476::BFB2);
    b.write(l476::CR, l476::OPTSTRT);
    b.pass(Picos::from_millis(30));
    assert_eq!(b.peek(FLASH + CODE) as u16, 0xBE01, "not yet");
    // What was written into the register since then does not count: the bytes do.
    b.write(l476::OPTR, options);
    b.write(l476::CR, l476::OBL_LAUNCH);
    let limit = b.machine.time() + Picos::SECOND;
    let stop = b.run(limit);
    assert!(is_bkpt(stop, 2), "{stop:?}");
    b.write(l476::RCC_APB2ENR, 1);
    assert_eq!(b.read(l476::MEMRMP), FB_MODE);
    assert_eq!(b.read(l476::OPTR), options | l476::BFB2);
    let seen = b.machine.log().unmodelled.len();
    assert_eq!(
        (b.read(0), b.machine.log().unmodelled.len()),
        (0, seen + 1),
        "ROM"
    );
}

#[test]
fn banks_of_an_l476_keep_their_numbers() {
    let mut machine = l476::machine();
    bfb2(&mut machine);
    let (mut b, stop) = start(machine);
    assert!(is_bkpt(stop, 2), "{stop:?}");
    l476::unlock(&mut b);
    // PER, page 0, of bank 2 (BKER) and of bank 1; MER1 and MER2.
    let erases = [
        (1 << 1 | 1 << 11, 0, 2, FLASH),
        (1 << 1, 0, 1, l476::BANK2),
        (1 << 2, 0x7_F800, 1, l476::BANK2),
        (1 << 15 | 1 << 2, 0xF_F800, 1, FLASH),
    ];
    for (n, (bits, more, bank, address)) in (1..).zip(erases) {
        b.write(l476::CR, bits);
        b.write(l476::CR, bits | 1 << 16);
        let (at, length, of, _) = b.last_operation();
        assert_eq!((at, length, of), (address, 0x800 + more, bank), "{bits:#x}");
        b.pass(BIT_OF_ERASE);
        // Elsewhere each time: the data cache is on after reset, and serves what it has.
        let held = [FLASH, l476::BANK2].map(|at| is_held(b.try_read(at + 0x100 * n, Size::Word)));
        assert_eq!(held, [more > 0x8_0000 || bank == 2, bank == 1], "{bits:#x}");
        b.pass(Picos::from_millis(50));
    }
}
