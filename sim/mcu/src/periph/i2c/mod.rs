//! The I2C controllers: [v1](v1) (F1, F4, L1), [v2](v2) (F3, L4), and what both share.

mod lines;
mod master;
mod port;
mod v1;
mod v2;

pub use port::{HoldReason, I2cAnswer, I2cHold, I2cPort, I2cStep};
pub(super) use v1::I2cV1;
pub(super) use v2::I2cV2;

#[cfg(test)]
mod tests;
