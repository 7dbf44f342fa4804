//! The values of a map: cells over two axes, each the greatest of all points that fall into it.

use std::cmp::Ordering;

use super::column::Quantity;
use super::{Chosen, Scale};
use crate::vary::sweep::{Table, TableAxis};
use crate::vary::{Kind, Value};

/// One side of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Name of the axis.
    pub name: String,
    /// What is varied.
    pub kind: Kind,
    /// Its values, the least first; names of columns of the datasheet in the order of the grid.
    pub values: Vec<Value>,
}

impl Side {
    /// What it is called on a picture: `baud (bit/s)`.
    #[must_use]
    pub fn title(&self) -> String {
        let words = match self.kind {
            Kind::AnswerTimeout => "how long the host waits for an answer",
            Kind::Baud | Kind::Bitrate => "bit/s",
            Kind::Burst => "bytes or frames at once",
            Kind::ByteGap => "idle time after each byte of the host",
            Kind::ClockError => "of the sender's clock",
            Kind::Count => "bytes, frames or pulses",
            Kind::Dlc => "bytes in a frame",
            Kind::DlcMin => "bytes in a frame, at least",
            Kind::Erase => "time of a page or sector erase",
            Kind::ExtendedShare => "% of frames with a long identifier",
            Kind::Gap => "idle time after each byte or frame",
            Kind::Jitter => "more idle time, at most",
            Kind::Latency => "of the host",
            Kind::Order => "number of a permutation",
            Kind::PageGap => "idle time after each page of the host",
            Kind::Pause => "idle time after each burst",
            Kind::Period => "from one frame or pulse to the next",
            Kind::Phase => "later start of the wire; n/m are parts of a character",
            Kind::Program => "time to program a unit",
            Kind::RemoteShare => "% of remote frames",
            Kind::Seed => "of jitter, random bytes and the mix of frames",
            Kind::Tries => "of the same frame",
        };
        format!("{} ({words})", self.name)
    }
}

/// One cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The greatest value of all points in it.
    pub value: u64,
    /// Number of the first point that has it.
    pub point: u64,
}

/// A map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeatMap {
    /// The scenario, if it is known.
    pub subject: Option<String>,
    /// What is shown.
    pub of: Quantity,
    /// To the right.
    pub x: Side,
    /// Upwards.
    pub y: Side,
    /// Row by row from the least value of `y`, each from the least value of `x`.
    pub cells: Vec<Cell>,
    /// Axes that are gone over within a cell, and how many values each has.
    pub over: Vec<(String, usize)>,
    /// How many points there are.
    pub points: usize,
    /// Digest of the sweep.
    pub digest: String,
}

impl HeatMap {
    /// Of a table. `chosen` must have been chosen among its axes.
    #[must_use]
    pub fn new(table: &Table, chosen: Chosen, subject: Option<String>) -> Self {
        let side = |n: usize| table.axes.get(n).map(ordered).unwrap_or_default();
        let (x, y) = (side(chosen.x), side(chosen.y));
        let mut cells: Vec<Option<Cell>> = vec![None; x.len() * y.len()];
        for (n, row) in (0u64..).zip(&table.rows) {
            let place = |side: &[Value], axis: usize| {
                let value = row.point.get(axis)?;
                side.iter().position(|v| v == value)
            };
            let Some((column, line)) = place(&x, chosen.x).zip(place(&y, chosen.y)) else {
                continue;
            };
            let value = row.number(chosen.of.column).unwrap_or(0);
            if let Some(slot) = cells.get_mut(line * x.len() + column)
                && slot.is_none_or(|cell| cell.value < value)
            {
                *slot = Some(Cell { value, point: n });
            }
        }
        let named = |n: usize, values: Vec<Value>| {
            let axis = table.axes.get(n);
            Side {
                name: axis.map(|a| a.name.clone()).unwrap_or_default(),
                kind: axis.map_or(Kind::Count, |a| a.kind),
                values,
            }
        };
        let rest = table.axes.iter().enumerate();
        let rest = rest.filter(|(n, a)| *n != chosen.x && *n != chosen.y && a.values.len() > 1);
        Self {
            subject,
            of: chosen.of,
            x: named(chosen.x, x),
            y: named(chosen.y, y),
            // A table is a whole grid: no cell stays without a point.
            cells: cells.into_iter().flatten().collect(),
            over: rest
                .map(|(_, a)| (a.name.clone(), a.values.len()))
                .collect(),
            points: table.rows.len(),
            digest: table.digest.clone(),
        }
    }

    /// Rows from the greatest value of `y` down, as they stand on a picture: the value, and the cells.
    pub fn rows(&self) -> impl Iterator<Item = (Value, &[Cell])> {
        let width = self.x.values.len().max(1);
        let rows = self.y.values.iter().copied().zip(self.cells.chunks(width));
        rows.rev()
    }

    /// The levels of its values.
    #[must_use]
    pub fn scale(&self) -> Scale {
        Scale::new(self.cells.iter().map(|c| c.value))
    }

