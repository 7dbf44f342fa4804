//! What an F4 is as a whole: memories, alias, DMA's reach, and that a part is a file.

mod common;

use common::Bench;
use common::f4::*;
use flashstall_cpu::{Abort, Addr, Bus, FaultKind, Size};
use flashstall_mcu::Picos;
use flashstall_mcu::chip::{Chip, TimingSpec};

const PART: &str = "stm32f429xi";
const SRAM: u32 = 0x2000_0000;
const CCM: u32 = 0x1000_0000;
const AHB1ENR: u32 = 0x4002_3830;
const APB1ENR: u32 = 0x4002_3840;
const APB2ENR: u32 = 0x4002_3844;
const MEMRMP: u32 = 0x4001_3800;
const DMA2: u32 = 0x4002_6400;
const FAULT: Abort = Abort::Fault(FaultKind::Refused);
const UNMAPPED: Abort = Abort::Fault(FaultKind::Unmapped);

#[test]
fn the_parts_are_those_of_the_data_sheets() {
    let figures = |part: &str| {
        let c = Chip::builtin(part).expect("built in");
        let sram: u32 = (1..=3)
            .filter_map(|n| c.memory(&format!("SRAM{n}")))
            .map(|m| m.size >> 10)
            .sum();
        let ccm = c.memory("CCM").map_or(0, |m| m.size >> 10);
        let f = &c.flash;
        (
            f.size >> 10,
            f.banks,
            f.pages(),
            sram,
            ccm,
            c.core.irqs,
            c.clocks.max_hclk.hz / 1_000_000,
        )
    };
    assert_eq!(figures("stm32f405xg"), (1024, 1, 12, 128, 64, 82, 168));
    assert_eq!(figures("stm32f407xg"), (1024, 1, 12, 128, 64, 82, 168));
    assert_eq!(figures(PART), (2048, 2, 24, 192, 64, 91, 180));
    assert_eq!(figures("stm32f446xe"), (512, 1, 8, 128, 0, 97, 180));
    assert_eq!(figures("stm32f469xi"), (2048, 2, 24, 320, 64, 93, 180));
    let c = Chip::builtin(PART).expect("built in");
    assert_eq!(c.vector_table_alignment(), 512, "107 entries");
    let steps = [30, 60, 90, 120, 150, 180].map(|mhz| c.flash.wait_states_for(mhz * 1_000_000));
    assert_eq!(steps, [0, 1, 2, 3, 4, 5].map(Some));
    assert_eq!(c.irq_name(39), Some("USART3"));
    assert_eq!(c.irq_name(68), Some("DMA2_Stream5"));
}

#[test]
fn flash_size_and_unique_id_are_read() {
    let mut b = on(PART);
    assert_eq!(b.try_read(0x1FFF_7A22, Size::Half), Ok(2048));
    assert_ne!(b.read(0x1FFF_7A10), b.read(0x1FFF_7A14));
    assert_eq!(b.read(0xE004_2000) & 0xFFF, 0x419);
}

#[test]
fn sram_is_three_blocks_in_a_row() {
    let mut b = on(PART);
    for at in [SRAM, SRAM + 0x1_BFFC, SRAM + 0x1_C000, SRAM + 0x2_FFFC] {
        b.write(at, at);
        assert_eq!(b.read(at), at);
    }
    assert_eq!(b.try_read(SRAM + 0x3_0000, Size::Word), Err(UNMAPPED));
    b.write(APB2ENR, 1 << 14);
    assert_eq!(b.read(0), !0, "flash shows at 0");
    b.write(MEMRMP, 3);
    assert_eq!(b.read(0x1_BFFC), SRAM + 0x1_BFFC);
    assert_eq!(
        b.try_read(0x1_C000, Size::Word),
        Err(UNMAPPED),
        "SRAM1 alone"
    );
}

#[test]
fn a_gap_between_blocks_is_refused() {
    let text = include_str!("../chips/stm32f429xi.toml");
    let moved = text.replacen("base = 0x20020000", "base = 0x20024000", 1);
    let error = Chip::from_toml(&moved).expect_err("must be refused");
    assert!(
        error
            .message
            .contains("SRAM3 does not begin where SRAM2 ends"),
        "{error}"
    );
}

#[test]
fn ccm_holds_data_only() {
    let mut b = on(PART);
    b.write(CCM + 0xFFFC, 7);
    assert_eq!(b.read(CCM + 0xFFFC), 7);
    let (cpu, soc) = b.machine.parts();
    assert_eq!(soc.fetch(&mut cpu.core, CCM).map(|_| ()), Err(FAULT));
    assert_eq!(soc.vector(&mut cpu.core, CCM), Err(FAULT));
    assert!(soc.fetch(&mut cpu.core, SRAM).is_ok());
    // The F303's hangs on the instruction bus.
    let mut f303 = Bench::new();
    let (cpu, soc) = f303.machine.parts();
    assert!(soc.fetch(&mut cpu.core, CCM).is_ok());
    assert!(soc.vector(&mut cpu.core, CCM).is_ok());
}

