//! One boot, many points: the machine is run up to just before the moment at which points can first differ, and each point goes on with a clone.
//!
//! Points can differ from the moment on at which a wire that is varied begins, or a flash operation does if a flash time is varied. The boot stops a
//! little before that, and before anything that the run looks at by itself (a condition of `until`, a trigger), so that what a clone does
//! is, instruction for instruction, what a run from reset does. Bit rates on a CAN bus matter from reset on: such points are run from there.

use flashstall_cpu::Addr;
use flashstall_mcu::wire::Replacement;
use flashstall_mcu::{Machine, NativeEngine, Picos};

use super::apply::starts_at;
use super::axis::{Kind, Slot};
use super::{Variation, outcome};
use crate::report::Report;
use crate::run::Run;
use crate::scenario::{Prepared, Scenario, ScenarioError, Until, WireSpec};

/// How long before the first moment that matters the boot stops: longer than any instruction takes that is not held, and nothing is
/// held before the first flash operation.
const MARGIN: Picos = Picos::from_micros(10);

/// A machine that has booted, to be cloned for each point.
pub struct Fork<'a> {
    run: Run<'a>,
    /// Wires that are put in anew for each point.
    replaced: Vec<usize>,
    /// Points can be had from the clone at all.
    usable: bool,
}

impl<'a> Fork<'a> {
    /// Boots the scenario of `variation`.
    ///
    /// # Errors
    /// [`ScenarioError`] if the machine cannot be built.
    pub(super) fn new(variation: &'a Variation) -> Result<Self, ScenarioError> {
        let prepared = &variation.base;
        let replaced = variation.varied_wires();
        let on_a_bus = replaced.iter().any(|n| {
            let spec = prepared.wires.get(*n).map(|w| &w.spec);
            matches!(
                spec,
                Some(WireSpec::Can(_) | WireSpec::CanHost(_) | WireSpec::I2c(_))
            )
        });
        let fresh = Run::new(prepared, true)?;
        let mut fork = Self {
            run: fresh.clone(),
            replaced,
            usable: !on_a_bus,
        };
        if fork.usable {
            let flash = variation.axes.iter().any(|a| a.slot == Slot::Flash);
            let first = fork.first_difference(flash);
            fork.run = fresh.clone();
            fork.advance(Picos(first.0.saturating_sub(MARGIN.0)));
            // The margin did not suffice: fork at power-up, which is before everything.
            if !fork.is_before(flash) {
                fork.run = fresh;
            }
        }
        Ok(fork)
    }

    /// When clones begin to differ, a little before it.
    #[must_use]
    pub fn time(&self) -> Picos {
        if self.usable {
            self.run.machine.time()
        } else {
            Picos::ZERO
        }
    }

    /// Nothing has happened yet in which points differ.
    fn is_before(&self, flash: bool) -> bool {
        let log = self.run.machine.log();
        let quiet = |n: &usize| log.wires.get(*n).is_none_or(|w| w.units.is_empty());
        (!flash || log.operations.kept.is_empty()) && self.replaced.iter().all(quiet)
    }

    /// Runs until something happens in which points can differ, or that the run has to look at; returns when that was.
    fn first_difference(&mut self, flash: bool) -> Picos {
        let prepared = self.run.prepared;
        let mut latest = prepared.max_time;
        let its_start = |n: &usize| starts_at(prepared.wires.get(*n)?.spec.start());
        for start in self.replaced.iter().filter_map(its_start) {
            latest = latest.min(start);
        }
        for until in &prepared.until {
            let Until::Wire(n) = until else { continue };
            let Some(wire) = prepared.wires.get(*n) else {
                continue;
            };
            let start = starts_at(wire.spec.start());
            if let Some(end) = start.zip(wire.spec.duration()) {
                latest = latest.min(end.0 + end.1);
            }
        }
        let started = self.run.started.clone();
        let mut engine = NativeEngine;
        loop {
            let now = self.run.machine.time();
            if now >= latest {
                return latest;
            }
            let limit = self.run.next_look(now).min(latest);
            let ended = self.run.step(&mut engine, limit).is_some();
            let now = self.run.machine.time();
            let reached = self.run.reached.iter().any(|r| *r);
            let trigger = self.run.started != started;
            let operation = self.run.machine.log().operations.kept.first();
            match operation {
                Some(first) if flash => return first.start.min(latest),
                _ if ended || reached || trigger => return now.min(latest),
                _ => {}
            }
        }
    }

