//! The SCB's registers, 0xE000ED00 to 0xE000EDFC, and ACTLR.

use super::{Ccr, Cfsr, Hfsr, Scr};
use crate::dwt::Demcr;
use crate::{Bus, Cpu, CpuModel, ExceptionNumber};

pub(crate) const ACTLR: u32 = 0x008;
const CPUID: u32 = 0xD00;
const ICSR: u32 = 0xD04;
const VTOR: u32 = 0xD08;
const AIRCR: u32 = 0xD0C;
const SCR: u32 = 0xD10;
const CCR: u32 = 0xD14;
pub(crate) const SHPR1: u32 = 0xD18;
pub(crate) const SHPR3: u32 = 0xD20;
const SHCSR: u32 = 0xD24;
pub(crate) const CFSR: u32 = 0xD28;
const HFSR: u32 = 0xD2C;
const DFSR: u32 = 0xD30;
const MMFAR: u32 = 0xD34;
const BFAR: u32 = 0xD38;
const AFSR: u32 = 0xD3C;
const ID_PFR0: u32 = 0xD40;
const ID_LAST: u32 = 0xD7C;
const CPACR: u32 = 0xD88;
const MPU_TYPE: u32 = 0xD90;
const DHCSR: u32 = 0xDF0;
const DEMCR: u32 = 0xDFC;

/// AIRCR.VECTKEY for writes and, as VECTKEYSTAT, for reads.
const VECTKEY: u32 = 0x05FA;
const VECTKEYSTAT: u32 = 0xFA05;

bitflags::bitflags! {
    /// ICSR's bits that act when written.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Icsr: u32 {
        const NMIPENDSET = 1 << 31;
        const PENDSVSET = 1 << 28;
        const PENDSVCLR = 1 << 27;
        const PENDSTSET = 1 << 26;
        const PENDSTCLR = 1 << 25;
        const ISRPENDING = 1 << 22;
        const RETTOBASE = 1 << 11;
    }

    /// AIRCR's bits below the key.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Aircr: u32 {
        const VECTRESET = 1;
        const VECTCLRACTIVE = 1 << 1;
        const SYSRESETREQ = 1 << 2;
    }
}

/// ID_PFR0 to ID_ISAR4 (DDI0337I and DDI0439D, table 4-1).
const ID_M3: [u32; 16] = [
    0x30,
    0x200,
    0x0010_0000,
    0,
    0x0010_0030,
    0,
    0x0100_0000,
    0,
    0x0110_1110,
    0x0211_1000,
    0x2111_2231,
    0x0111_1110,
    0x0131_0132,
    0,
    0,
    0,
];
const ID_M4: [u32; 16] = [
    0x30,
    0x200,
    0x0010_0000,
    0,
    0x0010_0030,
    0,
    0x0100_0000,
    0,
    0x0114_1110,
    0x0211_2000,
    0x2123_2231,
    0x0111_1131,
    0x0131_0102,
    0,
    0,
    0,
];

/// SHCSR: exception number and bit for each state.
const ACTIVE_BITS: [(ExceptionNumber, u32); 7] = [
    (ExceptionNumber::MEM_MANAGE, 0),
    (ExceptionNumber::BUS_FAULT, 1),
    (ExceptionNumber::USAGE_FAULT, 3),
    (ExceptionNumber::SVCALL, 7),
    (ExceptionNumber::DEBUG_MONITOR, 8),
    (ExceptionNumber::PENDSV, 10),
    (ExceptionNumber::SYSTICK, 11),
];
const PENDED_BITS: [(ExceptionNumber, u32); 4] = [
    (ExceptionNumber::USAGE_FAULT, 12),
    (ExceptionNumber::MEM_MANAGE, 13),
    (ExceptionNumber::BUS_FAULT, 14),
    (ExceptionNumber::SVCALL, 15),
];
const ENABLE_BITS: [(ExceptionNumber, u32); 3] = [
    (ExceptionNumber::MEM_MANAGE, 16),
    (ExceptionNumber::BUS_FAULT, 17),
    (ExceptionNumber::USAGE_FAULT, 18),
];

