//! Reset and clock control of STM32F3 and STM32F1, whose registers are those of the F3 up to CSR.
//!
//! Sources: svd/STM32F303.svd (offsets, bits, reset values) and RM0364 ch. 8 (F334, same block) as proxy for RM0316.
//! Offsets, bits and reset values were compared with the SVD. Behaviour that is cited by manual section is from memory \[M\] unless
//! the row says otherwise: neither RM0316 nor these chapters of RM0364 were available.
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | reset values | SVD | `reset_values_are_those_of_the_svd` |
//! | RDY follows ON after the start-up time ([`startup`]); no crystal, no HSERDY | RM0364 RCC_CR; design of the board | `hse_is_ready_after_its_start_up_time`, `without_a_crystal_hse_is_never_ready` |
//! | the PLL locks once its input runs | RM0364 §PLL | `the_pll_waits_for_its_input` |
//! | SW switches when the target is ready, SWS tells | RM0364 §system clock selection | `a_switch_to_a_clock_that_is_not_ready_waits_for_it` |
//! | the oscillator behind SYSCLK cannot be switched off | RM0364 RCC_CR HSION, HSEON, PLLON | `the_clock_in_use_cannot_be_switched_off` |
//! | PLLSRC, PLLMUL, PREDIV are frozen while the PLL is on | RM0364 RCC_CFGR | `pll_settings_are_frozen_while_it_is_on` |
//! | PLLXTPRE is PREDIV bit 0 | RM0364 RCC_CFGR.PLLXTPRE | `pllxtpre_is_the_low_bit_of_prediv` |
//! | prescalers, kernel clocks | [`tree`] | tests there |
//! | ready interrupts: flag if enabled, cleared by CIR.xC | RM0364 RCC_CIR | `a_ready_interrupt_is_raised_and_cleared` |
//! | clock enables, reset bits | chip file | `clock_enables_and_reset_bits_reach_their_peripherals` |
//! | BDCR is closed until PWR_CR.DBP, and survives a system reset | RM0364 §backup domain | `the_backup_domain_needs_dbp_and_survives_a_reset` |
//! | reset causes, RMVF; every reset pulls NRST low, so PINRSTF comes along | RM0364 RCC_CSR; \[M\] for PINRSTF | `reset_causes_are_kept_until_rmvf` |
//! | F100: CFGR2 with PREDIV, no AHBRSTR | cmsis_device_f1 stm32f100xb.h | `the_f100_has_cfgr2` |
//! | F303x6, x8: USART1SW 0 is PCLK1 | RM0364 RCC_CFGR3.USART1SW | `usart1_of_a_small_f303_hangs_on_pclk1` |
//! | F1: no AHBRSTR, CFGR2, CFGR3, OBLRSTF; ADCPRE in CFGR; no LSEDRV | svd/STM32F103.svd | `the_f1_ends_at_csr`, `the_f1_runs_at_72_mhz_too` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | clock security system | a board's crystal does not fail here | CSSON is kept, CSSF never set |
//! | MCO, I2S and USB clocks, ADC prescalers | nothing that is modelled hangs on them | bits are kept |
//! | LSI forced on by IWDG | no firmware reads LSIRDY for it | LSIRDY follows LSION only |
//! | the few cycles of a switch, of RDY falling, of a clock enable | far below a bit time | immediate |
//! | a peripheral held in reset | firmware pulses the bit | reset at the rise of the bit, then it runs |

mod bits;
mod f4;
mod gates;
mod oscillators;
mod startup;
mod tree;
mod variant;

use crate::Hertz;
use crate::chip::PeripheralSpec;
use crate::log::ResetCause;
use crate::periph::build::{BuildError, int, only_irq};
use crate::periph::registers::name_of;
use crate::periph::{Cx, Peripheral, Refusal, Register};
use crate::sched::EventId;
use bits::{
    Bdcr, CFGR2_PREDIV, CFGR2_PREDIV_0, CFGR2_WRITABLE, CFGR3_WRITABLE, Cfgr, Cir, Cr, Csr,
};
pub(super) use f4::RccF4;
use gates::Gates;
use startup::Oscillator;
use tree::SystemClock;
pub(super) use tree::{ahb_divider, apb_divider};
use variant::Variant;

/// The clock-enable registers; the place in the list is the number of the bus.
const BUSES: [&str; 3] = ["AHBENR", "APB1ENR", "APB2ENR"];
/// What they hold after reset.
const ENABLES_RESET: [u32; 5] = [bits::AHBENR_RESET, 0, 0, 0, 0];

/// RCC.
#[derive(Clone, Debug)]
pub(super) struct Rcc {
    irq: u16,
    variant: Variant,
    max_hclk: Hertz,
    wide_pllsrc: bool,
    /// USART1SW 0 is PCLK1 (F303x6, x8).
    usart1_on_apb1: bool,
    /// HSI and LSI as the chip has them, learnt from the clock tree at power-on.
    nominal: Option<(Hertz, Hertz)>,
    cr: Cr,
    cfgr: u32,
    cfgr2: u32,
    cfgr3: u32,
    cir: Cir,
    gates: Gates,
    bdcr: Bdcr,
    csr: Csr,
    /// How many of the log's resets CSR knows of.
    resets_seen: usize,
    /// What SYSCLK is taken from now (SWS).
    source: SystemClock,
    /// The event at which each oscillator becomes ready.
    starting: [Option<EventId>; 5],
}

