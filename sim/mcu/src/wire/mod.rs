//! What is outside the chip and moves: senders on UART lines, hosts that talk back, nodes on CAN buses, masters of I2C buses, and
//! drivers of pins.
//!
//! A wire schedules itself in the event queue and knows nothing of who listens. Each byte or edge that it
//! sends becomes a [`Unit`](crate::log::Unit) in the log; the receiving peripheral settles what becomes of it, once.

mod can;
mod host;
mod i2c;
mod line;
mod peer;
mod pin;
mod replace;
mod uart;

pub use can::{
    CanFrame, CanHost, CanHostWire, CanId, CanNode, CanOffer, CanSender, CanWire, TimedFrame,
    WireBits,
};
pub(crate) use can::{INTERMISSION, rates_agree};
pub use host::{HostSender, HostWire};
pub use i2c::{
    I2cAddress, I2cAttempt, I2cClock, I2cDevice, I2cDeviceWire, I2cHost, I2cOutcome, I2cPoll,
    I2cRecord, I2cTransfer, I2cWire, Stretch,
};
pub use line::LineFormat;
pub use peer::{Orders, Peer, PeerAccount, PeerEvent, PeerOutcome};
pub use pin::{EdgeKind, PinSender, PinWire, TimedEdge};
pub use replace::Replacement;
pub use uart::{FlowControl, Parity, TimedByte, UartSender, UartWire};

use std::collections::BTreeMap;

use crate::Picos;
use crate::log::{Fate, WireLog};
use crate::periph::{
    CanTransmitted, I2cAnswer, I2cStep, PeripheralId, Pin, Rts, Shared, Transmitted, UartFrame,
};
use crate::sched::Target;

/// Index of a wire in its machine, and of its record in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WireId(pub usize);

/// When a wire begins to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At this time.
    At(Picos),
    /// This long after [`Wire::start`] is called.
    Triggered {
        /// The delay.
        delay: Picos,
    },
}

/// What the chip has to do when a wire moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireAction {
    /// A node of this controller's bus wants to send a frame.
    CanFrame {
        /// The controller.
        port: PeripheralId,
        /// The frame.
        offer: CanOffer,
    },
    /// An edge on the bus of this I2C controller: tell it, and tell the wire what it [answers](Wire::answered).
    I2c {
        /// The controller.
        port: PeripheralId,
        /// The edge.
        step: I2cStep,
    },
    /// Tell this USART that a frame begins.
    UartFrame {
        /// The USART.
        port: PeripheralId,
        /// The frame.
        frame: UartFrame,
    },
    /// Drive a pin: [`Shared::drive_pin`].
    PinLevel {
        /// The pin.
        pin: Pin,
        /// Its level from now on.
        high: bool,
        /// The edge's number on its wire, if it is one that counts.
        unit: Option<(WireId, u32)>,
    },
    /// Nothing.
    None,
}

/// A wire of any kind.
#[derive(Clone, Debug)]
pub enum Wire {
    /// A sending node on a CAN bus.
    Can(CanSender),
    /// A node on a CAN bus that talks back.
    CanHost(Box<CanHost>),
    /// A host that is the master of an I2C bus.
    I2c(Box<I2cHost>),
    /// A slave on an I2C bus of which the chip is the master: it moves only when it is asked.
    I2cDevice(WireId),
    /// A UART sender.
    Uart(UartSender),
    /// A UART sender that talks back.
    Host(Box<HostSender>),
    /// A driver of one pin.
    Pin(PinSender),
}

impl Wire {
    /// A node that sends `spec.frames` to the CAN controller `port`. `id` as for [`uart`](Self::uart).
    #[must_use]
    pub fn can(id: WireId, spec: CanWire, port: PeripheralId, shared: &mut Shared) -> Self {
        open_log(shared, &spec.name, "can");
        let (start, first) = (spec.start, spec.frames.first().map(|f| f.offset));
        let mut sender = CanSender::new(id, spec, port);
        sender.begin(begin(id, start, first, shared));
        Self::Can(sender)
    }

    /// A host on the bus of the CAN controller `port`. `id` as for [`uart`](Self::uart).
    #[must_use]
    pub fn can_host(
        id: WireId,
        spec: CanHostWire,
        port: PeripheralId,
        shared: &mut Shared,
    ) -> Self {
        open_log(shared, &spec.name, "can");
        let mut host = CanHost::new(id, spec, port);
        if let Start::At(at) = host.start() {
            host.begin(shared, at);
        }
        Self::CanHost(Box::new(host))
    }

