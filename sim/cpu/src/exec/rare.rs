//! Instructions off the beaten path: saturation, long multiplies, doubles, exclusives, table branches,
//! and branches to where the hot loop cannot go.

use crate::op::{Op, OpKind, addressing, width};
use crate::{Bus, Core, Cpu, Cycles, Fault, Size};

impl Core {
    /// SSAT: `imm` is the width, 1..=32.
    #[inline(never)]
    pub(super) fn signed_saturate(&mut self, op: &Op) {
        let value = self.shifted(op) as i32;
        let most = (1i64 << (op.imm.clamp(1, 32) - 1)) - 1;
        let result = i64::from(value).clamp(-most - 1, most);
        self.q |= result != i64::from(value);
        self.put(op.rd, result as u32);
    }

    /// USAT: `imm` is the width, 0..=31.
    #[inline(never)]
    pub(super) fn unsigned_saturate(&mut self, op: &Op) {
        let value = self.shifted(op) as i32;
        let result = i64::from(value).clamp(0, (1i64 << (op.imm & 31)) - 1);
        self.q |= result != i64::from(value);
        self.put(op.rd, result as u32);
    }

    /// UMULL, SMULL, UMLAL, SMLAL: `rd` is RdLo, `ra` RdHi.
    #[inline(always)]
    pub(super) fn long_multiply(&mut self, op: &Op) {
        let (a, b) = (self.reg(op.rn), self.reg(op.rm));
        let product = if matches!(op.kind, OpKind::Umull | OpKind::Umlal) {
            u64::from(a) * u64::from(b)
        } else {
            (i64::from(a as i32) * i64::from(b as i32)) as u64
        };
        let base = if matches!(op.kind, OpKind::Umlal | OpKind::Smlal) {
            u64::from(self.reg(op.ra)) << 32 | u64::from(self.reg(op.rd))
        } else {
            0
        };
        let result = product.wrapping_add(base);
        self.put(op.rd, result as u32);
        self.put(op.ra, (result >> 32) as u32);
    }

    /// UDIV, SDIV. Division by zero gives zero (A7.7.127); the smallest number by -1 gives itself.
    #[inline(always)]
    pub(super) const fn divide(&mut self, op: &Op) {
        let (a, b) = (self.reg(op.rn), self.reg(op.rm));
        let quotient = if b == 0 {
            0
        } else if matches!(op.kind, OpKind::Udiv) {
            a / b
        } else {
            (a as i32).wrapping_div(b as i32) as u32
        };
        self.put(op.rd, quotient);
    }
}

impl Cpu {
    /// Executes an op whose result goes to SP: bits 1:0 of SP are always zero (B1.4.1).
    pub(super) fn execute_to_sp<B: Bus>(&mut self, bus: &mut B, inner: Op) -> bool {
        let completed = self.execute(bus, inner);
        self.core.r[13] &= !3;
        completed
    }

    /// The cycles of a divide or long multiply that are still to be added. `None`: an interrupt came
    /// meanwhile, the instruction is abandoned and starts again later (M3 TRM table 3-1, notes b and e).
    #[inline(always)]
    pub(super) fn occupied<B: Bus>(&mut self, bus: &mut B, op: &Op) -> Option<u64> {
        let (a, b) = (self.core.reg(op.rn), self.core.reg(op.rm));
        let cycles = u64::from(op.cycles) + self.cost.by_operand(op.class, a, b);
        if self.core.now + Cycles(cycles) <= self.deadline {
            Some(cycles)
        } else {
            self.occupied_past_deadline(bus, cycles)
        }
    }

    #[cold]
    fn occupied_past_deadline<B: Bus>(&mut self, bus: &mut B, cycles: u64) -> Option<u64> {
        let end = self.core.now + Cycles(cycles);
        loop {
            let next = self.next_event(bus).max(self.core.now + Cycles(1));
            if next >= end {
                return Some(end.since(self.core.now).0);
            }
            self.core.now = next;
            self.service_events(bus);
            if self.preemption(None).is_some() {
                return None;
            }
        }
    }

    /// Loads with the width of a generic load.
    pub(super) fn load_width<B: Bus>(
        &mut self,
        bus: &mut B,
        addr: u32,
        how: u8,
    ) -> Result<u32, Fault> {
        let signed = how & width::SIGNED != 0;
        Ok(match how & !width::SIGNED {
            width::BYTE => {
                let value = self.load(bus, addr, Size::Byte)?;
                if signed { value as i8 as u32 } else { value }
            }
            width::HALF => {
                let value = self.load(bus, addr, Size::Half)?;
                if signed { value as i16 as u32 } else { value }
            }
            _ => self.load(bus, addr, Size::Word)?,
        })
    }

    /// LDRT and its like. Without an MPU the private peripherals are the one place that privilege opens (B3.1).
    pub(super) fn load_unprivileged<B: Bus>(&mut self, bus: &mut B, op: &Op) -> Result<u32, Fault> {
        let addr = self.core.reg(op.rn).wrapping_add(op.imm);
        refuse_private(addr)?;
        self.load_width(bus, addr, op.shift)
    }

    pub(super) fn store_unprivileged<B: Bus>(&mut self, bus: &mut B, op: &Op) -> Result<(), Fault> {
        let addr = self.core.reg(op.rn).wrapping_add(op.imm);
        refuse_private(addr)?;
        let value = self.core.reg(op.rd);
        self.store(bus, addr, size_of(op.shift), value)
    }

