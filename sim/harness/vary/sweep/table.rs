//! The file of a whole sweep, read back.

use std::path::Path;

use serde::de::{MapAccess, Visitor};

use super::super::axis::{KINDS, Kind};
use super::super::value::{Unit, Value};
use super::super::{COLUMNS, Point};
use super::format::unit_of;
use super::header::head;
use super::{Format, Shard, file_error};
use crate::scenario::ScenarioError;
use crate::scenario::file::TimingColumn;

/// An axis of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableAxis {
    /// Its name: `baud`, or `baud:midi` if the wire was named.
    pub name: String,
    /// What is varied.
    pub kind: Kind,
    /// Its values, in the order of the grid.
    pub values: Vec<Value>,
}

/// A row of a table: a point, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// A value of each axis.
    pub point: Point,
    /// One text a column of [`COLUMNS`].
    pub cells: Vec<String>,
}

impl Row {
    /// The number in column `name`; `None` for a column of words, or none at all.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        let at = COLUMNS.iter().position(|c| *c == name)?;
        self.cells.get(at)?.parse().ok()
    }
}

/// The file of a whole sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// What tells its sweep from any other.
    pub digest: String,
    /// Its axes, in their order.
    pub axes: Vec<TableAxis>,
    /// A row a point; the last axis varies fastest.
    pub rows: Vec<Row>,
}

impl Table {
    /// Reads the file of a whole sweep, or of shards that were merged.
    ///
    /// # Errors
    /// [`ScenarioError`] for a file that cannot be read, that is not the file of a sweep, is a shard of one, was cut short or is damaged.
    pub fn read(path: &Path) -> Result<Self, ScenarioError> {
        let format = Format::of(path)?;
        let text = std::fs::read_to_string(path).map_err(|e| file_error("read", path, &e))?;
        parse(&text, format).map_err(|e| ScenarioError {
            message: format!("`{}` {}", path.display(), e.message),
            ..e
        })
    }
}

fn cut_short(message: impl Into<String>) -> ScenarioError {
    ScenarioError::new(message).help("run its sweep again: it goes on where it was cut short")
}

fn parse(text: &str, format: Format) -> Result<Table, ScenarioError> {
    let foreign = || ScenarioError::new("is not the file of a sweep");
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let (whole, points, Shard { index, of }) = head(first, format).ok_or_else(foreign)?;
    if of > 1 {
        return Err(ScenarioError::new(format!("is shard {index} of {of}"))
            .help("put all of them together with `flashstall merge` first"));
    }
    if !text.ends_with('\n') {
        return Err(cut_short("ends in mid-line: its sweep was cut short"));
    }
    let mut records: Vec<Record> = Vec::new();
    let mut names: Vec<String> = match format {
        Format::Csv => fields(lines.next().unwrap_or_default()),
        Format::JsonLines => Vec::new(),
    };
    for (n, line) in lines.enumerate() {
        let damaged = || ScenarioError::new(format!("is damaged: row {n} cannot be read"));
        let cells = match format {
            Format::Csv => fields(line),
            Format::JsonLines => {
                let Pairs(pairs) = serde_json::from_str(line).map_err(|_| damaged())?;
                let (its, cells): (Vec<String>, _) = pairs.into_iter().unzip();
                if n == 0 {
                    names.clone_from(&its);
                }
                if its != names {
                    return Err(damaged());
                }
                cells
            }
        };
        if cells.len() != names.len() || cells.first() != Some(&n.to_string()) {
            return Err(damaged());
        }
        records.push(cells);
    }
    if records.len() as u64 != points {
        let has = records.len();
        return Err(cut_short(format!(
            "has {has} of {points} rows: its sweep was cut short"
        )));
    }
    let (axes, rows) = typed(&names, records)?;
    let digest: String = whole
        .split_once("digest")
        .map_or("", |(_, rest)| rest)
        .chars()
        .skip_while(|c| !c.is_ascii_hexdigit())
        .take_while(char::is_ascii_hexdigit)
        .collect();
    Ok(Table { digest, axes, rows })
}

/// A row as it stands in the file.
type Record = Vec<String>;

/// Axes and rows of what was read.
fn typed(
    names: &[String],
    records: Vec<Record>,
) -> Result<(Vec<TableAxis>, Vec<Row>), ScenarioError> {
    let other = || ScenarioError::new("has other columns than this version writes");
    let count = names
        .len()
        .checked_sub(1 + COLUMNS.len())
        .ok_or_else(other)?;
    let (before, own) = names.split_at(1 + count);
    if before.first().is_none_or(|n| n != "index") || own != COLUMNS {
        return Err(other());
    }
    let mut axes = Vec::new();
    for name in before.iter().skip(1) {
        let (name, kind) = axis_of(name).ok_or_else(other)?;
        let values = Vec::new();
        axes.push(TableAxis { name, kind, values });
    }
    let mut rows = Vec::with_capacity(records.len());
    for (n, mut cells) in records.into_iter().enumerate() {
        let own = cells.split_off(1 + count);
        let values = axes.iter().zip(cells.iter().skip(1));
        let point: Option<Point> = values.map(|(a, cell)| value(a.kind, cell)).collect();
        let Some(point) = point else {
            let message = format!("is damaged: row {n} has a value that its axis cannot have");
            return Err(ScenarioError::new(message));
        };
        rows.push(Row { point, cells: own });
    }
    find_values(&mut axes, &rows)?;
    Ok((axes, rows))
}

