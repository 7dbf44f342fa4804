//! What stands between DR and the shift register: one frame each way (v1), or four bytes each way (v2).

use flashstall_cpu::Size;

use super::bits::{Cr1, Cr2, FRLVL, FTLVL, Sr};

/// The buffers of one kind of SPI, and what of the registers depends on them.
pub(in crate::periph) trait Buffers:
    Clone + Default + Send + Sync + std::fmt::Debug + 'static
{
    /// CR2 after reset.
    const CR2_RESET: Cr2;

    /// What CR2 keeps of `value`.
    fn cr2(value: u32) -> Cr2;

    /// Bits of a frame.
    fn frame_bits(cr1: Cr1, cr2: Cr2) -> u8;

    /// DR is written. False if there was no room for it.
    fn write(&mut self, size: Size, value: u32, bits: u8) -> bool;

    /// The frame that is sent next, if one is complete.
    fn next_frame(&mut self, bits: u8) -> Option<u16>;

    /// A frame was received. False if there was no room for it.
    fn receive(&mut self, frame: u16, bits: u8) -> bool;

    /// DR is read.
    fn read(&mut self, size: Size) -> u32;

    /// RXNE, TXE and the levels, as SR shows them.
    fn flags(&self, cr2: Cr2) -> u32;

    /// The SPI was switched off: what was not sent is forgotten.
    fn forget_unsent(&mut self);
}

/// One frame each way.
#[derive(Clone, Debug, Default)]
pub(in crate::periph) struct Single {
    tx: Option<u16>,
    /// What DR reads.
    rx: u16,
    full: bool,
}

impl Buffers for Single {
    const CR2_RESET: Cr2 = Cr2::empty();

    fn cr2(value: u32) -> Cr2 {
        Cr2::from_bits_truncate(value) & Cr2::V1
    }

    fn frame_bits(cr1: Cr1, _: Cr2) -> u8 {
        if cr1.contains(Cr1::DFF) { 16 } else { 8 }
    }

    fn write(&mut self, _: Size, value: u32, bits: u8) -> bool {
        let mask = if bits == 8 { 0xFF } else { 0xFFFF };
        self.tx.replace((value & mask) as u16).is_none()
    }

    fn next_frame(&mut self, _: u8) -> Option<u16> {
        self.tx.take()
    }

    fn receive(&mut self, frame: u16, _: u8) -> bool {
        let room = !self.full;
        if room {
            (self.rx, self.full) = (frame, true);
        }
        room
    }

    fn read(&mut self, _: Size) -> u32 {
        self.full = false;
        self.rx.into()
    }

    fn flags(&self, _: Cr2) -> u32 {
        let mut flags = Sr::empty();
        flags.set(Sr::RXNE, self.full);
        flags.set(Sr::TXE, self.tx.is_none());
        flags.bits()
    }

    fn forget_unsent(&mut self) {
        self.tx = None;
    }
}

/// Bytes of a FIFO of v2.
const DEPTH: usize = 4;

/// Up to four bytes, the oldest first.
#[derive(Clone, Debug, Default)]
struct Queue {
    bytes: [u8; DEPTH],
    count: usize,
}

impl Queue {
    /// False if they do not fit; then none is taken.
    fn push(&mut self, bytes: &[u8]) -> bool {
        let Some(free) = self.bytes.get_mut(self.count..self.count + bytes.len()) else {
            return false;
        };
        free.copy_from_slice(bytes);
        self.count += bytes.len();
        true
    }

    fn pop(&mut self) -> Option<u8> {
        let [first, rest @ ..] = self.bytes;
        self.count = self.count.checked_sub(1)?;
        self.bytes[..DEPTH - 1].copy_from_slice(&rest);
        Some(first)
    }

    /// As the level fields count: empty, a quarter, a half, more.
    fn level(&self) -> u32 {
        self.count.min(3) as u32
    }
}

/// Four bytes each way.
#[derive(Clone, Debug, Default)]
pub(in crate::periph) struct Fifo {
    tx: Queue,
    rx: Queue,
}

impl Buffers for Fifo {
    const CR2_RESET: Cr2 = Cr2::DS_8;

