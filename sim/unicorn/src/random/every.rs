//! Every encoding, valid or not: do both engines take it, or both refuse it?

use flashstall_cpu::{CpuModel, Extensions, OpKind, Size, decode};

use super::rng::Rng;
use crate::EngineError;
use crate::code::Code;
use crate::plain::{CODE, RAM};
use crate::stepper::{Memory, Registers, Step, Stepper};

/// What the two make of one encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Opinion {
    /// Both execute it.
    BothAccept,
    /// Both refuse it.
    BothRefuse,
    /// Only the native core executes it.
    NativeAccepts,
    /// Only unicorn executes it.
    UnicornAccepts,
    /// The native core handles it itself: it acts on the system.
    System,
}

/// Asks both engines about encodings.
pub struct Jury {
    stepper: Stepper,
    extensions: Extensions,
}

/// All addresses answer zero.
struct Zeros;

impl Memory for Zeros {
    fn read(&mut self, _: u32, _: Size) -> Option<u32> {
        Some(0)
    }

    fn write(&mut self, _: u32, _: Size, _: u32) -> Option<()> {
        Some(())
    }
}

impl Jury {
    /// A jury for this core.
    ///
    /// # Errors
    /// Unicorn could not be set up.
    pub fn new(model: CpuModel) -> Result<Self, EngineError> {
        Ok(Self {
            stepper: Stepper::new(model)?,
            extensions: model.extensions(),
        })
    }

    /// What both make of `code`, outside an IT block.
    ///
    /// # Errors
    /// Unicorn failed.
    pub fn ask(&mut self, code: Code) -> Result<Opinion, EngineError> {
        let kind = decode(self.extensions, CODE, code.first, code.second.unwrap_or(0)).kind;
        let native = !matches!(kind, OpKind::Undefined | OpKind::NoCp | OpKind::FpUndefined);
        if native && kind.is_system() && !is_plain_to_unicorn(kind) {
            return Ok(Opinion::System);
        }
        let before = Registers {
            r: [RAM + 0x100; 15],
            pc: CODE + 0x100,
            thumb: true,
            ..Registers::default()
        };
        let unicorn = self.stepper.step(&before, code, &mut Zeros)? != Step::Refused;
        Ok(match (native, unicorn) {
            (true, true) => Opinion::BothAccept,
            (false, false) => Opinion::BothRefuse,
            (true, false) => Opinion::NativeAccepts,
            (false, true) => Opinion::UnicornAccepts,
        })
    }
}

/// System instructions that unicorn takes too, so that acceptance can be compared.
const fn is_plain_to_unicorn(kind: OpKind) -> bool {
    matches!(
        kind,
        OpKind::It
            | OpKind::Barrier
            | OpKind::Ldrex
            | OpKind::Strex
            | OpKind::Clrex
            | OpKind::LoadUnprivileged
            | OpKind::StoreUnprivileged
    )
}

/// All 16-bit encodings.
pub fn narrow() -> impl Iterator<Item = Code> {
    (0..0xE800).map(|first| Code {
        first,
        second: None,
    })
}

/// A random 32-bit encoding; every bit is free but those that make it one.
pub const fn random_wide(rng: &mut Rng) -> Code {
    let first = 0xE800 + rng.below(0x1800) as u16;
    let word = rng.word();
    Code {
        first,
        second: Some(word as u16),
    }
}
