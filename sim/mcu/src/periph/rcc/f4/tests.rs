use super::bits::{CKGATENR, DCKCFGR, DCKCFGR2, Pllcfgr};
use super::*;
use crate::Picos;
use crate::log::ResetRecord;
use crate::periph::Signal;
use crate::periph::testbench::Bench;
use flashstall_cpu::Addr;

const MHZ: u64 = 1_000_000;
const HSE_START: Picos = Oscillator::Hse.start_up();
const LOCK: Picos = Oscillator::Pll.start_up();
/// 8 MHz / 8 x 336 / 2, Q 7, from HSE.
const PLL_168: u32 = 8 | 336 << 6 | 1 << 22 | 7 << 24;

/// RCC after power-on, on a board with an 8 MHz crystal.
fn bench_of(part: &str) -> Bench {
    let mut b = Bench::on(part, "RCC");
    b.shared.board.hse = Some(Hertz::new(8 * MHZ));
    b.reset();
    b
}

fn bench() -> Bench {
    bench_of("stm32f429xi")
}

fn set(b: &mut Bench, offset: u32, bits: u32) {
    let old = b.read(offset);
    b.write(offset, old | bits);
}

fn sws(b: &mut Bench) -> u32 {
    b.read(CFGR) >> 2 & 3
}

fn found(b: &Bench, rule: &str) -> bool {
    b.shared.log.findings.iter().any(|f| f.rule == rule)
}

/// What start-up code does: HSE, PLL, APB1 at a quarter, APB2 at half.
fn to_168_mhz(b: &mut Bench) {
    set(b, CR, Cr::HSEON.bits());
    b.run_for(HSE_START);
    b.write(PLLCFGR, PLL_168);
    b.write(CFGR, 5 << 10 | 4 << 13);
    set(b, CR, Cr::PLLON.bits());
    b.run_for(LOCK);
    set(b, CFGR, 2);
}

#[test]
fn reset_values_are_those_of_the_svd() {
    let mut b = bench();
    let expected = [
        (CR, 0x83),
        (PLLCFGR, 0x2400_3010),
        (CFGR, 0),
        (CIR, 0),
        (AHB1RSTR, 0),
        (AHB1ENR, 0x0010_0000),
        (0x34, 0),
        (0x38, 0),
        (0x40, 0),
        (0x44, 0),
        (AHB1LPENR, 0x7E67_91FF),
        (0x60, 0x36FE_C9FF),
        (BDCR, 0),
        (CSR, 0x0E00_0000),
        (SSCGR, 0),
        (PLLI2SCFGR, 0x2000_3000),
        (PLLSAICFGR, 0x2400_3000),
        (DCKCFGR, 0),
    ];
    for (offset, value) in expected {
        assert_eq!(b.read(offset), value, "offset {offset:#x}");
        assert!(b.device.register_name(offset).is_some());
    }
    assert_eq!(b.shared.clock.hclk(), Hertz::new(16 * MHZ));
    for hole in [0x1C, 0x28, 0x3C, 0x68, 0x78, 0x98] {
        assert_eq!(b.try_read(hole), Err(Refusal::Unmodelled), "{hole:#x}");
    }
}

#[test]
fn the_usual_start_up_ends_at_168_mhz() {
    let mut b = bench();
    set(&mut b, CR, Cr::HSEON.bits());
    b.run_for(HSE_START - Picos(1));
    assert_eq!(b.read(CR) & Cr::HSERDY.bits(), 0);
    b.run_for(Picos(1));
    assert_ne!(b.read(CR) & Cr::HSERDY.bits(), 0);
    assert!(!b.shared.pll_locked);
    to_168_mhz(&mut b);
    assert!(b.shared.pll_locked);
    assert_eq!(sws(&mut b), 2);
    assert_eq!(b.shared.clock.hclk(), Hertz::new(168 * MHZ));
    assert_eq!(b.shared.clocks.pclk1, Hertz::new(42 * MHZ));
    assert_eq!(b.shared.clocks.timclk2, Hertz::new(168 * MHZ));
    assert!(b.sent.contains(&Signal::ClocksChanged));
    assert_eq!(b.shared.log.findings, []);
}

#[test]
fn without_a_crystal_hse_is_never_ready() {
    let mut b = bench();
    b.shared.board.hse = None;
    set(&mut b, CR, Cr::HSEON.bits());
    b.run_for(Picos::SECOND);
    assert_eq!(b.read(CR) & Cr::HSERDY.bits(), 0);
    assert!(found(&b, "no-crystal"));
}

