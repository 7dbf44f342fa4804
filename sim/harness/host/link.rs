//! How the messages between host and boot loader look on a wire.

use std::fmt::Debug;

/// What a boot loader says (firmware-under-test/README.md, page-bootloader, protocols).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Send the next page or frame; the first one answers the header.
    Ack,
    /// Go on.
    Ready,
    /// Stop.
    Busy,
    /// Send the same frame again.
    Nak,
    /// The image is complete and verified.
    Good,
    /// It is not.
    Bad,
}

impl Answer {
    /// By its code on the wire.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0x06 => Self::Ack,
            0x11 => Self::Ready,
            0x13 => Self::Busy,
            0x15 => Self::Nak,
            b'K' => Self::Good,
            b'F' => Self::Bad,
            _ => return None,
        })
    }
}

/// A kind of wire: messages to what it carries and back. `Sent` and `Heard` are its units: bytes of a UART, frames of a bus.
pub trait Link: Clone + Debug + Send + Sync + 'static {
    /// What goes to the chip.
    type Sent: Clone + Debug + Send + Sync + 'static;
    /// What comes from it.
    type Heard: Clone + Debug + Send + Sync + 'static;

    /// The announcement of an image.
    fn header(&self, length: u32, crc: u32) -> Vec<Self::Sent>;
    /// Bytes of the image, which begin at its byte `at`.
    fn image(&self, at: usize, bytes: &[u8]) -> Vec<Self::Sent>;
    /// Page `number`, protected by a CRC.
    fn frame(&self, number: u32, bytes: &[u8]) -> Vec<Self::Sent>;
    /// What the chip said; `None` if it is no answer.
    fn answer(&self, heard: &Self::Heard) -> Option<Answer>;
}
