//! Runs a scenario: builds the machine, attaches the wires, follows triggers, ends where the scenario says.

use std::collections::BTreeMap;
use std::sync::Arc;

use flashstall_cpu::Addr;
use flashstall_mcu::machine::FlashTiming;
use flashstall_mcu::wire::{Start, WireId};
use flashstall_mcu::{Engine, Machine, Picos, Stop};

use crate::engine::{EngineKind, engine};
use crate::report::{Ending, Report, StopReport, build, judged, stop_report};
use crate::scenario::file::OpenTable;
use crate::scenario::{
    Prepared, Scenario, ScenarioError, Trigger, Until, WireSpec, change_open, options,
};
use crate::svd::RegisterNames;
use crate::timeline::Timeline;

/// How a scenario is run: everything that is not part of what it says.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The engine.
    pub engine: EngineKind,
    /// Skip over poll loops and sleep. Changes no result, only how long it takes.
    pub fast_forward: bool,
    /// Open behaviours that are set other than the scenario and the chip have them.
    pub open: OpenTable,
    /// Flash timings instead of the scenario's.
    pub timing: Option<FlashTiming>,
    /// Wires that start later than the scenario says, by name.
    pub phase: BTreeMap<String, Picos>,
    /// Names of registers that no model answers for.
    pub svd: Option<Arc<RegisterNames>>,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            engine: EngineKind::Native,
            fast_forward: true,
            open: OpenTable::default(),
            timing: None,
            phase: BTreeMap::new(),
            svd: None,
        }
    }
}

impl Scenario {
    /// Runs it with the native engine.
    ///
    /// # Errors
    /// [`ScenarioError`] for anything wrong with the input. Bad firmware is no error but a report.
    pub fn run(&self) -> Result<Report, ScenarioError> {
        self.run_with(&RunOptions::default())
    }

    /// Runs it.
    ///
    /// # Errors
    /// As [`run`](Self::run), and for an engine that is not in this build.
    pub fn run_with(&self, options: &RunOptions) -> Result<Report, ScenarioError> {
        let mut prepared = self.prepare()?;
        apply(&mut prepared, options);
        run_prepared(self, &prepared, options)
    }
}

impl Scenario {
    /// Runs it, and keeps what happened when.
    ///
    /// # Errors
    /// As [`run_with`](Self::run_with).
    pub fn run_recorded(&self, options: &RunOptions) -> Result<(Report, Timeline), ScenarioError> {
        let mut prepared = self.prepare()?;
        apply(&mut prepared, options);
        let mut engine = engine(options.engine).map_err(|e| ScenarioError::new(e.to_string()))?;
        let mut run = Run::new(&prepared, options.fast_forward)?;
        run.machine.record_sleep();
        let (machine, stop) = run.complete(engine.as_mut());
        let report = build(&Ending {
            prepared: &prepared,
            expect: &self.file().expect,
            machine: &machine,
            engine: engine.name(),
            stop,
            svd: options.svd.as_deref(),
        });
        let timeline = Timeline::new(&prepared, &machine, &report);
        Ok((report, timeline))
    }
}

/// Runs what was prepared already: for many runs of one scenario.
///
/// # Errors
/// As [`Scenario::run_with`].
pub fn run_prepared(
    scenario: &Scenario,
    prepared: &Prepared,
    options: &RunOptions,
) -> Result<Report, ScenarioError> {
    let (machine, engine, stop) = execute(prepared, options)?;
    Ok(build(&Ending {
        prepared,
        expect: &scenario.file().expect,
        machine: &machine,
        engine,
        stop,
        svd: options.svd.as_deref(),
    }))
}

/// Runs to the end: the machine as it stands then, the engine's name, and how it ended.
pub(crate) fn execute(
    prepared: &Prepared,
    options: &RunOptions,
) -> Result<(Machine, &'static str, StopReport), ScenarioError> {
    let mut engine = engine(options.engine).map_err(|e| ScenarioError::new(e.to_string()))?;
    let (machine, stop) = execute_with(prepared, options.fast_forward, engine.as_mut())?;
    Ok((machine, engine.name(), stop))
}

/// As [`execute`], with an engine that is there already.
pub(crate) fn execute_with(
    prepared: &Prepared,
    fast_forward: bool,
    engine: &mut dyn Engine,
) -> Result<(Machine, StopReport), ScenarioError> {
    Ok(Run::new(prepared, fast_forward)?.complete(engine))
}

