//! The private peripheral bus, 0xE0000000 to 0xE00FFFFF: who answers, who may ask, at which width.
//!
//! | register or behaviour | source | test that proves it |
//! |---|---|---|
//! | SCS, DWT, ITM at their addresses | ARMv7-M B3.1, table C1-1 | `tests::registers_are_where_the_map_says` |
//! | unprivileged access is a BusFault, but STIR with USERSETMPEND and ITM ports | B3.1, B3.2.26 | `tests::unprivileged_access_is_a_bus_fault` |
//! | narrow reads; narrow writes of IPR, SHPR and CFSR | B3.1.1 | `nvic` and `scb` tests |
//! | narrow writes of word registers: unpredictable, ignored and counted | B3.1.1 | `nvic::registers::tests::narrow_…` |
//! | 0xE0042000 up (DBGMCU): the chip's | DDI0403 B3.1 | `tests::the_vendor_part_is_the_chips` |
//! | SysTick reads are exact, wraps on the way are pended first | B3.3 | `tests::systick_registers` |
//! | ITM ports say "not ready" unless switched on | C1.7.3 | `tests::itm_ports_are_not_ready_unless_enabled` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | trace output: ITM writes, TPIU, ETM | no trace port | taken, counted as unmodelled |
//! | FPB breakpoints and remapping | for debuggers | read zero, counted as unmodelled |
//! | ROM table, reserved addresses | nobody reads them | read zero, counted as unmodelled |

mod itm;

pub(crate) use itm::Itm;

use crate::scb::Ccr;
use crate::scb::registers::{CFSR, SHPR1, SHPR3};
use crate::{Abort, Addr, Bus, Cpu, FaultKind, Size};

const ITM: u32 = 0xE000_0000;
const DWT: u32 = 0xE000_1000;
const SCS: u32 = 0xE000_E000;
/// From here on to the ROM table the chip answers.
const VENDOR: u32 = 0xE004_2000;
const ROM_TABLE: u32 = 0xE00F_F000;

const ICTR: u32 = 0x004;
const SYST_CSR: u32 = 0x010;
const SYST_RVR: u32 = 0x014;
const SYST_CVR: u32 = 0x018;
const SYST_CALIB: u32 = 0x01C;
const IPR_FIRST: u32 = 0x400;
const IPR_LAST: u32 = 0x4EC;
const STIR: u32 = 0xF00;
const PID_FIRST: u32 = 0xFD0;

/// PID4–7, PID0–3, CID0–3 of the SCS (DDI0439 table 4-1; M3 differs in PID0 only).
const PERIPHERAL_ID: [u32; 12] = [0x04, 0, 0, 0, 0x0C, 0xB0, 0x0B, 0, 0x0D, 0xE0, 0x05, 0xB1];

impl Cpu {
    /// Reads from 0xE0000000..=0xE00FFFFF. The caller refreshes the deadline, here and after a write.
    pub(crate) fn ppb_read<B: Bus>(
        &mut self,
        bus: &mut B,
        addr: u32,
        size: Size,
    ) -> Result<u32, Abort> {
        self.check_access(addr, size)?;
        if is_vendor(addr) {
            return bus.read(&mut self.core, addr, size);
        }
        let word = self.ppb_read_word(bus, addr & !3).unwrap_or_else(|| {
            bus.unmodelled(&self.core, Addr(addr), false);
            0
        });
        let shifted = word >> (8 * (addr & 3));
        Ok(match size {
            Size::Byte => shifted & 0xFF,
            Size::Half => shifted & 0xFFFF,
            Size::Word => shifted,
        })
    }

    /// Writes to 0xE0000000..=0xE00FFFFF.
    pub(crate) fn ppb_write<B: Bus>(
        &mut self,
        bus: &mut B,
        addr: u32,
        size: Size,
        value: u32,
    ) -> Result<(), Abort> {
        self.check_access(addr, size)?;
        if is_vendor(addr) {
            return bus.write(&mut self.core, addr, size, value);
        }
        let modelled = match self.whole_word(addr, size, value) {
            Some(word) => self.ppb_write_word(bus, addr & !3, word),
            None => false,
        };
        if !modelled {
            bus.unmodelled(&self.core, Addr(addr), true);
        }
        Ok(())
    }