/// System exceptions whose priority can be set.
const fn has_priority(number: u16) -> bool {
    matches!(number, 4..=6 | 11 | 12 | 14 | 15)
}

impl Cpu {
    /// Reads the SCB register at `offset` into the SCS; `None` if it is not modelled.
    pub(crate) fn scb_read(&self, offset: u32) -> Option<u32> {
        let scb = &self.scb;
        Some(match offset {
            ACTLR => scb.actlr,
            CPUID => self.config.cpuid,
            ICSR => self.icsr(),
            VTOR => scb.vtor,
            AIRCR => VECTKEYSTAT << 16 | u32::from(self.nvic.prigroup()) << 8,
            SCR => scb.scr.bits(),
            CCR => scb.ccr.bits(),
            SHPR1..=SHPR3 => {
                let first = (4 + offset - SHPR1) as u16;
                u32::from_le_bytes(
                    [0, 1, 2, 3]
                        .map(|byte| self.nvic.priority_value(ExceptionNumber(first + byte))),
                )
            }
            SHCSR => self.shcsr(),
            CFSR => scb.cfsr.bits(),
            HFSR => scb.hfsr.bits(),
            DFSR => scb.dfsr,
            MMFAR => scb.mmfar,
            BFAR => scb.bfar,
            AFSR | MPU_TYPE | DHCSR => 0,
            ID_PFR0..=ID_LAST => {
                let table = match self.config.model {
                    CpuModel::CortexM3 => &ID_M3,
                    CpuModel::CortexM4 => &ID_M4,
                };
                table[(offset - ID_PFR0) as usize / 4]
            }
            CPACR => scb.cpacr,
            DEMCR => self.demcr(),
            _ => return None,
        })
    }

    /// Writes the SCB register at `offset` into the SCS; false if it, or something `value` asks for, is not
    /// modelled.
    pub(crate) fn scb_write<B: Bus>(&mut self, bus: &mut B, offset: u32, value: u32) -> bool {
        let scb = &mut self.scb;
        match offset {
            ACTLR => {
                scb.actlr = value & 0x307;
                return scb.actlr == 0;
            }
            ICSR => self.write_icsr(bus, value),
            VTOR => scb.set_vtor(value),
            AIRCR => return self.write_aircr(bus, value),
            SCR => scb.scr = Scr::from_bits_truncate(value),
            CCR => scb.ccr = Ccr::from_bits_truncate(value),
            SHPR1..=SHPR3 => {
                let first = (4 + offset - SHPR1) as u16;
                for (number, byte) in (first..)
                    .zip(value.to_le_bytes())
                    .filter(|&(number, _)| has_priority(number))
                {
                    self.nvic.set_priority(number, byte);
                }
            }
            SHCSR => self.write_shcsr(bus, value),
            CFSR => scb.cfsr -= Cfsr::from_bits_truncate(value),
            HFSR => scb.hfsr -= Hfsr::from_bits_truncate(value),
            DFSR => scb.dfsr &= !value,
            MMFAR => scb.mmfar = value,
            BFAR => scb.bfar = value,
            CPUID | AFSR | ID_PFR0..=ID_LAST | MPU_TYPE | DHCSR => {}
            CPACR => scb.cpacr = value & scb.cpacr_mask,
            DEMCR => self.write_demcr(bus, value),
            _ => return false,
        }
        true
    }

    fn icsr(&self) -> u32 {
        let mut icsr = Icsr::empty();
        icsr.set(Icsr::NMIPENDSET, self.nvic.is_pending(ExceptionNumber::NMI));
        icsr.set(
            Icsr::PENDSVSET,
            self.nvic.is_pending(ExceptionNumber::PENDSV),
        );
        icsr.set(
            Icsr::PENDSTSET,
            self.nvic.is_pending(ExceptionNumber::SYSTICK),
        );
        icsr.set(Icsr::ISRPENDING, self.nvic.any_irq_pending());
        icsr.set(Icsr::RETTOBASE, self.nvic.active_count() == 1);
        // VECTPENDING heeds BASEPRI and FAULTMASK, not PRIMASK.
        let mask = self.priority_of_masks();
        let pending = self
            .nvic
            .highest_pending()
            .filter(|&number| self.nvic.group_priority(number) < mask);
        icsr.bits() | u32::from(pending.unwrap_or(0)) << 12 | u32::from(self.core.exception)
    }

