//! What a USART asks of others: data from and to DMA, and the far end to wait (RTS) or to go on (CTS).

use super::bits::{Cr1, Cr3, Isr};
use super::hearing::Route;
use super::receiver::Settings;
use super::v3::Usart;
use crate::periph::{Cx, DmaLine, Pin, PinMode, Rts, Signal};

/// Where the lines were when they were last told.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Requests {
    rx: bool,
    tx: bool,
    rts: Rts,
    /// ISR.CTS: the pin is low.
    pub(super) cts_low: bool,
}

impl Usart {
    /// Tells DMA and the far end about levels that changed.
    pub(super) fn drive_requests(&mut self, cx: &mut Cx<'_>) {
        let on = self.cr1.contains(Cr1::UE);
        let disabled_by_error =
            self.cr3.contains(Cr3::DDRE) && self.flags.intersects(Isr::ERRORS | Isr::PE);
        let rx = on
            && self.cr3.contains(Cr3::DMAR)
            && self.flags.contains(Isr::RXNE)
            && !disabled_by_error;
        let tx = on && self.cr3.contains(Cr3::DMAT) && self.transmitter.is_empty();
        for (line, was, high) in [
            (DmaLine::Rx, &mut self.requests.rx, rx),
            (DmaLine::Tx, &mut self.requests.tx, tx),
        ] {
            if std::mem::replace(was, high) != high {
                let from = cx.id;
                cx.send(Signal::DmaRequest { from, line, high });
            }
        }
        let rts = self.rts_line(cx);
        if std::mem::replace(&mut self.requests.rts, rts) != rts {
            let port = cx.id;
            cx.send(Signal::RtsChanged { port });
        }
    }

    /// With RTSE the receiver drives RTS; without, firmware may do so by hand on the same pin.
    pub(super) fn rts_line(&self, cx: &Cx<'_>) -> Rts {
        let level = if self.cr3.contains(Cr3::RTSE) {
            self.rts.iter().find(|route| route.drives(cx)).map(|_| {
                let listens = self.cr1.contains(Cr1::UE | Cr1::RE);
                !listens || self.flags.contains(Isr::RXNE)
            })
        } else {
            let output = |route: &&Route| cx.shared.pins.mode(route.pin) == PinMode::Output;
            self.rts
                .iter()
                .find(output)
                .map(|route| cx.shared.pins.level(route.pin))
        };
        match level {
            None => Rts::NotDriven,
            Some(false) => Rts::Ready,
            Some(true) => Rts::Full,
        }
    }

    /// [`sending_settings`](Self::sending_settings), unless CTS holds the next character back.
    pub(super) fn loading_settings(&self, cx: &Cx<'_>) -> Option<Settings> {
        let held = self.cr3.contains(Cr3::CTSE)
            && connected(&self.cts, cx).is_some_and(|pin| cx.shared.pins.level(pin));
        self.sending_settings(cx).filter(|_| !held)
    }

    /// The level of `pin` changed: it may be CTS.
    pub(super) fn look_at_cts(&mut self, cx: &mut Cx<'_>, pin: Pin) {
        if !self.cr3.contains(Cr3::CTSE) || connected(&self.cts, cx) != Some(pin) {
            return;
        }
        self.requests.cts_low = !cx.shared.pins.level(pin);
        self.flags.insert(Isr::CTSIF);
        let settings = self.loading_settings(cx);
        self.transmitter.load(cx, settings);
        self.drive(cx);
    }
}

/// The pin of these routes that the peripheral hears.
fn connected(routes: &[Route], cx: &Cx<'_>) -> Option<Pin> {
    routes
        .iter()
        .find(|route| route.hears(cx))
        .map(|route| route.pin)
}
