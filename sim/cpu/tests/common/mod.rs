//! A small machine to run instructions on: flash with lines and waits, RAM, one device, scheduled interrupts.
//!
//! Written for speed too, as the bench uses it: what it costs per access is about what a real bus costs.
#![allow(
    missing_docs,
    dead_code,
    reason = "shared by several test binaries, none of which uses all"
)]

use flashstall_cpu::{
    Abort, Addr, Bus, Core, Cpu, CpuConfig, CpuModel, Cycles, FaultKind, Fetch, FetchWindow, Hold,
    IrqLines, OpenBehaviours, Size,
};

pub const FLASH: u32 = 0x0800_0000;
pub const RAM: u32 = 0x2000_0000;
pub const DEVICE: u32 = 0x4000_0000;
const KB64: usize = 0x1_0000;

/// What happens at a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The interrupt line rises and falls.
    Pulse(u16),
    /// The device's status register changes to this.
    Status(u32),
    /// The chip asks for a system reset.
    Reset,
    /// Nothing; the core just has to look.
    Nothing,
}

/// Flash, RAM, a device of eight words, and a schedule.
///
/// Device words: 0 status (reading has no side effect); 1 a counter of cycles; 2 to 4 plain storage; 5 a register whose
/// write is held while the flash is busy; a write to 6 pulses that interrupt; a write to 7 makes the flash busy for
/// so many cycles, from the next one on.
#[derive(Clone)]
pub struct SimBus {
    pub flash: Vec<u8>,
    pub ram: Vec<u8>,
    pub device: [u32; 8],
    /// Wait states of each flash line; with 0 the whole flash is one window.
    pub flash_waits: u64,
    pub line_bytes: u32,
    /// Flash is held until this cycle.
    pub busy_until: u64,
    pub irq: IrqLines,
    pub events: Vec<(u64, Event)>,
    pub changed: Vec<(u32, u32)>,
    pub held: Vec<Hold>,
    pub entered: Vec<(u16, u64)>,
    /// Number, cycle, merged.
    pub pended: Vec<(u16, u64, bool)>,
    pub effects: u64,
    pub reset: bool,
    /// Vector fetches end in a bus error.
    pub no_vectors: bool,
    pub transfers: Vec<(u32, u32, bool)>,
    pub log_transfers: bool,
}

impl SimBus {
    pub fn new() -> Self {
        Self {
            flash: vec![0xFF; KB64],
            ram: vec![0; KB64],
            device: [0; 8],
            flash_waits: 0,
            line_bytes: 8,
            busy_until: 0,
            irq: IrqLines::default(),
            events: Vec::new(),
            changed: Vec::new(),
            held: Vec::new(),
            entered: Vec::new(),
            pended: Vec::new(),
            effects: 0,
            reset: false,
            no_vectors: false,
            transfers: Vec::new(),
            log_transfers: false,
        }
    }

    pub fn at(&mut self, cycle: u64, event: Event) {
        self.events.push((cycle, event));
        self.events.sort_by_key(|event| event.0);
    }

    pub fn program(&mut self, addr: u32, code: &[u16]) {
        for (addr, half) in (addr..).step_by(2).zip(code) {
            let (memory, at) = self.memory_mut(addr).unwrap();
            memory[at..at + 2].copy_from_slice(&half.to_le_bytes());
        }
    }

    pub fn set_word(&mut self, addr: u32, value: u32) {
        self.program(addr, &[value as u16, (value >> 16) as u16]);
    }

    pub fn word(&self, addr: u32) -> u32 {
        let (memory, at) = self.memory(addr).unwrap();
        u32::from_le_bytes(memory[at..at + 4].try_into().unwrap())
    }

    #[inline(always)]
    fn memory(&self, addr: u32) -> Option<(&[u8], usize)> {
        match addr >> 16 {
            0x2000 => Some((&self.ram, addr as usize & 0xFFFF)),
            0x0800 | 0 => Some((&self.flash, addr as usize & 0xFFFF)),
            _ => None,
        }
    }

    #[inline(always)]
    fn memory_mut(&mut self, addr: u32) -> Option<(&mut [u8], usize)> {
        match addr >> 16 {
            0x2000 => Some((&mut self.ram, addr as usize & 0xFFFF)),
            0x0800 | 0 => Some((&mut self.flash, addr as usize & 0xFFFF)),
            _ => None,
        }
    }

    fn check_busy(&self, core: &Core, addr: u32) -> Result<(), Abort> {
        if core.now.0 < self.busy_until && addr < RAM {
            return Err(Abort::Held {
                until: Cycles(self.busy_until),
            });
        }
        Ok(())
    }

    #[inline(never)]
    fn device_read(&mut self, core: &Core, addr: u32) -> Result<u32, Abort> {
        if addr & !0x1F != DEVICE {
            return Err(Abort::Fault(FaultKind::Unmapped));
        }
        let index = (addr >> 2 & 7) as usize;
        let word = if index == 1 {
            self.effects += 1;
            core.now.0 as u32
        } else {
            self.device[index]
        };
        Ok(word >> ((addr & 3) * 8))
    }

    #[inline(never)]
    fn device_write(&mut self, core: &Core, addr: u32, value: u32) -> Result<(), Abort> {
        if addr & !0x1F != DEVICE {
            return Err(Abort::Fault(FaultKind::Unmapped));
        }
        let index = (addr >> 2 & 7) as usize;
        if index == 5 && core.now.0 < self.busy_until {
            return Err(Abort::Held {
                until: Cycles(self.busy_until),
            });
        }
        self.effects += 1;
        self.device[index] = value;
        match index {
            6 => self.irq.pulse(value as u16 & 0x3F),
            7 => self.busy_until = core.now.0 + 1 + u64::from(value),
            _ => {}
        }
        Ok(())
    }
}

