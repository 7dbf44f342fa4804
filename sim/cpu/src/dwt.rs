//! The DWT's cycle counter and the debug registers that switch it on.
//!
//! | register or behaviour | source | test that proves it |
//! |---|---|---|
//! | CYCCNT counts core cycles, stalls included, with DEMCR.TRCENA and CTRL.CYCCNTENA | ARMv7-M C1.8.5, C1.8.8 | `tests::cyccnt_counts_only_while_both_are_set` |
//! | CYCCNT can be written and wraps at 2^32 | C1.8.8 | `tests::cyccnt_is_written_and_wraps` |
//! | CTRL: NUMCOMP reads 4, CYCCNTENA | C1.8.7 | `tests::ctrl_keeps_cyccntena` |
//! | writes with TRCENA clear have no effect | C1.6.5 | `tests::nothing_is_written_without_trcena` |
//! | LAR is taken, LSR says "no lock" | CoreSight | `ppb::tests::the_lock_access_register_is_ignored` |
//! | DEMCR, with MON_EN enabling DebugMonitor | C1.6.5 | `ppb::tests::demcr_reads_back` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | CPICNT, EXCCNT, SLEEPCNT, LSUCNT, FOLDCNT, PCSR | profiling for a trace port | read zero, counted as unmodelled |
//! | comparators, trace packets, the rest of CTRL | no trace port | as above |

use crate::Cycles;
use crate::ppb::Itm;

bitflags::bitflags! {
    /// DEMCR.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct Demcr: u32 {
        const VC_CORERESET = 1;
        const VC_ALL = 0x7F << 4;
        const MON_EN = 1 << 16;
        const MON_PEND = 1 << 17;
        const MON_STEP = 1 << 18;
        const MON_REQ = 1 << 19;
        /// Enables DWT and ITM.
        const TRCENA = 1 << 24;
    }
}

/// CTRL.CYCCNTENA.
const CYCCNTENA: u32 = 1;
/// CTRL.NUMCOMP = 4, read-only.
const NUMCOMP: u32 = 4 << 28;
const CTRL: u32 = 0x000;
const CYCCNT: u32 = 0x004;
/// CoreSight lock access and lock status registers.
const LAR: u32 = 0xFB0;
const LSR: u32 = 0xFB4;

/// The data watchpoint and trace unit: its cycle counter.
#[derive(Clone, Debug)]
pub struct Dwt {
    demcr: Demcr,
    enabled: bool,
    /// CYCCNT at `base`; it stands still there unless it counts.
    count: u32,
    base: Cycles,
    /// The trace macrocell, which the same DEMCR bit switches.
    pub(crate) itm: Itm,
}

impl Dwt {
    /// As after power-up: off.
    #[must_use]
    pub fn new() -> Self {
        Self {
            demcr: Demcr::empty(),
            enabled: false,
            count: 0,
            base: Cycles::ZERO,
            itm: Itm::default(),
        }
    }

    /// CYCCNT at `now`.
    #[must_use]
    pub const fn cyccnt(&self, now: Cycles) -> u32 {
        if self.counts() {
            self.count.wrapping_add(now.since(self.base).0 as u32)
        } else {
            self.count
        }
    }

    pub(crate) const fn demcr(&self) -> Demcr {
        self.demcr
    }

    pub(crate) const fn trace_enabled(&self) -> bool {
        self.demcr.contains(Demcr::TRCENA)
    }

    pub(crate) fn set_demcr(&mut self, now: Cycles, demcr: Demcr) {
        self.hold_count(now);
        self.demcr = demcr;
    }

    /// Reads the register at `offset`; `None` if it is not modelled.
    pub(crate) fn read(&self, now: Cycles, offset: u32) -> Option<u32> {
        match offset {
            CTRL => Some(NUMCOMP | if self.enabled { CYCCNTENA } else { 0 }),
            CYCCNT => Some(self.cyccnt(now)),
            LSR => Some(0),
            _ => None,
        }
    }

    /// Writes the register at `offset`; false if it, or a bit set in `value`, is not modelled.
    pub(crate) fn write(&mut self, now: Cycles, offset: u32, value: u32) -> bool {
        match offset {
            LAR => true,
            CTRL => {
                if self.trace_enabled() {
                    self.hold_count(now);
                    self.enabled = value & CYCCNTENA != 0;
                }
                value & !(CYCCNTENA | NUMCOMP) == 0
            }
            CYCCNT => {
                if self.trace_enabled() {
                    self.count = value;
                    self.base = now;
                }
                true
            }
            _ => false,
        }
    }

    const fn counts(&self) -> bool {
        self.enabled && self.trace_enabled()
    }

    /// Moves the base to `now`, before whatever decides about counting changes.
    const fn hold_count(&mut self, now: Cycles) {
        self.count = self.cyccnt(now);
        self.base = now;
    }
}

impl Default for Dwt {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::{CTRL, CYCCNT, Demcr, Dwt};
    use crate::Cycles;

    fn counting_from(now: u64) -> Dwt {
        let mut dwt = Dwt::new();
        dwt.set_demcr(Cycles(now), Demcr::TRCENA);
        assert!(dwt.write(Cycles(now), CTRL, 1));
        dwt
    }

    #[test]
    fn cyccnt_counts_only_while_both_are_set() {
        let mut dwt = counting_from(1000);
        assert_eq!(dwt.cyccnt(Cycles(1250)), 250);
        dwt.write(Cycles(1300), CTRL, 0);
        assert_eq!(dwt.cyccnt(Cycles(5000)), 300);
        dwt.write(Cycles(6000), CTRL, 1);
        assert_eq!(dwt.cyccnt(Cycles(6001)), 301);
        dwt.set_demcr(Cycles(6010), Demcr::empty());
        assert_eq!(dwt.cyccnt(Cycles(9000)), 310);
    }

    #[test]
    fn cyccnt_is_written_and_wraps() {
        let mut dwt = counting_from(0);
        dwt.write(Cycles(10), CYCCNT, 0xFFFF_FFFE);
        assert_eq!(dwt.read(Cycles(13), CYCCNT), Some(1));
    }

    #[test]
    fn ctrl_keeps_cyccntena() {
        let mut dwt = counting_from(0);
        assert_eq!(dwt.read(Cycles(1), CTRL), Some(0x4000_0001));
        assert!(
            !dwt.write(Cycles(1), CTRL, 0x1001),
            "PCSAMPLENA is not modelled"
        );
        assert_eq!(dwt.read(Cycles(1), CTRL), Some(0x4000_0001));
    }

    #[test]
    fn nothing_is_written_without_trcena() {
        let mut dwt = Dwt::new();
        assert!(dwt.write(Cycles(0), CTRL, 1));
        dwt.write(Cycles(0), CYCCNT, 7);
        dwt.set_demcr(Cycles(0), Demcr::TRCENA);
        assert_eq!(dwt.cyccnt(Cycles(100)), 0);
        assert_eq!(dwt.read(Cycles(0), CTRL), Some(0x4000_0000));
    }
}
