//! The master of the bus: its program (which transaction is next, what follows a failure) and its lines (the edges of one transaction).

use super::{I2cAttempt, I2cOutcome, I2cRecord, I2cTransfer, I2cWire};
use crate::Picos;
use crate::log::{Fate, Unit};
use crate::periph::{I2cAnswer, I2cHold, I2cStep, PeripheralId, Shared};
use crate::sched::{EventId, Target};
use crate::wire::{Start, WireAction, WireId};

/// Event: the next edge.
const EDGE: u32 = 0;
/// Event: the program goes on.
const NEXT: u32 = 1;
/// Event: SCL has been held for too long.
const TIME_OUT: u32 = 2;
/// Event: the wire begins.
const BEGIN: u32 = 3;

/// A byte of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Byte {
    /// The first one after a START.
    Header,
    /// The second one of a 10-bit address.
    Low,
    /// Data number so and so, written.
    Data(usize),
    /// Data number so and so, read.
    Take(u16),
}

/// What the host does once SCL is high.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Intent {
    Byte(Byte),
    Restart,
    Stop,
}

/// The edge that is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The bus is free.
    Free,
    /// SDA falls: START.
    Start,
    /// SCL is let go, for this.
    Rise(Intent),
    /// SCL falls after the eighth bit.
    Eighth(Byte),
    /// SCL is let go for the ninth bit.
    RiseNinth(Byte),
    /// SCL falls after it.
    Ninth(Byte),
    /// SDA rises: STOP.
    Stop,
}

/// What the program is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    /// The wire has not begun, or a pause.
    Between,
    /// A transaction is due and the bus is not free, since then.
    Waiting(Picos),
    /// A transaction runs, since then.
    Running(Picos),
    /// All is done.
    Over,
}

/// An [`I2cWire`] at work.
#[derive(Clone, Debug)]
pub struct I2cHost {
    id: WireId,
    spec: I2cWire,
    port: PeripheralId,
    begun: Option<Picos>,
    phase: Phase,
    program: Program,
    /// Which transaction of the script.
    index: usize,
    /// How often it was tried again, or polled.
    tries: u32,
    /// Once more because an attempt went wrong, or polled once more.
    repeated: bool,
    /// The transaction is at its reading part.
    reading: bool,
    taken: Vec<u8>,
    outcome: I2cOutcome,
    /// The host has given up this transaction: STOP at the end of the byte.
    concluding: bool,
    /// SCL is held, as told last.
    held: Option<I2cHold>,
    /// The chip was asked again and has not answered yet.
    asked: bool,
    timer: Option<EventId>,
    /// The unit of the byte that is on the bus.
    unit: Option<u32>,
}

impl I2cHost {
    pub(in crate::wire) const fn new(id: WireId, spec: I2cWire, port: PeripheralId) -> Self {
        Self {
            id,
            spec,
            port,
            begun: None,
            phase: Phase::Free,
            program: Program::Between,
            index: 0,
            tries: 0,
            repeated: false,
            reading: false,
            taken: Vec::new(),
            outcome: I2cOutcome::Completed,
            concluding: false,
            held: None,
            asked: false,
            timer: None,
            unit: None,
        }
    }

    pub(in crate::wire) const fn id(&self) -> WireId {
        self.id
    }

    pub(in crate::wire) const fn start(&self) -> Start {
        self.spec.start
    }

    /// The script is done, and so is the bus.
    pub(in crate::wire) fn is_over(&self) -> bool {
        self.program == Program::Over && self.phase == Phase::Free
    }

    /// Begins at `at`, once.
    pub(in crate::wire) fn begin(&mut self, shared: &mut Shared, at: Picos) {
        if self.begun.is_none() {
            self.begun = Some(at);
            self.schedule(shared, at, BEGIN);
        }
    }

    fn schedule(&self, shared: &mut Shared, at: Picos, token: u32) -> EventId {
        shared.sched.at(at, Target::Wire(self.id), token)
    }

    fn edge(&mut self, shared: &mut Shared, at: Picos, phase: Phase) {
        self.phase = phase;
        self.schedule(shared, at, EDGE);
    }

