//! The exception frame: its layout, the order of its transfers, and the transfers themselves.

use crate::fpu::CONTEXT_WORDS;
use crate::scb::Ccr;
use crate::{Abort, Bus, Core, Cpu, Cycles, HoldKind};

/// Bytes of the basic frame.
const FRAME: u32 = 32;
/// Bytes of a frame with room for a floating-point context: S0 to S15, FPSCR and a word that is not used.
const EXTENDED_FRAME: u32 = FRAME + 4 * (CONTEXT_WORDS + 1);
/// xPSR bit 9 of a frame: a word was left free above it to align it.
const PADDED: u32 = 1 << 9;
/// Offsets of the words in the frame in the order in which they go over the bus: PC and xPSR first, so that
/// fetching can begin early (DDI0337 §5.5.1).
pub(super) const TRANSFER_ORDER: [u32; 8] = [0x18, 0x1C, 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14];

impl Cpu {
    /// Where the frame goes, and its words in [`TRANSFER_ORDER`] (ARMv7-M B1.5.6 `PushStack`).
    pub(super) fn frame_to_push(&self) -> (u32, [u32; 8]) {
        let core = &self.core;
        let r = core.r;
        let extended = core.fp.active;
        let aligned = extended || self.scb.ccr().contains(Ccr::STKALIGN);
        let frame = r[13].wrapping_sub(frame_bytes(extended)) & if aligned { !7 } else { !3 };
        let padded = if aligned && r[13] & 4 != 0 { PADDED } else { 0 };
        (
            frame,
            [
                core.pc,
                core.xpsr() | padded,
                r[0],
                r[1],
                r[2],
                r[3],
                r[12],
                r[14],
            ],
        )
    }

    /// The stack pointer behind a frame that was popped, whose xPSR was this (B1.5.8 `PopStack`).
    pub(super) fn sp_above(&self, frame: u32, extended: bool, xpsr: u32) -> u32 {
        let padded = xpsr & PADDED != 0 && (extended || self.scb.ccr().contains(Ccr::STKALIGN));
        frame.wrapping_add(frame_bytes(extended)) | if padded { 4 } else { 0 }
    }

    /// A stack that runs into code that has been executed overwrites it.
    pub(crate) fn code_under(&mut self, frame: u32, bytes: u32) {
        let end = frame.wrapping_add(bytes);
        if self.code.may_hold(frame) || self.code.may_hold(end.wrapping_sub(4)) {
            self.code.invalidate(frame, end);
        }
    }

    /// One transfer to or from a stack, repeated while the bus holds it. `Err`: a bus error.
    pub(crate) fn stack_access<B: Bus, T>(
        &mut self,
        bus: &mut B,
        addr: u32,
        mut transfer: impl FnMut(&mut Core, &mut B) -> Result<T, Abort>,
    ) -> Result<T, ()> {
        if addr >> 20 == 0xE00 {
            return Err(());
        }
        loop {
            match transfer(&mut self.core, bus) {
                Ok(value) => return Ok(value),
                Err(Abort::Held { until }) => {
                    self.hold(
                        bus,
                        HoldKind::Data,
                        addr,
                        until.max(self.core.now + Cycles(1)),
                        None,
                    );
                    if bus.reset_requested() {
                        return Err(());
                    }
                }
                Err(Abort::Fault(_)) => return Err(()),
            }
        }
    }
}

/// Bytes that a frame takes.
pub(super) const fn frame_bytes(extended: bool) -> u32 {
    if extended { EXTENDED_FRAME } else { FRAME }
}

/// Offsets of the words of the floating-point context in an extended frame.
pub(super) fn context_offsets() -> impl Iterator<Item = u32> {
    (0..CONTEXT_WORDS).map(|index| FRAME + 4 * index)
}
