//! Boundaries along one more axis: baud × erase time as a map.

use std::fmt::Write as _;

use super::text::signed;
use super::{Boundary, Search};
use crate::scenario::{Scenario, ScenarioError};
use crate::vary::Variation;
use crate::vary::value::Value;

/// Boundaries at each value of one of the axes gone over: that of the others.
#[derive(Clone, Debug)]
pub struct MapRow {
    /// The value.
    pub at: Value,
    /// The boundary there.
    pub boundary: Boundary,
}

/// The boundary of the axes `texts`, of which the first is varied, at each value of one more axis.
///
/// # Errors
/// [`ScenarioError`] as [`Variation::with_options`] and [`Search::new`] give it, and for an axis that is no list of values.
pub fn map(
    scenario: &Scenario,
    texts: &[(&str, &str)],
    along: (&str, &str),
    threads: usize,
) -> Result<Vec<MapRow>, ScenarioError> {
    let axis = Variation::with_options(scenario, &[along])?;
    let count = axis.count()?;
    let values = axis.axes().first().map(|a| (&a.name, &a.values));
    let mut rows = Vec::new();
    for n in 0..count {
        let Some((name, values)) = values else { break };
        let at = values.get(n);
        let fixed = format!("{name}={at}");
        let mut all = texts.to_vec();
        all.push((along.0, &fixed));
        let variation = Variation::with_options(scenario, &all)?.keep_busy()?;
        let fork = variation.boot()?;
        let boundary = Search::new(&variation, &fork, threads)?.boundary()?;
        rows.push(MapRow { at, boundary });
    }
    Ok(rows)
}

/// The map as CSV: a row for each value.
#[must_use]
pub fn map_csv(along: &str, name: &str, rows: &[MapRow]) -> String {
    let mut text = format!("{along},highest-{name},limit,margin-ps,margin-per-mille,runs\n");
    for row in rows {
        let b = &row.boundary;
        let number = |n: Option<i64>| n.map_or_else(String::new, |n| n.to_string());
        let highest = number(b.highest.map(Value::number));
        let limit = b.binding.as_ref().map_or("", |b| b.limit.name());
        let _ = writeln!(
            text,
            "{},{highest},{limit},{},{},{}",
            row.at,
            number(b.margin_ps()),
            number(b.margin_per_mille()),
            b.runs
        );
    }
    text
}

/// The map as a table for people.
#[must_use]
pub fn map_text(along: &str, name: &str, rows: &[MapRow]) -> String {
    let header = [
        along.to_owned(),
        format!("highest {name}"),
        "limit".to_owned(),
        "margin".to_owned(),
    ];
    let mut cells = vec![header];
    for row in rows {
        let b = &row.boundary;
        let margin = b.margin_ps().zip(b.margin_per_mille());
        cells.push([
            row.at.to_string(),
            b.highest
                .map_or_else(|| "none".to_owned(), |v| v.to_string()),
            b.binding.as_ref().map_or("", |b| b.limit.name()).to_owned(),
            margin.map_or_else(String::new, |(m, s)| signed(m, s)),
        ]);
    }
    let widths: Vec<usize> = (0..4)
        .map(|n| {
            cells
                .iter()
                .map(|row| row[n].chars().count())
                .max()
                .unwrap_or(0)
        })
        .collect();
    let mut text = String::new();
    for row in &cells {
        let padded: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(c, w)| format!("{c:<w$}"))
            .collect();
        let _ = writeln!(text, "{}", padded.join("  ").trim_end());
    }
    text
}
