//! A UART line as its sender drives it: the frame format, the times of characters, RTS.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | a character is start, data (LSB first), parity, stop bits | RM0364 USART §character description | `uart::parity_is_above_the_data_bits` |
//! | the levels of a character are told for pictures | as the row above | `tests/timeline.rs`: `the_level_of_the_line_can_be_decoded` |
//! | with flow control the sender looks at RTS before each character; it waits while it is high or not driven | serial.md §7; an undriven line is pulled up, as USB adapters do \[M\] | `rts::a_sender_that_honours_rts_loses_nothing` |
//! | a sender that looks late sends `slack` more characters | serial.md §7: adapters with a FIFO \[M\] | `rts::a_sender_that_looks_late_overruns` |
//! | back-to-back characters do not drift: their times are counted from the first of their run | exact rationals | `uart::characters_never_overlap_and_back_to_back_ones_do_not_drift` |
//! | the far end hears what the chip sends by looking at the middle of each bit, by its own clock | serial.md §4, simplified \[D\] | `a_host_hears_by_its_own_clock` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | break characters | no scenario sends one | cannot be written in a scenario |

use crate::log::{Fate, Unit};
use crate::periph::{PeripheralId, Rts, Shared, Transmitted, UartFrame};
use crate::wire::{FlowControl, Parity, WireId};
use crate::{Hertz, Picos};

/// What a character looks like on the line, and how fast its bits are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineFormat {
    /// Bits a second, as this end's clock makes them (its error included).
    pub bit_rate: Hertz,
    /// Data bits, 5 to 9, without parity.
    pub data_bits: u8,
    /// Parity.
    pub parity: Parity,
    /// Stop bits, times two: 2 is one stop bit.
    pub stop_halves: u8,
}

impl LineFormat {
    /// Half bits in a character.
    #[must_use]
    pub fn half_bits(&self) -> u64 {
        let parity = u64::from(self.parity != Parity::None);
        2 * (1 + u64::from(self.data_bits) + parity) + u64::from(self.stop_halves)
    }

    /// The time that `count` characters take back to back.
    #[must_use]
    pub fn characters(&self, count: u64) -> Picos {
        self.bit_rate
            .scaled(2, 1)
            .periods(count.saturating_mul(self.half_bits()))
    }

    /// The bits above the start bit: data and parity.
    const fn bit_count(&self) -> u8 {
        self.data_bits
            + if matches!(self.parity, Parity::None) {
                0
            } else {
                1
            }
    }

    /// Data with the parity bit above it.
    fn with_parity(&self, value: u16) -> u16 {
        let data = value & data_mask(self.data_bits) as u16;
        let odd = data.count_ones() & 1 != 0;
        let parity = match self.parity {
            Parity::None => false,
            Parity::Even => odd,
            Parity::Odd => !odd,
        };
        data | u16::from(parity) << self.data_bits.min(15)
    }

    /// The line while a character is on it: level, and when it begins, from the start bit on. The line is high before and after.
    #[must_use]
    pub fn levels(&self, value: u16) -> Vec<(Picos, bool)> {
        let bits = u32::from(self.with_parity(value)) << 1 | 1 << (self.bit_count() + 1);
        (0..=self.bit_count() + 1)
            .map(|n| (self.bit_rate.periods(n.into()), bits >> n & 1 != 0))
            .collect()
    }

    /// What this end makes of a character that the chip sent; `None` if its stop or parity bit is wrong.
    #[must_use]
    pub fn hear(&self, character: &Transmitted) -> Option<u16> {
        let half = self.bit_rate.scaled(2, 1);
        let middle =
            |bit: u8| character.level(character.start + half.periods(2 * u64::from(bit) + 1));
        let count = self.bit_count();
        let bits = (0..count).fold(0, |bits, n| bits | u16::from(middle(n + 1)) << n);
        let data = bits & data_mask(self.data_bits) as u16;
        (middle(count + 1) && self.with_parity(data) == bits).then_some(data)
    }
}

fn data_mask(bits: u8) -> u32 {
    (1 << bits.min(16)) - 1
}

/// Character times after which an RTS that nothing drives is a finding: firmware has to start up first.
const PATIENCE: u32 = 1_000;

/// A line that is being sent on.
#[derive(Clone, Debug)]
pub(super) struct Line {
    id: WireId,
    name: String,
    port: PeripheralId,
    port_name: String,
    format: LineFormat,
    flow_control: FlowControl,
    /// Start of the run of back-to-back characters that goes on now, and how many are in it.
    run: Option<(Picos, u64)>,
    /// The sender waits for RTS.
    held: bool,
    /// Characters sent since RTS rose.
    late: u8,
    /// Character times that it has waited for an RTS that nothing drives.
    undriven: u32,
    /// Characters sent.
    sent: u32,
}

/// May a character go?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// Yes.
    Go,
    /// Not before the line is [woken](Line::take_held).
    Held,
    /// Not now: ask again then.
    AskAt(Picos),
}