    /// A host on the bus of the I2C controller `port`. `id` as for [`uart`](Self::uart).
    #[must_use]
    pub fn i2c(id: WireId, spec: I2cWire, port: PeripheralId, shared: &mut Shared) -> Self {
        open_log(shared, &spec.name, "i2c");
        shared.log.i2c.insert(id, I2cRecord::default());
        let mut host = I2cHost::new(id, spec, port);
        if let Start::At(at) = host.start() {
            host.begin(shared, at);
        }
        Self::I2c(Box::new(host))
    }

    /// A slave on an I2C bus; the controller has the device itself. `id` as for [`uart`](Self::uart).
    #[must_use]
    pub fn i2c_device(id: WireId, name: &str, shared: &mut Shared) -> Self {
        open_log(shared, name, "i2c");
        shared.log.i2c.insert(id, I2cRecord::default());
        Self::I2cDevice(id)
    }

    /// A sender of `spec.bytes` to the USART `port`. `id` must be the next free index of `shared.log.wires`.
    #[must_use]
    pub fn uart(id: WireId, spec: UartWire, port: PeripheralId, shared: &mut Shared) -> Self {
        open_log(shared, &spec.name, "uart");
        let (start, first) = (spec.start, spec.bytes.first().map(|b| b.offset));
        let mut sender = UartSender::new(id, spec, port);
        sender.begin(begin(id, start, first, shared));
        Self::Uart(sender)
    }

    /// A host at the USART `port`. `id` as for [`uart`](Self::uart).
    #[must_use]
    pub fn host(id: WireId, spec: HostWire, port: PeripheralId, shared: &mut Shared) -> Self {
        open_log(shared, &spec.name, "uart");
        let mut sender = HostSender::new(id, spec, port);
        if let Start::At(at) = sender.start() {
            sender.begin(shared, at);
        }
        Self::Host(Box::new(sender))
    }

    /// A driver of `spec.pin`, which takes the level that its first edge leaves. `id` as for [`uart`](Self::uart).
    #[must_use]
    pub fn pin(id: WireId, spec: PinWire, shared: &mut Shared) -> Self {
        open_log(shared, &spec.name, "pin");
        let (start, first) = (spec.start, spec.edges.first().map(|e| e.offset));
        if let Some(edge) = spec.edges.first() {
            shared.drive_pin(spec.pin, !edge.high, None);
        }
        let mut sender = PinSender::new(id, spec);
        sender.begin(begin(id, start, first, shared));
        Self::Pin(sender)
    }

    /// Triggers a wire that waits for it. A wire that runs already, or starts by the clock, takes no notice.
    pub fn start(&mut self, shared: &mut Shared, now: Picos) {
        match self {
            Self::Can(sender) => {
                if let (None, Start::Triggered { delay }) = (sender.begun(), sender.spec().start) {
                    let first = sender.spec().frames.first().map(|f| f.offset);
                    sender.begin(begin(sender.id(), Start::At(now + delay), first, shared));
                }
            }
            Self::CanHost(host) => {
                if let Start::Triggered { delay } = host.start() {
                    host.begin(shared, now + delay);
                }
            }
            Self::I2cDevice(_) => {}
            Self::I2c(host) => {
                if let Start::Triggered { delay } = host.start() {
                    host.begin(shared, now + delay);
                }
            }
            Self::Uart(sender) => {
                if let (None, Start::Triggered { delay }) = (sender.begun(), sender.spec().start) {
                    let first = sender.spec().bytes.first().map(|b| b.offset);
                    sender.begin(begin(sender.id(), Start::At(now + delay), first, shared));
                }
            }
            Self::Host(sender) => {
                if let Start::Triggered { delay } = sender.start() {
                    sender.begin(shared, now + delay);
                }
            }
            Self::Pin(sender) => {
                if let (None, Start::Triggered { delay }) = (sender.begun(), sender.spec().start) {
                    let first = sender.spec().edges.first().map(|e| e.offset);
                    sender.begin(begin(sender.id(), Start::At(now + delay), first, shared));
                }
            }
        }
    }

    /// The event `token` that this wire scheduled is due: sends the next unit and schedules the one after it.
    pub fn event(&mut self, shared: &mut Shared, at: Picos, token: u32) -> WireAction {
        match self {
            Self::Can(sender) => sender.event(shared, at),
            Self::CanHost(host) => host.event(shared, at, token),
            Self::I2c(host) => host.event(shared, at, token),
            Self::I2cDevice(_) => WireAction::None,
            Self::Uart(sender) => sender.event(shared, at),
            Self::Host(sender) => sender.event(shared, at, token),
            Self::Pin(sender) => sender.event(shared, at),
        }
    }

    /// The USART whose RTS this wire wants to know before its event `token`.
    #[must_use]
    pub fn asks(&self, token: u32) -> Option<PeripheralId> {
        match self {
            Self::Uart(sender) => sender.asks(),
            Self::Host(sender) => sender.asks(token),
            Self::Can(_) | Self::CanHost(_) | Self::I2c(_) | Self::I2cDevice(_) | Self::Pin(_) => {
                None
            }
        }
    }

