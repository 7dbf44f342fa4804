//! Quantities as a chip file writes them: times with a unit, sources, confidence marks, names of cores.

use std::fmt;

use flashstall_cpu::{Addr, CpuModel};
use serde::{Deserialize, Deserializer, de};

use crate::Picos;

/// How sure a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Confidence {
    /// Seen in the named source.
    S,
    /// Seen in a sibling document with the same block.
    #[serde(rename = "S proxy")]
    SProxy,
    /// Derived from figures that were seen.
    D,
    /// From memory, unverified.
    M,
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::S => "S",
            Self::SProxy => "S proxy",
            Self::D => "D",
            Self::M => "M",
        })
    }
}

/// Where a figure comes from and how sure it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The document, header or file.
    pub source: String,
    /// The mark.
    pub confidence: Confidence,
}

/// Reads an address.
pub(super) fn addr<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Addr, D::Error> {
    u32::deserialize(deserializer).map(Addr)
}

/// Reads `"53.5us"`.
pub(super) fn picos<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Picos, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_time(&text).ok_or_else(|| {
        de::Error::custom(format!(
            "`{text}` is not a time: expected a number and s, ms, us, ns or ps, as in \"53.5us\""
        ))
    })
}

/// As [`picos`], for a key that may be absent.
pub(super) fn maybe_picos<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Picos>, D::Error> {
    picos(deserializer).map(Some)
}

/// Exact: the digits are scaled as integers. More digits than picoseconds is an error.
fn parse_time(text: &str) -> Option<Picos> {
    let text = text.trim();
    let split = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = (text[..split].trim(), &text[split..]);
    let digits_to_picos: u32 = match unit {
        "s" => 12,
        "ms" => 9,
        "us" => 6,
        "ns" => 3,
        "ps" => 0,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty()
        || !whole
            .bytes()
            .chain(fraction.bytes())
            .all(|b| b.is_ascii_digit())
    {
        return None;
    }
    let missing = digits_to_picos.checked_sub(u32::try_from(fraction.len()).ok()?)?;
    let digits: u64 = format!("{whole}{fraction}").parse().ok()?;
    digits.checked_mul(10u64.pow(missing)).map(Picos)
}

/// Reads `"cortex-m4"`.
pub(super) fn model_from_name<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<CpuModel, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "cortex-m3" => Ok(CpuModel::CortexM3),
        "cortex-m4" => Ok(CpuModel::CortexM4),
        other => Err(de::Error::unknown_variant(
            other,
            &["cortex-m3", "cortex-m4"],
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_exact_and_a_unit_is_asked_for() {
        assert_eq!(parse_time("53.5us"), Some(Picos(53_500_000)));
        assert_eq!(parse_time("20 ms"), Some(Picos::from_millis(20)));
        assert_eq!(parse_time("0.000000000001s"), Some(Picos(1)));
        for bad in [
            "20",
            "ms",
            "-3ms",
            "1.5ps",
            "3 min",
            "1e3us",
            ".5ms",
            "99999999999999s",
        ] {
            assert_eq!(parse_time(bad), None, "{bad}");
        }
    }
}
