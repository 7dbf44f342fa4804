//! The architectural state of the core: what a debugger would show.

use crate::fp::Fpscr;
use crate::{Cycles, FetchWindow};

/// Thread or handler mode (ARMv7-M B1.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Application code.
    Thread,
    /// An exception handler.
    Handler,
}

/// Registers, flags and the cycle counter. Plain data: everything that acts on it is in [`Cpu`](crate::Cpu).
///
/// Two cores are equal if a program cannot tell them apart: the flags count, not the words they are kept in.
#[derive(Clone, Debug, Eq)]
pub struct Core {
    /// R0 to R12, SP (the current one), LR. Index 15 is a scratch slot: the program counter is [`pc`](Self::pc).
    pub r: [u32; 16],
    /// Address of the instruction that executes now, or next at an instruction boundary.
    pub pc: u32,
    /// Cycles since power-up. Never runs back.
    pub now: Cycles,
    /// Instructions completed since power-up.
    pub instructions: u64,
    /// Any word whose sign is the N flag. Kept apart from [`z_of`](Self::z_of) so that flag setting is two stores.
    pub n_of: u32,
    /// Any word that is zero exactly if the Z flag is set.
    pub z_of: u32,
    /// The C flag.
    pub c: bool,
    /// The V flag.
    pub v: bool,
    /// The Q (saturation) flag.
    pub q: bool,
    /// The GE flags, bits 3:0 (M4).
    pub ge: u8,
    /// ITSTATE\[7:0\] for the instruction at `pc`; 0 outside an IT block.
    pub itstate: u8,
    /// ICI: first register (0..=15) that an interrupted LDM or STM at `pc` still has to transfer; 0 if none.
    pub ici: u8,
    /// The T bit. Clear only after a branch to an even address, which faults on the next instruction.
    pub thumb: bool,
    /// IPSR: number of the active exception, 0 in thread mode.
    pub exception: u16,
    /// The stack pointer that is *not* in `r[13]`: PSP while MSP is in use, and the other way round.
    pub other_sp: u32,
    /// CONTROL.SPSEL as it holds now (always false in handler mode).
    pub spsel: bool,
    /// CONTROL.nPRIV.
    pub unprivileged: bool,
    /// PRIMASK.
    pub primask: bool,
    /// FAULTMASK.
    pub faultmask: bool,
    /// BASEPRI, in the form that MRS reads.
    pub basepri: u8,
    /// What may be fetched at no cost.
    pub window: FetchWindow,
    /// The FPU's registers.
    pub fp: FpRegisters,
}

/// Registers of the FPU. Without one they are never touched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FpRegisters {
    /// S0 to S31.
    pub s: [u32; 32],
    /// FPSCR.
    pub fpscr: Fpscr,
    /// CONTROL.FPCA: the current code has a floating-point context, which exception entry makes room for.
    pub active: bool,
}

impl FpRegisters {
    const fn new() -> Self {
        Self {
            s: [0; 32],
            fpscr: Fpscr::empty(),
            active: false,
        }
    }

    #[inline(always)]
    pub(crate) const fn get(&self, index: u8) -> u32 {
        self.s[(index & 31) as usize]
    }

    #[inline(always)]
    pub(crate) const fn put(&mut self, index: u8, value: u32) {
        self.s[(index & 31) as usize] = value;
    }
}

impl Core {
    /// The state before reset has been taken: all registers zero.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            r: [0; 16],
            pc: 0,
            now: Cycles::ZERO,
            instructions: 0,
            n_of: 0,
            z_of: 1,
            c: false,
            v: false,
            q: false,
            ge: 0,
            itstate: 0,
            ici: 0,
            thumb: true,
            exception: 0,
            other_sp: 0,
            spsel: false,
            unprivileged: false,
            primask: false,
            faultmask: false,
            basepri: 0,
            window: FetchWindow::EMPTY,
            fp: FpRegisters::new(),
        }
    }

    /// The N flag.
    #[inline(always)]
    #[must_use]
    pub const fn n(&self) -> bool {
        (self.n_of as i32) < 0
    }

    /// The Z flag.
    #[inline(always)]
    #[must_use]
    pub const fn z(&self) -> bool {
        self.z_of == 0
    }

    /// Thread or handler mode.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        if self.exception == 0 {
            Mode::Thread
        } else {
            Mode::Handler
        }
    }

    /// Does the current code run privileged? Handlers always do.
    #[must_use]
    pub const fn privileged(&self) -> bool {
        self.exception != 0 || !self.unprivileged
    }

    /// APSR: N, Z, C, V, Q and GE.
    #[must_use]
    pub const fn apsr(&self) -> u32 {
        (self.n() as u32) << 31
            | (self.z() as u32) << 30
            | (self.c as u32) << 29
            | (self.v as u32) << 28
            | (self.q as u32) << 27
            | ((self.ge as u32) & 0xF) << 16
    }

    /// Sets N, Z, C, V and Q from bits 31:27 of `apsr`, and GE from 19:16.
    pub const fn set_apsr(&mut self, apsr: u32) {
        self.n_of = apsr & 0x8000_0000;
        self.z_of = !apsr & 0x4000_0000;
        self.c = apsr & 0x2000_0000 != 0;
        self.v = apsr & 0x1000_0000 != 0;
        self.q = apsr & 0x0800_0000 != 0;
        self.ge = ((apsr >> 16) & 0xF) as u8;
    }

    /// The whole xPSR as exception entry stacks it: APSR, IT or ICI, T, exception number (bit 9, the
    /// stack-alignment bit, is the stacking's business).
    #[must_use]
    pub const fn xpsr(&self) -> u32 {
        let it = if self.ici != 0 {
            ((self.ici as u32) & 0xF) << 12
        } else {
            ((self.itstate as u32) & 0xFC) << 8 | ((self.itstate as u32) & 3) << 25
        };
        self.apsr() | it | (self.thumb as u32) << 24 | self.exception as u32 & 0x1FF
    }

    /// Main stack pointer, whichever is in use.
    #[must_use]
    pub const fn msp(&self) -> u32 {
        if self.spsel {
            self.other_sp
        } else {
            self.r[13]
        }
    }

    /// Process stack pointer, whichever is in use.
    #[must_use]
    pub const fn psp(&self) -> u32 {
        if self.spsel {
            self.r[13]
        } else {
            self.other_sp
        }
    }
}

impl PartialEq for Core {
    fn eq(&self, other: &Self) -> bool {
        // Named one by one, so that a new field cannot be forgotten. Slot 15 is scratch.
        let Self {
            r,
            pc,
            now,
            instructions,
            n_of: _,
            z_of: _,
            c: _,
            v: _,
            q: _,
            ge: _,
            itstate,
            ici,
            thumb,
            exception,
            other_sp,
            spsel,
            unprivileged,
            primask,
            faultmask,
            basepri,
            window,
            fp,
        } = self;
        r[..15] == other.r[..15]
            && *pc == other.pc
            && *now == other.now
            && *instructions == other.instructions
            && self.apsr() == other.apsr()
            && *itstate == other.itstate
            && *ici == other.ici
            && *thumb == other.thumb
            && *exception == other.exception
            && *other_sp == other.other_sp
            && *spsel == other.spsel
            && *unprivileged == other.unprivileged
            && *primask == other.primask
            && *faultmask == other.faultmask
            && *basepri == other.basepri
            && *window == other.window
            && *fp == other.fp
    }
}

impl Default for Core {
    fn default() -> Self {
        Self::new()
    }
}