#[test]
fn the_pll_waits_for_its_input() {
    let mut b = bench();
    b.write(PLLCFGR, PLL_168);
    set(&mut b, CR, Cr::PLLON.bits());
    b.run_for(Picos::from_millis(5));
    assert_eq!(b.read(CR) & Cr::PLLRDY.bits(), 0, "HSE is off");
    set(&mut b, CR, Cr::HSEON.bits());
    b.run_for(HSE_START + LOCK);
    assert_ne!(b.read(CR) & Cr::PLLRDY.bits(), 0);
}

#[test]
fn wrong_factors_never_lock() {
    let mut b = bench();
    b.write(PLLCFGR, 1 | 336 << 6);
    set(&mut b, CR, Cr::PLLON.bits());
    b.run_for(Picos::from_millis(5));
    assert_eq!(b.read(CR) & Cr::PLLRDY.bits(), 0);
    assert!(found(&b, "pll-wrong-configuration"));
}

#[test]
fn a_switch_to_a_clock_that_is_not_ready_waits_for_it() {
    let mut b = bench();
    set(&mut b, CR, Cr::HSEON.bits());
    b.write(CFGR, 1);
    assert_eq!(sws(&mut b), 0);
    b.run_for(HSE_START);
    assert_eq!(sws(&mut b), 1);
    b.write(CFGR, 3);
    assert_eq!(sws(&mut b), 1);
    assert!(found(&b, "sysclk-reserved"));
}

#[test]
fn pll_r_is_a_system_clock_of_the_f446() {
    let mut b = bench_of("stm32f446xe");
    set(&mut b, CR, Cr::HSEON.bits());
    b.run_for(HSE_START);
    b.write(PLLCFGR, PLL_168 | 4 << 28);
    b.write(CFGR, 5 << 10 | 4 << 13);
    set(&mut b, CR, Cr::PLLON.bits());
    b.run_for(LOCK);
    set(&mut b, CFGR, 3);
    assert_eq!(sws(&mut b), 3);
    assert_eq!(b.shared.clock.hclk(), Hertz::new(84 * MHZ), "336 / 4");
}

#[test]
fn the_clock_in_use_cannot_be_switched_off() {
    let mut b = bench();
    to_168_mhz(&mut b);
    b.write(CR, Cr::HSION.bits());
    let needed = (Cr::HSEON | Cr::PLLON).bits();
    assert_eq!(b.read(CR) & needed, needed);
    assert!(found(&b, "sysclk-switched-off"));
    b.write(CR, needed);
    assert_eq!(b.read(CR) & Cr::HSIRDY.bits(), 0, "HSI is free to stop");
}

#[test]
fn pll_settings_are_frozen_while_it_is_on() {
    let mut b = bench();
    b.write(PLLCFGR, 16 | 192 << 6);
    set(&mut b, CR, (Cr::PLLON | Cr::PLLI2SON).bits());
    b.write(PLLCFGR, PLL_168);
    b.write(PLLI2SCFGR, 2 << 28 | 100 << 6);
    b.write(PLLSAICFGR, 2 << 28 | 100 << 6);
    assert_eq!(b.read(PLLCFGR), 16 | 192 << 6);
    assert_eq!(b.read(PLLI2SCFGR), 0x2000_3000);
    assert_eq!(b.read(PLLSAICFGR), 2 << 28 | 100 << 6, "this one is off");
    assert!(found(&b, "pll-changed-while-on"));
}

#[test]
fn the_other_plls_become_ready() {
    let mut b = bench();
    b.write(CIR, Cir::PLLSAIRDYF.bits() << Cir::ENABLE_SHIFT);
    set(&mut b, CR, (Cr::PLLI2SON | Cr::PLLSAION).bits());
    b.run_for(LOCK);
    let ready = (Cr::PLLI2SRDY | Cr::PLLSAIRDY).bits();
    assert_eq!(b.read(CR) & ready, ready);
    assert!(b.shared.irq.is_high(5));
    let mut f405 = bench_of("stm32f405xg");
    set(&mut f405, CR, Cr::PLLSAION.bits());
    f405.run_for(LOCK);
    assert_eq!(f405.read(CR), 0x83, "no PLLSAI");
}

#[test]
fn a_ready_interrupt_is_raised_and_cleared() {
    let mut b = bench();
    b.write(CIR, Cir::HSERDYF.bits() << Cir::ENABLE_SHIFT);
    set(&mut b, CR, Cr::HSEON.bits());
    b.run_for(HSE_START);
    assert_eq!(b.read(CIR), 0x0808);
    assert!(b.shared.irq.is_high(5));
    b.write(CIR, Cir::HSERDYF.bits() << Cir::CLEAR_SHIFT);
    assert_eq!(b.read(CIR), 0);
    assert!(!b.shared.irq.is_high(5));
}

