//! Quantities that cross module boundaries carry their unit in their type.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// A point or a span on the core's own clock, in cycles of HCLK since power-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cycles(pub u64);

impl Cycles {
    /// The start of time, and the empty span.
    pub const ZERO: Self = Self(0);
    /// Later than anything: "no such event".
    pub const NEVER: Self = Self(u64::MAX);

    /// The span from `earlier` to `self`, zero if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }
}

impl Add for Cycles {
    type Output = Self;
    fn add(self, rhs: Self) -> Self {
        Self(self.0.saturating_add(rhs.0))
    }
}

impl AddAssign for Cycles {
    #[inline(always)]
    fn add_assign(&mut self, rhs: Self) {
        // Wrapping on purpose: 2^64 cycles are 8 000 years at 72 MHz, and the hot loop adds here.
        self.0 = self.0.wrapping_add(rhs.0);
    }
}

impl Sub for Cycles {
    type Output = Self;
    fn sub(self, rhs: Self) -> Self {
        self.since(rhs)
    }
}

impl fmt::Display for Cycles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cycles", self.0)
    }
}

/// An address in the core's 4 GB map. Displays as `0x0800_1234` does in a manual: `0x08001234`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Addr(pub u32);

impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

impl fmt::LowerHex for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::LowerHex::fmt(&self.0, f)
    }
}
