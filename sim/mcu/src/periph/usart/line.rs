//! The RX line as the receiver has seen it lately: the frames that began on it, and which of them it took.

use std::collections::VecDeque;

use crate::Picos;
use crate::log::{Fate, Log};
use crate::periph::UartFrame;
use crate::wire::WireId;

/// A frame, and whether its unit still waits for a character.
#[derive(Clone, Copy, Debug)]
struct Heard {
    frame: UartFrame,
    /// Its fate is decided, or in the hands of the reception that began in it.
    claimed: bool,
}

/// Recent frames, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    frames: VecDeque<Heard>,
}

/// A falling edge that may be a start bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    /// When.
    pub(super) at: Picos,
    /// Sequence number of its frame in [`Line`], from the front.
    index: usize,
}

impl Line {
    /// A frame begins. `heard` is false if nobody listens: its fate is decided already.
    pub(super) fn push(&mut self, frame: &UartFrame, heard: bool) {
        self.frames.push_back(Heard {
            frame: *frame,
            claimed: !heard,
        });
    }

    /// The level at `at`. Idle is high.
    pub(super) fn level(&self, at: Picos) -> bool {
        let last = self
            .frames
            .iter()
            .rev()
            .find(|heard| heard.frame.start <= at);
        last.is_none_or(|heard| heard.frame.level(at))
    }

    /// The first falling edge at or after `from`.
    pub(super) fn falling_edge(&self, from: Picos) -> Option<Edge> {
        self.frames.iter().enumerate().find_map(|(index, heard)| {
            // A frame that a later one has cut off counts up to there.
            let end = self
                .frames
                .get(index + 1)
                .map_or(Picos::NEVER, |next| next.frame.start);
            falling_edges(&heard.frame)
                .find(|&at| at >= from && at < end)
                .map(|at| Edge { at, index })
        })
    }

    /// The unit that a reception which begins at `edge` is credited with: that of its frame, unless it has been taken.
    pub(super) fn claim(&mut self, edge: Edge) -> Option<(WireId, u32)> {
        let heard = self.frames.get_mut(edge.index)?;
        let fresh = !std::mem::replace(&mut heard.claimed, true);
        fresh.then_some((heard.frame.wire, heard.frame.unit))
    }

    /// The reception that had claimed this unit was noise: another edge in the same frame may claim it.
    pub(super) fn unclaim(&mut self, unit: (WireId, u32)) {
        if let Some(heard) = self
            .frames
            .iter_mut()
            .find(|h| (h.frame.wire, h.frame.unit) == unit)
        {
            heard.claimed = false;
        }
    }

    /// The receiver is past everything before `next` (past all, if it is `None`): frames in which no reception began are
    /// lost as [`Fate::Corrupted`], and forgotten with the others as soon as no sample can fall into them.
    pub(super) fn retire(&mut self, log: &mut Log, next: Option<Edge>, at: Picos) {
        let keep_from = next.map_or(self.frames.len(), |edge| edge.index);
        for heard in self
            .frames
            .iter_mut()
            .take(keep_from)
            .filter(|heard| !heard.claimed)
        {
            heard.claimed = true;
            log.settle(heard.frame.wire, heard.frame.unit, Fate::Corrupted, at);
        }
        // The level at any later sample is decided by the last frame before it.
        self.frames
            .drain(..keep_from.min(self.frames.len().saturating_sub(1)));
    }

    /// Every unit that is not decided yet becomes `fate`; the line is forgotten.
    pub(super) fn abandon(&mut self, log: &mut Log, fate: Fate, at: Picos) {
        for heard in self.frames.drain(..).filter(|heard| !heard.claimed) {
            log.settle(heard.frame.wire, heard.frame.unit, fate, at);
        }
    }
}

/// Falling edges of a frame: its start bit, and every 1 that a 0 follows.
fn falling_edges(frame: &UartFrame) -> impl Iterator<Item = Picos> + '_ {
    let bit = |n: u8| n != 0 && (n > frame.bit_count || frame.bits >> (n - 1) & 1 != 0);
    (0..=frame.bit_count)
        .filter(move |&n| !bit(n) && (n == 0 || bit(n - 1)))
        .map(|n| frame.start + frame.bit_rate.periods(n.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Hertz;

    fn frame(start: u64, bits: u16) -> UartFrame {
        let bit_rate = Hertz::new(1_000_000);
        UartFrame {
            wire: WireId(0),
            unit: 0,
            bits,
            bit_count: 8,
            start: Picos(start),
            bit_rate,
            receiver_rate: None,
        }
    }

    const BIT: u64 = 1_000_000;

    #[test]
    fn falling_edges_are_where_a_zero_follows_a_one() {
        let edges = |bits| {
            falling_edges(&frame(0, bits))
                .map(|at| at.0 / BIT)
                .collect::<Vec<_>>()
        };
        assert_eq!(edges(0xFF), [0]);
        assert_eq!(edges(0x00), [0]);
        assert_eq!(edges(0x55), [0, 2, 4, 6, 8]);
        assert_eq!(edges(0b0000_0110), [0, 4]);
    }

    #[test]
    fn frames_that_are_over_are_forgotten() {
        let mut line = Line::default();
        let mut log = Log::default();
        for n in 0..1_000 {
            line.retire(&mut log, None, Picos(n));
            line.push(&frame(n * 10 * BIT, 0x55), true);
        }
        assert_eq!(line.frames.len(), 2);
    }

    #[test]
    fn the_latest_frame_decides_the_level_and_edges_are_found_across_frames() {
        let mut line = Line::default();
        line.push(&frame(0, 0xFF), true);
        line.push(&frame(10 * BIT, 0x00), true);
        assert!(!line.level(Picos(BIT / 2)));
        assert!(line.level(Picos(9 * BIT + BIT / 2)));
        assert!(!line.level(Picos(10 * BIT + BIT / 2)));
        assert!(line.level(Picos(30 * BIT)));
        assert_eq!(
            line.falling_edge(Picos(1)).map(|e| e.at),
            Some(Picos(10 * BIT))
        );
        assert_eq!(line.falling_edge(Picos(10 * BIT + 1)), None);
    }
}
