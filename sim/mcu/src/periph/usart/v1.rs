//! USART with SR and DR (F1; L1 and F4 with 8x oversampling).
//!
//! Receiver, transmitter, flow control and DMA requests are those of [`v3`](super::v3), whose table says what is right about them;
//! here are the registers, and the software sequences by which flags are cleared.
//!
//! Sources: svd/STM32F103.svd (offsets, bits, reset values), reference/serial.md §1, §5, §6 (RM0041).
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | reset values | SVD | `reset_values_are_those_of_the_svd` |
//! | ORE, FE, NE, PE and IDLE are cleared by a read of SR that shows them and then one of DR | serial.md §5, §6 | `ore_is_cleared_by_sr_then_dr`, `a_read_of_dr_alone_clears_rxne_only` |
//! | a flag that comes between the two reads stays | \[D\]: software has not seen it | `a_flag_between_the_two_reads_stays` |
//! | ORE without RXNE interrupts: a handler that looks at RXNE only never leaves | serial.md §5 | `a_handler_that_looks_at_rxne_only_never_leaves` |
//! | RXNE, TC and CTS are cleared by writing 0, TC by SR then a write of DR too | RM0041 USART_SR | `flags_are_cleared_by_zeros`, `tc_is_cleared_by_sr_then_a_write` |
//! | writing 0 to RXNE leaves the character in DR: it is delivered by a read that comes before the next one, else overwritten | \[D\]: the manual clears a flag only; drivers that clear it before they read DR work | `a_character_whose_flag_was_cleared_is_still_read`, `a_character_whose_flag_was_cleared_is_overwritten` |
//! | RX is heard through a pin in input mode; AFIO_MAPR chooses which | RM0008 ch. 9 \[M\] | `rx_is_where_mapr_puts_it` |
//! | no OVRDIS, no receiver timeout; OVER8 and ONEBIT where the chip file says so | serial.md §1 | `what_a_part_does_not_have_is_not_kept` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | mute mode (RWU), break (SBK), LIN, synchronous, smartcard, `IrDA`, half-duplex | no scenario uses them | unmodelled; finding |
//! | UE 0 with flags set | not documented | SR goes to its reset value, as on v3 |

use super::bits::{Cr1, Cr2, Cr3, Isr};
use super::v3::Usart;
use crate::chip::PeripheralSpec;
use crate::periph::build::{BuildError, int};
use crate::periph::registers::{Names, left_out, name_of};
use crate::periph::{Cx, Peripheral, Refusal, Register, Signal, UartPort};

const SR: u32 = 0x00;
const DR: u32 = 0x04;
const BRR: u32 = 0x08;
const CR1: u32 = 0x0C;
const CR2: u32 = 0x10;
const CR3: u32 = 0x14;
const GTPR: u32 = 0x18;

const NAMES: Names = &[
    (SR, "SR"),
    (DR, "DR"),
    (BRR, "BRR"),
    (CR1, "CR1"),
    (CR2, "CR2"),
    (CR3, "CR3"),
    (GTPR, "GTPR"),
];

/// CR1.SBK.
const SBK: u32 = 1 << 0;
/// CR1.RWU.
const RWU: u32 = 1 << 1;
/// CR1.UE, which v3 has at bit 0.
const UE: u32 = 1 << 13;
/// The bits of CR1 that stand where v3 has them: RE to M.
const CR1_SAME: u32 = 0x1FFC;
/// CR2 but for ADD, which stands elsewhere and serves mute mode.
const CR2_SAME: Cr2 = Cr2::LBDL
    .union(Cr2::LBDIE)
    .union(Cr2::LBCL)
    .union(Cr2::CPHA)
    .union(Cr2::CPOL)
    .union(Cr2::CLKEN)
    .union(Cr2::STOP)
    .union(Cr2::LINEN);
/// CR2.ADD.
const ADD: u32 = 0xF;
/// CR3 up to CTSIE.
const CR3_SAME: u32 = 0x7FF;
/// SR: PE to TXE, CTS. They stand where ISR has them.
const SR_BITS: Isr = Isr::from_bits_retain(0x2FF);
/// The flags that SR then DR clears.
const BY_READING: Isr = Isr::ERRORS.union(Isr::PE).union(Isr::IDLE);
/// The flags that writing 0 clears, without RXNE.
const BY_ZERO: Isr = Isr::TC.union(Isr::CTSIF);

/// A USART of the older kind.
#[derive(Clone, Debug)]
pub(in crate::periph) struct UsartV1 {
    line: Usart,
    cr1: u32,
    cr2: u32,
    /// OVER8 and ONEBIT exist.
    over8: bool,
    /// What the last read of SR showed, if DR has not been accessed since.
    seen: Isr,
}

