//! From halfwords to ops: the Thumb-2 integer instruction set of ARMv7-M (chapter A5).
//!
//! Decoding knows the address (PC-relative operands become absolute) and nothing of the state: what an instruction does in
//! an IT block goes along in [`Op::alt`].
//!
//! **Unpredictable encodings.** The architecture leaves many encodings open. The choices, everywhere:
//! * the PC as an operand where it is not allowed, an empty register list, SP in a register list, SP or PC as the
//!   destination of what cannot have one: refused, [`OpKind::Undefined`], so that nothing depends on a scratch value;
//! * "should be zero" bits that select nothing: ignored in 16-bit encodings, refused where they are fixed in
//!   the table of 32-bit encodings;
//! * SP as an operand where the manual advises against it: works like any register;
//! * a list of one register in a 32-bit LDM or STM, base register in a store list, LR and PC in one list: executed;
//! * write-back into a register that is transferred: refused, but for LDM, where the loaded value wins;
//! * branches, IT and CBZ inside an IT block: executed under the block's condition.
//!
//! DSP instructions without the extension are undefined; coprocessor instructions, and without an FPU floating-point
//! ones, are NOCP.

mod dsp;
mod fp;
mod immediate;
mod narrow;
mod system;
mod wide_data;
mod wide_memory;

use crate::op::{Op, OpKind, POLL_LOOP_BYTES};
use crate::{CostClass, Extensions};

/// Decodes the instruction at `pc`. `second` is the halfword that follows; it matters only if `first` starts
/// a 32-bit instruction. Cycles are those of an ALU instruction until a [`CostTable`](crate::CostTable) assigns them.
/// A core with `extensions` executes it.
#[must_use]
pub fn decode(extensions: Extensions, pc: u32, first: u16, second: u16) -> Op {
    if !is_wide(first) {
        return narrow::decode(pc, first.into());
    }
    if extensions.fpu && fp::is_floating_point(first.into(), second.into()) {
        return fp::decode(pc, first.into(), second.into());
    }
    let op = wide(pc, first.into(), second.into());
    if op.kind.is_dsp() && !extensions.dsp {
        UNDEFINED
    } else {
        op
    }
}

/// Does this halfword start a 32-bit instruction (A5.1)?
#[must_use]
pub(crate) const fn is_wide(first: u16) -> bool {
    first >> 11 >= 0b11101
}

/// A5.3, table A5-9.
fn wide(pc: u32, first: u32, second: u32) -> Op {
    match (first >> 11 & 3, first >> 4 & 0x7F) {
        (0b01, op2) if op2 & 0x64 == 0x00 => wide_memory::multiple(first, second),
        (0b01, op2) if op2 & 0x64 == 0x04 => wide_memory::dual_or_exclusive(pc, first, second),
        (0b01, op2) if op2 & 0x60 == 0x20 => wide_data::shifted_register(first, second),
        (0b10, _) if second & 0x8000 != 0 => system::branch_or_control(pc, first, second),
        (0b10, op2) if op2 & 0x20 == 0 => wide_data::modified_immediate(first, second),
        (0b10, _) => wide_data::plain_immediate(pc, first, second),
        (0b11, op2) if op2 & 0x71 == 0x00 => wide_memory::store_single(first, second),
        (0b11, op2) if op2 & 0x71 == 0x10 => UNDEFINED,
        (0b11, op2) if op2 & 0x60 == 0x00 => wide_memory::load_single(pc, first, second),
        (0b11, op2) if op2 & 0x70 == 0x20 => wide_data::register(first, second),
        (0b11, op2) if op2 & 0x78 == 0x30 => wide_data::multiply(first, second),
        (0b11, op2) if op2 & 0x78 == 0x38 => wide_data::long_multiply(first, second),
        _ => coprocessor(first),
    }
}

/// A5.3.18: all that is not the FPU's is refused, the space of Advanced SIMD as undefined.
fn coprocessor(first: u32) -> Op {
    let op1 = first >> 4 & 0x3F;
    Op::new(
        if op1 >> 1 == 0 || op1 >> 4 == 3 {
            OpKind::Undefined
        } else {
            OpKind::NoCp
        },
        4,
    )
}

/// A 32-bit encoding that means nothing, or nothing that can be relied on.
const UNDEFINED: Op = Op::new(OpKind::Undefined, 4);

impl Op {
    const fn wide(kind: OpKind, class: CostClass) -> Self {
        let mut op = Self::new(kind, 4);
        op.class = class;
        op
    }

    const fn narrow(kind: OpKind, class: CostClass) -> Self {
        let mut op = Self::new(kind, 2);
        op.class = class;
        op
    }

    const fn d(mut self, rd: u32) -> Self {
        self.rd = (rd & 15) as u8;
        self
    }

    const fn n(mut self, rn: u32) -> Self {
        self.rn = (rn & 15) as u8;
        self
    }

    const fn m(mut self, rm: u32) -> Self {
        self.rm = (rm & 15) as u8;
        self
    }

    const fn a(mut self, ra: u8) -> Self {
        self.ra = ra;
        self
    }

    const fn sh(mut self, shift: u32) -> Self {
        self.shift = shift as u8;
        self
    }

    const fn i(mut self, imm: u32) -> Self {
        self.imm = imm;
        self
    }

    /// `kind` sets flags; in an IT block the op is `alt`, which does not.
    const fn unless_it(mut self, alt: OpKind) -> Self {
        self.alt = alt;
        self
    }

    /// Marks a branch from `pc` to `imm` that may close a poll loop.
    const fn closing(mut self, pc: u32) -> Self {
        self.closes_loop = self.imm <= pc && pc - self.imm <= POLL_LOOP_BYTES;
        self
    }

    /// The result goes to SP, whose low bits are always zero. Where it is aligned anyway, nothing changes.
    fn to_sp(mut self) -> Self {
        self.alt = self.kind;
        self.kind = OpKind::ToSp;
        self
    }
}
