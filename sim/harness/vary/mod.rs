//! One scenario, many points: named axes over it, and what comes of each point.
//!
//! An [`Axis`] is what is varied (`baud`, `erase`, `phase` …) and its values; a point is one value of each. A [`Variation`] is a scenario with its axes, checked:
//! everything that can be wrong with them is found before anything runs. Points are run from a [`Fork`], a machine that has booted once.
//!
//! The phase of a wire is how much later it starts than the scenario says, as a part of the time that one of its characters takes at the bit
//! rate of the point. What starts the erase does not move with it: over a whole character time the stream takes every position to the erase.

mod apply;
mod axis;
pub mod boundary;
mod fork;
pub mod fuzz;
mod outcome;
mod own;
pub mod sweep;
mod value;

pub use axis::{Axis, KINDS, Kind, Slot};
pub use fork::Fork;
pub use outcome::{COLUMNS, Outcome};
pub use value::{Unit, Value, Values};

use crate::report::Report;
use crate::scenario::{
    Deviation, Prepared, PreparedWire, Rate, Scenario, ScenarioError, ScenarioFile,
};

/// Most points of one grid. More is a mistake: at a quarter of a millisecond each they take seven hours.
pub const MAX_POINTS: u64 = 100_000_000;

/// One value of each axis, in their order.
pub type Point = Vec<Value>;

/// A scenario and what is varied of it.
#[derive(Clone, Debug)]
pub struct Variation {
    scenario: Scenario,
    base: Prepared,
    axes: Vec<Axis>,
}

impl Variation {
    /// Reads the axes `texts` over `scenario` and checks all of it. `option` is where the texts come from, for messages.
    ///
    /// # Errors
    /// [`ScenarioError`] for a scenario that cannot run, for an axis that cannot be read, for two of the same thing, and for values with
    /// which the scenario cannot run.
    pub fn new(scenario: &Scenario, option: &str, texts: &[String]) -> Result<Self, ScenarioError> {
        let all: Vec<(&str, &str)> = texts.iter().map(|t| (option, t.as_str())).collect();
        Self::with_options(scenario, &all)
    }

