//! The highest value at which nothing is lost at the worst of all others, by bisection over forked machines.
//!
//! A value is *clean* if nothing is lost at any point of the axes that are gone over. Bisection finds a clean value whose next one is not. Loss need not grow
//! with the value: values around the boundary are looked at too, and one below it that is not clean becomes the new upper end of the search.

use std::fmt::Write as _;

use flashstall_mcu::Picos;

use super::apply;
use super::axis::{Axis, Kind};
use super::sweep::in_order;
use super::value::{Value, Values};
use super::{Fork, Outcome, Point, Variation};
use crate::chain::Link;
use crate::report::Report;
use crate::scenario::{Deviation, PreparedWire, Rate, Scenario, ScenarioError};

/// Phases that are gone over if their number is not given.
pub const PHASES: &str = "phase=16";
/// Points that are run at once. Fixed, so that the worst point does not hang on the number of threads.
const BLOCK: usize = 16;
/// Values that are looked at on each side of the boundary, ever closer to it.
const AROUND: u32 = 8;
/// Most points that are gone over at each value.
const MAX_OVER: u64 = 1_000_000;

/// What keeps the value from being higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The core stands still on busy flash for longer than the receiver can hold out.
    Stall,
    /// A handler, the receiver's own or another, runs for too long.
    HandlerRunTime,
    /// The interrupt waits: masked, or not taken in time, and nothing is held.
    Latency,
    /// A ring is too small: DMA goes round before firmware looks, or what the handler took has no room.
    RingSize,
    /// The line itself: characters are not understood.
    Line,
    /// Everything was taken and kept, and a host did not get what it wanted.
    Host,
}

impl Limit {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stall => "stall",
            Self::HandlerRunTime => "handler run time",
            Self::Latency => "latency",
            Self::RingSize => "ring size",
            Self::Line => "line",
            Self::Host => "host",
        }
    }

    /// From what came of a point at which something is lost.
    fn of(outcome: &Outcome, report: &Report) -> Self {
        if outcome.lost == 0 {
            return if outcome.overwritten + outcome.missing > 0 {
                Self::RingSize
            } else {
                Self::Host
            };
        }
        let data = |name: &str| report.wire(name).is_some_and(|w| w.kind != "pin");
        let chain = report
            .losses
            .iter()
            .find(|l| data(&l.wire))
            .map(|l| &l.chain);
        let links = || chain.into_iter().flatten();
        let line = |link: &Link| {
            matches!(link, Link::NotListening { .. })
                || matches!(link, Link::Lost { cause, .. } if cause == "corrupted")
        };
        let runs = |link: &Link| {
            matches!(
                link,
                Link::HandlerRunning { .. } | Link::OtherHandler { .. }
            )
        };
        if links().any(line) {
            Self::Line
        } else if links().any(|link| matches!(link, Link::Held { .. })) {
            Self::Stall
        } else if links().any(runs) {
            Self::HandlerRunTime
        } else {
            Self::Latency
        }
    }
}

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

/// The values of an axis by number, from the least harmful.
struct Line<'a> {
    values: &'a Values,
    count: u64,
}

impl Line<'_> {
    fn get(&self, n: u64) -> Value {
        match self.values {
            Values::Range { unit, low, .. } => {
                let number = i128::from(*low) + i128::from(n);
                Value::from_number(*unit, i64::try_from(number).unwrap_or(i64::MAX))
            }
            values => values.get(n),
        }
    }
}

/// Finds boundaries of a variation: its first axis is the one that is varied, the others are gone over.
pub struct Search<'a> {
    variation: &'a Variation,
    fork: &'a Fork<'a>,
    threads: usize,
    /// Points of the other axes.
    over: u64,
    /// Point of the other axes that was the worst so far: it is tried first.
    worst: u64,
    runs: u64,
}

impl<'a> Search<'a> {
    /// Prepares it.
    ///
    /// # Errors
    /// [`ScenarioError`] if the first axis is one along which higher is not harder, if another is a range without steps, and for too many points.
    pub fn new(
        variation: &'a Variation,
        fork: &'a Fork<'a>,
        threads: usize,
    ) -> Result<Self, ScenarioError> {
        let Some((first, rest)) = variation.axes().split_first() else {
            return Err(ScenarioError::new("nothing is varied"));
        };
        if matches!(
            first.kind,
            Kind::Gap | Kind::Phase | Kind::Seed | Kind::ClockError
        ) {
            let message = format!("no highest {}: more of it is not harder", first.name);
            return Err(ScenarioError::new(message).help(
                "vary baud, bitrate, erase, program, jitter or count, and go over this with --over",
            ));
        }
        if let Values::List(list) = &first.values
            && !list.is_sorted_by_key(|v| v.number())
        {
            let message = format!("the values of {} must go up", first.name);
            return Err(ScenarioError::new(message));
        }
        let mut over = 1u128;
        for axis in rest {
            let Some(count) = axis.values.count() else {
                let message =
                    format!("{axis} is a range without steps: what is gone over needs values");
                return Err(ScenarioError::new(message).help(format!("write {axis}/5")));
            };
            over = over.saturating_mul(u128::from(count));
        }
        let over = u64::try_from(over)
            .ok()
            .filter(|n| *n <= MAX_OVER)
            .ok_or_else(|| {
                ScenarioError::new(format!(
                    "{over} points at each value are too many: at most {MAX_OVER}"
                ))
            })?;
        Ok(Self {
            variation,
            fork,
            threads,
            over,
            worst: 0,
            runs: 0,
        })
    }

