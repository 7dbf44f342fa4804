//! Numbers with units, as people write them: `20ms`, `115.2k`, `8MHz`, `-200ppm`.
//!
//! Everything is read as decimal text into integers; no float is involved, so `53.5us` is exactly that.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use flashstall_mcu::{Hertz, Picos};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a text is not a quantity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct QuantityError(pub(crate) String);

/// Splits `20ms` into an integer scaled by `10^decimals` of the unit's factor, exactly.
fn scaled(
    text: &str,
    what: &str,
    example: &str,
    units: &[(&str, u128)],
) -> Result<i128, QuantityError> {
    let text = text.trim();
    let (negative, body) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let split = body
        .find(|c: char| !c.is_ascii_digit() && c != '.' && c != '_')
        .unwrap_or(body.len());
    let (number, unit) = (body[..split].replace('_', ""), body[split..].trim());
    let names = || {
        units
            .iter()
            .map(|u| u.0)
            .filter(|u| !u.is_empty())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return Err(QuantityError(format!(
            "`{text}` is not a {what}: write for example \"{example}\""
        )));
    }
    let Some((_, factor)) = units.iter().find(|(name, _)| *name == unit) else {
        let problem = if unit.is_empty() {
            "has no unit".to_owned()
        } else {
            format!("has an unknown unit `{unit}`")
        };
        return Err(QuantityError(format!(
            "`{text}` {problem}: a {what} is in {}, for example \"{example}\"",
            names()
        )));
    };
    let range = || QuantityError(format!("`{text}` is out of range for a {what}"));
    let mut value: u128 = format!("{whole}{fraction}").parse().map_err(|_| range())?;
    value = value.checked_mul(*factor).ok_or_else(range)?;
    let divisor = u32::try_from(fraction.len())
        .ok()
        .and_then(|n| 10u128.checked_pow(n))
        .ok_or_else(range)?;
    if !value.is_multiple_of(divisor) {
        return Err(QuantityError(format!(
            "`{text}` has more decimals than a {what} can hold"
        )));
    }
    let value = i128::try_from(value / divisor).map_err(|_| range())?;
    Ok(if negative { -value } else { value })
}

fn unsigned(text: &str, value: i128, what: &str) -> Result<u64, QuantityError> {
    u64::try_from(value).map_err(|_| {
        let problem = if value < 0 {
            "is negative"
        } else {
            "is out of range"
        };
        QuantityError(format!("`{text}` {problem} for a {what}"))
    })
}

/// Decimal text of `value / 10^digits`, without trailing zeros.
fn decimal(value: u64, digits: u32) -> String {
    let unit = 10u64.pow(digits);
    let fraction = format!("{:0width$}", value % unit, width = digits as usize);
    match fraction.trim_end_matches('0') {
        "" => (value / unit).to_string(),
        rest => format!("{}.{rest}", value / unit),
    }
}

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident($inner:ty), $schema:literal, $description:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(pub $inner);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $schema, "description": $description })
            }
        }
    };
}

quantity!(
    /// A span of time: `"20ms"`, `"53.5us"`, `"1s"`.
    Time(Picos), "^[0-9_.]+ ?(ps|ns|us|µs|ms|s|min)$", "A span of time, for example \"53.5us\" or \"20ms\"."
);
quantity!(
    /// A frequency in hertz: `"8MHz"`, `"32.768kHz"`.
    Frequency(u64), "^[0-9_.]+ ?(Hz|kHz|MHz)$", "A frequency, for example \"8MHz\"."
);
quantity!(
    /// A relative error in parts per billion: `"-200ppm"`, `"1.5%"`.
    Deviation(i64), "^-?[0-9_.]+ ?(ppb|ppm|%)$", "A relative error, for example \"-200ppm\" or \"1.5%\"."
);

impl FromStr for Time {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let units = [
            ("ps", 1),
            ("ns", 1_000),
            ("us", 1_000_000),
            ("µs", 1_000_000),
            ("ms", 1_000_000_000),
            ("s", 1_000_000_000_000),
            ("min", 60_000_000_000_000),
        ];
        let value = scaled(text, "duration", "20ms", &units)?;
        Ok(Self(Picos(unsigned(text, value, "duration")?)))
    }
}

impl fmt::Display for Time {
    /// Exact, in the largest unit that is not larger than the value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ps = self.0.0;
        match ps {
            0 => f.write_str("0s"),
            1..1_000 => write!(f, "{ps}ps"),
            1_000..1_000_000 => write!(f, "{}ns", decimal(ps, 3)),
            1_000_000..1_000_000_000 => write!(f, "{}us", decimal(ps, 6)),
            1_000_000_000..1_000_000_000_000 => write!(f, "{}ms", decimal(ps, 9)),
            _ => write!(f, "{}s", decimal(ps, 12)),
        }
    }
}

impl FromStr for Frequency {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let value = scaled(
            text,
            "frequency",
            "8MHz",
            &[("Hz", 1), ("kHz", 1_000), ("MHz", 1_000_000)],
        )?;
        Ok(Self(unsigned(text, value, "frequency")?))
    }
}

