//! From the shift register to RDR and on: what becomes of each character, and of the silence after it.

use super::bits::{Cr2, Cr3, Isr, RTO};
use super::receiver::Character;
use super::v3::{IDLE, TIMEOUT, Usart};
use crate::log::Fate;
use crate::periph::Cx;
use crate::periph::registers::field;
use crate::wire::WireId;

/// The character in RDR.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) unit: (WireId, u32),
    /// It is what was sent.
    pub(super) intact: bool,
}

impl Usart {
    /// A character is complete in the shift register.
    pub(super) fn complete(&mut self, cx: &mut Cx<'_>, c: Character) {
        let sent = c.unit.and_then(|(wire, number)| {
            let unit = cx.shared.log.unit(wire, number)?;
            unit.arrived = Some(cx.time);
            unit.received = Some(c.data);
            // With DMAR nobody waits for the interrupt.
            unit.interrupt = (!self.cr3.contains(Cr3::DMAR)).then_some(self.irq + 16);
            Some(unit.value)
        });
        if c.unit.is_none() {
            let name = &self.name;
            cx.find("uart-spurious-character", || {
                format!("{name} took an edge inside a character for a start bit: bit rates or frames do not fit")
            });
        }
        let full = self.flags.contains(Isr::RXNE);
        if full && !self.cr3.contains(Cr3::OVRDIS) {
            self.flags.insert(Isr::ORE);
            self.overrun(cx, c.unit);
        } else {
            // With RXNE: OVRDIS. Without: software cleared the flag and did not read.
            if self.held.is_some() {
                self.release(cx, |_| Fate::Overwritten);
            }
            self.rdr = c.word;
            self.flags.insert(Isr::RXNE);
            self.flags
                .set(Isr::FE, c.framing_error || self.flags.contains(Isr::FE));
            self.flags
                .set(Isr::NF, c.noise || self.flags.contains(Isr::NF));
            self.flags
                .set(Isr::PE, c.parity_error || self.flags.contains(Isr::PE));
            let intact = sent == Some(c.data) && !(c.framing_error || c.noise || c.parity_error);
            self.held = c.unit.map(|unit| Held { unit, intact });
            if let Some((wire, number)) = c.unit {
                cx.shared.log.settle(wire, number, Fate::Waiting, cx.time);
            }
            if c.data == field(self.cr2.bits(), Cr2::ADD.bits().trailing_zeros(), 8) {
                self.flags.insert(Isr::CMF);
            }
        }
        self.watch_silence(cx, &c);
    }

    fn overrun(&self, cx: &mut Cx<'_>, unit: Option<(WireId, u32)>) {
        let Some((wire, number)) = unit else { return };
        let blocked_by = self
            .held
            .filter(|held| held.unit.0 == wire)
            .map(|held| held.unit.1);
        if let Some(unit) = cx.shared.log.unit(wire, number) {
            unit.blocked_by = blocked_by;
        }
        cx.shared.log.settle(wire, number, Fate::Overrun, cx.time);
    }

    /// The character leaves RDR.
    pub(super) fn release(&mut self, cx: &mut Cx<'_>, fate: impl FnOnce(&Held) -> Fate) {
        self.flags.remove(Isr::RXNE);
        if let Some(held) = self.held.take() {
            let (wire, number) = held.unit;
            cx.shared.log.settle(wire, number, fate(&held), cx.time);
        }
    }

    /// A read takes the character in RDR, flag or not. False if there is none.
    pub(super) fn take_held(&mut self, cx: &mut Cx<'_>) -> bool {
        let any = self.held.is_some();
        self.release(cx, |held| {
            if held.intact {
                Fate::Delivered
            } else {
                Fate::Corrupted
            }
        });
        any
    }

    /// Schedules IDLE and RTOF after a character, unless the next one has begun already.
    pub(super) fn watch_silence(&mut self, cx: &mut Cx<'_>, c: &Character) {
        self.forget_silence(cx);
        if self.receiver.is_busy() {
            return;
        }
        if !self.flags.contains(Isr::IDLE) {
            self.idle = Some(cx.schedule(c.end + c.length, IDLE));
        }
        if let Some(settings) = self.settings(cx).filter(|_| self.cr2.contains(Cr2::RTOEN)) {
            let bits = u64::from(self.rtor & RTO);
            let at = c.end + settings.rate.periods(bits * settings.format.bit);
            self.timeout = Some(cx.schedule(at, TIMEOUT));
        }
    }

    pub(super) fn forget_silence(&mut self, cx: &mut Cx<'_>) {
        for event in [self.idle.take(), self.timeout.take()]
            .into_iter()
            .flatten()
        {
            cx.cancel(event);
        }
    }
}
