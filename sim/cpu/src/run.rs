//! The core as a whole, and the loop that runs it.
//!
//! One instruction goes through five stations: the *boundary* (events, exceptions, limit: only when the
//! deadline has come), the *fetch* (only when the window does not hold it), the *look-up* of the decoded
//! op (decoded on demand), the *IT condition*, and the *execution*, which adds the cost. [`Cpu::run`]
//! does the common case in one loop ([`exec`](crate::exec)) and everything else here, one
//! instruction at a time; [`Cpu::step`] does all of it one at a time. Both go through the same functions, so their
//! cycles are the same by construction.

use crate::fpu::Fpu;
use crate::op::OpKind;
use crate::poll::PollWatch;
use crate::sleep::Sleep;
use crate::{
    Abort, Addr, Bus, CodeCache, Core, CostTable, CpuConfig, Cycles, Dwt, Executor, Fault, Hold,
    HoldKind, Nvic, Op, Scb, SysTick,
};

/// Why [`Cpu::run`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The cycle limit was reached.
    Limit,
    /// The instruction at a stop address ([`CodeCache::set_stop`]) is about to execute.
    Stop(u32),
    /// A BKPT with this immediate, at this address, is about to execute. A debugger would have halted here;
    /// to go on, move [`Core::pc`] past it.
    Bkpt {
        /// Immediate of the instruction.
        imm: u8,
        /// Its address.
        pc: u32,
    },
    /// A system reset was asked for, by a device or by AIRCR.
    Reset,
    /// Locked up: a fault where no handler could be entered (B1.5.15). Only a reset ends it.
    Lockup,
    /// Asleep (or in a loop that nothing can end), with nothing scheduled that could ever change that.
    Dead,
}

/// An ARMv7-M core.
#[derive(Clone)]
pub struct Cpu {
    /// Registers, flags, cycle counter.
    pub core: Core,
    /// Decoded instructions.
    pub code: CodeCache,
    /// Interrupt controller.
    pub nvic: Nvic,
    /// System control block.
    pub scb: Scb,
    /// System timer.
    pub systick: SysTick,
    /// Cycle counter unit.
    pub dwt: Dwt,
    /// What is fixed.
    pub config: CpuConfig,
    /// The FPU's part in exceptions.
    pub(crate) fpu: Fpu,
    /// Cycles per instruction class.
    pub(crate) cost: CostTable,
    /// The loop leaves its fast path at this cycle.
    pub(crate) deadline: Cycles,
    /// Where the current [`run`](Self::run) ends; part of [`next_deadline`](Self::next_deadline).
    pub(crate) limit: Cycles,
    /// Asleep, and why.
    pub(crate) sleeping: Sleep,
    /// The event register of WFE and SEV.
    pub(crate) event_register: bool,
    /// Locked up.
    pub(crate) lockup: bool,
    /// What the run loop returns at the next boundary.
    pub(crate) pending_exit: Option<Exit>,
    /// The local exclusive monitor is in its exclusive state. It tags no address, as on M3 and M4.
    pub(crate) exclusive: bool,
    /// The stop at this address has been reported; the instruction there executes next.
    passing_stop: Option<u32>,
    /// Cycles that [`data_read`](Self::data_read) and [`data_write`](Self::data_write) add for each transfer of a
    /// multiple load or store that an [`Executor`] does.
    pub(crate) beat: Cycles,
    /// Accesses to core registers after which a poll loop is not the same any more.
    pub(crate) volatile_accesses: u64,
    /// Looks for poll loops.
    pub(crate) poll: PollWatch,
}

/// What an instruction boundary came to.
pub(crate) enum Boundary {
    /// An instruction can execute.
    Go,
    /// An exception was entered, or sleep was jumped over: look again.
    Moved,
    /// Back to the caller.
    Exit(Exit),
}

impl Cpu {
    /// A core before its first reset.
    #[must_use]
    pub fn new(config: CpuConfig) -> Self {
        Self {
            core: Core::new(),
            code: CodeCache::new(config.extensions()),
            nvic: Nvic::new(&config),
            fpu: Fpu::new(&config),
            scb: Scb::new(&config),
            systick: SysTick::new(&config),
            dwt: Dwt::new(),
            cost: CostTable::for_model(config.model),
            deadline: Cycles::ZERO,
            limit: Cycles::NEVER,
            sleeping: Sleep::default(),
            event_register: false,
            lockup: false,
            pending_exit: None,
            exclusive: false,
            passing_stop: None,
            beat: Cycles::ZERO,
            volatile_accesses: 0,
            poll: PollWatch::new(),
            config,
        }
    }