    fn transfer(&self) -> Option<&I2cTransfer> {
        self.spec.script.get(self.index)
    }

    fn record(&self, shared: &mut Shared, f: impl FnOnce(&mut I2cRecord)) {
        f(shared.log.i2c.entry(self.id).or_default());
    }

    pub(in crate::wire) fn event(
        &mut self,
        shared: &mut Shared,
        at: Picos,
        token: u32,
    ) -> WireAction {
        match token {
            BEGIN => self.plan(shared, at),
            NEXT => self.next(shared, at),
            TIME_OUT => {
                self.timer = None;
                self.give_up(shared, at);
            }
            _ => return self.step(shared, at),
        }
        WireAction::None
    }

    /// What the chip must be told of the edge that is due.
    fn step(&mut self, shared: &mut Shared, at: Picos) -> WireAction {
        let step = match self.phase {
            Phase::Free => return WireAction::None,
            Phase::Start => I2cStep::Start,
            Phase::Rise(_) | Phase::RiseNinth(_) => I2cStep::Released,
            Phase::Eighth(Byte::Take(_)) => I2cStep::Taken,
            Phase::Eighth(byte) => {
                let unit = self.unit.map(|unit| (self.id, unit));
                if let Some(unit) = self.unit.and_then(|n| shared.log.unit(self.id, n)) {
                    unit.arrived = Some(at);
                }
                I2cStep::Sent {
                    value: self.value(byte),
                    unit,
                }
            }
            Phase::Ninth(Byte::Take(n)) => I2cStep::Ninth {
                acknowledged: Some(!self.concluding && n + 1 < self.wanted()),
            },
            Phase::Ninth(_) => I2cStep::Ninth { acknowledged: None },
            Phase::Stop => I2cStep::Stop,
        };
        WireAction::I2c {
            port: self.port,
            step,
        }
    }

    fn value(&self, byte: Byte) -> u8 {
        match byte {
            Byte::Header => {
                // A 10-bit address is always written first.
                let read = self.reading;
                self.spec.address.first(read)
            }
            Byte::Low => self.spec.address.second().unwrap_or_default(),
            Byte::Data(n) => self
                .transfer()
                .and_then(|t| t.write.get(n))
                .copied()
                .unwrap_or_default(),
            Byte::Take(_) => 0,
        }
    }

    fn wanted(&self) -> u16 {
        self.transfer().map_or(0, |t| t.read)
    }

    /// The chip has answered to [`event`](Self::event)'s step.
    pub(in crate::wire) fn answered(&mut self, shared: &mut Shared, at: Picos, answer: &I2cAnswer) {
        let clock = self.spec.clock;
        let (low, high) = (clock.low, clock.high());
        match self.phase {
            Phase::Free => {}
            Phase::Start => self.edge(
                shared,
                at + high + low,
                Phase::Rise(Intent::Byte(Byte::Header)),
            ),
            Phase::Rise(_) | Phase::RiseNinth(_) if answer.hold.is_some() => {
                self.hold(shared, at, answer.hold);
            }
            Phase::Rise(intent) => {
                self.hold(shared, at, None);
                match self.still(intent) {
                    Intent::Restart => self.edge(shared, at + low, Phase::Start),
                    Intent::Stop => self.edge(shared, at + high, Phase::Stop),
                    Intent::Byte(byte) => {
                        self.unit = self.open_unit(shared, at, byte);
                        let eighth = at + high + clock.rate.periods(7);
                        self.edge(shared, eighth, Phase::Eighth(byte));
                    }
                }
            }
            Phase::Eighth(byte) => {
                if let (Byte::Take(_), false) = (byte, self.concluding) {
                    self.taken.push(answer.data);
                }
                self.edge(shared, at + low, Phase::RiseNinth(byte));
            }
            Phase::RiseNinth(byte) => {
                self.hold(shared, at, None);
                self.edge(shared, at + high, Phase::Ninth(byte));
            }
            Phase::Ninth(byte) => {
                let intent = self.decide(shared, byte, answer);
                self.edge(shared, at + low, Phase::Rise(intent));
            }
            Phase::Stop => self.stopped(shared, at),
        }
    }

