//! A failing scenario is made smaller: fewest units sent first, then shortest frames, then values as near to the scenario's own as still fail.
//!
//! Nothing is taken on trust: each smaller one is run, from reset, and kept only if the property fails in it.

use super::keep::{self, Keep, Pieces};
use super::{Counterexample, Property};
use crate::report::{Report, Verdict};
use crate::scenario::{ScenarioError, ScenarioFile};
use crate::vary::{Outcome, Point, Variation, fork, own};

/// Most runs that making a counterexample smaller may take.
const MOST_SHRINKS: u32 = 1_000;
/// Rounds over units and values: a simpler value can make further units needless.
const ROUNDS: u32 = 3;

/// A failing scenario: a point, and what is left of the traffic there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Candidate {
    point: Point,
    /// A wire after the other, hosts last.
    keep: Vec<Keep>,
}

/// A failing scenario while it is made smaller.
struct Shrinker<'a> {
    variation: &'a Variation,
    property: &'a Property,
    /// Names of the expectations that failed where it was found: with fewer units others fail, which is nothing new.
    blamed: Vec<String>,
    best: Candidate,
    runs: u32,
}

fn failing(report: &Report) -> Vec<String> {
    let failed = report.expectations.iter().filter(|e| !e.passed);
    failed.map(|e| e.name.clone()).collect()
}

impl Shrinker<'_> {
    fn file(&self, candidate: &Candidate) -> Option<ScenarioFile> {
        let file = self.variation.file(&candidate.point);
        keep::apply(self.variation, &file, &candidate.keep)
    }

    /// The report of a candidate, if the property fails in it.
    fn fails(&mut self, candidate: &Candidate) -> Option<Report> {
        if self.runs >= MOST_SHRINKS {
            return None;
        }
        let file = self.file(candidate)?;
        self.runs += 1;
        let scenario = self.variation.scenario();
        let scenario = scenario.with_file(file, &self.variation.prepared().firmware);
        let (outcome, report) = fork::from_reset(&scenario).ok()?;
        let same = !self.property.is_verdict()
            || self.blamed.is_empty()
            || failing(&report)
                .iter()
                .any(|name| self.blamed.contains(name));
        (!self.property.holds(&outcome) && same).then_some(report)
    }

    /// Goes on with `candidate` if the property fails in it.
    fn take(&mut self, candidate: Candidate) -> bool {
        let better = candidate != self.best && self.fails(&candidate).is_some();
        if better {
            self.best = candidate;
        }
        better
    }

    /// The best one with other units of wire `n`.
    fn with_units(&self, n: usize, units: Vec<usize>) -> Candidate {
        let mut candidate = self.best.clone();
        if let Some(keep) = candidate.keep.get_mut(n) {
            keep.units = Some(units);
        }
        candidate
    }

    /// Wire `n` sends no more than it must.
    fn units(&mut self, n: usize) {
        let file = self.variation.file(&self.best.point);
        let (count, pieces) = keep::units(self.variation, &file, n);
        let kept = self.best.keep.get(n).and_then(|k| k.units.clone());
        let list = kept.unwrap_or_else(|| (0..count).collect());
        if list.is_empty() || self.take(self.with_units(n, Vec::new())) {
            return;
        }
        let list = match pieces {
            Pieces::Last => list,
            Pieces::Any | Pieces::Ends => self.near_the_loss(n, list),
        };
        self.without(n, list, pieces);
    }

    /// Ever longer pieces that end with the unit that went wrong, until one fails.
    fn near_the_loss(&mut self, n: usize, list: Vec<usize>) -> Vec<usize> {
        let best = self.best.clone();
        let Some((report, file)) = self.fails(&best).zip(self.file(&best)) else {
            return list;
        };
        let wires = file.wire.iter().map(|w| w.name.as_str());
        let mut names = wires.chain(file.host.iter().map(|h| h.name.as_str()));
        let Some(name) = names.nth(n) else {
            return list;
        };
        let lost = report.losses.iter().find(|l| l.wire == name);
        let mut buffers = report.buffers.iter().filter(|b| b.wire == name);
        let differs = || buffers.find_map(|b| b.first_difference.as_ref().map(|d| d.index));
        let wrong = lost.map(|l| l.unit).or_else(differs);
        let wrong = wrong.and_then(|wrong| usize::try_from(wrong).ok());
        let end = wrong.map_or(list.len(), |wrong| (wrong + 1).min(list.len()));
        let (mut length, mut last) = (1, 1);
        while length < end {
            let piece = list.get(end - length..end).unwrap_or_default().to_vec();
            if self.take(self.with_units(n, piece.clone())) {
                return piece;
            }
            (length, last) = (length + last, length);
        }
        if end == list.len() {
            return list;
        }
        let piece = list.get(..end).unwrap_or_default().to_vec();
        if self.take(self.with_units(n, piece.clone())) {
            piece
        } else {
            list
        }
    }

    /// Leaves out ever smaller pieces of `list`.
    fn without(&mut self, n: usize, mut list: Vec<usize>, pieces: Pieces) {
        let mut size = list.len().div_ceil(2);
        loop {
            let (mut start, mut any) = (0, false);
            while start < list.len() {
                let end = (start + size).min(list.len());
                let possible = match pieces {
                    Pieces::Any => true,
                    Pieces::Ends => start == 0 || end == list.len(),
                    Pieces::Last => end == list.len(),
                };
                let mut less = list.clone();
                less.drain(start..end);
                if possible && !less.is_empty() && self.take(self.with_units(n, less.clone())) {
                    (list, any) = (less, true);
                } else {
                    start = end;
                }
            }
            if size == 1 && !any {
                return;
            }
            size = size.div_ceil(2);
        }
    }

    /// Frames of wire `n` are no longer than they must be.
    fn lengths(&mut self, n: usize) {
        let most = self.best.keep.get(n).map_or(0, |k| k.dlc);
        for dlc in 0..most {
            let mut candidate = self.best.clone();
            if let Some(keep) = candidate.keep.get_mut(n) {
                keep.dlc = dlc;
            }
            if self.take(candidate) {
                return;
            }
        }
    }

    /// Each value as the scenario has it, or as near to that as still fails.
    fn values(&mut self) {
        for n in 0..self.best.point.len() {
            let Some(axis) = self.variation.axes().get(n) else {
                continue;
            };
            let Some(value) = self.best.point.get(n).copied() else {
                continue;
            };
            for nearer in own::towards(self.variation, axis, value) {
                let mut candidate = self.best.clone();
                if let Some(slot) = candidate.point.get_mut(n) {
                    *slot = nearer;
                }
                if self.take(candidate) {
                    break;
                }
            }
        }
    }
}

