//! Axes: what of a scenario is varied, and the text that says so: `baud=9600..2M/20`, `erase=datasheet`, `phase:midi=64`.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::value::{Unit, Value, Values};
use crate::scenario::file::{ScenarioFile, TimingColumn, WireKind};
use crate::scenario::host::HostKind;
use crate::scenario::{Deviation, Prepared, Rate, ScenarioError, Source, Time};

/// Longest text of an axis: what is longer is a mistake.
const LONGEST: usize = 100_000;
/// Bits a second from which `baud` goes if nothing is said.
const SLOWEST: i64 = 50;
/// Parts of a character time that `phase` is drawn from if nothing is said.
const FINE_PHASES: u32 = 1_000;

/// What is varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Bit rate of a UART line, at both ends: the receiver's divider follows. Of a host, its own end.
    Baud,
    /// Bit rate of a CAN node or host.
    Bitrate,
    /// How far the sender's clock is off.
    ClockError,
    /// How many bytes, frames or pulses are sent.
    Count,
    /// Erase of a page or of any sector.
    Erase,
    /// Idle time after each byte.
    Gap,
    /// Further idle time before each byte or pulse, at most.
    Jitter,
    /// How much later than the scenario says a wire starts.
    Phase,
    /// Programming of one unit.
    Program,
    /// Seed of jitter and random bytes.
    Seed,
}

/// All kinds with their names, in alphabetical order.
pub const KINDS: [(&str, Kind); 10] = [
    ("baud", Kind::Baud),
    ("bitrate", Kind::Bitrate),
    ("clock-error", Kind::ClockError),
    ("count", Kind::Count),
    ("erase", Kind::Erase),
    ("gap", Kind::Gap),
    ("jitter", Kind::Jitter),
    ("phase", Kind::Phase),
    ("program", Kind::Program),
    ("seed", Kind::Seed),
];

impl Kind {
    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        let found = KINDS.iter().find(|(_, kind)| *kind == self);
        found.map_or("", |(name, _)| name)
    }

    const fn unit(self) -> Unit {
        match self {
            Self::Baud | Self::Bitrate => Unit::Rate,
            Self::ClockError => Unit::Deviation,
            Self::Count | Self::Seed => Unit::Count,
            Self::Erase | Self::Gap | Self::Jitter | Self::Phase | Self::Program => Unit::Time,
        }
    }

    const fn is_of_flash(self) -> bool {
        matches!(self, Self::Erase | Self::Program)
    }
}

/// Whose value is varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// The flash.
    Flash,
    /// `[[wire]]` number so much.
    Wire(usize),
    /// `[[host]]` number so much.
    Host(usize),
}

/// One axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// What.
    pub kind: Kind,
    /// Whose.
    pub slot: Slot,
    /// Its name in tables: `baud`, or `baud:midi` if the wire was named.
    pub name: String,
    /// Its values.
    pub values: Values,
    /// Of a baud rate: the wire sends as many more bytes as it is faster, so that the line is busy for as long.
    pub keep_busy: bool,
}

impl fmt::Display for Axis {
    /// As it is read again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.values)
    }
}

/// The text of an option while it is read: errors show their place in it.
struct Text<'a> {
    option: &'a str,
    whole: &'a str,
}

