//! A UART sender: characters at their times, at its own bit rate.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | a character is start, data (LSB first), parity, stop bits | RM0364 USART §character description | `parity_is_above_the_data_bits` |
//! | with flow control the sender looks at RTS before each character; it waits while it is high or not driven | serial.md §7; an undriven line is pulled up, as USB adapters do \[M\] | `rts::a_sender_that_honours_rts_loses_nothing` |
//! | a sender that looks late sends `slack` more characters | serial.md §7: adapters with a FIFO \[M\] | `rts::a_sender_that_looks_late_overruns` |
//! | a character that is due before the one ahead of it has ended waits for its end | a line carries one character at a time | `characters_never_overlap_and_back_to_back_ones_do_not_drift` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | break characters | no scenario sends one | cannot be written in a scenario |

use crate::log::{Fate, Unit};
use crate::periph::{PeripheralId, Rts, Shared, UartFrame};
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
    /// Does it wait for the receiver?
    pub flow_control: FlowControl,
    /// When it starts.
    pub start: Start,
    /// What it sends, in order.
    pub bytes: Vec<TimedByte>,
}

/// Character times after which an RTS that nothing drives is a finding: firmware has to start up first.
const PATIENCE: u32 = 1_000;

/// A [`UartWire`] at work.
#[derive(Clone, Debug)]
pub struct UartSender {
    id: WireId,
    spec: UartWire,
    port: PeripheralId,
    begun: Option<Picos>,
    next: usize,
    /// Start of the run of back-to-back characters that goes on now, and how many are in it: their times
    /// are counted from one origin, so that rounding does not add up.
    run: Option<(Picos, u64)>,
    /// It waits for RTS.
    held: bool,
    /// Characters sent since RTS rose.
    late: u8,
    /// Character times that it has waited for an RTS that nothing drives.
    undriven: u32,
}

impl UartSender {
    pub(super) const fn new(id: WireId, spec: UartWire, port: PeripheralId) -> Self {
        Self {
            id,
            spec,
            port,
            begun: None,
            next: 0,
            run: None,
            held: false,
            late: 0,
            undriven: 0,
        }
    }

    pub(super) const fn id(&self) -> WireId {
        self.id
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

    pub(super) const fn all_sent(&self) -> bool {
        self.next >= self.spec.bytes.len()
    }

    /// The USART whose RTS must be asked before the next character.
    pub(super) fn asks(&self) -> Option<PeripheralId> {
        (self.spec.flow_control != FlowControl::None && !self.all_sent()).then_some(self.port)
    }

    /// May the next character go, with RTS as it is? If not, the sender waits to be
    /// [woken](Self::wake). Where nothing drives RTS it looks again after a character time: pins are connected without a word.
    pub(super) fn permits(&mut self, shared: &mut Shared, at: Picos, rts: Rts) -> bool {
        let FlowControl::Rts { slack } = self.spec.flow_control else {
            return true;
        };
        if rts == Rts::Ready {
            (self.late, self.undriven) = (0, 0);
            return true;
        }
        if rts == Rts::Full && self.late < slack {
            self.late += 1;
            return true;
        }
        if rts == Rts::NotDriven {
            self.undriven += 1;
            if self.undriven == PATIENCE {
                let (name, port, pc) = (&self.spec.name, &self.spec.port, shared.pc);
                shared.log.find("uart-rts-not-driven", at, pc, || {
                    format!(
                        "{name} waits for RTS of {port}, which nothing drives: RTSE is 0, or no RTS pin is connected"
                    )
                });
            }
            shared
                .sched
                .at(self.run_end(at, 1), Target::Wire(self.id), 0);
        } else {
            self.held = true;
        }
        false
    }

    /// RTS may have changed: a sender that waits looks again.
    pub(super) fn wake(&mut self, shared: &mut Shared, at: Picos) {
        if std::mem::take(&mut self.held) {
            shared.sched.at(at, Target::Wire(self.id), 0);
        }
    }

    pub(super) fn event(&mut self, shared: &mut Shared, at: Picos) -> WireAction {
        let (Some(zero), Some(&byte)) = (self.begun, self.spec.bytes.get(self.next)) else {
            return WireAction::None;
        };
        let frame = self.frame(byte.value, at);
        if let Some(log) = shared.log.wires.get_mut(self.id.0) {
            log.units.push(Unit {
                value: u32::from(byte.value) & data_mask(self.spec.data_bits),
                received: None,
                sent: at,
                arrived: None,
                fate: Fate::InFlight,
                settled: at,
                blocked_by: None,
                interrupt: None,
            });
        }
        self.next += 1;
        let (origin, count) = match self.run {
            Some((origin, count)) if self.run_end(origin, count) == at => (origin, count + 1),
            _ => (at, 1),
        };
        self.run = Some((origin, count));
        if let Some(following) = self.spec.bytes.get(self.next) {
            let due = (zero + following.offset).max(self.run_end(origin, count));
            shared.sched.at(due, Target::Wire(self.id), 0);
        }
        WireAction::UartFrame {
            port: self.port,
            frame,
        }
    }

    /// When the last stop bit of the `count`th character of a run is over.
    fn run_end(&self, origin: Picos, count: u64) -> Picos {
        let parity = u64::from(self.spec.parity != Parity::None);
        let halves =
            2 * (1 + u64::from(self.spec.data_bits) + parity) + u64::from(self.spec.stop_halves);
        origin + self.spec.bit_rate.scaled(2, 1).periods(count * halves)
    }

    fn frame(&self, value: u8, start: Picos) -> UartFrame {
        let data = u16::from(value) & data_mask(self.spec.data_bits) as u16;
        let odd = data.count_ones() & 1 != 0;
        let parity = match self.spec.parity {
            Parity::None => None,
            Parity::Even => Some(odd),
            Parity::Odd => Some(!odd),
        };
        UartFrame {
            wire: self.id,
            unit: self.next as u32,
            bits: data | u16::from(parity == Some(true)) << self.spec.data_bits.min(15),
            bit_count: self.spec.data_bits + u8::from(parity.is_some()),
            start,
            bit_rate: self.spec.bit_rate,
        }
    }
}

fn data_mask(bits: u8) -> u32 {
    (1 << bits.min(16)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::periph::testbench::shared;
    use crate::wire::Wire;

    fn wire(parity: Parity, offsets: &[u64]) -> UartWire {
        UartWire {
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
            if let WireAction::UartFrame { frame, .. } = wire.event(&mut shared, due.at) {
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