    /// As [`new`](Self::new), with the option beside each text.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_options(
        scenario: &Scenario,
        texts: &[(&str, &str)],
    ) -> Result<Self, ScenarioError> {
        let base = scenario.prepare()?;
        let scenario = scenario.with_file(scenario.file().clone(), &base.firmware);
        let mut axes: Vec<Axis> = Vec::new();
        for (option, text) in texts {
            let axis = Axis::parse(option, text, scenario.file(), &base)?;
            if axes
                .iter()
                .any(|a| a.kind == axis.kind && a.slot == axis.slot)
            {
                let message = format!("`{}` is given twice", axis.name);
                return Err(ScenarioError::new(message));
            }
            axes.push(axis);
        }
        let variation = Self {
            scenario,
            base,
            axes,
        };
        variation.check()?;
        Ok(variation)
    }

    /// Each axis at its ends, the others at their first values: what a scenario refuses is refused now.
    fn check(&self) -> Result<(), ScenarioError> {
        let first: Point = self.axes.iter().map(|a| a.values.get(0)).collect();
        for (n, axis) in self.axes.iter().enumerate() {
            for value in axis.values.extremes() {
                let mut point = first.clone();
                if let Some(slot) = point.get_mut(n) {
                    *slot = value;
                }
                self.scenario_at(&point).prepare().map_err(|e| {
                    let message = format!("{}={value}: {}", axis.name, e.message);
                    ScenarioError { message, ..e }
                })?;
            }
        }
        Ok(())
    }

    /// With a baud rate that is varied, the wire sends as many more bytes as it is faster: the line is busy for as long as in the scenario, and
    /// an erase that met traffic there meets it at every rate.
    ///
    /// # Errors
    /// [`ScenarioError`] if a wire cannot send so many.
    pub fn keep_busy(mut self) -> Result<Self, ScenarioError> {
        let counted = |slot| {
            self.axes
                .iter()
                .any(|a| a.kind == Kind::Count && a.slot == slot)
        };
        let busy: Vec<bool> = self
            .axes
            .iter()
            .map(|a| a.kind == Kind::Baud && !counted(a.slot))
            .collect();
        for (axis, busy) in self.axes.iter_mut().zip(busy) {
            axis.keep_busy = busy;
        }
        self.check()?;
        Ok(self)
    }

    /// The axes.
    #[must_use]
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// The scenario without any variation.
    #[must_use]
    pub const fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The scenario without any variation, ready to run.
    #[must_use]
    pub const fn prepared(&self) -> &Prepared {
        &self.base
    }

    /// How many points the grid of all values has.
    ///
    /// # Errors
    /// [`ScenarioError`] with the count if there are more than [`MAX_POINTS`], and for a range without steps.
    pub fn count(&self) -> Result<u64, ScenarioError> {
        let mut count = 1u128;
        for axis in &self.axes {
            let Some(values) = axis.values.count() else {
                let message = format!("{axis} is a range without steps: a grid needs values");
                return Err(ScenarioError::new(message).help(format!("write {axis}/20")));
            };
            count = count.saturating_mul(u128::from(values));
        }
        u64::try_from(count)
            .ok()
            .filter(|count| *count <= MAX_POINTS)
            .ok_or_else(|| {
                let message = format!("{count} points are too many: at most {MAX_POINTS}");
                ScenarioError::new(message).help("give fewer values, or split the grid")
            })
    }

    /// Point number `index` of the grid: the last axis varies fastest.
    #[must_use]
    pub fn point(&self, index: u64) -> Point {
        let mut rest = index;
        let mut point: Point = self
            .axes
            .iter()
            .rev()
            .map(|axis| {
                let count = axis.values.count().unwrap_or(1).max(1);
                let value = axis.values.get(rest % count);
                rest /= count;
                value
            })
            .collect();
        point.reverse();
        point
    }

    /// The scenario at a point, as a file of its own.
    #[must_use]
    pub fn file(&self, point: &[Value]) -> ScenarioFile {
        apply::file(self.scenario.file(), &self.base, &self.axes, point)
    }

    /// The scenario at a point.
    #[must_use]
    pub fn scenario_at(&self, point: &[Value]) -> Scenario {
        self.scenario
            .with_file(self.file(point), &self.base.firmware)
    }

    /// The UART line at `slot`: its wire, its rate and clock error as the scenario has them.
    fn line(&self, slot: Slot) -> Option<(&PreparedWire, Rate, Option<Deviation>)> {
        let file = self.scenario.file();
        let (number, baud, error) = match slot {
            Slot::Flash | Slot::Starts => return None,
            Slot::Wire(n) => {
                let table = file.wire.get(n)?;
                (n, table.baud.as_ref()?.value, table.clock_error)
            }
            Slot::Host(n) => {
                let table = file.host.get(n)?;
                let number = file.wire.len() + n;
                (number, table.baud.as_ref()?.value, table.clock_error)
            }
        };
        Some((self.base.wires.get(number)?, baud, error))
    }

    /// Wires, by number, that some axis changes.
    fn varied_wires(&self) -> Vec<usize> {
        let wires = self.scenario.file().wire.len();
        let mut all: Vec<usize> = Vec::new();
        for axis in self.axes.iter().filter(|a| fork::changes_wire(a.kind)) {
            let numbers = match axis.slot {
                Slot::Flash => continue,
                Slot::Starts => axis::starts_by_clock(&self.base),
                Slot::Wire(n) => vec![n],
                Slot::Host(n) => vec![wires + n],
            };
            all.extend(numbers);
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The scenario at a point, ready to run. The same as [`scenario_at`](Self::scenario_at) prepared, but only what is varied is
    /// made anew.
    ///
    /// # Errors
    /// [`ScenarioError`] for values with which the scenario cannot run.
    pub fn prepare(&self, point: &[Value]) -> Result<Prepared, ScenarioError> {
        let mut prepared = self.base.clone();
        let mut file = std::borrow::Cow::Borrowed(self.scenario.file());
        let starts = self.axes.iter().any(|a| a.slot == Slot::Starts)
            && apply::starts(file.to_mut(), &self.base, &self.axes, point);
        let of = |slot: Slot| {
            let all = self.axes.iter().zip(point.iter().copied());
            all.filter(move |(axis, _)| axis.slot == slot)
        };
        if of(Slot::Flash).next().is_some() {
            let mut table = file.flash.clone();
            for (axis, value) in of(Slot::Flash) {
                apply::flash(&mut table, &self.base, axis.kind, value);
            }
            prepared.timing = crate::scenario::timing(&self.base.chip, &table)?;
        }
        for (n, table) in file.wire.iter().enumerate() {
            if let (Some(wire), true) = (
                prepared.wires.get_mut(n),
                starts || of(Slot::Wire(n)).next().is_some(),
            ) {
                let table = apply::wire_at(table, wire, of(Slot::Wire(n)));
                *wire = self.scenario.prepare_wire(&table, &self.base)?;
            }
        }
        for (n, table) in file.host.iter().enumerate() {
            let number = file.wire.len() + n;
            if let (Some(wire), Some(host), true) = (
                prepared.wires.get_mut(number),
                prepared.hosts.get_mut(n),
                starts || of(Slot::Host(n)).next().is_some(),
            ) {
                let table = apply::host_at(table, wire, of(Slot::Host(n)));
                (*wire, *host) = self.scenario.prepare_host(&table, number, &self.base)?;
            }
        }
        Ok(prepared)
    }

    /// Boots once: the machine from which all points are run.
    ///
    /// # Errors
    /// [`ScenarioError`] if the machine cannot be built.
    pub fn boot(&self) -> Result<Fork<'_>, ScenarioError> {
        Fork::new(self)
    }

    /// What comes of a point.
    ///
    /// # Errors
    /// [`ScenarioError`] for values with which the scenario cannot run.
    pub fn run(&self, fork: &Fork<'_>, point: &[Value]) -> Result<Outcome, ScenarioError> {
        fork.outcome(self, &self.prepare(point)?)
    }

    /// The whole report of a point.
    ///
    /// # Errors
    /// [`ScenarioError`] for values with which the scenario cannot run.
    pub fn report(&self, fork: &Fork<'_>, point: &[Value]) -> Result<Report, ScenarioError> {
        fork.report(self, &self.prepare(point)?)
    }

    /// What the point is called: `baud=31250 phase=3/64`.
    #[must_use]
    pub fn describe(&self, point: &[Value]) -> String {
        let each = self.axes.iter().zip(point);
        let each: Vec<String> = each.map(|(a, v)| format!("{}={v}", a.name)).collect();
        each.join(" ")
    }
}
