//! A boundary in words.

use std::fmt::Write as _;

use super::Boundary;
use crate::vary::Variation;
use crate::vary::value::Value;

/// A boundary in words.
#[must_use]
pub fn to_text(variation: &Variation, boundary: &Boundary) -> String {
    let Some(axis) = variation.axes().first() else {
        return String::new();
    };
    let name = &axis.name;
    let mut text = match (&boundary.highest, &boundary.binding) {
        (Some(highest), None) => {
            format!("{name} {highest}: nothing is lost up to the end of the range\n")
        }
        (Some(highest), Some(_)) => {
            format!("{name} {highest}: the highest at which nothing is lost\n")
        }
        (None, _) => format!(
            "something is lost at any {name} from {} on\n",
            axis.values.get(0)
        ),
    };
    if let Some(binding) = &boundary.binding {
        let _ = writeln!(text, "  limit     {}", binding.limit.name());
        let _ = writeln!(
            text,
            "  at        {}: {}",
            variation.describe(&binding.point),
            binding.outcome
        );
        if let Some(chain) = &binding.chain {
            let _ = writeln!(text, "  why       {chain}");
        }
    }
    if let (Some(own), Some(has)) = (boundary.own, boundary.has) {
        let _ = match (
            boundary.needs,
            boundary.margin_ps(),
            boundary.margin_per_mille(),
        ) {
            (Some(needs), Some(margin), Some(share)) => writeln!(
                text,
                "  margin    {}: {} a character at the scenario's {own} baud, {} needed",
                signed(margin, share),
                micros(has.0),
                micros(needs.0)
            ),
            _ => writeln!(
                text,
                "  margin    none: {} a character do not suffice",
                micros(has.0)
            ),
        };
    }
    let list = |values: &[Value]| {
        let all: Vec<String> = values.iter().map(Value::to_string).collect();
        all.join(", ")
    };
    if !boundary.lossy_below.is_empty() || !boundary.clean_above.is_empty() {
        let _ = writeln!(
            text,
            "  not monotone: loss does not simply grow with {name}"
        );
        if !boundary.lossy_below.is_empty() {
            let _ = writeln!(
                text,
                "    bytes were lost at {}, with clean values above",
                list(&boundary.lossy_below)
            );
        }
        if !boundary.clean_above.is_empty() {
            let _ = writeln!(
                text,
                "    nothing is lost at {}",
                list(&boundary.clean_above)
            );
        }
    }
    let _ = writeln!(text, "  {} points were run", boundary.runs);
    text
}

/// `272.7 us, 85.2 %`.
pub(super) fn signed(margin: i64, per_mille: i64) -> String {
    let sign = if margin < 0 { "-" } else { "" };
    let share = per_mille.unsigned_abs();
    format!(
        "{sign}{}, {sign}{}.{} %",
        micros(margin.unsigned_abs()),
        share / 10,
        share % 10
    )
}

/// Picoseconds as microseconds with two decimals.
fn micros(ps: u64) -> String {
    let hundredths = ps / 10_000;
    format!("{}.{:02} us", hundredths / 100, hundredths % 100)
}
