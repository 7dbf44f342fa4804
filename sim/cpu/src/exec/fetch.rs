//! Instruction fetch: windows, waits, and the faults of code that is not there.

use crate::hold::Released;
use crate::op::{Op, OpKind};
use crate::{Abort, Bus, Core, Cpu, Fault, HoldKind};

impl Cpu {
    /// Fetches the whole instruction at the PC and decodes it if need be. `None`: a fault was taken or the
    /// fetch was abandoned; the boundary decides what comes next.
    pub(crate) fn fetch<B: Bus>(&mut self, bus: &mut B) -> Option<Op> {
        let pc = self.core.pc;
        if !self.core.window.contains(pc) && !self.fetch_halfword(bus, pc) {
            return None;
        }
        let mut op = *self.code.get(pc);
        if op.kind == OpKind::Undecoded {
            op = self.code.fill(bus, &self.cost, pc);
        }
        let second = pc.wrapping_add(2);
        if op.size == 4 && !self.core.window.contains(second) {
            if !self.fetch_halfword(bus, second) {
                return None;
            }
            // The wait may have been a long one, and the flash may hold something else by now.
            op = self.code.fill(bus, &self.cost, pc);
        }
        Some(op)
    }

    /// [`fetch`](Self::fetch) for the hot loop. A decoded instruction has been through `fetch`, so it lies in an
    /// executable region; what the bus cannot answer at once goes there again. False: one that is not decoded was executed, or a fault taken, or the fetch abandoned.
    #[inline(always)]
    pub(super) fn fetch_decoded<B: Bus>(&mut self, bus: &mut B) -> bool {
        let pc = self.core.pc;
        let op = self.code.get(pc);
        if op.kind.is_placeholder() {
            self.one(bus);
            return false;
        }
        let (wide, second) = (op.size == 4, pc.wrapping_add(2));
        let mut addr = if self.core.window.contains(pc) {
            second
        } else {
            pc
        };
        // One place where the bus is asked, for it is inlined here.
        while take_window(&mut self.core, bus, addr) {
            addr = second;
            if !wide || self.core.window.contains(addr) {
                return true;
            }
        }
        self.fetch(bus).is_some()
    }

    #[inline]
    fn fetch_halfword<B: Bus>(&mut self, bus: &mut B, addr: u32) -> bool {
        if is_execute_never(addr) {
            return self.fetch_faults(bus, Fault::ExecuteNever { addr });
        }
        loop {
            match bus.fetch(&mut self.core, addr) {
                Ok(fetch) => {
                    self.core.window = fetch.window;
                    self.core.now = self.core.now.max(fetch.ready);
                    return true;
                }
                Err(Abort::Held { until }) => {
                    if self.hold(bus, HoldKind::Fetch, addr, until, None) == Released::Abandoned {
                        return false;
                    }
                }
                Err(Abort::Fault(_)) => {
                    return self.fetch_faults(bus, Fault::InstructionBus { addr });
                }
            }
        }
    }

    #[cold]
    fn fetch_faults<B: Bus>(&mut self, bus: &mut B, fault: Fault) -> bool {
        self.raise(bus, fault);
        false
    }
}

/// Takes the window around `addr`, if the bus has it at once. False: nothing is settled, ask again.
#[inline(always)]
fn take_window<B: Bus>(core: &mut Core, bus: &mut B, addr: u32) -> bool {
    let Ok(fetch) = bus.fetch(core, addr) else {
        return false;
    };
    core.window = fetch.window;
    core.now = core.now.max(fetch.ready);
    true
}

/// Regions that are execute-never in the default memory map (ARMv7-M B3.1): peripherals, external
/// devices, and the system region.
const fn is_execute_never(addr: u32) -> bool {
    matches!(addr >> 29, 2 | 5..=7)
}
