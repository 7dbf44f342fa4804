use super::bits::{AHBENR, APB1ENR, APB2ENR, APB2RSTR, BDCR, CFGR, CFGR2, CFGR3, CIR, CR, CSR};
use super::*;
use crate::Picos;
use crate::log::ResetRecord;
use crate::periph::Signal;
use crate::periph::testbench::{Bench, spec};
use flashstall_cpu::Addr;

const SW_HSE: u32 = 1;
const SW_PLL: u32 = 2;
const PLLMUL_9: u32 = 7 << 18;
const MHZ: u64 = 1_000_000;

/// RCC after power-on, on a board with an 8 MHz crystal.
fn bench() -> Bench {
    let mut b = Bench::new(&spec("RCC"));
    b.shared.board.hse = Some(Hertz::new(8 * MHZ));
    b.reset();
    b
}

fn sws(b: &mut Bench) -> u32 {
    b.read(CFGR) >> 2 & 3
}

fn set(b: &mut Bench, offset: u32, bits: u32) {
    let old = b.read(offset);
    b.write(offset, old | bits);
}

#[test]
fn reset_values_are_those_of_the_svd() {
    let mut b = bench();
    let values = [
        CR, CFGR, CIR, AHBENR, APB2ENR, APB1ENR, BDCR, CSR, CFGR2, CFGR3,
    ]
    .map(|at| b.read(at));
    assert_eq!(values, [0x83, 0, 0, 0x14, 0, 0, 0, 0x0C00_0000, 0, 0]);
    assert_eq!(b.shared.clock.hclk(), Hertz::new(8 * MHZ));
    assert_eq!(b.try_read(0x34), Err(Refusal::Unmodelled));
}

#[test]
fn hse_is_ready_after_its_start_up_time() {
    let mut b = bench();
    set(&mut b, CR, Cr::HSEON.bits());
    b.run_for(HSE_START - Picos::from_micros(1));
    assert_eq!(b.read(CR) & Cr::HSERDY.bits(), 0);
    b.run_for(Picos::from_micros(2));
    assert_ne!(b.read(CR) & Cr::HSERDY.bits(), 0);
    assert_eq!(b.shared.clocks.hse, Hertz::new(8 * MHZ));
}

#[test]
fn without_a_crystal_hse_is_never_ready() {
    let mut b = bench();
    b.shared.board.hse = None;
    set(&mut b, CR, Cr::HSEON.bits());
    b.run_for(Picos::SECOND);
    assert_eq!(b.read(CR) & Cr::HSERDY.bits(), 0);
    assert!(b.shared.log.findings.iter().any(|f| f.rule == "no-crystal"));
}

#[test]
fn the_pll_waits_for_its_input() {
    let mut b = bench();
    b.write(CFGR, Cfgr::PLLSRC.bits() | PLLMUL_9);
    set(&mut b, CR, Cr::PLLON.bits());
    b.run_for(Picos::from_millis(5));
    assert_eq!(b.read(CR) & Cr::PLLRDY.bits(), 0, "HSE is off");
    set(&mut b, CR, Cr::HSEON.bits());
    b.run_for(HSE_START + Picos::from_micros(201));
    assert_ne!(b.read(CR) & Cr::PLLRDY.bits(), 0);
}

#[test]
fn a_switch_to_a_clock_that_is_not_ready_waits_for_it() {
    let mut b = bench();
    set(&mut b, CR, Cr::HSEON.bits());
    b.write(CFGR, SW_HSE);
    assert_eq!(sws(&mut b), 0);
    b.run_for(HSE_START + Picos::from_micros(1));
    assert_eq!(sws(&mut b), SW_HSE);
}

/// What start-up code does: HSE, PLL times 9, APB1 at half.
fn to_72_mhz(b: &mut Bench) {
    set(b, CR, Cr::HSEON.bits());
    b.run_for(HSE_START + Picos::from_micros(1));
    b.write(CFGR, Cfgr::PLLSRC.bits() | PLLMUL_9 | 4 << 8);
    set(b, CR, Cr::PLLON.bits());
    b.run_for(Picos::from_micros(201));
    set(b, CFGR, SW_PLL);
}