impl Bus for SimBus {
    #[inline(always)]
    fn read(&mut self, core: &mut Core, addr: u32, size: Size) -> Result<u32, Abort> {
        if self.log_transfers {
            self.transfers.push((addr, size.bytes(), false));
        }
        if addr < RAM {
            self.check_busy(core, addr)?;
        }
        let Some((memory, at)) = self.memory(addr) else {
            return self.device_read(core, addr);
        };
        let bytes = &memory[at & 0xFFFF..];
        let value = match size {
            Size::Byte => bytes.first().map(|&byte| u32::from(byte)),
            Size::Half => bytes
                .first_chunk::<2>()
                .map(|&half| u32::from(u16::from_le_bytes(half))),
            Size::Word => bytes
                .first_chunk::<4>()
                .map(|&word| u32::from_le_bytes(word)),
        };
        value.ok_or(Abort::Fault(FaultKind::Unmapped))
    }

    #[inline(always)]
    fn write(&mut self, core: &mut Core, addr: u32, size: Size, value: u32) -> Result<(), Abort> {
        if self.log_transfers {
            self.transfers.push((addr, size.bytes(), true));
        }
        if addr < RAM {
            self.check_busy(core, addr)?;
            return Err(Abort::Fault(FaultKind::Refused));
        }
        let Some((memory, at)) = self.memory_mut(addr) else {
            return self.device_write(core, addr, value);
        };
        let bytes = &mut memory[at & 0xFFFF..];
        match size {
            Size::Byte => bytes.first_mut().map(|byte| *byte = value as u8),
            Size::Half => bytes
                .first_chunk_mut::<2>()
                .map(|half| *half = (value as u16).to_le_bytes()),
            Size::Word => bytes
                .first_chunk_mut::<4>()
                .map(|word| *word = value.to_le_bytes()),
        }
        .ok_or(Abort::Fault(FaultKind::Unmapped))
    }

    #[inline]
    fn fetch(&mut self, core: &mut Core, addr: u32) -> Result<Fetch, Abort> {
        self.check_busy(core, addr)?;
        let lo = match addr >> 16 {
            0x0800 if self.flash_waits > 0 => {
                let lo = addr & !(self.line_bytes - 1);
                let window = FetchWindow::new(lo, lo + self.line_bytes);
                return Ok(Fetch {
                    window,
                    ready: core.now + Cycles(self.flash_waits),
                });
            }
            0x2000 | 0x0800 | 0 => addr & 0xFFFF_0000,
            _ => return Err(Abort::Fault(FaultKind::Unmapped)),
        };
        Ok(Fetch {
            window: FetchWindow::new(lo, lo + 0x1_0000),
            ready: core.now,
        })
    }

    fn vector(&mut self, core: &mut Core, addr: u32) -> Result<u32, Abort> {
        if self.no_vectors {
            return Err(Abort::Fault(FaultKind::Unmapped));
        }
        self.read(core, addr, Size::Word)
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
        std::mem::take(&mut self.changed)
    }

    fn code_changed(&self) -> bool {
        !self.changed.is_empty()
    }

    fn next_event(&self) -> Cycles {
        self.events
            .first()
            .map_or(Cycles::NEVER, |event| Cycles(event.0))
    }

    fn run_events(&mut self, core: &mut Core) {
        while let Some(&(cycle, event)) = self.events.first()
            && cycle <= core.now.0
        {
            self.events.remove(0);
            match event {
                Event::Pulse(irq) => self.irq.pulse(irq),
                Event::Status(word) => self.device[0] = word,
                Event::Reset => self.reset = true,
                Event::Nothing => {}
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
        self.effects
    }

    fn held(&mut self, _: &Core, hold: &Hold) {
        self.held.push(*hold);
    }

    fn exception_pended(&mut self, _: &Core, number: u16, at: Cycles, merged: bool) {
        self.pended.push((number, at.0, merged));
    }

    fn exception_entered(&mut self, core: &Core, number: u16) {
        self.entered.push((number, core.now.0));
    }

    fn exception_returned(&mut self, _: &Core, _: u16) {}

    fn unmodelled(&mut self, _: &Core, _: Addr, _: bool) {}
}

pub fn config(model: CpuModel) -> CpuConfig {
    CpuConfig {
        model,
        cpuid: 0x410F_C241,
        irqs: 82,
        priority_bits: 4,
        systick_calib: 0,
        systick_divider: 8,
        bit_band: true,
        fpu: true,
        open: OpenBehaviours::default(),
        fast_forward: false,
    }
}

/// Where [`machine`] puts the handler of every exception: `bx lr` in flash.
pub const HANDLER: u32 = FLASH + 0x200;
/// Initial stack pointer of [`machine`].
pub const STACK: u32 = RAM + 0x8000;
/// Where [`machine`] starts to execute.
pub const CODE: u32 = RAM + 0x1000;

/// A machine out of reset that is about to execute `code` at [`CODE`].
pub fn machine(model: CpuModel, code: &[u16]) -> (Cpu, SimBus) {
    let mut bus = SimBus::new();
    bus.set_word(FLASH, STACK);
    bus.set_word(FLASH + 4, CODE | 1);
    for number in 2..98 {
        bus.set_word(FLASH + 4 * number, HANDLER | 1);
    }
    // The table is at 0 after reset, and so is the flash.
    bus.program(HANDLER, &[0x4770]);
    bus.program(CODE, code);
    let mut cpu = Cpu::new(config(model));
    cpu.reset(&mut bus);
    (cpu, bus)
}
