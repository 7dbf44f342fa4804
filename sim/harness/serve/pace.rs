//! Simulated time against the time on the wall.
//!
//! | pace | simulated time | for |
//! |---|---|---|
//! | `real` | never ahead of the wall clock; behind it if the machine is too slow, which is told | people, and programs with time-outs |
//! | `fast` | as fast as it goes while something from the host is on its way; with nothing on its way a client has a tenth of the time that passes to answer | tests |

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flashstall_mcu::Picos;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::pty::Pty;

/// Idle simulated time goes by so much faster than a client's.
const HURRY: u32 = 10;
/// How long a wait for a client lasts before the stop flag is looked at.
const PATIENCE: Duration = Duration::from_millis(50);

/// How simulated time goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As on the wall.
    Real,
    /// As fast as it goes, but for the answers of the client.
    Fast,
}

/// Holds the machine back.
#[derive(Debug)]
pub(super) struct Pacer {
    pace: Pace,
    stop: Arc<AtomicBool>,
    ptys: Mutex<Vec<Arc<Pty>>>,
    /// When simulated time zero was.
    start: Mutex<Option<Instant>>,
    /// Something from a client is on its way until this simulated time, in picoseconds.
    busy_until: AtomicU64,
    /// Simulated time of the last look.
    last: AtomicU64,
    /// By how many microseconds simulated time was behind at worst.
    behind: AtomicU64,
}

impl Pacer {
    pub(super) fn new(pace: Pace, stop: Arc<AtomicBool>) -> Self {
        Self {
            pace,
            stop,
            ptys: Mutex::default(),
            start: Mutex::default(),
            busy_until: AtomicU64::new(0),
            last: AtomicU64::new(0),
            behind: AtomicU64::new(0),
        }
    }

    pub(super) fn watch(&self, pty: Arc<Pty>) {
        if let Ok(mut ptys) = self.ptys.lock() {
            ptys.push(pty);
        }
    }

    fn ptys(&self) -> Vec<Arc<Pty>> {
        self.ptys.lock().map(|p| p.clone()).unwrap_or_default()
    }

    /// A client's bytes keep a line busy until then.
    pub(super) fn busy(&self, until: Picos) {
        self.busy_until.fetch_max(until.0, Ordering::Relaxed);
    }

    /// Nothing from any client is on its way.
    pub(super) fn is_quiet(&self, now: Picos) -> bool {
        now.0 > self.busy_until.load(Ordering::Relaxed)
    }

    /// A client was there, and none is.
    pub(super) fn is_left(&self) -> bool {
        let ptys = self.ptys();
        ptys.iter().any(|p| p.clients() > 0) && !ptys.iter().any(|p| p.is_open())
    }

    /// Returns when a client has come, or somebody wants the end.
    pub(super) fn wait_for_client(&self) {
        while !self.stop.load(Ordering::Relaxed) && !self.ptys().iter().any(|p| p.is_open()) {
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// The machine has come to `now`: waits as the pace wants it.
    pub(super) fn hold(&self, now: Picos) {
        let last = self.last.swap(now.0, Ordering::Relaxed);
        let passed = Duration::from_nanos(now.0.saturating_sub(last) / 1_000);
        match self.pace {
            Pace::Real => self.follow_the_clock(now),
            Pace::Fast if self.is_quiet(now) => self.give_a_chance(passed / HURRY),
            Pace::Fast => {}
        }
    }

    fn follow_the_clock(&self, now: Picos) {
        let Ok(mut start) = self.start.lock() else {
            return;
        };
        let start = *start.get_or_insert_with(Instant::now);
        let due = Duration::from_nanos(now.0 / 1_000);
        let wall = start.elapsed();
        match due.checked_sub(wall) {
            Some(early) => std::thread::sleep(early.min(PATIENCE)),
            None => {
                let late = (wall - due).as_micros().min(u64::MAX.into()) as u64;
                self.behind.fetch_max(late, Ordering::Relaxed);
            }
        }
    }

    /// Waits for at most `time`, or until a client has sent something.
    fn give_a_chance(&self, time: Duration) {
        let open: Vec<Arc<Pty>> = self.ptys().into_iter().filter(|p| p.is_open()).collect();
        if open.is_empty() {
            std::thread::sleep(time);
            return;
        }
        let mut fds: Vec<PollFd<'_>> = open
            .iter()
            .map(|p| PollFd::new(p.master(), PollFlags::IN))
            .collect();
        let time = Timespec {
            tv_sec: 0,
            tv_nsec: time.subsec_nanos().into(),
        };
        // An interrupted wait is a shorter one.
        let _ = poll(&mut fds, Some(&time));
    }

    /// What to say of it.
    pub(super) fn note(&self) -> Option<String> {
        const WORTH_TELLING: u64 = 20_000;
        let behind = self.behind.load(Ordering::Relaxed);
        (behind > WORTH_TELLING).then(|| {
            format!(
                "simulated time was up to {} ms behind the clock on the wall",
                behind / 1_000
            )
        })
    }
}
