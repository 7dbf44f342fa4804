//! Loop-back mode: the controller hears itself, acknowledges itself, and hears nobody else.

use super::bits::{LBKM, Mcr, SILM};
use super::mode::Mode;
use super::{BxCan, LOOP_END, LOOP_NEXT, LOOP_VALID};
use crate::periph::{CanTransmitted, Cx};
use crate::sched::EventId;
use crate::wire::CanFrame;
use crate::{Hertz, Picos};

/// A frame on its way from TX to RX inside the controller.
#[derive(Clone, Copy, Debug)]
pub(super) struct Looped {
    mailbox: usize,
    frame: CanFrame,
    start: Picos,
    rate: Hertz,
    /// It is over, and the intermission goes on.
    over: bool,
    pub(super) event: EventId,
}

impl Looped {
    pub(super) const fn is_over(&self) -> bool {
        self.over
    }
}

impl BxCan {
    /// Starts the next frame, if there is one.
    pub(super) fn want_loop(&mut self, cx: &mut Cx<'_>) {
        if self.btr & LBKM == 0 || self.mode != Mode::Normal || self.looped.is_some() {
            return;
        }
        let best = self.mailboxes.best(self.mcr.contains(Mcr::TXFP));
        let (Some((mailbox, frame)), Some(timing)) = (best, self.timing(cx)) else {
            return;
        };
        self.mailboxes.begin(mailbox);
        let rate = timing.rate();
        let at = cx.time + rate.periods(frame.bits().to_valid().into());
        self.looped = Some(Looped {
            mailbox,
            frame,
            start: cx.time,
            rate,
            over: false,
            event: cx.schedule(at, LOOP_VALID),
        });
    }

    /// One of the three events of a looped frame.
    pub(super) fn loop_event(&mut self, cx: &mut Cx<'_>, token: u32) {
        let Some(mut looped) = self.looped.take() else {
            return;
        };
        let bits = looped.frame.bits();
        match token {
            LOOP_VALID => {
                self.errors.received();
                self.take(cx, &looped.frame, None, looped.rate);
                let at = looped.start + looped.rate.periods(bits.to_end().into());
                looped.event = cx.schedule(at, LOOP_END);
                self.looped = Some(looped);
            }
            LOOP_END => {
                self.mailboxes.succeed(looped.mailbox);
                self.errors.sent();
                // With SILM nothing goes out; else the pin shows it.
                if self.btr & SILM == 0 && self.speaks(cx) {
                    self.transmitted.push(CanTransmitted {
                        frame: looped.frame,
                        bit_rate: looped.rate,
                        start: looped.start,
                        end: cx.time,
                    });
                }
                let at = looped.start + looped.rate.periods(bits.to_idle().into());
                looped.event = cx.schedule(at, LOOP_NEXT);
                looped.over = true;
                self.looped = Some(looped);
                self.follow_requests(cx);
            }
            _ => self.want_loop(cx),
        }
    }
}