#[test]
fn backup_sram_has_a_clock_gate() {
    let mut b = on(PART);
    b.write(APB1ENR, 1 << 28);
    b.write(0x4000_7000, 0xC000 | 1 << 8);
    b.write(0x4002_4000, 5);
    assert_eq!(b.read(0x4002_4000), 0);
    assert!(b.has_finding("peripheral-clock-off"));
    b.write(AHB1ENR, 1 << 18);
    b.write(0x4002_4000, 5);
    b.try_write(0x4002_4003, Size::Byte, 9).expect("a byte");
    assert_eq!(b.read(0x4002_4000), 0x0900_0005);
}

/// Copies 4 words by stream 0 of DMA2, FIFO mode; returns LISR.
fn copy(b: &mut Bench, from: u32, to: u32) -> u32 {
    b.write(AHB1ENR, 1 << 22);
    b.write(DMA2 + 8, !0);
    for (offset, value) in [(0x14, 4), (0x18, from), (0x1C, to), (0x24, 7)] {
        b.write(DMA2 + offset, value);
    }
    b.write(
        DMA2 + 0x10,
        2 << 6 | 1 << 9 | 1 << 10 | 2 << 11 | 2 << 13 | 1,
    );
    b.pass(Picos::from_micros(20));
    b.read(DMA2)
}

const TEIF: u32 = 1 << 3;
const TCIF: u32 = 1 << 5;

#[test]
fn dma_copies_and_ccm_is_out_of_its_reach() {
    let mut b = on(PART);
    for n in 0..4 {
        b.write(SRAM + 4 * n, n + 1);
    }
    assert_eq!(copy(&mut b, SRAM, SRAM + 0x2_0000) & (TEIF | TCIF), TCIF);
    assert_eq!(
        [0, 4, 8, 12].map(|n| b.peek(SRAM + 0x2_0000 + n)),
        [1, 2, 3, 4]
    );
    assert_eq!(copy(&mut b, CCM, SRAM) & (TEIF | TCIF), TEIF);
    assert_eq!(copy(&mut b, SRAM, CCM) & (TEIF | TCIF), TEIF);
}

#[test]
fn dma_from_a_busy_bank_waits() {
    let mut b = on(PART);
    b.unlock_f4();
    b.erase_sector(0x17, X32);
    assert_eq!(
        copy(&mut b, 0x0800_0000, SRAM) & TCIF,
        TCIF,
        "the other bank"
    );
    assert_eq!(copy(&mut b, BANK2, SRAM) & TCIF, 0);
    b.pass(Picos::from_millis(1_001));
    assert_eq!(b.read(DMA2) & TCIF, TCIF);
}

/// The F401xE as a variation of the F405xG's file: no Rust.
fn f401xe() -> String {
    let mut text = include_str!("../chips/stm32f405xg.toml").to_owned();
    for (from, to) in [
        ("name = \"stm32f405xg\"", "name = \"stm32f401xe\""),
        ("size = 0x100000\nkind", "size = 0x80000\nkind"),
        ("size = 0x100000\nsectors", "size = 0x80000\nsectors"),
        (
            "{ count = 7, size = 0x20000 }",
            "{ count = 3, size = 0x20000 }",
        ),
        ("size = 0x1C000\n", "size = 0x18000\n"),
        (
            "base = 0x2001C000\nsize = 0x4000",
            "base = 0x20018000\nsize = 0x4",
        ),
        ("irqs = 82", "irqs = 85"),
        ("hclk_max = 168000000", "hclk_max = 84000000"),
        ("flash_kb = 1024", "flash_kb = 512"),
        (
            "params = { hclk_max",
            "params = { features = \"dckcfgr\", hclk_max",
        ),
    ] {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    text
}

#[test]
fn a_part_of_the_family_costs_one_file_and_no_rust() {
    let chip = Chip::from_toml(&f401xe()).expect("a valid file");
    let options = options_of(&chip, TimingSpec::typical);
    let mut b = Bench::with(chip.into(), options);
    // 16 MHz / 16 x 336 / 4 = 84 MHz, 2 wait states.
    b.write(0x4002_3804, 16 | 336 << 6 | 1 << 16);
    b.write(0x4002_3808, 4 << 10);
    b.write(0x4002_3800, 0x83 | 1 << 24);
    b.pass(Picos::from_millis(1));
    b.write(ACR, 2);
    b.write(0x4002_3808, 4 << 10 | 2);
    b.write(0x4002_388C, 1 << 24);
    assert_eq!(b.machine.soc().clocks().hclk.whole(), 84_000_000);
    assert!(!b.has_finding("hclk-too-fast") && !b.has_finding("flash-latency-too-low"));
    b.machine.load(Addr(0x0806_0000), &[0; 8]).expect("flash");
    b.unlock_f4();
    b.erase_sector(7, X32);
    assert_eq!(
        b.last_operation(),
        (0x0806_0000, 0x2_0000, 1, Picos::SECOND)
    );
    b.pass(Picos::from_millis(1_001));
    assert_eq!(b.peek(0x0806_0000), !0);
    b.erase_sector(8, X32);
    assert!(b.has_finding("flash-no-such-sector"));
}
