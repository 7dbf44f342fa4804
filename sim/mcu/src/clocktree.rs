//! Frequencies of the buses and of the kernels that wires depend on. RCC writes it, everyone reads it.

use crate::Hertz;

/// The clock tree as it runs now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockTree {
    /// System clock.
    pub sysclk: Hertz,
    /// AHB and core.
    pub hclk: Hertz,
    /// APB1.
    pub pclk1: Hertz,
    /// APB2.
    pub pclk2: Hertz,
    /// Timers on APB1 (twice PCLK1 unless its prescaler is 1).
    pub timclk1: Hertz,
    /// Timers on APB2.
    pub timclk2: Hertz,
    /// High-speed internal oscillator (stopped while off).
    pub hsi: Hertz,
    /// High-speed external oscillator or crystal (stopped while off).
    pub hse: Hertz,
    /// Low-speed internal oscillator; feeds the independent watchdog whether firmware switched it on or not.
    pub lsi: Hertz,
    /// Low-speed external crystal (stopped while off).
    pub lse: Hertz,
    /// Kernel clocks of USART1, 2, 3, UART4, 5, USART6, UART7, 8 as selected.
    pub usart: [Hertz; 8],
    /// Kernel clocks of I2C1 to I2C4 as selected; PCLK1 where there is no choice.
    pub i2c: [Hertz; 4],
}

impl ClockTree {
    /// Everything from one oscillator at `hz`, as after reset.
    #[must_use]
    pub const fn from_hsi(hsi: Hertz, lsi: Hertz) -> Self {
        Self {
            sysclk: hsi,
            hclk: hsi,
            pclk1: hsi,
            pclk2: hsi,
            timclk1: hsi,
            timclk2: hsi,
            hsi,
            hse: Hertz::STOPPED,
            lsi,
            lse: Hertz::STOPPED,
            usart: [hsi; 8],
            i2c: [hsi; 4],
        }
    }
}