    /// With RTS as it is, may the event that is due go ahead? If not, it comes again later.
    pub fn permits(&mut self, shared: &mut Shared, at: Picos, rts: Rts) -> bool {
        match self {
            Self::Uart(sender) => sender.permits(shared, at, rts),
            Self::Host(sender) => sender.permits(shared, at, rts),
            Self::Can(_) | Self::CanHost(_) | Self::I2c(_) | Self::I2cDevice(_) | Self::Pin(_) => {
                true
            }
        }
    }

    /// RTS of some USART may have changed.
    pub fn wake(&mut self, shared: &mut Shared, at: Picos) {
        match self {
            Self::Uart(sender) => sender.wake(shared, at),
            Self::Host(sender) => sender.wake(shared, at),
            Self::Can(_) | Self::CanHost(_) | Self::I2c(_) | Self::I2cDevice(_) | Self::Pin(_) => {}
        }
    }

    /// The bus is done with the CAN frame that this wire offered.
    pub fn frame_done(&mut self, shared: &mut Shared, at: Picos) {
        match self {
            Self::Can(sender) => sender.done(shared, at),
            Self::CanHost(host) => host.done(shared, at),
            Self::I2c(_) | Self::I2cDevice(_) | Self::Uart(_) | Self::Host(_) | Self::Pin(_) => {}
        }
    }

    /// The controller has answered to the [`WireAction::I2c`] of this wire.
    pub fn answered(&mut self, shared: &mut Shared, at: Picos, answer: &I2cAnswer) {
        if let Self::I2c(host) = self {
            host.answered(shared, at, answer);
        }
    }

    /// The I2C controller `port` holds SCL, has let it go, or holds it for another reason.
    pub fn scl_changed(&mut self, shared: &mut Shared, at: Picos, port: PeripheralId) {
        if let Self::I2c(host) = self {
            host.scl_changed(shared, at, port);
        }
    }

    /// The CAN controller `port` has sent a frame, which ends at `at`.
    pub fn heard_frame(
        &mut self,
        shared: &mut Shared,
        at: Picos,
        port: PeripheralId,
        sent: &CanTransmitted,
    ) {
        if let Self::CanHost(host) = self {
            host.heard(shared, at, port, sent);
        }
    }

    /// The USART `port` has sent a character, which ends at `at`.
    pub fn heard(
        &mut self,
        shared: &mut Shared,
        at: Picos,
        port: PeripheralId,
        character: &Transmitted,
    ) {
        if let Self::Host(sender) = self {
            sender.heard(shared, at, port, character);
        }
    }

    /// What the host at this wire has to say for itself, if there is one.
    #[must_use]
    pub fn account(&self) -> Option<PeerAccount> {
        match self {
            Self::CanHost(host) => Some(host.account()),
            Self::Host(sender) => Some(sender.account()),
            Self::Can(_) | Self::I2c(_) | Self::I2cDevice(_) | Self::Uart(_) | Self::Pin(_) => None,
        }
    }

    /// Has everything been sent (is the host done), and has the receiver decided about all of it? A byte that waits in a
    /// receive register counts as decided: it has arrived.
    #[must_use]
    pub fn is_done(&self, shared: &Shared) -> bool {
        let (id, sent) = match self {
            Self::Can(sender) => (sender.id(), sender.all_sent()),
            Self::CanHost(host) => (host.id(), host.is_over()),
            Self::I2c(host) => (host.id(), host.is_over()),
            Self::I2cDevice(id) => (*id, true),
            Self::Uart(sender) => (sender.id(), sender.all_sent()),
            Self::Host(sender) => (sender.id(), sender.is_over()),
            Self::Pin(sender) => (sender.id(), sender.all_sent()),
        };
        // Only the frame on the line and the one before it can be undecided.
        sent && shared.log.wires.get(id.0).is_none_or(|wire| {
            wire.units
                .iter()
                .rev()
                .take(4)
                .all(|unit| unit.fate != Fate::InFlight)
        })
    }
}

fn open_log(shared: &mut Shared, name: &str, kind: &'static str) {
    shared.log.wires.push(WireLog {
        name: name.to_owned(),
        kind,
        units: Vec::new(),
        frames: Vec::new(),
        notes: BTreeMap::new(),
    });
}

/// Schedules the first unit, if the wire starts by the clock. Returns its time zero.
fn begin(id: WireId, start: Start, first: Option<Picos>, shared: &mut Shared) -> Option<Picos> {
    let Start::At(zero) = start else { return None };
    if let Some(offset) = first {
        shared.sched.at(zero + offset, Target::Wire(id), 0);
    }
    Some(zero)
}
