//! A receive FIFO of three stages.

use super::bits::{Ier, Rfr};
use crate::log::Fate;
use crate::periph::Cx;
use crate::wire::WireId;

/// Stages (RM0090 §32.7.4).
const DEPTH: usize = 3;

/// A received frame, as the registers show it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Received {
    /// RIR, RDTR, RDLR, RDHR.
    pub(super) registers: [u32; 4],
    pub(super) unit: Option<(WireId, u32)>,
    /// Firmware looked at it.
    read: bool,
}

impl Received {
    pub(super) const fn new(registers: [u32; 4], unit: Option<(WireId, u32)>) -> Self {
        Self {
            registers,
            unit,
            read: false,
        }
    }
}

/// FIFO 0 or 1.
#[derive(Clone, Debug, Default)]
pub(super) struct Fifo {
    stages: [Received; DEPTH],
    /// How many stages hold a frame: FMP.
    count: usize,
    flags: Rfr,
}

impl Fifo {
    /// RFxR.
    pub(super) fn rfr(&self) -> u32 {
        self.count as u32 | self.flags.bits()
    }

    /// Register `n` of the output mailbox. An empty FIFO shows the frame that left it last.
    pub(super) fn read(&mut self, n: usize) -> u32 {
        let [head, ..] = &mut self.stages;
        head.read = true;
        head.registers.get(n).copied().unwrap_or(0)
    }

    /// Writes to RFxR: flags are cleared by ones, RFOM releases the oldest frame at once.
    pub(super) fn write_rfr(&mut self, cx: &mut Cx<'_>, value: Rfr) {
        self.flags.remove(value & (Rfr::FULL | Rfr::FOVR));
        if value.contains(Rfr::RFOM) && self.count > 0 {
            let [head, ..] = self.stages;
            let fate = if head.read {
                Fate::Delivered
            } else {
                Fate::Flushed
            };
            settle(cx, &head, fate);
            self.count -= 1;
            // The last one stays to be seen.
            if self.count > 0 {
                self.stages.rotate_left(1);
            } else {
                self.stages[0].unit = None;
            }
        }
    }

    /// A valid frame has passed a filter. `locked` is RFLM.
    pub(super) fn store(&mut self, cx: &mut Cx<'_>, frame: Received, locked: bool) {
        if let Some(stage) = self.stages.get_mut(self.count) {
            *stage = frame;
            self.count += 1;
            if self.count == DEPTH {
                self.flags.insert(Rfr::FULL);
            }
            settle(cx, &frame, Fate::Waiting);
            return;
        }
        self.flags.insert(Rfr::FOVR);
        let [head, .., newest] = &mut self.stages;
        let lost = if locked {
            frame
        } else {
            settle(cx, &frame, Fate::Waiting);
            std::mem::replace(newest, frame)
        };
        if let Some((wire, number)) = lost.unit {
            let blocker = head.unit.filter(|(on, _)| *on == wire).map(|(_, n)| n);
            if let Some(unit) = cx.shared.log.unit(wire, number) {
                unit.blocked_by = blocker;
            }
        }
        settle(cx, &lost, Fate::FifoOverrun);
    }

    /// Everything in it is lost to `fate`.
    pub(super) fn clear(&mut self, cx: &mut Cx<'_>, fate: Fate) {
        for stage in self.stages.iter().take(self.count) {
            settle(cx, stage, fate);
        }
        *self = Self::default();
    }

    /// Does it ask for its interrupt? `ier` is IER, shifted so that FIFO 0's bits are this FIFO's.
    pub(super) fn interrupts(&self, ier: Ier) -> bool {
        ier.contains(Ier::FMPIE0) && self.count > 0
            || ier.contains(Ier::FFIE0) && self.flags.contains(Rfr::FULL)
            || ier.contains(Ier::FOVIE0) && self.flags.contains(Rfr::FOVR)
    }
}

fn settle(cx: &mut Cx<'_>, frame: &Received, fate: Fate) {
    if let Some((wire, number)) = frame.unit {
        cx.shared.log.settle(wire, number, fate, cx.time);
    }
}
