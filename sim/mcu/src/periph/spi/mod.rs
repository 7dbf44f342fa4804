//! SPI master: with one frame of buffer (v1: F1, L1, F4) or with FIFOs (v2: F3, L4).
//!
//! Sources: svd/STM32F103.svd, svd/STM32F303.svd (offsets, bits, reset values), reference/i2c_spi_qspi.md s2. Behaviour that is cited by
//! manual section is from memory \[M\] unless the row says otherwise.
//!
//! | register or behaviour | source | test |
//! |---|---|---|
//! | reset values | SVD | `reset_values_are_those_of_the_svd` |
//! | a bit takes 2 to 256 cycles of the APB clock (BR); frames follow each other without a gap | RM0008 SPI_CR1 | `a_frame_takes_its_bits`, `frames_follow_without_a_gap` |
//! | TXE when the buffer goes to the shift register; RXNE when the last bit is sampled, half a bit before its end; BSY goes at its end | RM0008 s25.3.5 figures; the half bit \[D\] | `a_frame_takes_its_bits` |
//! | DR written while TXE is 0: what was there is lost; a finding | RM0008 SPI_DR | `a_write_too_many_is_told` |
//! | a frame that comes while RXNE is 1 (v2: without room) sets OVR and is lost; a read of DR, then of SR clears OVR | reference s2 | `an_overrun_keeps_the_old_frame` |
//! | SSM with SSI = 0 in a master: MODF, MSTR and SPE go; a read of SR, then a write of CR1 clears it | RM0008 s25.3.10 | `a_master_that_is_selected_is_none` |
//! | 8 and 16 bits (v1), 4 to 16 (v2); LSB first | SPI_CR1, SPI_CR2 | `frames_have_the_bits_that_are_set`, `lsb_first` |
//! | v2: packing, RXNE by FRXTH, TXE while half of the FIFO is free, levels | RM0364 s30.5 | `buffers` tests |
//! | receive-only: the clock runs as long as SPE is 1, and the frame under way is finished | RM0008 s25.3.8 | `receive_only_clocks_by_itself` |
//! | one data line: what is sent is not received | RM0008 s25.3.4 | `one_line_sends_or_receives` |
//! | SPE off while a frame is sent cuts it | RM0008 s25.3.8: the transfer may be corrupted; that it stops at once \[D\] | `switching_off_cuts_the_frame` |
//! | interrupts: TXE, RXNE, errors on one line; requests to DMA | SPI_CR2 | `interrupts_are_the_or_of_what_is_enabled`, `requests_to_dma_follow_the_buffers` |
//! | the chip select of a device is a pin that firmware drives, or NSS of this SPI (pin in alternate mode, SSOE, SPE) | board; RM0008 s25.3.1 | `a_device_is_selected_by_its_pin`, `a_device_is_selected_by_nss` |
//! | a pin that is no output any more lets its device go | the board pulls chip selects up | `gpio_v1::who_watches_a_pin_hears_when_the_chip_pulls_it_low` |
//! | a device hears the bits that were sampled while its chip select was low, no others | SPI of any flash data sheet | `chip_select_that_rises_early_cuts_the_byte` |
//! | clock modes 1 and 2 do not suit a serial flash; a finding | data sheet of the W25Q64JV: modes 0 and 3 | `a_wrong_clock_mode_is_told` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | slave mode | nothing here is a master | unmodelled; finding |
//! | CRC, TI frames, I2S, NSS pulses between frames, LDMA | no scenario uses them | unmodelled; finding |
//! | the modes of SCK, MOSI and MISO pins, and their remaps | a table for each part | the lines are always connected |
//! | NSS as an input of a master (SSM = 0, SSOE = 0) | same | it is high |
//! | the cycles between a write of DR and the first edge of SCK | no figure | none |
//! | the phase of the baud generator | not documented | it begins with the frame |
//! | what modes 1 and 2 do to the bits | depends on delays | the device hears nothing |
//! | nothing connected | MISO floats | every frame reads ones; finding `spi-nothing-connected` |

mod bits;
mod buffers;
mod select;
mod shift;
#[cfg(test)]
mod tests;

use bits::{
    CR1, CR2, CRCPR, CRCPR_RESET, Cr1, Cr2, DR, I2SCFGR, I2SMOD, I2SPR, I2SPR_RESET, NAMES, SR, Sr,
};
pub(super) use buffers::{Buffers, Fifo, Single};
use shift::Shift;

