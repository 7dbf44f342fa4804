//! Loads and stores: addressing, extension, alignment, bit-band aliases, exclusives.

use crate::common::{CODE, DEVICE, SimBus};
use crate::{apsr, prepared, untouched};
use flashstall_cpu::{Cpu, Size};

const DATA: u32 = 0x2000_2000;
const SHCSR: u32 = 0xE000_ED24;
const CFSR: u32 = 0xE000_ED28;
const BFAR: u32 = 0xE000_ED38;
const CCR: u32 = 0xE000_ED14;

/// Byte `k` of the data holds 0x80 + k.
fn with_data(code: &[u16], before: &[(usize, u32)]) -> (Cpu, SimBus) {
    let (cpu, mut bus) = prepared(code, before, "");
    for k in (0..64).step_by(4) {
        bus.set_word(
            DATA - 32 + k,
            0x8382_8180u32.wrapping_add(0x0404_0404u32.wrapping_mul(k / 4)) - 0x2020_2020,
        );
    }
    (cpu, bus)
}

struct Transfer {
    asm: &'static str,
    code: &'static [u16],
    before: &'static [(usize, u32)],
    after: &'static [(usize, u32)],
    stored: &'static [(u32, u32)],
}

const fn t(
    asm: &'static str,
    code: &'static [u16],
    before: &'static [(usize, u32)],
    after: &'static [(usize, u32)],
    stored: &'static [(u32, u32)],
) -> Transfer {
    Transfer {
        asm,
        code,
        before,
        after,
        stored,
    }
}

fn check(transfers: &[Transfer]) {
    for case in transfers {
        let (mut cpu, mut bus) = with_data(case.code, case.before);
        let sp = cpu.core.r[13];
        assert_eq!(cpu.step(&mut bus), None, "{}", case.asm);
        assert_eq!(cpu.core.exception, 0, "{} faults", case.asm);
        for register in 0..15 {
            let start = case
                .before
                .iter()
                .find(|before| before.0 == register)
                .map(|before| before.1);
            let start = start.unwrap_or(if register == 13 {
                sp
            } else {
                untouched(register)
            });
            let wanted = case
                .after
                .iter()
                .find(|after| after.0 == register)
                .map_or(start, |after| after.1);
            let got = cpu.core.r[register];
            assert_eq!(
                got, wanted,
                "{}: r{register} is {got:#010x}, not {wanted:#010x}",
                case.asm
            );
        }
        for &(addr, word) in case.stored {
            assert_eq!(bus.word(addr), word, "{}: word at {addr:#010x}", case.asm);
        }
        assert_eq!(cpu.core.apsr(), apsr(""), "{}", case.asm);
    }
}

#[test]
#[rustfmt::skip]
fn loads() {
    check(&[
        t("ldr r0, [r1, #4]", &[0x6848], &[(1, DATA)], &[(0, 0x8786_8584)], &[]),
        t("ldr r0, [r1, r2]", &[0x5888], &[(1, DATA), (2, 8)], &[(0, 0x8B8A_8988)], &[]),
        t("ldr.w r0, [r1, r2, lsl #2]", &[0xF851, 0x0022], &[(1, DATA), (2, 1)], &[(0, 0x8786_8584)], &[]),
        t("ldr.w r0, [r1, #-4]", &[0xF851, 0x0C04], &[(1, DATA + 4)], &[(0, 0x8382_8180)], &[]),
        t("ldr r0, [r1, #4]!", &[0xF851, 0x0F04], &[(1, DATA)], &[(0, 0x8786_8584), (1, DATA + 4)], &[]),
        t("ldr r0, [r1], #-4", &[0xF851, 0x0904], &[(1, DATA)], &[(0, 0x8382_8180), (1, DATA - 4)], &[]),
        t("ldrb r0, [r1, #1]", &[0x7848], &[(1, DATA)], &[(0, 0x81)], &[]),
        t("ldrb r0, [r1], #1", &[0xF811, 0x0B01], &[(1, DATA)], &[(0, 0x80), (1, DATA + 1)], &[]),
        t("ldrsb r0, [r1, r2]", &[0x5688], &[(1, DATA), (2, 3)], &[(0, 0xFFFF_FF83)], &[]),
        t("ldrsb.w r0, [r1, #1]!", &[0xF911, 0x0F01], &[(1, DATA)], &[(0, 0xFFFF_FF81), (1, DATA + 1)], &[]),
        t("ldrh r0, [r1, #2]", &[0x8848], &[(1, DATA)], &[(0, 0x8382)], &[]),
        t("ldrsh r0, [r1, r2]", &[0x5E88], &[(1, DATA), (2, 2)], &[(0, 0xFFFF_8382)], &[]),
        t("ldrsh.w r0, [r1], #2", &[0xF931, 0x0B02], &[(1, DATA)], &[(0, 0xFFFF_8180), (1, DATA + 2)], &[]),
        t("ldr r0, [sp, #4]", &[0x9801], &[(13, DATA)], &[(0, 0x8786_8584)], &[]),
        t("ldr.w sp, [r1]", &[0xF8D1, 0xD000], &[(1, DATA + 4)], &[(13, 0x8786_8584)], &[]),
        t("ldr.w sp, [r1] aligns", &[0xF8D1, 0xD000], &[(1, DATA + 1)], &[(13, 0x8483_8280)], &[]),
        t("ldr r0, [sp], #3", &[0xF85D, 0x0B03], &[(13, DATA)], &[(0, 0x8382_8180)], &[]),
        t("ldrd r0, r2, [r1, #8]", &[0xE9D1, 0x0202], &[(1, DATA)], &[(0, 0x8B8A_8988), (2, 0x8F8E_8D8C)], &[]),
        t("ldrd r0, r2, [r1], #-8", &[0xE871, 0x0202], &[(1, DATA)], &[(0, 0x8382_8180), (2, 0x8786_8584), (1, DATA - 8)], &[]),
        t("ldrt r0, [r1, #4]", &[0xF851, 0x0E04], &[(1, DATA)], &[(0, 0x8786_8584)], &[]),
        t("pld [r1] at nowhere", &[0xF891, 0xF000], &[(1, 0xFFFF_FFFF)], &[], &[]),
    ]);
}