    fn check_access(&self, addr: u32, size: Size) -> Result<(), Abort> {
        let aligned = addr & (size.bytes() - 1) == 0;
        let user_port = match addr {
            ITM..DWT => self.dwt.itm.is_user_port(addr - ITM),
            _ => addr == SCS + STIR && self.scb.ccr().contains(Ccr::USERSETMPEND),
        };
        if aligned && (self.core.privileged() || user_port) {
            Ok(())
        } else {
            Err(Abort::Fault(FaultKind::Refused))
        }
    }

    /// The word that a write comes to. `None`: the register at `addr` cannot be written in part.
    fn whole_word(&self, addr: u32, size: Size, value: u32) -> Option<u32> {
        if size == Size::Word || (ITM..DWT).contains(&addr) {
            return Some(value);
        }
        let shift = 8 * (addr & 3);
        let mask = (if size == Size::Byte { 0xFF } else { 0xFFFF }) << shift;
        let written = value << shift & mask;
        match (addr & !3).checked_sub(SCS)? {
            // Ones clear: what is not written must be zero.
            CFSR => Some(written),
            offset @ SHPR1..=SHPR3 => Some(self.scb_read(offset)? & !mask | written),
            offset @ IPR_FIRST..=IPR_LAST => Some(self.nvic_read(offset)? & !mask | written),
            _ => None,
        }
    }

    fn ppb_read_word<B: Bus>(&mut self, bus: &mut B, addr: u32) -> Option<u32> {
        match addr {
            ITM..DWT => self.dwt.itm.read(addr - ITM, self.dwt.trace_enabled()),
            DWT..0xE000_2000 => self.dwt.read(self.core.now, addr - DWT),
            SCS..0xE000_F000 => self.scs_read(bus, addr - SCS),
            _ => None,
        }
    }

    fn ppb_write_word<B: Bus>(&mut self, bus: &mut B, addr: u32, value: u32) -> bool {
        match addr {
            ITM..DWT => self.dwt.itm.write(addr - ITM, value),
            DWT..0xE000_2000 => self.dwt.write(self.core.now, addr - DWT, value),
            SCS..0xE000_F000 => self.scs_write(bus, addr - SCS, value),
            _ => false,
        }
    }

    fn scs_read<B: Bus>(&mut self, bus: &mut B, offset: u32) -> Option<u32> {
        match offset {
            ICTR => Some(self.ictr()),
            SYST_CSR..=SYST_CALIB => {
                self.advance_systick(bus);
                Some(match offset {
                    SYST_CSR => {
                        // A poll loop sees COUNTFLAG change at an event, or not at all, only while it stays clear
                        // and its setting is an event.
                        let ctrl = self.systick.read_ctrl();
                        self.volatile_accesses += u64::from(self.systick.flag_changes_unseen(ctrl));
                        ctrl
                    }
                    SYST_RVR => self.systick.load(),
                    SYST_CVR => self.systick.value(self.core.now),
                    _ => self.systick.calib(),
                })
            }
            STIR => Some(0),
            PID_FIRST..=0xFFC => Some(PERIPHERAL_ID[(offset - PID_FIRST) as usize / 4]),
            _ => self
                .nvic_read(offset)
                .or_else(|| self.scb_read(offset))
                .or_else(|| self.fpu.read(offset)),
        }
    }

    fn scs_write<B: Bus>(&mut self, bus: &mut B, offset: u32, value: u32) -> bool {
        match offset {
            ICTR | SYST_CALIB | PID_FIRST..=0xFFC => true,
            SYST_CSR..=SYST_CVR => {
                self.advance_systick(bus);
                let now = self.core.now;
                match offset {
                    SYST_CSR => self.systick.write_ctrl(now, value),
                    SYST_RVR => self.systick.write_load(now, value),
                    _ => self.systick.write_val(now),
                }
                true
            }
            STIR => {
                self.stir_write(bus, value);
                true
            }
            _ => {
                self.nvic_write(bus, offset, value)
                    || self.scb_write(bus, offset, value)
                    || self.fpu.write(offset, value)
            }
        }
    }
}

const fn is_vendor(addr: u32) -> bool {
    addr >= VENDOR && addr < ROM_TABLE
}

#[cfg(test)]
mod tests;
