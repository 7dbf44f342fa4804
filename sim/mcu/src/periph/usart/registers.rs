//! What a write to each register does.

use super::bits::{
    BRR, BRR_MASK, CR1, CR2, CR3, Cr1, Cr2, Cr3, DATA, GTPR, GTPR_MASK, ICR, ISR, Isr, RDR, RQR,
    RTOR, Rqr, TDR,
};
use super::v3::Usart;
use crate::log::Fate;
use crate::periph::registers::left_out;
use crate::periph::{Cx, Refusal, Register};

impl Usart {
    pub(super) fn write_cr1(&mut self, cx: &mut Cx<'_>, value: u32) -> Result<(), Refusal> {
        let (old, new) = (self.cr1, Cr1::from_bits_truncate(value));
        let frozen = Cr1::M0 | Cr1::M1 | Cr1::PCE | Cr1::PS | Cr1::OVER8;
        if old.contains(Cr1::UE) && new.contains(Cr1::UE) && (old ^ new).intersects(frozen) {
            self.written_while_enabled(cx, "the format in CR1");
        }
        self.cr1 = new;
        if old.contains(Cr1::UE) && !new.contains(Cr1::UE) {
            self.shut_down(cx, Fate::Flushed);
        }
        let (receives, sends) = (Cr1::UE | Cr1::RE, Cr1::UE | Cr1::TE);
        if new.contains(receives) && !old.contains(receives) {
            let settings = self.listening_settings(cx);
            self.receiver.switch_on(cx, settings);
        } else if old.contains(receives) && !new.contains(receives) {
            self.receiver.switch_off(cx, Fate::Flushed);
            self.forget_silence(cx);
        }
        if new.contains(sends) && !old.contains(sends) {
            let settings = self.sending_settings(cx);
            self.transmitter.switch_on(cx, settings);
            let settings = self.loading_settings(cx);
            self.transmitter.load(cx, settings);
        }
        if new.contains(Cr1::MME) {
            return left_out(cx, &format!("mute mode of {}", self.name));
        }
        Ok(())
    }

    fn written_while_enabled(&self, cx: &mut Cx<'_>, what: &str) {
        if !self.frozen_while_enabled {
            return;
        }
        let name = &self.name;
        cx.find("usart-written-while-enabled", || {
            format!(
                "{what} of {name} was written with UE = 1: the manual allows it only with UE = 0"
            )
        });
    }

    pub(super) fn write_cr2(&mut self, cx: &mut Cx<'_>, value: u32) -> Result<(), Refusal> {
        let new = Cr2::from_bits_truncate(value);
        let frozen = !(Cr2::ADD | Cr2::RTOEN | Cr2::LBDIE);
        if self.cr1.contains(Cr1::UE) && (self.cr2 ^ new).intersects(frozen) {
            self.written_while_enabled(cx, "CR2");
        }
        self.cr2 = new;
        let modes = [
            (Cr2::CLKEN, "synchronous mode"),
            (Cr2::LINEN, "LIN mode"),
            (Cr2::RXINV, "an inverted RX line"),
            (Cr2::TXINV, "an inverted TX line"),
            (Cr2::DATAINV, "inverted data"),
            (Cr2::MSBFIRST, "MSB-first order"),
            (Cr2::ABREN, "automatic baud rate"),
        ];
        match modes.iter().find(|(bit, _)| new.contains(*bit)) {
            Some((_, what)) => left_out(cx, &format!("{what} of {}", self.name)),
            None => Ok(()),
        }
    }

    pub(super) fn write_cr3(&mut self, cx: &mut Cx<'_>, value: u32) -> Result<(), Refusal> {
        let new = Cr3::from_bits_truncate(value);
        let frozen = Cr3::OVRDIS | Cr3::ONEBIT | Cr3::DDRE | Cr3::RTSE | Cr3::CTSE;
        if self.cr1.contains(Cr1::UE) && (self.cr3 ^ new).intersects(frozen) {
            self.written_while_enabled(cx, "OVRDIS, ONEBIT, DDRE, RTSE or CTSE");
        }
        let released = self.cr3.contains(Cr3::CTSE) && !new.contains(Cr3::CTSE);
        self.cr3 = new;
        if released {
            let settings = self.loading_settings(cx);
            self.transmitter.load(cx, settings);
        }
        let modes = [
            (Cr3::DEM, "driver enable"),
            (Cr3::HDSEL, "half-duplex mode"),
            (Cr3::IREN, "IrDA mode"),
            (Cr3::SCEN, "smartcard mode"),
        ];
        match modes.iter().find(|(bit, _)| new.contains(*bit)) {
            Some((_, what)) => left_out(cx, &format!("{what} of {}", self.name)),
            None => Ok(()),
        }
    }

    fn write_rqr(&mut self, cx: &mut Cx<'_>, value: u32) -> Result<(), Refusal> {
        let request = Rqr::from_bits_truncate(value);
        if request.contains(Rqr::RXFRQ) {
            self.release(cx, |_| Fate::Flushed);
        }
        if request.intersects(!Rqr::RXFRQ) {
            return left_out(cx, &format!("a request of {} other than RXFRQ", self.name));
        }
        Ok(())
    }

    /// A character for the transmit register.
    pub(super) fn transmit(&mut self, cx: &mut Cx<'_>, value: u32) {
        let settings = self.loading_settings(cx);
        self.transmitter.write(cx, value & DATA, settings);
    }

    pub(super) fn read_rdr(&mut self, cx: &mut Cx<'_>) -> u32 {
        if self.flags.contains(Isr::RXNE) {
            cx.side_effect();
            self.take_held(cx);
            self.drive(cx);
        }
        self.rdr
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
            CR3 => return self.write_cr3(cx, reg.merge(self.cr3.bits(), value)),
            BRR => {
                if self.cr1.contains(Cr1::UE) {
                    self.written_while_enabled(cx, "BRR");
                }
                self.brr = reg.merge(self.brr, value) & BRR_MASK;
            }
            GTPR => self.gtpr = reg.merge(self.gtpr, value) & GTPR_MASK,
            RTOR => self.rtor = reg.merge(self.rtor, value),
            RQR => return self.write_rqr(cx, value & reg.mask),
            ICR => self
                .flags
                .remove(Isr::from_bits_truncate(value & reg.mask) & Isr::CLEARABLE),
            TDR => {
                self.flags.remove(Isr::TC);
                self.transmit(cx, value);
            }
            // Read-only.
            ISR | RDR => {}
            _ => return Err(Refusal::Unmodelled),
        }
        Ok(())
    }
}