#[test]
#[rustfmt::skip]
fn literals_are_relative_to_the_aligned_pc() {
    check(&[
        t("ldr r0, [pc, #4]", &[0x4801, 0, 0, 0, 0x1234, 0x5678], &[], &[(0, 0x5678_1234)], &[]),
        t("ldrb.w r0, [pc, #3]", &[0xF89F, 0x0003, 0x1122, 0x3344], &[], &[(0, 0x33)], &[]),
        t("ldrsh.w r0, [pc, #2]", &[0xF9BF, 0x0002, 0x1122, 0xB344], &[], &[(0, 0xFFFF_B344)], &[]),
        t("ldrd r0, r2, [pc, #4]", &[0xE9DF, 0x0201, 0, 0, 1, 2, 3, 4], &[], &[(0, 0x0002_0001), (2, 0x0004_0003)], &[]),
    ]);
    // The same literal from an address that is not a multiple of four.
    let (mut cpu, mut bus) = prepared(&[0xBF00, 0x4801, 0, 0, 0x1234, 0x5678], &[], "");
    cpu.step(&mut bus);
    cpu.step(&mut bus);
    assert_eq!(cpu.core.r[0], 0x5678_1234);
}

#[test]
#[rustfmt::skip]
fn stores() {
    const A: u32 = 0xA1B2_C3D4;
    check(&[
        t("str r0, [r1, #4]", &[0x6048], &[(0, A), (1, DATA)], &[], &[(DATA + 4, A)]),
        t("str.w r0, [r1, r2, lsl #3]", &[0xF841, 0x0032], &[(0, A), (1, DATA), (2, 2)], &[], &[(DATA + 16, A)]),
        t("str r0, [r1, #-4]!", &[0xF841, 0x0D04], &[(0, A), (1, DATA)], &[(1, DATA - 4)], &[(DATA - 4, A)]),
        t("strb r0, [r1], #1", &[0xF801, 0x0B01], &[(0, A), (1, DATA)], &[(1, DATA + 1)], &[(DATA, 0x8382_81D4)]),
        t("strh r0, [r1, r2]", &[0x5288], &[(0, A), (1, DATA), (2, 2)], &[], &[(DATA, 0xC3D4_8180)]),
        t("str r0, [sp, #4]", &[0x9001], &[(0, A), (13, DATA)], &[], &[(DATA + 4, A)]),
        t("strd r0, r2, [r1, #-8]!", &[0xE961, 0x0202], &[(0, A), (1, DATA), (2, 7)], &[(1, DATA - 8)], &[(DATA - 8, A), (DATA - 4, 7)]),
        t("strt r0, [r1, #4]", &[0xF841, 0x0E04], &[(0, A), (1, DATA)], &[], &[(DATA + 4, A)]),
    ]);
}