    /// After the ninth bit of `byte`: what comes next?
    fn decide(&mut self, shared: &mut Shared, byte: Byte, answer: &I2cAnswer) -> Intent {
        let refused = !answer.acknowledged && !matches!(byte, Byte::Take(_));
        if refused && !self.concluding {
            self.outcome = match byte {
                Byte::Data(_) => I2cOutcome::Refused,
                _ => I2cOutcome::NoAddress,
            };
            self.record(shared, |r| r.first_nack = r.first_nack.or(answer.why));
        }
        if refused || self.concluding {
            return Intent::Stop;
        }
        let Some(transfer) = self.transfer() else {
            return Intent::Stop;
        };
        let after_data = |n: usize| {
            if n < transfer.write.len() {
                Intent::Byte(Byte::Data(n))
            } else if transfer.read > 0 {
                Intent::Restart
            } else {
                Intent::Stop
            }
        };
        let intent = match byte {
            Byte::Header if self.reading => Intent::Byte(Byte::Take(0)),
            Byte::Header if self.spec.address.second().is_some() => Intent::Byte(Byte::Low),
            Byte::Header | Byte::Low => after_data(0),
            Byte::Data(n) => after_data(n + 1),
            Byte::Take(n) if n + 1 < transfer.read => Intent::Byte(Byte::Take(n + 1)),
            Byte::Take(_) => Intent::Stop,
        };
        self.reading |= intent == Intent::Restart;
        intent
    }

    /// A byte of data begins: it is something sent.
    fn open_unit(&self, shared: &mut Shared, at: Picos, byte: Byte) -> Option<u32> {
        let Byte::Data(_) = byte else { return None };
        let value = self.value(byte);
        let units = &mut shared.log.wires.get_mut(self.id.0)?.units;
        let number = u32::try_from(units.len()).ok()?;
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
        Some(number)
    }

    /// What the chip does with SCL now that the host has let it go.
    fn hold(&mut self, shared: &mut Shared, at: Picos, hold: Option<I2cHold>) {
        self.asked = false;
        if hold == self.held {
            return;
        }
        let first = self.held.is_none();
        self.held = hold;
        match hold {
            Some(hold) => {
                self.record(shared, |r| r.open(at, hold));
                if first && !self.concluding {
                    self.start_timer(shared, at);
                }
            }
            None => {
                self.record(shared, |r| r.close(at));
                if !matches!(self.program, Program::Waiting(_)) {
                    self.stop_timer(shared);
                }
            }
        }
    }

    /// What the host does once SCL is high, after all: if it has given up, the byte in progress is over unless the chip is sending one.
    fn still(&self, intent: Intent) -> Intent {
        if self.concluding && !matches!(intent, Intent::Byte(Byte::Take(_))) {
            Intent::Stop
        } else {
            intent
        }
    }

    fn start_timer(&mut self, shared: &mut Shared, at: Picos) {
        self.stop_timer(shared);
        self.timer = self
            .spec
            .time_out
            .map(|span| self.schedule(shared, at + span, TIME_OUT));
    }

    fn stop_timer(&mut self, shared: &mut Shared) {
        if let Some(timer) = self.timer.take() {
            shared.sched.cancel(timer);
        }
    }

    /// The chip does something else with SCL than it did.
    pub(in crate::wire) fn scl_changed(
        &mut self,
        shared: &mut Shared,
        at: Picos,
        port: PeripheralId,
    ) {
        if port == self.port && self.held.is_some() && !std::mem::replace(&mut self.asked, true) {
            self.schedule(shared, at, EDGE);
        }
    }

    /// SCL was held for too long.
    fn give_up(&mut self, shared: &mut Shared, at: Picos) {
        match self.program {
            Program::Running(since) => {
                self.concluding = true;
                self.ended(shared, since, at, I2cOutcome::TimedOut);
            }
            Program::Waiting(since) => self.ended(shared, since, at, I2cOutcome::TimedOut),
            Program::Between | Program::Over => {}
        }
    }

