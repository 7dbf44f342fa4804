//! One instruction in unicorn: registers in, one instruction, registers out.
//!
//! Unicorn keeps nothing of the machine from one step to the next. Its memory is a scratch copy: before
//! each data read the value that the [`Memory`] gives is put there, each store is told to the [`Memory`], and code
//! is compared with what was translated. So peripherals, bit-band aliases and busy flash work without unicorn knowing
//! of them, and a fork of a machine needs no copy of unicorn.

use std::ffi::c_void;

use flashstall_cpu::{CpuModel, Size};
use unicorn_engine::hook::sys;
use unicorn_engine::unicorn_const::{Arch, ArmCpuModel, HookType, MemType, Mode, uc_error};
use unicorn_engine::{RegisterARM, Unicorn};

use crate::EngineError;
use crate::code::{Code, advance, condition_holds};
use crate::scratch::Scratch;

/// What unicorn's instructions read and write.
pub trait Memory {
    /// Reads `size` bytes at `addr`, of any alignment, zero-extended. `None` gives the instruction up.
    fn read(&mut self, addr: u32, size: Size) -> Option<u32>;

    /// Writes the low `size` bytes of `value` at `addr`, of any alignment. `None` gives the instruction up.
    fn write(&mut self, addr: u32, size: Size, value: u32) -> Option<()>;
}

/// The state that an instruction acts on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Registers {
    /// R0 to R12, SP, LR.
    pub r: [u32; 15],
    /// Address of the instruction, or of the next one.
    pub pc: u32,
    /// APSR flags: N, Z, C, V, Q in bits 31:27, GE in 19:16.
    pub apsr: u32,
    /// ITSTATE.
    pub itstate: u8,
    /// The T bit.
    pub thumb: bool,
    /// S0 to S31.
    pub s: [u32; 32],
    /// FPSCR.
    pub fpscr: u32,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time, on the stack; a box would cost every step an allocation"
)]
pub enum Step {
    /// Executed; the state after it.
    Done(Registers),
    /// A [`Memory`] access was given up. Unicorn has done the rest of the instruction on garbage: nothing
    /// of its registers counts.
    GivenUp,
    /// Unicorn does not take this instruction: undefined, or one that raises an exception.
    Refused,
}

/// What the memory hook sees.
pub(crate) struct Shared {
    pub(crate) scratch: Scratch,
    /// The memory of the step in progress.
    memory: Option<*mut (dyn Memory + 'static)>,
    given_up: bool,
}

/// A unicorn instance that executes single instructions. It can be used in any one thread at a time, and each
/// thread has its own.
pub struct Stepper {
    uc: Unicorn<'static, Shared>,
}

/// Order in which registers are transferred. XPSR brings the flags and ITSTATE; APSR_NZCV comes after it because only
/// that write makes unicorn look at its state again.
const IDS: [i32; 17] = [
    RegisterARM::R0 as i32,
    RegisterARM::R1 as i32,
    RegisterARM::R2 as i32,
    RegisterARM::R3 as i32,
    RegisterARM::R4 as i32,
    RegisterARM::R5 as i32,
    RegisterARM::R6 as i32,
    RegisterARM::R7 as i32,
    RegisterARM::R8 as i32,
    RegisterARM::R9 as i32,
    RegisterARM::R10 as i32,
    RegisterARM::R11 as i32,
    RegisterARM::R12 as i32,
    RegisterARM::SP as i32,
    RegisterARM::LR as i32,
    RegisterARM::XPSR_NZCVQG as i32,
    RegisterARM::APSR_NZCV as i32,
];

/// As [`IDS`], but XPSR can be read only under its plain name, and the PC comes last.
const READ_IDS: [i32; 17] = {
    let mut ids = IDS;
    ids[15] = RegisterARM::XPSR as i32;
    ids[16] = RegisterARM::PC as i32;
    ids
};

/// D0 to D15 and FPSCR: transferred for floating-point instructions only.
const FP_IDS: [i32; 17] = {
    let mut ids = [RegisterARM::FPSCR as i32; 17];
    let mut i = 0;
    while i < 16 {
        ids[i] = RegisterARM::D0 as i32 + i as i32;
        i += 1;
    }
    ids
};

/// FPSCR.RMode.
const RMODE: u32 = 3 << 22;
const THUMB: u32 = 1 << 24;
const APSR: u32 = 0xF80F_0000;

impl Stepper {
    /// A unicorn with the instruction set of this core.
    ///
    /// # Errors
    /// Unicorn could not be set up.
    pub fn new(model: CpuModel) -> Result<Self, EngineError> {
        let shared = Shared {
            scratch: Scratch::new(),
            memory: None,
            given_up: false,
        };
        // `Mode::MCLASS` would force a Cortex-M33; the model is what makes it an M-profile core.
        let mut uc = Unicorn::new_with_data(Arch::ARM, Mode::THUMB, shared)?;
        let model = match model {
            CpuModel::CortexM3 => ArmCpuModel::CORTEX_M3,
            CpuModel::CortexM4 => ArmCpuModel::CORTEX_M4,
        };
        uc.ctl_set_cpu_model(model as i32)?;
        // Trap `fp-context`: without CONTROL.FPCA the first floating-point instruction presets FPSCR.
        uc.reg_write(RegisterARM::CONTROL, 4)?;
        uc.add_mem_hook(HookType::MEM_READ | HookType::MEM_WRITE, 1, 0, on_access)?;
        uc.add_mem_hook(
            HookType::MEM_READ_UNMAPPED | HookType::MEM_WRITE_UNMAPPED,
            1,
            0,
            |uc, _, addr, _, _| Scratch::map(uc, addr as u32),
        )?;
        Ok(Self { uc })
    }