#[test]
#[rustfmt::skip]
fn unaligned_transfers_are_split() {
    check(&[
        t("ldr r0, [r1] at +1", &[0x6808], &[(1, DATA + 1)], &[(0, 0x8483_8281)], &[]),
        t("ldr r0, [r1] at +2", &[0x6808], &[(1, DATA + 2)], &[(0, 0x8584_8382)], &[]),
        t("ldrh r0, [r1] at +3", &[0x8808], &[(1, DATA + 3)], &[(0, 0x8483)], &[]),
        t("str r0, [r1] at +3", &[0x6008], &[(0, 0x1122_3344), (1, DATA + 3)], &[], &[(DATA, 0x4482_8180), (DATA + 4, 0x8711_2233)]),
        t("strh r0, [r1] at +1", &[0x8008], &[(0, 0x1122_3344), (1, DATA + 1)], &[], &[(DATA, 0x8333_4480)]),
    ]);
    let cycles = |code: &[u16], addr: u32| {
        let (mut cpu, mut bus) = with_data(code, &[(1, addr)]);
        bus.log_transfers = true;
        let start = cpu.core.now.0;
        cpu.step(&mut bus);
        let sizes: Vec<u32> = bus.transfers.iter().map(|transfer| transfer.1).collect();
        (cpu.core.now.0 - start, sizes)
    };
    assert_eq!(cycles(&[0x6808], DATA), (2, vec![4]));
    assert_eq!(cycles(&[0x6808], DATA + 2), (3, vec![2, 2]));
    assert_eq!(cycles(&[0x6808], DATA + 1), (4, vec![1, 2, 1]));
    assert_eq!(cycles(&[0x8808], DATA + 1), (3, vec![1, 1]));
    assert_eq!(cycles(&[0x8808], DATA + 2), (2, vec![2]));
}

/// Runs one instruction that faults with UsageFault and BusFault enabled; CFSR and BFAR.
fn fault_of(code: &[u16], before: &[(usize, u32)], ccr: u32) -> (u32, u32) {
    let (mut cpu, mut bus) = with_data(code, before);
    cpu.data_write(&mut bus, SHCSR, Size::Word, 7 << 16)
        .unwrap();
    cpu.data_write(&mut bus, CCR, Size::Word, 0x200 | ccr)
        .unwrap();
    cpu.step(&mut bus);
    assert_ne!(cpu.core.exception, 0, "{code:x?} does not fault");
    assert_eq!(
        bus.word(cpu.core.r[13] + 0x18),
        CODE,
        "the stacked PC is that of the instruction"
    );
    let cfsr = cpu.data_read(&mut bus, CFSR, Size::Word).unwrap();
    (cfsr, cpu.data_read(&mut bus, BFAR, Size::Word).unwrap())
}

#[test]
fn what_must_be_aligned() {
    const UNALIGNED: u32 = 1 << 24;
    for code in [
        &[0xE9D1u16, 0x0202][..], // ldrd
        &[0xE961, 0x0202],        // strd
        &[0xE851, 0x0F01],        // ldrex
        &[0xE8D1, 0x0F5F],        // ldrexh
        &[0xE8C1, 0x2F50],        // strexh
        &[0xC90C],                // ldmia r1!, {r2, r3}
        &[0xC10C],                // stmia r1!, {r2, r3}
    ] {
        assert_eq!(
            fault_of(code, &[(1, DATA + 1)], 0).0,
            UNALIGNED,
            "{code:x?}"
        );
    }
    assert_eq!(
        fault_of(&[0x6808], &[(1, DATA + 2)], 1 << 3).0,
        UNALIGNED,
        "ldr with UNALIGN_TRP"
    );
    assert_eq!(
        fault_of(&[0x8008], &[(1, DATA + 1)], 1 << 3).0,
        UNALIGNED,
        "strh with UNALIGN_TRP"
    );
    assert_eq!(
        fault_of(&[0x6808], &[(1, 0xE000_ED09)], 0).0,
        UNALIGNED,
        "a private peripheral"
    );
}

#[test]
fn refused_accesses_are_precise_bus_faults() {
    const PRECISE: u32 = 1 << 9 | 1 << 15;
    assert_eq!(
        fault_of(&[0x6808], &[(1, 0x9000_0000)], 0),
        (PRECISE, 0x9000_0000),
        "ldr"
    );
    assert_eq!(
        fault_of(&[0x6008], &[(1, 0x0800_0000)], 0),
        (PRECISE, 0x0800_0000),
        "str to flash"
    );
    assert_eq!(
        fault_of(&[0xF851, 0x0E04], &[(1, 0xE000_ED00)], 0),
        (PRECISE, 0xE000_ED04),
        "ldrt"
    );
    assert_eq!(
        fault_of(&[0xF841, 0x0E04], &[(1, 0xE000_ED00)], 0),
        (PRECISE, 0xE000_ED04),
        "strt"
    );
    // A load with write-back that faults leaves its base alone.
    let (mut cpu, mut bus) = with_data(&[0xF851, 0x0F04], &[(1, 0x9000_0000)]);
    cpu.step(&mut bus);
    assert_eq!(bus.word(cpu.core.r[13] + 4), 0x9000_0000, "the stacked R1");
}

