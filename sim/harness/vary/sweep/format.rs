//! How a table is written: its first line, the names of its columns, its rows.

use std::path::Path;

use super::super::axis::{Axis, Kind};
use super::super::value::Value;
use super::super::{COLUMNS, Outcome, Variation};
use super::digest::digest;
use super::{SCHEMA, Shard};
use crate::scenario::ScenarioError;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values; the first line begins with `#`.
    Csv,
    /// JSON Lines; the first object is the header.
    JsonLines,
}

impl Format {
    /// By the name of the file.
    ///
    /// # Errors
    /// [`ScenarioError`] for a name that ends in neither `.csv` nor `.jsonl`.
    pub fn of(path: &Path) -> Result<Self, ScenarioError> {
        match path.extension().and_then(|e| e.to_str()) {
            Some("csv") => Ok(Self::Csv),
            Some("jsonl") => Ok(Self::JsonLines),
            _ => {
                let message = format!("`{}` says no format", path.display());
                Err(ScenarioError::new(message).help("name it .csv or .jsonl"))
            }
        }
    }
}

/// What the column of such an axis ends in: the unit of its numbers.
pub(super) const fn unit_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Erase | Kind::Gap | Kind::Jitter | Kind::Program => "-ps",
        Kind::ClockError => "-ppb",
        _ => "",
    }
}

/// The column of an axis.
fn column(axis: &Axis) -> String {
    format!("{}{}", axis.name, unit_of(axis.kind))
}

/// A number where it is one; a phase in parts, a column of the datasheet by its name.
fn cell(value: Value) -> String {
    match value {
        Value::Phase { .. } | Value::Column(_) => value.to_string(),
        number => number.number().to_string(),
    }
}

/// Text between quotes if it needs them in CSV.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// A JSON value: numbers as they are, everything else as text.
fn json(text: &str) -> String {
    if text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok() {
        text.to_owned()
    } else {
        serde_json::Value::String(text.to_owned()).to_string()
    }
}

/// The lines of a sweep.
pub(super) struct Lines<'a> {
    pub(super) variation: &'a Variation,
    pub(super) format: Format,
}

impl Lines<'_> {
    fn names(&self) -> Vec<String> {
        let axes = self.variation.axes().iter().map(column);
        let own = COLUMNS.iter().map(|c| (*c).to_owned());
        ["index".to_owned()]
            .into_iter()
            .chain(axes)
            .chain(own)
            .collect()
    }

    pub(super) fn header(&self, points: u64, shard: Shard) -> String {
        let (digest, Shard { index, of }) = (digest(self.variation), shard);
        match self.format {
            Format::Csv => {
                let names: Vec<String> = self.names().iter().map(|n| quoted(n)).collect();
                format!(
                    "# {SCHEMA} digest={digest} points={points} shard={index}/{of}\n{}\n",
                    names.join(",")
                )
            }
            Format::JsonLines => format!(
                "{{\"schema\":\"{SCHEMA}\",\"digest\":\"{digest}\",\"points\":{points},\"shard\":[{index},{of}]}}\n"
            ),
        }
    }

    pub(super) fn row(&self, index: u64, point: &[Value], outcome: &Outcome) -> String {
        let cells = [index.to_string()]
            .into_iter()
            .chain(point.iter().map(|v| cell(*v)))
            .chain(outcome.cells());
        match self.format {
            Format::Csv => {
                let cells: Vec<String> = cells.map(|c| quoted(&c)).collect();
                cells.join(",") + "\n"
            }
            Format::JsonLines => {
                let names = self.names();
                let pairs: Vec<String> = names
                    .iter()
                    .zip(cells)
                    .map(|(name, cell)| format!("{}:{}", serde_json::json!(name), json(&cell)))
                    .collect();
                format!("{{{}}}\n", pairs.join(","))
            }
        }
    }
}