#[test]
fn the_usual_start_up_ends_at_72_mhz() {
    let mut b = bench();
    to_72_mhz(&mut b);
    assert_eq!(sws(&mut b), SW_PLL);
    assert_eq!(b.shared.clock.hclk(), Hertz::new(72 * MHZ));
    assert_eq!(b.shared.clocks.pclk1, Hertz::new(36 * MHZ));
    assert!(b.sent.contains(&Signal::ClocksChanged));
    assert_eq!(b.shared.log.findings, []);
}

#[test]
fn the_clock_in_use_cannot_be_switched_off() {
    let mut b = bench();
    to_72_mhz(&mut b);
    b.write(CR, Cr::HSION.bits());
    let cr = b.read(CR);
    assert_eq!(
        cr & (Cr::HSEON | Cr::PLLON).bits(),
        (Cr::HSEON | Cr::PLLON).bits()
    );
    b.write(CR, (Cr::HSEON | Cr::PLLON).bits());
    assert_eq!(b.read(CR) & Cr::HSIRDY.bits(), 0, "HSI is free to stop");
    assert!(!b.shared.clocks.hsi.is_running());
}

#[test]
fn pll_settings_are_frozen_while_it_is_on() {
    let mut b = bench();
    b.write(CFGR, PLLMUL_9);
    set(&mut b, CR, Cr::PLLON.bits());
    b.write(CFGR, 0);
    b.write(CFGR2, 3);
    assert_eq!((b.read(CFGR), b.read(CFGR2)), (PLLMUL_9, 0));
    assert!(
        b.shared
            .log
            .findings
            .iter()
            .any(|f| f.rule == "pll-changed-while-on")
    );
}

#[test]
fn pllxtpre_is_the_low_bit_of_prediv() {
    let mut b = bench();
    b.write(CFGR, Cfgr::PLLXTPRE.bits());
    assert_eq!(b.read(CFGR2), 1);
    b.write(CFGR2, 0xE);
    assert_eq!(b.read(CFGR), 0);
}

#[test]
fn a_ready_interrupt_is_raised_and_cleared() {
    let mut b = bench();
    b.write(CIR, Cir::HSERDYIE.bits());
    set(&mut b, CR, Cr::HSEON.bits());
    b.run_for(HSE_START + Picos::from_micros(1));
    assert_eq!(b.read(CIR), (Cir::HSERDYIE | Cir::HSERDYF).bits());
    assert!(b.shared.irq.is_high(5));
    b.write(CIR, Cir::HSERDYF.bits() << Cir::CLEAR_SHIFT);
    assert_eq!(b.read(CIR), 0);
    assert!(!b.shared.irq.is_high(5));
}

#[test]
fn clock_enables_and_reset_bits_reach_their_peripherals() {
    let mut b = bench();
    let usart1 = Bench::id_of("USART1");
    assert!(!b.shared.clocked[usart1.0], "off after reset");
    assert!(b.shared.clocked[Bench::id_of("IWDG").0], "has no gate");
    b.write(APB2ENR, 1 << 14);
    assert!(b.shared.clocked[usart1.0]);
    b.sent.clear();
    b.write(APB2RSTR, 1 << 14);
    b.write(APB2RSTR, 1 << 14);
    b.write(APB2RSTR, 0);
    assert_eq!(
        b.sent,
        [Signal::PeripheralReset(usart1)],
        "at its rise, once"
    );
}

#[test]
fn the_backup_domain_needs_dbp_and_survives_a_reset() {
    let mut b = bench();
    b.shared.board.lse = Some(Hertz::new(32_768));
    b.write(BDCR, Bdcr::LSEON.bits());
    assert_eq!(b.read(BDCR), 0);
    b.shared.backup_access = true;
    b.write(BDCR, Bdcr::LSEON.bits());
    b.reset();
    b.run_for(Picos::from_millis(2_001));
    assert_eq!(b.read(BDCR), (Bdcr::LSEON | Bdcr::LSERDY).bits());
    b.write(BDCR, Bdcr::BDRST.bits());
    assert_eq!(b.read(BDCR), Bdcr::BDRST.bits());
}

#[test]
fn reset_causes_are_kept_until_rmvf() {
    let mut b = bench();
    let cause = |b: &mut Bench, cause| {
        b.shared.log.resets.push(ResetRecord {
            at: b.now(),
            cause,
            pc: Addr(0),
        });
        b.reset();
        b.read(CSR)
    };
    b.write(CSR, Csr::RMVF.bits());
    assert_eq!(b.read(CSR), 0);
    assert_eq!(
        cause(&mut b, ResetCause::IndependentWatchdog),
        (Csr::IWDGRSTF | Csr::PINRSTF).bits()
    );
    let both = Csr::IWDGRSTF | Csr::SFTRSTF | Csr::PINRSTF;
    assert_eq!(cause(&mut b, ResetCause::Software), both.bits());
}

