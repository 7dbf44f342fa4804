//! ELF files that cannot be run: each is refused before anything runs, with a message that says where.

mod common;

use std::path::Path;

use common::{Segment, elf, hawk, vectors};
use flashstall::firmware::Firmware;
use flashstall_mcu::chip::Chip;

/// What is said about a file.
fn refusal(file: &[u8]) -> String {
    let chip = Chip::builtin("stm32f303xc").unwrap();
    let firmware = match Firmware::from_bytes(Path::new("fw.elf"), file) {
        Ok(firmware) => firmware,
        Err(error) => return error.to_string(),
    };
    firmware
        .check(&chip)
        .expect_err("the file must be refused")
        .to_string()
}

fn good() -> Vec<u8> {
    std::fs::read(hawk("before")).unwrap()
}

/// The committed ELF with one byte changed.
fn changed(at: usize, value: u8) -> Vec<u8> {
    let mut file = good();
    file[at] = value;
    file
}

#[test]
fn the_committed_elf_and_a_minimal_one_are_fine() {
    let chip = Chip::builtin("stm32f303xc").unwrap();
    for file in [
        good(),
        elf(0x0800_0009, &[Segment::at(0x0800_0000, vectors(12))]),
    ] {
        Firmware::from_bytes(Path::new("fw.elf"), &file)
            .unwrap()
            .check(&chip)
            .unwrap();
    }
}

#[test]
fn not_an_elf() {
    assert_eq!(
        refusal(b""),
        "not an ELF file: it begins with nothing (the file is empty), not with 7f 45 4c 46"
    );
    assert_eq!(
        refusal(b":10"),
        "not an ELF file: it begins with 3a 31 30, not with 7f 45 4c 46"
    );
}

#[test]
fn of_another_kind() {
    assert_eq!(
        refusal(&changed(4, 2)),
        "a 64-bit ELF file (EI_CLASS at offset 0x4 is 2): Cortex-M firmware is 32-bit"
    );
    assert_eq!(
        refusal(&changed(5, 2)),
        "big-endian (EI_DATA at offset 0x5 is 2): STM32 firmware is little-endian"
    );
    assert_eq!(
        refusal(&changed(0x12, 243)),
        "built for RISC-V (e_machine at offset 0x12 is 243), not for Arm (40)"
    );
    assert_eq!(
        refusal(&changed(0x10, 1)),
        "an object file (e_type at offset 0x10 is 1), not a linked executable"
    );
    let be8 = refusal(&changed(0x26, 0x80));
    assert_eq!(
        be8,
        "big-endian (EF_ARM_BE8 in e_flags at offset 0x24): STM32 firmware is little-endian"
    );
}

#[test]
fn for_another_profile() {
    let mut file = good();
    let attribute = b"7-M\0\x06\x0a\x07M";
    let at = file
        .windows(attribute.len())
        .position(|w| w == attribute)
        .unwrap();
    file[at + attribute.len() - 1] = b'A';
    assert_eq!(
        refusal(&file),
        "built for the A profile (7-M) (Tag_CPU_arch_profile in .ARM.attributes): this chip has an ARMv7-M core"
    );
    let arm_code = elf(0x0800_0008, &[Segment::at(0x0800_0000, vectors(12))]);
    assert!(refusal(&arm_code).starts_with("built for Arm (not Thumb) code (e_entry is even"));
}

#[test]
fn truncated_anywhere() {
    let file = good();
    let size = file.len();
    assert_eq!(
        refusal(&file[..40]),
        "truncated: the file header needs bytes 0x0..0x34, the file ends at 0x28"
    );
    assert_eq!(
        refusal(&file[..100]),
        "truncated: the program header table (e_phoff) needs bytes 0x34..0x94, the file ends at 0x64"
    );
    assert!(refusal(&file[..0x200]).starts_with("truncated: segment 0 needs bytes 0x94..0xdbc"));
    assert!(
        refusal(&file[..size - 1])
            .starts_with("truncated: the section header table (e_shoff) needs bytes")
    );
    // Wherever the file is cut, there is a message and no panic.
    for length in (0..size).step_by(97) {
        assert!(
            Firmware::from_bytes(Path::new("fw.elf"), &file[..length]).is_err(),
            "cut to {length}"
        );
    }
}