    /// STOP has been sent.
    fn stopped(&mut self, shared: &mut Shared, at: Picos) {
        self.phase = Phase::Free;
        let concluded = std::mem::take(&mut self.concluding);
        match self.program {
            Program::Running(since) if !concluded => {
                let outcome = self.outcome;
                self.ended(shared, since, at, outcome);
            }
            Program::Waiting(since) => {
                self.stop_timer(shared);
                self.attempt(shared, since, at + self.spec.clock.low);
            }
            _ => {}
        }
    }

    /// Schedules the transaction that the program is at.
    fn plan(&mut self, shared: &mut Shared, at: Picos) {
        self.program = Program::Between;
        let Some(transfer) = self.transfer() else {
            self.program = Program::Over;
            return;
        };
        let earliest = self.begun.unwrap_or(at) + transfer.not_before;
        let due = (at + transfer.pause).max(earliest);
        self.schedule(shared, due, NEXT);
    }

    /// A transaction is due.
    fn next(&mut self, shared: &mut Shared, at: Picos) {
        if !std::mem::take(&mut self.repeated) {
            self.record(shared, |r| r.transactions += 1);
        }
        if self.phase == Phase::Free {
            self.attempt(shared, at, at);
        } else {
            self.program = Program::Waiting(at);
            self.start_timer(shared, at);
        }
    }

    /// START at `at` of what was due `since` then.
    fn attempt(&mut self, shared: &mut Shared, since: Picos, at: Picos) {
        self.program = Program::Running(since);
        self.outcome = I2cOutcome::Completed;
        self.taken.clear();
        // With nothing to write the address is that of a read; a 10-bit one is written before it is read.
        self.reading = self.spec.address.second().is_none()
            && self
                .transfer()
                .is_some_and(|t| t.write.is_empty() && t.read > 0);
        self.edge(shared, at, Phase::Start);
    }

    /// An attempt is over: what does the program do?
    fn ended(&mut self, shared: &mut Shared, start: Picos, at: Picos, outcome: I2cOutcome) {
        self.program = Program::Between;
        let Some(transfer) = self.spec.script.get(self.index) else {
            return;
        };
        let well = outcome == I2cOutcome::Completed;
        let wrong = well && transfer.answer.as_ref().is_some_and(|a| *a != self.taken);
        let poll = transfer
            .poll
            .as_ref()
            .map(|p| (well && p.is_met(&self.taken), p.every, p.at_most));
        let read = if well { self.taken.len() as u64 } else { 0 };
        self.record(shared, |r| {
            r.attempts.push(I2cAttempt {
                start,
                end: at,
                outcome,
            });
            r.read += read;
            r.wrong_answers += u64::from(wrong);
            match outcome {
                I2cOutcome::Completed => {}
                I2cOutcome::NoAddress => r.address_nacks += 1,
                I2cOutcome::Refused => r.data_nacks += 1,
                I2cOutcome::TimedOut => r.timed_out += 1,
            }
        });
        let free = at + self.spec.clock.low;
        match poll {
            Some((false, every, at_most)) => {
                // Each poll is a transaction of its own; the last one fails if its answer has not come.
                let more = self.tries + 1 < at_most;
                self.count(shared, well && more);
                if more {
                    self.tries += 1;
                    self.schedule(shared, (at + every).max(free), NEXT);
                } else {
                    self.advance(shared, free, false);
                }
            }
            None if !well && self.tries < self.spec.retries => {
                self.tries += 1;
                self.repeated = true;
                self.schedule(shared, (at + self.spec.retry_pause).max(free), NEXT);
            }
            _ => {
                self.count(shared, well);
                self.advance(shared, free, well);
            }
        }
    }

    fn count(&self, shared: &mut Shared, well: bool) {
        self.record(shared, |r| {
            if well {
                r.completed += 1;
            } else {
                r.failed += 1;
            }
        });
    }

    /// On to the next transaction of the script.
    fn advance(&mut self, shared: &mut Shared, at: Picos, well: bool) {
        self.tries = 0;
        if !well && self.spec.stop_on_failure {
            self.program = Program::Over;
            return;
        }
        self.index += 1;
        self.plan(shared, at);
    }
}
