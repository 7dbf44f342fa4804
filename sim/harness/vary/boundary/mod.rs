//! The highest value at which nothing is lost at the worst of all others, by bisection over forked machines.
//!
//! A value is *clean* if nothing is lost at any point of the axes that are gone over. Bisection finds a clean value whose next one is not. Loss need not grow
//! with the value: values around the boundary are looked at too, and one below it that is not clean becomes the new upper end of the search.
mod limit;
mod line;
mod map;
mod search;
mod text;

pub use limit::Limit;
pub use map::{MapRow, map, map_csv, map_text};
pub use search::Search;
pub use text::to_text;

use flashstall_mcu::Picos;

use super::value::Value;
use super::{Outcome, Point};

/// Phases that are gone over if their number is not given.
pub const PHASES: &str = "phase=16";

/// A point at which something is lost, and why.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The point, the varied value first.
    pub point: Point,
    /// What came of it.
    pub outcome: Outcome,
    /// What binds.
    pub limit: Limit,
    /// The chain of the first loss in a line, if there is one.
    pub chain: Option<String>,
}

/// The boundary along one axis.
#[derive(Clone, Debug)]
pub struct Boundary {
    /// The highest clean value; `None` if the lowest is not clean.
    pub highest: Option<Value>,
    /// The value after it, and what is lost there; `None` if everything is clean.
    pub binding: Option<Binding>,
    /// Higher values that are clean all the same.
    pub clean_above: Vec<Value>,
    /// Lower values at which something is lost, found on the way.
    pub lossy_below: Vec<Value>,
    /// Time a character takes at the highest clean value: what firmware needs for each; of a bit rate only.
    pub needs: Option<Picos>,
    /// … and at the scenario's own value.
    pub has: Option<Picos>,
    /// The scenario's own value, of a bit rate.
    pub own: Option<i64>,
    /// Points that were run.
    pub runs: u64,
}

impl Boundary {
    /// Time left a character at the scenario's own rate; negative: missing.
    #[must_use]
    pub fn margin_ps(&self) -> Option<i64> {
        let (has, needs) = (self.has?.0, self.needs?.0);
        Some(i64::try_from(has).ok()? - i64::try_from(needs).ok()?)
    }

    /// The margin in tenths of a per cent of a character time at the scenario's own rate.
    #[must_use]
    pub fn margin_per_mille(&self) -> Option<i64> {
        let has = i128::from(self.has?.0).max(1);
        i64::try_from(i128::from(self.margin_ps()?) * 1_000 / has).ok()
    }
}

/// What an option that lists axes means: `phase,erase` are two, `erase=20ms,40ms` is one.
#[must_use]
pub fn split_axes(text: &str) -> Vec<String> {
    let parts = |text: &str| text.split(',').map(str::to_owned).collect();
    let names: Vec<String> = if text.contains('=') {
        vec![text.to_owned()]
    } else {
        parts(text)
    };
    let full = |name: String| {
        if name == "phase" {
            PHASES.to_owned()
        } else {
            name
        }
    };
    names.into_iter().map(full).collect()
}