/// Applies what `options` change.
pub fn apply(prepared: &mut Prepared, options: &RunOptions) {
    prepared.open = change_open(prepared.open, &options.open);
    if let Some(timing) = options.timing {
        prepared.timing = timing;
    }
    for wire in &mut prepared.wires {
        let Some(later) = options.phase.get(wire.spec.name()).copied() else {
            continue;
        };
        let Some(start) = wire.spec.start_mut() else {
            continue;
        };
        *start = match *start {
            Start::At(at) => Start::At(at + later),
            Start::Triggered { delay } => Start::Triggered {
                delay: delay + later,
            },
        };
    }
}

/// The instruction budget is looked at this often. A fixed grid in simulated time keeps it deterministic.
const BUDGET_STEP: Picos = Picos::from_millis(250);
/// Nobody knows when a host is done: it is looked at this often.
const HOST_STEP: Picos = Picos::from_millis(1);
/// A wire that should be done by now is looked at again after this long: its receiver may lag by a sample.
const WIRE_STEP: Picos = Picos::from_micros(20);
/// … and so often at most; a receiver that never decides must not hold up the end for ever.
const WIRE_STEPS: u32 = 10_000;

#[derive(Clone)]
pub(crate) struct Run<'a> {
    pub(crate) prepared: &'a Prepared,
    pub(crate) machine: Machine,
    pub(crate) ids: Vec<WireId>,
    /// When each wire started, once it has.
    pub(crate) started: Vec<Option<Picos>>,
    /// Conditions of `until` that have happened.
    pub(crate) reached: Vec<bool>,
    /// Where the last of them did.
    pub(crate) reached_at: Addr,
    pub(crate) code: Option<u32>,
    pub(crate) bkpt: Option<u8>,
    pub(crate) wire_steps: u32,
}

impl<'a> Run<'a> {
    pub(crate) fn new(prepared: &'a Prepared, fast_forward: bool) -> Result<Self, ScenarioError> {
        let (machine, ids) = assemble(prepared, fast_forward)?;
        let at = |start| match start {
            Start::At(at) => Some(at),
            Start::Triggered { .. } => None,
        };
        let started = prepared.wires.iter().map(|w| at(w.spec.start())).collect();
        let mut run = Self {
            prepared,
            machine,
            ids,
            started,
            reached: vec![false; prepared.until.len()],
            reached_at: Addr(0),
            code: None,
            bkpt: None,
            wire_steps: 0,
        };
        run.arm();
        Ok(run)
    }

    /// Runs to the end: the machine as it stands then, and how it ended.
    fn complete(mut self, engine: &mut dyn Engine) -> (Machine, StopReport) {
        let (reason, address) = self.finish(engine);
        let (name, time) = (&self.prepared.name, self.machine.time());
        tracing::info!(scenario = name, reason, %address, %time, "run ended");
        let mut stop = stop_report(&self.machine, &self.prepared.firmware, reason, address);
        (stop.code, stop.bkpt) = (self.code, self.bkpt);
        (self.machine, stop)
    }

    /// Sets the stops that triggers and `until` still need, and no others.
    fn arm(&mut self) {
        let triggers = self
            .prepared
            .wires
            .iter()
            .zip(&self.started)
            .filter(|(_, s)| s.is_none());
        let mut wanted: Vec<Addr> = Vec::new();
        let mut erase = false;
        for (wire, _) in triggers {
            match wire.trigger {
                Trigger::Symbol(addr) => wanted.push(addr),
                Trigger::EraseStart => erase = true,
                Trigger::Clock => {}
            }
        }
        for (until, reached) in self.prepared.until.iter().zip(&self.reached) {
            if let (Until::Symbol(addr, _), false) = (until, reached) {
                wanted.push(*addr);
            }
        }
        for addr in self.all_stops() {
            if wanted.contains(&addr) {
                self.machine.set_stop(addr)
            } else {
                self.machine.clear_stop(addr)
            }
        }
        self.machine.stop_on_erase(erase);
    }

    fn all_stops(&self) -> Vec<Addr> {
        let triggers = self.prepared.wires.iter().filter_map(|w| match w.trigger {
            Trigger::Symbol(addr) => Some(addr),
            _ => None,
        });
        let untils = self.prepared.until.iter().filter_map(|u| match u {
            Until::Symbol(addr, _) => Some(*addr),
            _ => None,
        });
        triggers.chain(untils).collect()
    }

