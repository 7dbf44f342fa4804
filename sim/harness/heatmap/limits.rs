//! The map of `flashstall boundary`: for each value of one axis, up to where another one is clean.
//!
//! As a picture a column a value: clean below the boundary, lossy above it, on a logarithmic scale, with the scenario's own value as a broken line. Beyond
//! the range in which the boundary was looked for nothing is said.

use flashstall_mcu::Picos;

use super::chart::{CENTRE, count};
use super::palette::Paint;
use super::scene::{Anchor, Area, Letters, MARGIN, Scene, Shape, Text};
use super::{html, svg};
use crate::scenario::Time;
use crate::timeline::html::{escaped, shell, table};
use crate::vary::boundary::{Boundary, MapRow};
use crate::vary::{Axis, Value};

/// Height of the columns.
const HEIGHT: u32 = 300;
/// Pixels that all columns have together if they are many.
const ROOM: u32 = 1_200;
/// Height of a line of small text.
const LINE: u32 = 17;

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Value of the axis to the right.
    pub at: Value,
    /// Highest clean value, if there is one.
    pub highest: Option<Value>,
    /// What binds; `None` if everything is clean.
    pub limit: Option<&'static str>,
    /// Margin of the scenario's own rate: of a character's time, and its share in tenths of a per cent.
    pub margin: Option<(i64, i64)>,
    /// Loss does not simply grow with the value: where it is otherwise, in words.
    pub exceptions: String,
}

/// A boundary over an axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The scenario.
    pub subject: String,
    /// Name of the axis whose highest clean value is looked for.
    pub vary: String,
    /// Name of the axis to the right.
    pub along: String,
    /// What is gone over at each point: `phase=16`.
    pub over: Vec<String>,
    /// The range in which it was looked for: its least and its greatest value.
    pub range: (i64, i64),
    /// The scenario's own value, of a bit rate.
    pub own: Option<i64>,
    /// Columns, in the order of the axis.
    pub columns: Vec<Column>,
}

impl Column {
    fn new(row: &MapRow) -> Self {
        let b: &Boundary = &row.boundary;
        let list = |values: &[Value]| {
            let all: Vec<String> = values.iter().map(Value::to_string).collect();
            all.join(", ")
        };
        let mut exceptions = Vec::new();
        if !b.lossy_below.is_empty() {
            exceptions.push(format!("lost at {}", list(&b.lossy_below)));
        }
        if !b.clean_above.is_empty() {
            exceptions.push(format!("clean at {}", list(&b.clean_above)));
        }
        Self {
            at: row.at,
            highest: b.highest,
            limit: b.binding.as_ref().map(|b| b.limit.name()),
            margin: b.margin_ps().zip(b.margin_per_mille()),
            exceptions: exceptions.join("; "),
        }
    }

    /// The highest clean value, `+` if it is the end of the range.
    fn figure(&self) -> String {
        match (self.highest, self.limit) {
            (None, _) => "none".to_owned(),
            (Some(value), None) => format!("{value}+"),
            (Some(value), Some(_)) => value.to_string(),
        }
    }

    fn margin(&self) -> String {
        let Some((picos, share)) = self.margin else {
            return String::new();
        };
        let sign = if picos < 0 { "-" } else { "" };
        let (time, share) = (Time(Picos(picos.unsigned_abs())), share.unsigned_abs());
        format!("{sign}{time}, {sign}{}.{} %", share / 10, share % 10)
    }
}

impl Limits {
    /// From the rows of [`map`](crate::vary::boundary::map).
    #[must_use]
    pub fn new(subject: &str, vary: &Axis, along: &str, over: &[String], rows: &[MapRow]) -> Self {
        let (low, high) = vary.values.ends();
        Self {
            subject: subject.to_owned(),
            vary: vary.name.clone(),
            range: (low.number(), high.number()),
            along: along.to_owned(),
            over: over.to_vec(),
            own: rows.iter().find_map(|r| r.boundary.own),
            columns: rows.iter().map(Column::new).collect(),
        }
    }