    fn cr2(value: u32) -> Cr2 {
        let cr2 = Cr2::from_bits_truncate(value);
        // Frames have at least four bits.
        if cr2.frame_bits() < 4 {
            (cr2 - Cr2::DS) | Cr2::DS_8
        } else {
            cr2
        }
    }

    fn frame_bits(_: Cr1, cr2: Cr2) -> u8 {
        cr2.frame_bits()
    }

    fn write(&mut self, size: Size, value: u32, bits: u8) -> bool {
        let [low, high, ..] = value.to_le_bytes();
        match (size, bits) {
            // A byte into a frame of more than a byte is filled up.
            (Size::Byte, 9..) => self.tx.push(&[low, 0]),
            (Size::Byte, _) => self.tx.push(&[low]),
            _ => self.tx.push(&[low, high]),
        }
    }

    fn next_frame(&mut self, bits: u8) -> Option<u16> {
        let frame = match bits {
            9.. if self.tx.count < 2 => return None,
            9.. => u16::from_le_bytes([self.tx.pop()?, self.tx.pop()?]),
            _ => self.tx.pop()?.into(),
        };
        Some(frame & mask(bits))
    }

    fn receive(&mut self, frame: u16, bits: u8) -> bool {
        let [low, high] = frame.to_le_bytes();
        if bits > 8 {
            self.rx.push(&[low, high])
        } else {
            self.rx.push(&[low])
        }
    }

    fn read(&mut self, size: Size) -> u32 {
        let low = self.rx.pop().unwrap_or(0);
        let high = match size {
            Size::Byte => 0,
            _ => self.rx.pop().unwrap_or(0),
        };
        u32::from_le_bytes([low, high, 0, 0])
    }

    fn flags(&self, cr2: Cr2) -> u32 {
        let threshold = if cr2.contains(Cr2::FRXTH) { 1 } else { 2 };
        let mut flags = Sr::empty();
        flags.set(Sr::RXNE, self.rx.count >= threshold);
        flags.set(Sr::TXE, self.tx.count <= DEPTH / 2);
        flags.bits() | self.rx.level() << FRLVL | self.tx.level() << FTLVL
    }

    fn forget_unsent(&mut self) {
        self.tx = Queue::default();
    }
}

const fn mask(bits: u8) -> u16 {
    u16::MAX >> (16 - bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_word_into_a_fifo_is_two_frames_of_a_byte_and_back() {
        let mut fifo = Fifo::default();
        assert!(fifo.write(Size::Half, 0x2211, 8) && fifo.write(Size::Byte, 0x33, 8));
        assert_eq!(
            [(); 4].map(|()| fifo.next_frame(8)),
            [Some(0x11), Some(0x22), Some(0x33), None]
        );
        assert!(fifo.receive(0xA1, 8) && fifo.receive(0xB2, 8) && fifo.receive(0xC3, 8));
        assert_eq!(fifo.read(Size::Half), 0xB2A1);
        assert_eq!(fifo.read(Size::Byte), 0xC3);
    }

    #[test]
    fn a_fifo_takes_four_bytes_and_no_more() {
        let mut fifo = Fifo::default();
        for n in 0..4 {
            assert!(fifo.receive(n, 8) && fifo.write(Size::Byte, n.into(), 8));
        }
        assert!(!fifo.receive(9, 8) && !fifo.write(Size::Byte, 9, 8));
        let mut wide = Fifo::default();
        assert!(wide.receive(0x1234, 12) && wide.receive(0x5678, 12) && !wide.receive(0, 12));
        assert_eq!(wide.read(Size::Half), 0x1234);
    }

    #[test]
    fn flags_follow_the_levels() {
        let eight = Cr2::DS_8;
        let mut fifo = Fifo::default();
        assert!(fifo.receive(1, 8));
        assert_eq!(
            fifo.flags(eight),
            0x202,
            "a byte is below the threshold of two"
        );
        assert_eq!(fifo.flags(eight | Cr2::FRXTH), 0x203);
        assert!(fifo.write(Size::Half, 0, 8));
        assert_eq!(fifo.flags(eight), 0x1202, "half full: room for two more");
        assert!(fifo.write(Size::Byte, 0, 8));
        assert_eq!(fifo.flags(eight), 0x1A00);
    }
}
