//! The slave: its addresses, its shift register, and when it holds SCL.

use super::I2cV1;
use super::bits::{ADDMODE, Cr1, ENDUAL, Sr1, Sr2};
use crate::log::Fate;
use crate::periph::i2c::lines::{Lines, Received};
use crate::periph::registers::field;
use crate::periph::{Cx, HoldReason, I2cAnswer, I2cHold, I2cStep};

/// Why it hears nothing.
pub(super) const PINS: &str = "its SCL or SDA pin is not in the mode (or remap) that reaches it";

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
    /// Somebody else is spoken to, until the next START.
    Ignoring,
    /// The master sends to us.
    Receiver,
    /// The master reads from us.
    Transmitter,
}

/// An address that was recognised, and what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// An own address: SR2 shows these, and this is the role.
    Own { flags: Sr2, role: Role },
    /// The header of our 10-bit address, to write.
    Header,
}

/// The slave's side of the bus.
#[derive(Clone, Debug, Default)]
pub(super) struct Slave {
    pub(super) role: Role,
    /// The address byte that waits for its ninth bit.
    matched: Option<Match>,
    /// Our 10-bit address was written to since the last STOP: its header to read is for us.
    selected: bool,
    /// The last byte of the host was acknowledged.
    acknowledged: bool,
    /// A byte that waits for its ninth bit.
    incoming: Option<Received>,
    /// In DR.
    pub(super) held: Option<Received>,
    /// Complete in the shift register, and DR is full.
    pub(super) shift: Option<Received>,
    /// In DR, to be sent.
    pub(super) pending: Option<u8>,
    /// In the shift register, to be sent or being sent.
    out: u8,
    /// The shift register has something to send.
    pub(super) loaded: bool,
}

impl I2cV1 {
    /// An edge that another master made.
    pub(super) fn slave_step(&mut self, cx: &mut Cx<'_>, step: I2cStep) -> I2cAnswer {
        let mut answer = I2cAnswer::default();
        match step {
            I2cStep::Start => self.started(),
            I2cStep::Sent { value, unit } => self.sent(value, Received { value, unit }),
            I2cStep::Taken => answer.data = self.slave.out_byte(),
            I2cStep::Released => self.underrun(),
            I2cStep::Ninth { acknowledged: None } => self.ninth(cx, &mut answer),
            I2cStep::Ninth {
                acknowledged: Some(yes),
            } => self.answered(yes),
            I2cStep::Stop => self.stopped(),
        }
        answer
    }

    fn started(&mut self) {
        self.sr2.insert(Sr2::BUSY);
        self.leave_transfer();
        self.slave.role = Role::Addressing;
    }

    fn stopped(&mut self) {
        let addressed = self.slave.role == Role::Receiver && self.slave.acknowledged;
        self.leave_transfer();
        self.sr2.remove(Sr2::BUSY);
        self.slave.role = Role::Idle;
        self.slave.selected = false;
        if addressed {
            self.sr1.insert(Sr1::STOPF);
        }
    }

    /// What START and STOP clear.
    fn leave_transfer(&mut self) {
        self.sr2.remove(Sr2::TRA | Sr2::GENCALL | Sr2::DUALF);
        if self.slave.role == Role::Transmitter {
            self.sr1.remove(Sr1::TXE | Sr1::BTF);
            (self.slave.pending, self.slave.loaded) = (None, false);
        }
        self.slave.matched = None;
        self.slave.incoming = None;
    }

    /// The eighth bit of a byte of the master.
    fn sent(&mut self, value: u8, received: Received) {
        match self.slave.role {
            Role::Addressing => self.slave.matched = self.match_first(value),
            Role::AddressingLow => {
                self.slave.matched =
                    (u32::from(value) == field(self.oar1, 0, 8)).then_some(Match::Own {
                        flags: Sr2::empty(),
                        role: Role::Receiver,
                    });
            }
            _ => self.slave.incoming = Some(received),
        }
    }

