//! Reset and clock control of the low-power families: L1 and L4, which start from MSI. What differs is in [`variant`].
//!
//! Sources: svd/STM32L451.svd, svd/STM32L151.svd, cmsis_device_l4 and cmsis_device_l1 (offsets, bits, reset values: S). RM0394 and RM0038
//! were not available: rules are as in RM0364 and RM0440 where these have the block (S proxy), else from memory \[M\].
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | reset values | SVD | `reset_values_are_those_of_the_svd` |
//! | RDY follows ON after the start-up time; no crystal, no HSERDY | RM0440 RCC_CR | `rdy_follows_on` |
//! | the PLL locks once its input runs | RM0440 s7.2 PLL | `the_l4_reaches_80_mhz` |
//! | SW switches when the target is ready, SWS tells | RM0440 s7.2 system clock | `a_switch_waits_for_its_target` |
//! | the oscillator behind SYSCLK cannot be switched off | RM0440 RCC_CR | `the_clock_in_use_stays_on` |
//! | what the PLL is made of is frozen while it is on (L4: but for its outputs' enables and dividers) | RM0440 RCC_PLLCFGR | `pll_settings_are_frozen_while_it_is_on` |
//! | MSI ranges; on the L4 range 4 to 7 of CSR until MSIRGSEL, and multiples of LSE with MSIPLLEN | RM0394 RCC_CR, data sheet (M) | `msi_follows_its_range` |
//! | kernel clocks of the USARTs (L4 CCIPR) | RM0440 RCC_CCIPR | `usarts_choose_their_clock` |
//! | ready interrupts | RM0440 RCC_CIER; L1 as RM0364 RCC_CIR | `ready_interrupts` |
//! | clock enables and reset bits, by the register's name in the chip file | chip file | `enables_and_resets_reach_their_peripherals` |
//! | LSE and RTC bits are closed until PWR DBP, and survive a system reset | RM0440 RCC_BDCR | `the_backup_domain_needs_dbp` |
//! | reset causes, RMVF; PINRSTF comes along with every reset | RM0440 RCC_CSR; \[M\] for PINRSTF | `causes_are_kept_until_rmvf` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | clock security systems, MCO, SAI and ADC clocks | nothing that is modelled hangs on them | bits are kept |
//! | the few cycles of a switch, of a range change, of a clock enable | far below a bit time | immediate |
//! | xxSMENR, xxLPENR: clocks in Sleep mode | a USART that stops in Sleep would be a firmware's own choice | kept; everything runs in Sleep |

mod oscillators;
mod tree;
mod variant;

use crate::Hertz;
use crate::chip::PeripheralSpec;
use crate::log::ResetCause;
use crate::periph::build::{BuildError, int, only_irq};
use crate::periph::registers::name_of;
use crate::periph::{Cx, Peripheral, PeripheralId, Refusal, Register, Signal};
use crate::sched::EventId;
use variant::{CAUSES, IWDGRSTF, OBLRSTF, PINRSTF, SFTRSTF, Variant, WWDGRSTF};

/// Registers from CR on, one a word.
const REGISTERS: usize = 40;
/// BDCR.BDRST.
const BDRST: u32 = 1 << 16;

/// One clock-enable bit, which is its reset bit too, and whose it is.
#[derive(Clone, Copy, Debug)]
struct Gate {
    enable: u32,
    reset: u32,
    bit: u8,
    peripheral: PeripheralId,
}

/// RCC of L1 and L4.
#[derive(Clone, Debug)]
pub(super) struct RccLp {
    irq: u16,
    v: &'static Variant,
    max_hclk: Hertz,
    /// HSI and LSI as the chip has them, learnt from the clock tree at power-on.
    nominal: Option<(Hertz, Hertz)>,
    registers: [u32; REGISTERS],
    gates: Vec<Gate>,
    /// Ready interrupts: enabled, and raised.
    enabled: u32,
    flags: u32,
    /// How many of the log's resets CSR knows of.
    resets_seen: usize,
    /// What SYSCLK is taken from now (SWS).
    source: u32,
    /// The event at which each oscillator becomes ready.
    starting: Vec<Option<EventId>>,
}

impl RccLp {
    pub(super) fn l1(spec: &PeripheralSpec, all: &[PeripheralSpec]) -> Result<Self, BuildError> {
        Self::build(spec, all, &variant::L1)
    }

    pub(super) fn l4(spec: &PeripheralSpec, all: &[PeripheralSpec]) -> Result<Self, BuildError> {
        Self::build(spec, all, &variant::L4)
    }

