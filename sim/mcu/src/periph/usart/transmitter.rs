//! The transmitter: TDR, shift register, and what went out on TX.

use super::format::Format;
use super::receiver::Settings;
use super::v3::TX_DONE;
use crate::Picos;
use crate::periph::{Cx, Transmitted};
use crate::sched::EventId;

/// TDR and shift register.
#[derive(Clone, Debug, Default)]
pub(super) struct Transmitter {
    tdr: Option<u32>,
    shift: Option<Transmitted>,
    event: Option<EventId>,
    /// The idle frame that setting TE sends is over at this time.
    ready: Picos,
    /// TC was cleared and the last character is not over.
    busy: bool,
    sent: Vec<Transmitted>,
}

impl Transmitter {
    /// TXE: TDR is free.
    pub(super) const fn is_empty(&self) -> bool {
        self.tdr.is_none()
    }

    /// Everything that was sent.
    pub(super) fn sent(&self) -> &[Transmitted] {
        &self.sent
    }

    /// TE became 1: one idle frame goes first.
    pub(super) fn switch_on(&mut self, cx: &Cx<'_>, settings: Option<Settings>) {
        self.ready = settings.map_or(cx.time, |s| cx.time + s.rate.periods(s.format.character()));
    }

    /// Firmware writes TDR. `settings` is `None` while nothing can be sent.
    pub(super) fn write(&mut self, cx: &mut Cx<'_>, data: u32, settings: Option<Settings>) {
        self.tdr = Some(data);
        self.busy = true;
        self.load(cx, settings);
    }

    /// The event: a character or the idle frame before it is over. Returns the character, and whether TC becomes 1.
    pub(super) fn event(
        &mut self,
        cx: &mut Cx<'_>,
        settings: Option<Settings>,
    ) -> (Option<Transmitted>, bool) {
        self.event = None;
        let over = self.shift.take();
        self.sent.extend(over);
        self.load(cx, settings);
        let complete = self.busy && self.shift.is_none() && self.tdr.is_none();
        self.busy &= !complete;
        (over, complete)
    }

    /// TDR goes to the shift register as soon as that is free.
    pub(super) fn load(&mut self, cx: &mut Cx<'_>, settings: Option<Settings>) {
        let Some(settings) = settings else { return };
        if self.event.is_some() {
            return;
        }
        if cx.time < self.ready {
            self.event = Some(cx.schedule(self.ready, TX_DONE));
        } else if let Some(data) = self.tdr.take() {
            let end = cx.time + settings.rate.periods(settings.format.character());
            self.shift = Some(Transmitted {
                bits: word(&settings.format, data) as u16,
                bit_count: settings.format.word as u8,
                bit_rate: settings.rate.scaled(1, settings.format.bit),
                start: cx.time,
                end,
            });
            self.event = Some(cx.schedule(end, TX_DONE));
        }
    }

    /// UE became 0 or the chip was reset: everything under way is cut off.
    pub(super) fn stop(&mut self, cx: &mut Cx<'_>) {
        if let Some(event) = self.event.take() {
            cx.cancel(event);
        }
        (self.tdr, self.shift, self.busy) = (None, None, false);
    }
}

/// The bits on the line: data, and the parity bit in place of its highest one.
fn word(format: &Format, data: u32) -> u32 {
    let data = data & format.data_mask();
    let parity = format
        .parity
        .is_some_and(|odd| (data.count_ones() & 1 != 0) != odd);
    data | u32::from(parity) << (format.word - 1)
}
