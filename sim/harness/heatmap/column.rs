//! What a column of a sweep is called on a picture, and how its numbers are written.

use flashstall_mcu::Picos;

use crate::scenario::Time;
use crate::vary::COLUMNS;

/// A column of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantity {
    /// Its name in the table.
    pub column: &'static str,
    /// What it is, in words.
    pub words: &'static str,
}

/// In words, by the name of the column.
const WORDS: [(&str, &str); 13] = [
    ("time-ps", "simulated time"),
    ("sent", "bytes and frames sent"),
    ("delivered", "bytes and frames taken"),
    ("lost", "bytes and frames lost"),
    ("edges-lost", "edges at pins lost"),
    ("overwritten", "units overwritten in DMA rings"),
    ("missing", "bytes missing in buffers"),
    ("hosts-failed", "hosts without success"),
    ("resends", "pages sent again"),
    ("ticks-lost", "SysTick ticks lost"),
    ("resets", "resets"),
    ("longest-stall-ps", "longest hold of the core"),
    (
        "worst-latency-ps",
        "longest wait of an interrupt that takes data",
    ),
];

impl Quantity {
    /// The column `name`; `None` if it is one of words, or none at all.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let found = WORDS.iter().find(|(column, _)| *column == name);
        found.map(|&(column, words)| Self { column, words })
    }

    /// All of them, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        COLUMNS.iter().filter_map(|name| Self::of(name))
    }

    /// Is it a span of time, in picoseconds?
    #[must_use]
    pub fn is_time(self) -> bool {
        self.column.ends_with("-ps")
    }

    /// A number of it in full: `61`, `19.790277ms`.
    #[must_use]
    pub fn exact(self, value: u64) -> String {
        if self.is_time() {
            Time(Picos(value)).to_string()
        } else {
            value.to_string()
        }
    }

    /// A number of it for a small place, with three digits of a time: `61`, `19.7ms`. Cut off, not rounded.
    #[must_use]
    pub fn short(self, value: u64) -> String {
        if !self.is_time() || value == 0 {
            return self.exact(value);
        }
        // All but the first three digits become zero.
        let digits = value.ilog10().saturating_sub(2);
        let unit = 10u64.pow(digits);
        self.exact(value / unit * unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_of_numbers_has_words() {
        let all: Vec<&str> = Quantity::all().map(|q| q.column).collect();
        assert_eq!(all.len(), WORDS.len());
        assert_eq!(all.len(), COLUMNS.len() - 2, "verdict and stop are words");
    }

    #[test]
    fn times_are_short_where_room_is() {
        let latency = Quantity::of("worst-latency-ps").unwrap();
        assert_eq!(latency.exact(19_790_277_000), "19.790277ms");
        assert_eq!(latency.short(19_790_277_000), "19.7ms");
        assert_eq!(latency.short(208_333), "208ns");
        assert_eq!(latency.short(7), "7ps");
        assert_eq!(latency.short(0), "0s");
        assert_eq!(Quantity::of("lost").unwrap().short(12_345), "12345");
    }
}