    fn title(&self) -> String {
        format!(
            "{}: highest {} without loss by {}",
            self.subject, self.vary, self.along
        )
    }

    fn caption(&self) -> String {
        let worst = match self.over.as_slice() {
            [] => String::new(),
            over => format!(" at the worst of {}", over.join(" and ")),
        };
        let mut caption =
            format!("Nothing is lost up to the figure{worst}; +: up to the end of the range.");
        if self.columns.iter().any(|c| !c.exceptions.is_empty()) {
            caption += " *: loss does not simply grow.";
        }
        caption
    }

    fn words(&self, column: &Column) -> String {
        let mut words = format!(
            "{}={}: highest clean {} {}",
            self.along,
            column.at,
            self.vary,
            column.figure()
        );
        if let Some(limit) = column.limit {
            words += &format!("; limit {limit}");
        }
        if column.margin.is_some() {
            words += &format!("; margin {}", column.margin());
        }
        if !column.exceptions.is_empty() {
            words += &format!("; {}", column.exceptions);
        }
        words
    }

    /// The picture.
    #[must_use]
    pub fn chart(&self) -> Scene {
        let mut scene = Scene::new(self.title(), self.caption());
        let axis = Scale::new(self);
        let labels: Vec<(u32, String)> = axis.ticks();
        let widest = labels.iter().map(|(_, t)| Letters::Small.measure(t)).max();
        let left = MARGIN + widest.unwrap_or(0) + 8;
        let texts = self.columns.iter().flat_map(|c| {
            [
                c.figure(),
                c.at.to_string(),
                c.limit.unwrap_or("").to_owned(),
            ]
        });
        let widest = texts.map(|t| Letters::Small.measure(&t)).max().unwrap_or(0);
        let columns = count(self.columns.len());
        let width = (widest + 12).clamp(48, 160).min((ROOM / columns).max(6));
        scene.heading(MARGIN, 28);
        scene.text(
            MARGIN,
            28 + LINE + 3,
            Anchor::Start,
            Paint::Dim,
            &self.caption(),
        );
        let y = 28 + 2 * LINE + 11;
        scene.text(MARGIN, y, Anchor::Start, Paint::Ink, &self.vary);
        let top = y + 10;
        let (right, bottom) = (left + width * columns, top + HEIGHT);
        scene.area(left - 1, top - 1, right - left + 1, HEIGHT + 2, Paint::Line);
        for (n, column) in (0u32..).zip(&self.columns) {
            let x = left + n * width;
            let (low, high) = self.range;
            let (from, to) = (top + axis.below(high), top + axis.below(low));
            let boundary = column.highest.map_or(to, |v| top + axis.below(v.number()));
            scene.area(x, top, width - 1, HEIGHT, Paint::Back);
            let shape = self.column(column, (x, width - 1), (from, boundary, to));
            scene.shapes.push(shape);
        }
        for (down, label) in &labels {
            scene.area(left - 5, top + down, 4, 1, Paint::Dim);
            let y = top + down + CENTRE;
            scene.text(left - 8, y, Anchor::End, Paint::Ink, label);
        }
        if let Some(own) = self.own {
            let y = top + axis.below(own);
            let mut x = left;
            while x < right {
                scene.area(x, y, 7.min(right - x), 2, Paint::Ink);
                x += 11;
            }
            let words = format!("{own}: the scenario's own");
            scene.text(right + 6, y + CENTRE, Anchor::Start, Paint::Ink, &words);
        }
        let widest = self.columns.iter().map(|c| c.at.to_string());
        let widest = widest
            .map(|t| Letters::Small.measure(&t))
            .max()
            .unwrap_or(0);
        let step = usize::try_from((widest + 8) / width + 1).unwrap_or(1);
        for (n, column) in (0u32..).zip(&self.columns).step_by(step) {
            let x = left + n * width + width / 2;
            let at = column.at.to_string();
            scene.text(x, bottom + LINE, Anchor::Middle, Paint::Ink, &at);
        }
        let middle = left + (right - left) / 2;
        scene.text(
            middle,
            bottom + 2 * LINE + 4,
            Anchor::Middle,
            Paint::Ink,
            &self.along,
        );
        let y = bottom + 3 * LINE + 4;
        let mut x = MARGIN;
        for (paint, words) in [
            (Paint::Level(CLEAN), "nothing is lost"),
            (Paint::Level(LOSSY), "something is lost"),
            (Paint::Back, "not looked at"),
        ] {
            scene.area(x, y, 22, 14, Paint::Line);
            scene.area(x + 1, y + 1, 20, 12, paint);
            scene.text(x + 28, y + 11, Anchor::Start, Paint::Ink, words);
            x += 28 + Letters::Small.measure(words) + 16;
        }
        scene.width = scene.width.max(right + MARGIN);
        scene.height = y + 14 + MARGIN;
        scene
    }

