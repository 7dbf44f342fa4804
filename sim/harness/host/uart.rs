//! The messages as bytes of a UART.

use super::crc32;
use super::link::{Answer, Link};

/// "FSB1", then length and CRC, low byte first.
const MAGIC: &[u8] = b"FSB1";
/// Begins a frame.
const SOH: u8 = 0x01;

/// Bytes on a UART.
#[derive(Clone, Copy, Debug, Default)]
pub struct UartLink;

impl Link for UartLink {
    type Sent = u8;
    type Heard = u8;

    fn header(&self, length: u32, crc: u32) -> Vec<u8> {
        [MAGIC, &length.to_le_bytes(), &crc.to_le_bytes()].concat()
    }

    fn image(&self, _: usize, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }

    fn frame(&self, number: u32, bytes: &[u8]) -> Vec<u8> {
        let crc = crc32(bytes).to_le_bytes();
        [&[SOH, number as u8], bytes, &crc].concat()
    }

    fn answer(&self, heard: &u8) -> Option<Answer> {
        Answer::from_code(*heard)
    }
}
