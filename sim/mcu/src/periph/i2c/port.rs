//! What an I2C bus and a controller on it say to each other: the edges of SCL at which something is decided.
//!
//! A master outside makes the clock. It tells the controller each edge that counts ([`I2cStep`]) and is told what the controller does with the two lines
//! ([`I2cAnswer`]). Before SCL rises it asks whether the controller holds it low; a controller that lets go says so with
//! [`Signal::SclChanged`](crate::periph::Signal::SclChanged).

use crate::periph::Cx;
use crate::wire::{I2cDevice, WireId};

/// An edge of SCL, or of SDA while SCL is high.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum I2cStep {
    /// SDA falls while SCL is high: START, or a repeated one.
    Start,
    /// SCL falls after the eighth bit of a byte that the master has sent.
    Sent {
        /// The byte.
        value: u8,
        /// Its number on its wire, if it is data.
        unit: Option<(WireId, u32)>,
    },
    /// SCL falls after the eighth bit of a byte that the controller has sent: which one is it?
    Taken,
    /// The master lets SCL go: does it rise?
    Released,
    /// SCL falls after the ninth bit. `Some`: the master's answer to what the controller sent. `None`: it was the controller's turn to answer.
    Ninth {
        /// The master's answer.
        acknowledged: Option<bool>,
    },
    /// SDA rises while SCL is high: STOP.
    Stop,
}

/// What the controller does with the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct I2cAnswer {
    /// After [`I2cStep::Ninth`] of a byte that the master sent: it holds SDA low.
    pub acknowledged: bool,
    /// Why it does not, where it can say.
    pub why: Option<&'static str>,
    /// After [`I2cStep::Taken`]: what it has sent.
    pub data: u8,
    /// It holds SCL low.
    pub hold: Option<I2cHold>,
}

/// Why SCL is held low.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HoldReason {
    /// Firmware has not taken notice of its address yet.
    Address,
    /// Firmware has not read what came.
    Received,
    /// Firmware has not written what is to be sent.
    Transmit,
    /// Firmware has not set the next number of bytes (I2C v2, slave byte control).
    Count,
}

/// SCL is held low.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct I2cHold {
    /// What for.
    pub reason: HoldReason,
    /// Exception number of the interrupt that should end it; `None` if DMA should.
    pub interrupt: Option<u16>,
}

/// An I2C controller, as the bus sees it.
pub trait I2cPort {
    /// An edge on the bus.
    fn step(&mut self, cx: &mut Cx<'_>, step: I2cStep) -> I2cAnswer;

    /// Puts a slave on the bus that the controller is the master of.
    fn attach(&mut self, device: I2cDevice);

    /// The slaves on its bus.
    fn devices(&self) -> &[I2cDevice];
}