impl Frequency {
    /// As the clock tree wants it.
    #[must_use]
    pub const fn hertz(self) -> Hertz {
        Hertz::new(self.0)
    }
}

impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0..1_000 => write!(f, "{}Hz", self.0),
            1_000..1_000_000 => write!(f, "{}kHz", decimal(self.0, 3)),
            _ => write!(f, "{}MHz", decimal(self.0, 6)),
        }
    }
}

impl FromStr for Deviation {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let value = scaled(
            text,
            "clock error",
            "-200ppm",
            &[("ppb", 1), ("ppm", 1_000), ("%", 10_000_000)],
        )?;
        // Half the rate or double it is no clock error any more, and keeps the arithmetic far from its limits.
        if value.abs() > 500_000_000 {
            return Err(QuantityError(format!(
                "`{text}` is out of range for a clock error: at most 50%"
            )));
        }
        Ok(Self(value as i64))
    }
}

impl Deviation {
    /// `rate`, off by this much.
    #[must_use]
    pub fn apply(self, rate: Hertz) -> Hertz {
        rate.scaled((1_000_000_000 + self.0) as u64, 1_000_000_000)
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}ppm", decimal(self.0.unsigned_abs(), 3))
    }
}

macro_rules! deserialize_text {
    ($($name:ident: $expecting:literal),*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl Visitor<'_> for Text {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_any(Text)
            }
        }
    )*};
}
deserialize_text!(
    Time: "a duration with its unit, for example \"20ms\"",
    Frequency: "a frequency with its unit, for example \"8MHz\"",
    Deviation: "a clock error with its unit, for example \"-200ppm\""
);

/// A line rate in bits a second: `31250`, `"115.2k"`, `"2M"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(pub u32);

impl FromStr for Rate {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let units = [
            ("", 1),
            ("k", 1_000),
            ("M", 1_000_000),
            ("baud", 1),
            ("kbaud", 1_000),
            ("Mbaud", 1_000_000),
        ];
        let value = scaled(text, "baud rate", "115.2k", &units)?;
        match u32::try_from(value) {
            Ok(rate) if rate > 0 => Ok(Self(rate)),
            _ => Err(QuantityError(format!(
                "`{text}` is out of range for a baud rate"
            ))),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.0)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IntegerOrText;
        impl Visitor<'_> for IntegerOrText {
            type Value = Rate;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a baud rate, for example 31250 or \"115.2k\"")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Rate, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_i64<E: serde::de::Error>(self, n: i64) -> Result<Rate, E> {
                self.visit_str(&n.to_string())
            }
            fn visit_u64<E: serde::de::Error>(self, n: u64) -> Result<Rate, E> {
                self.visit_str(&n.to_string())
            }
        }
        deserializer.deserialize_any(IntegerOrText)
    }
}

impl JsonSchema for Rate {
    fn schema_name() -> Cow<'static, str> {
        "Rate".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A line rate in bits a second, for example 31250 or \"115.2k\".",
            "anyOf": [{ "type": "integer", "minimum": 1 }, { "type": "string", "pattern": "^[0-9_.]+ ?(|k|M|baud|kbaud|Mbaud)$" }]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_exactly_and_written_back() {
        for text in [
            "20ms",
            "53.5us",
            "1s",
            "1.000000000001s",
            "320us",
            "125ns",
            "7ps",
            "0s",
        ] {
            assert_eq!(text.parse::<Time>().unwrap().to_string(), text);
        }
        assert_eq!(
            "2 min".parse::<Time>().unwrap().0,
            Picos(120_000_000_000_000)
        );
    }

    #[test]
    fn a_wrong_unit_says_which_there_are() {
        let error = "20 parsecs".parse::<Time>().unwrap_err().to_string();
        assert_eq!(
            error,
            "`20 parsecs` has an unknown unit `parsecs`: a duration is in ps, ns, us, µs, ms, s, min, for example \"20ms\""
        );
        assert!(
            "20".parse::<Time>()
                .unwrap_err()
                .to_string()
                .contains("has no unit")
        );
        assert!("-1ms".parse::<Time>().is_err());
        assert!("0.1ps".parse::<Time>().is_err());
        assert!("ms".parse::<Time>().is_err());
        assert!(
            "99999999999999999999999999999999999999999s"
                .parse::<Time>()
                .is_err()
        );
    }

    #[test]
    fn rates_and_deviations() {
        assert_eq!("115.2k".parse::<Rate>().unwrap(), Rate(115_200));
        assert!("0".parse::<Rate>().is_err());
        assert_eq!(
            "-1.5%".parse::<Deviation>().unwrap(),
            Deviation(-15_000_000)
        );
        assert_eq!(
            "-200ppm".parse::<Deviation>().unwrap().to_string(),
            "-200ppm"
        );
        assert_eq!("32.768kHz".parse::<Frequency>().unwrap(), Frequency(32_768));
    }
}
