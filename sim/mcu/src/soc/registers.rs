//! Accesses to registers: who answers, lanes, clocks, refusals.

use std::sync::Arc;

use flashstall_cpu::{Abort, Addr, Core, Cycles, Size};

use super::Soc;
use super::blocks::{Owner, is_apb};
use super::bus::{REFUSED, UNMAPPED};
use crate::periph::{Cx, Peripheral, PeripheralId, Refusal, Register};

impl Soc {
    pub(super) fn read_register(
        &mut self,
        core: &mut Core,
        addr: u32,
        size: Size,
    ) -> Result<u32, Abort> {
        let Some(&block) = self.blocks.find(addr) else {
            return Err(UNMAPPED);
        };
        let id = match block.owner {
            Owner::Unmodelled(n) => {
                let chip = Arc::clone(&self.chip);
                self.count_unmodelled(core, addr, &chip.unmodelled[n].name, false);
                return Ok(0);
            }
            Owner::Window(id) => return self.window_read(core, id, addr - block.base, size),
            Owner::Modelled(id) => id,
        };
        self.catch_up_before(core);
        if !self.is_clocked(core, id) {
            return Ok(0);
        }
        let (reg, shift) = register(addr - block.base, size);
        let result = self.call(core, id, |peripheral, cx| peripheral.read(cx, reg));
        self.settle(core);
        match result {
            Ok(value) => Ok((value & reg.mask) >> shift),
            Err(refusal) => match self.abort_for(core, refusal, Addr(addr & !3), id, false) {
                Some(abort) => Err(abort),
                None => Ok(0),
            },
        }
    }

    pub(super) fn write_register(
        &mut self,
        core: &mut Core,
        addr: u32,
        size: Size,
        value: u32,
    ) -> Result<(), Abort> {
        let Some(&block) = self.blocks.find(addr) else {
            return Err(UNMAPPED);
        };
        self.shared.side_effects += 1;
        let id = match block.owner {
            Owner::Unmodelled(n) => {
                let chip = Arc::clone(&self.chip);
                self.count_unmodelled(core, addr, &chip.unmodelled[n].name, true);
                return Ok(());
            }
            // It shows memory that only commands can change.
            Owner::Window(_) => return Err(REFUSED),
            Owner::Modelled(id) => id,
        };
        self.catch_up_before(core);
        if !self.is_clocked(core, id) {
            return Ok(());
        }
        let (reg, shift) = register(addr - block.base, size);
        let (reg, value) = if is_apb(addr) {
            (
                Register {
                    mask: u32::MAX,
                    ..reg
                },
                repeated(value, size),
            )
        } else {
            (reg, (value << shift) & reg.mask)
        };
        let result = self.call(core, id, |peripheral, cx| peripheral.write(cx, reg, value));
        self.settle(core);
        match result {
            Ok(()) => Ok(()),
            Err(refusal) => self
                .abort_for(core, refusal, Addr(addr & !3), id, true)
                .map_or(Ok(()), Err),
        }
    }

    /// Calls peripheral `id` on behalf of the core.
    pub(super) fn call<T>(
        &mut self,
        core: &Core,
        id: PeripheralId,
        f: impl FnOnce(&mut dyn Peripheral, &mut Cx<'_>) -> T,
    ) -> T {
        self.shared.pc = Addr(core.pc);
        let time = self.shared.clock.time(core.now);
        let mut cx = Cx {
            shared: &mut self.shared,
            id,
            time,
            cycle: core.now,
            core: Some(core),
        };
        f(self.peripherals[id.0].as_mut(), &mut cx)
    }

    pub(super) fn is_clocked(&mut self, core: &Core, id: PeripheralId) -> bool {
        let clocked = self.shared.clocked.get(id.0).copied().unwrap_or(true);
        if !clocked {
            let (time, pc) = (self.shared.clock.time(core.now), Addr(core.pc));
            let name = &self.chip.peripherals[id.0].name;
            self.shared.log.find("peripheral-clock-off", time, pc, || {
                format!(
                    "{name} is accessed while RCC feeds it no clock: reads are 0, writes are lost"
                )
            });
        }
        clocked
    }

    /// Counts an access that no model answers. Each counts, so a loop around one is not skipped.
    pub(super) fn count_unmodelled(&mut self, core: &Core, addr: u32, name: &str, write: bool) {
        self.shared.side_effects += 1;
        self.shared
            .log
            .unmodelled(Addr(addr & !3), name, write, Addr(core.pc));
    }

    /// What a refusal comes to on the bus; `None`: counted as not modelled, and the access completes.
    pub(super) fn abort_for(
        &mut self,
        core: &Core,
        refusal: Refusal,
        addr: Addr,
        id: PeripheralId,
        write: bool,
    ) -> Option<Abort> {
        match refusal {
            Refusal::Fault(kind) => Some(Abort::Fault(kind)),
            Refusal::HeldUntil(time) => {
                let until = self.shared.clock.cycle(time).max(core.now + Cycles(1));
                Some(self.hold_for_flash(core, until))
            }
            Refusal::WaitUntil(time) => Some(self.wait_for_device(core, time)),
            Refusal::Unmodelled => {
                let spec = &self.chip.peripherals[id.0];
                let name =
                    match self.peripherals[id.0].register_name(addr.0.wrapping_sub(spec.base.0)) {
                        Some(register) => format!("{}.{register}", spec.name),
                        None => spec.name.clone(),
                    };
                self.count_unmodelled(core, addr.0, &name, write);
                None
            }
        }
    }
}

/// The word around a register access, and by how much its lanes are shifted.
pub(super) fn register(offset: u32, size: Size) -> (Register, u32) {
    let shift = (offset & 3) * 8;
    let mask = match size {
        Size::Byte => 0xFF << shift,
        Size::Half => 0xFFFF << shift,
        Size::Word => u32::MAX,
    };
    (
        Register {
            offset: offset & !3,
            mask,
            size,
        },
        shift,
    )
}

/// What the AHB-to-APB bridge makes of a narrow write.
pub(super) const fn repeated(value: u32, size: Size) -> u32 {
    match size {
        Size::Byte => (value & 0xFF) * 0x0101_0101,
        Size::Half => (value & 0xFFFF) * 0x0001_0001,
        Size::Word => value,
    }
}
