//! The flash controllers of the F103 XL: an FPEC a bank, with their registers in one block and one interrupt.
//!
//! | register or behaviour | source | test (in `tests/fpec_xl.rs`) |
//! |---|---|---|
//! | KEYR2, SR2, CR2, AR2 at 0x44 to 0x54 are those of bank 2; bank 1 has the others, options and ACR | RM0008 s3.3, cmsis_device_f1 stm32f103xg.h (S) | `each_bank_has_its_registers` |
//! | a bank can be read, or written, while the other is busy | RM0008 s3.3 (S) | `one_bank_is_read_while_the_other_is_erased`, `both_banks_are_busy_at_once` |
//! | MER erases the bank of its controller; AR outside of it: nothing, a finding | RM0008 s3.3 (M) | `each_bank_is_erased_by_itself` |
//! | one interrupt line for both | cmsis_device_f1 FLASH_IRQn (S) | `one_interrupt_for_both` |
//!
//! What a controller does is in [`fpec`](super::fpec).
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | BFB2, the boot from bank 2 | another issue | kept in USER |

use flashstall_cpu::{Addr, Size};

use super::Fpec;
use super::fpec_regs::{AR, CR, KEYR, SR};
use crate::chip::FlashSpec;
use crate::periph::{Cx, FlashPort, Peripheral, Refusal, Register, Signal};

/// From the registers of bank 1 to those of bank 2.
const SECOND: u32 = 0x40;

/// The pair.
#[derive(Clone, Debug)]
pub(super) struct FpecXl {
    irq: u16,
    first: Fpec,
    second: Fpec,
}

impl FpecXl {
    pub(super) fn new(flash: &FlashSpec, irq: u16) -> Self {
        Self {
            irq,
            first: Fpec::of_bank(flash, 1),
            second: Fpec::of_bank(flash, 2),
        }
    }

    /// Whose register it is, and its offset among those of an FPEC.
    fn owner(&mut self, offset: u32) -> (&mut Fpec, u32) {
        match offset.checked_sub(SECOND) {
            Some(KEYR) | Some(SR) | Some(CR) | Some(AR) => (&mut self.second, offset - SECOND),
            _ => (&mut self.first, offset),
        }
    }

    fn drive_irq(&self, cx: &mut Cx<'_>) {
        cx.irq(self.irq, self.first.wants_irq() || self.second.wants_irq());
    }
}

impl Peripheral for FpecXl {
    fn read(&mut self, cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        let (owner, offset) = self.owner(reg.offset);
        owner.read(cx, Register { offset, ..reg })
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        let (owner, offset) = self.owner(reg.offset);
        let result = owner.write(cx, Register { offset, ..reg }, value);
        self.drive_irq(cx);
        result
    }

    fn signal(&mut self, cx: &mut Cx<'_>, signal: &Signal) {
        self.first.signal(cx, signal);
        self.second.signal(cx, signal);
        if let Signal::FlashDone { .. } = signal {
            self.drive_irq(cx);
        }
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        self.first.reset(cx);
        self.second.reset(cx);
        self.drive_irq(cx);
    }

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        match offset.checked_sub(SECOND) {
            Some(KEYR) => Some("KEYR2"),
            Some(SR) => Some("SR2"),
            Some(CR) => Some("CR2"),
            Some(AR) => Some("AR2"),
            _ => self.first.register_name(offset),
        }
    }

    fn flash_port(&mut self) -> Option<&mut dyn FlashPort> {
        Some(self)
    }

    fn boxed_clone(&self) -> Box<dyn Peripheral> {
        Box::new(self.clone())
    }
}

impl FlashPort for FpecXl {
    fn array_write(
        &mut self,
        cx: &mut Cx<'_>,
        addr: Addr,
        size: Size,
        value: u32,
    ) -> Result<(), Refusal> {
        let flash = &cx.shared.flash;
        let bank = flash.memory.offset(addr.0).map_or(1, |o| flash.bank(o));
        let owner = if bank == 2 {
            &mut self.second
        } else {
            &mut self.first
        };
        let result = owner.array_write(cx, addr, size, value);
        self.drive_irq(cx);
        result
    }
}
