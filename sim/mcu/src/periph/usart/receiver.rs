//! The receiver's shift register: finds start bits, samples, and hands over characters.
//!
//! A character is judged once, at the last sample of its stop bit: by then the line up to that instant is known, so start
//! bit, data and stop bit are all sampled from it at the receiver's own bit times. A start bit that turns out to be noise
//! is given up in the same way, and the search goes on from where the hardware would have gone on.

use super::bitclock::BitClock;
use super::format::Format;
use super::line::{Edge, Line};
use super::v3::RX_SAMPLE;
use crate::log::Fate;
use crate::periph::{Cx, UartFrame};
use crate::sched::EventId;
use crate::wire::WireId;
use crate::{Hertz, Picos};

/// Format and kernel clock, when both allow to receive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// The format.
    pub(super) format: Format,
    /// The kernel clock.
    pub(super) rate: Hertz,
}

/// A character as it was sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Character {
    /// All bits of the word, parity included.
    pub(super) word: u32,
    /// Its data bits.
    pub(super) data: u32,
    /// The parity bit is wrong.
    pub(super) parity_error: bool,
    /// The stop bit is low.
    pub(super) framing_error: bool,
    /// Samples of a bit differed.
    pub(super) noise: bool,
    /// The unit that it is credited to; `None` for a character that no sender meant.
    pub(super) unit: Option<(WireId, u32)>,
    /// When its last stop bit ends.
    pub(super) end: Picos,
    /// Time of one character.
    pub(super) length: Picos,
}

#[derive(Clone, Debug)]
struct Reception {
    start: Picos,
    unit: Option<(WireId, u32)>,
    format: Format,
    clock: BitClock,
    sample: Option<EventId>,
}

#[derive(Clone, Debug, Default)]
enum State {
    /// RE or UE is 0.
    #[default]
    Off,
    /// Waits for a falling edge.
    Hunting,
    /// In a character.
    Receiving(Reception),
}

/// The shift register and the line before it.
#[derive(Clone, Debug, Default)]
pub(super) struct Receiver {
    state: State,
    line: Line,
}

impl Receiver {
    /// Is a character under way?
    pub(super) const fn is_busy(&self) -> bool {
        matches!(self.state, State::Receiving(_))
    }

    /// A frame begins on the line, and the receiver hears it if it can.
    pub(super) fn frame(&mut self, cx: &mut Cx<'_>, frame: &UartFrame, settings: Option<Settings>) {
        match &self.state {
            // A sampler that stands sees nothing more. Its clock is off, so the unit is settled already.
            State::Receiving(Reception { sample: None, .. }) => return,
            State::Receiving(_) => {}
            // Nothing in the past matters any more but the level that it left.
            State::Off | State::Hunting => self.line.retire(&mut cx.shared.log, None, cx.time),
        }
        self.line.push(frame, settings.is_some());
        if let (State::Hunting, Some(settings)) = (&self.state, settings) {
            self.hunt(cx, Some(settings), frame.start);
        }
    }

    /// RE and UE became 1.
    pub(super) fn switch_on(&mut self, cx: &mut Cx<'_>, settings: Option<Settings>) {
        if matches!(self.state, State::Off) {
            // In the middle of a frame the next falling edge is taken for a start bit, as silicon does.
            self.hunt(cx, settings, cx.time);
        }
    }

    /// RE or UE became 0: what is under way is lost as `fate`.
    pub(super) fn switch_off(&mut self, cx: &mut Cx<'_>, fate: Fate) {
        if let State::Receiving(reception) = std::mem::take(&mut self.state) {
            if let Some(event) = reception.sample {
                cx.cancel(event);
            }
            if let Some((wire, unit)) = reception.unit {
                cx.shared.log.settle(wire, unit, fate, cx.time);
            }
        }
        self.line.abandon(&mut cx.shared.log, fate, cx.time);
    }

