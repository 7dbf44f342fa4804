//! The window that a QUADSPI shows in the memory map: reads and fetches are answered when the device has sent its bits.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | an access waits for as long as the clocks of the device take; events happen meanwhile, each at its own time | `Cpu::hold` | `quadspi::code_runs_from_the_window` |
//! | code that is fetched while the device does not answer is what its lines read: ones | reference/i2c_spi_qspi.md s4 \[D\] | `quadspi::code_from_a_busy_device_is_garbage` |
//! | a vector that is read through it waits as well, and is gone with the mapping | same | `quadspi::a_vector_table_in_the_window_costs_its_clocks_and_is_gone_with_the_mapping` |
//! | writes, and everything while not mapped, are bus errors | reference s4 | `quadspi::the_window_is_a_bus_error_unless_mapped` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | fetches of more than a word, caches | the system bus fetches words | each word is fetched by itself |
//! | the window at address 0 (MEM_MODE 6) | no scenario boots from it | nothing shows there |

use flashstall_cpu::{Abort, Addr, Core, Fetch, FetchWindow, Size};

use super::Soc;
use super::blocks::Owner;
use super::bus::{REFUSED, UNMAPPED};
use crate::periph::PeripheralId;

impl Soc {
    /// Whose window `addr` lies in, and the first address of that.
    fn window_at(&self, addr: u32) -> Option<(PeripheralId, u32)> {
        let block = self.blocks.find(addr)?;
        match block.owner {
            Owner::Window(id) => Some((id, block.base)),
            _ => None,
        }
    }

    pub(super) fn window_read(
        &mut self,
        core: &mut Core,
        id: PeripheralId,
        offset: u32,
        size: Size,
    ) -> Result<u32, Abort> {
        self.catch_up_before(core);
        if !self.is_clocked(core, id) {
            return Err(REFUSED);
        }
        self.shared.side_effects += 1;
        let result = self.call(core, id, |peripheral, cx| {
            peripheral.window_read(cx, offset, size.bytes())
        });
        self.settle(core);
        result.map_err(|refusal| {
            let at = Addr(offset);
            self.abort_for(core, refusal, at, id, false)
                .unwrap_or(REFUSED)
        })
    }

    /// A fetch that no memory answers.
    pub(super) fn window_fetch(&mut self, core: &mut Core, addr: u32) -> Result<Fetch, Abort> {
        let Some((id, base)) = self.window_at(addr) else {
            return Err(UNMAPPED);
        };
        let word = addr & !3;
        let value = self.window_read(core, id, word - base, Size::Word)?;
        let known = self.window_lies.get(&word).copied();
        let held = self.device_word(id, word - base);
        let lie = (value != held).then_some(value);
        if known != lie {
            match lie {
                Some(value) => self.window_lies.insert(word, value),
                None => self.window_lies.remove(&word),
            };
            self.code_changes.push((word, word + 4));
        }
        Ok(Fetch {
            window: FetchWindow::new(word, word + 4),
            ready: core.now,
        })
    }

    /// The word at `offset` of the device behind a window, whether it would answer or not.
    fn device_word(&self, id: PeripheralId, offset: u32) -> u32 {
        let device = self.shared.nors.iter().find(|socket| socket.port == id);
        device.map_or(u32::MAX, |socket| socket.device.word(offset))
    }

    /// The halfword at `addr` of a window, for the decoder.
    pub(super) fn window_code(&self, addr: u32) -> Option<u16> {
        let (id, base) = self.window_at(addr)?;
        let word = addr & !3;
        let value = self
            .window_lies
            .get(&word)
            .copied()
            .unwrap_or_else(|| self.device_word(id, word - base));
        Some((value >> (8 * (addr & 2))) as u16)
    }

    /// A debugger's read. Returns how many bytes there are.
    pub(super) fn window_peek(&self, addr: u32, out: &mut [u8]) -> usize {
        let Some((id, base)) = self.window_at(addr) else {
            return 0;
        };
        let Some(socket) = self.shared.nors.iter().find(|socket| socket.port == id) else {
            return 0;
        };
        let size = socket.device.part().geometry.size;
        let first = addr - base;
        let count = out.len().min(size.saturating_sub(first) as usize);
        for (n, slot) in (first..).zip(out.iter_mut().take(count)) {
            *slot = socket.device.word(n) as u8;
        }
        count
    }

    /// A programmer's write. False if it does not fit.
    pub(super) fn window_poke(&mut self, addr: u32, bytes: &[u8]) -> bool {
        let Some((id, base)) = self.window_at(addr) else {
            return false;
        };
        let socket = self.shared.nors.iter_mut().find(|socket| socket.port == id);
        socket.is_some_and(|socket| socket.device.load(addr - base, bytes))
    }

    /// First address and one past the last of the window around `addr`.
    pub(super) fn window_around(&self, addr: u32) -> Option<(u32, u32)> {
        let (id, base) = self.window_at(addr)?;
        let (_, size) = self.chip.peripherals.get(id.0)?.window()?;
        Some((base, base.saturating_add(size)))
    }

    /// What shows in the window of `id` may be other than it was.
    pub(super) fn window_changed(&mut self, id: PeripheralId) {
        if let Some((base, size)) = self.chip.peripherals.get(id.0).and_then(|p| p.window()) {
            self.window_lies.clear();
            self.code_changes.push((base, base.saturating_add(size)));
        }
    }
}
