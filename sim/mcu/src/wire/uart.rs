//! A UART sender: characters at times that are known beforehand. What it does to the line is in [`line`](super::line).
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | a character that is due before the one ahead of it has ended waits for its end | a line carries one character at a time | `characters_never_overlap_and_back_to_back_ones_do_not_drift` |

use super::line::{Leave, Line, LineFormat};
use crate::periph::{PeripheralId, Rts, Shared};
use crate::sched::Target;
use crate::wire::{Start, WireAction, WireId};
use crate::{Hertz, Picos};

/// Parity of a character.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parity {
    /// No parity bit.
    #[default]
    None,
    /// The ones in data and parity bit are an even number.
    Even,
    /// The ones in data and parity bit are an odd number.
    Odd,
}

/// Whether a sender waits for the receiver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlowControl {
    /// It never waits.
    #[default]
    None,
    /// It begins a character only while RTS of the chip is low.
    Rts {
        /// Characters that it still sends after RTS has risen.
        slack: u8,
    },
}

/// A character and the time of its start bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedByte {
    /// Falling edge of its start bit, counted from the wire's start.
    pub offset: Picos,
    /// Its value.
    pub value: u8,
}

/// A UART line into the chip and what is sent on it.
#[derive(Clone, Debug)]
pub struct UartWire {
    /// Its name in the scenario.
    pub name: String,
    /// The USART at the other end: `USART1`.
    pub port: String,
    /// Bits a second, as the sender's clock makes them (its error included).
    pub bit_rate: Hertz,
    /// Data bits, 5 to 9, without parity.
    pub data_bits: u8,
    /// Parity.
    pub parity: Parity,
    /// Stop bits, times two: 2 is one stop bit.
    pub stop_halves: u8,
    /// Bits a second that the receiver's divider is taken to make, whatever firmware wrote into it; `None`: what it wrote.
    pub receiver_rate: Option<Hertz>,
    /// Does it wait for the receiver?
    pub flow_control: FlowControl,
    /// When it starts.
    pub start: Start,
    /// What it sends, in order.
    pub bytes: Vec<TimedByte>,
}

impl UartWire {
    /// What its characters look like.
    #[must_use]
    pub const fn format(&self) -> LineFormat {
        LineFormat {
            bit_rate: self.bit_rate,
            data_bits: self.data_bits,
            parity: self.parity,
            stop_halves: self.stop_halves,
        }
    }
}

/// A [`UartWire`] at work.
#[derive(Clone, Debug)]
pub struct UartSender {
    spec: UartWire,
    line: Line,
    begun: Option<Picos>,
    next: usize,
}

impl UartSender {
    pub(super) fn new(id: WireId, spec: UartWire, port: PeripheralId) -> Self {
        let names = (spec.name.as_str(), spec.port.as_str());
        Self {
            line: Line::new(id, names, port, spec.format(), spec.flow_control),
            spec,
            begun: None,
            next: 0,
        }
    }

    pub(super) const fn id(&self) -> WireId {
        self.line.id()
    }

    pub(super) const fn spec(&self) -> &UartWire {
        &self.spec
    }

    pub(super) const fn begun(&self) -> Option<Picos> {
        self.begun
    }

    pub(super) const fn begin(&mut self, zero: Option<Picos>) {
        self.begun = zero;
    }

    pub(super) const fn port(&self) -> PeripheralId {
        self.line.port()
    }

    pub(super) const fn has_sent(&self) -> bool {
        self.next > 0
    }

    pub(super) const fn all_sent(&self) -> bool {
        self.next >= self.spec.bytes.len()
    }

    /// The USART whose RTS must be asked before the next character.
    pub(super) fn asks(&self) -> Option<PeripheralId> {
        self.line.asks().filter(|_| !self.all_sent())
    }

