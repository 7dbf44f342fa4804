//! Each built-in part comes up: a few instructions of its family's usual start-up take it to its highest clock, erase the page (the first
//! sector of 16 KB behind the code on an F4) at 0x08004000, program a word of it and read it back.

mod common;

use common::*;
use flashstall_cpu::Addr;
use flashstall_mcu::chip::Chip;
use flashstall_mcu::log::OperationKind;
use flashstall_mcu::machine::{FlashTiming, MachineOptions};
use flashstall_mcu::{Hertz, Picos, Stop};

const RESET: u32 = FLASH + 0x400;
const HANDLER: u32 = FLASH + 0x300;
const TARGET: u32 = FLASH + 0x4000;
const WORD: u32 = 0xC35A_960F;
/// What is in the array before, as if an old image were there.
const OLD: u32 = 0x1234_5678;

/// Start-up code of a family, as registers are written and waited for.
trait StartUp {
    /// Waits until the bits `mask` of the word at `addr` are `value`; clobbers r0 and r4 to r6.
    fn until(&mut self, addr: u32, mask: u32, value: u32) -> &mut Self;
}

impl StartUp for Code {
    fn until(&mut self, addr: u32, mask: u32, value: u32) -> &mut Self {
        self.mov32(4, addr).mov32(5, mask).mov32(6, value);
        let top = self.here();
        // ANDS r0, r5; CMP r0, r6; BNE.
        self.ldr(0, 4, 0).op(0x4028).op(0x42B0);
        let back = top.wrapping_sub(self.here() + 4);
        self.op(0xD100 | (back >> 1) as u16 & 0xFF)
    }
}

/// What a part of a family does, and what its flash then took.
struct Family {
    erased: u32,
    erase: Picos,
    code: fn(&mut Code, mhz: u32),
}

/// F1, F3: HSE 8 MHz, PLL, APB1 at half of it where the clock is above 36 MHz; half-words.
fn fpec(c: &mut Code, mhz: u32) {
    const RCC_CR: u32 = 0x4002_1000;
    const RCC_CFGR: u32 = 0x4002_1004;
    let apb1 = if mhz > 36 { 4 << 8 } else { 0 };
    let cfgr = (mhz / 8 - 2) << 18 | 1 << 16 | apb1;
    c.poke(RCC_CR, 0x1_0083).until(RCC_CR, 1 << 17, 1 << 17);
    // The F100 has no wait states, and no such bits.
    if mhz > 24 {
        c.poke(ACR, 0x12).until(ACR, 7, 2);
    }
    c.poke(RCC_CFGR, cfgr).poke(RCC_CR, 0x101_0083);
    c.until(RCC_CR, 1 << 25, 1 << 25)
        .poke(RCC_CFGR, cfgr | 2)
        .until(RCC_CFGR, 0xC, 8);
    c.poke(KEYR, KEY1).poke(KEYR, KEY2).poke(CR, PER);
    c.poke(AR, TARGET).poke(CR, PER | STRT).until(SR, BSY, 0);
    c.poke(CR, PG);
    for (at, half) in [(TARGET, WORD & 0xFFFF), (TARGET + 2, WORD >> 16)] {
        c.mov32(2, at)
            .mov32(3, half)
            .strh(3, 2, 0)
            .until(SR, BSY, 0);
    }
    c.poke(CR, 0);
}

