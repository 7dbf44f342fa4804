//! The master: CR2 says whom, which way and how many; hardware makes START, the address, acknowledgements and STOP.
//!
//! Between two operations SCL is low: the master waits for firmware, and nobody is kept from anything but the devices.

use super::I2cV2;
use super::bits::{Cr1, Cr2, Isr};
use crate::log::Fate;
use crate::periph::Cx;
use crate::periph::i2c::lines::{Lines, Received};
use crate::periph::i2c::master::{Done, Op, SclTimes};
use crate::periph::registers::{field, left_out};

/// What the controller is as a master.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is none.
    #[default]
    Off,
    /// A START is on its way.
    Starting,
    /// The address is on its way.
    Addressing,
    /// It sends.
    Transmitting,
    /// It receives.
    Receiving,
    /// All bytes are through: TC, until START or STOP.
    Complete,
    /// Hardware ends it.
    Ending,
    /// A STOP is on its way.
    Stopping,
}

/// The master's side.
#[derive(Clone, Debug, Default)]
pub(super) struct Master {
    pub(super) stage: Stage,
    /// Eight bits of a byte, while RXDR is full.
    shift: Option<Received>,
    /// The transfer is a read, as CR2 was when START was set.
    read: bool,
    /// The address byte, as CR2 was then.
    address: u8,
}

/// Kernel clocks that synchronisation adds to the low and to the high phase each (RM0316: tSYNC is above 2 clocks; the filter's delay is left out).
const SYNC: u64 = 2;

impl I2cV2 {
    /// SCL as TIMINGR makes it (RM0316 §28.4.10).
    fn scl(&self, cx: &Cx<'_>) -> SclTimes {
        let rate = self.rate(cx);
        let prescaler = u64::from(field(self.timingr, 28, 4)) + 1;
        let clocks = |bit| {
            let n = (u64::from(field(self.timingr, bit, 8)) + 1) * prescaler;
            rate.periods(n + SYNC)
        };
        SclTimes {
            low: clocks(0),
            high: clocks(8),
        }
    }

    fn order(&mut self, cx: &mut Cx<'_>, op: Op) {
        let scl = self.scl(cx);
        self.bus.begin(cx, op, scl);
    }

    /// Does what can be done now: called after each access and event.
    pub(super) fn advance(&mut self, cx: &mut Cx<'_>) {
        if !self.cr1.contains(Cr1::PE) || !self.rate(cx).is_running() || !Lines::clocked(cx) {
            return;
        }
        if self.bus.is_asked() {
            self.ninth_of_read(cx);
        }
        if !self.bus.is_idle() {
            return;
        }
        match self.master.stage {
            Stage::Off => self.begin(cx),
            Stage::Complete => {
                if self.cr2.contains(Cr2::STOP) {
                    self.end(cx);
                } else if self.cr2.contains(Cr2::START) {
                    self.start(cx);
                }
            }
            Stage::Ending => self.end(cx),
            Stage::Transmitting => self.transmit(cx),
            Stage::Receiving => {
                if self.cr2.contains(Cr2::STOP) {
                    self.end(cx);
                } else if !self.isr.contains(Isr::TCR) && self.left > 0 {
                    self.order(cx, Op::Read);
                }
            }
            Stage::Starting | Stage::Addressing | Stage::Stopping => {}
        }
    }

    /// START is asked for, and nobody else has the bus.
    fn begin(&mut self, cx: &mut Cx<'_>) {
        if !self.cr2.contains(Cr2::START) || self.isr.contains(Isr::BUSY) {
            return;
        }
        if !self.lines.connected(cx) {
            return self.lines.tell_deaf(cx, super::slave::PINS);
        }
        self.isr.insert(Isr::BUSY);
        self.start(cx);
    }

    fn start(&mut self, cx: &mut Cx<'_>) {
        let cr2 = self.cr2.bits();
        if self.cr2.contains(Cr2::ADD10) {
            let name = format!("a 10-bit address from {}", self.lines.name);
            // Counted as a finding; the low bits go out as a 7-bit one.
            let _ = left_out(cx, &name);
        }
        self.isr.remove(Isr::TC | Isr::TCR);
        self.left = field(cr2, 16, 8);
        self.master.read = self.cr2.contains(Cr2::RD_WRN);
        self.master.address = (field(cr2, 1, 7) << 1) as u8 | u8::from(self.master.read);
        self.master.stage = Stage::Starting;
        self.order(cx, Op::Start);
    }

