//! Time and frequency, exact: picoseconds as integers, frequencies as rationals.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};
use std::time::Duration;

/// A point or a span in simulated time, in picoseconds since power-up. Range: 213 days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Picos(pub u64);

impl Picos {
    /// The start of time, and the empty span.
    pub const ZERO: Self = Self(0);
    /// Later than anything.
    pub const NEVER: Self = Self(u64::MAX);
    /// One second.
    pub const SECOND: Self = Self(1_000_000_000_000);

    /// `n` nanoseconds.
    #[must_use]
    pub const fn from_nanos(n: u64) -> Self {
        Self(n.saturating_mul(1_000))
    }

    /// `n` microseconds.
    #[must_use]
    pub const fn from_micros(n: u64) -> Self {
        Self(n.saturating_mul(1_000_000))
    }

    /// `n` milliseconds.
    #[must_use]
    pub const fn from_millis(n: u64) -> Self {
        Self(n.saturating_mul(1_000_000_000))
    }

    /// In seconds, for people and for JSON; never for arithmetic.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e12
    }

    /// The span from `earlier` to `self`, zero if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }
}

impl From<Duration> for Picos {
    fn from(d: Duration) -> Self {
        Self(u64::try_from(d.as_nanos().saturating_mul(1_000)).unwrap_or(u64::MAX))
    }
}

impl Add for Picos {
    type Output = Self;
    fn add(self, rhs: Self) -> Self {
        Self(self.0.saturating_add(rhs.0))
    }
}

impl AddAssign for Picos {
    fn add_assign(&mut self, rhs: Self) {
        *self = *self + rhs;
    }
}

impl Sub for Picos {
    type Output = Self;
    fn sub(self, rhs: Self) -> Self {
        self.since(rhs)
    }
}

impl fmt::Display for Picos {
    /// With the unit that fits: `19.998 ms`, `53.500 us`, `320 ns`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ps = self.0;
        match ps {
            0 => write!(f, "0 s"),
            1..1_000 => write!(f, "{ps} ps"),
            1_000..1_000_000 => write!(f, "{:.3} ns", ps as f64 / 1e3),
            1_000_000..1_000_000_000 => write!(f, "{:.3} us", ps as f64 / 1e6),
            1_000_000_000..1_000_000_000_000 => write!(f, "{:.3} ms", ps as f64 / 1e9),
            _ => write!(f, "{:.6} s", ps as f64 / 1e12),
        }
    }
}

/// A frequency, as an exact fraction of a hertz. Zero means: not running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hertz {
    num: u64,
    den: u64,
}

impl Hertz {
    /// Not running.
    pub const STOPPED: Self = Self { num: 0, den: 1 };

    /// `hz` hertz.
    #[must_use]
    pub const fn new(hz: u64) -> Self {
        Self { num: hz, den: 1 }
    }

    /// This frequency times `mul` / `div`, exactly. A `div` of 0 stops the clock.
    #[must_use]
    pub fn scaled(self, mul: u64, div: u64) -> Self {
        if div == 0 || self.num == 0 || mul == 0 {
            return Self::STOPPED;
        }
        let (num, den) = (
            u128::from(self.num) * u128::from(mul),
            u128::from(self.den) * u128::from(div),
        );
        let g = gcd(num, den);
        // Crystals are below 2^32 Hz and factors below 2^20 (ppm), so the reduced fraction fits; a
        // fraction that does not is rounded to whole hertz instead of wrapping.
        match (u64::try_from(num / g), u64::try_from(den / g)) {
            (Ok(num), Ok(den)) => Self { num, den },
            _ => Self::new(u64::try_from(num / den).unwrap_or(u64::MAX)),
        }
    }

    /// Does it run at all?
    #[must_use]
    pub const fn is_running(self) -> bool {
        self.num != 0
    }

    /// In hertz, for people and JSON.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.num as f64 / self.den as f64
    }

    /// Whole hertz, rounded down.
    #[must_use]
    pub const fn whole(self) -> u64 {
        self.num / self.den
    }

    /// The time that `n` periods take, rounded down to a picosecond; [`Picos::NEVER`] when stopped.
    #[must_use]
    pub fn periods(self, n: u64) -> Picos {
        if self.num == 0 {
            return Picos::NEVER;
        }
        let ps = quotient(
            u128::from(n) * u128::from(self.den) * 1_000_000_000_000,
            self.num.into(),
        );
        Picos(u64::try_from(ps).unwrap_or(u64::MAX))
    }

    /// How many whole periods fit into `span`.
    #[must_use]
    pub fn periods_in(self, span: Picos) -> u64 {
        let n = quotient(
            u128::from(span.0) * u128::from(self.num),
            u128::from(self.den) * 1_000_000_000_000,
        );
        u64::try_from(n).unwrap_or(u64::MAX)
    }

    /// How many periods have ended by `span`, counting one at the picosecond that [`periods`](Self::periods) gives for it.
    ///
    /// Unlike [`periods_in`](Self::periods_in) it is the exact inverse: `elapsed(periods(n)) == n`.
    #[must_use]
    pub fn elapsed(self, span: Picos) -> u64 {
        // floor(n*den*1e12/num) <= span  <=>  n*den*1e12 < (span+1)*num
        let unit = u128::from(self.den) * 1_000_000_000_000;
        let n = (u128::from(span.0) + 1) * u128::from(self.num);
        u64::try_from(quotient(n.saturating_sub(1), unit)).unwrap_or(u64::MAX)
    }

    /// The smallest number of periods that takes at least `span` (as [`periods`](Self::periods) rounds).
    #[must_use]
    pub fn periods_covering(self, span: Picos) -> u64 {
        if self.num == 0 {
            return u64::MAX;
        }
        // periods(n) = floor(n*den*1e12/num) >= span  <=>  n*den*1e12 >= span*num
        let unit = u128::from(self.den) * 1_000_000_000_000;
        let n = (u128::from(span.0) * u128::from(self.num)).div_ceil(unit);
        u64::try_from(n).unwrap_or(u64::MAX)
    }

    /// Picoseconds a period as a reduced fraction; `None` when stopped, or if it does not fit.
    pub(crate) fn period_in_picos(self) -> Option<(u64, u64)> {
        let (num, den) = (
            u128::from(self.den) * 1_000_000_000_000,
            u128::from(self.num),
        );
        let g = gcd(num, den);
        if self.num == 0 {
            return None;
        }
        Some((u64::try_from(num / g).ok()?, u64::try_from(den / g).ok()?))
    }

    /// This frequency over `other`, if it is a whole number.
    #[must_use]
    pub fn whole_ratio(self, other: Self) -> Option<u64> {
        let (n, d) = (
            u128::from(self.num) * u128::from(other.den),
            u128::from(self.den) * u128::from(other.num),
        );
        if d == 0 || n % d != 0 {
            None
        } else {
            u64::try_from(n / d).ok()
        }
    }
}

impl fmt::Display for Hertz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hz = self.as_f64();
        if hz >= 1e6 {
            write!(f, "{} MHz", hz / 1e6)
        } else if hz >= 1e3 {
            write!(f, "{} kHz", hz / 1e3)
        } else {
            write!(f, "{hz} Hz")
        }
    }
}

/// `a / b`; most of them fit into one division of the machine.
fn quotient(a: u128, b: u128) -> u128 {
    match (u64::try_from(a), u64::try_from(b)) {
        (Ok(a), Ok(b)) => (a / b).into(),
        _ => a / b,
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

/// A line rate in bits a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Baud(pub u32);

impl fmt::Display for Baud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} baud", self.0)
    }
}
