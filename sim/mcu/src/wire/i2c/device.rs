//! A slave on the board: memory behind an address, as EEPROMs and chips with registers have it. The chip is the master that it answers.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | a write begins with one or two pointer bytes, the high one first; data follow, the pointer counts up | 24C02 and 24C256 data sheets \[M\] | `data_follow_the_pointer` |
//! | a read goes on where the pointer is, and wraps round at the end | same | `a_read_wraps_round` |
//! | data wrap round inside a page, and are written at STOP; the device then answers nobody for its write time | same, page write and acknowledge polling | `a_page_write_wraps_and_keeps_it_busy` |
//! | without pages and write time it is a set of registers: data are there at once | \[D\] | `registers_are_there_at_once` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | clock stretching by the device | EEPROMs do not | it never holds SCL |
//! | 10-bit addresses, general call | such devices do not have them | it does not answer |

use crate::Picos;
use crate::wire::WireId;

/// A slave on the board.
#[derive(Clone, Debug)]
pub struct I2cDeviceWire {
    /// Its name in the scenario.
    pub name: String,
    /// The controller that is its master: `I2C1`.
    pub port: String,
    /// 7 bits.
    pub address: u8,
    /// What is in it at power-up; its size is the length.
    pub memory: Vec<u8>,
    /// Pointer bytes that a write begins with: 1 or 2.
    pub pointer_bytes: u8,
    /// Bytes of a page; 0: it has none.
    pub page: usize,
    /// How long it takes to write.
    pub write_time: Picos,
}

/// An [`I2cDeviceWire`] at work.
#[derive(Clone, Debug)]
pub struct I2cDevice {
    pub(crate) wire: WireId,
    address: u8,
    memory: Vec<u8>,
    pointer_bytes: u8,
    page: usize,
    write_time: Picos,
    pointer: usize,
    /// Pointer bytes that are still to come in this write.
    missing: u8,
    /// Data of this write, to be kept at STOP.
    written: Vec<(usize, u8)>,
    busy_until: Picos,
}

impl I2cDevice {
    /// `wire` names it in the log.
    #[must_use]
    pub fn new(wire: WireId, spec: &I2cDeviceWire) -> Self {
        Self {
            wire,
            address: spec.address,
            memory: spec.memory.clone(),
            pointer_bytes: spec.pointer_bytes.clamp(1, 2),
            page: spec.page,
            write_time: spec.write_time,
            pointer: 0,
            missing: 0,
            written: Vec::new(),
            busy_until: Picos::ZERO,
        }
    }

    pub(crate) const fn address(&self) -> u8 {
        self.address
    }

    /// What it holds.
    #[must_use]
    pub fn memory(&self) -> &[u8] {
        &self.memory
    }

    /// A byte after START: does it answer?
    pub(crate) fn addressed(&mut self, at: Picos, byte: u8) -> bool {
        let mine = byte >> 1 == self.address && at >= self.busy_until;
        if mine {
            // Data without a STOP behind them are not written.
            self.written.clear();
            self.missing = if byte & 1 == 0 { self.pointer_bytes } else { 0 };
        }
        mine
    }

    /// A byte of a write. It acknowledges all of them.
    pub(crate) fn write(&mut self, byte: u8) {
        let size = self.memory.len().max(1);
        if self.missing > 0 {
            let high = if self.missing == self.pointer_bytes {
                0
            } else {
                self.pointer << 8
            };
            self.pointer = (high | usize::from(byte)) % size;
            self.missing -= 1;
            return;
        }
        self.written.push((self.pointer, byte));
        self.pointer = match self.page {
            0 => (self.pointer + 1) % size,
            page => {
                let base = self.pointer / page * page;
                base + (self.pointer + 1 - base) % page
            }
        };
        if self.write_time == Picos::ZERO {
            self.keep();
        }
    }

    /// The byte at the pointer.
    pub(crate) fn read(&mut self) -> u8 {
        let byte = self.memory.get(self.pointer).copied().unwrap_or(0xFF);
        self.pointer = (self.pointer + 1) % self.memory.len().max(1);
        byte
    }

    /// STOP.
    pub(crate) fn stopped(&mut self, at: Picos) {
        if !self.written.is_empty() {
            self.keep();
            self.busy_until = at + self.write_time;
        }
    }

    fn keep(&mut self) {
        for (at, byte) in std::mem::take(&mut self.written) {
            if let Some(cell) = self.memory.get_mut(at) {
                *cell = byte;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(page: usize, write_time: Picos, pointer_bytes: u8) -> I2cDevice {
        let spec = I2cDeviceWire {
            name: "eeprom".into(),
            port: "I2C1".into(),
            address: 0x50,
            memory: (0..64).collect(),
            pointer_bytes,
            page,
            write_time,
        };
        I2cDevice::new(WireId(0), &spec)
    }

    fn write(d: &mut I2cDevice, at: Picos, bytes: &[u8]) {
        assert!(d.addressed(at, 0xA0));
        bytes.iter().for_each(|b| d.write(*b));
        d.stopped(at);
    }

    #[test]
    fn data_follow_the_pointer() {
        let mut d = device(0, Picos::ZERO, 2);
        assert!(!d.addressed(Picos::ZERO, 0xA2), "another address");
        write(&mut d, Picos::ZERO, &[0, 9, 0xAA, 0xBB]);
        assert_eq!(d.memory()[8..12], [8, 0xAA, 0xBB, 11]);
        write(&mut d, Picos::ZERO, &[0, 10]);
        assert!(d.addressed(Picos::ZERO, 0xA1));
        assert_eq!([d.read(), d.read()], [0xBB, 11]);
    }

    #[test]
    fn a_read_wraps_round() {
        let mut d = device(0, Picos::ZERO, 1);
        write(&mut d, Picos::ZERO, &[63]);
        assert!(d.addressed(Picos::ZERO, 0xA1));
        assert_eq!([d.read(), d.read()], [63, 0]);
    }

    #[test]
    fn a_page_write_wraps_and_keeps_it_busy() {
        let busy = Picos::from_millis(5);
        let mut d = device(8, busy, 1);
        assert!(d.addressed(Picos::ZERO, 0xA0));
        for byte in [14, 1, 2, 3] {
            d.write(byte);
        }
        assert_eq!(d.memory()[14], 14, "not before STOP");
        d.stopped(Picos(7));
        assert_eq!(d.memory()[8..16], [3, 9, 10, 11, 12, 13, 1, 2]);
        assert!(!d.addressed(Picos(6) + busy, 0xA0));
        assert!(d.addressed(Picos(7) + busy, 0xA0));
        d.write(3);
        d.stopped(Picos(9) + busy);
        assert!(
            d.addressed(Picos(9) + busy, 0xA0),
            "a pointer alone is not written"
        );
    }

    #[test]
    fn registers_are_there_at_once() {
        let mut d = device(0, Picos::ZERO, 1);
        assert!(d.addressed(Picos::ZERO, 0xA0));
        d.write(5);
        d.write(0x77);
        assert_eq!(d.memory()[5], 0x77);
    }
}