    fn column(
        &self,
        column: &Column,
        (x, width): (u32, u32),
        (top, boundary, bottom): (u32, u32, u32),
    ) -> Shape {
        let area = |from: u32, to: u32, level: u8| Area {
            x,
            y: from,
            width,
            height: to.saturating_sub(from),
            paint: Paint::Level(level),
        };
        let text = |y: u32, level: u8, words: String| Text {
            x: x + width / 2,
            y,
            anchor: Anchor::Middle,
            letters: Letters::Small,
            paint: Paint::On(level),
            words,
        };
        let star = if column.exceptions.is_empty() {
            ""
        } else {
            "*"
        };
        let figure = format!("{}{star}", column.figure());
        let fits = |words: &str| Letters::Small.measure(words) + 4 <= width;
        let mut figures = Vec::new();
        if fits(&figure) {
            // Just below the boundary; above it where there is no room.
            figures.push(if bottom - boundary >= 16 {
                text(boundary + 12, CLEAN, figure)
            } else {
                text(boundary - 5, LOSSY, figure)
            });
        }
        if let Some(limit) = column.limit
            && fits(limit)
            && boundary - top >= 34
        {
            figures.push(text(top + 13, LOSSY, limit.to_owned()));
        }
        Shape::Value {
            words: self.words(column),
            areas: vec![area(top, boundary, LOSSY), area(boundary, bottom, CLEAN)],
            figures,
        }
    }

    /// The page: the picture, and a table with the same.
    #[must_use]
    pub fn page(&self) -> String {
        let title = self.title();
        let mut body = format!(
            "<h1>{}</h1>\n<figure class=\"map\">\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Map\">\n{}</div>\n</figure>\n",
            escaped(&title),
            svg::element(&self.chart())
        );
        let rows = self.columns.iter().map(|c| {
            [
                c.at.to_string(),
                c.figure(),
                c.limit.unwrap_or("").to_owned(),
                c.margin(),
                c.exceptions.clone(),
            ]
            .map(|cell| escaped(&cell))
        });
        let along = escaped(&self.along);
        let highest = escaped(&format!("highest clean {}", self.vary));
        let columns = [
            along.as_str(),
            highest.as_str(),
            "limit",
            "margin of the scenario's own",
            "otherwise",
        ];
        table(&mut body, 2, "Boundary", &columns, rows);
        shell(&format!("{title}: flashstall"), &html::style(), &body, &[])
    }
}

/// Level of what is clean.
const CLEAN: u8 = 0;
/// Level of what is not.
const LOSSY: u8 = 2;

/// Numbers upwards, logarithmically.
struct Scale {
    low: u64,
    high: u64,
    /// Numbers are picoseconds.
    time: bool,
}

impl Scale {
    fn new(limits: &Limits) -> Self {
        let highest = limits.columns.iter().filter_map(|c| c.highest);
        let time = highest.clone().any(|v| matches!(v, Value::Time(_)));
        let (least, greatest) = limits.range;
        let all = highest.map(Value::number).chain(limits.own);
        // A range goes far beyond what is found as a rule: of it only what is near.
        let all = all.map(|n| n.unsigned_abs().max(1));
        let (low, high) = (all.clone().min(), all.max());
        let (low, high) = (
            low.unwrap_or(least.unsigned_abs()),
            high.unwrap_or(greatest.unsigned_abs()),
        );
        let low = (low / 2).max(1);
        Self {
            low,
            high: high.saturating_mul(2).max(low.saturating_mul(10)),
            time,
        }
    }

