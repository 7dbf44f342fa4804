//! The three transmit mailboxes: who is next, and what TSR says of them.

use super::bits::{IDE, RTR, TDTR_MASK, TXRQ, Tsr};
use crate::wire::{CanFrame, CanId};

/// How many there are.
pub(super) const COUNT: usize = 3;

/// Where a mailbox is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Empty,
    /// It waits for the bus.
    Pending,
    /// It is in transmission.
    OnBus,
}

/// One mailbox.
#[derive(Clone, Copy, Debug, Default)]
struct Mailbox {
    /// TIR without TXRQ, TDTR, TDLR, TDHR.
    registers: [u32; 4],
    state: State,
    /// Position in the order of requests.
    order: u64,
    /// ABRQ was written while it was in transmission.
    abort: bool,
    flags: Tsr,
}

impl Mailbox {
    fn frame(&self) -> CanFrame {
        let [tir, tdtr, low, high] = self.registers;
        let id = if tir & IDE != 0 {
            CanId::Extended(tir >> 3)
        } else {
            CanId::Standard((tir >> 21) as u16)
        };
        let mut data = [0; 8];
        for (to, from) in data
            .iter_mut()
            .zip(low.to_le_bytes().into_iter().chain(high.to_le_bytes()))
        {
            *to = from;
        }
        CanFrame {
            id,
            remote: tir & RTR != 0,
            dlc: (tdtr & 0xF) as u8,
            data,
        }
    }
}

/// How a transmission ended that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Another frame had the lower identifier.
    LostArbitration,
    /// An error on the bus.
    Error,
}

/// All three.
#[derive(Clone, Debug, Default)]
pub(super) struct Mailboxes {
    boxes: [Mailbox; COUNT],
    requests: u64,
}

impl Mailboxes {
    /// Register `n` of mailbox `index`.
    pub(super) fn read(&self, index: usize, n: usize) -> u32 {
        let Some(mailbox) = self.boxes.get(index) else {
            return 0;
        };
        let value = mailbox.registers.get(n).copied().unwrap_or(0);
        let requested = n == 0 && mailbox.state != State::Empty;
        value | if requested { TXRQ } else { 0 }
    }

    /// Writes register `n` of mailbox `index`; false if it is not empty and therefore protected. TXRQ asks for its transmission.
    pub(super) fn write(&mut self, index: usize, n: usize, value: u32) -> bool {
        let Some(mailbox) = self.boxes.get_mut(index) else {
            return true;
        };
        if mailbox.state != State::Empty {
            return false;
        }
        let kept = match n {
            0 => value & !TXRQ,
            1 => value & TDTR_MASK,
            _ => value,
        };
        if let Some(register) = mailbox.registers.get_mut(n) {
            *register = kept;
        }
        if n == 0 && value & TXRQ != 0 {
            self.requests += 1;
            mailbox.order = self.requests;
            mailbox.state = State::Pending;
            mailbox.flags = Tsr::empty();
        }
        true
    }

    /// The mailbox that goes next: the first one requested with `in_order` (TXFP), else the lowest identifier, then the lowest number.
    pub(super) fn best(&self, in_order: bool) -> Option<(usize, CanFrame)> {
        let rank = |&(index, mailbox): &(usize, &Mailbox)| {
            if in_order {
                (mailbox.order, 0)
            } else {
                (u64::from(mailbox.frame().priority()), index)
            }
        };
        let pending = self.boxes.iter().enumerate();
        pending
            .filter(|(_, mailbox)| mailbox.state == State::Pending)
            .min_by_key(rank)
            .map(|(index, mailbox)| (index, mailbox.frame()))
    }

    pub(super) fn begin(&mut self, index: usize) {
        if let Some(mailbox) = self.boxes.get_mut(index) {
            mailbox.state = State::OnBus;
        }
    }

    pub(super) fn succeed(&mut self, index: usize) {
        self.end(index, Tsr::TXOK);
    }

    /// An attempt failed. `again` is false with NART: then that was it.
    pub(super) fn fail(&mut self, index: usize, why: Failure, again: bool) {
        let flag = match why {
            Failure::LostArbitration => Tsr::ALST,
            Failure::Error => Tsr::TERR,
        };
        let Some(mailbox) = self.boxes.get_mut(index) else {
            return;
        };
        if again && !mailbox.abort {
            mailbox.state = State::Pending;
            mailbox.flags = flag;
        } else {
            self.end(index, flag);
        }
    }

    fn end(&mut self, index: usize, how: Tsr) {
        if let Some(mailbox) = self.boxes.get_mut(index) {
            mailbox.state = State::Empty;
            mailbox.abort = false;
            mailbox.flags = Tsr::RQCP | how;
        }
    }

    /// Writes to TSR.
    pub(super) fn write_tsr(&mut self, value: u32) {
        for index in 0..COUNT {
            let bits = Tsr::from_bits_truncate(value >> (8 * index) & 0xFF);
            let Some(mailbox) = self.boxes.get_mut(index) else {
                return;
            };
            mailbox.flags.remove(bits & !Tsr::ABRQ);
            if bits.contains(Tsr::RQCP) {
                // Clears what it stands for, too.
                mailbox.flags = Tsr::empty();
            }
            match (bits.contains(Tsr::ABRQ), mailbox.state) {
                (true, State::Pending) => self.end(index, Tsr::empty()),
                (true, State::OnBus) => mailbox.abort = true,
                _ => {}
            }
        }
    }

    /// TSR.
    pub(super) fn tsr(&self, in_order: bool) -> u32 {
        let mut tsr = 0;
        for (index, mailbox) in self.boxes.iter().enumerate() {
            let mut flags = mailbox.flags;
            flags.set(Tsr::ABRQ, mailbox.abort);
            tsr |= flags.bits() << (8 * index);
            tsr |= u32::from(mailbox.state == State::Empty) << (26 + index);
        }
        let waiting = self.boxes.iter().enumerate();
        let waiting = waiting.filter(|(_, mailbox)| mailbox.state != State::Empty);
        let last = waiting.clone().max_by_key(|&(index, mailbox)| {
            if in_order {
                (mailbox.order, 0)
            } else {
                (u64::from(mailbox.frame().priority()), index)
            }
        });
        let empty = self.boxes.iter().position(|m| m.state == State::Empty);
        let last = last.map(|(index, _)| index);
        if let Some(last) = last
            && waiting.count() > 1
        {
            tsr |= 1 << (29 + last);
        }
        let code = empty.or(last).unwrap_or(0);
        tsr | (code as u32) << 24
    }

    /// Is any request complete?
    pub(super) fn any_complete(&self) -> bool {
        self.boxes.iter().any(|m| m.flags.contains(Tsr::RQCP))
    }
}