    /// The point with the varied value `value`, and point number `n` of the others, all of which but `fixed` are counted.
    fn point(&self, value: Value, n: u64) -> Point {
        let rest = self.variation.axes().get(1..).unwrap_or_default();
        let mut left = n;
        let mut point: Point = rest
            .iter()
            .rev()
            .map(|axis| {
                let count = axis.values.count().unwrap_or(1).max(1);
                let value = axis.values.get(left % count);
                left /= count;
                value
            })
            .collect();
        point.push(value);
        point.reverse();
        point
    }

    /// The first point, in their order, at which something is lost with this value; the one that was the worst the last time is tried before all others.
    fn loss(&mut self, value: Value) -> Result<Option<(Point, Outcome)>, ScenarioError> {
        let (variation, fork) = (self.variation, self.fork);
        let point = self.point(value, self.worst);
        let outcome = variation.run(fork, &point)?;
        self.runs += 1;
        if !outcome.is_complete() {
            return Ok(Some((point, outcome)));
        }
        let mut next = 0;
        while next < self.over {
            let count = usize::try_from(self.over - next)
                .unwrap_or(BLOCK)
                .min(BLOCK);
            let one = |n: usize| {
                let point = self.point(value, next + n as u64);
                let outcome = variation.run(fork, &point)?;
                Ok((point, outcome))
            };
            let all = in_order(count, self.threads, one)?;
            self.runs += count as u64;
            let lossy = |(_, (_, outcome)): &(usize, (Point, Outcome))| !outcome.is_complete();
            if let Some((n, found)) = all.into_iter().enumerate().find(lossy) {
                self.worst = next + n as u64;
                return Ok(Some(found));
            }
            next += count as u64;
        }
        Ok(None)
    }

    /// The boundary.
    ///
    /// # Errors
    /// [`ScenarioError`] for values with which the scenario cannot run.
    pub fn boundary(&mut self) -> Result<Boundary, ScenarioError> {
        let variation = self.variation;
        let Some(axis) = variation.axes().first() else {
            return Err(ScenarioError::new("nothing is varied"));
        };
        let count = match &axis.values {
            Values::Range { low, high, .. } => (high - low).unsigned_abs() + 1,
            values => values.count().unwrap_or(1),
        };
        let line = Line {
            values: &axis.values,
            count,
        };
        let runs_before = self.runs;
        let (mut clean, mut lossy) = (None, None);
        let (mut clean_above, mut lossy_below) = (Vec::new(), Vec::new());
        // Both ends first: the answer may be "all" or "none".
        let last = line.count - 1;
        match self.loss(line.get(0))? {
            Some(found) => lossy = Some((0, found)),
            None => clean = Some(0),
        }
        if clean.is_some() && last > 0 {
            match self.loss(line.get(last))? {
                Some(found) => lossy = Some((last, found)),
                None => clean = Some(last),
            }
        }
        loop {
            while let (Some(good), Some((bad, _))) = (clean, &lossy)
                && *bad > good + 1
            {
                let middle = good + (bad - good) / 2;
                match self.loss(line.get(middle))? {
                    Some(found) => lossy = Some((middle, found)),
                    None => clean = Some(middle),
                }
            }
            // Is it so below, too? A value that is not clean there is the new upper end.
            let Some(good) = clean else { break };
            let mut lower = None;
            for shift in 1..=AROUND {
                let n = good - (good >> shift);
                if n < good
                    && n > 0
                    && lower.is_none()
                    && let Some(found) = self.loss(line.get(n))?
                {
                    lower = Some((n, found));
                }
            }
            match lower {
                Some((n, found)) => {
                    lossy_below.push(line.get(n));
                    lossy = Some((n, found));
                    clean = Some(0);
                }
                None => break,
            }
        }
        if let (Some(_), Some((bad, _))) = (clean, &lossy) {
            let (from, room) = (*bad, last - bad);
            for shift in 1..=AROUND {
                let n = from + (room >> shift);
                if n > from
                    && !clean_above.contains(&line.get(n))
                    && self.loss(line.get(n))?.is_none()
                {
                    clean_above.push(line.get(n));
                }
            }
        }
        let highest = clean.map(|n| line.get(n));
        let binding = match lossy {
            Some((_, (point, outcome))) => Some(self.binding(point, outcome)?),
            None => None,
        };
        let times = LineTimes::of(variation, axis);
        // The lowest lossy value says what is needed if no value is clean.
        let rate = highest.map(Value::number);
        Ok(Boundary {
            highest,
            binding,
            clean_above,
            lossy_below,
            needs: times.as_ref().zip(rate).map(|(t, rate)| t.character(rate)),
            has: times.as_ref().map(|t| t.character(t.own)),
            own: times.map(|t| t.own),
            runs: self.runs - runs_before,
        })
    }

    fn binding(&self, point: Point, outcome: Outcome) -> Result<Binding, ScenarioError> {
        let report = self.variation.report(self.fork, &point)?;
        let limit = Limit::of(&outcome, &report);
        let data = |name: &str| report.wire(name).is_some_and(|w| w.kind != "pin");
        let first = report.losses.iter().find(|l| data(&l.wire));
        Ok(Binding {
            point,
            outcome,
            limit,
            chain: first.map(|l| l.text.clone()),
        })
    }
}

/// How long a character of the varied line takes.
struct LineTimes<'a> {
    wire: &'a PreparedWire,
    error: Option<Deviation>,
    own: i64,
}

impl<'a> LineTimes<'a> {
    fn of(variation: &'a Variation, axis: &Axis) -> Option<Self> {
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

    fn character(&self, rate: i64) -> Picos {
        let rate = Rate(u32::try_from(rate).unwrap_or(u32::MAX));
        apply::character(self.wire, Some(rate), self.error).unwrap_or_default()
    }
}

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
fn signed(margin: i64, per_mille: i64) -> String {
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
