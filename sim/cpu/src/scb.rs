//! The system control block: vector table offset, configuration, fault status.
//!
//! What concerns priorities, pending and active states lies in [`Nvic`](crate::Nvic) and is only shown here.
//!
//! | register or behaviour | source | test that proves it |
//! |---|---|---|
//! | CPUID | ARMv7-M B3.2.3 | `registers::tests::identification` |
//! | ICSR: set and clear NMI, PendSV, SysTick; VECTPENDING, ISRPENDING, RETTOBASE, VECTACTIVE | B3.2.4 | `registers::tests::icsr_…` |
//! | VTOR: TBLOFF 29:7 (M3 r2), 31:7 (M4) | core.md §4 | `registers::tests::vtor_keeps_its_bits` |
//! | AIRCR: key, PRIGROUP, SYSRESETREQ, VECTCLRACTIVE | B3.2.6 | `registers::tests::aircr_…` |
//! | SCR: SLEEPONEXIT, SLEEPDEEP, SEVONPEND | B3.2.7 | `registers::tests::scr_and_ccr_keep_their_bits`, `sleep::tests` |
//! | CCR | B3.2.8 | `registers::tests::scr_and_ccr_keep_their_bits` |
//! | SHPR1–3 by byte, half-word, word | B3.2.10–12 | `registers::tests::system_priorities` |
//! | SHCSR: enables, pending, active | B3.2.13 | `registers::tests::shcsr_shows_and_sets` |
//! | CFSR, HFSR: write one to clear, CFSR by byte too | B3.2.15–16 | `registers::tests::fault_status_is_cleared_by_ones` |
//! | MMFAR, BFAR | B3.2.17–18 | `registers::tests::fault_addresses_are_writable` |
//! | CPACR with an FPU, RAZ/WI without | B3.2.20 | `registers::tests::cpacr_is_there_on_m4` |
//! | FPCCR, FPCAR, FPDSCR, MVFRx | B3.2.21–25 | `fpu::tests::registers` |
//! | ID registers | DDI0337 and DDI0439 table 4-1, values marked M | `registers::tests::identification` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | MPU | no firmware under test uses it | MPU_TYPE reads 0 (none), the rest is counted as unmodelled |
//! | ACTLR's effects | write buffer and folding are not modelled | kept; setting a bit is counted as unmodelled |
//! | AIRCR.VECTRESET | for debuggers | counted as unmodelled, ignored |
//! | DHCSR, DCRSR, DCRDR | no debugger | DHCSR reads 0: C_DEBUGEN clear; the others are counted |

pub(crate) mod registers;

use crate::{CpuConfig, CpuModel};

bitflags::bitflags! {
    /// SCR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct Scr: u32 {
        const SLEEPONEXIT = 1 << 1;
        const SLEEPDEEP = 1 << 2;
        const SEVONPEND = 1 << 4;
    }

    /// CCR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct Ccr: u32 {
        const NONBASETHRDENA = 1;
        const USERSETMPEND = 1 << 1;
        const UNALIGN_TRP = 1 << 3;
        const DIV_0_TRP = 1 << 4;
        const BFHFNMIGN = 1 << 8;
        const STKALIGN = 1 << 9;
    }

    /// CFSR: MMFSR, BFSR and UFSR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct Cfsr: u32 {
        const IACCVIOL = 1;
        const DACCVIOL = 1 << 1;
        const MUNSTKERR = 1 << 3;
        const MSTKERR = 1 << 4;
        const MMARVALID = 1 << 7;
        const IBUSERR = 1 << 8;
        const PRECISERR = 1 << 9;
        const IMPRECISERR = 1 << 10;
        const UNSTKERR = 1 << 11;
        const STKERR = 1 << 12;
        const LSPERR = 1 << 13;
        const BFARVALID = 1 << 15;
        const UNDEFINSTR = 1 << 16;
        const INVSTATE = 1 << 17;
        const INVPC = 1 << 18;
        const NOCP = 1 << 19;
        const UNALIGNED = 1 << 24;
        const DIVBYZERO = 1 << 25;
    }

    /// HFSR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct Hfsr: u32 {
        const VECTTBL = 1 << 1;
        const FORCED = 1 << 30;
        const DEBUGEVT = 1 << 31;
    }
}

