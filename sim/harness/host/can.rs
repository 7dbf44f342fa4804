//! The messages as CAN frames.

use flashstall_mcu::wire::{CanFrame, CanId};

use super::crc32;
use super::link::{Answer, Link};

/// Length and CRC of the image.
const HEADER: u16 = 0x100;
/// Eight bytes of the image.
const DATA: u16 = 0x101;
/// The end of a page: its number and its CRC.
const PAGE_END: u16 = 0x102;
/// Every second frame of the image, where the boot loader uses both FIFOs.
const DATA_1: u16 = 0x103;
/// What the boot loader says.
const ANSWER: CanId = CanId::Standard(0x180);
/// Most bytes of a frame.
pub(crate) const FRAME_BYTES: usize = 8;

/// Frames on a CAN bus.
#[derive(Clone, Copy, Debug, Default)]
pub struct CanLink {
    /// Frames of the image have two identifiers in turn, one for each FIFO.
    pub both_fifos: bool,
}

impl CanLink {
    /// Frames for bytes from byte `at` of the image on.
    fn data(self, at: usize, bytes: &[u8]) -> Vec<CanFrame> {
        let chunks = bytes.chunks(FRAME_BYTES).enumerate();
        chunks
            .filter_map(|(n, bytes)| {
                let second = self.both_fifos && (at / FRAME_BYTES + n) % 2 == 1;
                frame(if second { DATA_1 } else { DATA }, bytes)
            })
            .collect()
    }
}

fn frame(id: u16, bytes: &[u8]) -> Option<CanFrame> {
    CanFrame::new(CanId::Standard(id), bytes)
}

/// Two words, low byte first.
fn words(first: u32, second: u32) -> Vec<u8> {
    [first.to_le_bytes(), second.to_le_bytes()].concat()
}

impl Link for CanLink {
    type Sent = CanFrame;
    type Heard = CanFrame;

    fn header(&self, length: u32, crc: u32) -> Vec<CanFrame> {
        frame(HEADER, &words(length, crc)).into_iter().collect()
    }

    fn image(&self, at: usize, bytes: &[u8]) -> Vec<CanFrame> {
        self.data(at, bytes)
    }

    fn frame(&self, number: u32, bytes: &[u8]) -> Vec<CanFrame> {
        let mut frames = self.data(0, bytes);
        frames.extend(frame(PAGE_END, &words(number & 0xFF, crc32(bytes))));
        frames
    }

    fn answer(&self, heard: &CanFrame) -> Option<Answer> {
        match heard.bytes() {
            [code, _] if heard.id == ANSWER && !heard.remote => Answer::from_code(*code),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(frames: &[CanFrame]) -> Vec<u32> {
        frames.iter().map(|f| f.id.raw()).collect()
    }

    #[test]
    fn an_image_is_cut_into_frames_that_alternate_across_pages() {
        let bytes: Vec<u8> = (0..20).collect();
        let plain = CanLink::default().image(0, &bytes);
        assert_eq!(ids(&plain), [0x101; 3]);
        assert_eq!(plain[2].bytes(), [16, 17, 18, 19]);
        let both = CanLink { both_fifos: true };
        assert_eq!(ids(&both.image(0, &bytes)), [0x101, 0x103, 0x101]);
        assert_eq!(ids(&both.image(24, &bytes)), [0x103, 0x101, 0x103]);
    }

    #[test]
    fn a_page_ends_with_its_number_and_crc() {
        let frames = CanLink::default().frame(0x1_02, b"123456789");
        assert_eq!(ids(&frames), [0x101, 0x101, 0x102]);
        // The check value of CRC-32.
        assert_eq!(frames[2].bytes(), [2, 0, 0, 0, 0x26, 0x39, 0xF4, 0xCB]);
    }

    #[test]
    fn answers_are_two_bytes_by_their_identifier() {
        let link = CanLink::default();
        let said = |id, bytes: &[u8]| link.answer(&frame(id, bytes).unwrap());
        assert_eq!(said(0x180, &[0x06, 0xFF]), Some(Answer::Ack));
        assert_eq!(said(0x180, b"K\x01"), Some(Answer::Good));
        assert_eq!(said(0x181, &[0x06, 0xFF]), None);
        assert_eq!(said(0x180, &[0x06]), None);
    }
}
