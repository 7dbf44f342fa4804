//! Chips are data: one TOML file a part, and the types that it is read into.
//!
//! Every figure stands beside its source and a confidence mark. An unknown key, a unit that does not fit and a
//! contradiction are errors with the place in the file; a [`Chip`] that was read is consistent.

mod builtin;
mod check;
mod check_flash;
mod extend;
mod flash;
mod peripheral;
mod quantity;

use std::collections::BTreeMap;

use flashstall_cpu::{Addr, CpuModel, VectorAddress};
use serde::Deserialize;

pub use check::ChipError;
pub use flash::{
    EepromSpec, FlashSpec, OptionBytesSpec, OptionLayout, ParallelSpec, ProgramWidth,
    ReadInterfaceKind, ReadInterfaceSpec, SectorRun, SectorTimingSpec, TimingSpec, TimingsSpec,
    WaitStateStep,
};
pub use peripheral::{BlockSpec, ClockEnable, Param, PeripheralSpec};
pub use quantity::{Confidence, Source};

use quantity::{addr, model_from_name};

/// One part.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chip {
    /// Name, lower case: `stm32f303xc`.
    pub name: String,
    /// One line for people.
    pub description: String,
    /// Where the lists come from that have no source of their own.
    pub provenance: Provenance,
    /// The core.
    pub core: CoreSpec,
    /// Oscillators.
    pub clocks: ClocksSpec,
    /// Memories other than registers.
    #[serde(rename = "memory")]
    pub memories: Vec<MemorySpec>,
    /// What shows at address 0.
    pub alias: AliasSpec,
    /// The flash array and its interface.
    pub flash: FlashSpec,
    /// Interrupt numbers by name.
    irqs: BTreeMap<String, u16>,
    /// Modelled peripherals.
    #[serde(rename = "peripheral")]
    pub peripherals: Vec<PeripheralSpec>,
    /// Blocks of registers that exist and have no model: accesses are counted by name.
    #[serde(default, rename = "unmodelled")]
    pub unmodelled: Vec<BlockSpec>,
    /// Defaults for behaviours that no manual settles.
    #[serde(default)]
    pub open: OpenSpec,
}

/// Sources of the lists.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Of interrupt names and numbers.
    pub irqs: Source,
    /// Of bases, interrupts and clock-enable bits of peripherals.
    pub peripherals: Source,
    /// Of the list of blocks without a model.
    pub unmodelled: Source,
}

/// The core of a part.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoreSpec {
    /// `cortex-m3` or `cortex-m4`.
    #[serde(deserialize_with = "model_from_name")]
    pub model: CpuModel,
    /// CPUID register.
    pub cpuid: u32,
    /// Revision, as Arm writes it.
    pub revision: String,
    /// Number of interrupt lines.
    pub irqs: u16,
    /// Implemented priority bits.
    pub priority_bits: u8,
    /// Is there a floating-point unit?
    pub fpu: bool,
    /// Are the bit-band aliases fitted?
    pub bit_band: bool,
    /// SysTick CALIB register.
    pub systick_calib: u32,
    /// SysTick's external clock is HCLK over this.
    pub systick_divider: u32,
    /// Where these come from.
    pub source: String,
    /// How sure.
    pub confidence: Confidence,
}

/// Oscillators of the chip and its limit.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClocksSpec {
    /// High-speed internal oscillator, in hertz.
    pub hsi: FrequencySpec,
    /// Low-speed internal oscillator, in hertz.
    pub lsi: FrequencySpec,
    /// Highest HCLK, in hertz.
    pub max_hclk: FrequencySpec,
}

/// A frequency with its source.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrequencySpec {
    /// In hertz.
    pub hz: u64,
    /// Where it comes from.
    pub source: String,
    /// How sure.
    pub confidence: Confidence,
}

/// What a memory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemoryKind {
    /// SRAM on the system bus.
    Sram,
    /// Core-coupled SRAM on the code buses.
    Ccm,
    /// The upper end of the SRAM, seen at a second address (SRAM2 of some L4).
    SramView,
    /// Main flash: its geometry is in [`FlashSpec`].
    Flash,
    /// The factory's boot loader. Its content is not ours: reads as 0 and is reported as not modelled.
    System,
    /// Option bytes.
    OptionBytes,
    /// Data EEPROM behind the flash controller: its geometry is in [`EepromSpec`].
    Eeprom,
}

