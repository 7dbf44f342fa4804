//! Data accesses: alignment, bit-band aliases, the private peripheral bus, devices, holds, and
//! stores into decoded code.
//!
//! Memory below [`PLAIN_END`] that is not written through a device is the fast path: one call of the bus. All else goes
//! through the slow functions, after which the deadline is computed anew, because a device may have moved it.

use crate::hold::Released;
use crate::{Abort, Bus, Cpu, Cycles, Exit, Fault, HoldKind, Size};

/// Code and SRAM regions up to the SRAM bit-band alias: nothing there reacts to being read.
const PLAIN_END: u32 = 0x2200_0000;
/// Start of the SRAM region. Below it a write may be a flash command.
const SRAM: u32 = 0x2000_0000;
/// The private peripheral bus.
const PPB: u32 = 0xE000_0000;
const PPB_BYTES: u32 = 0x10_0000;
/// SysTick's counter, which runs while a poll loop looks at it.
const SYST_CVR: u32 = 0xE000_E018;
/// ITM, DWT and FPB.
const DEBUG_UNITS: std::ops::Range<u32> = 0xE000_0000..0xE000_3000;

impl Cpu {
    /// Reads memory as a load instruction does, zero-extended: any alignment, bit-band, private peripherals, and
    /// holds until the bus answers. Cycles beyond the instruction's own are added to [`Core::now`](crate::Core::now).
    ///
    /// # Errors
    /// The fault that the instruction takes.
    pub fn data_read<B: Bus>(&mut self, bus: &mut B, addr: u32, size: Size) -> Result<u32, Fault> {
        let value = self.load(bus, addr, size)?;
        self.core.now += self.beat;
        Ok(value)
    }

    /// Writes the low `size` bytes of `value` as a store instruction does; see [`data_read`](Self::data_read).
    ///
    /// # Errors
    /// The fault that the instruction takes.
    pub fn data_write<B: Bus>(
        &mut self,
        bus: &mut B,
        addr: u32,
        size: Size,
        value: u32,
    ) -> Result<(), Fault> {
        self.store(bus, addr, size, value)?;
        self.core.now += self.beat;
        Ok(())
    }

    /// Loads `size` bytes, zero-extended.
    #[inline(always)]
    pub(crate) fn load<B: Bus>(
        &mut self,
        bus: &mut B,
        addr: u32,
        size: Size,
    ) -> Result<u32, Fault> {
        if addr < PLAIN_END && is_aligned(addr, size) {
            match bus.read(&mut self.core, addr, size) {
                Ok(value) => Ok(value),
                Err(abort) => self.load_again(bus, addr, size, abort),
            }
        } else {
            self.load_slow(bus, addr, size)
        }
    }

    /// Stores the low `size` bytes of `value`.
    #[inline(always)]
    pub(crate) fn store<B: Bus>(
        &mut self,
        bus: &mut B,
        addr: u32,
        size: Size,
        value: u32,
    ) -> Result<(), Fault> {
        if addr.wrapping_sub(SRAM) < PLAIN_END - SRAM && is_aligned(addr, size) {
            match bus.write(&mut self.core, addr, size, value) {
                Ok(()) => {
                    if self.code.may_hold(addr) {
                        self.code_written(addr, size);
                    }
                    Ok(())
                }
                Err(abort) => self.store_again(bus, addr, size, value, abort),
            }
        } else {
            self.store_slow(bus, addr, size, value)
        }
    }

    #[cold]
    fn code_written(&mut self, addr: u32, size: Size) {
        self.code.invalidate(addr, addr.wrapping_add(size.bytes()));
    }

