//! What tells one sweep from any other.

use super::super::axis::Axis;
use super::super::{COLUMNS, Variation};
use super::SCHEMA;

/// FNV-1a, 64 bits.
fn fnv1a(texts: &[&str]) -> u64 {
    let bytes = texts.iter().flat_map(|t| t.bytes().chain([0]));
    bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

/// What tells this sweep from any other: everything that its rows depend on, and what axes and columns they have.
#[must_use]
pub fn digest(variation: &Variation) -> String {
    let prepared = variation.prepared();
    let axes: Vec<String> = variation.axes().iter().map(Axis::to_string).collect();
    let parts = [
        SCHEMA.to_owned(),
        env!("CARGO_PKG_VERSION").to_owned(),
        variation.scenario().to_toml(),
        format!("{:016x}", prepared.firmware.hash),
        format!("{:?}", prepared.chip),
        format!("{:?}", prepared.wires),
        axes.join(" "),
        COLUMNS.join(" "),
    ];
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    format!("{:016x}", fnv1a(&parts))
}
