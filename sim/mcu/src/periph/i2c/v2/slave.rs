//! The slave: its addresses, its shift register, and when it holds SCL.

use super::I2cV2;
use super::bits::{Cr1, Cr2, Isr, OA1MODE, OAEN};
use crate::log::Fate;
use crate::periph::i2c::lines::{Lines, Received};
use crate::periph::registers::field;
use crate::periph::{Cx, HoldReason, I2cAnswer, I2cHold, I2cStep};

/// Why it hears nothing.
pub(super) const PINS: &str = "its SCL or SDA pin is not in the mode that reaches it";

/// What the controller is on the bus of another master.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Role {
    /// Between STOP and START.
    #[default]
    Idle,
    /// The next byte is an address.
    Addressing,
    /// … is the low byte of a 10-bit address whose header was ours.
    AddressingLow,
    /// Somebody else is spoken to, or we let the lines go, until the next START.
    Ignoring,
    /// The master sends to us.
    Receiver,
    /// The master reads from us.
    Transmitter,
}

/// An address that was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Match {
    /// An own address: what ADDCODE shows, and whether it is a read.
    Own { code: u32, read: bool },
    /// The header of our 10-bit address, to write.
    Header,
}

/// The slave's side of the bus.
#[derive(Clone, Debug, Default)]
pub(super) struct Slave {
    pub(super) role: Role,
    matched: Option<Match>,
    /// Our 10-bit address was written to since the last STOP.
    selected: bool,
    /// We were addressed since the last STOP.
    involved: bool,
    /// In RXDR.
    pub(super) held: Option<Received>,
    /// Eight bits are in the shift register, and RXDR is full.
    pub(super) shift: Option<Received>,
    /// The byte whose ninth bit is next is not to be acknowledged, and why.
    refuse: Option<&'static str>,
    /// In TXDR.
    pub(super) pending: Option<u8>,
    out: u8,
    /// The shift register has something to send.
    loaded: bool,
}

impl I2cV2 {
    /// An edge that another master made.
    pub(super) fn slave_step(&mut self, cx: &mut Cx<'_>, step: I2cStep) -> I2cAnswer {
        let mut answer = I2cAnswer::default();
        match step {
            I2cStep::Start => {
                self.isr.insert(Isr::BUSY);
                self.leave_transfer();
                self.slave.role = Role::Addressing;
            }
            I2cStep::Sent { value, unit } => self.sent(cx, Received { value, unit }),
            I2cStep::Taken => answer.data = self.slave.out,
            I2cStep::Released => self.underrun(),
            I2cStep::Ninth { acknowledged: None } => self.ninth(&mut answer),
            I2cStep::Ninth {
                acknowledged: Some(yes),
            } => self.answered(yes),
            I2cStep::Stop => self.stopped(),
        }
        answer
    }

    fn leave_transfer(&mut self) {
        self.slave.matched = None;
        self.slave.loaded = false;
        self.slave.refuse = None;
        self.isr.remove(Isr::TXIS);
    }

    fn stopped(&mut self) {
        self.leave_transfer();
        self.isr.remove(Isr::BUSY);
        self.cr2.remove(Cr2::NACK);
        self.slave.role = Role::Idle;
        self.slave.selected = false;
        if std::mem::take(&mut self.slave.involved) {
            self.isr.insert(Isr::STOPF);
        }
    }

    /// The eighth bit of a byte of the master.
    fn sent(&mut self, cx: &mut Cx<'_>, received: Received) {
        match self.slave.role {
            Role::Addressing => self.slave.matched = self.match_first(received.value),
            Role::AddressingLow => {
                let ours = u32::from(received.value) == field(self.oar1, 0, 8);
                self.slave.matched = ours.then(|| self.ten_bit(false));
            }
            Role::Receiver => self.receive(cx, received),
            Role::Idle | Role::Ignoring | Role::Transmitter => {
                received.refused(cx, "it is not addressed any more");
            }
        }
    }

    fn ten_bit(&self, read: bool) -> Match {
        Match::Own {
            code: 0x78 | field(self.oar1, 8, 2),
            read,
        }
    }