    /// May the next character go, with RTS as it is? If not, the sender comes again.
    pub(super) fn permits(&mut self, shared: &mut Shared, at: Picos, rts: Rts) -> bool {
        match self.line.leave(shared, at, rts) {
            Leave::Go => return true,
            Leave::Held => {}
            Leave::AskAt(later) => self.due(shared, later),
        }
        false
    }

    /// RTS may have changed: a sender that waits looks again.
    pub(super) fn wake(&mut self, shared: &mut Shared, at: Picos) {
        if self.line.take_held() {
            self.due(shared, at);
        }
    }

    fn due(&self, shared: &mut Shared, at: Picos) {
        shared.sched.at(at, Target::Wire(self.line.id()), 0);
    }

    pub(super) fn event(&mut self, shared: &mut Shared, at: Picos) -> WireAction {
        let (Some(zero), Some(&byte)) = (self.begun, self.spec.bytes.get(self.next)) else {
            return WireAction::None;
        };
        let (mut frame, end) = self.line.send(shared, byte.value, at);
        frame.receiver_rate = self.spec.receiver_rate;
        self.next += 1;
        if let Some(following) = self.spec.bytes.get(self.next) {
            self.due(shared, (zero + following.offset).max(end));
        }
        WireAction::UartFrame {
            port: self.line.port(),
            frame,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::periph::UartFrame;
    use crate::periph::testbench::shared;
    use crate::wire::Wire;

    fn wire(parity: Parity, offsets: &[u64]) -> UartWire {
        UartWire {
            receiver_rate: None,
            name: "midi".into(),
            port: "USART1".into(),
            bit_rate: Hertz::new(31_250),
            data_bits: 8,
            parity,
            stop_halves: 2,
            flow_control: FlowControl::None,
            start: Start::At(Picos(1_000)),
            bytes: offsets
                .iter()
                .map(|&o| TimedByte {
                    offset: Picos(o),
                    value: 0x83,
                })
                .collect(),
        }
    }

    fn frames(spec: UartWire) -> Vec<UartFrame> {
        let mut shared = shared();
        let mut wire = Wire::uart(WireId(0), spec, PeripheralId(0), &mut shared);
        let mut frames = Vec::new();
        while let Some(due) = shared.sched.pop(Picos(u64::MAX - 1)) {
            if let WireAction::UartFrame { frame, .. } = wire.event(&mut shared, due.at, due.token)
            {
                frames.push(frame);
            }
        }
        frames
    }

    #[test]
    fn parity_is_above_the_data_bits() {
        let even = frames(wire(Parity::Even, &[0]));
        let odd = frames(wire(Parity::Odd, &[0]));
        assert_eq!(
            (even[0].bits, even[0].bit_count),
            (0x183, 9),
            "0x83 has three ones"
        );
        assert_eq!((odd[0].bits, odd[0].bit_count), (0x083, 9));
    }

    #[test]
    fn characters_never_overlap_and_back_to_back_ones_do_not_drift() {
        let mut spec = wire(Parity::None, &[0; 3000]);
        spec.bit_rate = Hertz::new(115_200);
        let starts: Vec<_> = frames(spec.clone()).iter().map(|f| f.start).collect();
        assert_eq!(starts.len(), 3000);
        assert_eq!(starts[2999], Picos(1_000) + spec.bit_rate.periods(29_990));
        let gap = frames(wire(Parity::None, &[0, 500_000_000]));
        assert_eq!(gap[1].start, Picos(500_001_000), "a gap is kept");
    }

    #[test]
    fn a_triggered_wire_waits_for_its_trigger() {
        let mut shared = shared();
        let mut spec = wire(Parity::None, &[7]);
        spec.start = Start::Triggered { delay: Picos(10) };
        let mut wire = Wire::uart(WireId(0), spec, PeripheralId(0), &mut shared);
        assert_eq!(shared.sched.next(), Picos::NEVER);
        wire.start(&mut shared, Picos(100));
        wire.start(&mut shared, Picos(500));
        assert_eq!(shared.sched.next(), Picos(117));
        assert!(!wire.is_done(&shared));
    }
}
