//! Programming by the FPEC: writes to the array itself. The table of behaviours is in [`fpec`](super::fpec).

use flashstall_cpu::{Addr, FaultKind, Size};

use super::Takes;
use super::fpec::Fpec;
use super::fpec_regs::{Cr, Sr};
use super::operation::{Contents, Request};
use crate::log::OperationKind;
use crate::periph::{Cx, FlashPort, Refusal};

impl Fpec {
    fn program(&mut self, cx: &mut Cx<'_>, addr: Addr, offset: u32, value: u32) {
        if self.is_protected(cx, offset, 2) {
            self.flag(cx, Sr::WRPRTERR);
        } else if value != 0 && !cx.shared.flash.is_erased(offset, 2) {
            self.flag(cx, Sr::PGERR);
        } else {
            self.begin(
                cx,
                Request {
                    kind: OperationKind::Program,
                    address: addr,
                    length: 2,
                    contents: Contents::Unit(value.into()),
                    takes: Takes::Program,
                },
            );
        }
    }

    fn program_option(&mut self, cx: &mut Cx<'_>, addr: Addr, offset: u32, value: u32) {
        if cx.shared.flash.options.read(offset, Size::Half) == Some(0xFFFF) {
            self.begin(
                cx,
                Request {
                    kind: OperationKind::OptionProgram,
                    address: addr,
                    length: 2,
                    contents: Contents::Unit(value.into()),
                    takes: Takes::Program,
                },
            );
        } else {
            self.flag(cx, Sr::PGERR);
        }
    }
}

impl FlashPort for Fpec {
    fn array_write(
        &mut self,
        cx: &mut Cx<'_>,
        addr: Addr,
        size: Size,
        value: u32,
    ) -> Result<(), Refusal> {
        let main = cx.shared.flash.memory.offset(addr.0);
        let option = cx.shared.flash.options.offset(addr.0);
        let wanted = if main.is_some() {
            Cr::PG
        } else {
            Cr::OPTPG | Cr::OPTWRE
        };
        if !self.lock.is_open() || !self.cr.contains(wanted) {
            cx.find("flash-write-without-pg", || {
                format!("a write to {addr}, in flash, with programming not enabled: bus error")
            });
            return Err(Refusal::Fault(FaultKind::Refused));
        }
        if size != Size::Half {
            cx.find("flash-write-width", || {
                format!(
                    "a write of {} bits to {addr}: only half-words are programmed",
                    size.bytes() * 8
                )
            });
            return Err(Refusal::Fault(FaultKind::Refused));
        }
        match (main, option) {
            (Some(offset), _) => self.program(cx, addr, offset, value & 0xFFFF),
            (None, Some(offset)) => self.program_option(cx, addr, offset, value & 0xFF),
            (None, None) => return Err(Refusal::Fault(FaultKind::Unmapped)),
        }
        Ok(())
    }
}