    fn match_first(&self, value: u8) -> Option<Match> {
        let (code, read) = (u32::from(value >> 1), value & 1 != 0);
        let own = Some(Match::Own { code, read });
        if value == 0 && self.cr1.contains(Cr1::GCEN) {
            return own;
        }
        if self.oar1 & OAEN != 0 {
            let seven = self.oar1 & OA1MODE == 0;
            if seven && code == field(self.oar1, 1, 7) {
                return own;
            }
            if !seven && code == 0x78 | field(self.oar1, 8, 2) {
                return match read {
                    false => Some(Match::Header),
                    true => self.slave.selected.then(|| self.ten_bit(true)),
                };
            }
        }
        own.filter(|_| self.matches_second(code))
    }

    /// OAR2 with its mask: the lowest bits of the address do not count; reserved addresses never match through a mask.
    fn matches_second(&self, code: u32) -> bool {
        let mask = field(self.oar2, 8, 3);
        let reserved = matches!(code >> 3, 0 | 0xF);
        self.oar2 & OAEN != 0
            && code >> mask == field(self.oar2, 1, 7) >> mask
            && !(mask != 0 && reserved)
    }

    /// A byte is complete but for its ninth bit.
    fn receive(&mut self, cx: &mut Cx<'_>, received: Received) {
        let taker = self.taker(Cr1::RXDMAEN);
        if !self.isr.contains(Isr::RXNE) {
            self.accept(received);
            received.waits(cx, taker);
        } else if self.cr1.contains(Cr1::NOSTRETCH) {
            self.isr.insert(Isr::OVR);
            self.slave.refuse = Some("OVR: RXDR was full, and NOSTRETCH is 1");
            received.overruns(cx, taker, self.slave.held);
        } else {
            self.slave.shift = Some(received);
            received.waits(cx, taker);
        }
    }

    /// The shift register goes to RXDR.
    fn accept(&mut self, received: Received) {
        self.rxdr = received.value;
        self.slave.held = Some(received);
        self.isr.insert(Isr::RXNE);
        if self.cr1.contains(Cr1::SBC) {
            self.left = self.left.saturating_sub(1);
            if self.left == 0 && self.cr2.contains(Cr2::RELOAD) {
                self.isr.insert(Isr::TCR);
            }
        }
    }

    /// RXDR is read; what waits behind it follows.
    pub(super) fn take_held(&mut self, cx: &mut Cx<'_>) {
        if let Some(held) = self.slave.held.take() {
            held.settle(cx, Fate::Delivered);
        }
        self.isr.remove(Isr::RXNE);
        if let Some(next) = self.slave.shift.take() {
            self.accept(next);
        }
    }

    /// SCL falls after the bit in which it was our turn to acknowledge.
    fn ninth(&mut self, answer: &mut I2cAnswer) {
        match self.slave.role {
            Role::Addressing | Role::AddressingLow => match self.slave.matched.take() {
                None => {
                    answer.why = Some("the address is none of its own");
                    self.slave.role = Role::Ignoring;
                }
                Some(Match::Header) => {
                    answer.acknowledged = true;
                    self.slave.role = Role::AddressingLow;
                }
                Some(Match::Own { code, read }) => {
                    answer.acknowledged = true;
                    self.addressed(code, read);
                }
            },
            Role::Receiver => {
                let asked = self.cr2.contains(Cr2::NACK).then_some("NACK in CR2 is 1");
                answer.why = self.slave.refuse.take().or(asked);
                answer.acknowledged = answer.why.is_none();
                if !answer.acknowledged {
                    self.cr2.remove(Cr2::NACK);
                    self.isr.insert(Isr::NACKF);
                    self.slave.role = Role::Ignoring;
                }
            }
            Role::Idle | Role::Ignoring | Role::Transmitter => {
                answer.why = Some("it is not addressed any more");
            }
        }
    }

    fn addressed(&mut self, code: u32, read: bool) {
        self.slave.role = if read {
            Role::Transmitter
        } else {
            Role::Receiver
        };
        self.slave.selected |= self.oar1 & (OAEN | OA1MODE) == OAEN | OA1MODE;
        self.slave.involved = true;
        self.cr2.remove(Cr2::NACK);
        self.addcode = code;
        self.isr.set(Isr::DIR, read);
        if read && self.cr1.contains(Cr1::NOSTRETCH) && self.isr.contains(Isr::STOPF) {
            self.isr.insert(Isr::OVR);
        }
        self.isr.insert(Isr::ADDR);
        self.load();
    }

