//! Faults: which exception each becomes, what the status registers say, escalation and lock-up.
//!
//! | register or behaviour | source | test that proves it |
//! |---|---|---|
//! | fault → exception, CFSR bit | ARMv7-M table B1-9 | `tests::each_fault_sets_its_own_bit` |
//! | BFAR and BFARVALID for a precise data fault | B3.2.18 | `tests::a_data_fault_leaves_its_address` |
//! | IACCVIOL leaves MMFAR alone | B3.2.15 | `tests::each_fault_sets_its_own_bit` |
//! | disabled, or not urgent enough: escalates to HardFault, HFSR.FORCED | B1.5.7 | `tests::a_disabled_fault_escalates`, `tests::a_fault_that_cannot_preempt_escalates` |
//! | at the priority of HardFault or above: lock-up | B1.5.15 | `tests::a_fault_in_hardfault_locks_up` |
//! | FAULTMASK set counts as HardFault's priority | B1.5.4 | `tests::a_fault_with_faultmask_locks_up` |
//! | BFHFNMIGN: data faults at that priority are recorded and ignored | B3.2.8 | `tests::bfhfnmign_ignores_data_faults` |
//! | SVC that cannot pre-empt is a HardFault at the SVC | B1.5.7 | `tests::svc_with_primask_escalates` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | imprecise bus faults of the write buffer | no firmware depends on the few cycles | every data fault is precise |
//! | NMI out of a lock-up | a lock-up ends the run | [`Exit::Lockup`](crate::Exit::Lockup) |

use crate::nvic::Priority;
use crate::scb::{Ccr, Cfsr, Hfsr};
use crate::{Bus, Cpu, ExceptionNumber};

/// A synchronous fault, as an instruction raises it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// UsageFault UNDEFINSTR: no such instruction.
    Undefined,
    /// UsageFault INVSTATE: the T bit is clear, or a continuation state does not fit the instruction.
    InvState,
    /// UsageFault INVPC: an exception return that fails its integrity checks.
    InvPc,
    /// UsageFault NOCP: a coprocessor that is absent or disabled.
    NoCp,
    /// UsageFault UNALIGNED: an unaligned access that must not be, or CCR.UNALIGN_TRP.
    Unaligned,
    /// UsageFault DIVBYZERO, with CCR.DIV_0_TRP.
    DivByZero,
    /// BusFault PRECISERR: a data access that the bus refused.
    DataBus {
        /// The address that was accessed, for BFAR.
        addr: u32,
    },
    /// BusFault LSPERR: the context of an interrupted program could not be saved at the first use of the FPU.
    LazySave,
    /// BusFault IBUSERR: an instruction fetch that the bus refused.
    InstructionBus {
        /// The address that was fetched.
        addr: u32,
    },
    /// MemManage IACCVIOL: a fetch from a region that is execute-never in the default memory map.
    ExecuteNever {
        /// The address that was fetched.
        addr: u32,
    },
}

impl Fault {
    /// The exception that handles it when it does not escalate.
    #[must_use]
    pub const fn exception(self) -> ExceptionNumber {
        match self {
            Self::DataBus { .. } | Self::InstructionBus { .. } | Self::LazySave => {
                ExceptionNumber::BUS_FAULT
            }
            Self::ExecuteNever { .. } => ExceptionNumber::MEM_MANAGE,
            _ => ExceptionNumber::USAGE_FAULT,
        }
    }

    /// Its bit in CFSR.
    const fn status(self) -> Cfsr {
        match self {
            Self::Undefined => Cfsr::UNDEFINSTR,
            Self::InvState => Cfsr::INVSTATE,
            Self::InvPc => Cfsr::INVPC,
            Self::NoCp => Cfsr::NOCP,
            Self::Unaligned => Cfsr::UNALIGNED,
            Self::DivByZero => Cfsr::DIVBYZERO,
            Self::DataBus { .. } => Cfsr::PRECISERR,
            Self::InstructionBus { .. } => Cfsr::IBUSERR,
            Self::LazySave => Cfsr::LSPERR,
            Self::ExecuteNever { .. } => Cfsr::IACCVIOL,
        }
    }
}

impl Cpu {
    /// Takes the exception of a fault; `core.pc` and `core.itstate` are those of the faulting instruction.
    #[cold]
    pub(crate) fn raise<B: Bus>(&mut self, bus: &mut B, fault: Fault) {
        self.record(fault);
        self.pend_fault(bus, fault.exception());
        self.take_exception(bus);
    }

    /// Executes SVC; `core.pc` and `core.itstate` are those of the SVC instruction, which is 2 bytes long.
    #[cold]
    pub(crate) fn svc<B: Bus>(&mut self, bus: &mut B) {
        let number = ExceptionNumber::SVCALL;
        if self.nvic.group_priority(number.0) < self.execution_priority() {
            self.core.pc = self.core.pc.wrapping_add(2);
            self.core.itstate = after_it(self.core.itstate);
        }
        self.pend_fault(bus, number);
        self.take_exception(bus);
    }

    /// A data fault at `addr` under CCR.BFHFNMIGN, at the priority of HardFault or NMI: recorded, and the
    /// access counts as done (a read gives 0). False: it must be raised.
    #[cold]
    pub(crate) fn ignores_bus_fault(&mut self, addr: u32) -> bool {
        let ignored = self.scb.ccr().contains(Ccr::BFHFNMIGN)
            && self.execution_priority() <= Priority::HARD_FAULT;
        if ignored {
            self.record(Fault::DataBus { addr });
        }
        ignored
    }

    /// Sets the status bits of a fault.
    pub(super) fn record(&mut self, fault: Fault) {
        self.scb.cfsr |= fault.status();
        if let Fault::DataBus { addr } = fault {
            self.scb.cfsr |= Cfsr::BFARVALID;
            self.scb.bfar = addr;
        }
    }

    /// Makes a synchronous exception pending, or what it escalates to. Locks up if that cannot be taken either.
    pub(super) fn pend_fault<B: Bus>(&mut self, bus: &mut B, exception: ExceptionNumber) {
        let now = self.core.now;
        if self.can_take(exception) {
            self.pend(bus, exception.0, now);
        } else if self.execution_priority() <= Priority::HARD_FAULT {
            self.lock_up(bus);
        } else {
            self.scb.hfsr |= Hfsr::FORCED;
            self.pend(bus, ExceptionNumber::HARD_FAULT.0, now);
        }
    }

    /// A fault while an exception is being entered (B1.5.14, derived exceptions): pending beside it, so the
    /// more urgent of the two is entered. HardFault's own entry goes on.
    pub(super) fn pend_derived<B: Bus>(&mut self, bus: &mut B, exception: ExceptionNumber) {
        let now = self.core.now;
        if self.can_take(exception) {
            self.pend(bus, exception.0, now);
        } else {
            self.scb.hfsr |= Hfsr::FORCED;
            self.pend(bus, ExceptionNumber::HARD_FAULT.0, now);
        }
    }

    /// Stops for good.
    pub(super) fn lock_up<B: Bus>(&mut self, bus: &B) {
        self.lockup = true;
        self.refresh_deadline(bus);
    }

    fn can_take(&self, exception: ExceptionNumber) -> bool {
        self.nvic.is_enabled(exception)
            && self.nvic.group_priority(exception.0) < self.execution_priority()
    }
}

/// ITSTATE for the instruction after this one (B1.5 `ITAdvance`).
const fn after_it(itstate: u8) -> u8 {
    if itstate & 7 == 0 {
        0
    } else {
        itstate & 0xE0 | itstate << 1 & 0x1F
    }
}

#[cfg(test)]
mod tests;
