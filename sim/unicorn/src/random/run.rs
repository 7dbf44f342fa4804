//! Runs random blocks on the native core, on unicorn alone, and on the native core with unicorn as executor, and
//! compares the three after every instruction.

use flashstall_cpu::{Cpu, CpuModel, FpRegisters, Fpscr, Size};

use super::encodings::{Access, tables};
use super::program::{Item, generate};
use super::report::{Difference, RunError, Stats};
use super::rng::Rng;
use crate::executor::{UnicornExecutor, registers_of};
use crate::plain::{CODE, PlainBus, RAM};
use crate::stepper::{Memory, Step, Stepper};

/// Where blocks lie in code memory.
const BLOCK: u32 = CODE + 0x4000;
/// Middle of the data window; accesses stay within 8 KB of it.
const WINDOW: u32 = RAM + 0x4000;
/// What is compared of it, beyond the reach of any access.
const COMPARED: std::ops::Range<usize> = 0x2C00..0x5800;
/// Instructions of a block.
const BLOCK_LENGTH: usize = 40;

impl Memory for PlainBus {
    fn read(&mut self, addr: u32, size: Size) -> Option<u32> {
        self.peek(addr, size.bytes())
    }

    fn write(&mut self, addr: u32, size: Size, value: u32) -> Option<()> {
        self.poke(addr, size.bytes(), value).then_some(())
    }
}

/// The three machines.
struct Rig {
    rng: Rng,
    native: (Cpu, PlainBus),
    raw: (Stepper, PlainBus),
    executor: (Cpu, PlainBus, UnicornExecutor),
}

/// Executes at least `count` random instructions that depend on `seed` only.
///
/// # Errors
/// The first [`Difference`], or a failure of unicorn.
pub fn run(model: CpuModel, seed: u64, count: u64) -> Result<Stats, RunError> {
    let mut rig = Rig {
        rng: Rng::new(seed),
        native: (PlainBus::core(model), PlainBus::new()),
        raw: (Stepper::new(model)?, PlainBus::new()),
        executor: (
            PlainBus::core(model),
            PlainBus::new(),
            UnicornExecutor::new(model)?,
        ),
    };
    let mut stats = Stats {
        instructions: 0,
        by_encoding: vec![0; tables(model.extensions()).count() + 1],
        in_it: 0,
        blocks: 0,
    };
    while stats.instructions < count {
        rig.block(&mut stats)?;
    }
    Ok(stats)
}

impl Rig {
    fn buses(&mut self) -> [&mut PlainBus; 3] {
        [&mut self.native.1, &mut self.raw.1, &mut self.executor.1]
    }

    fn cpus(&mut self) -> [&mut Cpu; 2] {
        [&mut self.native.0, &mut self.executor.0]
    }

    fn block(&mut self, stats: &mut Stats) -> Result<(), RunError> {
        let start = BLOCK + 2 * self.rng.below(0x800);
        let items = generate(
            &mut self.rng,
            self.native.0.config.extensions(),
            start,
            BLOCK_LENGTH,
        );
        self.load(&items, start);
        stats.blocks += 1;
        for _ in 0..2 * BLOCK_LENGTH {
            let pc = self.native.0.core.pc;
            // A branch has left the block, or gone into the middle of an instruction.
            let Ok(index) = items.binary_search_by_key(&pc, |item| item.addr) else {
                break;
            };
            if !self.native.0.core.thumb {
                break;
            }
            let item = items[index];
            stats.in_it += u64::from(self.native.0.core.itstate != 0);
            self.prepare(&item);
            self.compare(item)?;
            stats.instructions += 1;
            stats.by_encoding[item.encoding] += 1;
        }
        Ok(())
    }

    /// New code and new data on all three.
    fn load(&mut self, items: &[Item], start: u32) {
        let mut halves: Vec<u16> = items
            .iter()
            .flat_map(|item| std::iter::once(item.code.first).chain(item.code.second))
            .collect();
        halves.extend((0..8).map(|_| 0xBF00));
        // A corner of the window gets new words; branch tables and addresses come from there.
        let words: Vec<(u32, u32)> = (0..64)
            .map(|_| {
                (
                    WINDOW + 4 * self.rng.below(0x600) - 0xC00,
                    self.word_of_memory(),
                )
            })
            .collect();
        for bus in self.buses() {
            for (addr, half) in (start..).step_by(2).zip(&halves) {
                bus.poke(addr, 2, u32::from(*half));
            }
            for (addr, word) in &words {
                bus.poke(*addr, 4, *word);
            }
        }
        let end = start + 2 * halves.len() as u32;
        for cpu in self.cpus() {
            cpu.code.invalidate(start, end);
            cpu.core.pc = start;
            cpu.core.thumb = true;
            cpu.core.itstate = 0;
        }
    }

