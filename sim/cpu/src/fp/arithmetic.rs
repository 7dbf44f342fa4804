//! Addition to square root, and comparison.

use super::{Class, FLAGS, Format, Fpscr, INFINITY, SIGN, Scaled, Unpacked, signed};

fn exact(value: Unpacked) -> Scaled {
    Scaled {
        negative: value.negative,
        magnitude: value.significand.into(),
        exponent: value.exponent,
    }
}

fn product(a: Unpacked, b: Unpacked) -> Scaled {
    Scaled {
        negative: a.negative != b.negative,
        magnitude: u128::from(a.significand) * u128::from(b.significand),
        exponent: a.exponent + b.exponent,
    }
}

impl Fpscr {
    /// a + b.
    pub(crate) fn add(&mut self, a: u32, b: u32) -> u32 {
        let (a, b) = (self.unpack(a), self.unpack(b));
        self.nan_of(&[a, b])
            .unwrap_or_else(|| self.add_numbers(a, b))
    }

    /// a - b. A NaN keeps its sign.
    pub(crate) fn subtract(&mut self, a: u32, b: u32) -> u32 {
        let (a, b) = (self.unpack(a), self.unpack(b));
        self.nan_of(&[a, b]).unwrap_or_else(|| {
            self.add_numbers(
                a,
                Unpacked {
                    negative: !b.negative,
                    ..b
                },
            )
        })
    }

    fn add_numbers(&mut self, a: Unpacked, b: Unpacked) -> u32 {
        match (a.class, b.class) {
            (Class::Infinity, Class::Infinity) if a.negative != b.negative => self.invalid(),
            (Class::Infinity, _) => signed(a.negative, INFINITY),
            (_, Class::Infinity) => signed(b.negative, INFINITY),
            _ => self.sum(exact(a), exact(b)),
        }
    }

    /// a × b.
    pub(crate) fn multiply(&mut self, a: u32, b: u32) -> u32 {
        let (a, b) = (self.unpack(a), self.unpack(b));
        if let Some(nan) = self.nan_of(&[a, b]) {
            return nan;
        }
        let negative = a.negative != b.negative;
        match (a.class, b.class) {
            (Class::Infinity, Class::Zero) | (Class::Zero, Class::Infinity) => self.invalid(),
            (Class::Infinity, _) | (_, Class::Infinity) => signed(negative, INFINITY),
            (Class::Zero, _) | (_, Class::Zero) => signed(negative, 0),
            _ => self.round(Format::SINGLE, product(a, b)),
        }
    }

    /// addend + a × b, rounded once.
    pub(crate) fn multiply_add(&mut self, addend: u32, a: u32, b: u32) -> u32 {
        let (addend, a, b) = (self.unpack(addend), self.unpack(a), self.unpack(b));
        let is_invalid = matches!(
            (a.class, b.class),
            (Class::Infinity, Class::Zero) | (Class::Zero, Class::Infinity)
        );
        let nan = self.nan_of(&[addend, a, b]);
        if addend.class == Class::QuietNan && is_invalid {
            return self.invalid();
        }
        if let Some(nan) = nan {
            return nan;
        }
        let negative = a.negative != b.negative;
        let is_infinite = a.class == Class::Infinity || b.class == Class::Infinity;
        if is_invalid
            || addend.class == Class::Infinity && is_infinite && addend.negative != negative
        {
            return self.invalid();
        }
        if addend.class == Class::Infinity || is_infinite {
            return signed(
                if is_infinite {
                    negative
                } else {
                    addend.negative
                },
                INFINITY,
            );
        }
        self.sum(exact(addend), product(a, b))
    }

    /// a / b.
    pub(crate) fn divide(&mut self, a: u32, b: u32) -> u32 {
        let (a, b) = (self.unpack(a), self.unpack(b));
        if let Some(nan) = self.nan_of(&[a, b]) {
            return nan;
        }
        let negative = a.negative != b.negative;
        match (a.class, b.class) {
            (Class::Infinity, Class::Infinity) | (Class::Zero, Class::Zero) => self.invalid(),
            (Class::Infinity, _) => signed(negative, INFINITY),
            (_, Class::Zero) => {
                *self |= Self::DZC;
                signed(negative, INFINITY)
            }
            (Class::Zero, _) | (_, Class::Infinity) => signed(negative, 0),
            _ => {
                // At least 40 bits of quotient; the last one stands for all that follow.
                let (dividend, divisor) =
                    (u128::from(a.significand) << 64, u128::from(b.significand));
                let inexact = dividend % divisor != 0;
                let magnitude = (dividend / divisor) | u128::from(inexact);
                self.round(
                    Format::SINGLE,
                    Scaled {
                        negative,
                        magnitude,
                        exponent: a.exponent - b.exponent - 64,
                    },
                )
            }
        }
    }

    /// The square root.
    pub(crate) fn square_root(&mut self, a: u32) -> u32 {
        let a = self.unpack(a);
        if let Some(nan) = self.nan_of(&[a]) {
            return nan;
        }
        match a.class {
            Class::Zero => signed(a.negative, 0),
            _ if a.negative => self.invalid(),
            Class::Infinity => INFINITY,
            _ => {
                let odd = a.exponent & 1;
                let radicand = u128::from(a.significand) << (70 + odd);
                let root = radicand.isqrt();
                let magnitude = root | u128::from(root * root != radicand);
                self.round(
                    Format::SINGLE,
                    Scaled {
                        negative: false,
                        magnitude,
                        exponent: (a.exponent - odd - 70) / 2,
                    },
                )
            }
        }
    }

    /// Sets N, Z, C and V by comparing. With `signals` (VCMPE) any NaN is an invalid operation.
    pub(crate) fn compare(&mut self, a: u32, b: u32, signals: bool) {
        let (x, y) = (self.unpack(a), self.unpack(b));
        self.remove(FLAGS);
        if x.is_nan() || y.is_nan() {
            if signals || x.class == Class::SignallingNan || y.class == Class::SignallingNan {
                *self |= Self::IOC;
            }
            *self |= Self::C | Self::V;
            return;
        }
        *self |= match order(x).cmp(&order(y)) {
            std::cmp::Ordering::Equal => Self::Z | Self::C,
            std::cmp::Ordering::Less => Self::N,
            std::cmp::Ordering::Greater => Self::C,
        };
    }
}

/// A number that orders as the value does; both zeros are 0.
fn order(value: Unpacked) -> i64 {
    let magnitude = if value.class == Class::Zero {
        0
    } else {
        i64::from(value.bits & !SIGN)
    };
    if value.negative {
        -magnitude
    } else {
        magnitude
    }
}