    fn build(
        spec: &PeripheralSpec,
        all: &[PeripheralSpec],
        v: &'static Variant,
    ) -> Result<Self, BuildError> {
        let max = int(spec, "hclk_max")?.ok_or_else(|| BuildError::missing(spec, "`hclk_max`"))?;
        let mut rcc = Self {
            irq: only_irq(spec)?,
            v,
            max_hclk: Hertz::new(max),
            nominal: None,
            registers: [0; REGISTERS],
            gates: gates(all, v)?,
            enabled: 0,
            flags: 0,
            resets_seen: 0,
            source: 0,
            starting: vec![None; v.oscillators.len()],
        };
        rcc.take_reset_values(0);
        Ok(rcc)
    }

    /// Every register takes its reset value, but for `kept` bits of CSR, and the backup domain.
    fn take_reset_values(&mut self, kept: u32) {
        let old = self.registers;
        self.registers = [0; REGISTERS];
        for &(offset, value) in self.v.reset {
            self.put(offset, value);
        }
        let csr = self.v.csr;
        let old_csr = old[(csr / 4) as usize];
        if kept != 0 {
            self.put(csr, self.at(csr) & !kept | old_csr & kept);
            if self.v.backup.0 != csr {
                self.put(self.v.backup.0, old[(self.v.backup.0 / 4) as usize]);
            }
        }
    }

    /// The register at `offset`.
    fn at(&self, offset: u32) -> u32 {
        self.registers
            .get((offset / 4) as usize)
            .copied()
            .unwrap_or_default()
    }

    fn put(&mut self, offset: u32, value: u32) {
        if let Some(register) = self.registers.get_mut((offset / 4) as usize) {
            *register = value;
        }
    }

    fn bit(&self, (offset, bit): (u32, u8)) -> bool {
        self.at(offset) >> bit & 1 != 0
    }

    fn set_bit(&mut self, (offset, bit): (u32, u8), on: bool) {
        let value = self.at(offset) & !(1 << bit) | u32::from(on) << bit;
        self.put(offset, value);
    }

    fn drive_irq(&self, cx: &mut Cx<'_>) {
        cx.irq(self.irq, self.flags & self.enabled != 0);
    }

    /// The part of CIR, or the register of its own, that is written.
    fn write_interrupts(&mut self, cx: &mut Cx<'_>, offset: u32, value: u32) {
        match self.v.interrupts {
            variant::Interrupts::One(_) => {
                self.enabled = value >> 8 & self.v.flags;
                self.flags &= !(value >> 16);
            }
            variant::Interrupts::Three { enable, clear, .. } => {
                if offset == enable {
                    self.enabled = value & self.v.flags;
                } else if offset == clear {
                    self.flags &= !value;
                }
            }
        }
        self.drive_irq(cx);
    }

    fn read_interrupts(&self, offset: u32) -> u32 {
        match self.v.interrupts {
            variant::Interrupts::One(_) => self.flags | self.enabled << 8,
            variant::Interrupts::Three { enable, flags, .. } => match offset {
                _ if offset == enable => self.enabled,
                _ if offset == flags => self.flags,
                _ => 0,
            },
        }
    }

    /// The bits of the backup domain, in BDCR (L4) or CSR (L1).
    fn write_backup(&mut self, cx: &mut Cx<'_>, offset: u32, value: u32) -> u32 {
        let (register, bits, reset) = self.v.backup;
        if offset != register {
            return value;
        }
        let old = self.at(offset);
        if cx.shared.backup_access {
            return if value & reset != 0 {
                value & !bits | reset
            } else {
                value
            };
        }
        if (value ^ old) & bits != 0 {
            cx.find("backup-domain-closed", || {
                "LSE or RTC bits of RCC were written with DBP = 0: ignored".into()
            });
        }
        value & !bits | old & bits
    }

    fn write_csr(&mut self, value: u32) {
        let csr = self.v.csr;
        let causes = if value & self.v.rmvf != 0 {
            0
        } else {
            self.at(csr) & CAUSES
        };
        self.put(csr, value & !(CAUSES | self.v.rmvf) | causes);
    }

    /// Tells everyone whose clock an enable register feeds whether it runs.
    fn apply_enables(&self, cx: &mut Cx<'_>) {
        let mut changed = false;
        for gate in &self.gates {
            let on = self.bit((gate.enable, gate.bit));
            if let Some(clocked) = cx.shared.clocked.get_mut(gate.peripheral.0) {
                changed |= *clocked != on;
                *clocked = on;
            }
        }
        if changed {
            cx.send(Signal::ClocksChanged);
        }
    }

