//! The bus when the chip is its master: the clock that it makes, byte by byte, and the devices that answer.
//!
//! Between two operations the chip holds SCL low. A controller orders one operation at a time and hears when it is done.

use crate::Picos;
use crate::log::{Fate, Unit};
use crate::periph::Cx;
use crate::periph::i2c::lines::Received;
use crate::sched::EventId;
use crate::wire::{I2cDevice, WireId};

/// Event: the operation goes on.
pub(super) const MASTER: u32 = 16;

/// One operation on the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// START, or a repeated one.
    Start,
    /// The byte after a START.
    Address(u8),
    /// A byte of data to the device.
    Write(u8),
    /// A byte from it.
    Read,
    /// STOP.
    Stop,
}

/// How an operation went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// START is on the bus.
    Started,
    /// The address, or a byte, was acknowledged or not.
    Answered(bool),
    /// Eight bits have come: the controller says, by [`MasterBus::finish_read`], when and how the ninth goes.
    Eighth(Received),
    /// The ninth bit of a read is over.
    Taken,
    /// STOP is on the bus.
    Stopped,
}

/// Low and high time of SCL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SclTimes {
    pub(super) low: Picos,
    pub(super) high: Picos,
}

impl SclTimes {
    const fn bits(self, n: u64) -> Picos {
        Picos((self.low.0 + self.high.0) * n)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing is under way.
    Idle,
    /// The operation ends.
    End(Op),
    /// Eight bits of a read end.
    Eighth,
    /// They have ended, and the controller has not said how it goes on.
    Asked,
    /// The ninth bit of a read ends.
    Ninth,
}

/// The bus.
#[derive(Clone, Debug)]
pub(super) struct MasterBus {
    devices: Vec<I2cDevice>,
    /// Which of them answers.
    selected: Option<usize>,
    /// START is on the bus, and no STOP yet.
    owned: bool,
    stage: Stage,
    event: Option<EventId>,
}

impl MasterBus {
    pub(super) const fn new() -> Self {
        Self {
            devices: Vec::new(),
            selected: None,
            owned: false,
            stage: Stage::Idle,
            event: None,
        }
    }

    pub(super) fn attach(&mut self, device: I2cDevice) {
        self.devices.push(device);
    }

    pub(super) fn devices(&self) -> &[I2cDevice] {
        &self.devices
    }

    /// Can an operation begin?
    pub(super) fn is_idle(&self) -> bool {
        self.stage == Stage::Idle
    }

    /// Begins an operation. The bus must be idle.
    pub(super) fn begin(&mut self, cx: &mut Cx<'_>, op: Op, scl: SclTimes) {
        let span = match op {
            // SDA falls; SCL after the hold time.
            Op::Start if !self.owned => scl.high,
            // SCL must rise first.
            Op::Start => scl.low + scl.low + scl.high,
            Op::Address(_) | Op::Write(_) => scl.bits(9),
            Op::Read => scl.bits(8),
            Op::Stop => scl.low + scl.high,
        };
        self.owned = true;
        self.stage = if op == Op::Read {
            Stage::Eighth
        } else {
            Stage::End(op)
        };
        self.event = Some(cx.schedule(cx.time + span, MASTER));
    }

    /// The ninth bit of a read begins, with the controller's answer in it.
    pub(super) fn finish_read(&mut self, cx: &mut Cx<'_>, scl: SclTimes) {
        if self.stage == Stage::Asked {
            self.stage = Stage::Ninth;
            self.event = Some(cx.schedule(cx.time + scl.bits(1), MASTER));
        }
    }

    /// Does a read wait for its ninth bit?
    pub(super) fn is_asked(&self) -> bool {
        self.stage == Stage::Asked
    }

    /// The event is due.
    pub(super) fn event(&mut self, cx: &mut Cx<'_>) -> Option<Done> {
        self.event = None;
        let stage = std::mem::replace(&mut self.stage, Stage::Idle);
        Some(match stage {
            Stage::Idle | Stage::Asked => {
                self.stage = stage;
                return None;
            }
            Stage::End(Op::Start) => Done::Started,
            Stage::End(Op::Address(byte)) => Done::Answered(self.select(cx, byte)),
            Stage::End(Op::Write(byte)) => Done::Answered(self.write(cx, byte)),
            Stage::End(Op::Stop) => {
                self.stop(cx.time);
                Done::Stopped
            }
            Stage::Eighth | Stage::End(Op::Read) => {
                self.stage = Stage::Asked;
                Done::Eighth(self.read(cx))
            }
            Stage::Ninth => Done::Taken,
        })
    }

    fn select(&mut self, cx: &mut Cx<'_>, byte: u8) -> bool {
        let at = cx.time;
        self.selected = self.devices.iter_mut().position(|d| d.addressed(at, byte));
        // Whoever has that address is asked, busy or not.
        if let Some(wire) = self.named(byte) {
            let record = cx.shared.log.i2c.entry(wire).or_default();
            record.transactions += 1;
            if self.selected.is_some() {
                record.completed += 1;
            } else {
                record.address_nacks += 1;
            }
        }
        self.selected.is_some()
    }

    fn named(&self, byte: u8) -> Option<WireId> {
        let mut all = self.devices.iter();
        all.find(|d| d.address() == byte >> 1).map(|d| d.wire)
    }

    fn device(&mut self) -> Option<&mut I2cDevice> {
        self.devices.get_mut(self.selected?)
    }

    fn write(&mut self, cx: &mut Cx<'_>, byte: u8) -> bool {
        let Some(device) = self.device() else {
            return false;
        };
        device.write(byte);
        let wire = device.wire;
        cx.shared.log.i2c.entry(wire).or_default().read += 1;
        true
    }

    /// With nobody there SDA stays high.
    fn read(&mut self, cx: &mut Cx<'_>) -> Received {
        let Some(device) = self.device() else {
            return Received {
                value: 0xFF,
                unit: None,
            };
        };
        let (value, wire) = (device.read(), device.wire);
        let at = cx.time;
        let units = cx.shared.log.wires.get_mut(wire.0).map(|w| &mut w.units);
        let unit = units.map(|units| {
            units.push(Unit {
                value: value.into(),
                received: None,
                sent: at,
                arrived: None,
                fate: Fate::InFlight,
                settled: at,
                blocked_by: None,
                interrupt: None,
            });
            (wire, units.len() as u32 - 1)
        });
        Received { value, unit }
    }

    fn stop(&mut self, at: Picos) {
        self.owned = false;
        self.selected = None;
        self.devices.iter_mut().for_each(|d| d.stopped(at));
    }

    /// The controller is switched off in the middle: it lets the lines go.
    pub(super) fn abandon(&mut self, cx: &mut Cx<'_>) {
        if let Some(event) = self.event.take() {
            cx.cancel(event);
        }
        (self.stage, self.owned, self.selected) = (Stage::Idle, false, None);
    }
}
