//! Reset and clock control of STM32F4.
//!
//! Sources: svd/STM32F429.svd (offsets, bits, reset values), cmsis_device_f4 headers for what the other lines have, RM0090 ch. 6 and 7 from
//! memory \[M\] where the row does not say otherwise.
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | reset values | SVD | `reset_values_are_those_of_the_svd` |
//! | RDY follows ON after the start-up time ([`startup`]); no crystal, no HSERDY | RM0090 RCC_CR; design of the board | `the_usual_start_up_ends_at_168_mhz`, `without_a_crystal_hse_is_never_ready` |
//! | a PLL locks once its input runs; with M below 2 or N outside of 50 to 432 never (finding) | RM0090 RCC_PLLCFGR; "never" is a choice | `the_pll_waits_for_its_input`, `wrong_factors_never_lock` |
//! | SW switches when the target is ready, SWS tells; SW 3 is PLL_R on the F446 and reserved elsewhere | RM0090, RM0390 RCC_CFGR | `a_switch_to_a_clock_that_is_not_ready_waits_for_it`, `pll_r_is_a_system_clock_of_the_f446` |
//! | the oscillator behind SYSCLK cannot be switched off | RM0090 RCC_CR | `the_clock_in_use_cannot_be_switched_off` |
//! | PLLCFGR, PLLI2SCFGR, PLLSAICFGR are frozen while their PLL is on | RM0090 RCC_PLLCFGR | `pll_settings_are_frozen_while_it_is_on` |
//! | PLLI2S and PLLSAI have ready bits and interrupts; what they feed is not modelled | SVD | `the_other_plls_become_ready` |
//! | prescalers, timer clocks, TIMPRE | [`tree`] | tests there |
//! | ready interrupts: flag if enabled, cleared by CIR.xC | RM0090 RCC_CIR | `a_ready_interrupt_is_raised_and_cleared` |
//! | clock enables, reset bits | chip file | `clock_enables_and_reset_bits_reach_their_peripherals` |
//! | BDCR is closed until PWR_CR.DBP, and survives a system reset | RM0090 §battery backup domain | `the_backup_domain_needs_dbp_and_survives_a_reset` |
//! | reset causes, RMVF; every reset pulls NRST low, so PINRSTF comes along | RM0090 RCC_CSR | `reset_causes_are_kept_until_rmvf` |
//! | what a line has and another has not is in the chip file (`features`) | headers | `lines_differ_in_their_registers` |
//! | HCLK, PCLK1, PCLK2, input and output of the VCO out of range: a finding | data sheet, RM0090 RCC_PLLCFGR | `clocks_out_of_range_are_told` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | clock security system | a board's crystal does not fail here | CSSON is kept, CSSF never set |
//! | MCO1, MCO2, RTC, I2S, SAI, LTDC, USB and SDIO clocks | nothing that is modelled hangs on them | bits are kept |
//! | spread spectrum (SSCGR.SSCGEN) | moves the clock by at most 2 % | bits are kept; unmodelled when switched on, finding |
//! | clocks in Sleep mode (xLPENR) | peripherals go on in Sleep | bits are kept |
//! | LSI forced on by IWDG | no firmware reads LSIRDY for it | LSIRDY follows LSION only |
//! | the few cycles of a switch, of RDY falling, of a clock enable | far below a bit time | immediate |
//! | a peripheral held in reset | firmware pulses the bit | reset at the rise of the bit, then it runs |
//! | brown-out reset | the supply is good | BORRSTF is set by power-on only |

mod bits;
mod oscillators;
mod startup;
mod tree;
mod variant;

use super::gates::Gates;
use crate::Hertz;
use crate::chip::PeripheralSpec;
use crate::log::ResetCause;
use crate::periph::build::{BuildError, int, only_irq};
use crate::periph::registers::{left_out, name_of};
use crate::periph::{Cx, Peripheral, Refusal, Register};
use crate::sched::EventId;
use bits::{
    AHB1ENR, AHB1LPENR, AHB1RSTR, BDCR, BUSES, Bdcr, CFGR, CIR, CR, CSR, Cfgr, Cir, Cr, Csr,
    ENABLES_RESET, LP_ENABLES_RESET, PLLCFGR, PLLI2SCFGR, PLLSAICFGR, SSCGEN, SSCGR,
    SSCGR_WRITABLE,
};
use startup::Oscillator;
use tree::SystemClock;
use variant::Features;

/// PLLI2SCFGR, PLLSAICFGR, DCKCFGR, CKGATENR, DCKCFGR2 after reset.
const LATE_RESET: [u32; 5] = [bits::PLLI2SCFGR_RESET, bits::PLLSAICFGR_RESET, 0, 0, 0];

/// Which of the three registers a bus has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BusRegister {
    Reset,
    Enable,
    Sleep,
}

