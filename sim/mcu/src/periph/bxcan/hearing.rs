//! Why a frame is not heard, or not acknowledged.

use super::BxCan;
use super::bits::{LBKM, SILM};
use super::mode::Mode;
use crate::Hertz;
use crate::periph::Cx;

/// Why the controller does not take part in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deaf {
    Gate,
    ClockStopped,
    Sleep,
    Init,
    Synchronising,
    BusOff,
    Loopback,
    RxPin,
    BitRate,
    FilterInit,
    NoFilter,
}

impl Deaf {
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Gate => "RCC feeds it no clock",
            Self::ClockStopped => "PCLK1 does not run",
            Self::Sleep => "it is in sleep mode (SLAK)",
            Self::Init => "it is in initialisation mode (INAK)",
            Self::Synchronising => {
                "it has not seen 11 recessive bits yet since it was told to leave initialisation or sleep mode"
            }
            Self::BusOff => "it is off the bus (BOFF)",
            Self::Loopback => "it is in loop-back mode (LBKM)",
            Self::RxPin => "none of its RX pins is in the mode (or remap) that reaches it",
            Self::BitRate => "its bit rate does not fit",
            Self::FilterInit => "its filters are being initialised (FINIT)",
            Self::NoFilter => "no filter is active",
        }
    }
}

impl BxCan {
    /// Is an RX pin connected?
    pub(super) fn hears(&self, cx: &Cx<'_>) -> bool {
        self.rx.is_empty() || self.rx.iter().any(|route| route.hears(cx))
    }

    /// Is a TX pin connected?
    pub(super) fn speaks(&self, cx: &Cx<'_>) -> bool {
        self.tx.is_empty() || self.tx.iter().any(|route| route.drives(cx))
    }

    /// Why the controller would not take part in a frame of a node at `rate` that starts now.
    pub(super) fn deaf(&self, cx: &Cx<'_>, rate: Hertz) -> Option<Deaf> {
        if !cx.shared.clocked.get(cx.id.0).copied().unwrap_or(true) {
            return Some(Deaf::Gate);
        }
        let Some(timing) = self.timing(cx) else {
            return Some(Deaf::ClockStopped);
        };
        let leaving = self.sync.is_some() && self.mode != Mode::Normal;
        match self.mode {
            Mode::Sleep | Mode::Init if leaving => Some(Deaf::Synchronising),
            Mode::Sleep => Some(Deaf::Sleep),
            Mode::Init => Some(Deaf::Init),
            Mode::Normal if self.errors.is_bus_off() => Some(Deaf::BusOff),
            Mode::Normal if self.btr & LBKM != 0 => Some(Deaf::Loopback),
            Mode::Normal if !self.hears(cx) => Some(Deaf::RxPin),
            Mode::Normal if !timing.follows(rate) => Some(Deaf::BitRate),
            Mode::Normal => None,
        }
    }

    /// Why a frame that it has received so far gets no acknowledgement from it.
    pub(super) fn mute(&self, cx: &Cx<'_>) -> Option<&'static str> {
        if self.btr & SILM != 0 {
            Some("it is in silent mode (SILM)")
        } else if !self.speaks(cx) {
            Some("none of its TX pins is in the mode (or remap) that it reaches")
        } else {
            None
        }
    }

    /// Tells once for each reason why what is sent is not heard.
    pub(super) fn tell(&mut self, cx: &mut Cx<'_>, why: Deaf, rate: Hertz) {
        if self.told.replace(why) == Some(why) {
            return;
        }
        let name = &self.name;
        let timing = self.timing(cx);
        cx.find("can-not-listening", || {
            let mut text = format!("{name} does not hear what is sent to it: {}", why.reason());
            if let (Deaf::BitRate, Some(timing)) = (why, timing) {
                let percent = |ppm: u64| ppm as f64 / 1e4;
                text.push_str(&format!(
                    ", the sender is at {rate}, BTR makes {}: {:.2} % apart, {:.2} % is what SJW and the segments make up for",
                    timing.rate(),
                    percent(timing.off_ppm(rate)),
                    percent(timing.tolerance_ppm()),
                ));
            }
            text
        });
    }
}
