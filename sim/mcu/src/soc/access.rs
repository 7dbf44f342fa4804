//! Accesses to memories that leave the fast paths: busy flash, core-coupled memory, aliases.

use flashstall_cpu::{Abort, Addr, Core, FaultKind, Fetch, FetchWindow, Size};

use super::Soc;
use super::boot::Rom;
use super::bus::{REFUSED, UNMAPPED};
use crate::flash::LineFetch;
use crate::memory::Memory;
use crate::periph::Refusal;

/// Who answers at an address outside of the register blocks.
pub(super) enum Place {
    /// SRAM, by offset.
    Sram(u32),
    /// Core-coupled SRAM, by offset.
    Ccm(u32),
    /// Data EEPROM, by offset.
    Eeprom(u32),
    /// Main flash, by offset.
    Flash(u32),
    /// Option bytes, by offset.
    Options(u32),
    /// The factory's boot loader.
    System,
}

impl Soc {
    /// Resolves `addr`, through the alias at 0 too.
    pub(super) fn place(&self, addr: u32) -> Option<Place> {
        self.place_at_home(addr).or_else(|| {
            let (home, size) = self.alias()?;
            if addr < size {
                self.place_at_home(home + addr)
            } else {
                None
            }
        })
    }

    fn place_at_home(&self, addr: u32) -> Option<Place> {
        let flash = &self.shared.flash;
        if let Some(offset) = self.sram.offset(addr) {
            Some(Place::Sram(offset))
        } else if let Some(offset) = flash.memory.offset(addr) {
            Some(Place::Flash(offset))
        } else if let Some(offset) = self.ccm.offset(addr) {
            Some(Place::Ccm(offset))
        } else if let Some(offset) = self.sram_view_offset(addr) {
            Some(Place::Sram(offset))
        } else if let Some(offset) = flash.options.offset(addr) {
            Some(Place::Options(offset))
        } else if let Some(offset) = flash.eeprom.offset(addr) {
            Some(Place::Eeprom(offset))
        } else {
            let (base, size) = self.system_memory()?;
            (addr.wrapping_sub(base) < size).then_some(Place::System)
        }
    }

    /// Where in SRAM `addr` is, if it lies in the view of its upper end.
    fn sram_view_offset(&self, addr: u32) -> Option<u32> {
        let (base, first) = self.sram_view?;
        let offset = first.checked_add(addr.checked_sub(base)?)?;
        (offset < self.sram.size()).then_some(offset)
    }

    /// First address and one past the last of the view of SRAM, if `addr` lies in it.
    pub(super) fn sram_view_around(&self, addr: u32) -> Option<(u32, u32)> {
        self.sram_view_offset(addr)?;
        let (base, first) = self.sram_view?;
        Some((base, base + (self.sram.size() - first)))
    }

    /// Home address and size of the memory that shows at address 0.
    pub(super) fn alias(&self) -> Option<(u32, u32)> {
        if self.rom != Rom::Out {
            return self.system_memory();
        }
        let name = self.chip.alias.mem_mode.get(usize::from(self.mem_mode))?;
        self.chip.memory(name).map(|m| (m.base.0, m.size))
    }

    /// Events that are due happen before an access: it must see what they did.
    #[inline]
    pub(super) fn catch_up_before(&mut self, core: &mut Core) {
        if self.next_event <= core.now {
            self.catch_up(core);
        }
    }

    /// An access to `bank`: `Err` while it is busy.
    fn bank_free(&mut self, core: &mut Core, bank: u8) -> Result<(), Abort> {
        self.catch_up_before(core);
        match self.shared.flash.holding(bank, core.now) {
            Some((_, until)) => Err(self.hold_for_flash(core, until)),
            None => Ok(()),
        }
    }