impl Rcc {
    pub(super) fn f1(spec: &PeripheralSpec, all: &[PeripheralSpec]) -> Result<Self, BuildError> {
        Self::build(spec, all, variant::F1)
    }

    pub(super) fn f100(spec: &PeripheralSpec, all: &[PeripheralSpec]) -> Result<Self, BuildError> {
        Self::build(spec, all, variant::F100)
    }

    pub(super) fn f3(spec: &PeripheralSpec, all: &[PeripheralSpec]) -> Result<Self, BuildError> {
        Self::build(spec, all, variant::F3)
    }

    fn build(
        spec: &PeripheralSpec,
        all: &[PeripheralSpec],
        variant: Variant,
    ) -> Result<Self, BuildError> {
        Ok(Self {
            irq: only_irq(spec)?,
            variant,
            max_hclk: Hertz::new(int(spec, "hclk_max")?.unwrap_or(72_000_000)),
            wide_pllsrc: int(spec, "pll_source_bits")? == Some(2),
            usart1_on_apb1: int(spec, "usart1_apb")? == Some(1),
            nominal: None,
            cr: Cr::HSION
                .union(Cr::HSIRDY)
                .union(Cr::from_bits_retain(bits::HSITRIM_RESET)),
            cfgr: 0,
            cfgr2: 0,
            cfgr3: 0,
            cir: Cir::empty(),
            gates: Gates::build(all, &BUSES, ENABLES_RESET)?,
            bdcr: Bdcr::empty(),
            csr: Csr::PORRSTF.union(Csr::PINRSTF),
            resets_seen: 0,
            source: SystemClock::Hsi,
            starting: [None; 5],
        })
    }

    fn write_cfgr(&mut self, cx: &mut Cx<'_>, value: u32) {
        let mut writable = self.variant.cfgr;
        if self.pll_settings_open(cx, self.cfgr ^ value, self.variant.cfgr_pll) {
            writable |= self.variant.cfgr_pll;
            let low = u32::from(value & Cfgr::PLLXTPRE.bits() != 0) * CFGR2_PREDIV_0;
            self.cfgr2 = self.cfgr2 & !CFGR2_PREDIV_0 | low;
        }
        if SystemClock::asked(value).is_none() {
            cx.find("sysclk-reserved", || {
                "CFGR.SW = 3 is reserved: SYSCLK stays as it is".into()
            });
        }
        self.cfgr = self.cfgr & !writable | value & writable;
    }

    fn write_cfgr2(&mut self, cx: &mut Cx<'_>, value: u32) {
        let mut writable = CFGR2_WRITABLE;
        if self.pll_settings_open(cx, self.cfgr2 ^ value, CFGR2_PREDIV) {
            let alias = u32::from(value & CFGR2_PREDIV_0 != 0) * Cfgr::PLLXTPRE.bits();
            self.cfgr = self.cfgr & !Cfgr::PLLXTPRE.bits() | alias;
        } else {
            writable &= !CFGR2_PREDIV;
        }
        self.cfgr2 = self.cfgr2 & !writable | value & writable;
    }

    /// May what the PLL is made of be written? If not, and the write asks for a change, a finding says so.
    fn pll_settings_open(&self, cx: &mut Cx<'_>, change: u32, settings: u32) -> bool {
        let open = !self.cr.contains(Cr::PLLON);
        if !open && change & settings != 0 {
            cx.find("pll-changed-while-on", || {
                "PLL settings were written while the PLL is on: ignored".into()
            });
        }
        open
    }

    fn write_cir(&mut self, cx: &mut Cx<'_>, value: u32) {
        let clear = Cir::from_bits_truncate(value >> Cir::CLEAR_SHIFT) & Cir::FLAGS;
        let enables = Cir::from_bits_truncate(value) & Cir::ENABLES;
        self.cir = (self.cir & Cir::FLAGS & !clear) | enables;
        self.drive_irq(cx);
    }

    fn drive_irq(&self, cx: &mut Cx<'_>) {
        let enabled = Cir::from_bits_truncate(self.cir.bits() >> Cir::ENABLE_SHIFT) & Cir::READY;
        cx.irq(self.irq, self.cir.intersects(enabled | Cir::CSSF));
    }

    fn write_bdcr(&mut self, cx: &mut Cx<'_>, value: u32) {
        if !cx.shared.backup_access {
            cx.find("backup-domain-closed", || {
                "RCC_BDCR was written with PWR_CR.DBP = 0: ignored".into()
            });
            return;
        }
        let value = Bdcr::from_bits_truncate(value) & self.variant.bdcr;
        let new = if value.contains(Bdcr::BDRST) {
            Bdcr::BDRST
        } else {
            value & !Bdcr::LSERDY
        };
        self.bdcr = new | (self.bdcr & Bdcr::LSERDY);
        self.follow_switches(cx);
    }