use crate::Hertz;
use crate::chip::PeripheralSpec;
use crate::periph::build::{BuildError, only_irq};
use crate::periph::registers::{left_out, name_of};
use crate::periph::{Cx, DmaLine, Peripheral, Refusal, Register, Signal};

/// The last bit of the frame is sampled.
const SAMPLED: u32 = 0;
/// The frame is over.
const OVER: u32 = 1;

/// An SPI.
#[derive(Clone, Debug)]
pub(super) struct Spi<B> {
    name: String,
    irq: u16,
    /// Clocked by APB1.
    on_apb1: bool,
    cr1: Cr1,
    cr2: Cr2,
    /// OVR and MODF.
    errors: Sr,
    crcpr: u32,
    i2scfgr: u32,
    i2spr: u32,
    buffers: B,
    shift: Option<Shift>,
    /// DR was read since OVR was set.
    dr_read: bool,
    /// SR was read since MODF was set.
    sr_read: bool,
    /// The levels of the requests to DMA.
    requests: (bool, bool),
    told_nobody: bool,
}

impl<B: Buffers> Spi<B> {
    pub(super) fn build(spec: &PeripheralSpec) -> Result<Self, BuildError> {
        let Some(clock) = &spec.clock else {
            return Err(BuildError::missing(spec, "a clock-enable bit"));
        };
        Ok(Self {
            name: spec.name.clone(),
            irq: only_irq(spec)?,
            on_apb1: clock.register.starts_with("APB1"),
            cr1: Cr1::empty(),
            cr2: B::CR2_RESET,
            errors: Sr::empty(),
            crcpr: CRCPR_RESET,
            i2scfgr: 0,
            i2spr: I2SPR_RESET,
            buffers: B::default(),
            shift: None,
            dr_read: false,
            sr_read: false,
            requests: (false, false),
            told_nobody: false,
        })
    }

    fn frame_bits(&self) -> u8 {
        B::frame_bits(self.cr1, self.cr2)
    }

    /// Half bits a second.
    fn half_bit_rate(&self, cx: &Cx<'_>) -> Hertz {
        let clocks = &cx.shared.clocks;
        let apb = if self.on_apb1 {
            clocks.pclk1
        } else {
            clocks.pclk2
        };
        apb.scaled(1, 1 << self.cr1.br())
    }

    fn sr(&self) -> u32 {
        let mut sr = self.errors;
        sr.set(Sr::BSY, self.shift.is_some());
        sr.bits() | self.buffers.flags(self.cr2)
    }

    /// Drives the interrupt and the requests to DMA.
    fn drive(&mut self, cx: &mut Cx<'_>) {
        let sr = Sr::from_bits_truncate(self.sr());
        let both = |enabled: Cr2, flags: Sr| self.cr2.contains(enabled) && sr.intersects(flags);
        let irq = both(Cr2::RXNEIE, Sr::RXNE)
            || both(Cr2::TXEIE, Sr::TXE)
            || both(Cr2::ERRIE, Sr::OVR | Sr::MODF);
        let (rx, tx) = (both(Cr2::RXDMAEN, Sr::RXNE), both(Cr2::TXDMAEN, Sr::TXE));
        cx.irq(self.irq, irq);
        for (line, was, high) in [
            (DmaLine::Rx, &mut self.requests.0, rx),
            (DmaLine::Tx, &mut self.requests.1, tx),
        ] {
            if std::mem::replace(was, high) != high {
                let from = cx.id;
                cx.send(Signal::DmaRequest { from, line, high });
            }
        }
    }

    fn read_sr(&mut self, cx: &mut Cx<'_>) -> u32 {
        let sr = self.sr();
        if self.errors.contains(Sr::OVR) && self.dr_read {
            cx.side_effect();
            self.errors.remove(Sr::OVR);
            self.drive(cx);
        }
        self.sr_read = self.errors.contains(Sr::MODF);
        sr
    }

    fn read_dr(&mut self, cx: &mut Cx<'_>, reg: Register) -> u32 {
        cx.side_effect();
        self.dr_read = self.errors.contains(Sr::OVR);
        let value = self.buffers.read(reg.size);
        self.drive(cx);
        value
    }

    fn write_dr(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) {
        let bits = self.frame_bits();
        if !self.buffers.write(reg.size, value, bits) {
            let name = &self.name;
            cx.find("spi-transmit-overwritten", || {
                format!("{name}_DR was written without room for it (TXE = 0): data is lost")
            });
        }
        self.start(cx);
    }