    fn end(&mut self, cx: &mut Cx<'_>) {
        self.isr.remove(Isr::TXIS | Isr::TC | Isr::TCR);
        self.master.stage = Stage::Stopping;
        self.order(cx, Op::Stop);
    }

    fn transmit(&mut self, cx: &mut Cx<'_>) {
        if self.cr2.contains(Cr2::STOP) {
            return self.end(cx);
        }
        if self.isr.contains(Isr::TCR) || self.left == 0 {
            return;
        }
        match self.slave.pending.take() {
            Some(byte) => {
                self.isr.remove(Isr::TXIS);
                self.order(cx, Op::Write(byte));
            }
            None => self.isr.insert(Isr::TXIS),
        }
    }

    /// The bytes that NBYTES names are through.
    fn all_through(&mut self) {
        if self.cr2.contains(Cr2::RELOAD) {
            self.isr.insert(Isr::TCR);
        } else if self.cr2.contains(Cr2::AUTOEND) {
            self.master.stage = Stage::Ending;
        } else {
            self.isr.insert(Isr::TC);
            self.master.stage = Stage::Complete;
        }
    }

    /// The bus has done something.
    pub(super) fn master_event(&mut self, cx: &mut Cx<'_>) {
        match self.bus.event(cx) {
            Some(Done::Taken) if self.left == 0 => self.all_through(),
            None | Some(Done::Taken) => {}
            Some(Done::Started) => {
                self.master.stage = Stage::Addressing;
                let address = self.master.address;
                self.order(cx, Op::Address(address));
            }
            Some(Done::Answered(acknowledged)) => self.answer(acknowledged),
            Some(Done::Eighth(received)) => {
                received.waits(cx, self.taker(Cr1::RXDMAEN));
                self.master.shift = Some(received);
            }
            Some(Done::Stopped) => {
                self.cr2.remove(Cr2::STOP);
                self.isr.remove(Isr::BUSY);
                self.isr.insert(Isr::STOPF);
                self.master.stage = Stage::Off;
            }
        }
    }

    fn answer(&mut self, acknowledged: bool) {
        let addressing = self.master.stage == Stage::Addressing;
        if addressing {
            self.cr2.remove(Cr2::START);
        }
        if !acknowledged {
            // Hardware sends the STOP.
            self.isr.insert(Isr::NACKF);
            self.isr.remove(Isr::TXIS);
            self.master.stage = Stage::Ending;
            return;
        }
        if addressing {
            self.master.stage = if self.master.read {
                Stage::Receiving
            } else {
                Stage::Transmitting
            };
        } else {
            self.left = self.left.saturating_sub(1);
        }
        if self.left == 0 {
            self.all_through();
        }
    }

    /// Eight bits have come: to RXDR as soon as that is free, and then the ninth, unless TCR holds it.
    fn ninth_of_read(&mut self, cx: &mut Cx<'_>) {
        if self.isr.contains(Isr::RXNE) && self.master.shift.is_some() {
            return;
        }
        if let Some(received) = self.master.shift.take() {
            self.rxdr = received.value;
            self.slave.held = Some(received);
            self.isr.insert(Isr::RXNE);
            self.left = self.left.saturating_sub(1);
            if self.left == 0 && self.cr2.contains(Cr2::RELOAD) {
                self.isr.insert(Isr::TCR);
            }
        }
        if !self.isr.contains(Isr::TCR) {
            let scl = self.scl(cx);
            self.bus.finish_read(cx, scl);
        }
    }

    /// The controller is switched off: it lets the lines go.
    pub(super) fn drop_master(&mut self, cx: &mut Cx<'_>, fate: Fate) {
        if let Some(received) = self.master.shift.take() {
            received.settle(cx, fate);
        }
        self.bus.abandon(cx);
        self.master = Master::default();
    }

    /// Is it the master of its bus?
    pub(super) fn is_master(&self) -> bool {
        self.master.stage != Stage::Off
    }
}