    fn match_first(&self, value: u8) -> Option<Match> {
        let read = value & 1 != 0;
        let role = if read {
            Role::Transmitter
        } else {
            Role::Receiver
        };
        let own = |mut flags: Sr2| {
            flags.set(Sr2::TRA, read);
            Some(Match::Own { flags, role })
        };
        let (address, seven) = (u32::from(value >> 1), self.oar1 & ADDMODE == 0);
        if value == 0 {
            return own(Sr2::GENCALL).filter(|_| self.cr1.contains(Cr1::ENGC));
        }
        if seven && address == field(self.oar1, 1, 7) {
            return own(Sr2::empty());
        }
        if seven && self.oar2 & ENDUAL != 0 && address == field(self.oar2, 1, 7) {
            return own(Sr2::DUALF);
        }
        let header = !seven && address == 0x78 | field(self.oar1, 8, 2);
        match (header, read) {
            (true, false) => Some(Match::Header),
            (true, true) if self.slave.selected => own(Sr2::empty()),
            _ => None,
        }
    }

    /// SCL falls after the bit in which it was our turn to acknowledge.
    fn ninth(&mut self, cx: &mut Cx<'_>, answer: &mut I2cAnswer) {
        let acknowledges = self.cr1.contains(Cr1::ACK);
        match self.slave.role {
            Role::Addressing | Role::AddressingLow => {
                match self.slave.matched.take() {
                    None => answer.why = Some("the address is none of its own"),
                    Some(_) if !acknowledges => answer.why = Some("ACK in CR1 is 0"),
                    Some(Match::Header) => {
                        answer.acknowledged = true;
                        self.slave.role = Role::AddressingLow;
                    }
                    Some(Match::Own { flags, role }) => {
                        answer.acknowledged = true;
                        self.addressed(flags, role);
                    }
                }
                if !answer.acknowledged {
                    self.slave.role = Role::Ignoring;
                }
            }
            Role::Receiver => {
                answer.acknowledged = acknowledges;
                if !acknowledges {
                    answer.why = Some("ACK in CR1 is 0");
                }
                self.slave.acknowledged = acknowledges;
                if let Some(received) = self.slave.incoming.take() {
                    self.receive(cx, received, acknowledges);
                }
            }
            Role::Idle | Role::Ignoring | Role::Transmitter => {
                answer.why = Some("it is not addressed any more");
                if let Some(received) = self.slave.incoming.take() {
                    received.refused(cx, "it is not addressed any more");
                }
            }
        }
    }

    fn addressed(&mut self, flags: Sr2, role: Role) {
        self.slave.role = role;
        self.slave.acknowledged = true;
        self.slave.selected |= self.oar1 & ADDMODE != 0;
        self.sr2.insert(flags);
        self.sr1.insert(Sr1::ADDR);
        self.slave.loaded = false;
        self.load();
    }

    /// A byte is complete, its ninth bit included.
    fn receive(&mut self, cx: &mut Cx<'_>, received: Received, acknowledged: bool) {
        let interrupt = self.taker();
        if self.slave.held.is_none() && !self.sr1.contains(Sr1::RXNE) {
            self.slave.held = Some(received);
            self.dr = received.value;
            self.sr1.insert(Sr1::RXNE);
        } else if self.cr1.contains(Cr1::NOSTRETCH) {
            self.sr1.insert(Sr1::OVR);
            let holder = self.slave.held;
            return received.overruns(cx, interrupt, holder);
        } else {
            self.slave.shift = Some(received);
            self.sr1.insert(Sr1::BTF);
        }
        if acknowledged {
            received.waits(cx, interrupt);
        } else {
            received.refused(cx, "ACK in CR1 is 0");
            let kept = [&mut self.slave.held, &mut self.slave.shift];
            for kept in kept.into_iter().flatten() {
                if kept.unit == received.unit {
                    kept.unit = None;
                }
            }
        }
    }

