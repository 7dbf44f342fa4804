//! What a device was asked to do: for reports.

use std::collections::BTreeMap;
use std::sync::Arc;

use flashstall_cpu::Addr;

use crate::Picos;
use crate::log::{Records, Snapshot};

/// Most callers that are kept of one device: each holds a piece of the stack.
const CALLERS: usize = 256;

/// An erase, a program or a write to the status registers that began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NorOperation {
    /// Its instruction.
    pub opcode: u8,
    /// First address that it touches; 0 for status registers.
    pub address: u32,
    /// Bytes.
    pub length: u32,
    /// When BUSY became 1.
    pub start: Picos,
    /// When it is over, or would be: a suspend puts it off, [`Picos::NEVER`] until it is resumed.
    pub end: Picos,
    /// Address of the instruction that the core executed when the opcode was sent.
    pub pc: Addr,
    /// Who asked for it: index into [`NorLog::callers`].
    pub caller: Option<usize>,
    /// How often it was suspended.
    pub suspended: u32,
    /// A reset of the device came before its end.
    pub cut_short: bool,
}

/// Why a device did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NorRefusal {
    /// BUSY was 1.
    Busy {
        /// When that ends, as it stood then.
        until: Picos,
    },
    /// It was not back from a reset or a power-down.
    NotReady {
        /// When it is.
        until: Picos,
    },
    /// It was in power-down.
    PowerDown,
    /// WEL was 0.
    WriteDisabled,
    /// The protection bits protect the address, or the status registers are locked.
    Protected,
    /// Chip select rose in the middle of a byte, or behind too few or too many of them.
    CutShort,
    /// It needs four lines, and QE is 0.
    QuadDisabled,
    /// Not while an operation is suspended.
    Suspended,
    /// There was nothing to suspend or to resume.
    Nothing,
    /// A reset without the instruction that enables it right before.
    ResetNotEnabled,
    /// The part has no such instruction, or this model has not.
    Unknown,
}

/// An instruction that came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NorIgnored {
    /// The instruction; of one that chip select cut off, the bits that came.
    pub opcode: u8,
    /// When it was refused.
    pub at: Picos,
    /// Why.
    pub why: NorRefusal,
    /// Address of the instruction that the core executed when the opcode was sent.
    pub pc: Addr,
    /// Who sent it: index into [`NorLog::callers`].
    pub caller: Option<usize>,
}

/// Everything about one device.
#[derive(Clone, Debug, Default)]
pub struct NorLog {
    /// Erases, programs and writes to status registers, in order.
    pub operations: Records<NorOperation>,
    /// Instructions that came to nothing, in order.
    pub ignored: Records<NorIgnored>,
    /// The core when operations began and instructions were refused, for the first of them. If DMA sent the opcode, this is where the core was
    /// meanwhile.
    pub callers: Vec<Arc<Snapshot>>,
    /// Operations and refusals that have their caller, or have none.
    pub(super) attributed: (usize, usize),
    /// How often each instruction was heeded.
    pub commands: BTreeMap<u8, u64>,
    /// Bytes read from the array.
    pub bytes_read: u64,
    /// Bytes read from what was being erased or programmed by a suspended operation: undefined on silicon.
    pub undefined_reads: u64,
}

impl NorLog {
    /// Is there a record whose caller nobody has told yet?
    pub(super) fn wants_caller(&self) -> bool {
        let (operations, ignored) = self.attributed;
        self.callers.len() < CALLERS
            && (operations < self.operations.kept.len() || ignored < self.ignored.kept.len())
    }

    /// The core at the first access to a device behind these records.
    pub(super) fn attribute(&mut self, caller: Snapshot) {
        let index = Some(self.callers.len());
        self.callers.push(Arc::new(caller));
        let (operations, ignored) = self.attributed;
        for operation in self.operations.kept.iter_mut().skip(operations) {
            operation.caller = index;
        }
        for refusal in self.ignored.kept.iter_mut().skip(ignored) {
            refusal.caller = index;
        }
        self.attributed = (self.operations.kept.len(), self.ignored.kept.len());
    }
}
