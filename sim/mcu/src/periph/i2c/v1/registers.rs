//! What reads and writes of each register do.

use super::I2cV1;
use super::bits::{
    CCR, CCR_MASK, CR1, CR2, Cr1, Cr2, DR, FLTR, FLTR_MASK, OAR1, OAR1_MASK, OAR2, OAR2_MASK, SR1,
    SR2, Sr1, TRISE, TRISE_MASK,
};
use crate::log::Fate;
use crate::periph::registers::left_out;
use crate::periph::{Cx, Refusal, Register};

impl I2cV1 {
    pub(super) fn read_register(&mut self, cx: &mut Cx<'_>, offset: u32) -> Result<u32, Refusal> {
        Ok(match offset {
            CR1 => self.cr1.bits(),
            CR2 => self.cr2.bits(),
            OAR1 => self.oar1,
            OAR2 => self.oar2,
            DR => self.read_dr(cx),
            SR1 => {
                self.seen = self.sr1;
                self.sr1.bits()
            }
            SR2 => self.read_sr2(cx),
            CCR => self.ccr,
            TRISE => self.trise,
            FLTR if self.has_fltr => self.fltr,
            _ => return Err(Refusal::Unmodelled),
        })
    }

    fn read_dr(&mut self, cx: &mut Cx<'_>) -> u32 {
        let value = self.dr;
        if self.sr1.contains(Sr1::RXNE) {
            cx.side_effect();
            self.take_held(cx);
        }
        value.into()
    }

    /// The second half of clearing ADDR.
    fn read_sr2(&mut self, cx: &mut Cx<'_>) -> u32 {
        let value = self.sr2.bits();
        if self.seen.contains(Sr1::ADDR) && self.sr1.contains(Sr1::ADDR) {
            cx.side_effect();
            self.seen.remove(Sr1::ADDR);
            self.sr1.remove(Sr1::ADDR);
            self.load();
            self.address_seen();
        }
        value
    }

    pub(super) fn write_register(
        &mut self,
        cx: &mut Cx<'_>,
        reg: Register,
        value: u32,
    ) -> Result<(), Refusal> {
        if self.cr1.contains(Cr1::SWRST) && reg.offset != CR1 {
            return Ok(());
        }
        match reg.offset {
            CR1 => return self.write_cr1(cx, reg.merge(self.cr1.bits(), value)),
            CR2 => self.cr2 = Cr2::from_bits_truncate(reg.merge(self.cr2.bits(), value)),
            OAR1 => self.oar1 = reg.merge(self.oar1, value) & OAR1_MASK,
            OAR2 => self.oar2 = reg.merge(self.oar2, value) & OAR2_MASK,
            DR => self.write_dr(cx, value as u8),
            SR1 => self
                .sr1
                .remove(Sr1::from_bits_truncate(!value & reg.mask) & Sr1::ERRORS),
            SR2 => {}
            CCR => self.ccr = reg.merge(self.ccr, value) & CCR_MASK,
            TRISE => self.trise = reg.merge(self.trise, value) & TRISE_MASK,
            FLTR if self.has_fltr => self.fltr = reg.merge(self.fltr, value) & FLTR_MASK,
            _ => return Err(Refusal::Unmodelled),
        }
        Ok(())
    }

    fn write_cr1(&mut self, cx: &mut Cx<'_>, value: u32) -> Result<(), Refusal> {
        let mut new = Cr1::from_bits_truncate(value);
        if new.contains(Cr1::SWRST) {
            self.reset_state(cx, Fate::Flushed);
            self.cr1 = Cr1::SWRST;
            return Ok(());
        }
        // The second half of clearing STOPF.
        if self.seen.contains(Sr1::STOPF) {
            self.seen.remove(Sr1::STOPF);
            self.sr1.remove(Sr1::STOPF);
        }
        if !new.contains(Cr1::PE) {
            // Hardware keeps them at 0 while PE is.
            let asked = new & (Cr1::ACK | Cr1::START | Cr1::STOP | Cr1::PEC | Cr1::ALERT);
            if asked.contains(Cr1::ACK) && !self.cr1.contains(Cr1::PE) {
                let name = &self.lines.name;
                cx.find("i2c-ack-without-pe", || {
                    format!("ACK of {name} was set while PE is 0: hardware keeps it at 0")
                });
            }
            new.remove(asked);
            if self.cr1.contains(Cr1::PE) {
                self.disable(cx, Fate::Flushed);
            }
        }
        self.cr1 = new;
        let modes = [
            (Cr1::SMBUS | Cr1::ENARP, "SMBus mode"),
            (Cr1::ENPEC | Cr1::PEC, "packet error checking"),
            (Cr1::ALERT, "SMBus alert"),
        ];
        match modes.iter().find(|(bits, _)| new.intersects(*bits)) {
            Some((_, what)) => left_out(cx, &format!("{what} of {}", self.lines.name)),
            None => Ok(()),
        }
    }

    fn write_dr(&mut self, cx: &mut Cx<'_>, value: u8) {
        if self.sr1.contains(Sr1::SB) {
            return self.send_address(cx, value);
        }
        self.sr1.remove(Sr1::BTF);
        self.slave.pending = Some(value);
        self.sr1.remove(Sr1::TXE);
        self.load();
    }
}
