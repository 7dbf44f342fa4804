//! Exceptions: numbers, entry, return, faults and who pre-empts whom (ARMv7-M B1.5).

mod entry;
mod faults;
mod leave;
mod number;
mod preempt;
mod stack;

pub use faults::Fault;
pub use number::ExceptionNumber;