/// RCC of an F4.
#[derive(Clone, Debug)]
pub(in crate::periph) struct RccF4 {
    irq: u16,
    features: Features,
    max_hclk: Hertz,
    max_pclk1: Hertz,
    max_pclk2: Hertz,
    /// HSI and LSI as the chip has them, learnt from the clock tree at power-on.
    nominal: Option<(Hertz, Hertz)>,
    cr: Cr,
    pllcfgr: u32,
    cfgr: u32,
    /// The flags of CIR.
    cir: Cir,
    /// Its enables, moved to the places of the flags.
    cir_enables: Cir,
    gates: Gates,
    lp_enables: [u32; 5],
    bdcr: Bdcr,
    csr: Csr,
    sscgr: u32,
    /// The registers from PLLI2SCFGR on.
    late: [u32; 5],
    /// How many of the log's resets CSR knows of.
    resets_seen: usize,
    /// What SYSCLK is taken from now (SWS).
    source: SystemClock,
    /// The event at which each oscillator becomes ready.
    starting: [Option<EventId>; 7],
}

impl RccF4 {
    pub(in crate::periph) fn build(
        spec: &PeripheralSpec,
        all: &[PeripheralSpec],
    ) -> Result<Self, BuildError> {
        let limit = |key: &str, what: &'static str| {
            int(spec, key)?
                .map(Hertz::new)
                .ok_or_else(|| BuildError::missing(spec, what))
        };
        Ok(Self {
            irq: only_irq(spec)?,
            features: Features::of(spec)?,
            max_hclk: limit("hclk_max", "`hclk_max`, in hertz")?,
            max_pclk1: limit("pclk1_max", "`pclk1_max`, in hertz")?,
            max_pclk2: limit("pclk2_max", "`pclk2_max`, in hertz")?,
            nominal: None,
            cr: Cr::RESET,
            pllcfgr: bits::PLLCFGR_RESET,
            cfgr: 0,
            cir: Cir::empty(),
            cir_enables: Cir::empty(),
            gates: Gates::build(all, &BUSES, ENABLES_RESET)?,
            lp_enables: LP_ENABLES_RESET,
            bdcr: Bdcr::empty(),
            csr: Csr::POWER_ON,
            sscgr: 0,
            late: LATE_RESET,
            resets_seen: 0,
            source: SystemClock::Hsi,
            starting: [None; 7],
        })
    }

    /// DCKCFGR, 0 where there is none.
    const fn dedicated(&self) -> u32 {
        self.late[2]
    }

    /// The bus register at an offset.
    const fn bus_register(offset: u32) -> Option<(BusRegister, usize)> {
        let (kind, first) = match offset {
            AHB1RSTR..AHB1ENR => (BusRegister::Reset, AHB1RSTR),
            AHB1ENR..AHB1LPENR => (BusRegister::Enable, AHB1ENR),
            AHB1LPENR..BDCR => (BusRegister::Sleep, AHB1LPENR),
            _ => return None,
        };
        match offset - first {
            0x00 => Some((kind, 0)),
            0x04 => Some((kind, 1)),
            0x08 => Some((kind, 2)),
            0x10 => Some((kind, 3)),
            0x14 => Some((kind, 4)),
            _ => None,
        }
    }

    fn value(&self, offset: u32) -> Option<u32> {
        if let Some((kind, bus)) = Self::bus_register(offset) {
            return Some(match kind {
                BusRegister::Reset => self.gates.reset_bits(bus),
                BusRegister::Enable => self.gates.enable(bus),
                BusRegister::Sleep => self.lp_enables[bus],
            });
        }
        Some(match offset {
            CR => self.cr.bits(),
            PLLCFGR => self.pllcfgr,
            CFGR => self.cfgr | (self.source as u32) << Cfgr::SWS.bits().trailing_zeros(),
            CIR => self.cir.bits() | self.cir_enables.bits() << Cir::ENABLE_SHIFT,
            BDCR => self.bdcr.bits(),
            CSR => self.csr.bits(),
            SSCGR => self.sscgr,
            _ if self.features.has(offset) => self.late[((offset - PLLI2SCFGR) / 4) as usize],
            _ => return None,
        })
    }

    /// `value` for what a PLL is made of, or the old one while the PLL is on.
    fn unless_on(&self, cx: &mut Cx<'_>, on: Cr, old: u32, value: u32) -> u32 {
        if !self.cr.contains(on) {
            return value;
        }
        if old != value {
            cx.find("pll-changed-while-on", || {
                "PLL settings were written while the PLL is on: ignored".into()
            });
        }
        old
    }

    fn write_cfgr(&mut self, cx: &mut Cx<'_>, value: u32) {
        if SystemClock::asked(value, self.features.sysclk_pllr).is_none() {
            cx.find("sysclk-reserved", || {
                "CFGR.SW = 3 is reserved: SYSCLK stays as it is".into()
            });
        }
        self.cfgr = value & Cfgr::all().difference(Cfgr::SWS).bits();
    }

    fn write_cir(&mut self, cx: &mut Cx<'_>, value: u32) {
        self.cir
            .remove(Cir::from_bits_truncate(value >> Cir::CLEAR_SHIFT & 0xFF));
        self.cir_enables = Cir::from_bits_truncate(value >> Cir::ENABLE_SHIFT & 0xFF) & Cir::READY;
        self.drive_irq(cx);
    }

    fn drive_irq(&self, cx: &mut Cx<'_>) {
        cx.irq(self.irq, self.cir.intersects(self.cir_enables | Cir::CSSF));
    }

    fn write_bdcr(&mut self, cx: &mut Cx<'_>, value: u32) {
        if !cx.shared.backup_access {
            cx.find("backup-domain-closed", || {
                "RCC_BDCR was written with PWR_CR.DBP = 0: ignored".into()
            });
            return;
        }
        let value = Bdcr::from_bits_truncate(value) & self.features.bdcr();
        let new = if value.contains(Bdcr::BDRST) {
            Bdcr::BDRST
        } else {
            value - Bdcr::LSERDY
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

    fn write_late(&mut self, cx: &mut Cx<'_>, offset: u32, value: u32) {
        let slot = ((offset - PLLI2SCFGR) / 4) as usize;
        let old = self.late[slot];
        self.late[slot] = match offset {
            PLLI2SCFGR => self.unless_on(cx, Cr::PLLI2SON, old, value & self.features.second_pll()),
            PLLSAICFGR => self.unless_on(cx, Cr::PLLSAION, old, value & self.features.second_pll()),
            _ => value,
        };
    }

    /// Adds the causes of the resets since the last call to CSR.
    fn note_causes(&mut self, cx: &Cx<'_>) {
        let resets = &cx.shared.log.resets;
        for record in resets.iter().skip(self.resets_seen) {
            self.csr |= Csr::PINRSTF
                | match record.cause {
                    // Options are loaded without a reset here.
                    ResetCause::Software | ResetCause::OptionByteLoad => Csr::SFTRSTF,
                    ResetCause::IndependentWatchdog => Csr::IWDGRSTF,
                    ResetCause::WindowWatchdog => Csr::WWDGRSTF,
                };
        }
        self.resets_seen = resets.len();
    }
}

impl Peripheral for RccF4 {
    fn read(&mut self, _cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        self.value(reg.offset).ok_or(Refusal::Unmodelled)
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        self.learn(cx);
        let old = self.value(reg.offset).ok_or(Refusal::Unmodelled)?;
        let value = reg.merge(old, value);
        let mut result = Ok(());
        match (Self::bus_register(reg.offset), reg.offset) {
            (Some((BusRegister::Reset, bus)), _) => self.gates.write_reset(cx, bus, value),
            (Some((BusRegister::Enable, bus)), _) => self.gates.write_enable(cx, bus, value),
            (Some((BusRegister::Sleep, bus)), _) => self.lp_enables[bus] = value,
            (None, CR) => self.write_cr(cx, value),
            (None, PLLCFGR) => {
                self.pllcfgr = self.unless_on(cx, Cr::PLLON, old, value & self.features.pllcfgr());
            }
            (None, CFGR) => self.write_cfgr(cx, value),
            (None, CIR) => self.write_cir(cx, value),
            (None, BDCR) => self.write_bdcr(cx, value),
            (None, CSR) => self.write_csr(cx, value),
            (None, SSCGR) => {
                self.sscgr = value & SSCGR_WRITABLE;
                if self.sscgr & SSCGEN != 0 {
                    result = left_out(cx, "spread spectrum (RCC_SSCGR)");
                }
            }
            (None, offset) => self.write_late(cx, offset, value),
        }
        self.settle(cx);
        result
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
        for oscillator in Oscillator::ALL {
            if oscillator != Oscillator::Lse {
                self.forget_start(cx, oscillator);
            }
        }
        (self.cr, self.pllcfgr, self.cfgr) = (Cr::RESET, bits::PLLCFGR_RESET, 0);
        (self.cir, self.cir_enables) = (Cir::empty(), Cir::empty());
        (self.lp_enables, self.sscgr, self.late) = (LP_ENABLES_RESET, 0, LATE_RESET);
        cx.shared.pll_locked = false;
        // The backup domain and the reset causes are not touched by a system reset.
        self.csr &= Csr::CAUSES;
        self.note_causes(cx);
        self.source = SystemClock::Hsi;
        self.drive_irq(cx);
        self.gates.reset(cx, ENABLES_RESET);
        self.settle(cx);
    }

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        name_of(bits::NAMES, offset).filter(|_| offset < PLLI2SCFGR || self.features.has(offset))
    }

    fn boxed_clone(&self) -> Box<dyn Peripheral> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests;