#[test]
fn division_by_zero_traps_on_demand() {
    assert_eq!(
        fault_of(&[0xFBB1, 0xF0F2], &[(2, 0)], 1 << 4).0,
        1 << 25,
        "udiv"
    );
    assert_eq!(
        fault_of(&[0xFB91, 0xF0F2], &[(2, 0)], 1 << 4).0,
        1 << 25,
        "sdiv"
    );
}

#[test]
fn bit_band_aliases_reach_one_bit() {
    // Bit 10 of the word at DATA is bit 2 of byte 1.
    let alias = 0x2200_0000 + (DATA - 0x2000_0000) * 32 + 10 * 4;
    let (mut cpu, mut bus) = with_data(&[], &[]);
    assert_eq!(
        cpu.data_read(&mut bus, alias, Size::Word),
        Ok(0),
        "0x81 has bit 2 clear"
    );
    cpu.data_write(&mut bus, alias, Size::Word, 0xFFFF_FFFF)
        .unwrap();
    assert_eq!(bus.word(DATA), 0x8382_8580);
    assert_eq!(cpu.data_read(&mut bus, alias, Size::Byte), Ok(1));
    cpu.data_write(&mut bus, alias, Size::Word, 0xFFFF_FFFE)
        .unwrap();
    assert_eq!(
        bus.word(DATA),
        0x8382_8180,
        "only bit 0 of the value counts"
    );

    bus.device[2] = 0x8000_0000;
    let alias = 0x4200_0000 + 8 * 32 + 31 * 4;
    assert_eq!(cpu.data_read(&mut bus, alias, Size::Word), Ok(1));
    bus.transfers.clear();
    bus.log_transfers = true;
    cpu.data_write(&mut bus, alias, Size::Word, 0).unwrap();
    assert_eq!(bus.device[2], 0);
    assert_eq!(
        bus.transfers,
        [(DEVICE + 8, 4, false), (DEVICE + 8, 4, true)],
        "a word is read, then written"
    );

    cpu.config.bit_band = false;
    assert!(
        cpu.data_read(&mut bus, alias, Size::Word).is_err(),
        "not fitted"
    );
}

#[test]
fn exclusives() {
    const LDREX: [u16; 2] = [0xE851, 0x0F01];
    const STREX: [u16; 2] = [0xE841, 0x2001];
    const CLREX: [u16; 2] = [0xF3BF, 0x8F2F];
    let run = |code: &[u16], steps: usize| {
        let (mut cpu, mut bus) = with_data(code, &[(1, DATA), (2, 77)]);
        for _ in 0..steps {
            assert_eq!(cpu.step(&mut bus), None);
        }
        (cpu.core.r[0], bus.word(DATA + 4))
    };
    assert_eq!(run(&[LDREX, STREX].concat(), 2), (0, 77));
    assert_eq!(run(&STREX, 1), (1, 0x8786_8584), "without LDREX");
    assert_eq!(run(&[LDREX, CLREX, STREX].concat(), 3), (1, 0x8786_8584));
    assert_eq!(
        run(&[LDREX, STREX, STREX].concat(), 3),
        (1, 77),
        "the first closes the monitor"
    );
    // ldrexb, strexb
    assert_eq!(run(&[0xE8D1, 0x0F4F, 0xE8C1, 0x2F40], 2).0, 0);
}

#[test]
fn code_that_is_overwritten_is_decoded_anew() {
    // strh r0, [r1]; movs r3, #1, which the store turns into movs r3, #2. Then the same again as a 32-bit instruction
    // whose second half is rewritten.
    let (mut cpu, mut bus) = prepared(&[0x2301, 0x8008, 0xE7FC], &[(0, 0x2302), (1, CODE)], "");
    for _ in 0..4 {
        cpu.step(&mut bus);
    }
    assert_eq!(cpu.core.r[3], 2);
    let (mut cpu, mut bus) = prepared(
        &[0xF240, 0x0301, 0x8008, 0xE7FB],
        &[(0, 0x0302), (1, CODE + 2)],
        "",
    );
    for _ in 0..4 {
        cpu.step(&mut bus);
    }
    assert_eq!(cpu.core.r[3], 2, "movw r3, #1 became movw r3, #2");
}

#[test]
fn code_that_the_bus_changes_is_decoded_anew() {
    let (mut cpu, mut bus) = prepared(&[0x2301, 0xE7FD], &[], "");
    cpu.step(&mut bus);
    cpu.step(&mut bus);
    bus.program(CODE, &[0x2302]);
    bus.changed.push((CODE, CODE + 2));
    cpu.step(&mut bus);
    assert_eq!(cpu.core.r[3], 2);
}