    fn write_icsr<B: Bus>(&mut self, bus: &mut B, value: u32) {
        let now = self.core.now;
        let written = Icsr::from_bits_truncate(value);
        for (clear, exception) in [
            (Icsr::PENDSVCLR, ExceptionNumber::PENDSV),
            (Icsr::PENDSTCLR, ExceptionNumber::SYSTICK),
        ] {
            if written.contains(clear) {
                self.nvic.unpend(exception.0);
            }
        }
        for (set, exception) in [
            (Icsr::NMIPENDSET, ExceptionNumber::NMI),
            (Icsr::PENDSVSET, ExceptionNumber::PENDSV),
            (Icsr::PENDSTSET, ExceptionNumber::SYSTICK),
        ] {
            if written.contains(set) {
                self.pend(bus, exception.0, now);
            }
        }
    }

    fn write_aircr<B: Bus>(&mut self, bus: &mut B, value: u32) -> bool {
        if value >> 16 != VECTKEY {
            return true;
        }
        self.nvic.set_prigroup((value >> 8 & 7) as u8);
        let written = Aircr::from_bits_truncate(value);
        if written.contains(Aircr::VECTCLRACTIVE) {
            self.nvic.clear_active();
        }
        if written.contains(Aircr::SYSRESETREQ) {
            bus.request_reset(&self.core);
        }
        !written.contains(Aircr::VECTRESET)
    }

    fn shcsr(&self) -> u32 {
        let shown = |bits: &[(ExceptionNumber, u32)], state: &dyn Fn(ExceptionNumber) -> bool| {
            bits.iter()
                .filter(|(exception, _)| state(*exception))
                .fold(0, |word, (_, bit)| word | 1 << bit)
        };
        shown(&ACTIVE_BITS, &|exception| self.nvic.is_active(exception))
            | shown(&PENDED_BITS, &|exception| self.nvic.is_pending(exception))
            | shown(&ENABLE_BITS, &|exception| self.nvic.is_enabled(exception))
    }

    fn write_shcsr<B: Bus>(&mut self, bus: &mut B, value: u32) {
        let now = self.core.now;
        for (exception, bit) in ACTIVE_BITS {
            self.nvic.set_active(exception.0, value & 1 << bit != 0);
        }
        for (exception, bit) in PENDED_BITS {
            match (value & 1 << bit != 0, self.nvic.is_pending(exception)) {
                (true, false) => self.pend(bus, exception.0, now),
                (false, true) => self.nvic.unpend(exception.0),
                _ => {}
            }
        }
        for (exception, bit) in ENABLE_BITS {
            self.nvic.set_enabled(exception.0, value & 1 << bit != 0);
        }
    }

    fn demcr(&self) -> u32 {
        let mut demcr = self.dwt.demcr();
        demcr.set(
            Demcr::MON_EN,
            self.nvic.is_enabled(ExceptionNumber::DEBUG_MONITOR),
        );
        demcr.set(
            Demcr::MON_PEND,
            self.nvic.is_pending(ExceptionNumber::DEBUG_MONITOR),
        );
        demcr.bits()
    }

    fn write_demcr<B: Bus>(&mut self, bus: &mut B, value: u32) {
        let now = self.core.now;
        let demcr = Demcr::from_bits_truncate(value);
        let monitor = ExceptionNumber::DEBUG_MONITOR;
        self.dwt.set_demcr(now, demcr);
        self.nvic
            .set_enabled(monitor.0, demcr.contains(Demcr::MON_EN));
        match (
            demcr.contains(Demcr::MON_PEND),
            self.nvic.is_pending(monitor),
        ) {
            (true, false) => self.pend(bus, monitor.0, now),
            (false, true) => self.nvic.unpend(monitor.0),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