impl UsartV1 {
    pub(in crate::periph) fn build(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        let mut line = Usart::build(spec)?;
        line.frozen_while_enabled = false;
        Ok(Self {
            line,
            cr1: 0,
            cr2: 0,
            over8: int(spec, "over8")?.is_some_and(|n| n != 0),
            seen: Isr::empty(),
        })
    }

    fn write_cr1(&mut self, cx: &mut Cx<'_>, value: u32) -> Result<(), Refusal> {
        let over8 = if self.over8 { Cr1::OVER8.bits() } else { 0 };
        self.cr1 = value & (CR1_SAME | over8 | UE | RWU | SBK);
        let mut cr1 = Cr1::from_bits_truncate(self.cr1 & (CR1_SAME | over8));
        cr1.set(Cr1::UE, self.cr1 & UE != 0);
        self.line.write_cr1(cx, cr1.bits())?;
        if self.cr1 & RWU != 0 {
            return left_out(cx, &format!("mute mode of {}", self.line.name));
        }
        if self.cr1 & SBK != 0 {
            return left_out(cx, &format!("a break from {}", self.line.name));
        }
        Ok(())
    }

    fn write_cr3(&mut self, cx: &mut Cx<'_>, value: u32) -> Result<(), Refusal> {
        let one_bit = if self.over8 { Cr3::ONEBIT.bits() } else { 0 };
        self.line.write_cr3(cx, value & (CR3_SAME | one_bit))
    }

    /// The second half of a clearing sequence.
    fn read_dr(&mut self, cx: &mut Cx<'_>) -> u32 {
        let data = self.line.read_rdr(cx);
        if self.line.take_held(cx) {
            cx.side_effect();
        }
        let cleared = self.seen & BY_READING & self.line.flags;
        if !cleared.is_empty() {
            cx.side_effect();
            self.line.flags.remove(cleared);
            self.line.drive(cx);
        }
        self.seen = Isr::empty();
        data
    }

    fn write_sr(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) {
        let zeros = Isr::from_bits_truncate(!value & reg.mask);
        self.line.flags.remove(zeros & BY_ZERO);
        // The character stays in DR, and software may still read it: the Standard Peripheral Library clears the flag first.
        if zeros.contains(Isr::RXNE) {
            self.line.flags.remove(Isr::RXNE);
            self.line.drive(cx);
        }
    }
}

impl Peripheral for UsartV1 {
    fn read(&mut self, cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        Ok(match reg.offset {
            SR => {
                self.seen = self.line.isr() & SR_BITS;
                self.seen.bits()
            }
            DR => self.read_dr(cx),
            BRR => self.line.brr,
            CR1 => self.cr1,
            CR2 => self.cr2,
            CR3 => self.line.cr3.bits(),
            GTPR => self.line.gtpr,
            _ => return Err(Refusal::Unmodelled),
        })
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        let mut result = Ok(());
        match reg.offset {
            SR => self.write_sr(cx, reg, value),
            DR => {
                self.line.flags.remove(self.seen & Isr::TC);
                self.seen = Isr::empty();
                self.line.transmit(cx, value);
            }
            BRR => self.line.brr = reg.merge(self.line.brr, value) & 0xFFFF,
            CR1 => result = self.write_cr1(cx, reg.merge(self.cr1, value)),
            CR2 => {
                self.cr2 = reg.merge(self.cr2, value) & (CR2_SAME.bits() | ADD);
                result = self.line.write_cr2(cx, self.cr2 & CR2_SAME.bits());
            }
            CR3 => result = self.write_cr3(cx, reg.merge(self.line.cr3.bits(), value)),
            GTPR => self.line.gtpr = reg.merge(self.line.gtpr, value) & 0xFFFF,
            _ => return Err(Refusal::Unmodelled),
        }
        self.line.drive(cx);
        result
    }

    fn event(&mut self, cx: &mut Cx<'_>, token: u32) {
        self.line.event(cx, token);
    }

    fn signal(&mut self, cx: &mut Cx<'_>, signal: &Signal) {
        self.line.signal(cx, signal);
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        (self.cr1, self.cr2, self.seen) = (0, 0, Isr::empty());
        self.line.reset(cx);
    }

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        name_of(NAMES, offset)
    }

    fn uart(&mut self) -> Option<&mut dyn UartPort> {
        Some(&mut self.line)
    }

    fn boxed_clone(&self) -> Box<dyn Peripheral> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests;
