//! Programming by the F4 controller: writes to the array itself. The table of behaviours is in [`f4`](super::f4).

use flashstall_cpu::{Addr, Size};

use super::f4::FlashF4;
use super::f4_regs::{Cr, NWRP_SHIFT, OPTCR_RESET, OPTCR1_RESET, Optcr, Sr};
use super::operation::{self, Contents, Request};
use super::{FlashArray, OptionError, OptionSettings, Parallelism, Takes};
use crate::log::OperationKind;
use crate::periph::{Cx, FlashPort, Refusal};

/// Bytes in a row of the array.
const ROW: u32 = 16;

impl FlashF4 {
    /// The word of a double word: the first is kept, the second completes it. `Err` is the error flag.
    fn double_word(&mut self, addr: Addr, value: u32) -> Result<Option<(Addr, u64)>, Sr> {
        match self.first_word.take() {
            Some((first, low)) if addr.0 == first.0.wrapping_add(4) => {
                if addr.0.is_multiple_of(ROW) {
                    return Err(Sr::PGAERR);
                }
                Ok(Some((first, u64::from(value) << 32 | u64::from(low))))
            }
            _ => {
                self.first_word = Some((addr, value));
                Ok(None)
            }
        }
    }

    /// What a write of `size` at `addr` programs, with its length; `None` for the first half of a double word.
    fn unit(&mut self, addr: Addr, size: Size, value: u32) -> Result<Option<(Addr, u32, u64)>, Sr> {
        let value = match (self.parallelism(), size) {
            (Parallelism::X64, Size::Word) => {
                let unit = self.double_word(addr, value)?;
                return Ok(unit.map(|(first, value)| (first, 8, value)));
            }
            (Parallelism::X8, Size::Byte) => value & 0xFF,
            (Parallelism::X16, Size::Half) => value & 0xFFFF,
            (Parallelism::X32, Size::Word) => value,
            _ => return Err(Sr::PGPERR),
        };
        Ok(Some((addr, size.bytes(), value.into())))
    }

    fn program(&mut self, cx: &mut Cx<'_>, addr: Addr, length: u32, value: u64) {
        let offset = addr.0.wrapping_sub(cx.shared.flash.base());
        if self.is_protected(cx, offset, length) {
            self.flag(cx, Sr::WRPERR);
            return;
        }
        self.check_vpp(cx);
        let byte = |at: u32| cx.shared.flash.word(offset + at, Size::Byte);
        let sets_bits = (0..length)
            .any(|at| (value >> (8 * at)) as u32 & 0xFF & !byte(at).unwrap_or(0xFF) != 0);
        if sets_bits {
            cx.find("flash-program-not-erased", || {
                format!("programming at {addr} asks for ones where the array has zeros: they stay zeros, and no flag tells")
            });
        }
        operation::start(
            cx,
            Request {
                kind: OperationKind::Program,
                address: addr,
                length,
                contents: Contents::Unit(value),
                takes: Takes::Program,
            },
        );
    }
}

impl FlashPort for FlashF4 {
    fn chooses_bank(&self) -> bool {
        self.banks == 2 && self.options.0.contains(Optcr::BFB2)
    }

    fn set_options(
        &mut self,
        flash: &mut FlashArray,
        settings: &OptionSettings,
    ) -> Result<(), OptionError> {
        let in_bank = self.sectors.len() as u32;
        let (mut first, mut second) = (OPTCR_RESET - Optcr::OPTLOCK, OPTCR1_RESET);
        match settings.boot_from_bank2 {
            Some(_) if self.banks < 2 => return Err(OptionError::OneBank),
            Some(on) => first.set(Optcr::BFB2, on),
            None => {}
        }
        for &sector in &settings.write_protected {
            let last = in_bank * u32::from(self.banks) - 1;
            if sector > last {
                return Err(OptionError::NoSuchSector(sector, last));
            }
            if sector < in_bank {
                first -= Optcr::from_bits_retain(1 << (NWRP_SHIFT + sector));
            } else {
                second &= !(1 << (NWRP_SHIFT + sector - in_bank));
            }
        }
        let bytes: Vec<u8> = first
            .to_bytes()
            .into_iter()
            .flat_map(u32::to_le_bytes)
            .collect();
        if !flash.options.poke(0, &bytes) {
            return Err(OptionError::NotModelled);
        }
        self.options = (first, second);
        Ok(())
    }

    fn array_write(
        &mut self,
        cx: &mut Cx<'_>,
        addr: Addr,
        size: Size,
        value: u32,
    ) -> Result<(), Refusal> {
        if let Some(end) = Self::busy_until(cx) {
            return Err(Refusal::HeldUntil(end));
        }
        let in_array = cx.shared.flash.memory.offset(addr.0).is_some();
        if !in_array || !self.lock.is_open() || !self.cr.contains(Cr::PG) {
            cx.find("flash-write-without-pg", || {
                format!(
                    "a write to {addr} with programming not enabled: PGSERR, nothing is written"
                )
            });
            self.flag(cx, Sr::PGSERR);
            return Ok(());
        }
        match self.unit(addr, size, value) {
            Ok(Some((addr, length, value))) => self.program(cx, addr, length, value),
            Ok(None) => {}
            Err(flag) => {
                let psize = self.parallelism();
                cx.find("flash-write-width", || {
                    format!(
                        "a write of {} bits to {addr} with PSIZE {psize:?}: {flag:?}, nothing is written",
                        8 * size.bytes()
                    )
                });
                self.flag(cx, flag);
            }
        }
        Ok(())
    }
}
