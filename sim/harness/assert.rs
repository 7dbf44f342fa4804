//! Assertions on a report, for tests: each fails with what was measured and the causal chain behind it.
//!
//! ```no_run
//! use flashstall::{DurationExt, Scenario};
//!
//! let report = Scenario::from_path("tests/timing/save.toml")?.run()?;
//! report
//!     .assert_nothing_lost()
//!     .latency("USART1").max_below(10.micros())
//!     .longest_stall().below(1.millis())
//!     .buffer("rx").equals_sent();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! They panic, as assertions do, at the line of the test that calls them. What they look at is in the public fields of [`Report`].

use std::fmt::Write as _;
use std::time::Duration;

use crate::report::{BufferReport, InterruptReport, Report, short, wrapped};

/// Causes that a message shows; the report has all.
const CAUSES_SHOWN: usize = 3;

/// Durations in the words of a test: `10.micros()`.
pub trait DurationExt {
    /// So many nanoseconds.
    fn nanos(self) -> Duration;
    /// So many microseconds.
    fn micros(self) -> Duration;
    /// So many milliseconds.
    fn millis(self) -> Duration;
    /// So many seconds.
    fn seconds(self) -> Duration;
}

impl DurationExt for u64 {
    fn nanos(self) -> Duration {
        Duration::from_nanos(self)
    }

    fn micros(self) -> Duration {
        Duration::from_micros(self)
    }

    fn millis(self) -> Duration {
        Duration::from_millis(self)
    }

    fn seconds(self) -> Duration {
        Duration::from_secs(self)
    }
}

impl Report {
    /// All expectations of the scenario hold.
    ///
    /// # Panics
    /// With the whole report, if one does not or nothing decides.
    #[track_caller]
    pub fn assert_met(&self) -> &Self {
        if !self.is_met() {
            self.fail(&self.to_text());
        }
        self
    }

    /// Every byte, edge and frame of every wire was taken by the firmware, and no DMA ring was lapped unseen.
    ///
    /// # Panics
    /// With the losses of each wire and the chains of the most frequent causes.
    #[track_caller]
    pub fn assert_nothing_lost(&self) -> &Self {
        let mut text = String::new();
        for wire in self.wires.iter().filter(|w| w.lost > 0) {
            let causes: Vec<String> = wire
                .lost_by_cause
                .iter()
                .map(|(cause, n)| format!("{n} {cause}"))
                .collect();
            let causes = causes.join(", ");
            // Writing to a text does not fail.
            let _ = writeln!(
                text,
                "{} of {} lost on `{}` ({causes})",
                wire.lost, wire.sent, wire.name
            );
        }
        for dma in self.dma.iter().filter(|d| d.overwritten > 0) {
            let _ = writeln!(
                text,
                "{} overwritten in the ring of {} channel {} before the firmware looked",
                dma.overwritten, dma.controller, dma.channel
            );
        }
        if !text.is_empty() {
            self.fail(&(text + &self.why()));
        }
        self
    }

    /// How long an interrupt or exception waited for its handler.
    ///
    /// # Panics
    /// If the chip's vector table was never used for one of this name.
    #[track_caller]
    #[must_use = "a latency is asserted with `max_below`"]
    pub fn latency(&self, interrupt: &str) -> Latency<'_> {
        let Some(found) = self.interrupt(interrupt) else {
            let known = self.interrupts.iter().map(|i| i.name.as_str());
            let help = crate::suggest::did_you_mean(interrupt, known.clone())
                .unwrap_or_else(|| format!("one of: {}", known.collect::<Vec<_>>().join(", ")));
            self.fail(&format!("no interrupt `{interrupt}` was requested; {help}"));
        };
        Latency {
            report: self,
            interrupt: found,
        }
    }

    /// The longest time that the core stood still on the flash.
    #[must_use = "a stall is asserted with `below` or `is_none`"]
    pub const fn longest_stall(&self) -> LongestStall<'_> {
        LongestStall { report: self }
    }

    /// A buffer in firmware memory, by its name in the scenario.
    ///
    /// # Panics
    /// If the scenario names no such buffer.
    #[track_caller]
    #[must_use = "a buffer is asserted with `equals_sent` or `equals_delivered`"]
    pub fn buffer(&self, name: &str) -> Buffer<'_> {
        let Some(buffer) = self.find_buffer(name) else {
            let known: Vec<&str> = self.buffers.iter().map(|b| b.name.as_str()).collect();
            self.fail(&format!(
                "the scenario compares no buffer `{name}`; it has: {}",
                known.join(", ")
            ));
        };
        Buffer {
            report: self,
            buffer,
        }
    }

    /// The chains of the most frequent causes.
    fn why(&self) -> String {
        let mut text = String::new();
        for cause in self.causes.iter().take(CAUSES_SHOWN) {
            wrapped(
                &mut text,
                &format!("  {} x {}: ", cause.count, cause.wire),
                &cause.text,
            );
        }
        text
    }

    /// The longest stall, where, and for what.
    fn longest_site(&self) -> Option<String> {
        let site = self
            .stall_sites
            .iter()
            .max_by(|a, b| a.longest_s.total_cmp(&b.longest_s))?;
        let operation = site.operation.as_deref().unwrap_or("an operation");
        Some(format!(
            "  {} stall of {} at {}, {} of {operation}",
            site.kind,
            short(site.longest_s),
            crate::chain::at(&site.place),
            site.accessed,
        ))
    }

    #[track_caller]
    #[expect(clippy::panic, reason = "this is what an assertion is for")]
    fn fail(&self, text: &str) -> ! {
        panic!("scenario {}: {}", self.scenario, text.trim_end());
    }
}

