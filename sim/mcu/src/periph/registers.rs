//! Small helpers that every register block uses.

use crate::periph::{Cx, Refusal};

/// Offsets of a block and the manual's names for them.
pub(crate) type Names = &'static [(u32, &'static str)];

/// The name of the register at `offset`.
pub(crate) fn name_of(names: Names, offset: u32) -> Option<&'static str> {
    names
        .iter()
        .find(|(at, _)| *at == offset)
        .map(|(_, name)| *name)
}

/// Bits of a register field: the value of `word` from `bit` on, `width` bits wide.
pub(crate) const fn field(word: u32, bit: u32, width: u32) -> u32 {
    word >> bit & ((1 << width) - 1)
}

/// The firmware switched on something that has no model: the write is counted as unmodelled, and a finding
/// says what it was.
pub(crate) fn left_out(cx: &mut Cx<'_>, what: &str) -> Result<(), Refusal> {
    cx.find("not-modelled", || format!("{what} is not modelled"));
    Err(Refusal::Unmodelled)
}
