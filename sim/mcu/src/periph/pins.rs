//! Levels of the pins: who drives, who wins.
//!
//! What the board drives always wins at the input; everything else follows the output stage and the pull
//! resistors, which [`gpio`](super::gpio) knows.

use crate::periph::{Cx, Pin, PinMode, Pins, Shared, Signal};
use crate::wire::WireId;

impl Pins {
    /// Level at the input of `pin`, as the board or the output stage makes it.
    #[must_use]
    pub fn level(&self, pin: Pin) -> bool {
        self.input
            .get(usize::from(pin.port))
            .is_some_and(|port| port >> (pin.number & 15) & 1 != 0)
    }

    /// How `pin` is configured. A pin that does not exist is analog.
    #[must_use]
    pub fn mode(&self, pin: Pin) -> PinMode {
        let port = self.mode.get(usize::from(pin.port));
        port.and_then(|pins| pins.get(usize::from(pin.number)))
            .copied()
            .unwrap_or_default()
    }

    /// Does the chip itself pull `pin` low, as a general-purpose output?
    #[must_use]
    pub fn drives_low(&self, pin: Pin) -> bool {
        let port = self.output.get(usize::from(pin.port));
        self.mode(pin) == PinMode::Output
            && port.is_some_and(|port| port >> (pin.number & 15) & 1 == 0)
    }

    /// Others must know from now on whether the chip pulls `pin` low.
    pub fn watch(&mut self, pin: Pin) {
        if let Some(port) = self.watched.get_mut(usize::from(pin.port)) {
            *port |= 1 << (pin.number & 15);
        }
    }

    /// Does something outside drive `pin`?
    #[must_use]
    pub fn is_driven(&self, pin: Pin) -> bool {
        self.driven
            .get(usize::from(pin.port))
            .is_some_and(|port| port >> (pin.number & 15) & 1 != 0)
    }

    /// Puts `pin` at `high`. Returns whether that is a change.
    pub(super) fn set_level(&mut self, pin: Pin, high: bool) -> bool {
        let before = self.level(pin);
        if let Some(port) = self.input.get_mut(usize::from(pin.port)) {
            let bit = 1 << (pin.number & 15);
            *port = if high { *port | bit } else { *port & !bit };
        }
        before != self.level(pin)
    }
}

impl Shared {
    /// The board drives `pin` to `high` from now on. `unit` names the edge, if a wire counts it.
    pub fn drive_pin(&mut self, pin: Pin, high: bool, unit: Option<(WireId, u32)>) {
        if let Some(port) = self.pins.driven.get_mut(usize::from(pin.port)) {
            *port |= 1 << (pin.number & 15);
        }
        let changed = self.pins.set_level(pin, high);
        // An edge that a wire counts must be settled even if the chip itself held the pin there already.
        if changed || unit.is_some() {
            self.outbox.push(Signal::PinChanged { pin, high, unit });
        }
    }
}

/// Tells those who watch pins of `port` what has changed. Firmware toggles outputs in tight loops, so nothing is done where nobody watches.
pub(super) fn tell_watchers(cx: &mut Cx<'_>, port: u8) {
    let (pins, slot) = (&mut cx.shared.pins, usize::from(port));
    let watched = pins.watched.get(slot).copied().unwrap_or(0);
    if watched == 0 {
        return;
    }
    let all = (0..16).map(|number| Pin { port, number });
    let low = all
        .clone()
        .filter(|pin| watched >> pin.number & 1 != 0 && pins.drives_low(*pin))
        .fold(0, |low, pin| low | 1 << pin.number);
    let Some(was) = pins.held_low.get_mut(slot) else {
        return;
    };
    let changed = std::mem::replace(was, low) ^ low;
    for pin in all.filter(|pin| changed >> pin.number & 1 != 0) {
        let low = low >> pin.number & 1 != 0;
        cx.send(Signal::ChipDrives { pin, low });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::periph::testbench::shared;

    const PC3: Pin = Pin { port: 2, number: 3 };

    #[test]
    fn a_level_is_told_when_it_changes_and_an_edge_that_counts_always() {
        let mut shared = shared();
        shared.drive_pin(PC3, false, None);
        assert_eq!(shared.outbox, [], "it was low before");
        shared.drive_pin(PC3, true, None);
        assert_eq!(
            shared.outbox,
            [Signal::PinChanged {
                pin: PC3,
                high: true,
                unit: None
            }]
        );
        let unit = Some((WireId(0), 7));
        shared.drive_pin(PC3, true, unit);
        assert_eq!(
            shared.outbox.last(),
            Some(&Signal::PinChanged {
                pin: PC3,
                high: true,
                unit
            })
        );
        assert!(shared.pins.level(PC3) && shared.pins.is_driven(PC3));
    }

    #[test]
    fn a_pin_that_does_not_exist_is_low_and_analog() {
        let mut shared = shared();
        let nowhere = Pin {
            port: 11,
            number: 16,
        };
        shared.drive_pin(nowhere, true, None);
        assert!(!shared.pins.level(nowhere) && !shared.pins.is_driven(nowhere));
        assert_eq!(shared.pins.mode(nowhere), PinMode::Analog);
    }
}
