//! A small bus for tests: flash with wait states that can be busy, two RAMs, scripted interrupt lines, and a
//! record of everything the core tells. Shared by the unit tests and `tests/exceptions`.

use super::{Abort, Addr, Bus, Core, Cycles, FaultKind, Fetch, FetchWindow, Hold, IrqLines, Size};

pub const FLASH: u32 = 0x0800_0000;
pub const CCM: u32 = 0x1000_0000;
pub const RAM: u32 = 0x2000_0000;
const KB64: usize = 0x1_0000;

/// An exception that became pending: number, cycle, merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pended(pub u16, pub u64, pub bool);

/// What an interrupt line does at a scripted cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    High,
    Low,
    Pulse,
    /// Not a line: the chip asks for a system reset.
    Reset,
}

#[derive(Clone)]
pub struct TestBus {
    pub flash: Vec<u8>,
    pub ccm: Vec<u8>,
    pub ram: Vec<u8>,
    /// Wait states of flash and of RAM at 0x20000000.
    pub flash_waits: u64,
    pub ram_waits: u64,
    /// Flash is held in `[from, until)`.
    pub busy: (u64, u64),
    pub irq: IrqLines,
    pub events: Vec<(u64, u16, Line)>,
    pub pended: Vec<Pended>,
    pub entered: Vec<(u16, u64)>,
    pub returned: Vec<(u16, u64)>,
    pub vectors: Vec<(u32, u64)>,
    pub held: Vec<Hold>,
    pub unmodelled: Vec<(u32, bool)>,
    pub reset: bool,
    pub dbgmcu: u32,
    pub side_effects: u64,
}

impl TestBus {
    pub fn new() -> Self {
        Self {
            flash: vec![0xFF; KB64],
            ccm: vec![0; KB64],
            ram: vec![0; KB64],
            flash_waits: 0,
            ram_waits: 0,
            busy: (0, 0),
            irq: IrqLines::default(),
            events: Vec::new(),
            pended: Vec::new(),
            entered: Vec::new(),
            returned: Vec::new(),
            vectors: Vec::new(),
            held: Vec::new(),
            unmodelled: Vec::new(),
            reset: false,
            dbgmcu: 0,
            side_effects: 0,
        }
    }

    /// Scripts an interrupt line.
    pub fn at(&mut self, cycle: u64, irq: u16, line: Line) {
        self.events.push((cycle, irq, line));
        self.events.sort_by_key(|event| event.0);
    }

    pub fn word(&self, addr: u32) -> u32 {
        (0..4).rev().fold(0, |word, byte| {
            word << 8 | u32::from(self.memory(addr + byte).map_or(0, |(bytes, at)| bytes[at]))
        })
    }

    pub fn set_word(&mut self, addr: u32, value: u32) {
        self.store(addr, &value.to_le_bytes());
    }

    /// Stores halfwords of code.
    pub fn program(&mut self, addr: u32, code: &[u16]) {
        for (addr, half) in (addr..).step_by(2).zip(code) {
            self.store(addr, &half.to_le_bytes());
        }
    }

    fn store(&mut self, addr: u32, bytes: &[u8]) {
        let (memory, at) = self
            .memory_mut(addr)
            .expect("a test writes to memory that exists");
        memory[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn memory(&self, addr: u32) -> Option<(&[u8], usize)> {
        let at = (addr & 0xFFFF) as usize;
        match addr & 0xFFFF_0000 {
            0 | FLASH => Some((&self.flash, at)),
            CCM => Some((&self.ccm, at)),
            RAM => Some((&self.ram, at)),
            _ => None,
        }
    }

    fn memory_mut(&mut self, addr: u32) -> Option<(&mut [u8], usize)> {
        let at = (addr & 0xFFFF) as usize;
        match addr & 0xFFFF_0000 {
            0 | FLASH => Some((&mut self.flash, at)),
            CCM => Some((&mut self.ccm, at)),
            RAM => Some((&mut self.ram, at)),
            _ => None,
        }
    }

    /// Waits as the memory at `addr` does.
    fn wait(&self, core: &mut Core, addr: u32) -> Result<(), Abort> {
        match addr & 0xFFFF_0000 {
            0 | FLASH if (self.busy.0..self.busy.1).contains(&core.now.0) => {
                return Err(Abort::Held {
                    until: Cycles(self.busy.1),
                });
            }
            0 | FLASH => core.now.0 += self.flash_waits,
            RAM => core.now.0 += self.ram_waits,
            CCM => {}
            _ => return Err(Abort::Fault(FaultKind::Unmapped)),
        }
        Ok(())
    }
}

impl Bus for TestBus {
    fn read(&mut self, core: &mut Core, addr: u32, size: Size) -> Result<u32, Abort> {
        if addr == 0xE004_2000 {
            return Ok(self.dbgmcu);
        }
        self.wait(core, addr)?;
        let Some((memory, at)) = self.memory(addr) else {
            return Err(Abort::Fault(FaultKind::Unmapped));
        };
        let bytes = &memory[at..at + size.bytes() as usize];
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |word, &byte| word << 8 | u32::from(byte)))
    }