    /// Takes a reset: everything the architecture resets (B1.5.5), then SP and PC from the table at address 0.
    ///
    /// The cycle and instruction counters go on, the cycle counter unit is a debug resource and keeps its
    /// state, decoded code and stop addresses stay.
    pub fn reset<B: Bus>(&mut self, bus: &mut B) {
        self.core = Core {
            now: self.core.now,
            instructions: self.core.instructions,
            ..Core::new()
        };
        self.core.r[14] = 0xFFFF_FFFF;
        self.nvic = Nvic::new(&self.config);
        self.scb = Scb::new(&self.config);
        self.fpu = Fpu::new(&self.config);
        self.systick = SysTick::new(&self.config);
        self.sleeping = Sleep::default();
        self.event_register = false;
        self.lockup = false;
        self.pending_exit = None;
        self.exclusive = false;
        self.passing_stop = None;
        self.deadline = Cycles::ZERO;
        self.limit = Cycles::NEVER;
        let (Some(sp), Some(pc)) = (self.reset_vector(bus, 0), self.reset_vector(bus, 4)) else {
            // B1.5.5 and B1.5.15: a fault in reset's vector fetch locks the core up.
            self.lockup = true;
            return;
        };
        self.core.r[13] = sp & !3;
        self.core.pc = pc & !1;
        self.core.thumb = pc & 1 != 0;
    }

    fn reset_vector<B: Bus>(&mut self, bus: &mut B, addr: u32) -> Option<u32> {
        loop {
            match bus.vector(&mut self.core, addr) {
                Ok(word) => return Some(word),
                Err(Abort::Held { until }) => {
                    // Not through `hold`: nothing of the core runs yet that could be interrupted.
                    let start = self.core.now;
                    self.core.now = until.max(Cycles(start.0 + 1));
                    bus.run_events(&mut self.core);
                    let (kind, pc, end) = (HoldKind::Vector, Addr(addr), self.core.now);
                    let hold = Hold {
                        kind,
                        addr: Addr(addr),
                        pc,
                        active: 0,
                        entering: Some(1),
                        start,
                        end,
                    };
                    bus.held(&self.core, &hold);
                }
                Err(Abort::Fault(_)) => return None,
            }
        }
    }

    /// Runs until something of [`Exit`] happens, at the latest at the first instruction boundary at or after
    /// `limit`.
    pub fn run<B: Bus>(&mut self, bus: &mut B, limit: Cycles) -> Exit {
        self.begin_run(bus, limit);
        loop {
            match self.boundary(bus) {
                Boundary::Go => {}
                Boundary::Moved => continue,
                Boundary::Exit(exit) => return exit,
            }
            if self.core.now >= self.deadline || self.is_special() {
                self.one(bus);
            } else {
                self.hot(bus);
                if self.poll.is_due()
                    && let Some(exit) = self.watch_poll_loop(bus)
                {
                    return exit;
                }
            }
        }
    }

    /// Does exactly one thing: one instruction, one exception entry, or one jump over sleep. The same cycles as
    /// [`run`](Self::run).
    pub fn step<B: Bus>(&mut self, bus: &mut B) -> Option<Exit> {
        self.begin_run(bus, Cycles::NEVER);
        match self.boundary(bus) {
            Boundary::Go => _ = self.one(bus),
            Boundary::Moved => {}
            Boundary::Exit(exit) => return Some(exit),
        }
        self.exit_before_next()
    }

    /// As [`run`](Self::run), with `executor` doing what instructions do to registers and memory.
    pub fn run_with<B: Bus, E: Executor<B>>(
        &mut self,
        bus: &mut B,
        limit: Cycles,
        executor: &mut E,
    ) -> Exit {
        self.begin_run(bus, limit);
        loop {
            match self.boundary(bus) {
                Boundary::Go => self.one_with(bus, executor),
                Boundary::Moved => {}
                Boundary::Exit(exit) => return exit,
            }
        }
    }

    /// As [`step`](Self::step), with `executor` doing what the instruction does to registers and memory.
    pub fn step_with<B: Bus, E: Executor<B>>(
        &mut self,
        bus: &mut B,
        executor: &mut E,
    ) -> Option<Exit> {
        self.begin_run(bus, Cycles::NEVER);
        match self.boundary(bus) {
            Boundary::Go => self.one_with(bus, executor),
            Boundary::Moved => {}
            Boundary::Exit(exit) => return Some(exit),
        }
        self.exit_before_next()
    }

    /// Does the core sleep, waiting for an interrupt or an event?
    #[must_use]
    pub fn is_asleep(&self) -> bool {
        self.sleeping != Sleep::Awake
    }

