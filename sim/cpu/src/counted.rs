//! What keeps the iterations of a counted poll loop alike.
//!
//! `while (BUSY && --n)` is a poll loop but for `n`. Its next iterations are the same as the last one as long as nothing can tell one value of the counter from
//! the next: every instruction that sees it either passes it on (an addition of a constant, a move) or makes flags or a branch of it, and
//! those stay the same until the value crosses one of a few boundaries. [`Counters`] follows one iteration, instruction by instruction, and says
//! how many more are like it.
//!
//! | behaviour | source |
//! |---|---|
//! | flags of an addition or subtraction of a constant change at 0, 2^31, and where the result is 0 or 2^31 | AddWithCarry, ARMv7-M A2.2.1 [S] |
//! | cost of additions, moves, comparisons and branches does not hang on their operands | TRM 3.3 [S] |
//! | any other use of a counter (address, shift, product, a store) ends the matter: such a loop is executed | choice |

use crate::Core;
use crate::op::{Op, OpKind as K};

/// Registers that may count: not SP, LR, PC.
const REGISTERS: usize = 13;

/// How each register moves from one iteration to the next, modulo 2^32; 0 where it does not.
pub(crate) type Steps = [u32; REGISTERS];

/// An iteration that is being followed.
pub(crate) struct Counters {
    /// How each register moves from the iteration before at this place of the loop.
    steps: Steps,
    /// So many more iterations are the same as this one, as far as has been seen.
    room: u64,
}

impl Counters {
    /// At the head of a loop where registers move by `steps`.
    pub(crate) const fn new(steps: Steps) -> Self {
        Self {
            steps,
            room: u64::MAX,
        }
    }

    /// Back at the head: the number of further iterations that are the same.
    pub(crate) fn room(&self, steps: &Steps) -> Option<u64> {
        (self.steps == *steps && self.room > 0).then_some(self.room)
    }

    /// `op` executes next. `None`: iterations cannot be told to be alike.
    pub(crate) fn follow(&mut self, op: &Op, core: &Core) -> Option<()> {
        let moved = self.step(op.rn);
        match op.kind {
            K::AddImm | K::AddImmS | K::SubImm | K::SubImmS if moved != 0 => {
                let add = matches!(op.kind, K::AddImm | K::AddImmS);
                let subtracted = if add { op.imm.wrapping_neg() } else { op.imm };
                self.compare(core.reg(op.rn), moved, subtracted);
                self.put(op.rd, moved)
            }
            K::CmpImm if moved != 0 => {
                self.compare(core.reg(op.rn), moved, op.imm);
                Some(())
            }
            K::CmnImm if moved != 0 => {
                self.compare(core.reg(op.rn), moved, op.imm.wrapping_neg());
                Some(())
            }
            K::Cbz | K::Cbnz if moved != 0 => {
                self.compare(core.reg(op.rn), moved, 0);
                Some(())
            }
            K::MovReg | K::MovRegS => {
                let moved = self.step(op.rm);
                if moved != 0 {
                    self.compare(core.reg(op.rm), moved, 0);
                }
                self.put(op.rd, moved)
            }
            _ => {
                let (reads, writes) = registers(op)?;
                let mut each = self.steps.iter_mut().enumerate();
                each.try_for_each(|(n, step)| {
                    if reads >> n & 1 != 0 && *step != 0 {
                        return None;
                    }
                    if writes >> n & 1 != 0 {
                        *step = 0;
                    }
                    Some(())
                })
            }
        }
    }

    fn step(&self, register: u8) -> u32 {
        self.steps.get(usize::from(register)).copied().unwrap_or(0)
    }

    fn put(&mut self, register: u8, step: u32) -> Option<()> {
        match self.steps.get_mut(usize::from(register)) {
            Some(slot) => *slot = step,
            None if step != 0 => return None,
            None => {}
        }
        Some(())
    }

    /// A value that is `value` now and moves by `step` is looked at as `value - subtracted`, flags and all.
    fn compare(&mut self, value: u32, step: u32, subtracted: u32) {
        const HALF: u32 = 1 << 31;
        // Where one of the flags changes: carry and overflow at 0, the operand and their opposites, zero at the operand.
        let boundaries = [
            0,
            HALF,
            subtracted,
            subtracted.wrapping_add(1),
            subtracted.wrapping_add(HALF),
        ];
        let up = (step as i32) > 0;
        let way = boundaries.map(|b| {
            if up {
                // To one below the next boundary; one that the value stands on is a whole turn away.
                b.wrapping_sub(value).wrapping_sub(1)
            } else {
                value.wrapping_sub(b)
            }
        });
        let room = way.into_iter().min().unwrap_or(0) / (step as i32).unsigned_abs();
        self.room = self.room.min(u64::from(room));
    }
}

