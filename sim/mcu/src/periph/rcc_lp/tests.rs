use super::variant::{l1, l4};
use super::*;
use crate::Picos;
use crate::log::ResetRecord;
use crate::periph::testbench::Bench;
use flashstall_cpu::Addr;

const MHZ: u64 = 1_000_000;

fn bench(part: &str) -> Bench {
    let mut b = Bench::on(part, "RCC");
    b.reset();
    b
}

fn set(b: &mut Bench, offset: u32, bits: u32) {
    let old = b.read(offset);
    b.write(offset, old | bits);
}

fn soon(b: &mut Bench) {
    b.run_for(Picos::from_millis(3));
}

#[test]
fn reset_values_are_those_of_the_svd() {
    let mut b = bench("stm32l451xe");
    let values = [
        l4::CR,
        0x04,
        l4::CFGR,
        l4::PLLCFGR,
        0x48,
        0x4C,
        l4::BDCR,
        l4::CSR,
    ]
    .map(|at| b.read(at));
    assert_eq!(
        values,
        [0x63, 0x1000_0000, 0, 0x1000, 0x100, 0, 0, 0x0C00_0600]
    );
    assert_eq!(b.shared.clock.hclk(), Hertz::new(4 * MHZ));
    assert_eq!(b.try_read(0x24), Err(Refusal::Unmodelled));

    let mut b = bench("stm32l151xc");
    let values = [l1::CR, l1::ICSCR, l1::CFGR, l1::CIR, 0x1C, 0x28, l1::CSR].map(|at| b.read(at));
    assert_eq!(
        values,
        [0x300, 0xB000, 0, 0, 0x8000, 0x0101_903F, 0x0C00_0000]
    );
    assert_eq!(b.shared.clock.hclk(), Hertz::new(2_097_152));
}

#[test]
fn rdy_follows_on() {
    let mut b = bench("stm32l451xe");
    set(&mut b, l4::CR, 1 << 8);
    assert_eq!(b.read(l4::CR) >> 10 & 1, 0);
    b.run_for(Picos::from_micros(3));
    assert_eq!(b.read(l4::CR) >> 10 & 1, 1, "HSIRDY");
    b.shared.board.hse = None;
    set(&mut b, l4::CR, 1 << 16);
    b.run_for(Picos::SECOND);
    assert_eq!(b.read(l4::CR) >> 17 & 1, 0, "no crystal");
    assert!(b.shared.log.findings.iter().any(|f| f.rule == "no-crystal"));
    b.write(l4::CR, 0x61 | 1 << 10);
    assert_eq!(
        b.read(l4::CR) >> 10 & 1,
        0,
        "HSION and HSIRDY fall together"
    );
}

#[test]
fn the_l4_reaches_80_mhz() {
    let mut b = bench("stm32l451xe");
    b.write(l4::PLLCFGR, 2 | 10 << 8 | 1 << 24);
    set(&mut b, l4::CR, 1 << 24);
    soon(&mut b);
    assert_eq!(b.read(l4::CR) >> 25 & 1, 0, "HSI16 is off");
    set(&mut b, l4::CR, 1 << 8);
    soon(&mut b);
    assert_eq!(b.read(l4::CR) >> 25 & 1, 1);
    b.write(l4::CFGR, 3 | 4 << 8);
    assert_eq!(b.read(l4::CFGR) >> 2 & 3, 3);
    let clocks = &b.shared.clocks;
    assert_eq!(
        (clocks.hclk, clocks.pclk1, clocks.timclk1, clocks.pclk2),
        (
            Hertz::new(80 * MHZ),
            Hertz::new(40 * MHZ),
            Hertz::new(80 * MHZ),
            Hertz::new(80 * MHZ)
        )
    );
    assert_eq!(b.shared.log.findings, []);
}

#[test]
fn the_l1_reaches_32_mhz() {
    let mut b = bench("stm32l151xc");
    set(&mut b, l1::CR, 1);
    soon(&mut b);
    b.write(l1::CFGR, 2 << 18 | 2 << 22);
    set(&mut b, l1::CR, 1 << 24);
    soon(&mut b);
    set(&mut b, l1::CFGR, 3);
    assert_eq!(b.read(l1::CFGR) >> 2 & 3, 3);
    assert_eq!(b.shared.clock.hclk(), Hertz::new(32 * MHZ));
    assert_eq!(b.shared.clocks.usart[0], Hertz::new(32 * MHZ));
    assert_eq!(b.shared.log.findings, []);
}

