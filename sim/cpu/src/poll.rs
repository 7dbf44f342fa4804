//! Fast-forward of poll loops: skips iterations that would all be the same.
//!
//! A loop that reads a status register until a device changes it does nothing else, and what it reads can only
//! change at a known date: the deadline. Two iterations in a row that leave the same registers and flags,
//! take the same cycles, store nothing and see nothing that moves by itself prove that every further one up
//! to the deadline is the same, so time and instruction count can be advanced by whole iterations. Registers that
//! count (`while (BUSY && --n)`) may differ, as long as nothing sees it: see [`counted`](crate::counted).
//!
//! The hot loop only counts taken short backward branches. Now and then this room looks at two iterations, one
//! instruction at a time; the more often it finds nothing, the more rarely it looks.

use crate::counted::{Counters, Steps};
use crate::op::OpKind;
use crate::{Bus, Core, Cpu, Cycles, Exit};

/// Taken backward branches between two looks: at first, and at most.
const FIRST_INTERVAL: u32 = 16;
const LONGEST_INTERVAL: u32 = 4096;
/// Taken backward branches from one success to the next look: programming waits a thousand times, each time in the same loop and not for long.
const AFTER_SUCCESS: u32 = 2;
/// A poll loop has at most this many instructions.
const LONGEST_LOOP: u32 = 64;

/// When to look for a poll loop.
#[derive(Clone, Debug)]
pub(crate) struct PollWatch {
    countdown: u32,
    interval: u32,
}

impl PollWatch {
    pub(crate) const fn new() -> Self {
        Self {
            countdown: FIRST_INTERVAL,
            interval: FIRST_INTERVAL,
        }
    }

    /// A short backward branch was taken. True: time to look.
    #[inline(always)]
    pub(crate) const fn tick(&mut self) -> bool {
        self.countdown = self.countdown.wrapping_sub(1);
        self.countdown == 0
    }

    /// Has [`tick`](Self::tick) said that it is time to look?
    #[inline(always)]
    pub(crate) const fn is_due(&self) -> bool {
        self.countdown == 0
    }

    fn found(&mut self) {
        self.interval = AFTER_SUCCESS;
        self.countdown = self.interval;
    }

    fn missed(&mut self) {
        self.interval = (self.interval * 2).min(LONGEST_INTERVAL);
        self.countdown = self.interval;
    }
}

/// What every further iteration does.
struct Turn {
    cycles: u64,
    instructions: u64,
    /// So many iterations are the same; `u64::MAX`: all.
    room: u64,
    steps: Steps,
}

/// All that an iteration could have changed.
struct Snapshot {
    core: Core,
    side_effects: u64,
    fetch_state: u128,
    volatile_accesses: u64,
    event_register: bool,
    exclusive: bool,
}

impl Snapshot {
    /// The same but for time, instruction count and counters. By how much each counter moved.
    fn steps_from(&self, earlier: &Self) -> Option<Steps> {
        let mut aligned = Core {
            now: self.core.now,
            instructions: self.core.instructions,
            ..earlier.core.clone()
        };
        let mut steps = Steps::default();
        for ((step, now), before) in steps.iter_mut().zip(self.core.r).zip(&mut aligned.r) {
            *step = now.wrapping_sub(*before);
            *before = now;
        }
        let same = aligned == self.core
            && self.side_effects == earlier.side_effects
            && self.fetch_state == earlier.fetch_state
            && self.volatile_accesses == earlier.volatile_accesses
            && self.event_register == earlier.event_register
            && self.exclusive == earlier.exclusive;
        same.then_some(steps)
    }
}

impl Cpu {
    /// The PC stands on the head of a loop. If it is a poll loop, goes to the last iteration that starts before the
    /// deadline and is the same as those before. [`Exit::Dead`] if neither ever comes: the loop can never end.
    #[cold]
    pub(crate) fn watch_poll_loop<B: Bus>(&mut self, bus: &mut B) -> Option<Exit> {
        let turn = if self.config.fast_forward {
            self.poll_turn(bus)
        } else {
            None
        };
        let Some(turn) = turn else {
            self.poll.missed();
            return None;
        };
        self.poll.found();
        if self.deadline == Cycles::NEVER && turn.room == u64::MAX {
            return Some(Exit::Dead);
        }
        let room = self.deadline.0 - self.core.now.0 - 1;
        let iterations = (room / turn.cycles).min(turn.room);
        self.core.now += Cycles(iterations * turn.cycles);
        self.core.instructions += iterations * turn.instructions;
        for (register, step) in self.core.r.iter_mut().zip(turn.steps) {
            *register = register.wrapping_add(step.wrapping_mul(iterations as u32));
        }
        None
    }

    /// Executes two iterations. What each further one does, if they were the same in all respects and the deadline is still to come.
    fn poll_turn<B: Bus>(&mut self, bus: &mut B) -> Option<Turn> {
        let start = self.snapshot(bus);
        self.iterate(bus, start.core.pc, None)?;
        let middle = self.snapshot(bus);
        let steps = middle.steps_from(&start)?;
        let mut counters = Counters::new(steps);
        let counts = steps != Steps::default();
        self.iterate(bus, start.core.pc, counts.then_some(&mut counters))?;
        let end = self.snapshot(bus);
        let length = |from: &Core, to: &Core| {
            (
                to.now.since(from.now).0,
                to.instructions - from.instructions,
            )
        };
        let (first, second) = (
            length(&start.core, &middle.core),
            length(&middle.core, &end.core),
        );
        if end.steps_from(&middle)? != steps || first != second || self.core.now >= self.deadline {
            return None;
        }
        Some(Turn {
            cycles: second.0,
            instructions: second.1,
            room: counters.room(&steps)?,
            steps,
        })
    }

    fn snapshot<B: Bus>(&self, bus: &B) -> Snapshot {
        Snapshot {
            core: self.core.clone(),
            side_effects: bus.side_effects(),
            fetch_state: bus.fetch_state(self.core.now),
            volatile_accesses: self.volatile_accesses,
            event_register: self.event_register,
            exclusive: self.exclusive,
        }
    }

    /// Executes up to the next arrival at `head`, followed by `counters`. `None`: this is no poll loop, or the deadline has come.
    fn iterate<B: Bus>(
        &mut self,
        bus: &mut B,
        head: u32,
        mut counters: Option<&mut Counters>,
    ) -> Option<()> {
        for _ in 0..LONGEST_LOOP {
            let op = *self.code.get(self.core.pc);
            let kind = op.kind;
            let harmless = !kind.is_store()
                && (!kind.is_system()
                    || matches!(kind, OpKind::It | OpKind::Barrier | OpKind::Mrs));
            if !harmless || self.core.now >= self.deadline {
                return None;
            }
            if let Some(counters) = counters.as_deref_mut()
                && self.passes_it(&op)
            {
                counters.follow(&op, &self.core)?;
            }
            if !self.one(bus) {
                return None;
            }
            if self.core.pc == head {
                return Some(());
            }
        }
        None
    }
}
