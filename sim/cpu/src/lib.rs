//! A cycle-level ARMv7-M core: Cortex-M3 and Cortex-M4, Thumb-2, the DSP and FPv4-SP extensions, exceptions,
//! NVIC, system control space, SysTick and the DWT cycle counter.
//!
//! The crate knows no microcontroller. Memory, peripherals and their events are behind [`Bus`]; the
//! core asks for words, is told how long each takes, and holds itself where the bus says so. That
//! split is what the whole project rests on: *a stall is time that passes with the core held*, and
//! `Cpu::hold` is the one place where it passes.
#![deny(missing_docs)]

mod bus;
mod code;
mod config;
mod core;
mod cost;
mod counted;
mod decode;
mod dwt;
mod exception;
mod exec;
mod executor;
mod fp;
mod fpu;
mod hold;
mod nvic;
mod op;
mod poll;
mod ppb;
mod run;
mod scb;
mod sleep;
mod special;
mod systick;
#[cfg(test)]
mod testbus;
mod units;

pub use bus::{Abort, Bus, FaultKind, Fetch, FetchWindow, Hold, HoldKind, IrqLines, Size};
pub use code::CodeCache;
pub use config::{CpuConfig, CpuModel, Extensions, OpenBehaviours, VectorAddress};
pub use core::{Core, FpRegisters, Mode};
pub use cost::{CostClass, CostRow, CostTable};
pub use decode::decode;
pub use dwt::Dwt;
pub use exception::{ExceptionNumber, Fault};
pub use executor::Executor;
pub use fp::Fpscr;
pub use nvic::Nvic;
pub use op::{Op, OpKind};
pub use run::{Cpu, Exit};
pub use scb::Scb;
pub use systick::SysTick;
pub use units::{Addr, Cycles};