#[test]
fn a_switch_waits_for_its_target() {
    let mut b = bench("stm32l151xc");
    b.write(l1::CFGR, 1);
    assert_eq!(b.read(l1::CFGR), 1, "SWS is still MSI");
    set(&mut b, l1::CR, 1);
    soon(&mut b);
    assert_eq!(b.read(l1::CFGR), 1 | 1 << 2);
    assert_eq!(b.shared.clock.hclk(), Hertz::new(16 * MHZ));
}

#[test]
fn the_clock_in_use_stays_on() {
    let mut b = bench("stm32l451xe");
    b.write(l4::CR, 0x62);
    assert_eq!(b.read(l4::CR), 0x63);
    b.write(l4::CR, 0x163);
    soon(&mut b);
    b.write(l4::PLLCFGR, 2 | 10 << 8 | 1 << 24);
    set(&mut b, l4::CR, 1 << 24);
    soon(&mut b);
    b.write(l4::CFGR, 3);
    b.write(l4::CR, 0x60);
    let cr = b.read(l4::CR);
    assert_eq!(
        (cr & 1, cr >> 8 & 1, cr >> 24 & 1),
        (0, 1, 1),
        "HSI feeds the PLL, MSI is free"
    );
}

#[test]
fn pll_settings_are_frozen_while_it_is_on() {
    let mut b = bench("stm32l451xe");
    b.write(l4::CR, 0x163);
    soon(&mut b);
    b.write(l4::PLLCFGR, 2 | 10 << 8);
    set(&mut b, l4::CR, 1 << 24);
    b.write(l4::PLLCFGR, 2 | 20 << 8 | 1 << 24);
    assert_eq!(
        b.read(l4::PLLCFGR),
        2 | 10 << 8 | 1 << 24,
        "PLLREN may be set"
    );
    assert!(
        b.shared
            .log
            .findings
            .iter()
            .any(|f| f.rule == "pll-changed-while-on")
    );
}

#[test]
fn msi_follows_its_range() {
    let mut b = bench("stm32l451xe");
    let hclk = |b: &Bench| b.shared.clock.hclk();
    b.write(l4::CR, 0x1 | 11 << 4);
    assert_eq!(hclk(&b), Hertz::new(4 * MHZ), "MSIRGSEL is 0");
    b.write(l4::CR, 0x9 | 11 << 4);
    assert_eq!(hclk(&b), Hertz::new(48 * MHZ));
    b.write(l4::CR, 0x9);
    assert_eq!(hclk(&b), Hertz::new(100_000));
    b.shared.board.lse = Some(Hertz::new(32_768));
    b.shared.backup_access = true;
    b.write(l4::BDCR, 1);
    b.run_for(Picos::SECOND + Picos::SECOND + Picos::from_millis(1));
    b.write(l4::CR, 0xD | 6 << 4);
    assert_eq!(hclk(&b), Hertz::new(122 * 32_768));

    let mut b = bench("stm32l151xc");
    b.write(l1::ICSCR, 6 << 13);
    assert_eq!(hclk(&b), Hertz::new(4_194_304));
    b.write(l1::ICSCR, 0);
    assert_eq!(hclk(&b), Hertz::new(65_536));
}

#[test]
fn usarts_choose_their_clock() {
    let mut b = bench("stm32l451xe");
    set(&mut b, l4::CR, 1 << 8);
    soon(&mut b);
    b.write(l4::CFGR, 4 << 8 | 5 << 11);
    b.write(l4::CCIPR, 0b01_10_00);
    let usart = b.shared.clocks.usart.map(|hz| hz.whole());
    assert_eq!(usart[..3], [MHZ, 16 * MHZ, 4 * MHZ], "PCLK2, HSI16, SYSCLK");
    b.write(l4::CCIPR, 3);
    assert_eq!(b.shared.clocks.usart[0], Hertz::STOPPED, "LSE is off");
}