    /// A data read of main flash through the alias, or while an operation runs somewhere.
    fn read_flash(&mut self, core: &mut Core, offset: u32, size: Size) -> Result<u32, Abort> {
        self.catch_up_before(core);
        let flash = &mut self.shared.flash;
        if let Some(until) = flash.busy_until(offset, core.now) {
            return match flash.read.data_while_busy(offset, size) {
                Some(value) => Ok(value),
                None => Err(self.hold_for_flash(core, until)),
            };
        }
        let (value, wait) = flash.data(offset, size, core.now).ok_or(UNMAPPED)?;
        core.now += wait;
        Ok(value)
    }

    /// The vector at `offset` of main flash.
    pub(super) fn vector_from_flash(&mut self, core: &mut Core, offset: u32) -> Result<u32, Abort> {
        if !self.shared.flash.is_idle() {
            self.catch_up_before(core);
        }
        let flash = &mut self.shared.flash;
        if let Some(until) = flash.busy_until(offset, core.now) {
            return if flash.read.has_vector_while_busy(offset) {
                flash.word(offset, Size::Word).ok_or(UNMAPPED)
            } else {
                Err(self.hold_for_flash(core, until))
            };
        }
        let (value, wait) = flash.vector(offset, core.now).ok_or(UNMAPPED)?;
        core.now += wait;
        Ok(value)
    }

    /// A vector in system memory: it names a handler of the boot loader, which has no code here.
    pub(super) fn vector_from_rom(&mut self, core: &Core, addr: u32) -> Abort {
        let (time, pc) = (self.shared.clock.time(core.now), Addr(core.pc));
        if self.rom == Rom::Stays {
            return REFUSED;
        }
        let rom = self.rom;
        self.shared
            .log
            .find("vector-from-system-memory", time, pc, || {
                let why = if rom == Rom::AtZero {
                    ": after a boot with BFB2 address 0 shows the boot loader, so VTOR must be set"
                } else {
                    ""
                };
                format!(
                    "a vector was fetched from {}, which is system memory{why}; bus error here",
                    Addr(addr)
                )
            });
        REFUSED
    }

    #[inline(never)]
    pub(super) fn read_elsewhere(
        &mut self,
        core: &mut Core,
        addr: u32,
        size: Size,
    ) -> Result<u32, Abort> {
        if addr >> 29 >= 2 {
            return self.read_register(core, addr, size);
        }
        let value = match self.place(addr) {
            Some(Place::Sram(offset)) => self.sram.read(offset, size),
            Some(Place::Ccm(offset)) => self.ccm.read(offset, size),
            Some(Place::Flash(offset)) => Some(self.read_flash(core, offset, size)?),
            Some(Place::Eeprom(offset)) => {
                self.bank_free(core, self.shared.flash.eeprom_bank(offset))?;
                core.now += self.shared.flash.read.uncached(core.now);
                self.shared.flash.eeprom.read(offset, size)
            }
            Some(Place::Options(offset)) => {
                self.bank_free(core, 1)?;
                core.now += self.shared.flash.read.uncached(core.now);
                self.shared.flash.options.read(offset, size)
            }
            Some(Place::System) => {
                self.bank_free(core, 1)?;
                self.count_unmodelled(core, addr, "system memory", false);
                Some(0)
            }
            // UID and flash size lie among the memories.
            None => return self.read_register(core, addr, size),
        };
        value.ok_or(UNMAPPED)
    }

    #[inline(never)]
    pub(super) fn write_elsewhere(
        &mut self,
        core: &mut Core,
        addr: u32,
        size: Size,
        value: u32,
    ) -> Result<(), Abort> {
        if addr >> 29 >= 2 {
            return self.write_register(core, addr, size, value);
        }
        match self.place(addr) {
            Some(Place::Sram(offset)) => {
                // Only through the alias or a view: the other view of these bytes may have been decoded.
                let home = self.sram.base() + offset;
                self.code_changes.push((home & !3, (home & !3) + 4));
                self.sram.write(offset, size, value);
                Ok(())
            }
            Some(Place::Ccm(offset)) => {
                self.ccm.write(offset, size, value);
                Ok(())
            }
            Some(Place::Flash(offset)) => {
                let home = self.shared.flash.base() + offset;
                self.write_array(core, self.shared.flash.bank(offset), home, size, value)
            }
            Some(Place::Eeprom(offset)) => self.write_array(
                core,
                self.shared.flash.eeprom_bank(offset),
                addr,
                size,
                value,
            ),
            Some(Place::Options(_)) => self.write_array(core, 1, addr, size, value),
            Some(Place::System) => Err(REFUSED),
            None => self.write_register(core, addr, size, value),
        }
    }

