//! What is fixed when a core is built: its model, its sizes, and how it settles the open questions.

/// Which core the part has: decides the cost table, the fitted instructions and CPUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CpuModel {
    /// Cortex-M3 r2p0.
    CortexM3,
    /// Cortex-M4 r0p1, with or without FPU.
    CortexM4,
}

/// The optional parts of the instruction set that a core has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    /// The DSP extension: SIMD, saturating arithmetic, halfword multiplies.
    pub dsp: bool,
    /// FPv4-SP: single precision in sixteen double registers.
    pub fpu: bool,
}

impl CpuModel {
    /// What this core can have.
    #[must_use]
    pub const fn extensions(self) -> Extensions {
        let is_m4 = matches!(self, Self::CortexM4);
        Extensions {
            dsp: is_m4,
            fpu: is_m4,
        }
    }
}

/// How the address of a vector is made from VTOR and the exception number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VectorAddress {
    /// VTOR + 4n, as the architecture's pseudo-code has it.
    #[default]
    Add,
    /// VTOR OR 4n: a table that is not aligned to its size is read in the wrong place.
    Or,
}

/// Behaviours of silicon that no manual settles. Each has a documented default and can be switched, so
/// that a verdict which hangs on one is seen to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenBehaviours {
    /// See [`VectorAddress`]. Default: add.
    pub vector_address: VectorAddress,
    /// A higher-priority interrupt that comes while a vector fetch is held takes over at once instead
    /// of waiting for that fetch. Default: no, the transfer on the bus completes first.
    pub late_arrival_during_held_vector: bool,
    /// An interrupt is entered while an instruction fetch is held. Default: no, the core waits for the
    /// outstanding transfer.
    pub interrupt_during_held_fetch: bool,
}

/// What is fixed when the core is built.
#[derive(Clone, Debug)]
pub struct CpuConfig {
    /// The core.
    pub model: CpuModel,
    /// CPUID register.
    pub cpuid: u32,
    /// Number of interrupt lines (1..=240).
    pub irqs: u16,
    /// Implemented priority bits (3..=8).
    pub priority_bits: u8,
    /// SysTick CALIB register.
    pub systick_calib: u32,
    /// SysTick's external clock runs at HCLK / this.
    pub systick_divider: u32,
    /// The bit-band aliases at 0x22000000 and 0x42000000 are fitted (an option of both cores).
    pub bit_band: bool,
    /// The FPU is fitted (an option of the Cortex-M4).
    pub fpu: bool,
    /// Open behaviours.
    pub open: OpenBehaviours,
    /// Skip whole iterations of poll loops. Never changes a result. (Sleep is always jumped over:
    /// nothing executes in it.)
    pub fast_forward: bool,
}

impl CpuConfig {
    /// What this part has.
    #[must_use]
    pub const fn extensions(&self) -> Extensions {
        let model = self.model.extensions();
        Extensions {
            fpu: model.fpu && self.fpu,
            ..model
        }
    }
}