    #[inline(never)]
    fn load_slow<B: Bus>(&mut self, bus: &mut B, addr: u32, size: Size) -> Result<u32, Fault> {
        if !is_aligned(addr, size) {
            return self.load_unaligned(bus, addr, size);
        }
        if addr.wrapping_sub(PPB) < PPB_BYTES {
            self.before_device(bus);
            let answer = self.ppb_read(bus, addr, size);
            if addr == SYST_CVR || DEBUG_UNITS.contains(&addr) {
                self.volatile_accesses += 1;
            }
            self.after_device(bus);
            return match answer {
                Ok(value) => Ok(value),
                Err(_) => self.refused(addr).map(|()| 0),
            };
        }
        if let Some((target, bit)) = self.bit_band(addr, size) {
            let word = if target < PLAIN_END {
                self.load(bus, target, size)?
            } else {
                self.device_read(bus, target, size)?
            };
            return Ok(word >> bit & 1);
        }
        self.device_read(bus, addr, size)
    }

    #[inline(never)]
    fn store_slow<B: Bus>(
        &mut self,
        bus: &mut B,
        addr: u32,
        size: Size,
        value: u32,
    ) -> Result<(), Fault> {
        if !is_aligned(addr, size) {
            return self.store_unaligned(bus, addr, size, value);
        }
        if addr.wrapping_sub(PPB) < PPB_BYTES {
            self.before_device(bus);
            let answer = self.ppb_write(bus, addr, size, value);
            self.volatile_accesses += 1;
            self.after_device(bus);
            return answer.or_else(|_| self.refused(addr));
        }
        if let Some((target, bit)) = self.bit_band(addr, size) {
            // Locked: no event comes between the read and the write.
            if target < PLAIN_END {
                let word = self.load(bus, target, size)?;
                return self.store(bus, target, size, word & !(1 << bit) | (value & 1) << bit);
            }
            let word = self.device_read(bus, target, size)?;
            return self.device_write(bus, target, size, word & !(1 << bit) | (value & 1) << bit);
        }
        self.device_write(bus, addr, size, value)
    }

    fn device_read<B: Bus>(&mut self, bus: &mut B, addr: u32, size: Size) -> Result<u32, Fault> {
        self.before_device(bus);
        let answer = match bus.read(&mut self.core, addr, size) {
            Ok(value) => Ok(value),
            Err(abort) => self.load_again(bus, addr, size, abort),
        };
        self.after_device(bus);
        answer
    }

    fn device_write<B: Bus>(
        &mut self,
        bus: &mut B,
        addr: u32,
        size: Size,
        value: u32,
    ) -> Result<(), Fault> {
        self.before_device(bus);
        let answer = match bus.write(&mut self.core, addr, size, value) {
            Ok(()) => Ok(()),
            Err(abort) => self.store_again(bus, addr, size, value, abort),
        };
        if addr < PLAIN_END {
            self.code_written(addr, size);
        }
        self.after_device(bus);
        answer
    }

    /// A device answers as of now, so what is due happens first.
    #[inline]
    fn before_device<B: Bus>(&mut self, bus: &mut B) {
        if self.core.now >= self.deadline {
            self.service_events(bus);
        }
    }

    /// An access may have started a timer, raised an interrupt line, rewritten flash or asked for a reset.
    #[inline]
    fn after_device<B: Bus>(&mut self, bus: &mut B) {
        if bus.code_changed() {
            self.drain_code_changes(bus);
        }
        self.refresh_deadline(bus);
        if bus.irq().has_risen() || bus.reset_requested() {
            self.deadline = Cycles::ZERO;
        }
    }

    /// The first try ended in `abort`.
    #[cold]
    fn load_again<B: Bus>(
        &mut self,
        bus: &mut B,
        addr: u32,
        size: Size,
        abort: Abort,
    ) -> Result<u32, Fault> {
        let mut abort = abort;
        loop {
            let Abort::Held { until } = abort else {
                return self.refused(addr).map(|()| 0);
            };
            if self.hold(bus, HoldKind::Data, addr, until, None) == Released::Abandoned {
                self.pending_exit = Some(Exit::Reset);
                return Ok(0);
            }
            match bus.read(&mut self.core, addr, size) {
                Ok(value) => return Ok(value),
                Err(again) => abort = again,
            }
        }
    }