    /// Executes the instruction `code`, which lies at `before.pc`.
    ///
    /// # Errors
    /// Unicorn ran out of memory.
    pub fn step(
        &mut self,
        before: &Registers,
        code: Code,
        memory: &mut dyn Memory,
    ) -> Result<Step, EngineError> {
        if before.itstate != 0 && !condition_holds(before.apsr, before.itstate >> 4) {
            // Trap `it-skip-not-counted`: unicorn cannot be made to stop after an instruction that it skips.
            let (pc, itstate) = (before.pc.wrapping_add(code.size()), advance(before.itstate));
            return Ok(Step::Done(Registers {
                pc,
                itstate,
                ..*before
            }));
        }
        if code.is_it() {
            // Trap `it-not-stoppable`: unicorn takes IT and its block as one instruction.
            let pc = before.pc.wrapping_add(2);
            return Ok(Step::Done(Registers {
                pc,
                itstate: code.first as u8,
                ..*before
            }));
        }
        let is_new = Scratch::sync_code(&mut self.uc, before.pc, code)?;
        // Traps `it-not-stoppable`, `it-state-after-hook` and `it-state-after-isb`: unicorn mishandles whatever is not at
        // the end of an IT block, and what has a memory hook even there. Only what sets flags outside a block and not in
        // it executes in one, and as its last instruction.
        let itstate = if code.heeds_it() && before.itstate != 0 {
            before.itstate & 0xF0 | 8
        } else {
            0
        };
        self.write_registers(&Registers { itstate, ..*before });
        let is_fp = code.is_floating_point();
        // Trap `fixed-rounding`: VCVT from fixed point rounds to nearest, unicorn by FPSCR.
        let modes_apart = if code.is_from_fixed() {
            before.fpscr & RMODE
        } else {
            0
        };
        if is_fp {
            self.write_fp(&Registers {
                fpscr: before.fpscr & !modes_apart,
                ..*before
            });
        }

        // SAFETY: the pointer is used by `on_access` only, which runs only inside `emu_start` below, while `memory` is
        // borrowed; it is taken out again before this function returns.
        let memory: *mut (dyn Memory + 'static) = unsafe {
            std::mem::transmute::<*mut (dyn Memory + '_), *mut (dyn Memory + 'static)>(memory)
        };
        let shared = self.uc.get_data_mut();
        (shared.memory, shared.given_up) = (Some(memory), false);
        // Unicorn translates up to the next branch, unless there is an end address before it; but what ends there it throws
        // away. So code is translated singly the first time, and for good the second time. Address 0 means none.
        let until = if is_new {
            before.pc.wrapping_add(code.size())
        } else {
            0
        };
        let result = self
            .uc
            .emu_start(u64::from(before.pc | 1), u64::from(until), 0, 1);
        let shared = self.uc.get_data_mut();
        shared.memory = None;
        let given_up = shared.given_up;

        if given_up {
            return Ok(Step::GivenUp);
        }
        let mut after = self.read_registers();
        (after.s, after.fpscr) = if is_fp {
            self.read_fp()
        } else {
            (before.s, before.fpscr)
        };
        after.fpscr |= modes_apart;
        // An error may also come from the target of a branch, which unicorn has already looked at: not mapped, an even
        // address, or an EXC_RETURN. The instruction itself is done then, and has moved the PC or cleared T.
        let stayed = after.pc == before.pc && after.thumb;
        match result {
            Ok(()) => {}
            Err(uc_error::NOMEM | uc_error::RESOURCE) => {
                return Err(EngineError::Unicorn(uc_error::NOMEM));
            }
            Err(_) if stayed => return Ok(Step::Refused),
            Err(uc_error::INSN_INVALID) if after.thumb => return Ok(Step::Refused),
            Err(_) => {}
        }
        after.itstate = advance(before.itstate);
        Ok(Step::Done(after))
    }

