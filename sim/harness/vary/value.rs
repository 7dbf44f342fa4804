//! Values along an axis: one, a list, steps between two, a range to draw from.

use std::fmt;

use flashstall_mcu::Picos;

use crate::scenario::file::TimingColumn;
use crate::scenario::{Deviation, Rate, Time};

/// What the numbers of an axis are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bits a second.
    Rate,
    /// Spans of time.
    Time,
    /// Parts per billion.
    Deviation,
    /// A plain number.
    Count,
}

/// One value along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Bits a second.
    Rate(Rate),
    /// A span of time.
    Time(Time),
    /// A clock error.
    Deviation(Deviation),
    /// A plain number.
    Count(u64),
    /// So many parts of a character time: `step / of`.
    Phase {
        /// Parts.
        step: u32,
        /// How many make a character time, not 0.
        of: u32,
    },
    /// A column of the chip file.
    Column(TimingColumn),
}

impl Value {
    /// From a number in the unit's smallest parts: bit/s, ps, ppb, 1.
    pub(super) fn from_number(unit: Unit, number: i64) -> Self {
        let positive = number.unsigned_abs();
        match unit {
            Unit::Rate => Self::Rate(Rate(u32::try_from(positive).unwrap_or(u32::MAX))),
            Unit::Time => Self::Time(Time(Picos(positive))),
            Unit::Deviation => Self::Deviation(Deviation(number)),
            Unit::Count => Self::Count(positive),
        }
    }

    /// The number in the unit's smallest parts; of a phase its step, of a column its place.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::Rate(rate) => i64::from(rate.0),
            Self::Time(time) => i64::try_from(time.0.0).unwrap_or(i64::MAX),
            Self::Deviation(deviation) => deviation.0,
            Self::Count(count) => i64::try_from(count).unwrap_or(i64::MAX),
            Self::Phase { step, .. } => i64::from(step),
            Self::Column(TimingColumn::Min) => 0,
            Self::Column(TimingColumn::Typ) => 1,
            Self::Column(TimingColumn::Max) => 2,
        }
    }
}

impl fmt::Display for Value {
    /// As it is read again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate(rate) => rate.fmt(f),
            Self::Time(time) => time.fmt(f),
            Self::Deviation(deviation) => deviation.fmt(f),
            Self::Count(count) => count.fmt(f),
            Self::Phase { step, of } => write!(f, "{step}/{of}"),
            Self::Column(TimingColumn::Min) => f.write_str("min"),
            Self::Column(TimingColumn::Typ) => f.write_str("typ"),
            Self::Column(TimingColumn::Max) => f.write_str("max"),
        }
    }
}

/// All values of an axis. Steps are not listed but computed, so that a million of them cost nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values {
    /// These, in this order.
    List(Vec<Value>),
    /// `count` values from `low` to `high`, both included, evenly; rounded down to the smallest part of the unit.
    Steps {
        /// The unit.
        unit: Unit,
        /// First.
        low: i64,
        /// Last.
        high: i64,
        /// How many, at least 1.
        count: u64,
    },
    /// `0/of` to `(of-1)/of` of a character time.
    Phases(u32),
    /// Anything from `low` to `high`.
    Range {
        /// The unit.
        unit: Unit,
        /// Least.
        low: i64,
        /// Greatest.
        high: i64,
    },
}

