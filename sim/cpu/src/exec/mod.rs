//! Execution: what each op does to registers, flags, memory and time.

mod dispatch;
mod dsp;
mod fetch;
mod fp;
mod mem;
mod multiple;
mod operand;
mod rare;
mod system;

pub(crate) use operand::condition_holds;