    /// A write to the array goes to its controller.
    fn write_array(
        &mut self,
        core: &mut Core,
        bank: u8,
        home: u32,
        size: Size,
        value: u32,
    ) -> Result<(), Abort> {
        self.bank_free(core, bank)?;
        let Some(id) = self.flash_port else {
            return Err(REFUSED);
        };
        self.shared.side_effects += 1;
        let result = self.call(core, id, |peripheral, cx| match peripheral.flash_port() {
            Some(port) => port.array_write(cx, Addr(home), size, value),
            None => Err(Refusal::Fault(FaultKind::Refused)),
        });
        self.settle(core);
        result.map_err(|refusal| {
            self.abort_for(core, refusal, Addr(home), id, true)
                .unwrap_or(REFUSED)
        })
    }

    #[inline(never)]
    pub(super) fn fetch_elsewhere(&mut self, core: &mut Core, addr: u32) -> Result<Fetch, Abort> {
        let flash = &mut self.shared.flash;
        if flash.is_idle()
            && let Some(offset) = flash.memory.offset(addr)
        {
            let line = flash.read.fetch(offset, core.now);
            return Ok(fetched(flash.memory.base(), line));
        }
        if let Some(window) = window_of(&self.sram, addr) {
            return Ok(Fetch {
                window,
                ready: core.now,
            });
        }
        if let Some(window) = window_of(&self.ccm, addr).filter(|_| self.ccm_executable) {
            return Ok(Fetch {
                window,
                ready: core.now,
            });
        }
        match self.place(addr) {
            Some(Place::Flash(offset)) => self.fetch_flash(core, addr, offset),
            // Through the alias, or the view of its upper end.
            Some(Place::Sram(_)) => {
                let (lo, hi) = self
                    .sram_view_around(addr)
                    .unwrap_or((0, self.alias().map_or(0, |(_, size)| size)));
                Ok(Fetch {
                    window: FetchWindow::new(lo, hi),
                    ready: core.now,
                })
            }
            Some(Place::System) => {
                self.count_unmodelled(core, addr, "system memory", false);
                Err(REFUSED)
            }
            Some(Place::Options(_) | Place::Ccm(_) | Place::Eeprom(_)) => Err(REFUSED),
            None => self.window_fetch(core, addr),
        }
    }

    /// A fetch from flash through the alias, or while it is busy.
    fn fetch_flash(&mut self, core: &mut Core, addr: u32, offset: u32) -> Result<Fetch, Abort> {
        self.catch_up_before(core);
        let flash = &mut self.shared.flash;
        let line = match flash.busy_until(offset, core.now) {
            None => flash.read.fetch(offset, core.now),
            Some(until) => match flash.read.fetch_while_busy(offset, core.now) {
                Some(line) => line,
                None => return Err(self.hold_for_flash(core, until)),
            },
        };
        Ok(fetched(addr - offset, line))
    }
}

/// What came of an array that answers at `base`.
#[inline(always)]
pub(super) const fn fetched(base: u32, line: LineFetch) -> Fetch {
    Fetch {
        window: FetchWindow::new(base + line.lo, base + line.hi),
        ready: line.ready,
    }
}

/// All of a zero-wait memory, if `addr` lies in it.
fn window_of(memory: &Memory, addr: u32) -> Option<FetchWindow> {
    memory
        .offset(addr)
        .map(|_| FetchWindow::new(memory.base(), memory.base() + memory.size()))
}