/// See [`Report::latency`].
#[derive(Clone, Copy, Debug)]
pub struct Latency<'a> {
    report: &'a Report,
    interrupt: &'a InterruptReport,
}

impl<'a> Latency<'a> {
    /// The longest time from a request to the first instruction of the handler is below `limit`.
    ///
    /// # Panics
    /// If it is not, or if the handler never ran.
    #[track_caller]
    pub fn max_below(self, limit: Duration) -> &'a Report {
        let name = &self.interrupt.name;
        match self.interrupt.latency_max_s {
            Some(max) if max < limit.as_secs_f64() => {}
            Some(max) => self.report.fail(&format!(
                "{name} waited {} for its handler, at most {} is allowed for\n{}\n{}",
                short(max),
                short(limit.as_secs_f64()),
                self.report.longest_site().unwrap_or_default(),
                self.report.why(),
            )),
            None => self
                .report
                .fail(&format!("{name} was requested and its handler never ran")),
        }
        self.report
    }
}

/// See [`Report::longest_stall`].
#[derive(Clone, Copy, Debug)]
pub struct LongestStall<'a> {
    report: &'a Report,
}

impl<'a> LongestStall<'a> {
    /// How long it was; nothing if there was none.
    #[must_use]
    pub fn get(self) -> Option<Duration> {
        let s = &self.report.stalls;
        [&s.fetch, &s.data, &s.vector, &s.register]
            .into_iter()
            .filter(|s| s.count > 0)
            .map(|s| s.longest_s)
            .max_by(f64::total_cmp)
            .map(Duration::from_secs_f64)
    }

    /// It was shorter than `limit`.
    ///
    /// # Panics
    /// If it was not.
    #[track_caller]
    pub fn below(self, limit: Duration) -> &'a Report {
        if let Some(longest) = self.get().filter(|longest| *longest >= limit) {
            self.report.fail(&format!(
                "the longest stall took {}, at most {} is allowed for\n{}",
                short(longest.as_secs_f64()),
                short(limit.as_secs_f64()),
                self.report.longest_site().unwrap_or_default(),
            ));
        }
        self.report
    }

    /// There was none.
    ///
    /// # Panics
    /// If there was one.
    #[track_caller]
    pub fn is_none(self) -> &'a Report {
        if let Some(longest) = self.get() {
            self.report.fail(&format!(
                "no stall is allowed for, the longest took {}\n{}",
                short(longest.as_secs_f64()),
                self.report.longest_site().unwrap_or_default(),
            ));
        }
        self.report
    }
}

/// See [`Report::buffer`].
#[derive(Clone, Copy, Debug)]
pub struct Buffer<'a> {
    report: &'a Report,
    buffer: &'a BufferReport,
}

impl<'a> Buffer<'a> {
    /// What was measured.
    #[must_use]
    pub const fn get(self) -> &'a BufferReport {
        self.buffer
    }

    /// It holds exactly what was sent.
    ///
    /// # Panics
    /// If it does not.
    #[track_caller]
    pub fn equals_sent(self) -> &'a Report {
        if !self.buffer.equals_sent {
            let text = self.difference("what was sent");
            self.report.fail(&(text + &self.report.why()));
        }
        self.report
    }

    /// It holds exactly what the firmware took off the wire.
    ///
    /// # Panics
    /// If it does not.
    #[track_caller]
    pub fn equals_delivered(self) -> &'a Report {
        if !self.buffer.equals_delivered {
            self.report.fail(&self.difference("what was delivered"));
        }
        self.report
    }

    fn difference(self, from: &str) -> String {
        let b = self.buffer;
        let byte =
            |byte: Option<u8>| byte.map_or_else(|| "nothing".to_owned(), |b| format!("{b:#04x}"));
        let place = b.first_difference.as_ref().map_or_else(String::new, |d| {
            format!(
                "; first at #{}: {} instead of {}",
                d.index,
                byte(d.received),
                byte(d.sent)
            )
        });
        format!(
            "buffer `{}` differs from {from}: {} of {} bytes in it, {} missing{place}\n",
            b.name, b.received, b.sent, b.missing
        )
    }
}
