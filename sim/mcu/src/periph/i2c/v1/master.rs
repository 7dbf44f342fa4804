//! The master: START, address, bytes and STOP as firmware asks for them.
//!
//! Between two operations SCL is low: the master waits for firmware, and nobody is kept from anything but the devices.

use super::I2cV1;
use super::bits::{CCR_DUTY, CCR_FAST, Cr1, Sr1, Sr2};
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
    /// A START is on its way, or out: SB is set and the address awaited.
    Started,
    /// The address is on its way.
    Addressing { read: bool },
    /// ADDR is set and has not been cleared.
    Addressed { read: bool },
    /// It sends.
    Transmitting,
    /// It receives.
    Receiving,
    /// The other side did not acknowledge, or was told not to go on: only START or STOP follow.
    Finished,
    /// A STOP is on its way.
    Stopping,
}

/// The master's side.
#[derive(Clone, Debug, Default)]
pub(super) struct Master {
    pub(super) stage: Stage,
    /// ACK as it was at the ninth bit of the byte before: what POS makes count.
    ack_before: bool,
    /// What waits for the end of its ninth bit, and whether that acknowledges it.
    incoming: Option<(Received, bool)>,
    /// A byte has come since the address.
    any: bool,
}

impl I2cV1 {
    /// SCL as CCR makes it (RM0008 §26.6.8).
    fn scl(&self, cx: &Cx<'_>) -> SclTimes {
        let pclk = cx.shared.clocks.pclk1;
        let clocks =
            |n: u32| pclk.periods((u64::from(field(self.ccr, 0, 12)) * u64::from(n)).max(1));
        let (low, high) = match (self.ccr & CCR_FAST != 0, self.ccr & CCR_DUTY != 0) {
            (false, _) => (1, 1),
            (true, false) => (2, 1),
            (true, true) => (16, 9),
        };
        SclTimes {
            low: clocks(low),
            high: clocks(high),
        }
    }

    fn order(&mut self, cx: &mut Cx<'_>, op: Op) {
        let scl = self.scl(cx);
        self.bus.begin(cx, op, scl);
    }

    /// Does what can be done now: called after each access and event.
    pub(super) fn advance(&mut self, cx: &mut Cx<'_>) {
        if !self.cr1.contains(Cr1::PE) || !Lines::clocked(cx) || !self.bus.is_idle() {
            return;
        }
        match self.master.stage {
            Stage::Off => self.begin(cx),
            // Neither ends before its flag is seen to.
            Stage::Started
            | Stage::Addressing { .. }
            | Stage::Addressed { .. }
            | Stage::Stopping => {}
            Stage::Transmitting => {
                if self.obey(cx) {
                    return;
                }
                if let Some(byte) = self.slave.pending.take() {
                    self.sr1.insert(Sr1::TXE);
                    self.order(cx, Op::Write(byte));
                }
            }
            Stage::Receiving => {
                // A STOP or START that was asked for during a byte comes after it; the first byte is always taken.
                if self.master.any && self.obey(cx) {
                    return;
                }
                if self.slave.shift.is_none() {
                    self.order(cx, Op::Read);
                }
            }
            Stage::Finished => {
                self.obey(cx);
            }
        }
    }

    /// START is asked for, and nobody else has the bus.
    fn begin(&mut self, cx: &mut Cx<'_>) {
        if !self.cr1.contains(Cr1::START) || self.sr2.contains(Sr2::BUSY) {
            return;
        }
        if self.lines.connected(cx) {
            self.master.stage = Stage::Started;
            self.sr2.insert(Sr2::MSL | Sr2::BUSY);
            self.order(cx, Op::Start);
        } else {
            self.lines.tell_deaf(cx, super::slave::PINS);
        }
    }

    /// Begins the STOP or the repeated START that firmware has asked for.
    fn obey(&mut self, cx: &mut Cx<'_>) -> bool {
        if self.cr1.contains(Cr1::STOP) {
            self.master.stage = Stage::Stopping;
            self.order(cx, Op::Stop);
        } else if self.cr1.contains(Cr1::START) {
            self.master.stage = Stage::Started;
            self.order(cx, Op::Start);
        } else {
            return false;
        }
        self.sr1.remove(Sr1::TXE | Sr1::BTF);
        true
    }