/// The smallest scenario, from a point at which the property fails.
pub(super) fn shrink(
    variation: &Variation,
    property: &Property,
    run: u64,
    point: Point,
    found: Outcome,
) -> Result<Counterexample, ScenarioError> {
    let file = variation.file(&point);
    let wires = file.wire.len();
    let mut shrinker = Shrinker {
        variation,
        property,
        blamed: Vec::new(),
        best: Candidate {
            point: point.clone(),
            keep: vec![Keep::default(); wires + file.host.len()],
        },
        runs: 0,
    };
    let whole = shrinker.best.clone();
    shrinker.blamed = shrinker
        .fails(&whole)
        .map_or_else(Vec::new, |r| failing(&r));
    for _ in 0..ROUNDS {
        let before = shrinker.best.clone();
        for n in 0..whole.keep.len() {
            shrinker.units(n);
        }
        for n in (0..wires).filter(|n| is_can(&file, *n)) {
            shrinker.lengths(n);
        }
        shrinker.values();
        if shrinker.best == before {
            break;
        }
    }
    let best = shrinker.best.clone();
    let mut file = shrinker.file(&best).unwrap_or(file);
    let firmware = &variation.prepared().firmware;
    let smallest = variation.scenario().with_file(file.clone(), firmware);
    let (_, report) = fork::from_reset(&smallest)?;
    let expect = property.expect(&file, &report);
    let said = expect.is_some();
    file.expect = expect.unwrap_or_default();
    file.name = None;
    let at = variation.describe(&best.point);
    file.description = Some(format!("Counterexample to {property}, at {at}."));
    let smallest = variation.scenario().with_file(file.clone(), firmware);
    let (outcome, report) = fork::from_reset(&smallest)?;
    Ok(Counterexample {
        run,
        point,
        found,
        file,
        outcome,
        replays: said && report.verdict == Verdict::Failed,
        shrinks: shrinker.runs,
    })
}

fn is_can(file: &ScenarioFile, n: usize) -> bool {
    let wire = file.wire.get(n);
    wire.is_some_and(|w| w.kind.value == crate::scenario::file::WireKind::Can)
}
