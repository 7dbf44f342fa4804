//! The chip around the core: memories, flash and its controller, peripherals, wires, and the machine that
//! joins them to [`flashstall_cpu`].
//!
//! Time is advanced by the core's cycles and the [event queue](sched::Scheduler) only. Chips are data: see [`chip`].
#![deny(missing_docs)]

pub mod chip;
pub mod clock;
mod clocktree;
pub mod flash;
pub mod log;
pub mod machine;
mod memory;
pub mod nor;
pub mod periph;
pub mod sched;
pub mod soc;
mod units;
pub mod wire;

pub use clocktree::ClockTree;
pub use machine::{Engine, Machine, MachineOptions, NativeEngine, Stop};
pub use units::{Baud, Hertz, Picos};
