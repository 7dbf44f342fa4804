//! Programming by the flash controller of the L4: writes to the array itself. The table of behaviours is in [`l4`](super::l4).

use flashstall_cpu::{Addr, FaultKind, Size};

use super::l4::FlashL4;
use super::l4_regs::{BFB2, Cr, Sr};
use super::operation::{self, Contents, Request};
use super::{FlashArray, OptionError, OptionSettings, Sector, Takes};
use crate::log::OperationKind;
use crate::periph::{Cx, FlashPort, Refusal};

/// Bytes in a double word.
const UNIT: u32 = 8;
/// Bytes in a row: 32 double words.
const ROW: u32 = 256;

impl FlashL4 {
    fn program_word(&mut self, cx: &mut Cx<'_>, addr: Addr, offset: u32, value: u32) {
        let Some((at, low)) = self.first.take() else {
            if offset.is_multiple_of(UNIT) {
                self.first = Some((addr, value));
            } else {
                self.fail(cx, Sr::PGAERR, "the first word is not at a multiple of 8");
            }
            return;
        };
        if addr.0 != at.0.wrapping_add(4) {
            return self.fail(cx, Sr::PGAERR, "two words that are not one double word");
        }
        let first = offset - 4;
        let double = u64::from(value) << 32 | u64::from(low);
        let range = Sector {
            first,
            end: first + UNIT,
        };
        if self.is_protected(cx, range) {
            self.fail(cx, Sr::WRPERR, "programming of a protected page");
        } else if double != 0 && !cx.shared.flash.is_erased(first, UNIT) {
            self.fail(cx, Sr::PROGERR, "programming of what is not erased");
        } else {
            self.fresh &= !(1 << (cx.shared.flash.bank(first) - 1));
            operation::start(
                cx,
                Request {
                    kind: OperationKind::Program,
                    address: at,
                    length: UNIT,
                    contents: Contents::Unit(double),
                    takes: Takes::Program,
                },
            );
        }
    }

    fn program_row(&mut self, cx: &mut Cx<'_>, addr: Addr, offset: u32, value: u32) {
        let bank = cx.shared.flash.bank(offset);
        if self.fresh >> (bank - 1) & 1 == 0 {
            return self.fail(
                cx,
                Sr::PGSERR,
                "fast programming of a bank that was not mass-erased",
            );
        }
        let (start, mut bytes) = match self.row.take() {
            Some(row) => row,
            None if offset.is_multiple_of(ROW) => (addr, Vec::with_capacity(ROW as usize)),
            None => {
                return self.fail(
                    cx,
                    Sr::PGAERR | Sr::FASTERR,
                    "a row begins at a multiple of 256",
                );
            }
        };
        if addr.0 != start.0.wrapping_add(bytes.len() as u32) {
            return self.fail(
                cx,
                Sr::PGAERR | Sr::FASTERR,
                "the words of a row are written in order",
            );
        }
        bytes.extend(value.to_le_bytes());
        if (bytes.len() as u32) < ROW {
            self.row = Some((start, bytes));
            return;
        }
        let first = offset + 4 - ROW;
        let range = Sector {
            first,
            end: first + ROW,
        };
        if self.is_protected(cx, range) {
            return self.fail(
                cx,
                Sr::WRPERR | Sr::FASTERR,
                "programming of a protected page",
            );
        }
        operation::start(
            cx,
            Request {
                kind: OperationKind::Program,
                address: start,
                length: ROW,
                contents: Contents::Row(bytes.into_boxed_slice()),
                takes: Takes::Row,
            },
        );
    }
}

impl FlashPort for FlashL4 {
    fn chooses_bank(&self) -> bool {
        self.chooses_bank
    }

    fn set_options(
        &mut self,
        flash: &mut FlashArray,
        settings: &OptionSettings,
    ) -> Result<(), OptionError> {
        let (Some(on), []) = (settings.boot_from_bank2, &settings.write_protected[..]) else {
            return Err(OptionError::NotModelled);
        };
        if flash.geometry.banks() < 2 {
            return Err(OptionError::OneBank);
        }
        let factory = flash.options.read(0, Size::Word).unwrap_or_default();
        let optr = if on { factory | BFB2 } else { factory & !BFB2 };
        let bytes = [optr, !optr].map(u32::to_le_bytes).concat();
        if !flash.options.poke(0, &bytes) {
            return Err(OptionError::NotModelled);
        }
        self.load_options(flash);
        Ok(())
    }

    fn array_write(
        &mut self,
        cx: &mut Cx<'_>,
        addr: Addr,
        size: Size,
        value: u32,
    ) -> Result<(), Refusal> {
        let Some(offset) = cx.shared.flash.memory.offset(addr.0) else {
            // Option bytes are written by their registers only.
            return Err(Refusal::Fault(FaultKind::Refused));
        };
        // One operation at a time, in whichever bank.
        let end = cx.shared.flash.running().map(|running| running.end).max();
        if let Some(end) = end.filter(|_| cx.shared.flash.is_busy(cx.cycle)) {
            return Err(Refusal::HeldUntil(end));
        }
        let cr = self.control();
        let erase = cr.intersects(Cr::PER | Cr::MER1 | Cr::MER2);
        if !cr.intersects(Cr::PG | Cr::FSTPG) || erase {
            self.fail(
                cx,
                Sr::PGSERR,
                "a write to flash without PG, or with an erase chosen",
            );
        } else if self.sr.intersects(Sr::ERRORS) {
            self.fail(cx, Sr::PGSERR, "programming with an old error flag set");
        } else if size != Size::Word {
            self.fail(cx, Sr::SIZERR, "a write to flash that is no word");
        } else if cr.contains(Cr::FSTPG) {
            self.program_row(cx, addr, offset, value);
        } else {
            self.program_word(cx, addr, offset, value);
        }
        Ok(())
    }
}
