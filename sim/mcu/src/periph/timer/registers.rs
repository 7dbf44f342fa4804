//! What the registers read and what a write does. The counter has been synced by the caller.

use super::Timer;
use super::bits::{
    ARR, BDTR, BDTR_MOE, BDTR_WRITABLE, CCER, CCER_CCE, CCER_COMPLEMENTARY, CCER_WRITABLE,
    CCMR_CCS, CCMR_OCPE, CCMR_WRITABLE, CCMR1, CCMR2, CCR1, CCR4, CNT, CR1, CR2, Cr1, Cr2, DIER,
    Dier, EGR, PSC, PSC_MASK, RCR, SMCR, SR, Smcr, Sr, UIFCPY,
};
use super::counter::Alignment;
use crate::periph::registers::{field, left_out};
use crate::periph::{Cx, Refusal, Register};

impl Timer {
    pub(super) fn read_register(&self, cx: &mut Cx<'_>, offset: u32) -> Result<u32, Refusal> {
        if let Some(n) = self.channel(offset) {
            return Ok(self.counter.ccr[n].written);
        }
        Ok(match offset {
            CR1 => self.cr1.bits(),
            CR2 => self.cr2.bits(),
            SMCR if self.features.channels > 0 => 0,
            DIER => self.dier.bits(),
            SR => self.sr.bits(),
            EGR => 0,
            CCMR1 | CCMR2 if self.has_ccmr(offset) => self.ccmr[((offset - CCMR1) / 4) as usize],
            CCER if self.features.channels > 0 => self.ccer,
            CNT => {
                if self.counter.enabled {
                    cx.side_effect();
                }
                self.count_with_flag()
            }
            PSC => self.counter.psc.written,
            ARR => self.counter.arr.written,
            RCR if self.is_advanced() => self.counter.repetition,
            BDTR if self.is_advanced() => self.bdtr,
            _ => return Err(Refusal::Unmodelled),
        })
    }

    fn count_with_flag(&self) -> u32 {
        if self.cr1.contains(Cr1::UIFREMAP) {
            self.counter.count & !UIFCPY | if self.sr.contains(Sr::UIF) { UIFCPY } else { 0 }
        } else {
            self.counter.count
        }
    }

    /// Has it a repetition counter, complementary outputs and a break input?
    pub(super) const fn is_advanced(&self) -> bool {
        self.features.repetition != 0
    }

    /// CCMR1 serves channels 1 and 2, CCMR2 the others.
    const fn has_ccmr(&self, offset: u32) -> bool {
        self.features.channels > 0 && (offset == CCMR1 || self.features.channels > 2)
    }

    /// The channel whose CCR is at `offset`.
    fn channel(&self, offset: u32) -> Option<usize> {
        let n = ((CCR1..=CCR4).contains(&offset) && offset.is_multiple_of(4))
            .then(|| ((offset - CCR1) / 4) as usize)?;
        (n < self.features.channels).then_some(n)
    }

    pub(super) fn write_register(
        &mut self,
        cx: &mut Cx<'_>,
        reg: Register,
        value: u32,
    ) -> Result<(), Refusal> {
        let max = self.counter.max;
        if let Some(n) = self.channel(reg.offset) {
            let ccr = reg.merge(self.counter.ccr[n].written, value) & max;
            let preload = self.channel_mode(n) & CCMR_OCPE != 0;
            self.counter.ccr[n].write(ccr, preload);
            return Ok(());
        }
        match reg.offset {
            CR1 => {
                self.cr1 = Cr1::from_bits_truncate(reg.merge(self.cr1.bits(), value));
                if !self.features.directions {
                    self.cr1.remove(Cr1::DIR | Cr1::CMS | Cr1::CKD);
                }
                self.configure();
            }
            CR2 => {
                self.cr2 = Cr2::from_bits_truncate(reg.merge(self.cr2.bits(), value));
                if !self.is_advanced() {
                    self.cr2.remove(Cr2::CCPC | Cr2::CCUS | Cr2::OIS);
                }
            }
            SMCR if self.features.channels > 0 => return self.write_smcr(cx, value & reg.mask),
            DIER => return self.write_dier(cx, reg.merge(self.dier.bits(), value)),
            SR => self.sr &= Sr::from_bits_retain(value | !reg.mask),
            EGR => self.generate(cx, value & reg.mask),
            CCMR1 | CCMR2 if self.has_ccmr(reg.offset) => {
                let slot = &mut self.ccmr[((reg.offset - CCMR1) / 4) as usize];
                *slot = reg.merge(*slot, value) & CCMR_WRITABLE;
                self.configure();
                return self.check_capture(cx);
            }
            CCER if self.features.channels > 0 => {
                let exists = if self.is_advanced() {
                    CCER_WRITABLE | CCER_COMPLEMENTARY
                } else {
                    CCER_WRITABLE
                };
                self.ccer = reg.merge(self.ccer, value) & exists;
                return self.check_capture(cx);
            }
            CNT => self.counter.count = reg.merge(self.counter.count, value) & max,
            PSC => self
                .counter
                .psc
                .write(reg.merge(self.counter.psc.written, value) & PSC_MASK, true),
            ARR => {
                let arr = reg.merge(self.counter.arr.written, value) & max;
                self.counter.arr.write(arr, self.cr1.contains(Cr1::ARPE));
            }
            RCR if self.is_advanced() => {
                self.counter.repetition =
                    reg.merge(self.counter.repetition, value) & self.features.repetition;
            }
            BDTR if self.is_advanced() => self.bdtr = reg.merge(self.bdtr, value) & BDTR_WRITABLE,
            _ => {
                return left_out(
                    cx,
                    &format!("a register of {} at offset {:#04x}", self.name, reg.offset),
                );
            }
        }
        Ok(())
    }