impl Values {
    /// How many there are; `None` of a range without steps.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        match self {
            Self::List(list) => Some(list.len() as u64),
            Self::Steps { count, .. } => Some(*count),
            Self::Phases(of) => Some(u64::from(*of)),
            Self::Range { .. } => None,
        }
    }

    /// Value number `index`, the last one beyond the end; of a range its least.
    #[must_use]
    pub fn get(&self, index: u64) -> Value {
        match self {
            Self::List(list) => {
                let index = usize::try_from(index).unwrap_or(usize::MAX);
                let value = list.get(index).or(list.last());
                value.copied().unwrap_or(Value::Count(0))
            }
            Self::Steps {
                unit,
                low,
                high,
                count,
            } => {
                let (last, span) = (
                    count.saturating_sub(1),
                    i128::from(*high) - i128::from(*low),
                );
                let index = i128::from(index.min(last));
                let offset = span * index / i128::from(last.max(1));
                let number = i64::try_from(i128::from(*low) + offset).unwrap_or(*high);
                Value::from_number(*unit, number)
            }
            Self::Phases(of) => Value::Phase {
                step: u32::try_from(index)
                    .unwrap_or(u32::MAX)
                    .min(of.saturating_sub(1)),
                of: *of,
            },
            Self::Range { unit, low, .. } => Value::from_number(*unit, *low),
        }
    }

    /// The first value and the last.
    #[must_use]
    pub fn ends(&self) -> (Value, Value) {
        let last = match self {
            Self::Range { unit, high, .. } => Value::from_number(*unit, *high),
            values => values.get(values.count().unwrap_or(1).saturating_sub(1)),
        };
        (self.get(0), last)
    }

    /// The value at `share / 2^64` of the way: how a random number picks one.
    #[must_use]
    pub fn pick(&self, share: u64) -> Value {
        let scaled = |count: u128| ((u128::from(share) * count) >> 64) as u64;
        match (self, self.count()) {
            (Self::Range { unit, low, high }, _) => {
                let count = (i128::from(*high) - i128::from(*low) + 1).unsigned_abs();
                let number = i128::from(*low) + i128::from(scaled(count));
                Value::from_number(*unit, i64::try_from(number).unwrap_or(*high))
            }
            (_, count) => self.get(scaled(u128::from(count.unwrap_or(1)))),
        }
    }

    /// The values with which everything that can be wrong shows: all of a list, else both ends.
    pub(super) fn extremes(&self) -> Vec<Value> {
        match self {
            Self::List(list) => list.clone(),
            Self::Steps {
                unit, low, high, ..
            }
            | Self::Range { unit, low, high } => {
                vec![
                    Value::from_number(*unit, *low),
                    Value::from_number(*unit, *high),
                ]
            }
            Self::Phases(of) => vec![self.get(0), self.get(u64::from(*of))],
        }
    }
}

impl fmt::Display for Values {
    /// As they are read again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::List(list) => {
                for (n, value) in list.iter().enumerate() {
                    write!(f, "{}{value}", if n == 0 { "" } else { "," })?;
                }
                Ok(())
            }
            Self::Steps {
                unit,
                low,
                high,
                count,
            } => {
                let end = |number| Value::from_number(*unit, number);
                write!(f, "{}..{}/{count}", end(*low), end(*high))
            }
            Self::Phases(of) => of.fmt(f),
            Self::Range { unit, low, high } => {
                let end = |number| Value::from_number(*unit, number);
                write!(f, "{}..{}", end(*low), end(*high))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_include_both_ends_and_are_even() {
        let steps = Values::Steps {
            unit: Unit::Time,
            low: 20_000_000_000,
            high: 40_000_000_000,
            count: 5,
        };
        let all: Vec<String> = (0..5).map(|n| steps.get(n).to_string()).collect();
        assert_eq!(all, ["20ms", "25ms", "30ms", "35ms", "40ms"]);
        assert_eq!(steps.to_string(), "20ms..40ms/5");
    }

    #[test]
    fn a_pick_reaches_both_ends_of_a_range_and_no_further() {
        let range = Values::Range {
            unit: Unit::Rate,
            low: 9_600,
            high: 9_602,
        };
        let at = |share| range.pick(share).number();
        assert_eq!(
            (at(0), at(u64::MAX / 2), at(u64::MAX)),
            (9_600, 9_601, 9_602)
        );
        assert_eq!(
            Values::Phases(4).pick(u64::MAX),
            Value::Phase { step: 3, of: 4 }
        );
    }
}
