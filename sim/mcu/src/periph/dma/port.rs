//! What a DMA controller and the chip say to each other: a controller decides what is moved when, the chip's buses move it.

use flashstall_cpu::{Addr, Size};

use crate::Picos;
use crate::periph::Cx;

/// Which request of a peripheral: `RX` in `USART1_RX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DmaLine {
    /// A received datum waits.
    Rx,
    /// The transmit register is free.
    Tx,
    /// Both in turn: the FIFO of a QUADSPI has data, or room for them.
    Data,
}

impl DmaLine {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "RX" => Some(Self::Rx),
            "TX" => Some(Self::Tx),
            "DATA" => Some(Self::Data),
            _ => None,
        }
    }
}

/// One unit to be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DmaBeat {
    /// Read from here.
    pub from: Addr,
    /// In this width.
    pub read: Size,
    /// Write there.
    pub to: Addr,
    /// In this width: a wider one is filled up with zeros, of a narrower one the low part is written.
    pub write: Size,
}

/// What a controller does on the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DmaAccess {
    /// Both sides of a unit at once.
    Move(DmaBeat),
    /// A read into the controller's own buffer.
    Load {
        /// From here.
        from: Addr,
        /// In this width.
        size: Size,
    },
    /// A write from the controller's own buffer.
    Store {
        /// There.
        to: Addr,
        /// In this width.
        size: Size,
        /// What is written.
        value: u32,
    },
}

/// Why an access did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DmaStop {
    /// Nothing that DMA can reach answers at this address.
    BusError(Addr),
    /// The flash is busy until then: the access waits on the bus.
    HeldUntil(Picos),
}

/// The side of a DMA controller that the chip's buses see.
pub trait DmaPort {
    /// The access that the controller asked for with [`Signal::DmaBeat`](crate::periph::Signal::DmaBeat).
    fn access(&self) -> Option<DmaAccess>;

    /// The access is over, one way or the other: what was read (0 if nothing was), or why not.
    fn finished(&mut self, cx: &mut Cx<'_>, result: Result<u32, DmaStop>);
}