    /// Runs to `until` and leaves no trace of having stopped there.
    fn advance(&mut self, until: Picos) {
        let mut engine = NativeEngine;
        loop {
            let now = self.run.machine.time();
            if now >= until {
                return;
            }
            let limit = self.run.next_look(now);
            if limit >= until {
                self.run.machine.advance_until(&mut engine, until);
                return;
            }
            if self.run.step(&mut engine, limit).is_some() {
                return;
            }
        }
    }

    /// Runs the point that `prepared` is to its end.
    fn finish<'b>(
        &self,
        prepared: &'b Prepared,
    ) -> Result<(Run<'b>, &'static str, Addr), ScenarioError> {
        let mut engine = NativeEngine;
        if let Some(mut run) = self.resume(prepared) {
            let now = run.machine.time();
            let limit = run.next_look(now);
            // No look at the wires before the first step: a run from reset does not look here either.
            let (why, at) = match run.step(&mut engine, limit) {
                Some(end) => end,
                None => run.finish(&mut engine),
            };
            return Ok((run, why, at));
        }
        let mut run = Run::new(prepared, true)?;
        let (why, at) = run.finish(&mut engine);
        Ok((run, why, at))
    }

    /// A clone with the wires and times of the point; `None` if it must be run from reset.
    fn resume<'b>(&self, prepared: &'b Prepared) -> Option<Run<'b>> {
        if !self.usable {
            return None;
        }
        let mut machine: Machine = self.run.machine.clone();
        if prepared.timing != self.run.prepared.timing && !machine.set_flash_timing(prepared.timing)
        {
            return None;
        }
        let mut started = self.run.started.clone();
        for n in &self.replaced {
            let (wire, id) = (prepared.wires.get(*n)?, *self.run.ids.get(*n)?);
            let new = match &wire.spec {
                WireSpec::Uart(spec) => Replacement::Uart(spec.clone()),
                WireSpec::Host(spec) => Replacement::Host(spec.clone()),
                WireSpec::Pin(spec) => Replacement::Pin(spec.clone()),
                WireSpec::Can(_)
                | WireSpec::CanHost(_)
                | WireSpec::I2c(_)
                | WireSpec::I2cDevice(_) => return None,
            };
            if !machine.replace_wire(id, new) {
                return None;
            }
            *started.get_mut(*n)? = starts_at(wire.spec.start());
        }
        let from = self.run.clone_around(machine);
        Some(Run {
            prepared,
            started,
            ..from
        })
    }

    /// The whole report of the point that `prepared` is.
    ///
    /// # Errors
    /// [`ScenarioError`] if the machine cannot be built.
    pub(super) fn report(
        &self,
        variation: &Variation,
        prepared: &Prepared,
    ) -> Result<Report, ScenarioError> {
        let (run, why, at) = self.finish(prepared)?;
        Ok(run.report(&variation.scenario, why, at))
    }

    /// What came of the point that `prepared` is.
    ///
    /// # Errors
    /// [`ScenarioError`] if the machine cannot be built.
    pub(super) fn outcome(
        &self,
        variation: &Variation,
        prepared: &Prepared,
    ) -> Result<outcome::Outcome, ScenarioError> {
        let (run, why, at) = self.finish(prepared)?;
        let report = run.judged(&variation.scenario, why, at);
        Ok(outcome::outcome(prepared, &run.machine, &report))
    }
}

/// Does a value of this kind change what a wire sends, so that the wire is put in anew?
pub(super) const fn changes_wire(kind: Kind) -> bool {
    !matches!(kind, Kind::Erase | Kind::Program)
}

/// A run from reset: what came of it, and the whole report.
pub(super) fn from_reset(scenario: &Scenario) -> Result<(outcome::Outcome, Report), ScenarioError> {
    let prepared = scenario.prepare()?;
    let mut run = Run::new(&prepared, true)?;
    let (why, at) = run.finish(&mut NativeEngine);
    let report = run.report(scenario, why, at);
    let outcome = outcome::outcome(&prepared, &run.machine, &report);
    Ok((outcome, report))
}
