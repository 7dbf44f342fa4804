//! A UART sender that talks back: what it sends next depends on what the chip sends.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | what is ordered while the line is busy follows back to back | a line carries one character at a time | `orders_follow_back_to_back` |
//! | a host with a gap between characters waits for it after each, and is done after the last one's | programs that write byte by byte \[M\] | `a_slow_writer_leaves_a_gap_after_each_character` |
//! | a paused host finishes the character that it has begun | XON/XOFF between characters \[D\] | `a_paused_host_finishes_its_character` |
//! | the host acts `latency` after the end of what it heard | adapters gather bytes, USB polls \[M\] | `a_host_acts_after_its_latency` |
//! | a timer that is set again or stopped does not go off | [`Orders::timer`] | `only_the_last_timer_goes_off` |
//! | a host may change its rate; a character that is on the line keeps its own | a new divider takes effect between characters \[D\] | `a_host_changes_its_rate` |
//! | RTS holds the next character back, as that of a [`UartWire`](super::UartWire) | serial.md §7 | scenarios `f303-uart-rts-cts`, `-slack` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | a host that overruns itself | hosts are fast | everything is heard |

use std::collections::VecDeque;

use super::line::{Leave, Line, LineFormat};
use super::peer::{Orders, Peer, PeerAccount, PeerEvent, PeerOutcome};
use super::{FlowControl, Start, WireAction, WireId};
use crate::Picos;
use crate::periph::{PeripheralId, Rts, Shared, Transmitted};
use crate::sched::{EventId, Target};

/// Event: the line is free, or may be asked again.
const LINE: u32 = 0;
/// Event: the peer's timer goes off.
const TIMER: u32 = 1;
/// Event: the oldest of what was heard reaches the peer.
const HEARD: u32 = 2;
/// Event: the peer begins.
const BEGIN: u32 = 3;

/// A host at a USART of the chip.
#[derive(Clone, Debug)]
pub struct HostWire {
    /// Its name in the scenario.
    pub name: String,
    /// The USART at the other end: `USART1`.
    pub port: String,
    /// What its characters look like, both ways.
    pub format: LineFormat,
    /// Does it wait for the receiver?
    pub flow_control: FlowControl,
    /// When it begins.
    pub start: Start,
    /// From the end of a character of the chip to the host's acting on it.
    pub latency: Picos,
    /// Idle time after each of its characters: it looks what is next when that is over.
    pub byte_gap: Picos,
    /// What it says.
    pub peer: Box<dyn Peer<u8, u8>>,
}

/// A [`HostWire`] at work.
#[derive(Clone, Debug)]
pub struct HostSender {
    spec: HostWire,
    line: Line,
    /// Its beginning is scheduled.
    begun: bool,
    /// It has begun: it listens.
    open: bool,
    /// What is to be sent.
    queue: VecDeque<u8>,
    /// A `LINE` event is scheduled, or RTS holds the line.
    busy: bool,
    /// A character was begun that the peer does not know to be over.
    in_flight: bool,
    paused: bool,
    timer: Option<EventId>,
    heard: VecDeque<Option<u8>>,
}

impl HostSender {
    pub(super) fn new(id: WireId, spec: HostWire, port: PeripheralId) -> Self {
        let names = (spec.name.as_str(), spec.port.as_str());
        Self {
            line: Line::new(id, names, port, spec.format, spec.flow_control),
            spec,
            begun: false,
            open: false,
            queue: VecDeque::new(),
            busy: false,
            in_flight: false,
            paused: false,
            timer: None,
            heard: VecDeque::new(),
        }
    }

    pub(super) const fn id(&self) -> WireId {
        self.line.id()
    }

    pub(super) const fn spec(&self) -> &HostWire {
        &self.spec
    }

    pub(super) const fn port(&self) -> PeripheralId {
        self.line.port()
    }

    /// It has begun.
    pub(super) const fn is_open(&self) -> bool {
        self.open
    }

    /// Its beginning is scheduled.
    pub(super) const fn has_begun(&self) -> bool {
        self.begun
    }

    pub(super) const fn set_begun(&mut self, begun: bool) {
        self.begun = begun;
    }

    pub(super) const fn start(&self) -> Start {
        self.spec.start
    }

