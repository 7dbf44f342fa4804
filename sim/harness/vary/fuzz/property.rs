//! What must hold at every point.

use std::fmt::{self, Write as _};

use crate::report::{Report, Verdict};
use crate::scenario::expect::Expect;
use crate::scenario::{ScenarioError, ScenarioFile, Time};
use crate::vary::{COLUMNS, Outcome};

/// How a number is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compare {
    Is,
    AtMost,
    AtLeast,
}

/// What must hold at every point: `lost=0`, `missing=0`, `worst-latency<=10us`, `verdict=met`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    text: String,
    column: String,
    compare: Compare,
    /// `None`: the verdict is met.
    number: Option<u64>,
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Property {
    /// Reads it.
    ///
    /// # Errors
    /// [`ScenarioError`] for a column that does not exist and for what is no number or time.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let example = "write for example lost=0, overwritten=0, missing=0, worst-latency<=10us or verdict=met";
        let split = [
            ("<=", Compare::AtMost),
            (">=", Compare::AtLeast),
            ("=", Compare::Is),
        ];
        let Some((name, compare, value)) = split.iter().find_map(|(sign, compare)| {
            let (name, value) = text.split_once(sign)?;
            Some((name.trim(), *compare, value.trim()))
        }) else {
            let message = format!("`{text}` is not a property");
            return Err(ScenarioError::new(message).help(example));
        };
        let whole = |column: String, number| Self {
            text: text.to_owned(),
            column,
            compare,
            number,
        };
        if name == "verdict" {
            return if value == "met" && compare == Compare::Is {
                Ok(whole(name.to_owned(), None))
            } else {
                Err(ScenarioError::new("a verdict can only be met").help("verdict=met"))
            };
        }
        let numbers = || {
            COLUMNS
                .iter()
                .filter(|c| !matches!(**c, "verdict" | "stop"))
        };
        let in_time = format!("{name}-ps");
        let Some(column) = numbers().find(|c| **c == name || **c == in_time) else {
            let names = numbers().map(|c| c.trim_end_matches("-ps"));
            let message = format!("`{name}` is nothing that a property can be about");
            return Err(ScenarioError::new(message).suggest(name, names));
        };
        let number = if column.ends_with("-ps") {
            value
                .parse::<Time>()
                .map(|t| t.0.0)
                .map_err(|e| e.to_string())
        } else {
            value
                .parse()
                .map_err(|_| format!("`{value}` is not a number"))
        };
        match number {
            Ok(number) => Ok(whole((*column).to_owned(), Some(number))),
            Err(message) => Err(ScenarioError::new(message).help(example)),
        }
    }

    /// Does it hold?
    #[must_use]
    pub fn holds(&self, outcome: &Outcome) -> bool {
        let Some(wanted) = self.number else {
            return outcome.verdict == Verdict::Met;
        };
        let actual = outcome.number(&self.column).unwrap_or(0);
        match self.compare {
            Compare::Is => actual == wanted,
            Compare::AtMost => actual <= wanted,
            Compare::AtLeast => actual >= wanted,
        }
    }

    /// It is about the verdict.
    pub(super) const fn is_verdict(&self) -> bool {
        self.number.is_none()
    }

    /// `[expect]` that says it of `file`, whose report is `report`, the scenario's own for a verdict; `None` if no expectation can.
    pub(super) fn expect(&self, file: &ScenarioFile, report: &Report) -> Option<Expect> {
        let mut text = String::new();
        let wires = file
            .wire
            .iter()
            .filter(|w| w.pin.is_none())
            .map(|w| &w.name.value);
        let hosts = file.host.iter().map(|h| &h.name.value);
        let bounds = match (self.compare, self.number) {
            (Compare::Is, Some(n)) => n.to_string(),
            (Compare::AtMost, Some(n)) => format!("\"<={n}\""),
            (Compare::AtLeast, Some(n)) => format!("\">={n}\""),
            (_, None) => return Some(file.expect.clone()),
        };
        match self.column.as_str() {
            "lost" => {
                for name in wires.chain(hosts) {
                    let _ = writeln!(text, "[[wire]]\nname = {name:?}\nlost = {bounds}");
                }
            }
            "missing" => {
                for buffer in &file.buffer {
                    let name = &buffer.name.value;
                    let _ = writeln!(text, "[[buffer]]\nname = {name:?}\nmissing = {bounds}");
                }
            }
            "edges-lost" => {
                for pin in file.wire.iter().filter(|w| w.pin.is_some()) {
                    let name = &pin.name.value;
                    let _ = writeln!(text, "[[wire]]\nname = {name:?}\nlost = {bounds}");
                }
            }
            "overwritten" => {
                for dma in &report.dma {
                    let (controller, channel) = (&dma.controller, dma.channel);
                    let _ = writeln!(
                        text,
                        "[[dma]]\ncontroller = {controller:?}\nchannel = {channel}\noverwritten = {bounds}"
                    );
                }
            }
            "hosts-failed" if self.number == Some(0) => {
                for name in hosts {
                    let _ = writeln!(text, "[[host]]\nname = {name:?}\noutcome = \"complete\"");
                }
            }
            "resends" => {
                for name in hosts {
                    let _ = writeln!(text, "[[host]]\nname = {name:?}\nresends = {bounds}");
                }
            }
            "longest-stall-ps" if self.compare == Compare::AtMost => {
                let most = Time(flashstall_mcu::Picos(self.number.unwrap_or(0)));
                let _ = writeln!(text, "[[stall]]\nlongest = \"<={most}\"");
            }
            "ticks-lost" => {
                let _ = writeln!(text, "ticks-lost = {bounds}");
            }
            "resets" => {
                let _ = writeln!(text, "resets = {bounds}");
            }
            _ => return None,
        }
        toml::from_str(&text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_that_is_none_says_what_could_be() {
        let complaint = |text: &str| Property::parse(text).unwrap_err().to_string();
        assert!(complaint("lots=0").contains("did you mean `lost`?"));
        assert!(complaint("lost").contains("is not a property"));
        assert!(complaint("lost=few").contains("is not a number"));
        assert!(complaint("worst-latency<=10").contains("has no unit"));
        assert!(complaint("verdict=failed").contains("can only be met"));
        assert!(Property::parse("worst-latency<=10us").is_ok());
    }
}
