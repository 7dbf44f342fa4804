//! Programming by the flash controller of the L1: writes to program memory, data EEPROM and option bytes. The table of behaviours is in
//! [`l1`](super::l1).

use flashstall_cpu::{Addr, FaultKind, Size};

use super::Takes;
use super::l1::FlashL1;
use super::l1_regs::{Pecr, Sr};
use super::operation::{self, Contents, Request};
use crate::log::OperationKind;
use crate::periph::{Cx, FlashPort, Refusal};

/// Bytes in half a page.
const HALF_PAGE: u32 = 128;

impl FlashL1 {
    fn write_program_memory(
        &mut self,
        cx: &mut Cx<'_>,
        addr: Addr,
        offset: u32,
        size: Size,
        value: u32,
    ) {
        if !self.is_open(Pecr::PRGLOCK) {
            return self.fail(cx, Sr::WRPERR, "a write to program memory with PRGLOCK set");
        }
        if self.is_protected(offset) {
            return self.fail(cx, Sr::WRPERR, "a write to a protected sector");
        }
        if size != Size::Word {
            return self.fail(cx, Sr::SIZERR, "a write to program memory that is no word");
        }
        if self.pecr.contains(Pecr::ERASE | Pecr::PROG) {
            let page = cx.shared.flash.page_of(offset);
            let base = cx.shared.flash.base();
            return operation::start(
                cx,
                Request {
                    kind: OperationKind::PageErase,
                    address: Addr(base + page.first),
                    length: page.size(),
                    contents: Contents::Erased,
                    takes: Takes::PageErase,
                },
            );
        }
        if self.pecr.contains(Pecr::FPRG | Pecr::PROG) {
            return self.program_half_page(cx, addr, value);
        }
        operation::start(
            cx,
            Request {
                kind: OperationKind::Program,
                address: addr,
                length: 4,
                contents: Contents::Unit(value.into()),
                takes: Takes::Program,
            },
        );
    }

    fn program_half_page(&mut self, cx: &mut Cx<'_>, addr: Addr, value: u32) {
        let (start, mut bytes) = match self.half_page.take() {
            Some(half) => half,
            None if addr.0.is_multiple_of(HALF_PAGE) => {
                (addr, Vec::with_capacity(HALF_PAGE as usize))
            }
            None => return self.fail(cx, Sr::PGAERR, "a half page begins at a multiple of 128"),
        };
        if addr.0 != start.0.wrapping_add(bytes.len() as u32) {
            return self.fail(
                cx,
                Sr::PGAERR,
                "the words of a half page are written in order",
            );
        }
        bytes.extend(value.to_le_bytes());
        if (bytes.len() as u32) < HALF_PAGE {
            self.half_page = Some((start, bytes));
            return;
        }
        operation::start(
            cx,
            Request {
                kind: OperationKind::Program,
                address: start,
                length: HALF_PAGE,
                contents: Contents::Row(bytes.into_boxed_slice()),
                takes: Takes::Row,
            },
        );
    }

    fn write_eeprom(&mut self, cx: &mut Cx<'_>, addr: Addr, offset: u32, size: Size, value: u32) {
        if !self.is_open(Pecr::PELOCK) {
            return self.fail(cx, Sr::WRPERR, "a write to the data EEPROM with PELOCK set");
        }
        let word = cx.shared.flash.eeprom.read(offset & !3, Size::Word);
        let erase_only = self.pecr.contains(Pecr::ERASE | Pecr::DATA);
        if erase_only && size != Size::Word {
            return self.fail(cx, Sr::SIZERR, "an EEPROM erase that is no word");
        }
        let erase = self.pecr.contains(Pecr::FTDW) || word != Some(0);
        let (value, takes) = match (erase_only, erase) {
            // An erase alone takes as long as a write alone.
            (true, _) => (0, Takes::Eeprom),
            (false, true) => (value, Takes::EepromErase),
            (false, false) => (value, Takes::Eeprom),
        };
        operation::start(
            cx,
            Request {
                kind: OperationKind::EepromWrite,
                address: addr,
                length: size.bytes(),
                contents: Contents::Unit(value.into()),
                takes,
            },
        );
    }

    fn write_option(&mut self, cx: &mut Cx<'_>, addr: Addr, size: Size, value: u32) {
        if !self.is_open(Pecr::OPTLOCK) {
            return self.fail(
                cx,
                Sr::WRPERR,
                "a write to the option bytes with OPTLOCK set",
            );
        }
        if size != Size::Word {
            return self.fail(
                cx,
                Sr::SIZERR,
                "a write to the option bytes that is no word",
            );
        }
        operation::start(
            cx,
            Request {
                kind: OperationKind::OptionProgram,
                address: addr,
                length: 4,
                contents: Contents::Unit(value.into()),
                takes: Takes::EepromErase,
            },
        );
    }
}

impl FlashPort for FlashL1 {
    fn array_write(
        &mut self,
        cx: &mut Cx<'_>,
        addr: Addr,
        size: Size,
        value: u32,
    ) -> Result<(), Refusal> {
        // One operation at a time, in whichever bank.
        let end = cx.shared.flash.running().map(|running| running.end).max();
        if let Some(end) = end.filter(|_| cx.shared.flash.is_busy(cx.cycle)) {
            return Err(Refusal::HeldUntil(end));
        }
        if let Some(offset) = cx.shared.flash.memory.offset(addr.0) {
            self.write_program_memory(cx, addr, offset, size, value);
        } else if let Some(offset) = cx.shared.flash.eeprom.offset(addr.0) {
            self.write_eeprom(cx, addr, offset, size, value);
        } else if cx.shared.flash.options.offset(addr.0).is_some() {
            self.write_option(cx, addr, size, value);
        } else {
            return Err(Refusal::Fault(FaultKind::Unmapped));
        }
        Ok(())
    }
}