#[test]
fn i2cs_choose_their_clock() {
    let mut b = bench("stm32l451xe");
    set(&mut b, l4::CR, 1 << 8);
    soon(&mut b);
    b.write(l4::CFGR, 4 << 8);
    b.write(l4::CCIPR, 0b10_01_00 << 12);
    let i2c = b.shared.clocks.i2c.map(|hz| hz.whole());
    assert_eq!(
        i2c[..3],
        [2 * MHZ, 4 * MHZ, 16 * MHZ],
        "PCLK1, SYSCLK, HSI16"
    );
}

#[test]
fn ready_interrupts() {
    let mut b = bench("stm32l451xe");
    b.write(l4::CIER, 1 << 3);
    set(&mut b, l4::CR, 1 << 8);
    soon(&mut b);
    assert_eq!(b.read(l4::CIFR), 1 << 3);
    assert!(b.shared.irq.is_high(5));
    b.write(l4::CICR, 1 << 3);
    assert_eq!(b.read(l4::CIFR), 0);
    assert!(!b.shared.irq.is_high(5));

    let mut b = bench("stm32l151xc");
    b.write(l1::CIR, 1 << 10);
    set(&mut b, l1::CR, 1);
    soon(&mut b);
    assert_eq!(b.read(l1::CIR), 1 << 10 | 1 << 2);
    b.write(l1::CIR, 1 << 10 | 1 << 18);
    assert_eq!(b.read(l1::CIR), 1 << 10);
}

#[test]
fn enables_and_resets_reach_their_peripherals() {
    for (part, enable, reset, bit) in [
        ("stm32l451xe", 0x60, 0x40, 14),
        ("stm32l151xc", 0x20, 0x14, 14),
    ] {
        let mut b = bench(part);
        let chip = crate::chip::Chip::builtin(part).expect("built in");
        let usart = chip
            .peripherals
            .iter()
            .position(|p| p.name == "USART1")
            .expect("there");
        assert!(!b.shared.clocked[usart], "{part}");
        b.write(enable, 1 << bit);
        assert!(b.shared.clocked[usart], "{part}");
        b.write(reset, 1 << bit);
        assert!(
            b.sent
                .contains(&Signal::PeripheralReset(PeripheralId(usart))),
            "{part}"
        );
    }
}

#[test]
fn the_backup_domain_needs_dbp() {
    for (part, register, on) in [
        ("stm32l451xe", l4::BDCR, 1),
        ("stm32l151xc", l1::CSR, 1 << 8),
    ] {
        let mut b = bench(part);
        set(&mut b, register, on);
        assert_eq!(b.read(register) & on, 0, "{part}");
        assert!(
            b.shared
                .log
                .findings
                .iter()
                .any(|f| f.rule == "backup-domain-closed")
        );
        b.shared.backup_access = true;
        set(&mut b, register, on);
        assert_eq!(b.read(register) & on, on, "{part}");
        b.shared.log.resets.push(ResetRecord {
            at: Picos::ZERO,
            cause: ResetCause::Software,
            pc: Addr(0),
        });
        b.reset();
        assert_eq!(b.read(register) & on, on, "{part} keeps it");
    }
}

#[test]
fn causes_are_kept_until_rmvf() {
    for (part, csr, rmvf) in [
        ("stm32l451xe", l4::CSR, 1 << 23),
        ("stm32l151xc", l1::CSR, 1 << 24),
    ] {
        let mut b = bench(part);
        set(&mut b, csr, rmvf);
        assert_eq!(b.read(csr) & CAUSES, 0, "{part}");
        assert_eq!(b.read(csr) & rmvf, 0, "{part}");
        b.shared.log.resets.push(ResetRecord {
            at: Picos::ZERO,
            cause: ResetCause::IndependentWatchdog,
            pc: Addr(0),
        });
        b.reset();
        b.reset();
        assert_eq!(b.read(csr) & CAUSES, IWDGRSTF | PINRSTF, "{part}");
        set(&mut b, csr, rmvf);
        b.reset();
        assert_eq!(b.read(csr) & CAUSES, 0, "{part}");
    }
}
