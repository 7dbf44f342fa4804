//! Instructions that reach into the system, and the IT condition in front of all of them.

use super::condition_holds;
use crate::op::{Op, OpKind};
use crate::{Bus, Cpu, Cycles, Exit, Fault};

impl Cpu {
    /// Executes an op that has been fetched, if the IT state lets it. True: it completed or was skipped, and nothing
    /// else happened.
    pub(crate) fn issue<B: Bus>(&mut self, bus: &mut B, mut op: Op) -> bool {
        if self.core.itstate == 0 {
            return self.execute(bus, op);
        }
        if !self.passes_it(&op) {
            self.skip(&op);
            return true;
        }
        if op.kind != OpKind::ToSp {
            op.kind = op.alt;
        }
        let completed = self.execute(bus, op);
        if completed && op.kind != OpKind::It {
            self.core.advance_it();
        }
        completed
    }

    /// Does the condition of the IT block, if there is one, let this op execute? BKPT always does (A7.7.17).
    pub(crate) fn passes_it(&self, op: &Op) -> bool {
        let it = self.core.itstate;
        it == 0 || op.kind == OpKind::Bkpt || condition_holds(&self.core, it >> 4)
    }

    /// An instruction whose condition fails takes one cycle.
    pub(crate) fn skip(&mut self, op: &Op) {
        self.core.now += Cycles(1);
        self.complete(op);
    }

    /// Counts an instruction and goes on to the next one.
    pub(crate) fn complete(&mut self, op: &Op) {
        self.core.instructions += 1;
        self.core.pc = self.core.pc.wrapping_add(op.size.into());
        self.core.advance_it();
    }

    #[inline(never)]
    pub(super) fn system<B: Bus>(&mut self, bus: &mut B, op: &Op) -> bool {
        match op.kind {
            OpKind::Bkpt => {
                self.pending_exit = Some(Exit::Bkpt {
                    imm: op.imm as u8,
                    pc: self.core.pc,
                });
                return false;
            }
            OpKind::Svc => {
                self.core.instructions += 1;
                self.core.now += Cycles(op.cycles.into());
                self.svc(bus);
                return false;
            }
            OpKind::NoCp => {
                self.raise(bus, Fault::NoCp);
                return false;
            }
            OpKind::Clrex => self.exclusive = false,
            OpKind::Mrs => {
                let value = self.mrs(op.imm as u8);
                self.core.put(op.rd, value);
            }
            OpKind::Msr => {
                let value = self.core.reg(op.rn);
                self.msr(bus, op.imm as u8, op.ra, value);
            }
            OpKind::Cps => self.cps(bus, op.imm as u8, op.ra != 0),
            OpKind::Wfi => self.wfi(bus),
            OpKind::Wfe => self.wfe(bus),
            OpKind::Sev => self.sev(),
            _ => {
                self.raise(bus, Fault::Undefined);
                return false;
            }
        }
        self.core.now += Cycles(op.cycles.into());
        self.core.instructions += 1;
        self.core.pc = self.core.pc.wrapping_add(op.size.into());
        true
    }
}
