//! What reads and writes of each register do.

use super::BxCan;
use super::bits::{
    BTR, BTR_MASK, ESR, F0R1, FMR, IDE, IER, Ier, LBKM, MCR, MSR, Mcr, Msr, RDH1R, RF0R, RF1R,
    RI0R, Rfr, TDH2R, TGT, TI0R, TSR, TXRQ,
};
use super::filter::Write;
use super::medium::Talker;
use super::mode::Mode;
use crate::log::Fate;
use crate::periph::registers::{field, left_out};
use crate::periph::{Cx, Refusal, Register};

/// Last offset at which a filter bank can be.
const LAST: u32 = F0R1 + 8 * 28;

/// Index of the block of four registers and of the register in it.
const fn four(offset: u32, base: u32) -> (usize, usize) {
    let word = (offset - base) / 4;
    (word as usize / 4, word as usize % 4)
}

impl BxCan {
    fn msr(&self, cx: &Cx<'_>) -> Msr {
        let mut msr = self.flags;
        msr.set(Msr::INAK, self.mode == Mode::Init);
        msr.set(Msr::SLAK, self.mode == Mode::Sleep);
        let carried = self.medium.carried.as_ref();
        let sends = |c: &super::medium::Carried| matches!(c.talker, Talker::Mailbox(_));
        msr.set(Msr::TXM, carried.is_some_and(sends));
        msr.set(
            Msr::RXM,
            carried.is_some_and(|c| c.deaf.is_none() && !sends(c)),
        );
        // Without a pin the input is recessive.
        let level = !self.hears(cx) || self.medium.level(cx.time);
        msr.set(Msr::RX | Msr::SAMP, level);
        msr
    }

    pub(super) fn read_register(&mut self, cx: &mut Cx<'_>, offset: u32) -> Result<u32, Refusal> {
        Ok(match offset {
            MCR => self.mcr.bits(),
            MSR => {
                if self.medium.carried.is_some() {
                    // RX shows the bits that go by.
                    cx.side_effect();
                }
                self.msr(cx).bits()
            }
            TSR => self.mailboxes.tsr(self.mcr.contains(Mcr::TXFP)),
            RF0R | RF1R => self.fifos[usize::from(offset == RF1R)].rfr(),
            IER => self.ier.bits(),
            ESR => self.errors.esr(),
            BTR => self.btr,
            TI0R..=TDH2R => {
                let (index, n) = four(offset, TI0R);
                self.mailboxes.read(index, n)
            }
            RI0R..=RDH1R => {
                let (index, n) = four(offset, RI0R);
                self.fifos.get_mut(index).map_or(0, |fifo| fifo.read(n))
            }
            _ => return self.filters.read(offset).ok_or(Refusal::Unmodelled),
        })
    }

    pub(super) fn write_register(
        &mut self,
        cx: &mut Cx<'_>,
        reg: Register,
        value: u32,
    ) -> Result<(), Refusal> {
        match reg.offset {
            MCR => return self.write_mcr(cx, reg.merge(self.mcr.bits(), value)),
            MSR => self.flags.remove(
                Msr::from_bits_truncate(value & reg.mask) & (Msr::ERRI | Msr::WKUI | Msr::SLAKI),
            ),
            TSR => {
                self.mailboxes.write_tsr(value & reg.mask);
                self.want_bus(cx);
            }
            RF0R | RF1R => {
                let value = Rfr::from_bits_truncate(value & reg.mask);
                self.fifos[usize::from(reg.offset == RF1R)].write_rfr(cx, value);
            }
            IER => self.ier = Ier::from_bits_truncate(reg.merge(self.ier.bits(), value)),
            ESR => {
                let new = reg.merge(self.errors.esr(), value);
                self.errors.write_lec(field(new, 4, 3));
            }
            BTR => self.write_btr(cx, reg.merge(self.btr, value)),
            TI0R..=TDH2R => return self.write_mailbox(cx, reg, value),
            // The output of the FIFOs is read-only.
            RI0R..=RDH1R => {}
            FMR..LAST => return self.write_filter(cx, reg, value),
            _ => return Err(Refusal::Unmodelled),
        }
        Ok(())
    }

    fn write_mcr(&mut self, cx: &mut Cx<'_>, value: u32) -> Result<(), Refusal> {
        let new = Mcr::from_bits_truncate(value);
        if new.contains(Mcr::RESET) {
            self.master_reset(cx, Fate::Flushed);
            return Ok(());
        }
        self.mcr = new;
        self.follow_requests(cx);
        self.want_bus(cx);
        self.want_loop(cx);
        if new.contains(Mcr::TTCM) {
            return left_out(cx, &format!("time-triggered mode of {}", self.name));
        }
        Ok(())
    }

    fn write_btr(&mut self, cx: &mut Cx<'_>, value: u32) {
        let new = value & BTR_MASK;
        if self.mode == Mode::Init {
            self.btr = new;
        } else if new != self.btr {
            let name = &self.name;
            cx.find("can-written-outside-init", || {
                format!("BTR of {name} was written while INAK is 0: it keeps its old value")
            });
        }
    }

    fn write_mailbox(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        let (index, n) = four(reg.offset, TI0R);
        let new = reg.merge(self.mailboxes.read(index, n), value);
        if !self.mailboxes.write(index, n, new) {
            let name = &self.name;
            cx.find("can-mailbox-not-empty", || {
                format!(
                    "mailbox {index} of {name} was written while its frame waits: the write is lost"
                )
            });
            return Ok(());
        }
        if n == 0 && new & TXRQ != 0 {
            let name = &self.name;
            let dlc = self.mailboxes.read(index, 1) & 0xF;
            if dlc > 8 {
                cx.find("can-length-above-8", || {
                    format!("mailbox {index} of {name} was told to send {dlc} bytes: eight go out")
                });
            }
            if new & IDE == 0 && new & 0x001F_FFF8 != 0 {
                cx.find("can-identifier-bits-ignored", || {
                    format!("mailbox {index} of {name} sends a standard identifier, but bits of an extended one are set: {new:#010x}")
                });
            }
            if self.btr & LBKM == 0 {
                self.want_bus(cx);
            } else {
                self.want_loop(cx);
            }
        }
        if n == 1 && new & TGT != 0 {
            return left_out(cx, &format!("the time stamp in frames of {}", self.name));
        }
        Ok(())
    }

    fn write_filter(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        match self.filters.write(reg, value) {
            Write::Done => Ok(()),
            Write::NoSuchRegister => Err(Refusal::Unmodelled),
            Write::Protected => {
                let name = &self.name;
                cx.find("can-filter-protected", || {
                    format!("a filter register of {name} was written while it is protected (FINIT is 0, or the bank is active): the write is lost")
                });
                Ok(())
            }
        }
    }
}
