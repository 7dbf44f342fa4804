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
}

impl DmaLine {
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "RX" => Some(Self::Rx),
            "TX" => Some(Self::Tx),
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

/// Why a beat did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DmaStop {
    /// Nothing that DMA can reach answers at this address.
    BusError(Addr),
    /// The flash is busy until then: the access waits on the bus.
    HeldUntil(Picos),
}

/// The side of a DMA controller that the chip's buses see.
pub trait DmaPort {
    /// The beat that the controller asked for with [`Signal::DmaBeat`](crate::periph::Signal::DmaBeat).
    fn beat(&self) -> Option<DmaBeat>;

    /// The beat is over, one way or the other.
    fn finished(&mut self, cx: &mut Cx<'_>, result: Result<(), DmaStop>);
}
