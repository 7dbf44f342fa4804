//! The second engine: something else executes the bodies of instructions, the native core keeps time.
//!
//! With [`Cpu::run_with`] the native core still does everything around an instruction (fetch, events, exceptions, IT
//! condition, cost), so that the two engines differ in nothing but what an instruction does to registers and memory. For
//! memory an executor calls [`Cpu::data_read`] and [`Cpu::data_write`], in the order of the
//! transfers.

use crate::op::{Op, OpKind};
use crate::{Bus, Cpu, Cycles, Fault};

/// Executes the body of one instruction in place of the native handlers.
pub trait Executor<B: Bus> {
    /// Executes `op`, which lies at `cpu.core.pc`; its fetch, the IT condition and interrupts are done.
    ///
    /// `Ok(true)`: registers, flags and memory are as after the instruction, and
    /// [`Cpu::set_pc`] was called with the address that follows. The core adds the cycles and advances the IT state.
    /// `Ok(false)`: nothing was changed, the native core shall execute it.
    ///
    /// # Errors
    /// The instruction faults; no register has changed.
    fn execute(&mut self, cpu: &mut Cpu, bus: &mut B, op: &Op) -> Result<bool, Fault>;
}

impl Cpu {
    /// Sets the PC as an interworking branch does: bit 0 becomes the T bit.
    pub fn set_pc(&mut self, target: u32) {
        self.core.thumb = target & 1 != 0;
        self.core.pc = target & !1;
    }

    /// Cycles of `op` without wait states and without those that transfers add, for the register values and flags
    /// *before* it executes.
    #[must_use]
    pub fn cost_of(&self, op: &Op) -> Cycles {
        let operands = self
            .cost
            .by_operand(op.class, self.core.reg(op.rn), self.core.reg(op.rm));
        let refill = if self.writes_pc(op) { op.refill } else { 0 };
        Cycles(u64::from(op.cycles) + operands + u64::from(refill))
    }

    /// Must `op` be executed by the native core, in the state it is in now?
    ///
    /// That is so for what touches the system ([`OpKind::is_system`]), for branches that may return from an exception,
    /// and for instructions that an interrupt may break off.
    #[must_use]
    pub fn must_stay_native(&self, op: &Op) -> bool {
        let kind = op.kind;
        let may_return = matches!(kind, OpKind::Bx | OpKind::LdrPc | OpKind::LdrPcReg)
            || kind == OpKind::Ldm && op.imm & 1 << 15 != 0;
        let is_multiple = kind.is_multiple() || matches!(kind, OpKind::Vldm | OpKind::Vstm);
        kind.is_system()
            || self.core.ici != 0
            || may_return && self.core.exception != 0
            || is_multiple && !self.multiple_is_plain(op)
            || self.core.now + self.cost_of(op) > self.deadline
    }

    /// All transfers of this multiple go to SRAM, and are over long before the deadline.
    fn multiple_is_plain(&self, op: &Op) -> bool {
        const LONGEST: Cycles = Cycles(64);
        let base = self.core.reg(op.rn);
        let is_sram = |addr: u32| addr >> 25 == 0x10;
        is_sram(base.wrapping_sub(128))
            && is_sram(base.wrapping_add(128))
            && self.core.now + LONGEST < self.deadline
    }

    /// Will `op` write the PC, with the flags and registers as they are now?
    fn writes_pc(&self, op: &Op) -> bool {
        use OpKind as K;
        let conditions = [
            K::Beq,
            K::Bne,
            K::Bcs,
            K::Bcc,
            K::Bmi,
            K::Bpl,
            K::Bvs,
            K::Bvc,
            K::Bhi,
            K::Bls,
            K::Bge,
            K::Blt,
            K::Bgt,
            K::Ble,
        ];
        match op.kind {
            K::B | K::Bl | K::Bx | K::BlxReg | K::MovPc | K::AddPc => true,
            K::LdrPc | K::LdrPcReg | K::Tbb | K::Tbh => true,
            K::Ldm => op.imm & (1 << 15) != 0,
            K::Cbz => self.core.reg(op.rn) == 0,
            K::Cbnz => self.core.reg(op.rn) != 0,
            kind => conditions
                .iter()
                .position(|&condition| condition == kind)
                .is_some_and(|cond| crate::exec::condition_holds(&self.core, cond as u8)),
        }
    }

    /// Executes a fetched op through `executor`, or natively where it must be.
    pub(crate) fn issue_with<B: Bus, E: Executor<B>>(
        &mut self,
        bus: &mut B,
        op: Op,
        executor: &mut E,
    ) {
        if self.core.itstate != 0 && !self.passes_it(&op) {
            self.skip(&op);
            return;
        }
        if self.must_stay_native(&op) {
            self.issue(bus, op);
            return;
        }
        if op.kind.is_floating_point()
            && let Err(fault) = self.use_fpu(bus)
        {
            self.raise(bus, fault);
            return;
        }
        let cost = self.cost_of(&op);
        let transfers_count = op.kind.is_multiple()
            || matches!(
                op.kind,
                OpKind::Ldrd | OpKind::Strd | OpKind::Vldm | OpKind::Vstm
            );
        self.beat = Cycles(transfers_count.into());
        let answer = executor.execute(self, bus, &op);
        self.beat = Cycles::ZERO;
        match answer {
            Ok(true) => {
                self.core.now += cost;
                self.core.instructions += 1;
                self.core.advance_it();
            }
            Ok(false) => _ = self.issue(bus, op),
            Err(fault) => self.raise(bus, fault),
        }
    }
}