/// The system control block.
#[derive(Clone, Debug)]
pub struct Scb {
    vtor: u32,
    vtor_mask: u32,
    scr: Scr,
    ccr: Ccr,
    actlr: u32,
    cpacr: u32,
    /// Access fields of the coprocessors that are fitted.
    cpacr_mask: u32,
    dfsr: u32,
    pub(crate) cfsr: Cfsr,
    pub(crate) hfsr: Hfsr,
    pub(crate) mmfar: u32,
    pub(crate) bfar: u32,
}

impl Scb {
    /// As after reset: the table at 0, stack alignment on.
    #[must_use]
    pub fn new(config: &CpuConfig) -> Self {
        let (vtor_mask, cpacr_mask) = match config.model {
            CpuModel::CortexM3 => (0x3FFF_FF80, 0),
            // CP10 and CP11.
            CpuModel::CortexM4 => (0xFFFF_FF80, if config.fpu { 0x00F0_0000 } else { 0 }),
        };
        Self {
            vtor: 0,
            vtor_mask,
            scr: Scr::empty(),
            ccr: Ccr::STKALIGN,
            actlr: 0,
            cpacr: 0,
            cpacr_mask,
            dfsr: 0,
            cfsr: Cfsr::empty(),
            hfsr: Hfsr::empty(),
            mmfar: 0,
            bfar: 0,
        }
    }

    /// VTOR: address of the vector table.
    #[must_use]
    pub const fn vtor(&self) -> u32 {
        self.vtor
    }

    /// Moves the vector table, as a boot ROM does before the program runs. Bits that VTOR does not have are
    /// dropped.
    pub const fn set_vtor(&mut self, table: u32) {
        self.vtor = table & self.vtor_mask;
    }

    /// CFSR: the configurable fault status register.
    #[must_use]
    pub const fn cfsr(&self) -> u32 {
        self.cfsr.bits()
    }

    /// HFSR: the HardFault status register.
    #[must_use]
    pub const fn hfsr(&self) -> u32 {
        self.hfsr.bits()
    }

    /// BFAR: the address of the last precise data fault, valid while CFSR.BFARVALID is set.
    #[must_use]
    pub const fn bfar(&self) -> u32 {
        self.bfar
    }

    /// MMFAR: the address of the last MemManage data fault, valid while CFSR.MMARVALID is set.
    #[must_use]
    pub const fn mmfar(&self) -> u32 {
        self.mmfar
    }

    /// SCR.SLEEPDEEP: the next sleep is a deep one, for a chip that stops clocks then.
    #[must_use]
    pub const fn sleep_deep(&self) -> bool {
        self.scr.contains(Scr::SLEEPDEEP)
    }

    /// CPACR lets the core use the FPU (CP10 and CP11), at this privilege.
    #[must_use]
    pub const fn fpu_enabled(&self, privileged: bool) -> bool {
        match self.cpacr >> 20 & 3 {
            1 => privileged,
            3 => true,
            _ => false,
        }
    }

    /// CCR.DIV_0_TRP: does a division by zero fault?
    #[must_use]
    pub const fn traps_divide_by_zero(&self) -> bool {
        self.ccr.contains(Ccr::DIV_0_TRP)
    }

    /// CCR.UNALIGN_TRP: does every unaligned access fault?
    #[must_use]
    pub const fn traps_unaligned(&self) -> bool {
        self.ccr.contains(Ccr::UNALIGN_TRP)
    }

    pub(crate) const fn ccr(&self) -> Ccr {
        self.ccr
    }

    pub(crate) const fn sends_event_on_pend(&self) -> bool {
        self.scr.contains(Scr::SEVONPEND)
    }

    pub(crate) const fn sleeps_on_exit(&self) -> bool {
        self.scr.contains(Scr::SLEEPONEXIT)
    }
}