/// L1: HSI 16 MHz x 6 / 3 in range 1; a word without a bit.
fn l1(c: &mut Code, mhz: u32) {
    const RCC_CR: u32 = 0x4002_3800;
    const RCC_CFGR: u32 = 0x4002_3808;
    const REGS: u32 = 0x4002_3C00;
    assert_eq!(mhz, 32);
    let cfgr = 2 << 18 | 2 << 22;
    c.poke(0x4002_3824, 1 << 28).poke(0x4000_7000, 1 << 11);
    c.until(0x4000_7004, 1 << 4, 0);
    c.poke(RCC_CR, 0x101).until(RCC_CR, 2, 2);
    c.poke(REGS, 4).until(REGS, 4, 4);
    c.poke(REGS, 6).poke(REGS, 7).until(REGS, 1, 1);
    c.poke(RCC_CFGR, cfgr).poke(RCC_CR, 0x100_0101);
    c.until(RCC_CR, 1 << 25, 1 << 25)
        .poke(RCC_CFGR, cfgr | 3)
        .until(RCC_CFGR, 0xC, 0xC);
    let (pecr, sr) = (REGS + 4, REGS + 0x18);
    c.poke(REGS + 0x0C, 0x89AB_CDEF)
        .poke(REGS + 0x0C, 0x0203_0405);
    c.poke(REGS + 0x10, 0x8C9D_AEBF)
        .poke(REGS + 0x10, 0x1314_1516);
    c.poke(pecr, 1 << 9).poke(pecr, 1 << 9 | 1 << 3);
    c.poke(TARGET, 0).until(sr, 1, 0).poke(pecr, 0);
    c.poke(TARGET, WORD).until(sr, 1, 0);
}

/// L4: HSI16 x 10 / 2 in range 1; a double word.
fn l4(c: &mut Code, mhz: u32) {
    const RCC_CR: u32 = 0x4002_1000;
    const RCC_CFGR: u32 = 0x4002_1008;
    const REGS: u32 = 0x4002_2000;
    assert_eq!(mhz, 80);
    c.poke(RCC_CR, 0x161).until(RCC_CR, 1 << 10, 1 << 10);
    c.poke(REGS, 0x704).until(REGS, 7, 4);
    c.poke(0x4002_100C, 2 | 10 << 8 | 1 << 24)
        .poke(RCC_CR, 0x100_0161);
    c.until(RCC_CR, 1 << 25, 1 << 25)
        .poke(RCC_CFGR, 3)
        .until(RCC_CFGR, 0xC, 0xC);
    let (keyr, sr, cr) = (REGS + 8, REGS + 0x10, REGS + 0x14);
    let page = 1 << 1 | ((TARGET - FLASH) / 2048) << 3;
    c.poke(keyr, KEY1).poke(keyr, KEY2).poke(cr, page);
    c.poke(cr, page | 1 << 16).until(sr, 1 << 16, 0);
    c.poke(cr, 1).poke(TARGET, WORD).poke(TARGET + 4, !WORD);
    c.until(sr, 1 << 16, 0).poke(cr, 0);
}

/// F4: HSE 8 MHz / 8 x 2 MHz / 2, over-drive above 168 MHz; sector 1, a word at x32.
fn f4(c: &mut Code, mhz: u32) {
    const RCC_CR: u32 = 0x4002_3800;
    const RCC_CFGR: u32 = 0x4002_3808;
    const PWR_CR: u32 = 0x4000_7000;
    const PWR_CSR: u32 = 0x4000_7004;
    const APB: u32 = 5 << 10 | 4 << 13;
    let scale = 3 << 14;
    c.poke(0x4002_3840, 1 << 28)
        .poke(PWR_CR, if mhz > 168 { scale } else { 1 << 14 });
    c.poke(RCC_CR, 0x1_0083).until(RCC_CR, 1 << 17, 1 << 17);
    c.poke(
        0x4002_3804,
        8 | (2 * mhz) << 6 | 1 << 22 | 7 << 24 | if mhz > 168 { 2 << 28 } else { 0 },
    );
    c.poke(RCC_CFGR, APB).poke(RCC_CR, 0x101_0083);
    c.until(RCC_CR, 1 << 25, 1 << 25)
        .until(PWR_CSR, 1 << 14, 1 << 14);
    if mhz > 168 {
        c.poke(PWR_CR, scale | 1 << 16)
            .until(PWR_CSR, 1 << 16, 1 << 16);
        c.poke(PWR_CR, scale | 3 << 16)
            .until(PWR_CSR, 1 << 17, 1 << 17);
    }
    c.poke(f4::ACR, 0x705).until(f4::ACR, 15, 5);
    c.poke(RCC_CFGR, APB | 2).until(RCC_CFGR, 0xC, 8);
    let erase = f4::X32 | f4::SER | f4::snb(1);
    c.poke(f4::KEYR, KEY1)
        .poke(f4::KEYR, KEY2)
        .poke(f4::SR, 0xF2);
    c.poke(f4::CR, erase)
        .poke(f4::CR, erase | f4::STRT)
        .until(f4::SR, f4::BSY, 0);
    c.poke(f4::CR, f4::X32 | f4::PG).poke(TARGET, WORD);
    c.until(f4::SR, f4::BSY, 0).poke(f4::CR, 0);
    // The old word may be in the data cache: off, reset, on.
    c.poke(f4::ACR, 0x105)
        .poke(f4::ACR, 0x1905)
        .poke(f4::ACR, 0x705);
}