    /// Takes over what CR1 and CCMR say about counting.
    pub(super) fn configure(&mut self) {
        let counter = &mut self.counter;
        counter.enabled = self.cr1.contains(Cr1::CEN);
        counter.update_disabled = self.cr1.contains(Cr1::UDIS);
        counter.one_pulse = self.cr1.contains(Cr1::OPM);
        counter.alignment = match field(self.cr1.bits(), Cr1::CMS.bits().trailing_zeros(), 2) {
            0 => Alignment::Edge,
            cms => Alignment::Centre {
                up: cms & 2 != 0,
                down: cms & 1 != 0,
            },
        };
        // DIR is read-only in centre-aligned mode.
        if counter.alignment == Alignment::Edge {
            counter.down = self.cr1.contains(Cr1::DIR);
        } else {
            self.cr1.set(Cr1::DIR, counter.down);
        }
        for n in 0..self.features.channels {
            let mode = self.channel_mode(n);
            self.counter.compares[n] = mode & CCMR_CCS == 0;
        }
    }

    /// The byte of CCMR that belongs to channel `n`.
    fn channel_mode(&self, n: usize) -> u32 {
        field(self.ccmr[n / 2], 8 * (n as u32 % 2), 8)
    }

    fn write_smcr(&self, cx: &mut Cx<'_>, value: u32) -> Result<(), Refusal> {
        if Smcr::from_bits_truncate(value).intersects(Smcr::SMS | Smcr::SMS_3 | Smcr::ECE) {
            return left_out(
                cx,
                &format!(
                    "{} as slave of a trigger or external clock (SMCR)",
                    self.name
                ),
            );
        }
        Ok(())
    }

    fn write_dier(&mut self, cx: &mut Cx<'_>, value: u32) -> Result<(), Refusal> {
        let exists = if self.is_advanced() {
            Dier::all()
        } else if self.features.channels > 0 {
            Dier::all() - (Dier::COMIE | Dier::BIE | Dier::COMDE)
        } else {
            Dier::UIE | Dier::UDE
        };
        self.dier = Dier::from_bits_truncate(value) & exists;
        if self
            .dier
            .intersects(Dier::UDE | Dier::CCDE | Dier::COMDE | Dier::TDE)
        {
            return left_out(cx, &format!("a DMA request of {} (DIER)", self.name));
        }
        Ok(())
    }

    fn check_capture(&self, cx: &mut Cx<'_>) -> Result<(), Refusal> {
        let captures =
            |n: &usize| !self.counter.compares[*n] && self.ccer >> (4 * n) & CCER_CCE != 0;
        match (0..self.features.channels).find(captures) {
            Some(n) => left_out(
                cx,
                &format!("input capture on channel {} of {}", n + 1, self.name),
            ),
            None => Ok(()),
        }
    }

    /// EGR: events by software.
    fn generate(&mut self, cx: &mut Cx<'_>, value: u32) {
        let asked = Sr::from_bits_truncate(value) & self.features.flags;
        if asked.contains(Sr::UIF) {
            self.counter.restart();
            self.cr1.set(Cr1::DIR, self.counter.down);
            if !self.cr1.intersects(Cr1::URS | Cr1::UDIS) {
                self.raise(cx, Sr::UIF, 1);
            }
            if self.cr1.contains(Cr1::OPM) && !self.cr1.contains(Cr1::UDIS) {
                self.counter.enabled = false;
                self.cr1.remove(Cr1::CEN);
            }
        }
        for n in 0..self.features.channels {
            if asked.contains(Sr::compare(n)) {
                self.raise(cx, Sr::compare(n), 1);
            }
        }
        self.sr.insert(asked & (Sr::TIF | Sr::COMIF | Sr::BIF));
        if asked.contains(Sr::BIF) {
            self.bdtr &= !BDTR_MOE;
        }
    }
}
