//! A classic CAN frame, and its bits as they stand on the wire.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | fields of base and extended frames, most significant bit first | ISO 11898-1 field sizes \[M\], can.md §5 | `bits_of_known_frames` |
//! | CRC-15, polynomial 0x4599, over SOF to the end of the data, without stuff bits | Bosch CAN 2.0 §3.1.1 \[M\] | `bits_of_known_frames` |
//! | after five equal bits one of the other value, from SOF to the end of the CRC; a stuff bit counts for the next run | Bosch CAN 2.0 §5 \[M\] | `bits_of_known_frames`, `no_six_equal_bits_and_lengths_as_in_the_table` |
//! | delimiters, acknowledgement, end of frame and the space after it are not stuffed: 13 bits | can.md §5 | `no_six_equal_bits_and_lengths_as_in_the_table` |
//! | a lower identifier wins; a base frame wins over an extended one with the same 11 bits, a data frame over a remote one | Bosch CAN 2.0 §3.1 \[M\] | `who_wins` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | CAN FD | bxCAN knows classic frames only | cannot be written |

use std::fmt;

/// Bits of the CRC delimiter, the acknowledgement slot and its delimiter.
const TAIL: u32 = 3;
/// Bits of the end of frame.
const END_OF_FRAME: u32 = 7;
/// Bits between two frames, at the least.
pub(crate) const INTERMISSION: u32 = 3;

/// Identifier of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CanId {
    /// 11 bits.
    Standard(u16),
    /// 29 bits.
    Extended(u32),
}

impl CanId {
    /// A base identifier; `None` if it has more than 11 bits.
    #[must_use]
    pub const fn standard(id: u32) -> Option<Self> {
        if id < 1 << 11 {
            Some(Self::Standard(id as u16))
        } else {
            None
        }
    }

    /// An extended identifier; `None` if it has more than 29 bits.
    #[must_use]
    pub const fn extended(id: u32) -> Option<Self> {
        if id < 1 << 29 {
            Some(Self::Extended(id))
        } else {
            None
        }
    }

    /// The number alone.
    #[must_use]
    pub const fn raw(self) -> u32 {
        match self {
            Self::Standard(id) => id as u32 & 0x7FF,
            Self::Extended(id) => id & 0x1FFF_FFFF,
        }
    }
}

impl fmt::Display for CanId {
    /// As candump writes it: `123`, `12345678`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard(_) => write!(f, "{:03X}", self.raw()),
            Self::Extended(_) => write!(f, "{:08X}", self.raw()),
        }
    }
}

/// A classic CAN frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CanFrame {
    /// Its identifier.
    pub id: CanId,
    /// A remote frame: it has a length and no data.
    pub remote: bool,
    /// Its length code, 0 to 15. 9 to 15 mean eight bytes, too.
    pub dlc: u8,
    /// Its data; bytes from [`len`](Self::len) on are not sent.
    pub data: [u8; 8],
}

