//! Whether the receiver hears a frame at all, and which pins lead to it.

use super::bits::{Cr1, Cr2};
use super::v3::Usart;
use crate::chip::PeripheralSpec;
use crate::periph::build::{BuildError, text};
use crate::periph::{Cx, Pin, PinMode};

/// Why a receiver does not hear a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deaf {
    Gate,
    Disabled,
    ReceiverOff,
    NoRate,
    KernelStopped,
    Pin,
}

impl Deaf {
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Gate => "RCC feeds it no clock",
            Self::Disabled => "UE is 0",
            Self::ReceiverOff => "RE is 0",
            Self::NoRate => "BRR holds no bit rate",
            Self::KernelStopped => "the kernel clock that RCC_CFGR3 selects does not run",
            Self::Pin => "none of its RX pins is in the alternate function that reaches it",
        }
    }
}

/// A pin and the alternate function that connects it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    pub(super) pin: Pin,
    pub(super) function: u8,
}

impl Usart {
    /// Why the receiver would not hear a frame now.
    pub(super) fn deaf(&self, cx: &Cx<'_>) -> Option<Deaf> {
        let routes = if self.cr2.contains(Cr2::SWAP) {
            &self.tx
        } else {
            &self.rx
        };
        let connected = routes.is_empty()
            || routes
                .iter()
                .any(|r| cx.shared.pins.mode(r.pin) == PinMode::Alternate(r.function));
        if !cx.shared.clocked.get(cx.id.0).copied().unwrap_or(true) {
            Some(Deaf::Gate)
        } else if !connected {
            Some(Deaf::Pin)
        } else if !self.cr1.contains(Cr1::UE) {
            Some(Deaf::Disabled)
        } else if !self.cr1.contains(Cr1::RE) {
            Some(Deaf::ReceiverOff)
        } else if !self.rate(cx).is_running() {
            Some(Deaf::KernelStopped)
        } else if self.settings(cx).is_none() {
            Some(Deaf::NoRate)
        } else {
            None
        }
    }
}

/// Reads `"PA10:7 PB7:7"`.
pub(super) fn routes(spec: &PeripheralSpec, key: &str) -> Result<Vec<Route>, BuildError> {
    let Some(list) = text(spec, key)? else {
        return Ok(Vec::new());
    };
    list.split_whitespace()
        .map(|item| {
            route(item).ok_or_else(|| {
                BuildError::bad(spec, format!("`{item}` in `{key}` is not like PA10:7"))
            })
        })
        .collect()
}

pub(super) fn route(item: &str) -> Option<Route> {
    let (pin, function) = item.strip_prefix('P')?.split_once(':')?;
    let port = pin
        .bytes()
        .next()
        .filter(|letter| (b'A'..=b'H').contains(letter))?
        - b'A';
    let number = pin.get(1..)?.parse().ok().filter(|n| *n < 16)?;
    let function = function.parse().ok().filter(|f| *f < 16)?;
    Some(Route {
        pin: Pin { port, number },
        function,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_routes_are_refused() {
        for bad in ["A10:7", "PA16:7", "PA1", "PZ1:7", "PA1:16"] {
            assert!(route(bad).is_none(), "{bad}");
        }
        assert_eq!(
            route("PE15:7").map(|r| (r.pin, r.function)),
            Some((
                Pin {
                    port: 4,
                    number: 15
                },
                7
            ))
        );
    }
}
