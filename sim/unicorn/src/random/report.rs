//! What came of a run of random instructions.

use std::fmt;

use super::program::Item;
use crate::EngineError;
use crate::stepper::Registers;

/// What was executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Instructions that were compared.
    pub instructions: u64,
    /// How often each encoding executed; the last entry is IT.
    pub by_encoding: Vec<u64>,
    /// Of these, instructions inside IT blocks.
    pub in_it: u64,
    /// Blocks.
    pub blocks: u64,
}

/// The first difference.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Which engine differs from the native one.
    pub engine: &'static str,
    /// The instruction.
    pub item: Item,
    /// Before it.
    pub before: Registers,
    /// After it, natively.
    pub native: Registers,
    /// After it, by the other engine.
    pub other: String,
    /// First address of the data window at which memory differs, with both bytes.
    pub memory: Option<(u32, u8, u8)>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            engine,
            item,
            before,
            native,
            other,
            memory,
        } = self;
        writeln!(
            f,
            "{} {:0w$x} at {:#010x}: native and {engine} differ",
            item.name,
            item.code.bits(),
            item.addr,
            w = item.code.size() as usize * 2
        )?;
        writeln!(f, "before: {before:x?}")?;
        writeln!(f, "native: {native:x?}")?;
        writeln!(f, "{engine}: {other}")?;
        if let Some((addr, a, b)) = memory {
            writeln!(f, "memory at {addr:#010x}: {a:#04x} natively, {b:#04x}")?;
        }
        Ok(())
    }
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The engines differ.
    #[error("{0}")]
    Difference(Box<Difference>),
    /// Unicorn failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}