    /// The kernel clock changed: the rest of the character is sampled with the new one.
    pub(super) fn clock_changed(&mut self, cx: &mut Cx<'_>, rate: Hertz) {
        if let State::Receiving(reception) = &mut self.state {
            reception.clock.change(cx.time, rate);
            if let Some(event) = reception.sample.take() {
                cx.cancel(event);
            }
            reception.sample = schedule(cx, reception.clock.at(reception.format.complete()));
        }
    }

    /// The last sample of the stop bit. `None` if the start bit was noise.
    pub(super) fn sample(
        &mut self,
        cx: &mut Cx<'_>,
        settings: Option<Settings>,
    ) -> Option<Character> {
        let State::Receiving(reception) = std::mem::replace(&mut self.state, State::Hunting) else {
            return None;
        };
        let judged = reception.judge(&self.line);
        if judged.is_none() {
            if let Some(unit) = reception.unit {
                self.line.unclaim(unit);
            }
            let given_up = reception
                .clock
                .at(reception.format.sample(0, reception.format.voted()[2]));
            self.hunt(cx, settings, given_up);
        } else {
            self.hunt(cx, settings, cx.time);
        }
        judged
    }

    /// Looks for the next start bit from `from` on, in what is known of the line.
    fn hunt(&mut self, cx: &mut Cx<'_>, settings: Option<Settings>, from: Picos) {
        let edge = settings.and_then(|settings| Some((self.line.falling_edge(from)?, settings)));
        self.state = match edge {
            Some((edge, settings)) => State::Receiving(self.begin(cx, edge, settings)),
            None => State::Hunting,
        };
        self.line
            .retire(&mut cx.shared.log, edge.map(|(edge, _)| edge), cx.time);
    }

    fn begin(&mut self, cx: &mut Cx<'_>, edge: Edge, settings: Settings) -> Reception {
        let clock = BitClock::new(edge.at, settings.rate);
        let complete = clock.at(settings.format.complete()).max(cx.time);
        let unit = self.line.claim(edge);
        Reception {
            start: edge.at,
            unit,
            format: settings.format,
            clock,
            sample: schedule(cx, complete),
        }
    }
}

fn schedule(cx: &mut Cx<'_>, at: Picos) -> Option<EventId> {
    (at != Picos::NEVER).then(|| cx.schedule(at, RX_SAMPLE))
}

impl Reception {
    /// Levels of the line at three samples of bit `k`.
    fn levels(&self, line: &Line, k: u32, samples: [u32; 3]) -> [bool; 3] {
        samples.map(|n| line.level(self.clock.at(self.format.sample(k, n))))
    }

    /// What the samples add up to; `None` if the start bit does not hold (RM0364 §start bit detection: at least two of the
    /// samples 3, 5, 7 and two of 8, 9, 10 must be low).
    fn judge(&self, line: &Line) -> Option<Character> {
        let format = &self.format;
        let early = self.levels(line, 0, format.start_check());
        let late = self.levels(line, 0, format.voted());
        if majority(early) || majority(late) {
            return None;
        }
        let mut noise = early.contains(&true) || late.contains(&true);
        let mut bit = |k| {
            let levels = self.levels(line, k, format.voted());
            noise |= levels != [levels[0]; 3];
            if format.one_sample {
                levels[1]
            } else {
                majority(levels)
            }
        };
        let word = (0..format.word)
            .filter(|n| bit(n + 1))
            .map(|n| 1 << n)
            .sum::<u32>();
        let framing_error = !bit(format.word + 1);
        let parity_error = format
            .parity
            .is_some_and(|odd| (word.count_ones() & 1 != 0) != odd);
        Some(Character {
            word,
            data: word & format.data_mask(),
            parity_error,
            framing_error,
            noise: noise && !format.one_sample,
            unit: self.unit,
            end: self.clock.at(format.character()),
            length: self.clock.at(format.character()) - self.start,
        })
    }
}

fn majority(levels: [bool; 3]) -> bool {
    levels.iter().filter(|high| **high).count() >= 2
}