    /// The master has answered to a byte of ours.
    fn answered(&mut self, acknowledged: bool) {
        if self.slave.role != Role::Transmitter {
            return;
        }
        self.slave.loaded = false;
        if acknowledged {
            self.load();
        } else {
            self.isr.insert(Isr::NACKF);
            self.isr.remove(Isr::TXIS);
            self.slave.role = Role::Ignoring;
        }
    }

    /// TXDR to the shift register, if that is free and ADDR has been seen to.
    pub(super) fn load(&mut self) {
        let waits = self.isr.contains(Isr::ADDR) && !self.cr1.contains(Cr1::NOSTRETCH);
        if self.slave.role != Role::Transmitter || waits {
            return;
        }
        if !self.slave.loaded
            && let Some(byte) = self.slave.pending.take()
        {
            (self.slave.out, self.slave.loaded) = (byte, true);
        }
        self.isr.set(Isr::TXIS, self.slave.pending.is_none());
    }

    /// SCL rises for the first bit of a byte, and there is none: ones go out.
    fn underrun(&mut self) {
        let nothing = self.slave.role == Role::Transmitter && !self.slave.loaded;
        if nothing && self.cr1.contains(Cr1::NOSTRETCH) {
            self.isr.insert(Isr::OVR);
            (self.slave.out, self.slave.loaded) = (0xFF, true);
        }
    }

    /// Exception number of the interrupt that should see to data; `None` if DMA should.
    pub(super) fn taker(&self, dma: Cr1) -> Option<u16> {
        (!self.cr1.contains(dma)).then_some(self.lines.event + 16)
    }

    /// Is SCL held low by the slave, and what for?
    pub(super) fn slave_hold(&self) -> Option<I2cHold> {
        let active = matches!(self.slave.role, Role::Receiver | Role::Transmitter);
        if !active || self.cr1.contains(Cr1::NOSTRETCH) || !self.cr1.contains(Cr1::PE) {
            return None;
        }
        let event = Some(self.lines.event + 16);
        let receives = self.slave.role == Role::Receiver;
        let (reason, interrupt) = if self.isr.contains(Isr::ADDR) {
            (HoldReason::Address, event)
        } else if receives && self.slave.shift.is_some() {
            (HoldReason::Received, self.taker(Cr1::RXDMAEN))
        } else if receives && self.isr.contains(Isr::TCR) {
            (HoldReason::Count, event)
        } else if !receives && !self.slave.loaded {
            (HoldReason::Transmit, self.taker(Cr1::TXDMAEN))
        } else {
            return None;
        };
        Some(I2cHold { reason, interrupt })
    }

    /// A time-out: the lines are let go. A byte that waits for its ninth bit is not acknowledged any more.
    pub(super) fn let_go(&mut self, cx: &mut Cx<'_>) {
        if let Some(byte) = self.slave.shift.take() {
            byte.refused(cx, "TIMEOUT: it let the lines go");
        }
        if matches!(self.slave.role, Role::Receiver | Role::Transmitter) {
            self.slave.role = Role::Ignoring;
        }
        self.isr.remove(Isr::TXIS);
    }

    /// Everything of the slave comes to an end: what has not been taken becomes `fate`.
    pub(super) fn drop_slave(&mut self, cx: &mut Cx<'_>, fate: Fate) {
        let slave = std::mem::take(&mut self.slave);
        for kept in [slave.held, slave.shift].into_iter().flatten() {
            kept.settle(cx, fate);
        }
    }

    /// Why the slave would not hear a START now.
    pub(super) fn deaf(&self, cx: &Cx<'_>) -> Option<&'static str> {
        if !Lines::clocked(cx) {
            Some("RCC feeds it no clock")
        } else if !self.lines.connected(cx) {
            Some(PINS)
        } else if !self.rate(cx).is_running() {
            Some("its kernel clock does not run")
        } else if !self.cr1.contains(Cr1::PE) {
            Some("PE is 0")
        } else {
            None
        }
    }
}
