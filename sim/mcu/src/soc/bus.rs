//! The chip as a [`Bus`]: the few paths that most accesses take, inlined into the core's loop.

use flashstall_cpu::{Abort, Addr, Bus, Core, Cycles, FaultKind, Fetch, Hold, IrqLines, Size};

use super::Soc;
use super::access::{Place, fetched};
use crate::flash::ReadInterface;
use crate::log::ResetCause;

impl Bus for Soc {
    #[inline]
    fn read(&mut self, core: &mut Core, addr: u32, size: Size) -> Result<u32, Abort> {
        if let Some(value) = self.sram.read(addr.wrapping_sub(self.sram.base()), size) {
            return Ok(value);
        }
        let flash = &mut self.shared.flash;
        if flash.is_idle()
            && let Some((value, wait)) =
                flash.data(addr.wrapping_sub(flash.memory.base()), size, core.now)
        {
            core.now += wait;
            return Ok(value);
        }
        self.read_elsewhere(core, addr, size)
    }

    #[inline]
    fn write(&mut self, core: &mut Core, addr: u32, size: Size, value: u32) -> Result<(), Abort> {
        if self
            .sram
            .write(addr.wrapping_sub(self.sram.base()), size, value)
        {
            return Ok(());
        }
        self.write_elsewhere(core, addr, size, value)
    }

    // The commonest interface is answered here and all others behind one call: were their answers to meet, they would do so in memory, and each fetch
    // would wait for what it has just stored (half of the time of code at two wait states).
    #[inline(always)]
    fn fetch(&mut self, core: &mut Core, addr: u32) -> Result<Fetch, Abort> {
        let flash = &mut self.shared.flash;
        if flash.is_idle()
            && let Some(offset) = flash.memory.offset(addr)
            && let ReadInterface::F3Prefetch(buffer) = &mut flash.read
        {
            let line = buffer.fetch(offset, core.now);
            return Ok(fetched(flash.memory.base(), line));
        }
        self.fetch_elsewhere(core, addr)
    }

    fn vector(&mut self, core: &mut Core, addr: u32) -> Result<u32, Abort> {
        match self.place(addr) {
            Some(Place::Flash(offset)) => self.vector_from_flash(core, offset),
            Some(Place::Ccm(_)) if !self.ccm_executable => Err(REFUSED),
            Some(Place::System) => Err(self.vector_from_rom(core, addr)),
            _ => self.read(core, addr, Size::Word),
        }
    }

    #[inline]
    fn code(&self, addr: u32) -> Option<u16> {
        self.code_at(addr)
    }

    fn code_region(&self, addr: u32) -> Option<(u32, u32)> {
        self.region_around(addr)
    }

    fn take_code_changes(&mut self) -> Vec<(u32, u32)> {
        self.drain_code_changes()
    }

    #[inline]
    fn code_changed(&self) -> bool {
        !self.code_changes.is_empty() || self.shared.flash.has_changed()
    }

    #[inline]
    fn next_event(&self) -> Cycles {
        self.next_event
    }

    fn run_events(&mut self, core: &mut Core) {
        self.catch_up(core);
    }

    #[inline]
    fn irq(&mut self) -> &mut IrqLines {
        &mut self.shared.irq
    }

    #[inline]
    fn reset_requested(&self) -> bool {
        self.recall
    }

    fn request_reset(&mut self, core: &Core) {
        self.shared.pc = Addr(core.pc);
        self.ask_for_reset(ResetCause::Software);
    }

    #[inline]
    fn side_effects(&self) -> u64 {
        self.shared.side_effects
    }

    fn fetch_state(&self, now: Cycles) -> u128 {
        self.shared.flash.read.fetch_state(now)
    }

    fn held(&mut self, _core: &Core, hold: &Hold) {
        self.log_hold(hold);
    }

    fn slept(&mut self, from: Cycles, to: Cycles) {
        let shared = &mut self.shared;
        if let Some(sleeps) = &mut shared.log.sleeps {
            let (from, to) = (shared.clock.time(from), shared.clock.time(to));
            match sleeps.kept.last_mut() {
                Some(last) if last.1 == from => last.1 = to,
                _ => sleeps.push((from, to)),
            }
        }
    }

    fn exception_pended(&mut self, _core: &Core, number: u16, at: Cycles, merged: bool) {
        self.log_pended(number, at, merged);
    }

    fn exception_entered(&mut self, core: &Core, number: u16) {
        self.log_entered(core, number);
    }

    fn exception_returned(&mut self, core: &Core, number: u16) {
        self.log_returned(core, number);
    }

    fn unmodelled(&mut self, core: &Core, addr: Addr, write: bool) {
        self.shared.side_effects += 1;
        self.shared
            .log
            .unmodelled(addr, "core", write, Addr(core.pc));
    }
}

/// Nothing answers.
pub(super) const UNMAPPED: Abort = Abort::Fault(FaultKind::Unmapped);
/// Something answers, with an error.
pub(super) const REFUSED: Abort = Abort::Fault(FaultKind::Refused);
