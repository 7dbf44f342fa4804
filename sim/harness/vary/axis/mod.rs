//! Axes: what of a scenario is varied, and the text that says so: `baud=9600..2M/20`, `erase=datasheet`, `phase:midi=64`.

mod kind;
mod order;
mod read;
mod slot;

pub use kind::{KINDS, Kind};
pub(super) use order::{permute, starts_by_clock};
pub use slot::Slot;

use std::fmt;

use super::value::{Unit, Values};
use crate::scenario::file::ScenarioFile;
use crate::scenario::{Prepared, ScenarioError};
use read::Text;

/// Longest text of an axis: what is longer is a mistake.
const LONGEST: usize = 100_000;
/// Bits a second from which `baud` goes if nothing is said.
const SLOWEST: i64 = 50;
/// Parts of a character time that `phase` is drawn from if nothing is said.
const FINE_PHASES: u32 = 1_000;

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

impl Axis {
    /// Reads `NAME[:WIRE][=VALUES]` as it was given to `option` (for messages). Without values: a phase is anything within a
    /// character time, an order any that there is, a flash time is `datasheet`, a baud rate from 50 to a sixteenth of the part's fastest clock.
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
        let slot = slot::slot(&text, *kind, word, wire, file, prepared)?;
        let values = match values {
            Some(values) => read::values(&text, *kind, values, prepared)?,
            None => match kind {
                Kind::Phase => Values::Phases(FINE_PHASES),
                Kind::Erase | Kind::Program => read::datasheet(&text, *kind, word, prepared)?,
                Kind::Order => order::all(&text, word, slot, file, prepared)?,
                // The fastest that a USART can sample 16 times a bit.
                Kind::Baud => Values::Range {
                    unit: Unit::Rate,
                    low: SLOWEST,
                    high: i64::try_from(prepared.chip.clocks.max_hclk.hz / 16).unwrap_or(SLOWEST),
                },
                _ => {
                    let message = format!("`{word}` needs values");
                    return Err(text.error(word, message).help(kind.example()));
                }
            },
        };
        if let (Kind::Phase, Values::Phases(_)) = (kind, &values)
            && !slot.is_uart(file)
        {
            let message = "a phase in parts of a character is for uarts";
            return Err(text
                .error(word, message)
                .help("give times, for example phase=0us..320us/64"));
        }
        if *kind == Kind::Order {
            order::check(&text, &values, slot, file, prepared)?;
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
