//! The text of an axis: its values, and errors with their column.

use std::path::PathBuf;
use std::sync::Arc;

use super::super::value::{Unit, Value, Values};
use super::Kind;
use crate::scenario::file::TimingColumn;
use crate::scenario::{Deviation, Prepared, Rate, ScenarioError, Source, Time};

/// The text of an option while it is read: errors show their place in it.
pub(super) struct Text<'a> {
    pub(super) option: &'a str,
    pub(super) whole: &'a str,
}

impl Text<'_> {
    /// An error about `part`, which is a part of the text.
    pub(super) fn error(&self, part: &str, message: impl Into<String>) -> ScenarioError {
        let start = (part.as_ptr() as usize).wrapping_sub(self.whole.as_ptr() as usize);
        let start = start.min(self.whole.len());
        ScenarioError {
            span: Some(start..(start + part.len()).min(self.whole.len())),
            source: Some(Arc::new(Source {
                path: PathBuf::from(self.option),
                text: self.whole.to_owned(),
            })),
            ..ScenarioError::new(message)
        }
    }
}

/// All values: `A..B/N`, `A,B,C`, `A..B`, a number of phases, `datasheet`.
pub(super) fn values(
    text: &Text<'_>,
    kind: Kind,
    values: &str,
    prepared: &Prepared,
) -> Result<Values, ScenarioError> {
    if values.trim().is_empty() {
        let place = if values.is_empty() {
            text.whole
        } else {
            values
        };
        return Err(text.error(place, "no values").help(kind.example()));
    }
    if values == "datasheet" {
        if !kind.is_of_flash() {
            let message = format!("no datasheet has a {}", kind.name());
            return Err(text.error(values, message).help(kind.example()));
        }
        return datasheet(text, kind, values, prepared);
    }
    if let Some((low, rest)) = values.split_once("..") {
        let (high, count) = match rest.split_once('/') {
            Some((high, count)) => (high, Some(count)),
            None => (rest, None),
        };
        return range(text, kind, values, (low, high, count));
    }
    if kind == Kind::Phase
        && let Ok(of) = values.replace('_', "").parse::<u64>()
    {
        let of = u32::try_from(of).unwrap_or(u32::MAX);
        return if of == 0 || of > 1_000_000_000 {
            let message = "so many steps over a character time: 1 to 1000000000";
            Err(text.error(values, message))
        } else {
            Ok(Values::Phases(of))
        };
    }
    let list: Result<Vec<Value>, ScenarioError> = values
        .split(',')
        .map(|one| value(text, kind, one))
        .collect();
    let list = list?;
    for (n, value) in list.iter().enumerate() {
        if list[..n].contains(value) {
            let message = format!("{value} is given twice");
            return Err(text.error(values, message));
        }
    }
    Ok(Values::List(list))
}

fn range(
    text: &Text<'_>,
    kind: Kind,
    whole: &str,
    (low, high, count): (&str, &str, Option<&str>),
) -> Result<Values, ScenarioError> {
    let unit = kind.unit();
    let is_word = |v: &Value| matches!(v, Value::Phase { .. } | Value::Column(_));
    let (from, to) = (value(text, kind, low)?, value(text, kind, high)?);
    if is_word(&from) || is_word(&to) {
        let message = "a range is given in times";
        return Err(text.error(whole, message).help(kind.example()));
    }
    let (from, to) = (from.number(), to.number());
    if from > to {
        let message = format!(
            "an empty range: {} is more than {}",
            low.trim(),
            high.trim()
        );
        return Err(text.error(whole, message).help("write the lower end first"));
    }
    let Some(count) = count else {
        return Ok(Values::Range {
            unit,
            low: from,
            high: to,
        });
    };
    let steps: u64 = count.trim().replace('_', "").parse().map_err(|_| {
        text.error(count, format!("`{count}` is not a number of values"))
            .help("A..B/5: five values from A to B, both included")
    })?;
    let distinct = (i128::from(to) - i128::from(from) + 1).unsigned_abs();
    if steps == 0 {
        return Err(text.error(count, "an empty range: no values"));
    }
    if steps == 1 && from != to {
        let message = "one value cannot be both ends of a range";
        return Err(text
            .error(count, message)
            .help("write one value, or /2 or more"));
    }
    if u128::from(steps) > distinct {
        let message = format!("{steps} values do not fit: there are {distinct} from end to end");
        return Err(text.error(count, message));
    }
    Ok(Values::Steps {
        unit,
        low: from,
        high: to,
        count: steps,
    })
}

fn value(text: &Text<'_>, kind: Kind, one: &str) -> Result<Value, ScenarioError> {
    let trimmed = one.trim();
    let place = if trimmed.is_empty() { one } else { trimmed };
    let wrong =
        |e: crate::scenario::QuantityError| text.error(place, e.to_string()).help(kind.example());
    if trimmed.is_empty() {
        return Err(text.error(place, "a value is missing").help(kind.example()));
    }
    if kind == Kind::Phase
        && let Some((step, of)) = trimmed.split_once('/')
    {
        return match (step.parse(), of.parse()) {
            (Ok(step), Ok(of)) if step < of => Ok(Value::Phase { step, of }),
            _ => {
                let message = format!("`{trimmed}` is not a part of a character time");
                Err(text.error(place, message).help("write for example 3/64"))
            }
        };
    }
    let column = match trimmed {
        "min" => Some(TimingColumn::Min),
        "typ" => Some(TimingColumn::Typ),
        "max" => Some(TimingColumn::Max),
        _ => None,
    };
    if let (Kind::Erase, Some(column)) = (kind, column) {
        return Ok(Value::Column(column));
    }
    let value = match kind.unit() {
        Unit::Rate => Value::Rate(trimmed.parse::<Rate>().map_err(wrong)?),
        Unit::Time => Value::Time(trimmed.parse::<Time>().map_err(wrong)?),
        Unit::Deviation => Value::Deviation(trimmed.parse::<Deviation>().map_err(wrong)?),
        Unit::Count => Value::Count(trimmed.replace('_', "").parse().map_err(|_| {
            text.error(place, format!("`{trimmed}` is not a number"))
                .help(kind.example())
        })?),
    };
    if value.number() == i64::MAX {
        return Err(text.error(place, format!("`{trimmed}` is out of range")));
    }
    Ok(value)
}

/// The spread that the chip file gives: the times of its columns for a part of pages, the columns themselves where each sector has a time of its own.
pub(super) fn datasheet(
    text: &Text<'_>,
    kind: Kind,
    place: &str,
    prepared: &Prepared,
) -> Result<Values, ScenarioError> {
    let timing = &prepared.chip.flash.timing;
    let spec = match kind {
        Kind::Program => Some(&timing.program),
        _ => timing.page_erase.as_ref(),
    };
    let Some(spec) = spec else {
        if timing.parallel.is_empty() {
            let message = format!("{} has no time for a page erase", prepared.chip.name);
            return Err(text.error(place, message));
        }
        let columns = [TimingColumn::Min, TimingColumn::Typ, TimingColumn::Max];
        return Ok(Values::List(columns.map(Value::Column).to_vec()));
    };
    let mut times: Vec<Value> = Vec::new();
    for time in [spec.shortest(), spec.typical(), spec.max] {
        let value = Value::Time(Time(time));
        if !times.contains(&value) {
            times.push(value);
        }
    }
    Ok(Values::List(times))
}
