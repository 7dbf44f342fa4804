//! Who on the board is selected.

use super::bits::{Cr1, Cr2};
use super::{Buffers, Spi};
use crate::periph::{Cx, PinMode};

impl<B: Buffers> Spi<B> {
    /// Does this SPI pull its NSS pin low?
    fn drives_nss_low(&self) -> bool {
        self.cr1.contains(Cr1::SPE | Cr1::MSTR)
            && !self.cr1.contains(Cr1::SSM)
            && self.cr2.contains(Cr2::SSOE)
    }

    /// Selects and releases the devices on this bus as their pins are now. A device hears what was sampled before that, first.
    pub(super) fn follow_selects(&mut self, cx: &mut Cx<'_>) {
        let nss = self.drives_nss_low();
        for n in 0..cx.shared.nors.len() {
            let Some(socket) = cx.shared.nors.get(n).filter(|s| s.port == cx.id) else {
                continue;
            };
            let pins = &cx.shared.pins;
            let low = socket.cs.is_some_and(|cs| match pins.mode(cs) {
                PinMode::Alternate(_) => nss,
                _ => pins.drives_low(cs),
            });
            if low == socket.device.is_selected() {
                continue;
            }
            self.catch_up(cx);
            let at = cx.time;
            if let Some(socket) = cx.shared.nors.get_mut(n) {
                if low {
                    socket.device.select(at);
                } else {
                    socket.device.release(at);
                }
            }
        }
    }

    /// Is the clock one that a serial flash follows: mode 0 or 3?
    pub(super) fn suits(&self) -> bool {
        self.cr1.contains(Cr1::CPOL) == self.cr1.contains(Cr1::CPHA)
    }

    /// A frame begins: tells if nobody can hear it.
    pub(super) fn look_for_somebody(&mut self, cx: &mut Cx<'_>) {
        let mut ours = cx.shared.nors.iter().filter(|s| s.port == cx.id).peekable();
        let name = &self.name;
        if ours.peek().is_none() {
            if !std::mem::replace(&mut self.told_nobody, true) {
                cx.find("spi-nothing-connected", || {
                    format!("{name} sends, and nothing is connected to it: every frame reads ones")
                });
            }
        } else if !self.suits()
            && let Some(socket) = ours.find(|s| s.device.is_selected())
        {
            let device = socket.name.clone();
            cx.find("spi-clock-mode", || {
                format!(
                    "{name} clocks {device} in mode 1 or 2 (CPOL and CPHA differ), it follows 0 and 3: it hears nothing here"
                )
            });
        }
    }
}
