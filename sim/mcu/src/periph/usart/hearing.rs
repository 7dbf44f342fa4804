//! Whether the receiver hears a frame at all, whether the far end hears what is sent, and which pins lead there.

use super::bits::{Cr1, Cr2};
use super::v3::Usart;
use crate::chip::PeripheralSpec;
use crate::periph::build::{BuildError, int, text};
use crate::periph::registers::field;
use crate::periph::{Cx, Pin, PinMode, Signal, Transmitted};

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
            Self::KernelStopped => "its kernel clock does not run",
            Self::Pin => "none of its RX pins is in the mode (or remap) that reaches it",
        }
    }
}

/// A pin and the alternate function that connects it.
#[derive(Clone, Copy, Debug)]
pub(in crate::periph) struct Route {
    pub(super) pin: Pin,
    /// Number of the alternate function, or value of the remap field.
    pub(super) function: u8,
    /// Where AFIO_MAPR has the remap field (F1): first bit and width.
    remap: Option<(u32, u32)>,
}

impl Route {
    /// Does the peripheral drive this pin?
    pub(in crate::periph) fn drives(&self, cx: &Cx<'_>) -> bool {
        let mode = cx.shared.pins.mode(self.pin);
        match self.remap {
            None => mode == PinMode::Alternate(self.function),
            Some(_) => self.is_mapped(cx) && matches!(mode, PinMode::Alternate(_)),
        }
    }

    /// Does the peripheral hear this pin? On the F1 an input needs no alternate function.
    pub(in crate::periph) fn hears(&self, cx: &Cx<'_>) -> bool {
        match self.remap {
            None => self.drives(cx),
            Some(_) => {
                self.is_mapped(cx)
                    && matches!(
                        cx.shared.pins.mode(self.pin),
                        PinMode::Input | PinMode::Alternate(_)
                    )
            }
        }
    }

    fn is_mapped(&self, cx: &Cx<'_>) -> bool {
        self.remap
            .is_none_or(|(bit, width)| field(cx.shared.remap, bit, width) == self.function.into())
    }
}

impl Usart {
    /// Why the receiver would not hear a frame now.
    pub(super) fn deaf(&self, cx: &Cx<'_>) -> Option<Deaf> {
        let routes = if self.cr2.contains(Cr2::SWAP) {
            &self.tx
        } else {
            &self.rx
        };
        let connected = routes.is_empty() || routes.iter().any(|route| route.hears(cx));
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

impl Usart {
    /// A character has left the transmitter: who is at the other end hears it if a pin leads there.
    pub(super) fn tell_far_end(&self, cx: &mut Cx<'_>, character: Transmitted) {
        let routes = if self.cr2.contains(Cr2::SWAP) {
            &self.rx
        } else {
            &self.tx
        };
        if routes.is_empty() || routes.iter().any(|route| route.drives(cx)) {
            let port = cx.id;
            cx.send(Signal::UartSent { port, character });
        } else {
            let name = &self.name;
            cx.find("usart-not-heard", || {
                format!("nobody hears what {name} sends: none of its TX pins is in the mode (or remap) that it drives")
            });
        }
    }
}

/// Reads `"PA10:7 PB7:7"`.
pub(in crate::periph) fn routes(
    spec: &PeripheralSpec,
    key: &str,
) -> Result<Vec<Route>, BuildError> {
    let Some(list) = text(spec, key)? else {
        return Ok(Vec::new());
    };
    let remap = match (int(spec, "remap_bit")?, int(spec, "remap_width")?) {
        (None, None) => None,
        (Some(bit @ 0..=28), Some(width @ 1..=3)) => Some((bit as u32, width as u32)),
        _ => {
            return Err(BuildError::bad(
                spec,
                "`remap_bit` (0 to 28) and `remap_width` (1 to 3) belong together",
            ));
        }
    };
    list.split_whitespace()
        .map(|item| {
            let route = route(item).map(|route| Route { remap, ..route });
            route.ok_or_else(|| {
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
        .filter(|letter| (b'A'..=b'K').contains(letter))?
        - b'A';
    let number = pin.get(1..)?.parse().ok().filter(|n| *n < 16)?;
    let function = function.parse().ok().filter(|f| *f < 16)?;
    Some(Route {
        pin: Pin { port, number },
        function,
        remap: None,
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
