//! What can be wrong with what a machine is given. All of it is found before anything runs.

use flashstall_cpu::Addr;
use thiserror::Error;

use crate::Picos;
use crate::periph::BuildError;

/// Why a machine could not be built.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MachineError {
    /// A peripheral of the chip file asks for something that no model has.
    #[error("chip {chip}: {source}")]
    Peripheral {
        /// The chip.
        chip: String,
        /// What was asked for.
        source: BuildError,
    },
    /// A flash operation would take no time, or longer than an hour.
    #[error("a flash operation of {0} makes no sense")]
    Timing(Picos),
}

/// Why an image could not be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{length} bytes at {addr} do not fit into a memory of this chip")]
pub struct LoadError {
    /// First address.
    pub addr: Addr,
    /// How many bytes.
    pub length: usize,
}

/// Why a wire could not be attached.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AttachError {
    /// The chip has no such peripheral.
    #[error("wire {wire}: this chip has no {port}")]
    NoSuchPort {
        /// The wire.
        wire: String,
        /// What it names.
        port: String,
    },
    /// The peripheral is no UART.
    #[error("wire {wire}: {port} is not a UART")]
    NotAUart {
        /// The wire.
        wire: String,
        /// What it names.
        port: String,
    },
    /// The peripheral is no CAN controller.
    #[error("wire {wire}: {port} is not a CAN controller")]
    NotACan {
        /// The wire.
        wire: String,
        /// What it names.
        port: String,
    },
    /// The peripheral is no I2C controller.
    #[error("wire {wire}: {port} is not an I2C controller")]
    NotAnI2c {
        /// The wire.
        wire: String,
        /// What it names.
        port: String,
    },
    /// The peripheral is no SPI.
    #[error("serial flash {nor}: {port} is not an SPI")]
    NotASpi {
        /// The device.
        nor: String,
        /// What it names.
        port: String,
    },
    /// An SPI without a chip select for the device, or a QUADSPI with one.
    #[error(
        "serial flash {nor}: at an SPI it has a chip select, at a QUADSPI it has not; it is at {port}"
    )]
    ChipSelect {
        /// The device.
        nor: String,
        /// Where it is.
        port: String,
    },
    /// Two devices have the same chip select.
    #[error("serial flash {nor}: its chip select is that of {other}")]
    ChipSelectTaken {
        /// The device.
        nor: String,
        /// The one that had it first.
        other: String,
    },
    /// What the board comes with does not fit.
    #[error("serial flash {nor}: {length} bytes at {address:#x} do not fit into {size:#x}")]
    ImageTooLong {
        /// The device.
        nor: String,
        /// Where they should be.
        address: u32,
        /// How many bytes.
        length: usize,
        /// Size of the device.
        size: u32,
    },
    /// The chip has no such pin.
    #[error("wire {wire}: this chip has no pin {number} on port {port}")]
    NoSuchPin {
        /// The wire.
        wire: String,
        /// Port, 0 is A.
        port: u8,
        /// Number.
        number: u8,
    },
}
