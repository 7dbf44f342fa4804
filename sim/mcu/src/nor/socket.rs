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
    /// Its chip select, which the board pulls up; `None`: that of the QUADSPI.
    pub cs: Option<Pin>,
}
