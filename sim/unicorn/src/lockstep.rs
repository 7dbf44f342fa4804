//! Both engines side by side, one instruction at a time, up to the first difference.
//!
//! [`LockstepEngine`] is itself an [`Engine`]: the harness runs a scenario with it as with any other, triggers and
//! all. Each run forks the machine; the original goes on natively, the fork with unicorn. After each instruction registers,
//! flags, cycles, interrupts and what was written are compared, and all RAM now and then.

mod compare;

use std::fmt;

use flashstall_cpu::{Bus, Cpu, CpuModel, Cycles, Exit, decode};
use flashstall_mcu::Engine;
use flashstall_mcu::soc::Soc;

use crate::engine::{executor_for, insist};
use crate::executor::{UnicornExecutor, code_at};

/// Instructions between two comparisons of all RAM and of the interrupt controller.
const DEEP_EVERY: u64 = 1 << 16;

/// One thing that differs after an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// Register, flag, counter or address.
    pub what: String,
    /// Before the instruction, where that makes sense.
    pub before: String,
    /// After it, natively.
    pub native: String,
    /// After it, with unicorn.
    pub unicorn: String,
}

/// The first instruction after which the engines differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Instructions on which they agreed.
    pub after: u64,
    /// Its address.
    pub pc: u32,
    /// Its bits and what the native decoder calls it.
    pub instruction: String,
    /// ITSTATE before it.
    pub itstate: u8,
    /// What differs.
    pub mismatches: Vec<Mismatch>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            after,
            pc,
            instruction,
            itstate,
            mismatches,
        } = self;
        writeln!(
            f,
            "after {after} instructions the engines differ at {pc:#010x}: {instruction}, ITSTATE {itstate:#04x}"
        )?;
        for Mismatch {
            what,
            before,
            native,
            unicorn,
        } in mismatches
        {
            writeln!(
                f,
                "  {what:<12} before {before}, native {native}, unicorn {unicorn}"
            )?;
        }
        Ok(())
    }
}

/// Runs machines natively and with unicorn at once.
pub struct LockstepEngine {
    executor: Option<(CpuModel, UnicornExecutor)>,
    most: u64,
    compared: u64,
    difference: Option<Difference>,
}

impl LockstepEngine {
    /// Compares at most `most` instructions; after that, and after a difference, it runs natively only.
    #[must_use]
    pub const fn new(most: u64) -> Self {
        Self {
            executor: None,
            most,
            compared: 0,
            difference: None,
        }
    }

    /// Instructions that were compared.
    #[must_use]
    pub const fn compared(&self) -> u64 {
        self.compared
    }

    /// The first difference.
    #[must_use]
    pub const fn difference(&self) -> Option<&Difference> {
        self.difference.as_ref()
    }

    /// Is there nothing left to compare?
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.difference.is_some() || self.compared >= self.most
    }
}

impl Engine for LockstepEngine {
    fn name(&self) -> &'static str {
        "lockstep"
    }

    /// # Panics
    /// If the host has no memory for unicorn.
    fn run(&mut self, cpu: &mut Cpu, soc: &mut Soc, limit: Cycles) -> Exit {
        let mut fork = (cpu.clone(), soc.clone());
        let mut idle = false;
        loop {
            if self.is_over() {
                return cpu.run(soc, limit);
            }
            let executor = executor_for(&mut self.executor, cpu.config.model);
            let before = cpu.core.clone();
            let code = code_at(soc, before.pc);
            // One cycle is one instruction or one exception entry, through the same loop as ever. Asleep, nothing executes
            // before the next event.
            let next = if idle {
                soc.next_event().min(cpu.systick.next_expiry(before.now))
            } else {
                Cycles::ZERO
            };
            let slice = limit.min(next.max(before.now + Cycles(1)));
            executor.written.clear();
            let exit = cpu.run(soc, slice);
            let other = fork.0.run_with(&mut fork.1, slice, executor);
            insist(executor);

            let mut mismatches = Vec::new();
            compare::exits(&mut mismatches, exit, other);
            compare::cores(&mut mismatches, &before, &cpu.core, &fork.0.core);
            compare::written(&mut mismatches, &executor.written, soc, &fork.1);
            self.compared += cpu.core.instructions - before.instructions;
            idle = cpu.core.instructions == before.instructions && cpu.core.pc == before.pc;
            let ended = exit != Exit::Limit || cpu.core.now >= limit;
            if ended || self.compared.is_multiple_of(DEEP_EVERY) {
                compare::deep(&mut mismatches, (cpu, soc), (&fork.0, &fork.1));
            }
            if !mismatches.is_empty() {
                let instruction = code.map_or_else(
                    || "not in memory".to_owned(),
                    |code| {
                        let op = decode(
                            cpu.config.extensions(),
                            before.pc,
                            code.first,
                            code.second.unwrap_or(0),
                        );
                        format!(
                            "{:0width$x} ({:?})",
                            code.bits(),
                            op.kind,
                            width = code.size() as usize * 2
                        )
                    },
                );
                let (pc, itstate) = (before.pc, before.itstate);
                self.difference = Some(Difference {
                    after: self.compared,
                    pc,
                    instruction,
                    itstate,
                    mismatches,
                });
            }
            if ended {
                return exit;
            }
        }
    }
}