#[test]
fn clock_enables_and_reset_bits_reach_their_peripherals() {
    let mut b = bench();
    let (usart1, dma2) = ["USART1", "DMA2"]
        .map(|n| Bench::id_on("stm32f429xi", n))
        .into();
    assert!(!b.shared.clocked[usart1.0], "off after reset");
    b.write(0x44, 1 << 4);
    assert!(b.shared.clocked[usart1.0] && !b.shared.clocked[dma2.0]);
    b.write(AHB1ENR, 1 << 22);
    assert!(b.shared.clocked[dma2.0]);
    b.sent.clear();
    b.write(0x24, 1 << 4);
    b.write(0x24, 1 << 4);
    assert_eq!(
        b.sent,
        [Signal::PeripheralReset(usart1)],
        "once, at the rise"
    );
}

#[test]
fn the_backup_domain_needs_dbp_and_survives_a_reset() {
    let mut b = bench();
    b.shared.board.lse = Some(Hertz::new(32_768));
    b.write(BDCR, Bdcr::LSEON.bits());
    assert_eq!(b.read(BDCR), 0);
    assert!(found(&b, "backup-domain-closed"));
    b.shared.backup_access = true;
    b.write(BDCR, (Bdcr::LSEON | Bdcr::LSEMOD).bits());
    b.run_for(Oscillator::Lse.start_up());
    b.reset();
    assert_eq!(
        b.read(BDCR),
        (Bdcr::LSEON | Bdcr::LSERDY).bits(),
        "no LSEMOD here"
    );
    b.write(BDCR, Bdcr::BDRST.bits());
    assert_eq!(b.read(BDCR), Bdcr::BDRST.bits());
}

#[test]
fn reset_causes_are_kept_until_rmvf() {
    let mut b = bench();
    b.write(CSR, Csr::RMVF.bits());
    assert_eq!(b.read(CSR), 0);
    b.shared.log.resets.push(ResetRecord {
        at: b.now(),
        cause: ResetCause::IndependentWatchdog,
        pc: Addr(0),
    });
    b.reset();
    assert_eq!(b.read(CSR), (Csr::IWDGRSTF | Csr::PINRSTF).bits());
}

#[test]
fn lsi_follows_lsion() {
    let mut b = bench();
    b.write(CSR, Csr::LSION.bits());
    b.run_for(Oscillator::Lsi.start_up());
    assert_ne!(b.read(CSR) & Csr::LSIRDY.bits(), 0);
}

#[test]
fn lines_differ_in_their_registers() {
    let mut f405 = bench_of("stm32f405xg");
    for offset in [PLLSAICFGR, DCKCFGR, CKGATENR, DCKCFGR2] {
        assert_eq!(f405.try_read(offset), Err(Refusal::Unmodelled));
        assert_eq!(f405.device.register_name(offset), None);
    }
    let mut f446 = bench_of("stm32f446xe");
    f446.write(DCKCFGR2, 1 << 27);
    assert_eq!(f446.read(DCKCFGR2), 1 << 27);
    f446.write(PLLI2SCFGR, 5 | 1 << 16);
    assert_eq!(f446.read(PLLI2SCFGR), 5 | 1 << 16, "M and P");
    let mut f429 = bench();
    f429.write(PLLI2SCFGR, 5 | 1 << 16);
    assert_eq!(f429.read(PLLI2SCFGR), 0);
}

#[test]
fn clocks_out_of_range_are_told() {
    let mut b = bench();
    set(&mut b, CR, Cr::HSEON.bits());
    b.run_for(HSE_START);
    // 8 MHz / 2 x 112 / 2: the input is too fast, and HCLK too.
    b.write(PLLCFGR, 2 | 112 << 6 | Pllcfgr::PLLSRC.bits());
    set(&mut b, CR, Cr::PLLON.bits());
    b.run_for(LOCK);
    b.write(CFGR, 2);
    let rules = [
        "hclk-too-fast",
        "pclk-too-fast",
        "pll-input-out-of-range",
        "pll-vco-out-of-range",
    ];
    assert_eq!(rules.map(|rule| found(&b, rule)), [true; 4]);
}

#[test]
fn spread_spectrum_is_told() {
    let mut b = bench();
    assert_eq!(b.try_write(SSCGR, SSCGEN | 5), Err(Refusal::Unmodelled));
    assert_eq!(b.read(SSCGR), SSCGEN | 5, "kept");
}

#[test]
fn a_reset_returns_to_hsi() {
    let mut b = bench();
    to_168_mhz(&mut b);
    b.reset();
    assert_eq!(b.shared.clock.hclk(), Hertz::new(16 * MHZ));
    assert_eq!((b.read(CR), b.read(PLLCFGR)), (0x83, 0x2400_3010));
    assert!(!b.shared.pll_locked);
}