#[test]
fn any_byte_of_the_headers_may_be_wrong() {
    let chip = Chip::builtin("stm32f303xc").unwrap();
    for at in 0..0x94 {
        for value in [0, 1, 0x7F, 0x80, 0xFF] {
            if let Ok(firmware) = Firmware::from_bytes(Path::new("fw.elf"), &changed(at, value)) {
                let _ = firmware.check(&chip);
            }
        }
    }
}

/// A linker script's RAM of 128 KB is SRAM1 and SRAM2 of an F407.
#[test]
fn rams_without_a_gap_between_them_are_one() {
    let chip = Chip::builtin("stm32f407xg").unwrap();
    let check = |address: u32, size: usize| {
        let segments = [
            Segment::at(0x0800_0000, vectors(12)),
            Segment::at(address, vec![0; size]),
        ];
        Firmware::from_bytes(Path::new("fw.elf"), &elf(0x0800_0009, &segments))
            .unwrap()
            .check(&chip)
            .map_err(|e| e.to_string())
    };
    assert_eq!(check(0x2000_0000, 0x2_0000), Ok(()));
    assert_eq!(
        check(0x2000_0000, 0x2_0004).unwrap_err(),
        "larger than SRAM1 to SRAM2: segment 1 ends at 0x20020004, SRAM1 to SRAM2 (128 KB) of stm32f407xg ends at 0x20020000"
    );
    assert_eq!(
        check(0x1000_0000, 0x1_0004).unwrap_err(),
        "larger than CCM: segment 1 ends at 0x10010004, CCM (64 KB) of stm32f407xg ends at 0x10010000"
    );
}

#[test]
fn segments_that_do_not_fit() {
    let table = || Segment::at(0x0800_0000, vectors(16));
    assert_eq!(
        refusal(&elf(0, &[table(), Segment::at(0x6000_0000, vec![0; 8])])),
        "segment 1 (run address 0x60000000..0x60000008) lies outside of the memories of stm32f303xc"
    );
    assert_eq!(
        refusal(&elf(0, &[Segment::at(0x0800_0000, vectors(0x4_0004))])),
        "larger than FLASH: segment 0 ends at 0x08040004, FLASH (256 KB) of stm32f303xc ends at 0x08040000"
    );
    let copied = Segment {
        load: 0x0800_0008,
        run: 0x2000_0000,
        bytes: vec![0; 8],
    };
    assert_eq!(
        refusal(&elf(0, &[table(), copied])),
        "segments 0 and 1 overlap at 0x08000008"
    );
    assert_eq!(
        refusal(&elf(0, &[])),
        "nothing to load: no PT_LOAD segment with content"
    );
}

#[test]
fn no_vector_table() {
    let table = |sp: u32, pc: u32| {
        let mut bytes = vectors(16);
        bytes[..4].copy_from_slice(&sp.to_le_bytes());
        bytes[4..8].copy_from_slice(&pc.to_le_bytes());
        refusal(&elf(0, &[Segment::at(0x0800_0000, bytes)]))
    };
    assert_eq!(
        table(0, 0x0800_0009),
        "no vector table at 0x08000000: the initial stack pointer would be 0x00000000, which is not in RAM"
    );
    assert_eq!(
        table(0x2000_1000, 0x0800_0008),
        "no vector table at 0x08000000: the reset vector 0x08000008 is even: not Thumb code"
    );
    assert_eq!(
        table(0x2000_1000, 0x4000_0001),
        "no vector table at 0x08000000: the reset vector 0x40000001 is not in executable memory"
    );
    assert_eq!(
        refusal(&elf(0, &[Segment::at(0x0800_2000, vectors(16))])),
        "no vector table at 0x08000000: nothing is loaded there, the image begins at 0x08002000"
    );
}

#[test]
fn entry_outside() {
    assert_eq!(
        refusal(&elf(0x0800_1001, &[Segment::at(0x0800_0000, vectors(16))])),
        "the entry point 0x08001000 (e_entry at offset 0x18) is outside of every loaded segment"
    );
}
