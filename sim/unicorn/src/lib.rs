//! Unicorn as the second engine.
//!
//! The machine, its time, exceptions and stalls stay flashstall's own. What an instruction does to registers,
//! flags and memory comes from unicorn (QEMU's translator), one instruction at a time. Two uses:
//! [`UnicornEngine`] runs a whole scenario that way, and [`lockstep`] runs both engines side by side and reports
//! the first difference. [`random`] feeds both with random instructions.
//!
//! Unicorn has peculiarities that look like differences and are none; `TRAPS.md` names them, and
//! `tests/traps.rs` shows each.
//!
//! **Licence.** This crate links unicorn, which is GPL-2.0-only. It is built only with the feature `unicorn` of the
//! root package and is part of no released binary.
#![deny(missing_docs)]

pub mod baseline;
mod code;
mod engine;
mod executor;
pub mod lockstep;
pub mod plain;
pub mod random;
mod scratch;
mod stepper;

pub use code::{Code, advance};
pub use engine::UnicornEngine;
pub use executor::{UnicornExecutor, registers_of};
pub use stepper::{Memory, Registers, Step, Stepper};
use unicorn_engine::unicorn_const::uc_error;

/// Why the second engine cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Unicorn refused a call that must work.
    #[error("unicorn: {0}")]
    Unicorn(uc_error),
    /// Unicorn took no more memory.
    #[error("unicorn takes no more memory")]
    NoMemory,
}

impl From<uc_error> for EngineError {
    fn from(error: uc_error) -> Self {
        Self::Unicorn(error)
    }
}