    /// Runs to the end; why and where it ended.
    pub(crate) fn finish(&mut self, engine: &mut dyn Engine) -> (&'static str, Addr) {
        let pc = |machine: &Machine| Addr(machine.cpu().core.pc);
        loop {
            self.see_wires();
            if !self.reached.is_empty() && self.reached.iter().all(|r| *r) {
                return self.settle(engine);
            }
            let now = self.machine.time();
            if now >= self.prepared.max_time {
                return ("time-limit", pc(&self.machine));
            }
            if self.machine.cpu().core.instructions > self.prepared.max_instructions {
                return ("budget", pc(&self.machine));
            }
            let limit = self.next_look(now);
            if let Some(end) = self.step(engine, limit) {
                return end;
            }
        }
    }

    /// The next time at which something has to be looked at.
    pub(crate) fn next_look(&mut self, now: Picos) -> Picos {
        let budget = Picos((now.0 / BUDGET_STEP.0 + 1) * BUDGET_STEP.0);
        let mut limit = self.prepared.max_time.min(budget);
        for (until, reached) in self.prepared.until.iter().zip(&self.reached) {
            let (Until::Wire(index), false) = (until, reached) else {
                continue;
            };
            let Some(started) = self.started[*index] else {
                continue;
            };
            let Some(duration) = self.prepared.wires[*index].spec.duration() else {
                limit = limit.min(Picos((now.0 / HOST_STEP.0 + 1) * HOST_STEP.0));
                continue;
            };
            let done = started + duration;
            if done > now {
                limit = limit.min(done);
            } else if self.wire_steps < WIRE_STEPS {
                self.wire_steps += 1;
                limit = limit.min(now + WIRE_STEP);
            }
        }
        limit
    }

    /// Runs to `limit` or to the next stop. `Some` is the end of the run.
    pub(crate) fn step(
        &mut self,
        engine: &mut dyn Engine,
        limit: Picos,
    ) -> Option<(&'static str, Addr)> {
        match self.machine.run_until(engine, limit) {
            Stop::TimeLimit => None,
            Stop::Breakpoint(addr) => {
                self.arrived(addr);
                self.arm();
                None
            }
            Stop::EraseStarted(_) => {
                self.start(|trigger| *trigger == Trigger::EraseStart);
                self.arm();
                None
            }
            Stop::Bkpt { imm, pc } => {
                self.bkpt = Some(imm);
                Some(("bkpt", pc))
            }
            Stop::SemihostingExit { code } => {
                self.code = Some(code);
                Some(("exit", Addr(self.machine.cpu().core.pc)))
            }
            Stop::Fault { .. } => Some(("fault", self.faulting())),
            Stop::Lockup { pc } => Some(("lockup", pc)),
            Stop::Dead { pc } => Some(("dead", pc)),
            Stop::BootLoader => Some(("boot-loader", Addr(0))),
        }
    }

    /// Where the exception that is being handled came from: the PC in its frame, or the handler if that cannot be read.
    fn faulting(&self) -> Addr {
        const USES_PSP: u32 = 1 << 2;
        const STACKED_PC: u32 = 0x18;
        let core = &self.machine.cpu().core;
        let frame = if core.r[14] & USES_PSP != 0 {
            core.psp()
        } else {
            core.msp()
        };
        let mut word = [0; 4];
        let there = self
            .machine
            .peek(Addr(frame.wrapping_add(STACKED_PC)), &mut word);
        Addr(if there {
            u32::from_le_bytes(word)
        } else {
            core.pc
        })
    }

    fn arrived(&mut self, at: Addr) {
        self.start(|trigger| *trigger == Trigger::Symbol(at));
        for (until, reached) in self.prepared.until.iter().zip(&mut self.reached) {
            if matches!(until, Until::Symbol(addr, _) if *addr == at) {
                *reached = true;
                self.reached_at = at;
            }
        }
    }

    fn start(&mut self, which: impl Fn(&Trigger) -> bool) {
        let now = self.machine.time();
        for (n, wire) in self.prepared.wires.iter().enumerate() {
            if self.started[n].is_none() && which(&wire.trigger) {
                self.machine.start_wire(self.ids[n]);
                let Start::Triggered { delay } = wire.spec.start() else {
                    continue;
                };
                self.started[n] = Some(now + delay);
            }
        }
    }

