//! The event queue: the only thing that advances time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::Picos;
use crate::periph::PeripheralId;
use crate::wire::WireId;

/// Who is told when an event is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A peripheral of the chip.
    Peripheral(PeripheralId),
    /// Something outside, on a wire.
    Wire(WireId),
    /// The flash array: the running operation ends.
    FlashArray,
}

/// Names one scheduled event, so that it can be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventId(u64);

/// An event that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Its own time, not after the time asked for.
    pub at: Picos,
    /// Who is told.
    pub target: Target,
    /// Which of its events, in the target's own numbering.
    pub token: u32,
}

/// Cancelled events that may stay in the queue, however short it is.
const FEW: usize = 32;

/// Events in the order (time, sequence of scheduling).
#[derive(Clone, Debug, Default)]
pub struct Scheduler {
    queue: BinaryHeap<Reverse<(Picos, u64, Target, u32)>>,
    /// Cancelled and still in the queue, sorted; never more than [`FEW`] or half of the queue.
    cancelled: Vec<u64>,
    sequence: u64,
}

impl Scheduler {
    /// Schedules an event. Events at the same time happen in the order in which they were scheduled.
    pub fn at(&mut self, at: Picos, target: Target, token: u32) -> EventId {
        self.sequence += 1;
        self.queue.push(Reverse((at, self.sequence, target, token)));
        EventId(self.sequence)
    }

    /// Cancels `id`. Must not be called for an event that has happened already.
    pub fn cancel(&mut self, id: EventId) {
        if let Err(slot) = self.cancelled.binary_search(&id.0) {
            self.cancelled.insert(slot, id.0);
        }
        self.drop_cancelled_head();
        // A watchdog that is refreshed in a poll loop leaves one behind each time, seconds ahead.
        if self.cancelled.len() > FEW && 2 * self.cancelled.len() > self.queue.len() {
            let gone = std::mem::take(&mut self.cancelled);
            self.queue
                .retain(|Reverse((_, sequence, ..))| gone.binary_search(sequence).is_err());
        }
    }

    /// Moves the only event of `target` to another time. It keeps its place among events of the same time. False, and nothing moves, if
    /// `target` has no event or several. Looks at the whole queue: not for the hot loop.
    pub fn move_to(&mut self, target: Target, at: Picos) -> bool {
        let its = |(_, sequence, whose, _): &(Picos, u64, Target, u32)| {
            *whose == target && self.cancelled.binary_search(sequence).is_err()
        };
        if self
            .queue
            .iter()
            .filter(|Reverse(event)| its(event))
            .count()
            != 1
        {
            return false;
        }
        let moved = self.queue.iter().map(|Reverse(event)| {
            let (was, sequence, whose, token) = *event;
            Reverse((if its(event) { at } else { was }, sequence, whose, token))
        });
        self.queue = moved.collect();
        self.drop_cancelled_head();
        true
    }

    /// Time of the next event, [`Picos::NEVER`] if there is none.
    #[must_use]
    pub fn next(&self) -> Picos {
        self.queue
            .peek()
            .map_or(Picos::NEVER, |Reverse((at, ..))| *at)
    }

    /// Takes the next event that is due at or before `now`.
    pub fn pop(&mut self, now: Picos) -> Option<Due> {
        let &Reverse((at, _, target, token)) = self.queue.peek()?;
        if at > now {
            return None;
        }
        self.queue.pop();
        self.drop_cancelled_head();
        Some(Due { at, target, token })
    }

    /// Keeps the head of the queue a live event, so that `next` needs no search.
    fn drop_cancelled_head(&mut self) {
        while let Some(&Reverse((_, sequence, ..))) = self.queue.peek() {
            let Ok(slot) = self.cancelled.binary_search(&sequence) else {
                break;
            };
            self.cancelled.remove(slot);
            self.queue.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_time_keeps_the_order_of_scheduling_and_cancelled_events_never_happen() {
        let mut s = Scheduler::default();
        let t = Picos(5);
        s.at(t, Target::FlashArray, 1);
        let gone = s.at(t, Target::FlashArray, 2);
        s.at(t, Target::FlashArray, 3);
        let early = s.at(Picos(1), Target::FlashArray, 9);
        s.cancel(gone);
        s.cancel(early);
        assert_eq!(s.next(), t);
        assert_eq!(s.pop(Picos(4)), None);
        assert_eq!(s.pop(t).map(|d| d.token), Some(1));
        assert_eq!(s.pop(t).map(|d| d.token), Some(3));
        assert_eq!(s.pop(Picos::NEVER), None);
        assert!(
            s.cancelled.is_empty(),
            "a cancelled event is forgotten once its slot is gone"
        );
    }

    #[test]
    fn events_that_are_cancelled_far_ahead_do_not_pile_up() {
        let mut s = Scheduler::default();
        s.at(Picos(1), Target::FlashArray, 0);
        let mut far = s.at(Picos(1_000_000), Target::FlashArray, 1);
        for n in 0..10_000 {
            s.cancel(far);
            far = s.at(Picos(1_000_000 + n), Target::FlashArray, 1);
            assert!(s.queue.len() <= 2 + FEW + 1, "{}", s.queue.len());
        }
        assert_eq!(s.pop(Picos::NEVER).map(|d| d.token), Some(0));
        let last = s.pop(Picos::NEVER);
        assert_eq!(last.map(|d| (d.at, d.token)), Some((Picos(1_009_999), 1)));
        assert_eq!(s.pop(Picos::NEVER), None);
        assert!(s.cancelled.is_empty());
    }
}