    /// DR is written while SB is set: the address.
    pub(super) fn send_address(&mut self, cx: &mut Cx<'_>, byte: u8) {
        self.sr1.remove(Sr1::SB);
        if byte >> 3 == 0x1E {
            let name = format!("a 10-bit address from {}", self.lines.name);
            // Counted as a finding; on the bus nobody answers it.
            let _ = left_out(cx, &name);
        }
        self.master.stage = Stage::Addressing {
            read: byte & 1 != 0,
        };
        self.order(cx, Op::Address(byte));
    }

    /// ADDR is cleared.
    pub(super) fn address_seen(&mut self) {
        if let Stage::Addressed { read } = self.master.stage {
            self.master.stage = if read {
                Stage::Receiving
            } else {
                self.sr1.set(Sr1::TXE, self.slave.pending.is_none());
                Stage::Transmitting
            };
        }
    }

    /// The bus has done something.
    pub(super) fn master_event(&mut self, cx: &mut Cx<'_>) {
        match self.bus.event(cx) {
            None => {}
            Some(Done::Started) => {
                self.cr1.remove(Cr1::START);
                self.sr2.remove(Sr2::TRA);
                self.sr1.insert(Sr1::SB);
            }
            Some(Done::Answered(acknowledged)) => self.answer(acknowledged),
            Some(Done::Eighth(received)) => {
                self.master.incoming = Some((received, self.acknowledges()));
                let scl = self.scl(cx);
                self.bus.finish_read(cx, scl);
            }
            Some(Done::Taken) => self.took(cx),
            Some(Done::Stopped) => {
                self.cr1.remove(Cr1::STOP);
                self.sr2.remove(Sr2::MSL | Sr2::BUSY | Sr2::TRA);
                self.sr1.remove(Sr1::TXE);
                self.slave.pending = None;
                self.master.stage = Stage::Off;
            }
        }
    }

    fn answer(&mut self, acknowledged: bool) {
        let addressing = match self.master.stage {
            Stage::Addressing { read } => Some(read),
            _ => None,
        };
        match (addressing, acknowledged) {
            (_, false) => {
                self.sr1.insert(Sr1::AF);
                self.sr1.remove(Sr1::TXE);
                self.master.stage = Stage::Finished;
            }
            (Some(read), true) => {
                self.sr1.insert(Sr1::ADDR);
                self.sr2.set(Sr2::TRA, !read);
                self.master.ack_before = self.cr1.contains(Cr1::ACK);
                self.master.any = false;
                self.master.stage = Stage::Addressed { read };
            }
            (None, true) => {
                if self.slave.pending.is_none() {
                    self.sr1.insert(Sr1::TXE | Sr1::BTF);
                }
            }
        }
    }

    /// Does the ninth bit that begins acknowledge? ACK says so; with POS as it stood one byte before.
    fn acknowledges(&mut self) -> bool {
        let now = self.cr1.contains(Cr1::ACK);
        let before = std::mem::replace(&mut self.master.ack_before, now);
        if self.cr1.contains(Cr1::POS) {
            before
        } else {
            now
        }
    }

    /// A byte has come, its ninth bit included.
    fn took(&mut self, cx: &mut Cx<'_>) {
        let Some((received, acknowledged)) = self.master.incoming.take() else {
            return;
        };
        self.master.any = true;
        received.waits(cx, self.taker());
        if self.slave.held.is_none() {
            self.dr = received.value;
            self.slave.held = Some(received);
            self.sr1.insert(Sr1::RXNE);
        } else {
            self.slave.shift = Some(received);
            self.sr1.insert(Sr1::BTF);
        }
        if !acknowledged {
            self.master.stage = Stage::Finished;
        }
    }

    /// The controller is switched off: it lets the lines go.
    pub(super) fn drop_master(&mut self, cx: &mut Cx<'_>, fate: Fate) {
        if let Some((received, _)) = self.master.incoming.take() {
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
