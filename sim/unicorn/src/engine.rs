//! [`UnicornEngine`]: runs a machine with unicorn executing the instructions.

use flashstall_cpu::{Cpu, CpuModel, Cycles, Exit};
use flashstall_mcu::Engine;
use flashstall_mcu::soc::Soc;

use crate::executor::UnicornExecutor;

/// The second engine. One instance a thread; it keeps no state of the machine and may run several in turn.
#[derive(Default)]
pub struct UnicornEngine {
    executor: Option<(CpuModel, UnicornExecutor)>,
}

impl UnicornEngine {
    /// An engine; unicorn itself is set up when the first machine runs.
    #[must_use]
    pub const fn new() -> Self {
        Self { executor: None }
    }

    /// Instructions that unicorn executed, and those that it left to the native core although they were offered to it.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        self.executor
            .as_ref()
            .map_or((0, 0), |(_, executor)| (executor.executed, executor.left))
    }
}

/// The executor for this core, made when it is first needed.
///
/// # Panics
/// If unicorn cannot be set up: the host is out of memory.
pub(crate) fn executor_for(
    slot: &mut Option<(CpuModel, UnicornExecutor)>,
    model: CpuModel,
) -> &mut UnicornExecutor {
    if slot.as_ref().is_none_or(|(made_for, _)| *made_for != model) {
        match UnicornExecutor::new(model) {
            Ok(executor) => *slot = Some((model, executor)),
            Err(error) => panic!("the unicorn engine cannot be set up: {error}"),
        }
    }
    match slot {
        Some((_, executor)) => executor,
        None => unreachable!("set above"),
    }
}

/// # Panics
/// If unicorn has failed: going on with the native core would be a lie.
pub(crate) fn insist(executor: &UnicornExecutor) {
    if let Some(error) = &executor.error {
        panic!("the unicorn engine failed: {error}");
    }
}

impl Engine for UnicornEngine {
    fn name(&self) -> &'static str {
        "unicorn"
    }

    /// # Panics
    /// If the host has no memory for unicorn.
    fn run(&mut self, cpu: &mut Cpu, soc: &mut Soc, limit: Cycles) -> Exit {
        let executor = executor_for(&mut self.executor, cpu.config.model);
        let exit = cpu.run_with(soc, limit, executor);
        insist(executor);
        exit
    }
}