    /// How far below the top a number stands.
    fn below(&self, number: i64) -> u32 {
        let number = number.unsigned_abs().clamp(self.low, self.high);
        let (low, high) = (log2(self.low), log2(self.high));
        let share = u64::from(high - log2(number)) * u64::from(HEIGHT) / u64::from(high - low);
        u32::try_from(share).unwrap_or(HEIGHT)
    }

    /// Marks at 1, 2 and 5 times powers of ten; only powers if those are many.
    fn ticks(&self) -> Vec<(u32, String)> {
        let powers = (0..19).map(|n| 10u64.pow(n));
        let all: Vec<u64> = powers
            .flat_map(|p| [1, 2, 5].map(|n| p.saturating_mul(n)))
            .filter(|n| (self.low..=self.high).contains(n))
            .collect();
        let few = all.len() <= 12;
        let label = |n: u64| {
            let number = i64::try_from(n).unwrap_or(i64::MAX);
            let words = if self.time {
                Time(Picos(n)).to_string()
            } else {
                n.to_string()
            };
            (self.below(number), words)
        };
        let kept = all
            .into_iter()
            .filter(|n| few || n.to_string().starts_with('1'));
        kept.map(label).collect()
    }
}

/// The binary logarithm in 65536ths, rounded down; of 0 it is 0. In whole numbers, so that it is the same everywhere.
fn log2(number: u64) -> u32 {
    let number = number.max(1);
    let whole = number.ilog2();
    // One bit a squaring, of a number from 1 to 2 in parts of 2^63.
    let mut rest = u128::from(number) << (63 - whole);
    let mut log = whole;
    for _ in 0..16 {
        rest = (rest * rest) >> 63;
        log <<= 1;
        if rest >> 64 != 0 {
            rest >>= 1;
            log |= 1;
        }
    }
    log
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logarithm_is_that_of_the_library() {
        for number in [1, 2, 3, 10, 31_250, 1_000_000, u64::MAX] {
            let expected = ((number as f64).log2() * 65_536.0) as i64;
            assert!((i64::from(log2(number)) - expected).abs() <= 1, "{number}");
        }
    }

    #[test]
    fn higher_values_stand_higher_and_what_is_clean_is_below() {
        let column = |at, highest: Option<u64>, limit| Column {
            at: Value::Count(at),
            highest: highest.map(Value::Count),
            limit,
            margin: None,
            exceptions: String::new(),
        };
        let limits = Limits {
            subject: "s".to_owned(),
            vary: "baud".to_owned(),
            along: "erase".to_owned(),
            over: vec!["phase=16".to_owned()],
            range: (1, 400),
            own: Some(1_000),
            columns: vec![
                column(10, Some(400), Some("stall")),
                column(20, Some(200), Some("stall")),
                column(30, None, Some("stall")),
                column(40, Some(400), None),
            ],
        };
        let scene = limits.chart();
        let axis = Scale::new(&limits);
        let room = axis.below(1) - axis.below(400);
        assert!(room < HEIGHT, "above 400 nothing was looked at");
        let heights: Vec<(u32, u32)> = scene
            .shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Value { areas, .. } => Some((areas[0].height, areas[1].height)),
                _ => None,
            })
            .collect();
        assert!(heights.iter().all(|(lossy, clean)| lossy + clean == room));
        assert!(heights[0].1 > heights[1].1 && heights[1].1 > 0);
        assert_eq!(heights[2], (room, 0), "nothing is clean");
        assert_eq!(heights[3], (0, room), "everything is");
        // Half the rate is always the same way down.
        let down = axis.below(200) - axis.below(400);
        assert!((axis.below(400) - axis.below(800)).abs_diff(down) <= 1);
    }
}
