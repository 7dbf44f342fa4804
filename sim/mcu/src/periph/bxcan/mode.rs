//! Sleep, initialisation and normal mode: requests in MCR, acknowledgements in MSR, and the recessive bits between them.

use super::bits::{Ier, LBKM, Mcr, Msr};
use super::timing::BitTiming;
use super::{BxCan, HANDSHAKE, SYNC};
use crate::Picos;
use crate::periph::Cx;
use crate::sched::EventId;

/// Runs of 11 recessive bits that end a bus-off.
const RECOVERY: u32 = 128;
/// Recessive bits that make one run.
const RUN: u64 = 11;

/// What MSR acknowledges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    /// SLAK.
    #[default]
    Sleep,
    /// INAK.
    Init,
    /// Neither.
    Normal,
}

/// It counts runs of 11 recessive bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sync {
    /// Bits before this time do not count.
    since: Picos,
    /// Runs that are still to come.
    left: u32,
    /// When the run that goes on now began.
    base: Picos,
    event: Option<EventId>,
}

impl BxCan {
    /// PCLK1 and BTR, while RCC feeds the controller.
    pub(super) fn timing(&self, cx: &Cx<'_>) -> Option<BitTiming> {
        let clocked = cx.shared.clocked.get(cx.id.0).copied().unwrap_or(true);
        let timing = BitTiming::of(self.btr, cx.shared.clocks.pclk1);
        timing.filter(|_| clocked)
    }

    /// Where MCR wants it to be. INRQ goes before SLEEP: ST's HAL asks for initialisation out of the reset state, SLEEP still set,
    /// and clears SLEEP only after INAK.
    fn wanted(&self) -> Mode {
        if self.mcr.contains(Mcr::INRQ) {
            Mode::Init
        } else if self.mcr.contains(Mcr::SLEEP) {
            Mode::Sleep
        } else {
            Mode::Normal
        }
    }

    /// MCR was written, or a frame is over: goes on towards the mode that is wanted.
    pub(super) fn follow_requests(&mut self, cx: &mut Cx<'_>) {
        match self.wanted() {
            Mode::Normal if self.mode != Mode::Normal => {
                self.cancel_handshake(cx);
                if self.sync.is_none() {
                    self.count_runs(cx, 1);
                }
            }
            Mode::Normal => {
                self.cancel_handshake(cx);
                if self.errors.is_bus_off() && self.mcr.contains(Mcr::ABOM) && self.sync.is_none() {
                    self.count_runs(cx, RECOVERY);
                }
            }
            mode if mode != self.mode => {
                if self.mode != Mode::Normal {
                    self.forget_runs(cx);
                }
                // What it takes part in is completed first.
                if !self.takes_part() && self.handshake.is_none() {
                    let at = cx.time + cx.shared.clocks.pclk1.periods(1);
                    if at != Picos::NEVER {
                        self.handshake = Some(cx.schedule(at, HANDSHAKE));
                    }
                }
            }
            _ => {
                self.cancel_handshake(cx);
                if self.mode != Mode::Normal {
                    self.forget_runs(cx);
                }
            }
        }
    }

    /// The request has reached the other clock domain.
    pub(super) fn handshake(&mut self, cx: &mut Cx<'_>) {
        self.handshake = None;
        let mode = self.wanted();
        if mode != Mode::Normal && !self.takes_part() {
            self.forget_runs(cx);
            self.mode = mode;
            if mode == Mode::Sleep && self.ier.contains(Ier::SLKIE) {
                self.flags.insert(Msr::SLAKI);
            }
            if mode == Mode::Init {
                self.flags.remove(Msr::SLAKI);
            }
        }
    }

    /// It became off the bus.
    pub(super) fn left_the_bus(&mut self, cx: &mut Cx<'_>) {
        if self.mcr.contains(Mcr::ABOM) {
            self.count_runs(cx, RECOVERY);
        }
    }

    fn count_runs(&mut self, cx: &mut Cx<'_>, left: u32) {
        self.sync = Some(Sync {
            since: cx.time,
            left,
            base: cx.time,
            event: None,
        });
        self.expect_run(cx);
    }

    pub(super) fn forget_runs(&mut self, cx: &mut Cx<'_>) {
        if let Some(event) = self.sync.take().and_then(|sync| sync.event) {
            cx.cancel(event);
        }
    }

    pub(super) fn cancel_handshake(&mut self, cx: &mut Cx<'_>) {
        if let Some(event) = self.handshake.take() {
            cx.cancel(event);
        }
    }

    /// The bus, or the clock, changed: when will the run of recessive bits be complete?
    pub(super) fn expect_run(&mut self, cx: &mut Cx<'_>) {
        let timing = self.timing(cx);
        let recessive = if self.btr & LBKM != 0 {
            Picos::ZERO
        } else {
            self.medium.recessive_from()
        };
        let Some(sync) = &mut self.sync else { return };
        if let Some(event) = sync.event.take() {
            cx.cancel(event);
        }
        if let Some(timing) = timing
            && recessive != Picos::NEVER
        {
            sync.base = sync.since.max(recessive);
            // The last bit is seen at its sample point.
            let at = sync.base + timing.sample_of(RUN);
            sync.event = Some(cx.schedule(at.max(cx.time), SYNC));
        }
    }

    /// The 11th recessive bit in a row was sampled.
    pub(super) fn run_complete(&mut self, cx: &mut Cx<'_>) {
        let timing = self.timing(cx);
        let Some(sync) = &mut self.sync else { return };
        sync.event = None;
        let Some(timing) = timing else { return };
        sync.since = sync.base + timing.rate().periods(RUN);
        sync.left = sync.left.saturating_sub(1);
        if self.mode != Mode::Normal {
            self.mode = Mode::Normal;
            self.flags.remove(Msr::SLAKI);
            if self.errors.is_bus_off() {
                sync.left = RECOVERY - 1;
            }
        }
        if sync.left > 0 {
            return self.expect_run(cx);
        }
        self.sync = None;
        if self.errors.is_bus_off() {
            self.errors.recover();
        }
        self.want_bus(cx);
        self.want_loop(cx);
    }

    /// A start of frame while it sleeps.
    pub(super) fn wake(&mut self, cx: &mut Cx<'_>) {
        let clocked = cx.shared.clocked.get(cx.id.0).copied().unwrap_or(true);
        if self.mode != Mode::Sleep || !clocked || !self.hears(cx) {
            return;
        }
        self.flags.insert(Msr::WKUI);
        if self.mcr.contains(Mcr::AWUM) && self.mcr.contains(Mcr::SLEEP) {
            self.mcr.remove(Mcr::SLEEP);
            self.follow_requests(cx);
        }
    }
}