    fn write_csr(&mut self, cx: &mut Cx<'_>, value: u32) {
        let value = Csr::from_bits_truncate(value);
        if value.contains(Csr::RMVF) {
            self.csr.remove(Csr::CAUSES);
        }
        self.csr.set(Csr::LSION, value.contains(Csr::LSION));
        self.follow_switches(cx);
    }

    /// The bus behind an offset, and whether it is its enable register (or its reset register).
    const fn bus_register(offset: u32) -> Option<(usize, bool)> {
        match offset {
            bits::AHBENR => Some((0, true)),
            bits::APB1ENR => Some((1, true)),
            bits::APB2ENR => Some((2, true)),
            bits::AHBRSTR => Some((0, false)),
            bits::APB1RSTR => Some((1, false)),
            bits::APB2RSTR => Some((2, false)),
            _ => None,
        }
    }

    /// Adds the causes of the resets since the last call to CSR.
    fn note_causes(&mut self, cx: &Cx<'_>) {
        let resets = &cx.shared.log.resets;
        for record in resets.iter().skip(self.resets_seen) {
            self.csr |= Csr::PINRSTF
                | match record.cause {
                    ResetCause::Software => Csr::SFTRSTF,
                    ResetCause::IndependentWatchdog => Csr::IWDGRSTF,
                    ResetCause::WindowWatchdog => Csr::WWDGRSTF,
                    ResetCause::OptionByteLoad => Csr::OBLRSTF,
                };
        }
        self.resets_seen = resets.len();
    }

    fn exists(&self, offset: u32) -> bool {
        offset <= self.variant.last && (offset != bits::AHBRSTR || self.variant.ahbrstr)
    }

    fn value(&self, offset: u32) -> Option<u32> {
        if !self.exists(offset) {
            return None;
        }
        if let Some((bus, enable)) = Self::bus_register(offset) {
            return Some(if enable {
                self.gates.enable(bus)
            } else {
                self.gates.reset_bits(bus)
            });
        }
        Some(match offset {
            bits::CR => self.cr.bits(),
            bits::CFGR => self.cfgr | (self.source as u32) << Cfgr::SWS.bits().trailing_zeros(),
            bits::CIR => self.cir.bits(),
            bits::BDCR => self.bdcr.bits(),
            bits::CSR => self.csr.bits(),
            bits::CFGR2 => self.cfgr2,
            bits::CFGR3 => self.cfgr3,
            _ => return None,
        })
    }
}

impl Peripheral for Rcc {
    fn read(&mut self, _cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        self.value(reg.offset).ok_or(Refusal::Unmodelled)
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        self.learn(cx);
        let old = self.value(reg.offset).ok_or(Refusal::Unmodelled)?;
        let value = reg.merge(old, value);
        match (Self::bus_register(reg.offset), reg.offset) {
            (Some((bus, true)), _) => self.gates.write_enable(cx, bus, value),
            (Some((bus, false)), _) => self.gates.write_reset(cx, bus, value),
            (None, bits::CR) => self.write_cr(cx, value),
            (None, bits::CFGR) => self.write_cfgr(cx, value),
            (None, bits::CFGR2) => self.write_cfgr2(cx, value),
            (None, bits::CFGR3) => self.cfgr3 = value & CFGR3_WRITABLE,
            (None, bits::CIR) => self.write_cir(cx, value),
            (None, bits::BDCR) => self.write_bdcr(cx, value),
            (None, _) => self.write_csr(cx, value),
        }
        self.settle(cx);
        Ok(())
    }

    fn event(&mut self, cx: &mut Cx<'_>, token: u32) {
        if let Some(&oscillator) = Oscillator::ALL.get(token as usize) {
            self.starting[token as usize] = None;
            self.became_ready(cx, oscillator);
            self.settle(cx);
        }
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        self.learn(cx);
        for oscillator in [
            Oscillator::Hsi,
            Oscillator::Hse,
            Oscillator::Pll,
            Oscillator::Lsi,
        ] {
            self.forget_start(cx, oscillator);
        }
        self.cr = Cr::HSION | Cr::HSIRDY | Cr::from_bits_retain(bits::HSITRIM_RESET);
        self.cfgr = 0;
        self.cfgr2 = 0;
        self.cfgr3 = 0;
        self.cir = Cir::empty();
        // The backup domain and the reset causes are not touched by a system reset.
        self.csr &= Csr::CAUSES;
        self.note_causes(cx);
        self.source = SystemClock::Hsi;
        self.drive_irq(cx);
        self.gates.reset(cx, ENABLES_RESET);
        self.settle(cx);
    }

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        name_of(bits::NAMES, offset).filter(|_| self.exists(offset))
    }

    fn boxed_clone(&self) -> Box<dyn Peripheral> {
        Box::new(self.clone())
    }
}

/// From ON to RDY, for tests.
#[cfg(test)]
const HSE_START: crate::Picos = Oscillator::Hse.start_up();

#[cfg(test)]
mod tests;