    /// Exception number of the interrupt that should take data; `None` if DMA should.
    pub(super) fn taker(&self) -> Option<u16> {
        let dma = self.cr2.contains(super::bits::Cr2::DMAEN);
        (!dma).then_some(self.lines.event + 16)
    }

    /// The master has answered to a byte of ours.
    fn answered(&mut self, acknowledged: bool) {
        if self.slave.role != Role::Transmitter {
            return;
        }
        self.slave.loaded = false;
        if acknowledged {
            self.load();
            if !self.slave.loaded && !self.cr1.contains(Cr1::NOSTRETCH) {
                self.sr1.insert(Sr1::BTF);
            }
        } else {
            self.sr1.insert(Sr1::AF);
            self.sr1.remove(Sr1::TXE);
            self.leave_transfer();
            self.slave.role = Role::Ignoring;
        }
    }

    /// DR to the shift register, if that is free and ADDR has been seen to.
    pub(super) fn load(&mut self) {
        let waits = self.sr1.contains(Sr1::ADDR) && !self.cr1.contains(Cr1::NOSTRETCH);
        if self.slave.role != Role::Transmitter || waits {
            return;
        }
        if !self.slave.loaded
            && let Some(byte) = self.slave.pending.take()
        {
            (self.slave.out, self.slave.loaded) = (byte, true);
        }
        self.sr1.set(Sr1::TXE, self.slave.pending.is_none());
    }

    /// SCL rises for the first bit of a byte, and there is none: what is in the shift register goes out again.
    fn underrun(&mut self) {
        let nothing = self.slave.role == Role::Transmitter && !self.slave.loaded;
        if nothing && self.cr1.contains(Cr1::NOSTRETCH) {
            self.sr1.insert(Sr1::OVR);
            self.slave.loaded = true;
        }
    }

    /// Is SCL held low by the slave, and what for?
    pub(super) fn slave_hold(&self) -> Option<I2cHold> {
        if !self.cr1.contains(Cr1::PE) || self.cr1.contains(Cr1::NOSTRETCH) {
            return None;
        }
        let event = Some(self.lines.event + 16);
        let (reason, interrupt) = match self.slave.role {
            Role::Receiver | Role::Transmitter if self.sr1.contains(Sr1::ADDR) => {
                (HoldReason::Address, event)
            }
            Role::Receiver if self.slave.shift.is_some() => (HoldReason::Received, self.taker()),
            Role::Transmitter if !self.slave.loaded => (HoldReason::Transmit, self.taker()),
            _ => return None,
        };
        Some(I2cHold { reason, interrupt })
    }

    /// What is in DR leaves it; what waits behind it follows.
    pub(super) fn take_held(&mut self, cx: &mut Cx<'_>) {
        if let Some(held) = self.slave.held.take() {
            held.settle(cx, Fate::Delivered);
        }
        self.sr1.remove(Sr1::RXNE | Sr1::BTF);
        if let Some(next) = self.slave.shift.take() {
            self.dr = next.value;
            self.slave.held = Some(next);
            self.sr1.insert(Sr1::RXNE);
        }
    }

    /// Everything of the slave comes to an end: what has not been taken becomes `fate`.
    pub(super) fn drop_slave(&mut self, cx: &mut Cx<'_>, fate: Fate) {
        let slave = std::mem::take(&mut self.slave);
        for kept in [slave.held, slave.shift, slave.incoming]
            .into_iter()
            .flatten()
        {
            kept.settle(cx, fate);
        }
    }

    /// Why the slave would not hear a START now.
    pub(super) fn deaf(&self, cx: &Cx<'_>) -> Option<&'static str> {
        if !Lines::clocked(cx) {
            Some("RCC feeds it no clock")
        } else if !self.lines.connected(cx) {
            Some(PINS)
        } else if !self.cr1.contains(Cr1::PE) {
            Some("PE is 0")
        } else {
            None
        }
    }
}

impl Slave {
    const fn out_byte(&self) -> u8 {
        self.out
    }
}