    /// LDR PC: the value that goes to the PC. The base register is written back.
    pub(super) fn load_pc<B: Bus>(&mut self, bus: &mut B, op: &Op) -> Result<u32, Fault> {
        let base = self.core.reg(op.rn);
        let addr = match (op.kind, op.ra) {
            (OpKind::LdrPcReg, _) => base.wrapping_add(self.core.reg(op.rm) << (op.shift & 31)),
            (_, addressing::POST) => base,
            (_, addressing::LITERAL) => op.imm,
            _ => base.wrapping_add(op.imm),
        };
        let target = self.load(bus, addr, Size::Word)?;
        if op.kind == OpKind::LdrPc && matches!(op.ra, addressing::PRE | addressing::POST) {
            self.core.put(op.rn, base.wrapping_add(op.imm));
        }
        Ok(target)
    }

    /// TBB, TBH: the distance to branch. `rn` 15 is the address after the instruction, kept in `imm`.
    pub(super) fn table_branch<B: Bus>(&mut self, bus: &mut B, op: &Op) -> Result<u32, Fault> {
        let base = if op.rn == 15 {
            op.imm
        } else {
            self.core.reg(op.rn)
        };
        let index = self.core.reg(op.rm);
        let entry = if op.kind == OpKind::Tbb {
            self.load(bus, base.wrapping_add(index), Size::Byte)?
        } else {
            self.load(bus, base.wrapping_add(index << 1), Size::Half)?
        };
        Ok(entry << 1)
    }

    /// LDRD. Both words are loaded before any register changes.
    pub(super) fn load_dual<B: Bus>(&mut self, bus: &mut B, op: &Op) -> Result<(), Fault> {
        let addr = self.dual_address(op)?;
        let low = self.load(bus, addr, Size::Word)?;
        self.core.now += Cycles(1);
        let high = self.load(bus, addr.wrapping_add(4), Size::Word)?;
        self.core.now += Cycles(1);
        self.dual_write_back(op);
        self.core.put(op.rd, low);
        self.core.put(op.rm, high);
        Ok(())
    }

    /// STRD.
    pub(super) fn store_dual<B: Bus>(&mut self, bus: &mut B, op: &Op) -> Result<(), Fault> {
        let addr = self.dual_address(op)?;
        let (low, high) = (self.core.reg(op.rd), self.core.reg(op.rm));
        self.store(bus, addr, Size::Word, low)?;
        self.core.now += Cycles(1);
        self.store(bus, addr.wrapping_add(4), Size::Word, high)?;
        self.core.now += Cycles(1);
        self.dual_write_back(op);
        Ok(())
    }

    fn dual_address(&self, op: &Op) -> Result<u32, Fault> {
        let base = self.core.reg(op.rn);
        let addr = match op.ra {
            addressing::POST => base,
            addressing::LITERAL => op.imm,
            _ => base.wrapping_add(op.imm),
        };
        if addr & 3 == 0 {
            Ok(addr)
        } else {
            Err(Fault::Unaligned)
        }
    }

    fn dual_write_back(&mut self, op: &Op) {
        if matches!(op.ra, addressing::PRE | addressing::POST) {
            self.core
                .put(op.rn, self.core.reg(op.rn).wrapping_add(op.imm));
        }
    }

    /// LDREX and its like: `shift` is the width.
    pub(super) fn load_exclusive<B: Bus>(&mut self, bus: &mut B, op: &Op) -> Result<(), Fault> {
        let (addr, size) = self.exclusive_address(op)?;
        let value = self.load(bus, addr, size)?;
        self.exclusive = true;
        self.core.put(op.rd, value);
        Ok(())
    }

    /// STREX and its like: stores only if no exception, CLREX or STREX came since the LDREX.
    pub(super) fn store_exclusive<B: Bus>(&mut self, bus: &mut B, op: &Op) -> Result<(), Fault> {
        let (addr, size) = self.exclusive_address(op)?;
        let passes = self.exclusive;
        if passes {
            let value = self.core.reg(op.rm);
            self.store(bus, addr, size, value)?;
        }
        self.exclusive = false;
        self.core.put(op.rd, u32::from(!passes));
        Ok(())
    }

    fn exclusive_address(&self, op: &Op) -> Result<(u32, Size), Fault> {
        let (addr, size) = (self.core.reg(op.rn).wrapping_add(op.imm), size_of(op.shift));
        if addr & (size.bytes() - 1) == 0 {
            Ok((addr, size))
        } else {
            Err(Fault::Unaligned)
        }
    }

    /// A branch that the hot loop cannot follow: to an even address, or with `may_return` out of a handler.
    #[cold]
    pub(super) fn branch_and_exchange<B: Bus>(
        &mut self,
        bus: &mut B,
        op: &Op,
        target: u32,
        may_return: bool,
    ) -> bool {
        self.core.instructions += 1;
        if may_return && self.core.exception != 0 && target >= 0xF000_0000 {
            // The branch itself is part of the return's cycles; a load that brought the value is not.
            if op.kind != OpKind::Bx {
                self.core.now += Cycles(op.cycles.into());
            }
            self.exception_return(bus, target);
            return false;
        }
        self.core.now += Cycles(u64::from(op.cycles) + u64::from(op.refill));
        self.core.advance_it();
        self.core.thumb = target & 1 != 0;
        self.core.pc = target & !1;
        false
    }
}

/// The transfer of a generic load or store.
pub(super) const fn size_of(how: u8) -> Size {
    match how & !width::SIGNED {
        width::BYTE => Size::Byte,
        width::HALF => Size::Half,
        _ => Size::Word,
    }
}

fn refuse_private(addr: u32) -> Result<(), Fault> {
    if addr >> 20 == 0xE00 {
        Err(Fault::DataBus { addr })
    } else {
        Ok(())
    }
}
