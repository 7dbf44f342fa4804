//! A failing scenario is made smaller.

use flashstall_mcu::Picos;

use super::{Counterexample, Property};
use crate::report::Report;
use crate::scenario::{ScenarioError, ScenarioFile, WireSpec};
use crate::vary::{Outcome, Point, Variation, apply, fork};

/// Most runs that making a counterexample smaller may take.
const MOST_SHRINKS: u32 = 1_000;

/// A failing scenario while it is made smaller.
struct Shrinker<'a> {
    variation: &'a Variation,
    property: &'a Property,
    runs: u32,
}

impl Shrinker<'_> {
    /// What comes of a file, if the property fails in it.
    fn fails(&mut self, file: &ScenarioFile) -> Option<(Outcome, Report)> {
        if self.runs >= MOST_SHRINKS {
            return None;
        }
        self.runs += 1;
        let scenario = self.variation.scenario();
        let scenario = scenario.with_file(file.clone(), &self.variation.prepared().firmware);
        let (outcome, report) = fork::from_reset(&scenario).ok()?;
        (!self.property.holds(&outcome)).then_some((outcome, report))
    }

    /// Each axis towards its first value: there, or as near to it as still fails.
    fn axes(&mut self, point: &mut Point) {
        for n in 0..point.len() {
            let Some(axis) = self.variation.axes().get(n) else {
                continue;
            };
            let mut tried = point.clone();
            for share in [0, 1 << 62, 1 << 63, 3 << 62] {
                let value = axis.values.pick(share);
                if point.get(n) == Some(&value) {
                    break;
                }
                if let Some(slot) = tried.get_mut(n) {
                    *slot = value;
                }
                if self.fails(&self.variation.file(&tried)).is_some() {
                    *point = tried;
                    break;
                }
            }
        }
    }

    /// One wire sends no more than it must: what comes before and after the first unit that went wrong is left out.
    fn wire(&mut self, file: &mut ScenarioFile, n: usize) {
        let Some((_, report)) = self.fails(file) else {
            return;
        };
        let Some(name) = file.wire.get(n).map(|w| w.name.value.clone()) else {
            return;
        };
        let lost = report
            .losses
            .iter()
            .find(|l| l.wire == name)
            .map(|l| l.unit);
        let differs = report
            .buffers
            .iter()
            .filter(|b| b.wire == name)
            .find_map(|b| b.first_difference.as_ref().map(|d| d.index));
        let sent = report.wire(&name).map_or(0, |w| w.sent);
        let wrong = lost.or(differs).unwrap_or(sent.saturating_sub(1));
        // Ever longer pieces that end with the one that went wrong.
        let (mut before, mut last) = (0, 1);
        while before <= wrong {
            if let Some(less) = self.cut(file, n, wrong - before, before + 1)
                && self.fails(&less).is_some()
            {
                *file = less;
                break;
            }
            (before, last) = (before + last.max(1), before.max(1));
        }
        // One by one at either end.
        loop {
            let count = self.units(file, n);
            let shorter = self
                .cut(file, n, 0, count.saturating_sub(1))
                .filter(|less| count > 1 && self.fails(less).is_some());
            let later = || {
                let less = self.cut(file, n, 1, count.saturating_sub(1))?;
                (count > 1).then_some(less)
            };
            let next = match shorter {
                Some(less) => Some(less),
                None => later().filter(|less| self.fails(less).is_some()),
            };
            match next {
                Some(less) => *file = less,
                None => return,
            }
        }
    }

    /// How many units wire `n` sends.
    fn units(&self, file: &ScenarioFile, n: usize) -> u64 {
        self.bytes(file, n)
            .map_or(0, |offsets| offsets.len() as u64)
    }

    /// When the units of wire `n` begin, if it is a UART.
    fn bytes(&self, file: &ScenarioFile, n: usize) -> Option<Vec<Picos>> {
        let scenario = self.variation.scenario();
        let wire = scenario
            .prepare_wire(file.wire.get(n)?, self.variation.prepared())
            .ok()?;
        match wire.spec {
            WireSpec::Uart(spec) => Some(spec.bytes.iter().map(|b| b.offset).collect()),
            _ => None,
        }
    }

    /// Only `count` units from `first` on, at their old times. `None` of anything but a UART.
    fn cut(&self, file: &ScenarioFile, n: usize, first: u64, count: u64) -> Option<ScenarioFile> {
        let offsets = self.bytes(file, n)?;
        let later = *offsets.get(usize::try_from(first).ok()?)?;
        let mut less = file.clone();
        let table = less.wire.get_mut(n)?;
        apply::shift(&mut table.at, &mut table.delay, later);
        table.traffic.value.count = Some(u32::try_from(count).ok()?.into());
        Some(less)
    }
}

/// The smallest scenario, from a point at which the property fails: fewest bytes, then first values.
pub(super) fn shrink(
    variation: &Variation,
    property: &Property,
    run: u64,
    point: Point,
    found: Outcome,
) -> Result<Counterexample, ScenarioError> {
    let mut shrinker = Shrinker {
        variation,
        property,
        runs: 0,
    };
    let mut simple = point.clone();
    shrinker.axes(&mut simple);
    let mut file = variation.file(&simple);
    for n in 0..file.wire.len() {
        shrinker.wire(&mut file, n);
    }
    file.expect = property.expect(&file);
    file.name = None;
    let sent = variation.describe(&simple);
    file.description = Some(format!("Counterexample to {property}, at {sent}."));
    let smallest = variation
        .scenario()
        .with_file(file.clone(), &variation.prepared().firmware);
    let (outcome, _) = fork::from_reset(&smallest)?;
    Ok(Counterexample {
        run,
        point,
        found,
        file,
        outcome,
        shrinks: shrinker.runs,
    })
}
