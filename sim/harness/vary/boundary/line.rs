//! The varied axis as a line of values, and how long a character takes at each.

use flashstall_mcu::Picos;

use crate::scenario::{Deviation, PreparedWire, Rate};
use crate::vary::Variation;
use crate::vary::apply;
use crate::vary::axis::{Axis, Kind};
use crate::vary::value::{Value, Values};

/// The values of an axis by number, from the least harmful.
pub(super) struct Line<'a> {
    pub(super) values: &'a Values,
    pub(super) count: u64,
}

impl Line<'_> {
    pub(super) fn get(&self, n: u64) -> Value {
        match self.values {
            Values::Range { unit, low, .. } => {
                let number = i128::from(*low) + i128::from(n);
                Value::from_number(*unit, i64::try_from(number).unwrap_or(i64::MAX))
            }
            values => values.get(n),
        }
    }
}

/// How long a character of the varied line takes.
pub(super) struct LineTimes<'a> {
    wire: &'a PreparedWire,
    error: Option<Deviation>,
    pub(super) own: i64,
}

impl<'a> LineTimes<'a> {
    pub(super) fn of(variation: &'a Variation, axis: &Axis) -> Option<Self> {
        if axis.kind != Kind::Baud {
            return None;
        }
        let (wire, own, error) = variation.line(axis.slot)?;
        Some(Self {
            wire,
            error,
            own: i64::from(own.0),
        })
    }

    pub(super) fn character(&self, rate: i64) -> Picos {
        let rate = Rate(u32::try_from(rate).unwrap_or(u32::MAX));
        apply::character(self.wire, Some(rate), self.error).unwrap_or_default()
    }
}