#[test]
fn lsi_is_ready_85_us_after_it_is_switched_on() {
    let mut b = bench();
    b.write(CSR, Csr::LSION.bits());
    b.run_for(Picos::from_micros(86));
    assert_ne!(b.read(CSR) & Csr::LSIRDY.bits(), 0);
}

#[test]
fn a_reset_returns_to_hsi() {
    let mut b = bench();
    to_72_mhz(&mut b);
    b.reset();
    assert_eq!(b.shared.clock.hclk(), Hertz::new(8 * MHZ));
    assert_eq!(b.read(CR), 0x83);
}

#[test]
fn too_fast_a_core_clock_is_a_finding() {
    let mut b = bench();
    set(&mut b, CR, Cr::HSEON.bits());
    b.run_for(HSE_START + Picos::from_micros(1));
    b.write(CFGR, Cfgr::PLLSRC.bits() | 14 << 18);
    set(&mut b, CR, Cr::PLLON.bits());
    b.run_for(Picos::from_micros(201));
    set(&mut b, CFGR, SW_PLL);
    assert!(
        b.shared
            .log
            .findings
            .iter()
            .any(|f| f.rule == "hclk-too-fast"),
        "128 MHz"
    );
}

#[test]
fn the_f1_ends_at_csr() {
    let mut b = Bench::on("stm32f103xb", "RCC");
    b.reset();
    let values = [CR, CFGR, CIR, AHBENR, APB2ENR, APB1ENR, BDCR, CSR].map(|at| b.read(at));
    assert_eq!(values, [0x83, 0, 0, 0x14, 0, 0, 0, 0x0C00_0000]);
    for offset in [0x28, CFGR2, CFGR3] {
        assert_eq!(b.try_read(offset), Err(Refusal::Unmodelled));
        assert_eq!(b.device.register_name(offset), None);
    }
    b.write(CFGR, 0xFFFF_FFFC);
    assert_eq!(
        b.read(CFGR),
        0x077F_FFF0,
        "ADCPRE, no I2SSRC, SWS follows SW"
    );
}

#[test]
fn the_f1_runs_at_72_mhz_too() {
    let mut b = Bench::on("stm32f103xb", "RCC");
    b.shared.board.hse = Some(Hertz::new(8 * MHZ));
    b.reset();
    to_72_mhz(&mut b);
    // ADCPRE is no setting of the PLL.
    set(&mut b, CFGR, 3 << 14);
    assert_eq!(b.read(CFGR) >> 14 & 3, 3);
    assert_eq!(b.shared.clock.hclk(), Hertz::new(72 * MHZ));
    assert_eq!(b.shared.log.findings, []);
}

#[test]
fn the_f100_has_cfgr2() {
    let mut b = Bench::on("stm32f100xb", "RCC");
    b.shared.board.hse = Some(Hertz::new(8 * MHZ));
    b.reset();
    assert_eq!(b.try_read(0x28), Err(Refusal::Unmodelled), "no AHBRSTR");
    assert_eq!(b.try_read(CFGR3), Err(Refusal::Unmodelled));
    set(&mut b, CR, Cr::HSEON.bits());
    b.run_for(HSE_START + Picos::from_micros(1));
    // 8 MHz / 2 x 6
    b.write(CFGR2, 1);
    b.write(CFGR, Cfgr::PLLSRC.bits() | Cfgr::PLLXTPRE.bits() | 4 << 18);
    set(&mut b, CR, Cr::PLLON.bits());
    b.run_for(Picos::from_micros(201));
    set(&mut b, CFGR, SW_PLL);
    assert_eq!(b.shared.clock.hclk(), Hertz::new(24 * MHZ));
    assert_eq!(b.shared.log.findings, []);
}

#[test]
fn usart1_of_a_small_f303_hangs_on_pclk1() {
    for (part, usart1) in [("stm32f303x8", 4), ("stm32f303xc", 8)] {
        let mut b = Bench::on(part, "RCC");
        b.reset();
        b.write(CFGR, 4 << 8);
        assert_eq!(b.shared.clocks.usart[0], Hertz::new(usart1 * MHZ), "{part}");
    }
}