    fn write_cr1(&mut self, cx: &mut Cx<'_>, value: u32) -> Result<(), Refusal> {
        let old = self.cr1;
        let mut cr1 = Cr1::from_bits_truncate(value);
        if std::mem::take(&mut self.sr_read) {
            self.errors.remove(Sr::MODF);
        }
        if cr1.contains(Cr1::MSTR | Cr1::SSM) && !cr1.contains(Cr1::SSI) {
            self.errors.insert(Sr::MODF);
            let name = &self.name;
            cx.find("spi-mode-fault", || {
                format!("{name} is a master with SSM = 1 and SSI = 0: MODF, and it is switched off")
            });
        }
        if self.errors.contains(Sr::MODF) {
            cr1.remove(Cr1::MSTR | Cr1::SPE);
        }
        self.cr1 = cr1;
        if old.contains(Cr1::SPE) && !cr1.contains(Cr1::SPE) {
            self.switch_off(cx, old);
        }
        self.follow_selects(cx);
        self.start(cx);
        self.refuse_what_is_left_out(cx)
    }

    fn refuse_what_is_left_out(&self, cx: &mut Cx<'_>) -> Result<(), Refusal> {
        let on = self.cr1.contains(Cr1::SPE);
        for (asked, what) in [
            (on && !self.cr1.contains(Cr1::MSTR), "slave mode"),
            (on && self.cr1.contains(Cr1::CRCEN), "the CRC"),
            (on && self.cr2.contains(Cr2::FRF), "the TI frame format"),
            (
                on && self.cr2.contains(Cr2::SSOE | Cr2::NSSP),
                "an NSS pulse between frames",
            ),
            (self.cr2.intersects(Cr2::LDMA_RX | Cr2::LDMA_TX), "LDMA"),
            (self.i2scfgr & I2SMOD != 0, "I2S"),
        ] {
            if asked {
                return left_out(cx, &format!("{what} of {}", self.name));
            }
        }
        Ok(())
    }
}

impl<B: Buffers> Peripheral for Spi<B> {
    fn read(&mut self, cx: &mut Cx<'_>, reg: Register) -> Result<u32, Refusal> {
        Ok(match reg.offset {
            CR1 => self.cr1.bits(),
            CR2 => self.cr2.bits(),
            SR => self.read_sr(cx),
            DR => self.read_dr(cx, reg),
            CRCPR => self.crcpr,
            I2SCFGR => self.i2scfgr,
            I2SPR => self.i2spr,
            _ => return Err(Refusal::Unmodelled),
        })
    }

    fn write(&mut self, cx: &mut Cx<'_>, reg: Register, value: u32) -> Result<(), Refusal> {
        let mut result = Ok(());
        match reg.offset {
            CR1 => result = self.write_cr1(cx, reg.merge(self.cr1.bits(), value)),
            CR2 => {
                self.cr2 = B::cr2(reg.merge(self.cr2.bits(), value));
                self.follow_selects(cx);
                result = self.refuse_what_is_left_out(cx);
            }
            // Only CRCERR is written, and there is no CRC.
            SR => {}
            DR => self.write_dr(cx, reg, value),
            CRCPR => self.crcpr = reg.merge(self.crcpr, value) & 0xFFFF,
            I2SCFGR => {
                self.i2scfgr = reg.merge(self.i2scfgr, value) & 0x0FBF;
                result = self.refuse_what_is_left_out(cx);
            }
            I2SPR => self.i2spr = reg.merge(self.i2spr, value) & 0x3FF,
            _ => return Err(Refusal::Unmodelled),
        }
        self.drive(cx);
        result
    }

    fn event(&mut self, cx: &mut Cx<'_>, token: u32) {
        match token {
            SAMPLED => self.sampled(cx),
            _ => self.over(cx),
        }
        self.drive(cx);
    }

    fn signal(&mut self, cx: &mut Cx<'_>, signal: &Signal) {
        if let Signal::ChipDrives { .. } = signal {
            self.follow_selects(cx);
        }
    }

    fn reset(&mut self, cx: &mut Cx<'_>) {
        self.cut(cx);
        (self.cr1, self.cr2) = (Cr1::empty(), B::CR2_RESET);
        self.errors = Sr::empty();
        (self.crcpr, self.i2scfgr, self.i2spr) = (CRCPR_RESET, 0, I2SPR_RESET);
        self.buffers = B::default();
        (self.dr_read, self.sr_read) = (false, false);
        self.follow_selects(cx);
        self.drive(cx);
    }

    fn register_name(&self, offset: u32) -> Option<&'static str> {
        name_of(NAMES, offset)
    }

    fn boxed_clone(&self) -> Box<dyn Peripheral> {
        Box::new(self.clone())
    }
}
