//! Exception numbers and their names.

use std::fmt;

/// Number of an exception, as IPSR shows it (ARMv7-M B1.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExceptionNumber(pub u16);

impl ExceptionNumber {
    /// Thread mode: no exception.
    pub const THREAD: Self = Self(0);
    /// Reset.
    pub const RESET: Self = Self(1);
    /// Non-maskable interrupt.
    pub const NMI: Self = Self(2);
    /// HardFault.
    pub const HARD_FAULT: Self = Self(3);
    /// MemManage fault.
    pub const MEM_MANAGE: Self = Self(4);
    /// BusFault.
    pub const BUS_FAULT: Self = Self(5);
    /// UsageFault.
    pub const USAGE_FAULT: Self = Self(6);
    /// Supervisor call.
    pub const SVCALL: Self = Self(11);
    /// Debug monitor.
    pub const DEBUG_MONITOR: Self = Self(12);
    /// Pendable request for system service.
    pub const PENDSV: Self = Self(14);
    /// System tick.
    pub const SYSTICK: Self = Self(15);

    /// The exception of interrupt line `irq`.
    #[must_use]
    pub const fn irq(irq: u16) -> Self {
        Self(irq + 16)
    }
}

impl fmt::Display for ExceptionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("Thread"),
            1 => f.write_str("Reset"),
            2 => f.write_str("NMI"),
            3 => f.write_str("HardFault"),
            4 => f.write_str("MemManage"),
            5 => f.write_str("BusFault"),
            6 => f.write_str("UsageFault"),
            11 => f.write_str("SVCall"),
            12 => f.write_str("DebugMonitor"),
            14 => f.write_str("PendSV"),
            15 => f.write_str("SysTick"),
            n @ 16.. => write!(f, "IRQ {}", n - 16),
            n => write!(f, "reserved exception {n}"),
        }
    }
}
