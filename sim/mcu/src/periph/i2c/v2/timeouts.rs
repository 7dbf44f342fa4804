//! TIMEOUTR: how long SCL may be held low, at a time (TIMEOUTA) and altogether between START and STOP (TIMEOUTB).

use super::I2cV2;
use super::bits::{Isr, TEXTEN, TIDLE, TIMOUTEN};
use crate::Picos;
use crate::periph::registers::field;
use crate::periph::{Cx, I2cStep};
use crate::sched::EventId;

/// Event: SCL has been low for too long.
pub(super) const TIMEOUT: u32 = 0;
/// TIMEOUTA and TIMEOUTB count so many kernel clocks.
const UNIT: u64 = 2048;

/// What is measured.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Timeouts {
    /// SCL has been held by us since then.
    since: Option<Picos>,
    /// For how long before that, since START.
    before: Picos,
    event: Option<EventId>,
}

impl I2cV2 {
    /// Follows SCL: held by us or not.
    pub(super) fn watch_scl(&mut self, cx: &mut Cx<'_>, step: Option<I2cStep>) {
        if matches!(step, Some(I2cStep::Start | I2cStep::Stop)) {
            self.timeouts.before = Picos::ZERO;
        }
        let holds = self.slave_hold().is_some();
        match (self.timeouts.since, holds) {
            (None, true) => {
                self.timeouts.since = Some(cx.time);
                let rate = self.rate(cx);
                let clocks =
                    |bit| rate.periods((u64::from(field(self.timeoutr, bit, 12)) + 1) * UNIT);
                let at_a_time = (self.timeoutr & (TIMOUTEN | TIDLE) == TIMOUTEN).then(|| clocks(0));
                let altogether =
                    (self.timeoutr & TEXTEN != 0).then(|| clocks(16).since(self.timeouts.before));
                let first = at_a_time.into_iter().chain(altogether).min();
                self.timeouts.event = first.map(|span| cx.schedule(cx.time + span, TIMEOUT));
            }
            (Some(since), false) => {
                self.timeouts.before += cx.time.since(since);
                self.forget_timeout(cx);
            }
            _ => {}
        }
    }

    pub(super) fn forget_timeout(&mut self, cx: &mut Cx<'_>) {
        self.timeouts.since = None;
        if let Some(event) = self.timeouts.event.take() {
            cx.cancel(event);
        }
    }

    pub(super) fn timed_out(&mut self, cx: &mut Cx<'_>) {
        self.timeouts.event = None;
        self.isr.insert(Isr::TIMEOUT);
        self.let_go(cx);
    }
}
