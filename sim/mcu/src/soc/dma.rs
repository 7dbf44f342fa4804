//! DMA as the buses see it: what a controller can reach, and what holds it up.
//!
//! The table of behaviours is in [`periph::dma`](crate::periph). The core is not asked for anything: DMA is a bus master of its own.

use flashstall_cpu::{Addr, Cycles, Size};

use super::Soc;
use super::access::Place;
use super::blocks::{Owner, is_apb};
use super::registers::{register, repeated};
use crate::Picos;
use crate::periph::{Cx, DmaAccess, DmaStop, Peripheral, PeripheralId, Refusal, Register};

/// When an access is made.
#[derive(Clone, Copy)]
struct Instant {
    time: Picos,
    cycle: Cycles,
}

impl Soc {
    /// Makes the access that `controller` asks for.
    pub(super) fn dma_beat(&mut self, controller: PeripheralId, time: Picos, cycle: Cycles) {
        let port = self.peripherals.get_mut(controller.0).and_then(|p| p.dma());
        let Some(access) = port.and_then(|port| port.access()) else {
            return;
        };
        let result = self.dma_access(&access, Instant { time, cycle });
        self.with(controller, time, cycle, |p, cx| {
            if let Some(port) = p.dma() {
                port.finished(cx, result);
            }
        });
    }

    fn dma_access(&mut self, access: &DmaAccess, at: Instant) -> Result<u32, DmaStop> {
        match *access {
            DmaAccess::Move(beat) => {
                let value = self.dma_read(beat.from, beat.read, at)?;
                self.dma_write(beat.to, beat.write, value, at)?;
                Ok(0)
            }
            DmaAccess::Load { from, size } => self.dma_read(from, size, at),
            DmaAccess::Store { to, size, value } => {
                self.dma_write(to, size, value, at)?;
                Ok(0)
            }
        }
    }

    fn dma_read(&mut self, addr: Addr, size: Size, at: Instant) -> Result<u32, DmaStop> {
        let error = DmaStop::BusError(addr);
        if addr.0 >> 29 >= 2 {
            return self.dma_register(addr, size, at, |peripheral, cx, reg, shift| {
                Ok((peripheral.read(cx, reg)? & reg.mask) >> shift)
            });
        }
        match self.place(addr.0) {
            Some(Place::Sram(offset)) => self.sram.read(offset, size).ok_or(error),
            Some(Place::Flash(offset)) => {
                self.dma_bank_free(self.shared.flash.bank(offset), at)?;
                self.shared.flash.word(offset, size).ok_or(error)
            }
            Some(Place::Options(offset)) => {
                self.dma_bank_free(1, at)?;
                self.shared.flash.options.read(offset, size).ok_or(error)
            }
            Some(Place::Eeprom(offset)) => {
                self.dma_bank_free(self.shared.flash.eeprom_bank(offset), at)?;
                self.shared.flash.eeprom.read(offset, size).ok_or(error)
            }
            // Core-coupled memory hangs on the core's own buses.
            Some(Place::Ccm(_) | Place::System) | None => Err(error),
        }
    }

    fn dma_write(
        &mut self,
        addr: Addr,
        size: Size,
        value: u32,
        at: Instant,
    ) -> Result<(), DmaStop> {
        if addr.0 >> 29 >= 2 {
            let value_on_bus = |shift: u32| {
                if is_apb(addr.0) {
                    repeated(value, size)
                } else {
                    value << shift
                }
            };
            return self
                .dma_register(addr, size, at, |peripheral, cx, reg, shift| {
                    let reg = if is_apb(addr.0) {
                        Register {
                            mask: u32::MAX,
                            ..reg
                        }
                    } else {
                        reg
                    };
                    peripheral.write(cx, reg, value_on_bus(shift) & reg.mask)?;
                    Ok(0)
                })
                .map(|_| ());
        }
        let Some(Place::Sram(offset)) = self.place(addr.0) else {
            return Err(DmaStop::BusError(addr));
        };
        self.sram.write(offset, size, value);
        // The core may have decoded what stood there, under either address.
        let home = self.sram.base() + offset;
        for word in [home & !3, addr.0 & !3] {
            self.code_changes.push((word, word + 4));
        }
        Ok(())
    }

    fn dma_bank_free(&self, bank: u8, at: Instant) -> Result<(), DmaStop> {
        match self.shared.flash.holding(bank, at.cycle) {
            Some((running, _)) => Err(DmaStop::HeldUntil(running.end)),
            None => Ok(()),
        }
    }

    /// An access to a register by DMA. `f` gets the word, and by how much the lanes are shifted in it.
    fn dma_register(
        &mut self,
        addr: Addr,
        size: Size,
        at: Instant,
        f: impl FnOnce(&mut dyn Peripheral, &mut Cx<'_>, Register, u32) -> Result<u32, Refusal>,
    ) -> Result<u32, DmaStop> {
        let Some(&block) = self.blocks.find(addr.0) else {
            return Err(DmaStop::BusError(addr));
        };
        let pc = self.shared.pc;
        let id = match block.owner {
            Owner::Unmodelled(n) => {
                let name = &self.chip.unmodelled[n].name;
                self.shared
                    .log
                    .unmodelled(Addr(addr.0 & !3), name, false, pc);
                return Ok(0);
            }
            Owner::Window(_) => return Err(DmaStop::BusError(addr)),
            Owner::Modelled(id) => id,
        };
        if !self.shared.clocked.get(id.0).copied().unwrap_or(true) {
            let name = &self.chip.peripherals[id.0].name;
            self.shared
                .log
                .find("peripheral-clock-off", at.time, pc, || {
                    format!("DMA accesses {name} while RCC feeds it no clock: reads are 0, writes are lost")
                });
            return Ok(0);
        }
        let (reg, shift) = register(addr.0 - block.base, size);
        let mut result = Ok(0);
        self.with(id, at.time, at.cycle, |peripheral, cx| {
            result = f(peripheral, cx, reg, shift);
        });
        match result {
            Ok(value) => Ok(value),
            Err(Refusal::Fault(_)) => Err(DmaStop::BusError(addr)),
            Err(Refusal::HeldUntil(until) | Refusal::WaitUntil(until)) => {
                Err(DmaStop::HeldUntil(until))
            }
            Err(Refusal::Unmodelled) => {
                let name = self.chip.peripherals[id.0].name.clone();
                self.shared
                    .log
                    .unmodelled(Addr(addr.0 & !3), &name, false, pc);
                Ok(0)
            }
        }
    }
}
