//! Memory as the decoder sees it: contents without time, regions, and what changed behind the core's back.

use super::Soc;
use super::access::Place;
use super::boot::Rom;

impl Soc {
    #[inline]
    pub(super) fn code_at(&self, addr: u32) -> Option<u16> {
        self.shared
            .flash
            .memory
            .half_at(addr)
            .or_else(|| self.code_elsewhere(addr))
    }

    fn code_elsewhere(&self, addr: u32) -> Option<u16> {
        let Some(place) = self.place(addr) else {
            return self.window_code(addr);
        };
        match place {
            Place::Sram(offset) => self.sram.half_at(self.sram.base() + offset),
            Place::Ccm(offset) => self.ccm.half_at(self.ccm.base() + offset),
            Place::Flash(offset) => self
                .shared
                .flash
                .memory
                .half_at(self.shared.flash.base() + offset),
            Place::Options(_) | Place::Eeprom(_) | Place::System => None,
        }
    }

    pub(super) fn region_around(&self, addr: u32) -> Option<(u32, u32)> {
        let memories = [&self.shared.flash.memory, &self.sram, &self.ccm];
        if let Some(memory) = memories.into_iter().find(|m| m.offset(addr).is_some()) {
            return Some((memory.base(), memory.base() + memory.size()));
        }
        if let Some(view) = self.sram_view_around(addr) {
            return Some(view);
        }
        if let Some(window) = self.window_around(addr) {
            return Some(window);
        }
        self.code_elsewhere(addr)?;
        self.alias().map(|(_, size)| (0, size))
    }

    /// What shows at address 0 changes.
    pub(super) fn remap(&mut self, mem_mode: u8) {
        if mem_mode != self.mem_mode && self.rom == Rom::AtZero {
            self.show_rom(Rom::Out);
        }
        if mem_mode != self.mem_mode {
            let before = self.alias().map_or(0, |(_, size)| size);
            self.mem_mode = mem_mode;
            let after = self.alias().map_or(0, |(_, size)| size);
            self.code_changes.push((0, before.max(after)));
            self.shared.flash.invalidate_window();
        }
    }

    pub(super) fn drain_code_changes(&mut self) -> Vec<(u32, u32)> {
        let mut changes = std::mem::take(&mut self.code_changes);
        let base = self.shared.flash.base();
        let aliased = self.alias().is_some_and(|(home, _)| home == base);
        for (lo, hi) in self.shared.flash.take_changed() {
            changes.push((base + lo, base + hi));
            if aliased {
                changes.push((lo, hi));
            }
        }
        changes
    }

    /// A debugger's read: no time, no side effect. False if not all of `out` is memory.
    #[must_use]
    pub fn peek(&self, addr: u32, out: &mut [u8]) -> bool {
        let done = match self.place(addr) {
            Some(Place::Sram(offset)) => self.sram.peek(offset, out),
            Some(Place::Ccm(offset)) => self.ccm.peek(offset, out),
            Some(Place::Flash(offset)) => self.shared.flash.memory.peek(offset, out),
            Some(Place::Eeprom(offset)) => self.shared.flash.eeprom.peek(offset, out),
            Some(Place::Options(offset)) => {
                let byte = |n: u32| {
                    self.shared
                        .flash
                        .options
                        .read(offset + n, flashstall_cpu::Size::Byte)
                };
                let mut done = 0;
                for (n, slot) in (0..).zip(out.iter_mut()) {
                    let Some(value) = byte(n) else { break };
                    *slot = value as u8;
                    done += 1;
                }
                done
            }
            None => self.window_peek(addr, out),
            Some(Place::System) => 0,
        };
        done == out.len()
    }

    /// A programmer's write into flash, option bytes or RAM: no time, no rules. False if it does not fit.
    pub(crate) fn poke(&mut self, addr: u32, bytes: &[u8]) -> bool {
        let done = match self.place(addr) {
            Some(Place::Sram(offset)) => self.sram.poke(offset, bytes),
            Some(Place::Ccm(offset)) => self.ccm.poke(offset, bytes),
            Some(Place::Flash(offset)) => self.shared.flash.memory.poke(offset, bytes),
            Some(Place::Eeprom(offset)) => self.shared.flash.eeprom.poke(offset, bytes),
            Some(Place::Options(offset)) => self.shared.flash.options.poke(offset, bytes),
            None => self.window_poke(addr, bytes),
            Some(Place::System) => false,
        };
        if done {
            let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            self.code_changes.push((addr, addr.saturating_add(length)));
        }
        done
    }
}