    fn word_of_memory(&mut self) -> u32 {
        match self.rng.below(3) {
            0 => (BLOCK + self.rng.below(0x2000)) | 1,
            1 => self.rng.below(0x10),
            _ => self.rng.operand(),
        }
    }

    /// New register values, such that the instruction accesses the window only.
    fn prepare(&mut self, item: &Item) {
        let mut core = self.native.0.core.clone();
        for register in 0..15 {
            if self.rng.one_in(2) {
                core.r[register] = self.rng.operand();
            }
        }
        core.r[13] = self.window(true);
        match item.access {
            Access::None => {}
            Access::Base { register, aligned } => {
                core.r[register as usize] = self.window(aligned || register == 13)
            }
            Access::Index {
                base: 15, index, ..
            } => core.r[index as usize] = self.rng.below(32),
            Access::Index {
                base, index, shift, ..
            } if base == index => {
                let factor = 1 + (1u32 << shift);
                core.r[base as usize] =
                    (self.window(false) / factor) & if base == 13 { !3 } else { !0 };
            }
            Access::Index {
                base,
                index,
                shift,
                aligned,
            } => {
                let offset =
                    self.rng.below(0x200).wrapping_sub(0x40) << if aligned { 2 } else { 0 };
                core.r[base as usize] = self.window(aligned || base == 13);
                core.r[index as usize] = if shift == 0 || !self.rng.one_in(4) {
                    offset
                } else {
                    offset | 0xE000_0000 & !(u32::MAX >> shift)
                };
            }
        }
        let extensions = self.native.0.config.extensions();
        let ge = if extensions.dsp { 0x000F_0000 } else { 0 };
        core.set_apsr(self.rng.word() & (0xF800_0000 | ge));
        if extensions.fpu && self.rng.one_in(2) {
            self.fp_operands(&mut core.fp);
        }
        if core.itstate == 0 && item.it != super::encodings::It::Outside && self.rng.one_in(16) {
            core.itstate = (self.rng.below(15) << 4 | 8) as u8;
        }
        for cpu in self.cpus() {
            cpu.core.r = core.r;
            cpu.core.itstate = core.itstate;
            cpu.core.set_apsr(core.apsr());
            cpu.core.fp = core.fp.clone();
        }
    }

    /// Numbers in a few registers, and modes, in most cases few of them.
    fn fp_operands(&mut self, fp: &mut FpRegisters) {
        for _ in 0..16 {
            fp.s[self.rng.below(32) as usize] = self.rng.float();
        }
        let modes = self.rng.word()
            & if self.rng.one_in(2) {
                0x07C0_0000
            } else {
                0x00C0_0000
            };
        let flags = if self.rng.one_in(4) {
            self.rng.word() & 0xF000_009F
        } else {
            0
        };
        fp.fpscr = Fpscr::from_bits_retain(modes | flags);
    }

    /// An address in the window.
    fn window(&mut self, aligned: bool) -> u32 {
        let addr = WINDOW + self.rng.below(0x400);
        if aligned || self.rng.one_in(2) {
            addr & !3
        } else {
            addr
        }
    }

    /// One step on all three.
    fn compare(&mut self, item: Item) -> Result<(), RunError> {
        let before = registers_of(&self.native.0.core);
        self.native.0.step(&mut self.native.1);
        let native = registers_of(&self.native.0.core);
        let report = |engine, other, memory| {
            Err(RunError::Difference(Box::new(Difference {
                engine,
                item,
                before,
                native,
                other,
                memory,
            })))
        };

        let (stepper, memory) = &mut self.raw;
        let step = stepper.step(&before, item.code, memory)?;
        let raw = match step {
            Step::Done(after) => after,
            other => return report("unicorn", format!("{other:?}"), None),
        };
        let memory = self.memory_difference(&self.raw.1);
        if raw != native || memory.is_some() {
            return report("unicorn", format!("{raw:x?}"), memory);
        }

        let (cpu, bus, executor) = &mut self.executor;
        cpu.step_with(bus, executor);
        if let Some(error) = executor.error.take() {
            return Err(error.into());
        }
        let memory = self.memory_difference(&self.executor.1);
        let (a, b) = (&self.native.0.core, &self.executor.0.core);
        if registers_of(a) != registers_of(b)
            || a.now != b.now
            || a.instructions != b.instructions
            || memory.is_some()
        {
            let other = format!("{:x?}, {} (native {})", registers_of(b), b.now, a.now);
            return report("the executor", other, memory);
        }
        Ok(())
    }

    fn memory_difference(&self, other: &PlainBus) -> Option<(u32, u8, u8)> {
        let (a, b) = (&self.native.1.ram[COMPARED], &other.ram[COMPARED]);
        if a == b {
            return None;
        }
        let at = a.iter().zip(b).position(|(a, b)| a != b)?;
        Some((RAM + (COMPARED.start + at) as u32, a[at], b[at]))
    }
}
