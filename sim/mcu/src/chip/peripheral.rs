//! What a chip file says of a peripheral.

use std::collections::BTreeMap;

use flashstall_cpu::Addr;
use serde::Deserialize;

use super::quantity::addr;

/// A modelled peripheral. Its [`PeripheralId`](crate::periph::PeripheralId) is its index in the chip's list.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeripheralSpec {
    /// The manual's name: `USART1`.
    pub name: String,
    /// Which model: `usart-v3`, `tim-general`, ...
    pub kind: String,
    /// First address.
    #[serde(deserialize_with = "addr")]
    pub base: Addr,
    /// Size of its register block in bytes.
    pub size: u32,
    /// Its interrupt lines, by the names that its model gives them.
    #[serde(default)]
    pub irqs: BTreeMap<String, u16>,
    /// The RCC bit that feeds it a clock; absent: always fed. Its reset bit is the same bit of the RSTR register.
    #[serde(default)]
    pub clock: Option<ClockEnable>,
    /// What else its model asks for.
    #[serde(default)]
    pub params: BTreeMap<String, Param>,
}

impl PeripheralSpec {
    /// First address and size of the window that it shows, if it has one (`window` and `window_size`).
    #[must_use]
    pub fn window(&self) -> Option<(u32, u32)> {
        let int = |key| match self.params.get(key) {
            Some(Param::Int(value)) => u32::try_from(*value).ok(),
            _ => None,
        };
        Some((int("window")?, int("window_size")?))
    }
}

/// A clock-enable bit.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClockEnable {
    /// `AHBENR`, `APB1ENR` or `APB2ENR`.
    pub register: String,
    /// 0 to 31.
    pub bit: u8,
}

/// A parameter of a peripheral's model.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Param {
    /// A whole number.
    Int(u64),
    /// Text.
    Text(String),
}

/// A block of registers that exists and has no model.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockSpec {
    /// The manual's name.
    pub name: String,
    /// First address.
    #[serde(deserialize_with = "addr")]
    pub base: Addr,
    /// Size in bytes.
    pub size: u32,
}