    fn send_resets(&self, cx: &mut Cx<'_>, offset: u32, rising: u32) {
        for gate in &self.gates {
            if gate.reset == offset && rising >> gate.bit & 1 != 0 {
                cx.send(Signal::PeripheralReset(gate.peripheral));
            }
        }
    }

    /// Adds the causes of the resets since the last call to CSR.
    fn note_causes(&mut self, cx: &Cx<'_>) {
        let resets = &cx.shared.log.resets;
        let causes = resets.iter().skip(self.resets_seen).fold(0, |all, record| {
            all | PINRSTF
                | match record.cause {
                    ResetCause::Software => SFTRSTF,
                    ResetCause::IndependentWatchdog => IWDGRSTF,
                    ResetCause::WindowWatchdog => WWDGRSTF,
                    ResetCause::OptionByteLoad => OBLRSTF,
                }
        });
        self.resets_seen = resets.len();
        self.put(self.v.csr, self.at(self.v.csr) | causes);
    }

    fn exists(&self, offset: u32) -> bool {
        name_of(self.v.names, offset).is_some()
    }
}

/// The clock-enable bits of a chip.
fn gates(all: &[PeripheralSpec], v: &Variant) -> Result<Vec<Gate>, BuildError> {
    let mut gates = Vec::new();
    for (index, spec) in all.iter().enumerate() {
        let Some(clock) = &spec.clock else { continue };
        let Some(&(_, enable, reset)) = v.buses.iter().find(|bus| bus.0 == clock.register) else {
            return Err(BuildError::bad(
                spec,
                format!("RCC has no clock-enable register `{}`", clock.register),
            ));
        };
        if clock.bit > 31 {
            return Err(BuildError::bad(
                spec,
                format!("{} has no bit {}", clock.register, clock.bit),
            ));
        }
        gates.push(Gate {
            enable,
            reset,
            bit: clock.bit,
            peripheral: PeripheralId(index),
        });
    }
    Ok(gates)
}

impl Peripheral for RccLp {
    fn read(&mut self, _cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        if !self.exists(reg.offset) {
            return Err(Refusal::Unmodelled);
        }
        Ok(if self.v.interrupts.has(reg.offset) {
            self.read_interrupts(reg.offset)
        } else if reg.offset == self.v.cfgr {
            self.at(reg.offset) & !(3 << 2) | self.source << 2
        } else {
            self.at(reg.offset)
        })
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        self.learn(cx);
        let offset = reg.offset;
        if !self.exists(offset) {
            return Err(Refusal::Unmodelled);
        }
        if self.v.interrupts.has(offset) {
            let old = self.read_interrupts(offset);
            self.write_interrupts(cx, offset, reg.merge(old, value));
            return Ok(());
        }
        let old = self.at(offset);
        let value = reg.merge(old, value);
        let value = self.write_backup(cx, offset, value);
        let value = self.without_ready_bits(offset, old, value);
        let value = self.frozen(cx, offset, old, value);
        let value = self.kept_on(cx, offset, old, value);
        if offset == self.v.csr {
            self.write_csr(value);
        } else {
            self.put(offset, value);
        }
        if self.v.buses.iter().any(|bus| bus.1 == offset) {
            self.apply_enables(cx);
        }
        self.send_resets(cx, offset, value & !old);
        self.follow_switches(cx);
        self.settle(cx);
        Ok(())
    }

    fn event(&mut self, cx: &mut Cx<'_>, token: u32) {
        let n = token as usize;
        if let Some(slot) = self.starting.get_mut(n) {
            *slot = None;
            self.became_ready(cx, n);
            self.settle(cx);
        }
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        self.learn(cx);
        for n in 0..self.v.oscillators.len() {
            if !self.v.oscillators[n].in_backup_domain(self.v) {
                self.forget_start(cx, n);
            }
        }
        let backup_in_csr = if self.v.backup.0 == self.v.csr {
            self.v.backup.1
        } else {
            0
        };
        let first = cx.shared.log.resets.is_empty();
        self.take_reset_values(if first { 0 } else { CAUSES | backup_in_csr });
        self.note_causes(cx);
        (self.enabled, self.flags, self.source) = (0, 0, 0);
        self.drive_irq(cx);
        self.apply_enables(cx);
        self.settle(cx);
    }

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        name_of(self.v.names, offset)
    }

    fn boxed_clone(&self) -> Box<dyn Peripheral> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests;