impl Text<'_> {
    /// An error about `part`, which is a part of the text.
    fn error(&self, part: &str, message: impl Into<String>) -> ScenarioError {
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

impl Axis {
    /// Reads `NAME[:WIRE][=VALUES]` as it was given to `option` (for messages). Without values: a phase is anything within a
    /// character time, a flash time is `datasheet`, a baud rate from 50 to a sixteenth of the part's fastest clock.
    ///
    /// # Errors
    /// [`ScenarioError`] with the column and what was expected there.
    pub fn parse(
        option: &str,
        whole: &str,
        file: &ScenarioFile,
        prepared: &Prepared,
    ) -> Result<Self, ScenarioError> {
        let text = Text { option, whole };
        if whole.len() > LONGEST {
            let message = format!("an axis of {} characters is too long", whole.len());
            return Err(ScenarioError::new(message));
        }
        let (name, values) = match whole.split_once('=') {
            Some((name, values)) => (name, Some(values)),
            None => (whole, None),
        };
        let (word, wire) = match name.split_once(':') {
            Some((word, wire)) => (word, Some(wire)),
            None => (name, None),
        };
        let Some((_, kind)) = KINDS.iter().find(|(known, _)| *known == word) else {
            let error = text.error(word, format!("`{word}` is nothing that can be varied"));
            return Err(error.suggest(word, KINDS.iter().map(|(name, _)| *name)));
        };
        let slot = slot(&text, *kind, word, wire, file)?;
        let values = match values {
            Some(values) => read_values(&text, *kind, values, prepared)?,
            None => match kind {
                Kind::Phase => Values::Phases(FINE_PHASES),
                Kind::Erase | Kind::Program => datasheet(&text, *kind, word, prepared)?,
                // The fastest that a USART can sample 16 times a bit.
                Kind::Baud => Values::Range {
                    unit: Unit::Rate,
                    low: SLOWEST,
                    high: i64::try_from(prepared.chip.clocks.max_hclk.hz / 16).unwrap_or(SLOWEST),
                },
                _ => {
                    let message = format!("`{word}` needs values");
                    return Err(text.error(word, message).help(example(*kind)));
                }
            },
        };
        if let (Kind::Phase, Values::Phases(_)) = (kind, &values)
            && !is_uart(file, slot)
        {
            let message = "a phase in parts of a character is for uarts";
            return Err(text
                .error(word, message)
                .help("give times, for example phase=0us..320us/64"));
        }
        Ok(Self {
            kind: *kind,
            slot,
            name: name.to_owned(),
            values,
            keep_busy: false,
        })
    }
}

fn example(kind: Kind) -> String {
    let values = match kind {
        Kind::Baud | Kind::Bitrate => "9600..2M/20 or 31250,115200",
        Kind::ClockError => "-2%..2%/9",
        Kind::Count => "1..640/10",
        Kind::Seed => "0..9/10",
        Kind::Phase => "64: so many steps over one character time",
        Kind::Erase | Kind::Program => "20ms..40ms/5, or datasheet",
        Kind::Gap | Kind::Jitter => "0us..100us/5",
    };
    format!("write for example {}={values}", kind.name())
}

fn is_uart(file: &ScenarioFile, slot: Slot) -> bool {
    match slot {
        Slot::Flash => false,
        Slot::Wire(n) => file
            .wire
            .get(n)
            .is_some_and(|w| w.kind.value == WireKind::Uart),
        Slot::Host(n) => file
            .host
            .get(n)
            .is_some_and(|h| h.kind.value == HostKind::Uart),
    }
}

/// Whose `kind` is meant: the wire that is named, or the only one that sends data.
fn slot(
    text: &Text<'_>,
    kind: Kind,
    word: &str,
    wire: Option<&str>,
    file: &ScenarioFile,
) -> Result<Slot, ScenarioError> {
    if kind.is_of_flash() {
        return match wire {
            None => Ok(Slot::Flash),
            Some(wire) => Err(text.error(wire, format!("`{word}` is of the flash, not of a wire"))),
        };
    }
    let wires = file.wire.iter().enumerate().filter_map(|(n, w)| {
        let fits = match (kind, w.kind.value) {
            (Kind::Baud | Kind::Gap, WireKind::Uart)
            | (Kind::Bitrate, WireKind::Can)
            | (
                Kind::ClockError | Kind::Count | Kind::Jitter | Kind::Phase | Kind::Seed,
                WireKind::Uart | WireKind::Can,
            ) => true,
            (Kind::Jitter | Kind::Phase | Kind::Seed, WireKind::Pin) => wire.is_some(),
            _ => false,
        };
        fits.then_some((w.name.as_str(), Slot::Wire(n)))
    });
    let hosts = file.host.iter().enumerate().filter_map(|(n, h)| {
        let fits = match kind {
            Kind::Baud => h.kind.value == HostKind::Uart,
            Kind::Bitrate => h.kind.value == HostKind::Can,
            Kind::ClockError | Kind::Count | Kind::Phase | Kind::Seed => true,
            _ => false,
        };
        fits.then_some((h.name.as_str(), Slot::Host(n)))
    });
    let all: Vec<(&str, Slot)> = wires.chain(hosts).collect();
    let names = || all.iter().map(|(name, _)| *name);
    match (wire, all.as_slice()) {
        (Some(wire), _) => {
            let found = all.iter().find(|(name, _)| *name == wire);
            found.map(|(_, slot)| *slot).ok_or_else(|| {
                text.error(wire, format!("no wire `{wire}` that has a {word}"))
                    .suggest(wire, names())
            })
        }
        (None, [(_, only)]) => Ok(*only),
        (None, []) => Err(text.error(word, format!("this scenario has no wire with a {word}"))),
        (None, _) => {
            let each: Vec<String> = names().map(|name| format!("{word}:{name}")).collect();
            Err(text
                .error(word, format!("which {word}? several wires have one"))
                .help(format!("write {}", each.join(" or "))))
        }
    }
}

fn read_values(
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
        return Err(text.error(place, "no values").help(example(kind)));
    }
    if values == "datasheet" {
        if !kind.is_of_flash() {
            let message = format!("no datasheet has a {}", kind.name());
            return Err(text.error(values, message).help(example(kind)));
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
        return Err(text.error(whole, message).help(example(kind)));
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
        |e: crate::scenario::QuantityError| text.error(place, e.to_string()).help(example(kind));
    if trimmed.is_empty() {
        return Err(text.error(place, "a value is missing").help(example(kind)));
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
                .help(example(kind))
        })?),
    };
    if value.number() == i64::MAX {
        return Err(text.error(place, format!("`{trimmed}` is out of range")));
    }
    Ok(value)
}

/// The spread that the chip file gives: the times of its columns for a part of pages, the columns themselves where each sector has a time of its own.
fn datasheet(
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
