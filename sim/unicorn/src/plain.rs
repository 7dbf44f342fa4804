//! The smallest chip there is: code memory and RAM without wait states, no devices, no time of its own.
//!
//! Random instructions run on it; nothing in it may depend on which engine executes.

use flashstall_cpu::{
    Abort, Addr, Bus, Core, Cpu, CpuConfig, CpuModel, Cycles, FaultKind, Fetch, FetchWindow, Hold,
    IrqLines, Size,
};

/// Start of code memory.
pub const CODE: u32 = 0x0800_0000;
/// Start of RAM.
pub const RAM: u32 = 0x2000_0000;
/// Size of each.
pub const BYTES: u32 = 0x1_0000;

/// Code memory and RAM.
#[derive(Clone, Debug)]
pub struct PlainBus {
    /// Code memory.
    pub code: Vec<u8>,
    /// RAM.
    pub ram: Vec<u8>,
    irq: IrqLines,
    reset: bool,
}

impl PlainBus {
    /// Both memories zero.
    #[must_use]
    pub fn new() -> Self {
        Self {
            code: vec![0; BYTES as usize],
            ram: vec![0; BYTES as usize],
            irq: IrqLines::default(),
            reset: false,
        }
    }

    /// A core of this model on this bus, not reset, at the start of code memory.
    #[must_use]
    pub fn core(model: CpuModel) -> Cpu {
        let mut cpu = Cpu::new(CpuConfig {
            model,
            cpuid: 0x412F_C230,
            irqs: 32,
            priority_bits: 4,
            systick_calib: 0,
            systick_divider: 8,
            bit_band: true,
            fpu: true,
            open: flashstall_cpu::OpenBehaviours::default(),
            fast_forward: false,
        });
        cpu.core.pc = CODE;
        // The FPU is on, with a context, so that FPSCR stays as it is set.
        let _ = cpu.data_write(&mut Self::new(), 0xE000_ED88, Size::Word, 0x00F0_0000);
        cpu.core.fp.active = cpu.config.extensions().fpu;
        cpu
    }

    /// The `size` bytes at `addr`, whatever its alignment; `None` where there is no memory.
    #[must_use]
    pub fn peek(&self, addr: u32, size: u32) -> Option<u32> {
        let (memory, at) = if addr.wrapping_sub(CODE) < BYTES {
            (&self.code, (addr - CODE) as usize)
        } else {
            (&self.ram, addr.wrapping_sub(RAM) as usize)
        };
        let bytes = memory.get(at..at.checked_add(size as usize)?)?;
        Some(
            bytes
                .iter()
                .rev()
                .fold(0, |value, byte| value << 8 | u32::from(*byte)),
        )
    }

    /// Puts the low `size` bytes of `value` at `addr`; false where there is no memory.
    pub fn poke(&mut self, addr: u32, size: u32, value: u32) -> bool {
        let (memory, at) = if addr.wrapping_sub(CODE) < BYTES {
            (&mut self.code, (addr - CODE) as usize)
        } else {
            (&mut self.ram, addr.wrapping_sub(RAM) as usize)
        };
        let Some(bytes) = memory.get_mut(at..at.saturating_add(size as usize)) else {
            return false;
        };
        bytes.copy_from_slice(&value.to_le_bytes()[..size as usize]);
        true
    }
}

impl Default for PlainBus {
    fn default() -> Self {
        Self::new()
    }
}

const UNMAPPED: Abort = Abort::Fault(FaultKind::Unmapped);

impl Bus for PlainBus {
    fn read(&mut self, _: &mut Core, addr: u32, size: Size) -> Result<u32, Abort> {
        self.peek(addr, size.bytes()).ok_or(UNMAPPED)
    }

    fn write(&mut self, _: &mut Core, addr: u32, size: Size, value: u32) -> Result<(), Abort> {
        if addr.wrapping_sub(RAM) < BYTES && self.poke(addr, size.bytes(), value) {
            Ok(())
        } else {
            Err(UNMAPPED)
        }
    }

    fn fetch(&mut self, core: &mut Core, addr: u32) -> Result<Fetch, Abort> {
        let (lo, hi) = self.code_region(addr).ok_or(UNMAPPED)?;
        Ok(Fetch {
            window: FetchWindow::new(lo, hi),
            ready: core.now,
        })
    }

    fn vector(&mut self, _: &mut Core, addr: u32) -> Result<u32, Abort> {
        self.peek(addr, 4).ok_or(UNMAPPED)
    }

    fn code(&self, addr: u32) -> Option<u16> {
        self.peek(addr, 2).map(|half| half as u16)
    }

    fn code_region(&self, addr: u32) -> Option<(u32, u32)> {
        [CODE, RAM]
            .into_iter()
            .find(|lo| addr.wrapping_sub(*lo) < BYTES)
            .map(|lo| (lo, lo + BYTES))
    }

    fn take_code_changes(&mut self) -> Vec<(u32, u32)> {
        Vec::new()
    }

    fn code_changed(&self) -> bool {
        false
    }

    fn next_event(&self) -> Cycles {
        Cycles::NEVER
    }

    fn run_events(&mut self, _: &mut Core) {}

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
        0
    }

    fn held(&mut self, _: &Core, _: &Hold) {}

    fn exception_pended(&mut self, _: &Core, _: u16, _: Cycles, _: bool) {}

    fn exception_entered(&mut self, _: &Core, _: u16) {}

    fn exception_returned(&mut self, _: &Core, _: u16) {}

    fn unmodelled(&mut self, _: &Core, _: Addr, _: bool) {}
}
