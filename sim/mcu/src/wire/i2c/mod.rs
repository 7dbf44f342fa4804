//! An I2C bus with a host on it that is its master; and [devices](I2cDevice) for a chip that is.
//!
//! Open-drain SCL and SDA at protocol level: the host makes the clock and tells the chip each edge at which something is decided, at its exact time. SCL
//! rises only if the chip lets it; the time that it does not is recorded, and is no loss.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | a byte takes nine clocks; START and STOP take the host's high time, a repeated START a low one more | UM10204 §3.1, table 10 (tHD;STA, tSU;STO ≥ tHIGH, tSU;STA ≤ tLOW) \[M\] | `a_write_takes_its_time` |
//! | low and high time: 1:1 up to 100 kbit/s, 2:1 above; or the scenario's | both meet tLOW and tHIGH of UM10204 table 10; RM0008 §26.6.8 divides so, too \[M\] | `a_write_takes_its_time`, `fast_mode_is_low_for_two_thirds` |
//! | SCL that is held low when the host lets it go rises when the chip lets go; bits go on from there | UM10204 §3.1.9 clock stretching | `a_held_clock_is_stretching_and_no_loss` |
//! | a host with a time-out gives up when SCL has been held for that long, and sends STOP at the end of the byte in progress when SCL rises again | SMBus 2.0 §3.1.1.3 (T_TIMEOUT 25 to 35 ms, a master may abort by STOP at the end of the byte) \[M\] | `a_host_gives_up_and_says_stop_later` |
//! | while SCL is held nothing else can be begun; that, too, times out | a START needs both lines high | `the_bus_is_busy_while_it_is_held` |
//! | an address or byte that is not acknowledged ends the attempt with STOP | UM10204 §3.1.6 | `a_refused_address_is_tried_again` |
//! | a host that wants no more bytes does not acknowledge the last one | UM10204 §3.1.6 | `a_read_ends_with_a_refusal` |
//! | 10-bit addresses: header, low byte, repeated START with the header to read | UM10204 §3.1.11 | `ten_bit_addresses_take_two_bytes` |
//!
//! Each byte of data that the host has sent is one [`Unit`](crate::log::Unit): *Delivered* when firmware (or DMA) took it, *Waiting* in a register, *Overrun* if
//! the chip may not hold SCL and had no room, *`NotAcknowledged`* if the chip told the host so. Addresses are no units: they are told to nobody.
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | several masters, arbitration, clock synchronisation | the host is the only master on its bus | a chip that is master on a bus with a host: finding, it never gets the bus |
//! | rise times, noise, levels | electrical | edges are where they are meant to be |
//! | high-speed mode, device ID, SMBus PEC and alert | no scenario uses them | not writable |

mod device;
mod host;
mod record;
mod script;

pub use device::{I2cDevice, I2cDeviceWire};
pub use host::I2cHost;
pub use record::{I2cAttempt, I2cOutcome, I2cRecord, Stretch};
pub use script::{I2cPoll, I2cTransfer};

use crate::wire::Start;
use crate::{Hertz, Picos};

/// An address on the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum I2cAddress {
    /// 0 to 0x7F; 0 is the general call.
    Seven(u8),
    /// 0 to 0x3FF.
    Ten(u16),
}

impl I2cAddress {
    /// The byte after a START.
    #[must_use]
    pub const fn first(self, read: bool) -> u8 {
        let header = match self {
            Self::Seven(address) => address << 1,
            Self::Ten(address) => 0xF0 | (address >> 7 & 0b110) as u8,
        };
        header | read as u8
    }

    /// The byte after that, if there is one.
    #[must_use]
    pub const fn second(self) -> Option<u8> {
        match self {
            Self::Seven(_) => None,
            Self::Ten(address) => Some(address as u8),
        }
    }
}

/// The host's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct I2cClock {
    /// Bits a second.
    pub rate: Hertz,
    /// How long SCL is low in each.
    pub low: Picos,
}

/// Standard mode ends here.
const STANDARD_MODE: u64 = 100_000;

impl I2cClock {
    /// The usual split of `rate`: 1:1 up to 100 kbit/s, two thirds low above. `rate` must run.
    #[must_use]
    pub fn usual(rate: Hertz) -> Self {
        let period = rate.periods(1);
        let low = if rate.whole() <= STANDARD_MODE {
            Picos(period.0 / 2)
        } else {
            Picos(period.0 * 2 / 3)
        };
        Self { rate, low }
    }

    /// How long SCL is high in each bit.
    #[must_use]
    pub fn high(self) -> Picos {
        self.rate.periods(1).since(self.low)
    }
}

/// An I2C bus with a host on it.
#[derive(Clone, Debug)]
pub struct I2cWire {
    /// Its name in the scenario.
    pub name: String,
    /// The controller at the other end: `I2C1`.
    pub port: String,
    /// Whom it speaks to.
    pub address: I2cAddress,
    /// Its clock.
    pub clock: I2cClock,
    /// For how long it lets SCL be held; `None`: for ever.
    pub time_out: Option<Picos>,
    /// How often it tries a transaction again that went wrong.
    pub retries: u32,
    /// How long it waits before that.
    pub retry_pause: Picos,
    /// It ends when a transaction has failed for good; otherwise it goes on with the next one.
    pub stop_on_failure: bool,
    /// When it begins.
    pub start: Start,
    /// What it does.
    pub script: Vec<I2cTransfer>,
}

#[cfg(test)]
mod tests;
