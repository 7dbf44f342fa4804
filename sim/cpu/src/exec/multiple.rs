//! LDM, STM, PUSH and POP: one transfer a cycle, and an interrupt may come between two of them.
//!
//! An interrupted transfer is *continued* from the register in [`Core::ici`](crate::Core::ici) where that is possible, and
//! *restarted* otherwise: in an IT block (which needs the same bits of EPSR), where the base register is in the
//! list of a load (B1.5.10), and for PUSH: the exception frame goes to the SP that the interrupted instruction has not
//! moved yet, over what it has stored already, so all of it must be stored again.

use crate::op::{DECREMENT, Op, WRITE_BACK};
use crate::{Bus, Cpu, Cycles, Fault, Size};

/// How a load multiple ended.
pub(super) enum Transferred {
    /// All registers are loaded.
    All,
    /// All registers are loaded, and this goes to the PC.
    Pc(u32),
    /// An interrupt came; the instruction goes on or starts again later.
    Interrupted,
}

/// One load or store multiple in flight.
struct Transfer {
    /// Registers still to be transferred, and the address of the first.
    list: u32,
    addr: u32,
    /// What the base register holds afterwards.
    after: u32,
}

impl Cpu {
    pub(super) fn load_multiple<B: Bus>(
        &mut self,
        bus: &mut B,
        op: &Op,
    ) -> Result<Transferred, Fault> {
        let mut transfer = self.begin_multiple(op)?;
        let base_in_list = op.imm & (1 << (op.rn & 15)) != 0;
        let mut base = None;
        let mut pc = None;
        while transfer.list != 0 {
            let register = transfer.list.trailing_zeros();
            if self.core.now >= self.deadline && self.leaves_multiple(bus, register, base_in_list) {
                return Ok(Transferred::Interrupted);
            }
            let value = self.load(bus, transfer.addr, Size::Word)?;
            self.core.now += Cycles(1);
            match register {
                15 => pc = Some(value),
                _ if register == u32::from(op.rn) => base = Some(value),
                _ => self.core.put(register as u8, value),
            }
            transfer.list &= transfer.list - 1;
            transfer.addr = transfer.addr.wrapping_add(4);
        }
        // With the base in the list the loaded value wins over the write-back.
        if let Some(value) = base {
            self.core.put(op.rn, value);
        } else if op.imm & WRITE_BACK != 0 {
            self.core.put(op.rn, transfer.after);
        }
        Ok(pc.map_or(Transferred::All, Transferred::Pc))
    }

    /// False: interrupted.
    pub(super) fn store_multiple<B: Bus>(&mut self, bus: &mut B, op: &Op) -> Result<bool, Fault> {
        let mut transfer = self.begin_multiple(op)?;
        let below_sp = op.rn == 13 && op.imm & DECREMENT != 0;
        while transfer.list != 0 {
            let register = transfer.list.trailing_zeros();
            if self.core.now >= self.deadline && self.leaves_multiple(bus, register, below_sp) {
                return Ok(false);
            }
            let value = self.core.reg(register as u8);
            self.store(bus, transfer.addr, Size::Word, value)?;
            self.core.now += Cycles(1);
            transfer.list &= transfer.list - 1;
            transfer.addr = transfer.addr.wrapping_add(4);
        }
        if op.imm & WRITE_BACK != 0 {
            self.core.put(op.rn, transfer.after);
        }
        Ok(true)
    }

    #[inline(always)]
    fn begin_multiple(&mut self, op: &Op) -> Result<Transfer, Fault> {
        let base = self.core.reg(op.rn);
        let list = op.imm & 0xFFFF;
        let bytes = list.count_ones() * 4;
        let (addr, after) = if op.imm & DECREMENT != 0 {
            (base.wrapping_sub(bytes), base.wrapping_sub(bytes))
        } else {
            (base, base.wrapping_add(bytes))
        };
        let mut transfer = Transfer { list, addr, after };
        // A continuation at a register that is not in the list is unpredictable; we start again.
        let resume = u32::from(std::mem::take(&mut self.core.ici));
        if resume != 0 && list & (1 << (resume & 15)) != 0 {
            let done = list & ((1 << (resume & 15)) - 1);
            transfer.list = list & !done;
            transfer.addr = addr.wrapping_add(done.count_ones() * 4);
        }
        if addr & 3 == 0 {
            Ok(transfer)
        } else {
            Err(Fault::Unaligned)
        }
    }

    /// The deadline has come before the transfer of `register`: does an exception take over here?
    #[cold]
    fn leaves_multiple<B: Bus>(&mut self, bus: &mut B, register: u32, restarts: bool) -> bool {
        self.service_events(bus);
        if self.preemption(None).is_none() {
            return false;
        }
        if !restarts && self.core.itstate == 0 {
            self.core.ici = register as u8;
        }
        true
    }
}
