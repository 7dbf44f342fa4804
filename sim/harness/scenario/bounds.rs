//! Ranges of what is expected: `0`, `60..=62`, `>=60`, `<=21ms`.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::quantity::{QuantityError, Time};

/// What may stand at the ends of [`Bounds`].
pub trait Bound: Copy + PartialOrd + fmt::Display {
    /// Reads one end.
    ///
    /// # Errors
    /// If `text` is not one.
    fn read(text: &str) -> Result<Self, QuantityError>;
    /// What a single integer means, if it means anything.
    fn from_integer(n: u64) -> Option<Self>;
    /// What to tell somebody who wrote something else.
    const EXPECTING: &'static str;
    /// Does a bare value (no comparison) mean "exactly this"? Otherwise it is refused.
    const EXACT: bool;
}

impl Bound for u64 {
    fn read(text: &str) -> Result<Self, QuantityError> {
        text.trim()
            .replace('_', "")
            .parse()
            .map_err(|_| QuantityError(format!("`{text}` is not a count")))
    }
    fn from_integer(n: u64) -> Option<Self> {
        Some(n)
    }
    const EXPECTING: &'static str =
        "a count: 0, \"60..=62\", \">=60\", \"<=3\" or { min = 60, max = 62 }";
    const EXACT: bool = true;
}

impl Bound for Time {
    fn read(text: &str) -> Result<Self, QuantityError> {
        text.parse()
    }
    fn from_integer(_: u64) -> Option<Self> {
        None
    }
    const EXPECTING: &'static str =
        "a range of time: \"19ms..=21ms\", \">=19ms\", \"<=21ms\" or { min = \"19ms\" }";
    const EXACT: bool = false;
}

/// A closed range with one or both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds<T> {
    /// The least that is accepted.
    pub min: Option<T>,
    /// The most that is accepted.
    pub max: Option<T>,
}

impl<T: Bound> Bounds<T> {
    /// Only `value`.
    pub const fn exactly(value: T) -> Self {
        Self {
            min: Some(value),
            max: Some(value),
        }
    }

    /// `value` or more.
    pub const fn at_least(value: T) -> Self {
        Self {
            min: Some(value),
            max: None,
        }
    }

    /// `value` or less.
    pub const fn at_most(value: T) -> Self {
        Self {
            min: None,
            max: Some(value),
        }
    }

    /// Is `value` accepted?
    pub fn contain(&self, value: T) -> bool {
        self.min.is_none_or(|min| value >= min) && self.max.is_none_or(|max| value <= max)
    }
}

impl<T: Bound> FromStr for Bounds<T> {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let text = text.trim();
        let bounds = if let Some((min, max)) = text.split_once("..=") {
            Self {
                min: Some(T::read(min)?),
                max: Some(T::read(max)?),
            }
        } else if let Some(min) = text.strip_prefix(">=") {
            Self::at_least(T::read(min)?)
        } else if let Some(max) = text.strip_prefix("<=") {
            Self::at_most(T::read(max)?)
        } else if T::EXACT && !text.contains("..") {
            Self::exactly(T::read(text)?)
        } else {
            return Err(QuantityError(format!("`{text}` is not {}", T::EXPECTING)));
        };
        if let (Some(min), Some(max)) = (bounds.min, bounds.max)
            && min > max
        {
            return Err(QuantityError(format!("`{text}` is an empty range")));
        }
        Ok(bounds)
    }
}

impl<T: Bound> fmt::Display for Bounds<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (Some(min), Some(max)) if min == max => write!(f, "{min}"),
            (Some(min), Some(max)) => write!(f, "{min}..={max}"),
            (Some(min), None) => write!(f, ">={min}"),
            (None, Some(max)) => write!(f, "<={max}"),
            (None, None) => f.write_str("any"),
        }
    }
}

impl<T: Bound + Serialize> Serialize for Bounds<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(min) = &self.min {
            map.serialize_entry("min", min)?;
        }
        if let Some(max) = &self.max {
            map.serialize_entry("max", max)?;
        }
        map.end()
    }
}

impl<'de, T: Bound + Deserialize<'de>> Deserialize<'de> for Bounds<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any<T>(PhantomData<T>);
        impl<'de, T: Bound + Deserialize<'de>> Visitor<'de> for Any<T> {
            type Value = Bounds<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(T::EXPECTING)
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Bounds<T>, E> {
                text.parse().map_err(E::custom)
            }
            fn visit_u64<E: serde::de::Error>(self, n: u64) -> Result<Bounds<T>, E> {
                T::from_integer(n)
                    .map(Bounds::exactly)
                    .ok_or_else(|| E::invalid_type(serde::de::Unexpected::Unsigned(n), &self))
            }
            fn visit_i64<E: serde::de::Error>(self, n: i64) -> Result<Bounds<T>, E> {
                match u64::try_from(n) {
                    Ok(n) => self.visit_u64(n),
                    Err(_) => Err(E::invalid_value(serde::de::Unexpected::Signed(n), &self)),
                }
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Bounds<T>, A::Error> {
                let mut bounds = Bounds {
                    min: None,
                    max: None,
                };
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "min" => bounds.min = Some(map.next_value()?),
                        "max" => bounds.max = Some(map.next_value()?),
                        other => return Err(A::Error::unknown_field(other, &["min", "max"])),
                    }
                }
                match (bounds.min, bounds.max) {
                    (None, None) => Err(A::Error::custom("a range needs `min`, `max` or both")),
                    (Some(min), Some(max)) if min > max => {
                        Err(A::Error::custom("an empty range: `min` is above `max`"))
                    }
                    _ => Ok(bounds),
                }
            }
        }
        deserializer.deserialize_any(Any(PhantomData))
    }
}

impl<T: Bound + JsonSchema> JsonSchema for Bounds<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Bounds_of_{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let end = generator.subschema_for::<T>();
        let mut any = vec![
            json_schema!({ "type": "string" }),
            json_schema!({ "type": "object", "properties": { "min": end, "max": end }, "additionalProperties": false }),
        ];
        if T::EXACT {
            any.insert(0, json_schema!({ "type": "integer", "minimum": 0 }));
        }
        json_schema!({ "description": format!("Write {}.", T::EXPECTING), "anyOf": any })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_hold_their_ends() {
        let bounds: Bounds<u64> = "60..=62".parse().unwrap();
        assert!(bounds.contain(60) && bounds.contain(62) && !bounds.contain(63));
        assert!("62..=60".parse::<Bounds<u64>>().is_err());
        assert!("60..62".parse::<Bounds<u64>>().is_err());
        assert!("5ms".parse::<Bounds<Time>>().is_err());
        assert!(
            "<=21ms"
                .parse::<Bounds<Time>>()
                .unwrap()
                .contain("21ms".parse().unwrap())
        );
    }
}