/// Registers that `op` reads and writes, one bit each. `None`: it is none of the plain instructions of poll loops.
fn registers(op: &Op) -> Option<(u32, u32)> {
    let bit = |register: u8| 1u32 << (register & 15);
    let (d, n, m, a) = (bit(op.rd), bit(op.rn), bit(op.rm), bit(op.ra));
    let form = |first: K, forms: u8| (op.kind as u8 - first as u8) % forms;
    let within = |first: K, last: K| (first..=last).contains(&op.kind);
    let link = bit(14);
    Some(match op.kind {
        // Immediate, register, shifted register; then the same with flags.
        _ if within(K::AndImm, K::RsbShiftS) => match form(K::AndImm, 3) {
            0 => (n, d),
            _ => (n | m, d),
        },
        _ if within(K::MovImm, K::MvnShiftS) => match form(K::MovImm, 3) {
            0 => (0, d),
            _ => (m, d),
        },
        _ if within(K::TstImm, K::CmnShift) => match form(K::TstImm, 3) {
            0 => (n, 0),
            _ => (n | m, 0),
        },
        _ if within(K::LslImm, K::AsrImmS) => (m, d),
        _ if within(K::LslReg, K::RorRegS) => (n | m, d),
        K::Movt | K::Bfc => (d, d),
        K::Bfi => (d | n, d),
        K::Ubfx | K::Sbfx => (n, d),
        _ if within(K::Clz, K::Usat) => (m, d),
        K::Mul | K::MulS | K::Udiv | K::Sdiv => (n | m, d),
        K::Mla | K::Mls => (n | m | a, d),
        K::Umull | K::Smull | K::Umlal | K::Smlal => (n | m | d | a, d | a),
        _ if within(K::B, K::Ble) => (0, 0),
        K::Cbz | K::Cbnz => (n, 0),
        K::Bl => (0, link),
        K::Bx => (m, 0),
        K::BlxReg => (m, link),
        // Immediate, register, pre-indexed, post-indexed.
        _ if within(K::LdrImm, K::LdrshPost) => match form(K::LdrImm, 4) {
            0 => (n, d),
            1 => (n | m, d),
            _ => (n, d | n),
        },
        K::LdrLit | K::LoadLit | K::Mrs => (0, d),
        K::Nop | K::Barrier | K::It => (0, 0),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add_with_carry(a: u32, b: u32, carry: u32) -> (bool, bool, bool, bool) {
        let wide = u64::from(a) + u64::from(b) + u64::from(carry);
        let signed = i64::from(a as i32) + i64::from(b as i32) + i64::from(carry);
        let value = wide as u32;
        (
            (value as i32) < 0,
            value == 0,
            wide >> 32 != 0,
            signed != i64::from(value as i32),
        )
    }

    /// So many further steps leave the flags of a comparison as they are, by counting.
    fn brute(value: u32, step: i32, operand: u32) -> u32 {
        let flags = |k: i64| {
            let value = (i64::from(value) + k * i64::from(step)) as u32;
            add_with_carry(value, !operand, 1)
        };
        (1..)
            .take_while(|k| flags(*k) == flags(0))
            .last()
            .unwrap_or(0) as u32
    }

    #[test]
    fn room_ends_no_later_than_the_flags_change_and_seldom_earlier() {
        let edges = [0u32, 1, 2, 5, 1 << 31, u32::MAX];
        let values = edges
            .iter()
            .flat_map(|e| (0..24).map(move |k| e.wrapping_add(k).wrapping_sub(12)));
        let (mut exact, mut all) = (0, 0);
        for value in values {
            for operand in [0, 1, 3, 7, 0x8000_0000, 0xFFFF_FFFF] {
                for step in [-4, -3, -1, 1, 2, 5] {
                    let mut counters = Counters::new([0; REGISTERS]);
                    counters.compare(value, step as u32, operand);
                    // Far boundaries would take for ever to count up to.
                    if counters.room > 2_000 {
                        continue;
                    }
                    let brute = brute(value, step, operand).min(5_000);
                    assert!(
                        counters.room <= u64::from(brute),
                        "{value:#x} {step} {operand:#x}"
                    );
                    exact += u32::from(counters.room == u64::from(brute));
                    all += 1;
                }
            }
        }
        assert!(all > 1_000 && exact * 10 > all * 6, "{exact} of {all}");
    }
}
