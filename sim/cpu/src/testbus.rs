//! What the unit tests of this crate run on: a small bus and a core in front of a full vector table.

mod bus;

pub(crate) use bus::{CCM, FLASH, Line, Pended, RAM, TestBus};

use crate::{
    Abort, Addr, Bus, Core, Cpu, CpuConfig, CpuModel, Cycles, FaultKind, Fetch, FetchWindow, Hold,
    IrqLines, OpenBehaviours, Size,
};

/// Where thread code lies, and where its stack starts.
pub(crate) const THREAD: u32 = FLASH + 0x800;
pub(crate) const STACK: u32 = RAM + 0x4000;

/// A part like an STM32F303xC.
pub(crate) fn config() -> CpuConfig {
    CpuConfig {
        model: CpuModel::CortexM4,
        cpuid: 0x410F_C241,
        irqs: 82,
        priority_bits: 4,
        systick_calib: 0x4000_2328,
        systick_divider: 8,
        bit_band: true,
        fpu: true,
        open: OpenBehaviours::default(),
        fast_forward: false,
    }
}

/// A core about to execute thread code in flash, with a vector for each exception.
pub(crate) fn cpu() -> (Cpu, TestBus) {
    cpu_of(CpuModel::CortexM4)
}

/// As [`cpu`], for one model.
pub(crate) fn cpu_of(model: CpuModel) -> (Cpu, TestBus) {
    let mut bus = TestBus::new();
    for number in 0..98 {
        bus.set_word(FLASH + 4 * number, handler(FLASH, number as u16) | 1);
    }
    // Thread code spins.
    bus.program(THREAD, &[0xE7FE]);
    let mut cpu = Cpu::new(CpuConfig { model, ..config() });
    cpu.scb.set_vtor(FLASH);
    cpu.core.pc = THREAD;
    cpu.core.r[13] = STACK;
    (cpu, bus)
}

/// Where the handler of exception `number` lies in the memory at `base`.
pub(crate) const fn handler(base: u32, number: u16) -> u32 {
    base + 0x1000 + 0x10 * number as u32
}

/// Enables interrupt line `irq` at this priority.
pub(crate) fn enable(cpu: &mut Cpu, irq: u16, priority: u8) {
    cpu.nvic.set_priority(irq + 16, priority);
    cpu.nvic.set_enabled(irq + 16, true);
}