    /// The heading.
    #[must_use]
    pub fn title(&self) -> String {
        let subject = match &self.subject {
            Some(name) => format!("{name}: "),
            None => String::new(),
        };
        format!(
            "{subject}{} by {} and {}",
            self.of.words, self.x.name, self.y.name
        )
    }

    /// What a cell is, in words.
    #[must_use]
    pub fn caption(&self) -> String {
        let over: Vec<String> = self
            .over
            .iter()
            .map(|(name, count)| format!("{name} ({count} values)"))
            .collect();
        if over.is_empty() {
            "Each cell is one point.".to_owned()
        } else {
            format!(
                "Each cell: the greatest of {} points, over {}.",
                self.points / self.cells.len().max(1),
                over.join(" and ")
            )
        }
    }

    /// Where it comes from.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("{} points, sweep {}", self.points, self.digest)
    }

    /// A cell in words: `baud=31250 erase=20ms: lost 61`.
    #[must_use]
    pub fn words(&self, x: Value, y: Value, cell: Cell) -> String {
        format!(
            "{}={x} {}={y}: {} {}",
            self.x.name,
            self.y.name,
            self.of.column.trim_end_matches("-ps"),
            self.of.exact(cell.value)
        )
    }
}

/// The values of an axis, the least first.
fn ordered(axis: &TableAxis) -> Vec<Value> {
    let mut values = axis.values.clone();
    // Columns of the datasheet have no place between times.
    if !values.iter().any(|v| matches!(v, Value::Column(_))) {
        values.sort_by(compare);
    }
    values
}

fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Phase { step: a, of: m }, Value::Phase { step: b, of: n }) => {
            (u64::from(*a) * u64::from(*n)).cmp(&(u64::from(*b) * u64::from(*m)))
        }
        _ => a.number().cmp(&b.number()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vary::COLUMNS;
    use crate::vary::sweep::Row;

    fn table(axes: &[(&str, Kind, &[i64])], lost: &[u64]) -> Table {
        let axes: Vec<TableAxis> = axes
            .iter()
            .map(|(name, kind, values)| TableAxis {
                name: (*name).to_owned(),
                kind: *kind,
                values: values
                    .iter()
                    .map(|v| Value::Count(v.unsigned_abs()))
                    .collect(),
            })
            .collect();
        let mut rows = Vec::new();
        for (n, lost) in lost.iter().enumerate() {
            let mut rest = n;
            let mut point: Vec<Value> = Vec::new();
            for axis in axes.iter().rev() {
                point.push(axis.values[rest % axis.values.len()]);
                rest /= axis.values.len();
            }
            point.reverse();
            let cell = |c: &&str| {
                if *c == "lost" {
                    lost.to_string()
                } else {
                    "0".to_owned()
                }
            };
            let cells = COLUMNS.iter().map(cell).collect();
            rows.push(Row { point, cells });
        }
        let digest = String::new();
        Table { digest, axes, rows }
    }

    #[test]
    fn cells_are_the_greatest_over_the_other_axes_and_sides_go_up() {
        let axes: [(&str, Kind, &[i64]); 3] = [
            ("count", Kind::Count, &[30, 10]),
            ("phase", Kind::Phase, &[0, 1]),
            ("seed", Kind::Seed, &[5, 6, 7]),
        ];
        // count 30: phase 0: 1 2 3, phase 1: 4 0 2; count 10: phase 0: 0 0 9, phase 1: 0 0 8.
        let table = table(&axes, &[1, 2, 3, 4, 0, 2, 0, 0, 9, 0, 0, 8]);
        let of = Quantity::of("lost").unwrap();
        let map = HeatMap::new(&table, Chosen { x: 2, y: 0, of }, None);
        let values: Vec<String> = map.y.values.iter().map(Value::to_string).collect();
        assert_eq!(values, ["10", "30"]);
        let cells: Vec<(u64, u64)> = map.cells.iter().map(|c| (c.value, c.point)).collect();
        assert_eq!(cells, [(0, 6), (0, 7), (9, 8), (4, 3), (2, 1), (3, 2)]);
        let first = map.rows().next().unwrap();
        assert_eq!(
            (first.0.to_string(), first.1[0].value),
            ("30".to_owned(), 4)
        );
        assert_eq!(map.over, [("phase".to_owned(), 2)]);
        assert_eq!(
            map.caption(),
            "Each cell: the greatest of 2 points, over phase (2 values)."
        );
    }

    #[test]
    fn parts_of_a_character_are_compared_as_fractions() {
        let phase = |step, of| Value::Phase { step, of };
        let axis = TableAxis {
            name: "phase".to_owned(),
            kind: Kind::Phase,
            values: vec![phase(3, 64), phase(1, 2), phase(0, 8)],
        };
        assert_eq!(ordered(&axis), [phase(0, 8), phase(3, 64), phase(1, 2)]);
    }
}