    fn write_registers(&mut self, state: &Registers) {
        let it = u32::from(state.itstate);
        let xpsr = state.apsr & APSR | (it & 0xFC) << 8 | (it & 3) << 25 | THUMB;
        let mut values = [0u32; 17];
        values[..15].copy_from_slice(&state.r);
        (values[15], values[16]) = (xpsr, xpsr);
        let mut ids = IDS;
        let pointers: [*mut c_void; 17] = std::array::from_fn(|i| (&raw mut values[i]).cast());
        // SAFETY: both arrays have 17 entries, and each of these registers is 32 bits wide.
        let result = unsafe {
            sys::uc_reg_write_batch(
                self.uc.get_handle(),
                ids.as_mut_ptr(),
                pointers.as_ptr(),
                17,
            )
        };
        debug_assert_eq!(result, uc_error::OK);
    }

    fn write_fp(&mut self, state: &Registers) {
        let mut values: [u64; 17] = std::array::from_fn(|i| match state.s.get(2 * i..2 * i + 2) {
            Some(pair) => u64::from(pair[1]) << 32 | u64::from(pair[0]),
            None => state.fpscr.into(),
        });
        let mut ids = FP_IDS;
        let pointers: [*mut c_void; 17] = std::array::from_fn(|i| (&raw mut values[i]).cast());
        // SAFETY: both arrays have 17 entries, and no register is wider than 64 bits.
        let result = unsafe {
            sys::uc_reg_write_batch(
                self.uc.get_handle(),
                ids.as_mut_ptr(),
                pointers.as_ptr(),
                17,
            )
        };
        debug_assert_eq!(result, uc_error::OK);
    }

    fn read_fp(&self) -> ([u32; 32], u32) {
        let mut values = [0u64; 17];
        let mut ids = FP_IDS;
        let mut pointers: [*mut c_void; 17] = std::array::from_fn(|i| (&raw mut values[i]).cast());
        // SAFETY: both arrays have 17 entries, and no register is wider than 64 bits.
        let result = unsafe {
            sys::uc_reg_read_batch(
                self.uc.get_handle(),
                ids.as_mut_ptr(),
                pointers.as_mut_ptr(),
                17,
            )
        };
        debug_assert_eq!(result, uc_error::OK);
        (
            std::array::from_fn(|i| (values[i / 2] >> (32 * (i % 2))) as u32),
            values[16] as u32,
        )
    }

    fn read_registers(&self) -> Registers {
        let mut values = [0u32; 17];
        let mut ids = READ_IDS;
        let mut pointers: [*mut c_void; 17] = std::array::from_fn(|i| (&raw mut values[i]).cast());
        // SAFETY: both arrays have 17 entries, and each of these registers is 32 bits wide.
        let result = unsafe {
            sys::uc_reg_read_batch(
                self.uc.get_handle(),
                ids.as_mut_ptr(),
                pointers.as_mut_ptr(),
                17,
            )
        };
        debug_assert_eq!(result, uc_error::OK);
        let xpsr = values[15];
        // Trap `sp-low-bits`: write-back and loads leave bits in SP[1:0] that the architecture keeps zero (B1.4.1).
        values[13] &= !3;
        Registers {
            r: std::array::from_fn(|i| values[i]),
            pc: values[16] & !1,
            apsr: xpsr & APSR,
            itstate: (xpsr >> 8 & 0xFC | xpsr >> 25 & 3) as u8,
            thumb: xpsr & THUMB != 0,
            ..Registers::default()
        }
    }
}

/// A data access of the instruction that is being executed, before it is done. Unaligned ones come in one piece.
fn on_access(uc: &mut Unicorn<Shared>, kind: MemType, addr: u64, bytes: usize, value: i64) -> bool {
    if bytes == 8 {
        // A double register: two words on our bus.
        let high = addr.wrapping_add(4) & 0xFFFF_FFFF;
        return on_access(uc, kind, addr, 4, value) && on_access(uc, kind, high, 4, value >> 32);
    }
    let size = match bytes {
        1 => Size::Byte,
        2 => Size::Half,
        _ => Size::Word,
    };
    let addr = addr as u32;
    let shared = uc.get_data_mut();
    let Some(memory) = shared.memory.filter(|_| !shared.given_up) else {
        return true;
    };
    // SAFETY: see `Stepper::step`; nobody else holds a reference to it while unicorn runs.
    let memory = unsafe { &mut *memory };
    if kind == MemType::WRITE {
        shared.given_up = memory.write(addr, size, value as u32).is_none();
        shared.scratch.forget_code(addr, size.bytes());
    } else {
        match memory.read(addr, size) {
            Some(value) => Scratch::poke(uc, addr, size.bytes(), value),
            None => shared.given_up = true,
        }
    }
    true
}
