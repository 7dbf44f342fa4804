//! Unicorn behind [`flashstall_cpu::Executor`].

use flashstall_cpu::{Bus, Core, Cpu, CpuModel, Executor, Fault, Fpscr, Op, OpKind, Size};

use crate::EngineError;
use crate::code::Code;
use crate::stepper::{Memory, Registers, Step, Stepper};

/// Stores that are remembered at least: those of one instruction.
const MOST_WRITTEN: usize = 64;

/// Executes what it can in unicorn, leaves the rest to the native core, and counts both.
pub struct UnicornExecutor {
    stepper: Stepper,
    /// Instructions that unicorn executed.
    pub executed: u64,
    /// Instructions that were offered and left to the native core.
    pub left: u64,
    /// Address and size of the latest stores. Whoever reads it clears it before an instruction.
    pub(crate) written: Vec<(u32, u32)>,
    /// The first error that unicorn gave; from then on everything is left to the native core.
    pub error: Option<EngineError>,
}

impl UnicornExecutor {
    /// A unicorn for this core.
    ///
    /// # Errors
    /// Unicorn could not be set up.
    pub fn new(model: CpuModel) -> Result<Self, EngineError> {
        Ok(Self {
            stepper: Stepper::new(model)?,
            executed: 0,
            left: 0,
            written: Vec::new(),
            error: None,
        })
    }

    fn leave(&mut self) -> Result<bool, Fault> {
        self.left += 1;
        Ok(false)
    }
}

impl<B: Bus> Executor<B> for UnicornExecutor {
    fn execute(&mut self, cpu: &mut Cpu, bus: &mut B, op: &Op) -> Result<bool, Fault> {
        let Some(code) = code_at(bus, cpu.core.pc) else {
            return self.leave();
        };
        let traps_zero =
            matches!(op.kind, OpKind::Udiv | OpKind::Sdiv) && cpu.scb.traps_divide_by_zero();
        if self.error.is_some() || traps_zero && cpu.core.r[usize::from(op.rm & 15)] == 0 {
            return self.leave();
        }
        let before = registers_of(&cpu.core);
        let aligned_only = needs_alignment(op.kind);
        if self.written.len() >= MOST_WRITTEN {
            self.written.clear();
        }
        let written = &mut self.written;
        let mut machine = Machine {
            cpu,
            bus,
            aligned_only,
            fault: None,
            loaded: [0; 16],
            loads: 0,
            written,
        };
        match self.stepper.step(&before, code, &mut machine) {
            Ok(Step::Done(after)) => {
                let Machine { cpu, .. } = machine;
                cpu.core.r[..15].copy_from_slice(&after.r);
                cpu.core.set_apsr(after.apsr);
                cpu.core.fp.s = after.s;
                cpu.core.fp.fpscr = Fpscr::from_bits_retain(after.fpscr);
                cpu.set_pc(after.pc | u32::from(after.thumb));
                self.executed += 1;
                Ok(true)
            }
            Ok(Step::GivenUp) => {
                let Machine {
                    cpu,
                    fault,
                    loaded,
                    loads,
                    ..
                } = machine;
                if op.kind == OpKind::Ldm {
                    keep_loaded(&mut cpu.core, op, &loaded[..loads]);
                }
                Err(fault.unwrap_or(Fault::Undefined))
            }
            // Nothing was accessed: the native core says what is wrong with it.
            Ok(Step::Refused) => self.leave(),
            Err(error) => {
                self.error = Some(error);
                self.leave()
            }
        }
    }
}

/// The instruction at `pc`, from memory.
pub(crate) fn code_at<B: Bus>(bus: &B, pc: u32) -> Option<Code> {
    let first = bus.code(pc)?;
    let second = if Code::is_wide(first) {
        Some(bus.code(pc.wrapping_add(2))?)
    } else {
        None
    };
    Some(Code { first, second })
}

/// What unicorn needs of the core's state.
#[must_use]
pub fn registers_of(core: &Core) -> Registers {
    Registers {
        r: std::array::from_fn(|i| core.r[i]),
        pc: core.pc,
        apsr: core.apsr(),
        itstate: core.itstate,
        thumb: core.thumb,
        s: core.fp.s,
        fpscr: core.fp.fpscr.bits(),
    }
}

/// These fault on any unaligned address (A3.2.1), which unicorn lets pass (trap `unaligned-multiples`).
const fn needs_alignment(kind: OpKind) -> bool {
    use OpKind as K;
    matches!(
        kind,
        K::Ldm | K::Stm | K::Ldrd | K::Strd | K::Vldr | K::Vstr | K::Vldm | K::Vstm
    )
}

/// A load multiple that faults has loaded the registers before the faulting one, as the native core has it; the base
/// keeps its value.
fn keep_loaded(core: &mut Core, op: &Op, loaded: &[u32]) {
    let registers = (0..15usize).filter(|register| op.imm >> register & 1 != 0);
    for (register, value) in registers.zip(loaded) {
        if register != usize::from(op.rn) {
            core.r[register] = *value;
        }
    }
}

/// The machine's data path.
struct Machine<'a, B> {
    cpu: &'a mut Cpu,
    bus: &'a mut B,
    aligned_only: bool,
    fault: Option<Fault>,
    /// What was read, in order.
    loaded: [u32; 16],
    loads: usize,
    written: &'a mut Vec<(u32, u32)>,
}

impl<B: Bus> Machine<'_, B> {
    fn check(&mut self, addr: u32) -> Option<()> {
        if self.aligned_only && addr & 3 != 0 {
            self.fault = Some(Fault::Unaligned);
            return None;
        }
        Some(())
    }
}

impl<B: Bus> Memory for Machine<'_, B> {
    fn read(&mut self, addr: u32, size: Size) -> Option<u32> {
        self.check(addr)?;
        match self.cpu.data_read(self.bus, addr, size) {
            Ok(value) => {
                self.loaded[self.loads & 15] = value;
                self.loads += 1;
                Some(value)
            }
            Err(fault) => {
                self.fault = Some(fault);
                None
            }
        }
    }

    fn write(&mut self, addr: u32, size: Size, value: u32) -> Option<()> {
        self.check(addr)?;
        match self.cpu.data_write(self.bus, addr, size, value) {
            Ok(()) => {
                self.written.push((addr, size.bytes()));
                Some(())
            }
            Err(fault) => {
                self.fault = Some(fault);
                None
            }
        }
    }
}