    /// The first try ended in `abort`.
    #[cold]
    fn store_again<B: Bus>(
        &mut self,
        bus: &mut B,
        addr: u32,
        size: Size,
        value: u32,
        abort: Abort,
    ) -> Result<(), Fault> {
        let mut abort = abort;
        loop {
            let Abort::Held { until } = abort else {
                return self.refused(addr);
            };
            let kind = if is_device(addr) {
                HoldKind::Register
            } else {
                HoldKind::Data
            };
            if self.hold(bus, kind, addr, until, None) == Released::Abandoned {
                self.pending_exit = Some(Exit::Reset);
                return Ok(());
            }
            match bus.write(&mut self.core, addr, size, value) {
                Ok(()) => {
                    self.code_written(addr, size);
                    return Ok(());
                }
                Err(again) => abort = again,
            }
        }
    }

    /// The bus answered with an error: a fault, unless faults are to be ignored at the current priority.
    #[cold]
    fn refused(&mut self, addr: u32) -> Result<(), Fault> {
        if self.ignores_bus_fault(addr) {
            Ok(())
        } else {
            Err(Fault::DataBus { addr })
        }
    }

    /// The word (or byte, or halfword) and the bit in it behind an address in a bit-band alias. The transfer has the
    /// width of the access (M3 TRM, bit-band accesses).
    fn bit_band(&self, addr: u32, size: Size) -> Option<(u32, u32)> {
        if !self.config.bit_band || !matches!(addr >> 25, 0x11 | 0x21) {
            return None;
        }
        let target = (addr & 0xF000_0000) | ((addr & 0x01FF_FFFF) >> 5) & !(size.bytes() - 1);
        Some((target, (addr >> 2) & (size.bytes() * 8 - 1)))
    }

    /// Two or three transfers, each a cycle more than the one the instruction has (pipeline.md §2.7).
    fn load_unaligned<B: Bus>(&mut self, bus: &mut B, addr: u32, size: Size) -> Result<u32, Fault> {
        self.check_unaligned(addr)?;
        let mut value = 0;
        for (at, part, shift) in parts(addr, size) {
            if shift != 0 {
                self.core.now += Cycles(1);
            }
            value |= self.load(bus, at, part)? << shift;
        }
        Ok(value)
    }

    fn store_unaligned<B: Bus>(
        &mut self,
        bus: &mut B,
        addr: u32,
        size: Size,
        value: u32,
    ) -> Result<(), Fault> {
        self.check_unaligned(addr)?;
        for (at, part, shift) in parts(addr, size) {
            if shift != 0 {
                self.core.now += Cycles(1);
            }
            self.store(bus, at, part, value >> shift)?;
        }
        Ok(())
    }

    /// CCR.UNALIGN_TRP; and the private peripheral bus takes aligned accesses only.
    fn check_unaligned(&self, addr: u32) -> Result<(), Fault> {
        let faults = self.scb.traps_unaligned() || addr.wrapping_sub(PPB) < PPB_BYTES;
        if faults {
            Err(Fault::Unaligned)
        } else {
            Ok(())
        }
    }
}

/// The aligned transfers that make up an unaligned one: address, width, position in the value.
fn parts(addr: u32, size: Size) -> impl Iterator<Item = (u32, Size, u32)> {
    let odd = addr & 1 != 0;
    let pieces: &'static [(u32, Size)] = match size {
        Size::Byte => &[(0, Size::Byte)],
        Size::Half => &[(0, Size::Byte), (1, Size::Byte)],
        Size::Word if odd => &[(0, Size::Byte), (1, Size::Half), (3, Size::Byte)],
        Size::Word => &[(0, Size::Half), (2, Size::Half)],
    };
    pieces
        .iter()
        .map(move |&(offset, part)| (addr.wrapping_add(offset), part, offset * 8))
}

/// Addresses of the peripheral and external-device regions of the architecture's map (B3.1).
const fn is_device(addr: u32) -> bool {
    matches!(addr >> 29, 2 | 5..=7)
}

#[inline(always)]
const fn is_aligned(addr: u32, size: Size) -> bool {
    addr & (size.bytes() - 1) == 0
}