    fn write(&mut self, core: &mut Core, addr: u32, size: Size, value: u32) -> Result<(), Abort> {
        if addr == 0xE004_2000 {
            self.dbgmcu = value;
            return Ok(());
        }
        self.wait(core, addr)?;
        self.store(addr, &value.to_le_bytes()[..size.bytes() as usize]);
        Ok(())
    }

    fn fetch(&mut self, core: &mut Core, addr: u32) -> Result<Fetch, Abort> {
        let issued = core.now;
        self.wait(core, addr)?;
        let ready = core.now;
        core.now = issued;
        let line = if addr & 0xFFFF_0000 == FLASH && self.flash_waits > 0 {
            7
        } else {
            0xFFFF
        };
        let lo = addr & !line;
        Ok(Fetch {
            window: FetchWindow::new(lo, lo + line + 1),
            ready,
        })
    }

    fn vector(&mut self, core: &mut Core, addr: u32) -> Result<u32, Abort> {
        let issued = core.now.0;
        let word = self.read(core, addr, Size::Word)?;
        self.vectors.push((addr, issued));
        Ok(word)
    }

    fn code(&self, addr: u32) -> Option<u16> {
        let (memory, at) = self.memory(addr)?;
        Some(u16::from_le_bytes([memory[at], memory[at + 1]]))
    }

    fn code_region(&self, addr: u32) -> Option<(u32, u32)> {
        let lo = addr & 0xFFFF_0000;
        self.memory(addr).map(|_| (lo, lo + 0x1_0000))
    }

    fn take_code_changes(&mut self) -> Vec<(u32, u32)> {
        Vec::new()
    }

    fn code_changed(&self) -> bool {
        false
    }

    fn next_event(&self) -> Cycles {
        self.events
            .first()
            .map_or(Cycles::NEVER, |event| Cycles(event.0))
    }

    fn run_events(&mut self, core: &mut Core) {
        while let Some(&(cycle, irq, line)) = self.events.first()
            && cycle <= core.now.0
        {
            self.events.remove(0);
            match line {
                Line::High => self.irq.set(irq, true),
                Line::Low => self.irq.set(irq, false),
                Line::Pulse => self.irq.pulse(irq),
                Line::Reset => self.reset = true,
            }
        }
    }

    fn irq(&mut self) -> &mut IrqLines {
        &mut self.irq
    }

    fn reset_requested(&self) -> bool {
        self.reset
    }

    fn request_reset(&mut self, _: &Core) {
        self.reset = true;
    }

    fn side_effects(&self) -> u64 {
        self.side_effects
    }

    fn held(&mut self, _: &Core, hold: &Hold) {
        self.held.push(*hold);
    }

    fn exception_pended(&mut self, _: &Core, number: u16, at: Cycles, merged: bool) {
        self.pended.push(Pended(number, at.0, merged));
    }

    fn exception_entered(&mut self, core: &Core, number: u16) {
        self.entered.push((number, core.now.0));
    }

    fn exception_returned(&mut self, core: &Core, number: u16) {
        self.returned.push((number, core.now.0));
    }

    fn unmodelled(&mut self, _: &Core, addr: Addr, write: bool) {
        self.unmodelled.push((addr.0, write));
    }
}