    pub(crate) fn see_wires(&mut self) {
        for (until, reached) in self.prepared.until.iter().zip(&mut self.reached) {
            if let Until::Wire(index) = until
                && !*reached
                && self.started[*index].is_some()
                && self.machine.wire_done(self.ids[*index])
            {
                *reached = true;
                self.reached_at = Addr(self.machine.cpu().core.pc);
            }
        }
    }

    /// The end was reached; goes on for `after`.
    pub(crate) fn settle(&mut self, engine: &mut dyn Engine) -> (&'static str, Addr) {
        let end = self.machine.time() + self.prepared.after;
        while self.machine.time() < end {
            if let Some(bad) = self.step(engine, end) {
                return bad;
            }
        }
        (
            "until",
            if self.prepared.after == Picos::ZERO {
                self.reached_at
            } else {
                Addr(self.machine.cpu().core.pc)
            },
        )
    }
}

impl Run<'_> {
    /// The same run with another machine in it.
    pub(crate) fn clone_around(&self, machine: Machine) -> Self {
        Self {
            prepared: self.prepared,
            machine,
            ids: self.ids.clone(),
            started: self.started.clone(),
            reached: self.reached.clone(),
            ..*self
        }
    }

    /// The report of a run that has ended so.
    pub(crate) fn report(&self, scenario: &Scenario, reason: &str, address: Addr) -> Report {
        let mut stop = stop_report(&self.machine, &self.prepared.firmware, reason, address);
        (stop.code, stop.bkpt) = (self.code, self.bkpt);
        build(&self.ending(scenario, stop))
    }

    /// As [`report`](Self::report), as far as the verdict needs it.
    pub(crate) fn judged(&self, scenario: &Scenario, reason: &str, address: Addr) -> Report {
        let stop = StopReport {
            reason: reason.to_owned(),
            address: address.to_string(),
            symbol: None,
            sp: String::new(),
            code: self.code,
            bkpt: self.bkpt,
            exception: None,
            fault: None,
            calls: Vec::new(),
        };
        judged(&self.ending(scenario, stop))
    }

    fn ending<'b>(&'b self, scenario: &'b Scenario, stop: StopReport) -> Ending<'b> {
        Ending {
            prepared: self.prepared,
            expect: &scenario.file().expect,
            machine: &self.machine,
            engine: flashstall_mcu::NativeEngine.name(),
            stop,
            svd: None,
        }
    }
}

/// The machine with the firmware in it and the wires at it, powered on at time zero.
fn assemble(
    prepared: &Prepared,
    fast_forward: bool,
) -> Result<(Machine, Vec<WireId>), ScenarioError> {
    let options = prepared.machine_options(fast_forward);
    let fail = |e: String| ScenarioError::new(e);
    let mut machine =
        Machine::new(prepared.chip.clone(), options).map_err(|e| fail(e.to_string()))?;
    // What runs from them is loaded to them.
    for nor in &prepared.nors {
        machine
            .attach_nor(nor.board.clone())
            .map_err(|e| ScenarioError::at(&nor.place, e.to_string()))?;
    }
    for segment in prepared
        .firmware
        .segments
        .iter()
        .filter(|s| !s.bytes.is_empty())
    {
        machine
            .load(segment.load, &segment.bytes)
            .map_err(|e| fail(e.to_string()))?;
    }
    for (at, bytes) in &prepared.patches {
        machine.load(*at, bytes).map_err(|e| fail(e.to_string()))?;
    }
    options::set(&mut machine, &prepared.options)?;
    for (pin, high) in &prepared.pins {
        machine.set_pin(*pin, *high);
    }
    let mut ids = Vec::new();
    for wire in &prepared.wires {
        let id = match &wire.spec {
            WireSpec::Uart(spec) => machine.attach_uart(spec.clone()),
            WireSpec::Host(spec) => machine.attach_host(spec.clone()),
            WireSpec::Pin(spec) => machine.attach_pin(spec.clone()),
            WireSpec::Can(spec) => machine.attach_can(spec.clone()),
            WireSpec::CanHost(spec) => machine.attach_can_host(spec.clone()),
            WireSpec::I2c(spec) => machine.attach_i2c(spec.clone()),
            WireSpec::I2cDevice(spec) => machine.attach_i2c_device(spec),
        };
        ids.push(id.map_err(|e| ScenarioError::at(&wire.place, e.to_string()))?);
    }
    machine.stop_on_fault(prepared.stop_on_fault);
    machine.power_on();
    Ok((machine, ids))
}
