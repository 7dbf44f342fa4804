//! Who executes instructions, and why a run comes back.

use flashstall_cpu::{Addr, Cpu, Cycles, Exit};

use crate::log::OperationId;
use crate::soc::Soc;

/// Why a run came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The time limit was reached.
    TimeLimit,
    /// The instruction at a stop address is about to execute.
    Breakpoint(Addr),
    /// A BKPT that is no semihosting call. Running on executes what is behind it.
    Bkpt {
        /// Its immediate.
        imm: u8,
        /// Its address.
        pc: Addr,
    },
    /// Firmware said by semihosting that it is done.
    SemihostingExit {
        /// Its exit code.
        code: u32,
    },
    /// The core locked up.
    Lockup {
        /// Where.
        pc: Addr,
    },
    /// The core sleeps, and nothing will ever wake it. Told for the limit [`Picos::NEVER`](crate::Picos::NEVER) only: up to
    /// any other the core sleeps on, for something outside may come.
    Dead {
        /// Where.
        pc: Addr,
    },
    /// The boot loader in system memory runs, because it found no image to start. It has no code here.
    BootLoader,
    /// An erase of main flash began (only after [`Machine::stop_on_erase`](crate::Machine::stop_on_erase)).
    EraseStarted(OperationId),
    /// The handler of a fault (HardFault, MemManage, BusFault, UsageFault) is about to execute its first instruction (only
    /// after [`Machine::stop_on_fault`](crate::Machine::stop_on_fault)).
    Fault {
        /// Exception number, 3 to 6.
        number: u16,
    },
}

/// What executes instructions.
pub trait Engine {
    /// Its name, as reports show it.
    fn name(&self) -> &'static str;

    /// Runs the core until something of [`Exit`] happens, at the latest at `limit`.
    fn run(&mut self, cpu: &mut Cpu, soc: &mut Soc, limit: Cycles) -> Exit;
}

/// The native core.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeEngine;

impl Engine for NativeEngine {
    fn name(&self) -> &'static str {
        "native"
    }

    fn run(&mut self, cpu: &mut Cpu, soc: &mut Soc, limit: Cycles) -> Exit {
        cpu.run(soc, limit)
    }
}
