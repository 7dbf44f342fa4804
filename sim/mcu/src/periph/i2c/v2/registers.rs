//! What reads and writes of each register do.

use super::I2cV2;
use super::bits::{
    ADDCODE, CR1, CR2, Cr1, Cr2, ICR, ISR, Isr, OAEN, OAR1, OAR1_MASK, OAR2, OAR2_MASK, PECR, RXDR,
    TIDLE, TIMEOUTR, TIMEOUTR_MASK, TIMINGR, TIMINGR_MASK, TIMOUTEN, TXDR,
};
use crate::log::Fate;
use crate::periph::registers::{field, left_out};
use crate::periph::{Cx, Refusal, Register};

impl I2cV2 {
    /// ISR as it is read.
    pub(super) fn isr_word(&self) -> u32 {
        let mut isr = self.isr;
        isr.set(Isr::TXE, self.slave.pending.is_none());
        isr.bits() | self.addcode << ADDCODE
    }

    pub(super) fn read_register(&mut self, cx: &mut Cx<'_>, offset: u32) -> Result<u32, Refusal> {
        Ok(match offset {
            CR1 => self.cr1.bits(),
            CR2 => self.cr2.bits(),
            OAR1 => self.oar1,
            OAR2 => self.oar2,
            TIMINGR => self.timingr,
            TIMEOUTR => self.timeoutr,
            ISR => self.isr_word(),
            ICR | PECR => 0,
            RXDR => {
                let value = self.rxdr;
                if self.isr.contains(Isr::RXNE) {
                    cx.side_effect();
                    self.take_held(cx);
                }
                value.into()
            }
            TXDR => self.slave.pending.unwrap_or_default().into(),
            _ => return Err(Refusal::Unmodelled),
        })
    }

    pub(super) fn write_register(
        &mut self,
        cx: &mut Cx<'_>,
        reg: Register,
        value: u32,
    ) -> Result<(), Refusal> {
        match reg.offset {
            CR1 => return self.write_cr1(cx, reg.merge(self.cr1.bits(), value)),
            CR2 => return self.write_cr2(cx, reg.merge(self.cr2.bits(), value)),
            OAR1 => {
                let new = reg.merge(self.oar1, value) & OAR1_MASK;
                self.oar1 = self.own_address(cx, "OA1", self.oar1, new);
            }
            OAR2 => {
                let new = reg.merge(self.oar2, value) & OAR2_MASK;
                self.oar2 = self.own_address(cx, "OA2", self.oar2, new);
            }
            TIMINGR => {
                if self.cr1.contains(Cr1::PE) {
                    self.written_while_enabled(cx, "TIMINGR");
                }
                self.timingr = reg.merge(self.timingr, value) & TIMINGR_MASK;
            }
            TIMEOUTR => {
                self.timeoutr = reg.merge(self.timeoutr, value) & TIMEOUTR_MASK;
                if self.timeoutr & (TIMOUTEN | TIDLE) == TIMOUTEN | TIDLE {
                    return left_out(cx, &format!("idle detection of {}", self.lines.name));
                }
            }
            ISR => self.write_isr(Isr::from_bits_truncate(value & reg.mask)),
            ICR => {
                self.isr
                    .remove(Isr::from_bits_truncate(value & reg.mask) & Isr::CLEARABLE);
                self.load();
            }
            TXDR => {
                self.slave.pending = Some(value as u8);
                self.isr.remove(Isr::TXIS);
                self.load();
            }
            // Read-only.
            PECR | RXDR => {}
            _ => return Err(Refusal::Unmodelled),
        }
        Ok(())
    }

    fn written_while_enabled(&self, cx: &mut Cx<'_>, what: &str) {
        let name = &self.lines.name;
        cx.find("i2c-written-while-enabled", || {
            format!("{what} of {name} was written while it is enabled: the manual forbids it")
        });
    }

    /// An address can be changed only while it is off.
    fn own_address(&self, cx: &mut Cx<'_>, what: &str, old: u32, new: u32) -> u32 {
        if old & new & OAEN != 0 && old != new {
            self.written_while_enabled(cx, what);
            return old;
        }
        new
    }

    /// Writing 1 to TXE flushes TXDR; to TXIS makes a first event without stretching.
    fn write_isr(&mut self, value: Isr) {
        if value.contains(Isr::TXE) {
            self.slave.pending = None;
            self.load();
        }
        if value.contains(Isr::TXIS) && self.cr1.contains(Cr1::NOSTRETCH) {
            self.isr.insert(Isr::TXIS);
        }
    }

    fn write_cr1(&mut self, cx: &mut Cx<'_>, value: u32) -> Result<(), Refusal> {
        let mut new = Cr1::from_bits_truncate(value);
        let (was, on) = (self.cr1.contains(Cr1::PE), new.contains(Cr1::PE));
        if was && on && (self.cr1 ^ new).intersects(Cr1::FROZEN) {
            self.written_while_enabled(cx, "NOSTRETCH, ANFOFF or DNF");
            new = new & !Cr1::FROZEN | self.cr1 & Cr1::FROZEN;
        }
        self.cr1 = new;
        if was && !on {
            self.software_reset(cx, Fate::Flushed);
        }
        let modes = [
            (Cr1::WUPEN, "wake-up from Stop mode"),
            (Cr1::SMBHEN | Cr1::SMBDEN | Cr1::ALERTEN, "SMBus mode"),
            (Cr1::PECEN, "packet error checking"),
        ];
        match modes.iter().find(|(bits, _)| new.intersects(*bits)) {
            Some((_, what)) => left_out(cx, &format!("{what} of {}", self.lines.name)),
            None => Ok(()),
        }
    }

    fn write_cr2(&mut self, cx: &mut Cx<'_>, value: u32) -> Result<(), Refusal> {
        let mut new = Cr2::from_bits_truncate(value);
        if !self.cr1.contains(Cr1::PE) {
            new.remove(Cr2::REQUESTS);
        }
        // What is asked for stays so until hardware has done it.
        new.insert(self.cr2 & Cr2::REQUESTS);
        self.cr2 = new;
        let count = field(new.bits(), 16, 8);
        if self.isr.contains(Isr::TCR) || !self.is_master() {
            self.left = count;
        }
        if count != 0 {
            self.isr.remove(Isr::TCR);
        }
        if new.contains(Cr2::PECBYTE) {
            return left_out(cx, &format!("packet error checking of {}", self.lines.name));
        }
        Ok(())
    }
}
