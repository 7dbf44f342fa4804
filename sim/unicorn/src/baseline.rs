//! Unicorn without a machine around it: what our own loop is measured against.

use std::time::{Duration, Instant};

use flashstall_cpu::CpuModel;
use unicorn_engine::unicorn_const::{Arch, ArmCpuModel, Mode, Prot};
use unicorn_engine::{RegisterARM, Unicorn};

use crate::EngineError;

/// A program that needs nothing but memory.
#[derive(Clone, Debug)]
pub struct Program<'a> {
    /// The core.
    pub model: CpuModel,
    /// What lies where. Pieces must not share a 4 KB page.
    pub image: &'a [(u32, &'a [u8])],
    /// RAM as `(start, size)`, both multiples of 4 KB and apart from the image.
    pub ram: (u32, u32),
    /// First instruction.
    pub entry: u32,
    /// Initial stack pointer.
    pub sp: u32,
    /// Execution ends when the PC gets here.
    pub end: u32,
}

/// Runs `program` with nothing watching it: how long it took.
///
/// # Errors
/// Unicorn refused the memory layout, or stopped before the end.
pub fn bare(program: &Program) -> Result<Duration, EngineError> {
    let mut uc = load(program)?;
    time(&mut uc, program)
}

/// Runs `program` with a hook on every instruction that does nothing but count: how long it took, and how many they were.
///
/// # Errors
/// As [`bare`].
pub fn code_hook(program: &Program) -> Result<(Duration, u64), EngineError> {
    let mut uc = load(program)?;
    uc.add_code_hook(1, 0, |uc, _, _| *uc.get_data_mut() += 1)?;
    let took = time(&mut uc, program)?;
    Ok((took, *uc.get_data()))
}

fn time(uc: &mut Unicorn<u64>, program: &Program) -> Result<Duration, EngineError> {
    let start = Instant::now();
    uc.emu_start(u64::from(program.entry | 1), u64::from(program.end), 0, 0)?;
    Ok(start.elapsed())
}

fn load(program: &Program) -> Result<Unicorn<'static, u64>, EngineError> {
    const PAGE: u64 = 4096;
    let mut uc = Unicorn::new_with_data(Arch::ARM, Mode::THUMB, 0)?;
    let model = match program.model {
        CpuModel::CortexM3 => ArmCpuModel::CORTEX_M3,
        CpuModel::CortexM4 => ArmCpuModel::CORTEX_M4,
    };
    uc.ctl_set_cpu_model(model as i32)?;
    uc.mem_map(
        u64::from(program.ram.0),
        u64::from(program.ram.1),
        Prot::ALL,
    )?;
    for (addr, bytes) in program.image {
        let (first, end) = (
            u64::from(*addr) / PAGE * PAGE,
            u64::from(*addr) + bytes.len() as u64,
        );
        uc.mem_map(first, (end - first).next_multiple_of(PAGE), Prot::ALL)?;
        uc.mem_write(u64::from(*addr), bytes)?;
    }
    uc.reg_write(RegisterARM::SP, u64::from(program.sp))?;
    uc.reg_write(RegisterARM::LR, u64::from(program.end | 1))?;
    Ok(uc)
}