/// The values of each axis, from the order of the rows; an error if they are not a grid.
fn find_values(axes: &mut [TableAxis], rows: &[Row]) -> Result<(), ScenarioError> {
    let at = |row: usize, axis: usize| rows.get(row).and_then(|r| r.point.get(axis).copied());
    let mut stride = 1;
    for (n, axis) in axes.iter_mut().enumerate().rev() {
        let all = (0..rows.len()).step_by(stride).map_while(|row| at(row, n));
        for value in all {
            if axis.values.first() == Some(&value) {
                break;
            }
            axis.values.push(value);
        }
        stride = stride.saturating_mul(axis.values.len().max(1));
    }
    let mut strides = vec![1; axes.len()];
    for n in (1..axes.len()).rev() {
        let below = axes.get(n).map_or(1, |a| a.values.len()) * strides.get(n).unwrap_or(&1);
        if let Some(slot) = strides.get_mut(n - 1) {
            *slot = below;
        }
    }
    let fits = |row: usize| {
        axes.iter()
            .zip(&strides)
            .enumerate()
            .all(|(n, (a, s))| a.values.get(row / s % a.values.len().max(1)).copied() == at(row, n))
    };
    match (0..rows.len()).find(|row| !fits(*row)) {
        None if stride == rows.len() || rows.is_empty() => Ok(()),
        row => Err(ScenarioError::new(format!(
            "is damaged: row {} is not where its grid has it",
            row.unwrap_or(rows.len())
        ))),
    }
}

/// The axis of a column, without the unit of its numbers.
fn axis_of(column: &str) -> Option<(String, Kind)> {
    KINDS.iter().find_map(|(word, kind)| {
        let rest = column.strip_prefix(word)?;
        let rest = rest.strip_suffix(unit_of(*kind))?;
        let ours = rest.is_empty() || rest.starts_with(':');
        ours.then(|| (format!("{word}{rest}"), *kind))
    })
}

/// A cell of an axis.
fn value(kind: Kind, cell: &str) -> Option<Value> {
    if let Some((step, of)) = cell.split_once('/') {
        let (step, of): (u32, u32) = (step.parse().ok()?, of.parse().ok()?);
        return (kind == Kind::Phase && step < of).then_some(Value::Phase { step, of });
    }
    let column = match cell {
        "min" => Some(TimingColumn::Min),
        "typ" => Some(TimingColumn::Typ),
        "max" => Some(TimingColumn::Max),
        _ => None,
    };
    if let Some(column) = column {
        return Some(Value::Column(column));
    }
    let number: i64 = cell.parse().ok()?;
    let unit = kind.unit();
    (number >= 0 || unit == Unit::Deviation).then(|| Value::from_number(unit, number))
}

/// The fields of a line of CSV.
fn fields(line: &str) -> Record {
    let (mut all, mut field, mut inside) = (Vec::new(), String::new(), false);
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if inside && rest.peek() == Some(&'"') => field.extend(rest.next()),
            '"' => inside = !inside,
            ',' if !inside => all.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    all.push(field);
    all
}

/// An object whose keys stay in their order, values as text.
struct Pairs(Vec<(String, String)>);

impl<'de> serde::Deserialize<'de> for Pairs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Pairs;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, serde_json::Value>()? {
                    let text = match value {
                        serde_json::Value::String(text) => text,
                        other => other.to_string(),
                    };
                    pairs.push((key, text));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(axes: &str, points: &[&str]) -> String {
        let mut text = format!(
            "# flashstall-sweep/1 digest=00ff points={} shard=0/1\nindex,{axes},{}\n",
            points.len(),
            COLUMNS.join(",")
        );
        for (n, point) in points.iter().enumerate() {
            let rest = vec!["0"; COLUMNS.len() - 2].join(",");
            text.push_str(&format!("{n},{point},met,until,{rest}\n"));
        }
        text
    }

    fn read(text: &str) -> Result<Table, String> {
        parse(text, Format::Csv).map_err(|e| e.message)
    }

    #[test]
    fn axes_come_back_with_their_values() {
        let points = ["-20000000,0/2,0", "-20000000,1/2,0", "0,0/2,0", "0,1/2,0"];
        let table = read(&csv("clock-error-ppb,phase:a b,gap:x-ps-ps", &points)).unwrap();
        assert_eq!(table.digest, "00ff");
        let axes: Vec<(&str, String)> = table
            .axes
            .iter()
            .map(|a| {
                let all: Vec<String> = a.values.iter().map(Value::to_string).collect();
                (a.name.as_str(), all.join(" "))
            })
            .collect();
        let expected = [
            ("clock-error", "-20000ppm 0ppm"),
            ("phase:a b", "0/2 1/2"),
            ("gap:x-ps", "0s"),
        ];
        assert_eq!(axes, expected.map(|(n, v)| (n, v.to_owned())));
        assert_eq!(table.rows[2].number("lost"), Some(0));
        assert_eq!(table.rows[2].number("verdict"), None);
    }

    #[test]
    fn rows_that_are_no_grid_are_damage() {
        let wrong = csv(
            "baud,phase",
            &["9600,0/2", "9600,1/2", "19200,1/2", "19200,0/2"],
        );
        assert_eq!(
            read(&wrong).unwrap_err(),
            "is damaged: row 2 is not where its grid has it"
        );
        let wrong = csv("baud,phase", &["9600,0/2", "9600,1/2", "19200,0/2"]);
        assert!(read(&wrong).unwrap_err().contains("is damaged"), "{wrong}");
        let wrong = csv("erase-ps", &["-1"]);
        assert!(read(&wrong).unwrap_err().contains("cannot have"));
        let wrong = csv("erase", &["1"]);
        assert!(read(&wrong).unwrap_err().contains("other columns"));
    }

    #[test]
    fn quotes_hold_commas_and_quotes() {
        assert_eq!(fields("a,\"b,\"\"c\"\"\",,d"), ["a", "b,\"c\"", "", "d"]);
    }
}