fn family(name: &str) -> Family {
    let (erased, erase, code): (u32, Picos, fn(&mut Code, u32)) =
        match name.get(5..7).expect("stm32xx") {
            "f1" | "f3" => (!0, Picos::from_millis(40), fpec),
            "l1" => (0, Picos(3_940_000_000), l1),
            "l4" => (!0, Picos(24_470_000_000), l4),
            "f4" => (!0, Picos::from_millis(500), f4),
            other => panic!("{name}: how does a part of family {other} start up?"),
        };
    Family {
        erased,
        erase,
        code,
    }
}

fn comes_up(name: &str) {
    let chip = Chip::builtin(name).expect("built in");
    let hclk = Hertz::new(chip.clocks.max_hclk.hz);
    let family = family(name);
    let options = MachineOptions {
        hse: Some(Hertz::new(8_000_000)),
        timing: FlashTiming::from_spec(&chip.flash.timing, |t| t.max),
        ..options()
    };
    let mut b = Bench::with(chip, options);
    let mut code = Code::at(RESET);
    (family.code)(
        &mut code,
        u32::try_from(hclk.whole() / 1_000_000).expect("MHz"),
    );
    code.mov32(1, TARGET).ldr(0, 1, 0).bkpt(1);
    assert!(code.here() < TARGET);
    vectors(&mut b.machine, FLASH, RESET, HANDLER);
    Code::at(HANDLER).bkpt(2).load(&mut b.machine);
    code.load(&mut b.machine);
    let old: Vec<u8> = OLD.to_le_bytes().repeat(0x4000 / 4);
    b.machine.load(Addr(TARGET), &old).expect("flash");
    b.machine.power_on();

    let stop = b.run(Picos::SECOND);
    assert!(
        matches!(stop, Stop::Bkpt { imm: 1, .. }),
        "{name}: {stop:?}"
    );
    assert_eq!(b.machine.soc().clocks().hclk, hclk, "{name}");
    assert_eq!(
        b.machine.cpu().core.r[0],
        WORD,
        "{name}: as the core reads it"
    );
    assert_eq!(
        b.peek(TARGET + 8),
        family.erased,
        "{name}: the page is erased"
    );
    let log = b.machine.log();
    let operations = log.operations.kept.iter();
    let erases = operations.filter(|o| o.kind == OperationKind::PageErase);
    let erases: Vec<_> = erases
        .map(|o| (o.address.0, o.length, o.end - o.start))
        .collect();
    let [(TARGET, length, erase)] = erases[..] else {
        panic!("{name}: {erases:x?}");
    };
    assert_eq!(erase, family.erase, "{name}");
    assert_eq!(log.findings, [], "{name}");
    assert_eq!(log.unmodelled.len(), 0, "{name}: {:?}", log.unmodelled);
    assert_eq!(
        b.peek(TARGET + length - 4),
        family.erased,
        "{name}: to its end"
    );
    if length < 0x4000 {
        assert_eq!(b.peek(TARGET + length), OLD, "{name}: and no further");
    }
}

#[test]
fn each_built_in_part_comes_up_at_its_highest_clock_and_writes_its_flash() {
    let names: Vec<_> = Chip::names().collect();
    assert!(names.len() >= 27, "{names:?}");
    for name in names {
        comes_up(name);
    }
}