/// One memory.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemorySpec {
    /// Name in reports: `SRAM`, `CCM`.
    pub name: String,
    /// First address.
    #[serde(deserialize_with = "addr")]
    pub base: Addr,
    /// Size in bytes.
    pub size: u32,
    /// What it is.
    pub kind: MemoryKind,
    /// May code lie in it?
    pub executable: bool,
    /// Where this comes from.
    pub source: String,
    /// How sure.
    pub confidence: Confidence,
}

/// What shows at address 0 for each MEM_MODE; the name of a memory.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AliasSpec {
    /// By value of MEM_MODE; a value that is not listed shows nothing.
    pub mem_mode: Vec<String>,
    /// MEM_MODE after reset, as the boot pins of the usual board choose it.
    pub boot: u8,
    /// Where this comes from.
    pub source: String,
    /// How sure.
    pub confidence: Confidence,
}

/// Defaults for open behaviours (see [`crate::machine::OpenBehaviours`]).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OpenSpec {
    /// `add` or `or`.
    pub vector_address: VectorAddressSpec,
    /// See [`flashstall_cpu::OpenBehaviours::late_arrival_during_held_vector`].
    pub late_arrival_during_held_vector: bool,
    /// See [`flashstall_cpu::OpenBehaviours::interrupt_during_held_fetch`].
    pub interrupt_during_held_fetch: bool,
    /// See [`crate::machine::OpenBehaviours::buffer_hit_while_busy`].
    pub buffer_hit_while_busy: bool,
}

impl Default for OpenSpec {
    fn default() -> Self {
        Self {
            vector_address: VectorAddressSpec::Add,
            late_arrival_during_held_vector: false,
            interrupt_during_held_fetch: false,
            buffer_hit_while_busy: true,
        }
    }
}

/// How the address of a vector is made, as a chip file says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VectorAddressSpec {
    /// VTOR + 4n.
    #[default]
    Add,
    /// VTOR OR 4n.
    Or,
}

impl From<VectorAddressSpec> for VectorAddress {
    fn from(spec: VectorAddressSpec) -> Self {
        match spec {
            VectorAddressSpec::Add => Self::Add,
            VectorAddressSpec::Or => Self::Or,
        }
    }
}

impl Chip {
    /// Name of interrupt line `number`: `USART1`.
    #[must_use]
    pub fn irq_name(&self, number: u16) -> Option<&str> {
        self.irqs
            .iter()
            .find(|&(_, &n)| n == number)
            .map(|(name, _)| name.as_str())
    }

    /// Number of the interrupt line `name`.
    #[must_use]
    pub fn irq_number(&self, name: &str) -> Option<u16> {
        self.irqs.get(name).copied()
    }

    /// All interrupt lines that have a name, in alphabetical order.
    pub fn irqs(&self) -> impl Iterator<Item = (&str, u16)> {
        self.irqs
            .iter()
            .map(|(name, &number)| (name.as_str(), number))
    }

    /// Name of an exception: `HardFault`, `SysTick`, or that of its interrupt line.
    #[must_use]
    pub fn exception_name(&self, number: u16) -> String {
        number
            .checked_sub(16)
            .and_then(|irq| self.irq_name(irq))
            .map_or_else(
                || flashstall_cpu::ExceptionNumber(number).to_string(),
                str::to_owned,
            )
    }

    /// The memory called `name`.
    #[must_use]
    pub fn memory(&self, name: &str) -> Option<&MemorySpec> {
        self.memories.iter().find(|m| m.name == name)
    }

    /// Has the part GPIO port `port` (0 is A)?
    #[must_use]
    pub fn has_port(&self, port: u8) -> bool {
        self.peripherals.iter().any(|p| {
            p.kind.starts_with("gpio")
                && matches!(p.params.get("port"), Some(Param::Text(name)) if name.as_bytes() == [b'A'.saturating_add(port)])
        })
    }

    /// Smallest alignment that the architecture asks of a vector table with all interrupts of this part:
    /// the next power of two of its size, at least 128 (ARMv7-M B3.2.5).
    #[must_use]
    pub fn vector_table_alignment(&self) -> u32 {
        ((16 + u32::from(self.core.irqs)) * 4)
            .next_power_of_two()
            .max(128)
    }
}