impl CanFrame {
    /// A data frame; `None` for more than eight bytes.
    #[must_use]
    pub fn new(id: CanId, bytes: &[u8]) -> Option<Self> {
        let mut data = [0; 8];
        data.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Self {
            id,
            remote: false,
            dlc: bytes.len() as u8,
            data,
        })
    }

    /// A remote frame that asks for `dlc` bytes; `None` for more than eight.
    #[must_use]
    pub const fn remote(id: CanId, dlc: u8) -> Option<Self> {
        if dlc > 8 {
            return None;
        }
        Some(Self {
            id,
            remote: true,
            dlc,
            data: [0; 8],
        })
    }

    /// How many bytes of data are on the wire.
    #[must_use]
    pub const fn len(&self) -> usize {
        match (self.remote, self.dlc) {
            (true, _) => 0,
            (false, 0..=7) => self.dlc as usize,
            (false, _) => 8,
        }
    }

    /// Has it no data?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The data on the wire.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.data.get(..self.len()).unwrap_or_default()
    }

    /// Identifier, extended (bit 31) and remote (bit 30) in one number: what the log keeps of a frame.
    #[must_use]
    pub const fn key(&self) -> u32 {
        let extended = matches!(self.id, CanId::Extended(_));
        self.id.raw() | (extended as u32) << 31 | (self.remote as u32) << 30
    }

    /// The arbitration field as a number: of two frames that start together the lower one wins.
    #[must_use]
    pub const fn priority(&self) -> u32 {
        let remote = self.remote as u32;
        match self.id {
            // 11 bits, RTR, IDE (dominant).
            CanId::Standard(_) => self.id.raw() << 21 | remote << 20,
            // 11 bits, SRR and IDE (recessive), 18 bits, RTR.
            CanId::Extended(_) => {
                let id = self.id.raw();
                (id >> 18) << 21 | 0b11 << 19 | (id & 0x3_FFFF) << 1 | remote
            }
        }
    }

    /// Its bits on the wire, from the start of frame to the end of the CRC, stuffed.
    #[must_use]
    pub fn bits(&self) -> WireBits {
        let mut writer = Writer::default();
        let id = self.id.raw();
        let remote = u32::from(self.remote);
        writer.put(0, 1);
        match self.id {
            CanId::Standard(_) => {
                writer.put(id, 11);
                // RTR, IDE, r0.
                writer.put(remote << 2, 3);
            }
            CanId::Extended(_) => {
                writer.put(id >> 18, 11);
                // SRR, IDE.
                writer.put(0b11, 2);
                writer.put(id, 18);
                // RTR, r1, r0.
                writer.put(remote << 2, 3);
            }
        }
        writer.put(self.dlc.into(), 4);
        for byte in self.bytes() {
            writer.put(u32::from(*byte), 8);
        }
        writer.put(u32::from(writer.crc), 15);
        writer.bits
    }
}

/// The stuffed part of a frame, bit by bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WireBits {
    /// The longest frame has 118 bits here, and 29 stuff bits.
    words: [u64; 3],
    length: u32,
}

impl WireBits {
    fn push(&mut self, bit: bool) {
        if let Some(word) = self.words.get_mut(self.length as usize / 64) {
            *word |= u64::from(bit) << (self.length % 64);
            self.length += 1;
        }
    }

    /// How many bits.
    #[must_use]
    pub const fn stuffed(&self) -> u32 {
        self.length
    }

    /// Bits from the start of frame to the end of the acknowledgement slot.
    #[must_use]
    pub const fn to_acknowledgement(&self) -> u32 {
        self.length + 2
    }

    /// Bits to the end of the last but one bit of the end of frame: a receiver takes the frame there.
    #[must_use]
    pub const fn to_valid(&self) -> u32 {
        self.to_end() - 1
    }

    /// Bits to the end of the end of frame: the transmitter is done there.
    #[must_use]
    pub const fn to_end(&self) -> u32 {
        self.length + TAIL + END_OF_FRAME
    }

    /// Bits to the end of the intermission: the next frame can start there.
    #[must_use]
    pub const fn to_idle(&self) -> u32 {
        self.to_end() + INTERMISSION
    }

    /// Level of bit `n`, true is recessive; `acknowledged` tells what stands in the slot.
    #[must_use]
    pub fn level(&self, n: u32, acknowledged: bool) -> bool {
        if n < self.length {
            let word = self.words.get(n as usize / 64).copied().unwrap_or(!0);
            return word >> (n % 64) & 1 != 0;
        }
        !(acknowledged && n + 1 == self.to_acknowledgement())
    }
}

/// Serialises fields: keeps the CRC of the plain bits, and stuffs.
#[derive(Default)]
struct Writer {
    bits: WireBits,
    crc: u16,
    /// Value and length of the run of equal bits at the end.
    run: (bool, u8),
}

impl Writer {
    fn put(&mut self, value: u32, width: u32) {
        for n in (0..width).rev() {
            let bit = value >> n & 1 != 0;
            let feedback = bit != (self.crc >> 14 & 1 != 0);
            self.crc = self.crc << 1 & 0x7FFF ^ if feedback { 0x4599 } else { 0 };
            self.stuff(bit);
        }
    }

    fn stuff(&mut self, bit: bool) {
        self.bits.push(bit);
        self.run = (bit, if self.run.0 == bit { self.run.1 + 1 } else { 1 });
        if self.run.1 == 5 {
            self.bits.push(!bit);
            self.run = (!bit, 1);
        }
    }
}

#[cfg(test)]
mod tests;