    fn begin_run<B: Bus>(&mut self, bus: &mut B, limit: Cycles) {
        self.limit = limit;
        // The caller may have changed anything: memory, lines, registers. Look at all of it first.
        self.deadline = Cycles::ZERO;
        if bus.code_changed() {
            self.drain_code_changes(bus);
        }
    }

    /// A stop or a BKPT that `one` ran into executes nothing: `step` reports it at once.
    fn exit_before_next(&mut self) -> Option<Exit> {
        self.pending_exit.take()
    }

    /// States in which the hot loop must not be entered.
    fn is_special(&self) -> bool {
        self.core.ici != 0 || self.passing_stop.is_some()
    }

    /// Everything that can happen between two instructions.
    fn boundary<B: Bus>(&mut self, bus: &mut B) -> Boundary {
        if bus.reset_requested() {
            return Boundary::Exit(Exit::Reset);
        }
        if let Some(exit) = self.pending_exit.take() {
            return Boundary::Exit(exit);
        }
        if self.lockup {
            return Boundary::Exit(Exit::Lockup);
        }
        if self.sleeping != Sleep::Awake {
            return self.sleep(bus);
        }
        if self.core.now >= self.deadline {
            self.service_events(bus);
            if bus.reset_requested() {
                return Boundary::Exit(Exit::Reset);
            }
            if self.core.now >= self.limit {
                return Boundary::Exit(Exit::Limit);
            }
            if self.take_exception(bus) {
                return Boundary::Moved;
            }
        }
        if !self.core.thumb {
            self.raise(bus, Fault::InvState);
            return Boundary::Moved;
        }
        Boundary::Go
    }

    /// Asleep: lets events happen, one date at a time, until one of them wakes the core.
    #[cold]
    fn sleep<B: Bus>(&mut self, bus: &mut B) -> Boundary {
        self.service_events(bus);
        if bus.reset_requested() {
            return Boundary::Exit(Exit::Reset);
        }
        if self.core.now >= self.limit {
            return Boundary::Exit(Exit::Limit);
        }
        if self.wake_if_due() {
            self.deadline = Cycles::ZERO;
            return Boundary::Moved;
        }
        let next = self.next_deadline(bus);
        if next == Cycles::NEVER {
            return Boundary::Exit(Exit::Dead);
        }
        let from = self.core.now;
        self.core.now = next.max(from + Cycles(1));
        bus.slept(from, self.core.now);
        Boundary::Moved
    }

    /// One instruction, through the same stations as in the hot loop, whatever state the core is in.
    /// False if it did not complete.
    pub(crate) fn one<B: Bus>(&mut self, bus: &mut B) -> bool {
        match self.prepare(bus) {
            Some(op) => self.issue(bus, op),
            None => false,
        }
    }

    fn one_with<B: Bus, E: Executor<B>>(&mut self, bus: &mut B, executor: &mut E) {
        if let Some(op) = self.prepare(bus) {
            self.issue_with(bus, op, executor);
        }
    }

    /// Fetches and looks up the instruction at the PC. `None`: something else happened, see the boundary.
    fn prepare<B: Bus>(&mut self, bus: &mut B) -> Option<Op> {
        let pc = self.core.pc;
        if self.code.stops().contains(&pc) && self.passing_stop != Some(pc) {
            // Before the fetch, so that stopping here costs nothing.
            self.passing_stop = Some(pc);
            self.pending_exit = Some(Exit::Stop(pc));
            return None;
        }
        let mut op = self.fetch(bus)?;
        if op.kind == OpKind::Stop {
            op = self.code.decode_at(bus, &self.cost, pc);
        }
        self.passing_stop = None;
        if self.core.ici != 0 && !op.kind.is_multiple() {
            // ARMv7-M B1.4.2: a continuation state that does not fit the instruction.
            self.core.ici = 0;
            self.raise(bus, Fault::InvState);
            return None;
        }
        Some(op)
    }

    /// The earliest cycle at which anything outside the instruction stream happens, the caller's limit
    /// included.
    #[inline]
    pub(crate) fn next_deadline<B: Bus>(&self, bus: &B) -> Cycles {
        self.next_event(bus).min(self.limit)
    }

    /// The earliest cycle at which a device or SysTick has something to do.
    #[inline]
    pub(crate) fn next_event<B: Bus>(&self, bus: &B) -> Cycles {
        bus.next_event()
            .min(self.systick.next_expiry(self.core.now))
    }

    /// Forgets what was decoded in memory that something else than the core has changed.
    #[cold]
    pub(crate) fn drain_code_changes<B: Bus>(&mut self, bus: &mut B) {
        for (lo, hi) in bus.take_code_changes() {
            self.code.invalidate(lo, hi);
        }
    }
}
