//! Where a device is on the board.

use super::Nor;
use crate::periph::{PeripheralId, Pin};

/// A device, the peripheral that it is wired to, and its chip select.
#[derive(Clone, Debug)]
pub struct NorSocket {
    /// Its name in the scenario.
    pub name: String,
    /// The device.
    pub device: Nor,
    /// The SPI or QUADSPI.
    pub port: PeripheralId,
    /// Its chip select; the board pulls it up.
    pub cs: Pin,
}
