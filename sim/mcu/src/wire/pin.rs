//! A driver of one pin: edges at their times.
//!
//! | behaviour | source | test |
//! |---|---|---|
//! | an edge to the level that the pin has already is none | logic levels | `an_edge_to_the_same_level_is_no_unit` |
//! | only edges of the kind asked for are units, the others just move the pin | [`PinWire::counts`] | `only_edges_that_count_are_units` |
//!
//! | left out | why | what happens |
//! |---|---|---|
//! | slopes, bounce | a scenario can write bounce as edges | edges are instants |

use crate::Picos;
use crate::log::{Fate, Unit};
use crate::periph::{Pin, Shared};
use crate::sched::Target;
use crate::wire::{Start, WireAction, WireId};

/// Which edges are units of a pin wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EdgeKind {
    /// Low to high.
    #[default]
    Rising,
    /// High to low.
    Falling,
    /// Both.
    Both,
}

impl EdgeKind {
    /// Does an edge to level `high` count?
    #[must_use]
    pub const fn counts(self, high: bool) -> bool {
        match self {
            Self::Rising => high,
            Self::Falling => !high,
            Self::Both => true,
        }
    }
}

/// A level and the time from which it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimedEdge {
    /// When, counted from the wire's start.
    pub offset: Picos,
    /// The level from then on.
    pub high: bool,
}

/// A pin that something outside drives.
#[derive(Clone, Debug)]
pub struct PinWire {
    /// Its name in the scenario.
    pub name: String,
    /// The pin.
    pub pin: Pin,
    /// When it starts.
    pub start: Start,
    /// Its edges, in order of time.
    pub edges: Vec<TimedEdge>,
    /// Which of them must reach the firmware.
    pub counts: EdgeKind,
}

/// A [`PinWire`] at work.
#[derive(Clone, Debug)]
pub struct PinSender {
    id: WireId,
    spec: PinWire,
    begun: Option<Picos>,
    next: usize,
    level: bool,
}

impl PinSender {
    pub(super) fn new(id: WireId, spec: PinWire) -> Self {
        let level = spec.edges.first().is_some_and(|edge| !edge.high);
        Self {
            id,
            spec,
            begun: None,
            next: 0,
            level,
        }
    }

    pub(super) const fn id(&self) -> WireId {
        self.id
    }

    pub(super) const fn spec(&self) -> &PinWire {
        &self.spec
    }

    pub(super) const fn begun(&self) -> Option<Picos> {
        self.begun
    }

    pub(super) const fn begin(&mut self, zero: Option<Picos>) {
        self.begun = zero;
    }

    pub(super) const fn has_moved(&self) -> bool {
        self.next > 0
    }

    pub(super) const fn all_sent(&self) -> bool {
        self.next >= self.spec.edges.len()
    }

    pub(super) fn event(&mut self, shared: &mut Shared, at: Picos) -> WireAction {
        let (Some(zero), Some(&edge)) = (self.begun, self.spec.edges.get(self.next)) else {
            return WireAction::None;
        };
        self.next += 1;
        if let Some(following) = self.spec.edges.get(self.next) {
            shared
                .sched
                .at((zero + following.offset).max(at), Target::Wire(self.id), 0);
        }
        if edge.high == self.level {
            return WireAction::None;
        }
        self.level = edge.high;
        let unit = self
            .spec
            .counts
            .counts(edge.high)
            .then(|| self.record(shared, edge.high, at))
            .flatten();
        WireAction::PinLevel {
            pin: self.spec.pin,
            high: edge.high,
            unit,
        }
    }

    fn record(&self, shared: &mut Shared, high: bool, at: Picos) -> Option<(WireId, u32)> {
        let log = shared.log.wires.get_mut(self.id.0)?;
        let number = log.units.len() as u32;
        log.units.push(Unit {
            value: u32::from(high),
            received: None,
            sent: at,
            arrived: None,
            fate: Fate::InFlight,
            settled: at,
            blocked_by: None,
            interrupt: None,
        });
        Some((self.id, number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::periph::testbench::shared;
    use crate::wire::Wire;

    const PB12: Pin = Pin {
        port: 1,
        number: 12,
    };

    fn run(counts: EdgeKind, edges: &[(u64, bool)]) -> (Shared, Vec<WireAction>) {
        let mut shared = shared();
        let edges = edges
            .iter()
            .map(|&(at, high)| TimedEdge {
                offset: Picos(at),
                high,
            })
            .collect();
        let spec = PinWire {
            name: "clock".into(),
            pin: PB12,
            start: Start::At(Picos(10)),
            edges,
            counts,
        };
        let mut wire = Wire::pin(WireId(0), spec, &mut shared);
        let mut actions = Vec::new();
        while let Some(due) = shared.sched.pop(Picos(u64::MAX - 1)) {
            actions.push(wire.event(&mut shared, due.at, due.token));
        }
        (shared, actions)
    }

    #[test]
    fn only_edges_that_count_are_units() {
        let (shared, actions) = run(EdgeKind::Rising, &[(0, true), (5, false), (9, true)]);
        assert_eq!(
            actions[0],
            WireAction::PinLevel {
                pin: PB12,
                high: true,
                unit: Some((WireId(0), 0))
            }
        );
        assert_eq!(
            actions[1],
            WireAction::PinLevel {
                pin: PB12,
                high: false,
                unit: None
            }
        );
        let sent: Vec<_> = shared.log.wires[0].units.iter().map(|u| u.sent).collect();
        assert_eq!(sent, [Picos(10), Picos(19)]);
    }

    #[test]
    fn an_edge_to_the_same_level_is_no_unit() {
        let (shared, actions) = run(EdgeKind::Both, &[(0, true), (5, true), (9, false)]);
        assert_eq!(actions[1], WireAction::None);
        assert_eq!(shared.log.wires[0].units.len(), 2);
    }

    #[test]
    fn before_its_first_edge_the_pin_has_the_other_level() {
        let (shared, _) = run(EdgeKind::Falling, &[(100, false)]);
        assert_eq!(shared.pins.driven[1], 1 << 12);
        assert_eq!(shared.pins.input[1], 1 << 12, "high before it falls");
    }
}
