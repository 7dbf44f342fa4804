//! The call chain behind a [`Snapshot`]: call frame information where there is some, through exception
//! frames, and the link register where there is none.

use flashstall_cpu::Addr;
use flashstall_mcu::log::Snapshot;
use gimli::{
    BaseAddresses, CfaRule, DebugFrame, EndianSlice, LittleEndian, RegisterRule, UnwindContext,
    UnwindSection as _,
};

/// More frames than any firmware's stack has; a damaged stack ends here.
const MAX_FRAMES: usize = 64;
const SP: usize = 13;
const LR: usize = 14;
const PC: usize = 15;

/// One frame of a call chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallFrame {
    /// The instruction: the one that executed in the innermost frame and in an interrupted one, else the call.
    pub pc: Addr,
    /// This frame did not call the one before it: an exception interrupted it here.
    pub interrupted: bool,
}

/// Unwinds `snapshot` with the `.debug_frame` section `cfi`, innermost frame first.
///
/// Ends where memory beyond the snapshot would be needed, where no information is left, or at the
/// first frame that makes no sense. Never fails: the first frame is always there.
#[must_use]
pub fn unwind(cfi: &[u8], snapshot: &Snapshot) -> Vec<CallFrame> {
    let mut section = DebugFrame::new(cfi, LittleEndian);
    section.set_address_size(4);
    let mut state = State {
        r: snapshot.registers,
        base: snapshot.registers[SP],
        stack: &snapshot.stack,
    };
    let mut frames = vec![CallFrame {
        pc: Addr(state.r[PC]),
        interrupted: false,
    }];
    let mut context = UnwindContext::new();
    while frames.len() < MAX_FRAMES {
        let last = frames[frames.len() - 1];
        let innermost = frames.len() == 1 || last.interrupted;
        let before = (state.r[SP], state.r[PC]);
        let Some(ra) = state.step(&section, &mut context, last.pc, innermost) else {
            break;
        };
        let next = if is_exc_return(ra) {
            let Some(pc) = state.leave_exception(ra) else {
                break;
            };
            CallFrame {
                pc: Addr(pc),
                interrupted: true,
            }
        } else if ra & 1 == 1 {
            // The return address is behind the call; two bytes back are inside it, whichever its width.
            state.r[PC] = ra & !1;
            CallFrame {
                pc: Addr((ra & !1).wrapping_sub(2)),
                interrupted: false,
            }
        } else {
            break;
        };
        if before == (state.r[SP], state.r[PC]) {
            break;
        }
        frames.push(next);
    }
    frames
}

/// EXC_RETURN values of ARMv7-M (B1.5.8).
const fn is_exc_return(value: u32) -> bool {
    value >= 0xFFFF_FFE0
}

struct State<'a> {
    r: [u32; 16],
    base: u32,
    stack: &'a [u8],
}

impl State<'_> {
    /// Restores the caller's registers and gives the return address.
    fn step(
        &mut self,
        section: &DebugFrame<EndianSlice<'_, LittleEndian>>,
        context: &mut UnwindContext<usize>,
        pc: Addr,
        innermost: bool,
    ) -> Option<u32> {
        let bases = BaseAddresses::default();
        let row = section.unwind_info_for_address(
            &bases,
            context,
            u64::from(pc.0),
            DebugFrame::cie_from_offset,
        );
        let Ok(row) = row else {
            // Assembly without CFI: good for a leaf, whose return address is still in LR.
            return innermost.then_some(self.r[LR]);
        };
        let cfa = match row.cfa() {
            CfaRule::RegisterAndOffset { register, offset } => self
                .r
                .get(usize::from(register.0))?
                .wrapping_add(*offset as u32),
            CfaRule::Expression(_) => return None,
        };
        let old = self.r;
        for n in (0..SP).chain([LR]) {
            match row.register(gimli::Register(n as u16)) {
                Some(RegisterRule::Offset(offset)) => {
                    self.r[n] = self.word(cfa.wrapping_add(offset as u32))?
                }
                Some(RegisterRule::ValOffset(offset)) => {
                    self.r[n] = cfa.wrapping_add(offset as u32)
                }
                Some(RegisterRule::Register(from)) => self.r[n] = *old.get(usize::from(from.0))?,
                _ => {}
            }
        }
        self.r[SP] = cfa;
        Some(self.r[LR])
    }

    /// Takes the frame that exception entry stacked (B1.5.6) off the stack and gives the interrupted PC.
    fn leave_exception(&mut self, exc_return: u32) -> Option<u32> {
        // Bit 2: the frame is on the process stack, which the snapshot does not hold unless it is the
        // current one.
        if exc_return & 4 != 0 {
            return None;
        }
        let frame = self.r[SP];
        let word = |n: u32| self.word(frame.wrapping_add(4 * n));
        let (r0, r1, r2, r3, r12, lr, pc, xpsr) = (
            word(0)?,
            word(1)?,
            word(2)?,
            word(3)?,
            word(4)?,
            word(5)?,
            word(6)?,
            word(7)?,
        );
        let size = if exc_return & 0x10 == 0 { 0x68 } else { 0x20 };
        let aligner = if xpsr & 1 << 9 != 0 { 4 } else { 0 };
        self.r[..4].copy_from_slice(&[r0, r1, r2, r3]);
        self.r[12] = r12;
        self.r[SP] = frame.wrapping_add(size + aligner);
        self.r[LR] = lr;
        self.r[PC] = pc & !1;
        Some(pc & !1)
    }

    fn word(&self, addr: u32) -> Option<u32> {
        let offset = addr.wrapping_sub(self.base) as usize;
        let bytes = self.stack.get(offset..offset.checked_add(4)?)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_cfi_the_link_register_gives_one_caller() {
        let mut snapshot = Snapshot::default();
        snapshot.registers[PC] = 0x0800_0200;
        snapshot.registers[LR] = 0x0800_0301;
        let frames = unwind(&[], &snapshot);
        let pcs: Vec<u32> = frames.iter().map(|f| f.pc.0).collect();
        assert_eq!(pcs, [0x0800_0200, 0x0800_02FE]);
    }

    #[test]
    fn a_leaf_handler_without_cfi_leads_to_the_interrupted_instruction() {
        let mut snapshot = Snapshot::default();
        snapshot.registers[PC] = 0x0800_0200;
        snapshot.registers[SP] = 0x2000_0100;
        snapshot.registers[LR] = 0xFFFF_FFF9;
        for word in [0, 1, 2, 3, 12, 0x0800_0501, 0x0800_0400, 0x0100_0000u32] {
            snapshot.stack.extend(word.to_le_bytes());
        }
        let frames = unwind(&[], &snapshot);
        assert_eq!(
            frames[1],
            CallFrame {
                pc: Addr(0x0800_0400),
                interrupted: true
            }
        );
        assert_eq!(frames[2].pc, Addr(0x0800_04FE));
    }
}