    pub(super) fn account(&self) -> PeerAccount {
        self.spec.peer.account()
    }

    pub(super) fn is_over(&self) -> bool {
        !self.in_flight && self.account().outcome != PeerOutcome::Running
    }

    /// Begins at `at`, once.
    pub(super) fn begin(&mut self, shared: &mut Shared, at: Picos) {
        if !std::mem::replace(&mut self.begun, true) {
            self.schedule(shared, at, BEGIN);
        }
    }

    fn schedule(&self, shared: &mut Shared, at: Picos, token: u32) -> EventId {
        shared.sched.at(at, Target::Wire(self.line.id()), token)
    }

    /// The USART whose RTS must be asked before the event `token`.
    pub(super) fn asks(&self, token: u32) -> Option<PeripheralId> {
        let sends = token == LINE && !self.paused && !self.queue.is_empty();
        self.line.asks().filter(|_| sends)
    }

    pub(super) fn permits(&mut self, shared: &mut Shared, at: Picos, rts: Rts) -> bool {
        match self.line.leave(shared, at, rts) {
            Leave::Go => return true,
            Leave::Held => {}
            Leave::AskAt(later) => {
                self.schedule(shared, later, LINE);
            }
        }
        false
    }

    pub(super) fn wake(&mut self, shared: &mut Shared, at: Picos) {
        if self.line.take_held() {
            self.schedule(shared, at, LINE);
        }
    }

    /// The chip has sent a character; it ends at `at`.
    pub(super) fn heard(
        &mut self,
        shared: &mut Shared,
        at: Picos,
        port: PeripheralId,
        character: &Transmitted,
    ) {
        if port == self.line.port() && self.open {
            let value = self.spec.format.hear(character);
            self.heard.push_back(value.map(|v| v as u8));
            self.schedule(shared, at + self.spec.latency, HEARD);
        }
    }

    pub(super) fn event(&mut self, shared: &mut Shared, at: Picos, token: u32) -> WireAction {
        match token {
            BEGIN => {
                self.open = true;
                self.tell(shared, at, PeerEvent::Start);
            }
            TIMER => {
                self.timer = None;
                self.tell(shared, at, PeerEvent::TimeOut);
            }
            HEARD => {
                if let Some(heard) = self.heard.pop_front() {
                    let event = heard.map_or(PeerEvent::Garbled, PeerEvent::Heard);
                    self.tell(shared, at, event);
                }
            }
            _ => return self.next(shared, at),
        }
        WireAction::None
    }

    /// The line is free.
    fn next(&mut self, shared: &mut Shared, at: Picos) -> WireAction {
        self.busy = false;
        if self.queue.is_empty() && std::mem::take(&mut self.in_flight) {
            self.tell(shared, at, PeerEvent::Sent);
            return WireAction::None;
        }
        self.in_flight = false;
        if self.paused {
            return WireAction::None;
        }
        let Some(value) = self.queue.pop_front() else {
            return WireAction::None;
        };
        let (frame, end) = self.line.send(shared, value, at);
        (self.busy, self.in_flight) = (true, true);
        self.schedule(shared, end + self.spec.byte_gap, LINE);
        WireAction::UartFrame {
            port: self.line.port(),
            frame,
        }
    }

    fn tell(&mut self, shared: &mut Shared, at: Picos, event: PeerEvent<u8>) {
        let mut orders = Orders::default();
        self.spec.peer.event(at, event, &mut orders);
        if orders.discard {
            self.queue.clear();
        }
        if let Some(bit_rate) = orders.bit_rate {
            self.spec.format.bit_rate = bit_rate;
            self.line.set_bit_rate(bit_rate);
        }
        self.queue.extend(orders.send);
        self.paused = orders.pause.unwrap_or(self.paused);
        if let Some(timer) = orders.timer {
            if let Some(old) = self.timer.take() {
                shared.sched.cancel(old);
            }
            self.timer = timer.map(|span| self.schedule(shared, at + span, TIMER));
        }
        if !self.busy && !self.paused && !self.queue.is_empty() {
            self.busy = true;
            self.schedule(shared, at, LINE);
        }
    }
}

#[cfg(test)]
mod tests;