impl Line {
    pub(super) fn new(
        id: WireId,
        (name, port_name): (&str, &str),
        port: PeripheralId,
        format: LineFormat,
        flow_control: FlowControl,
    ) -> Self {
        Self {
            id,
            name: name.to_owned(),
            port,
            port_name: port_name.to_owned(),
            format,
            flow_control,
            run: None,
            held: false,
            late: 0,
            undriven: 0,
            sent: 0,
        }
    }

    pub(super) const fn id(&self) -> WireId {
        self.id
    }

    pub(super) const fn port(&self) -> PeripheralId {
        self.port
    }

    /// The next character goes out at this rate.
    pub(super) const fn set_bit_rate(&mut self, bit_rate: Hertz) {
        self.format.bit_rate = bit_rate;
        self.run = None;
    }

    /// The USART whose RTS must be asked before a character, if the sender cares.
    pub(super) fn asks(&self) -> Option<PeripheralId> {
        (self.flow_control != FlowControl::None).then_some(self.port)
    }

    /// May the next character go, with RTS as it is? Where nothing drives RTS the sender looks again after a character
    /// time: pins are connected without a word.
    pub(super) fn leave(&mut self, shared: &mut Shared, at: Picos, rts: Rts) -> Leave {
        let FlowControl::Rts { slack } = self.flow_control else {
            return Leave::Go;
        };
        match rts {
            Rts::Ready => {
                (self.late, self.undriven) = (0, 0);
                Leave::Go
            }
            Rts::Full if self.late < slack => {
                self.late += 1;
                Leave::Go
            }
            Rts::Full => {
                self.held = true;
                Leave::Held
            }
            Rts::NotDriven => {
                self.undriven += 1;
                if self.undriven == PATIENCE {
                    let (name, port, pc) = (&self.name, &self.port_name, shared.pc);
                    shared.log.find("uart-rts-not-driven", at, pc, || {
                        format!("{name} waits for RTS of {port}, which nothing drives: RTSE is 0, or no RTS pin is connected")
                    });
                }
                Leave::AskAt(at + self.format.characters(1))
            }
        }
    }

    /// RTS may have changed: was the sender waiting for that?
    pub(super) fn take_held(&mut self) -> bool {
        std::mem::take(&mut self.held)
    }

    /// Sends `value` from `at` on. Returns the frame and the end of its last stop bit.
    pub(super) fn send(&mut self, shared: &mut Shared, value: u8, at: Picos) -> (UartFrame, Picos) {
        if let Some(log) = shared.log.wires.get_mut(self.id.0) {
            log.units.push(Unit {
                value: u32::from(value) & data_mask(self.format.data_bits),
                received: None,
                sent: at,
                arrived: None,
                fate: Fate::InFlight,
                settled: at,
                blocked_by: None,
                interrupt: None,
            });
        }
        let frame = UartFrame {
            wire: self.id,
            unit: self.sent,
            bits: self.format.with_parity(value.into()),
            bit_count: self.format.bit_count(),
            start: at,
            bit_rate: self.format.bit_rate,
            receiver_rate: None,
        };
        self.sent += 1;
        let end_of = |origin, count| origin + self.format.characters(count);
        let (origin, count) = match self.run {
            Some((origin, count)) if end_of(origin, count) == at => (origin, count + 1),
            _ => (at, 1),
        };
        self.run = Some((origin, count));
        (frame, end_of(origin, count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(baud: u64, parity: Parity) -> LineFormat {
        LineFormat {
            bit_rate: Hertz::new(baud),
            data_bits: 8,
            parity,
            stop_halves: 2,
        }
    }

    fn character(bits: u16, bit_count: u8, baud: u64) -> Transmitted {
        let rate = Hertz::new(baud);
        let start = Picos::from_millis(1);
        Transmitted {
            bits,
            bit_count,
            bit_rate: rate,
            start,
            end: start + rate.periods(u64::from(bit_count) + 2),
        }
    }

    #[test]
    fn a_host_hears_by_its_own_clock() {
        let ours = format(115_200, Parity::None);
        assert_eq!(ours.hear(&character(0x4B, 8, 115_200)), Some(0x4B));
        assert_eq!(
            ours.hear(&character(0x4B, 8, 118_000)),
            Some(0x4B),
            "2.4 % is inside the limit"
        );
        // At twice the rate the host sees every second bit: S 11010010 P.. read at bits 1, 3, 5, ... of the line.
        assert_ne!(ours.hear(&character(0x4B, 8, 230_400)), Some(0x4B));
        // At half the rate its stop bit falls on a data bit.
        assert_eq!(
            ours.hear(&character(0x00, 8, 57_600)),
            None,
            "the stop bit is low"
        );
    }

    #[test]
    fn a_wrong_parity_bit_is_noticed() {
        let even = format(9_600, Parity::Even);
        assert_eq!(even.hear(&character(0x183, 9, 9_600)), Some(0x83));
        assert_eq!(even.hear(&character(0x083, 9, 9_600)), None);
    }
}
