//! A run against a baseline: what has become worse, what better, what cannot be compared.

use std::str::FromStr;

use flashstall_mcu::Picos;

use super::baseline::{Baseline, Entry};
use super::{Gate, Outcome, remarks::remarks};
use crate::scenario::QuantityError;

/// What a host comes to that has done its work: see [`HOST_OUTCOMES`](crate::report::HOST_OUTCOMES).
const COMPLETE: &str = "complete";

/// How much worse a time may become. Losses may not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance {
    /// In parts per million of what it was.
    pub share: Share,
    /// … and no growth up to this is one, however large its share.
    pub floor: Picos,
}

/// A share, written as `5%`, at least 0 and at most 1000 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// In parts per million.
    pub ppm: u64,
}

impl FromStr for Share {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let wrong = || {
            QuantityError(format!(
                "`{text}` is no share from 0% to 1000%, for example \"5%\""
            ))
        };
        let number = text.trim().strip_suffix('%').ok_or_else(wrong)?;
        let percent: f64 = number.trim().parse().map_err(|_| wrong())?;
        if !(0.0..=1000.0).contains(&percent) {
            return Err(wrong());
        }
        Ok(Self {
            ppm: (percent * 10_000.0).round() as u64,
        })
    }
}

/// One quantity that has changed by more than the tolerance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which quantity.
    pub what: Quantity,
    /// What it was.
    pub before: String,
    /// What it is.
    pub now: String,
    /// It has become worse; otherwise better.
    pub worse: bool,
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Units lost on this wire.
    Lost(String),
    /// Least time left on this wire before an overrun.
    Margin(String),
    /// Longest wait of this interrupt.
    Latency(String),
    /// Longest stall of this kind.
    Stall(&'static str),
    /// Ticks of SysTick that were merged.
    Ticks,
    /// Bytes that are not in this buffer.
    Missing(String),
    /// Units of the ring of this DMA channel that were overwritten unseen.
    Overwritten(String),
    /// How this host fared.
    Host(String),
}

impl std::fmt::Display for Quantity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lost(wire) => write!(f, "{wire}: lost"),
            Self::Margin(wire) => write!(f, "{wire}: margin to an overrun"),
            Self::Latency(interrupt) => write!(f, "{interrupt}: worst latency"),
            Self::Stall(kind) => write!(f, "longest {kind} stall"),
            Self::Ticks => f.write_str("ticks lost"),
            Self::Missing(buffer) => write!(f, "buffer {buffer}: missing"),
            Self::Overwritten(channel) => write!(f, "{channel}: overwritten unseen"),
            Self::Host(host) => write!(f, "host {host}"),
        }
    }
}

/// All scenarios of a run against a baseline.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// Changes of each scenario, in the order of the run.
    pub changes: Vec<Vec<Change>>,
    /// Scenarios whose firmware was built anew: path, digest before, digest now.
    pub rebuilt: Vec<(String, String, String)>,
    /// Scenarios that the baseline does not have.
    pub new: Vec<String>,
    /// Scenarios of the baseline that did not run.
    pub missing: Vec<String>,
    /// What makes a comparison say less than it seems to, a sentence each.
    pub remarks: Vec<String>,
}

impl Comparison {
    /// Each change with the scenario that it is of.
    pub fn rows<'a>(&'a self, gate: &'a Gate) -> impl Iterator<Item = (&'a Outcome, &'a Change)> {
        let both = gate.outcomes.iter().zip(&self.changes);
        both.flat_map(|(outcome, changes)| changes.iter().map(move |c| (outcome, c)))
    }

    /// What is worth knowing beside the changes, a line each.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let rebuilt = self.rebuilt.iter().map(|(path, before, now)| {
            format!("another build of the firmware: {path} ({before} before, {now} now)")
        });
        let new = self.new.iter().map(|p| format!("not in the baseline: {p}"));
        let missing = self
            .missing
            .iter()
            .map(|p| format!("in the baseline, not run: {p}"));
        let remarks = self.remarks.iter().cloned();
        rebuilt.chain(new).chain(missing).chain(remarks).collect()
    }
}

/// Holds `run` against `baseline`.
#[must_use]
pub fn compare(baseline: &Baseline, run: &[Entry], tolerance: Tolerance) -> Comparison {
    let mut comparison = Comparison::default();
    for now in run {
        let Some(before) = baseline.entry(&now.path, &now.scenario) else {
            comparison.new.push(shown(now));
            comparison.changes.push(Vec::new());
            continue;
        };
        if before.firmware.fnv1a != now.firmware.fnv1a {
            comparison.rebuilt.push((
                shown(now),
                before.firmware.fnv1a.clone(),
                now.firmware.fnv1a.clone(),
            ));
        }
        comparison.changes.push(changes(before, now, tolerance));
        comparison.remarks.extend(remarks(before, now));
    }
    let gone = baseline
        .scenarios
        .iter()
        .filter(|e| run.iter().all(|r| r.key() != e.key()));
    comparison.missing = gone.map(shown).collect();
    comparison
}

/// The path, and the name where it says more.
pub(super) fn shown(entry: &Entry) -> String {
    match entry.scenario.split_once(':') {
        Some((_, variant)) => format!("{} ({variant})", entry.path),
        None => entry.path.clone(),
    }
}

pub(super) fn changes(before: &Entry, now: &Entry, tolerance: Tolerance) -> Vec<Change> {
    let mut list = List {
        tolerance,
        changes: Vec::new(),
    };
    for wire in &now.wires {
        let was = before.wires.iter().find(|w| w.name == wire.name);
        // A wire that is new had lost nothing yet.
        let lost = was.map_or(0, |w| w.lost);
        list.count(Quantity::Lost(wire.name.clone()), lost, wire.lost);
        if let (Some(was), Some(is)) = (was.and_then(|w| w.margin_s), wire.margin_s) {
            list.time(Quantity::Margin(wire.name.clone()), was, is, Better::More);
        }
    }
    list.count(Quantity::Ticks, before.ticks_lost, now.ticks_lost);
    for interrupt in &now.interrupts {
        let was = before.interrupts.iter().find(|i| i.name == interrupt.name);
        if let Some(was) = was {
            let what = Quantity::Latency(interrupt.name.clone());
            list.time(
                what,
                was.latency_max_s,
                interrupt.latency_max_s,
                Better::Less,
            );
        }
    }
    let (was, is) = (before.stalls, now.stalls);
    for (kind, was, is) in [
        ("fetch", was.fetch_s, is.fetch_s),
        ("data", was.data_s, is.data_s),
        ("vector", was.vector_s, is.vector_s),
        ("register", was.register_s, is.register_s),
    ] {
        list.time(Quantity::Stall(kind), was, is, Better::Less);
    }
    for buffer in &now.buffers {
        let was = before.buffers.iter().find(|b| b.name == buffer.name);
        let what = Quantity::Missing(buffer.name.clone());
        list.count(what, was.map_or(0, |b| b.missing), buffer.missing);
    }
    for channel in &now.dma {
        let was = before.dma.iter().find(|c| c.name == channel.name);
        let what = Quantity::Overwritten(channel.name.clone());
        list.count(what, was.map_or(0, |c| c.overwritten), channel.overwritten);
    }
    for host in &now.hosts {
        let was = before.hosts.iter().find(|h| h.name == host.name);
        if let Some(was) = was.filter(|was| was.outcome != host.outcome) {
            list.changes.push(Change {
                what: Quantity::Host(host.name.clone()),
                before: was.outcome.clone(),
                now: host.outcome.clone(),
                worse: was.outcome == COMPLETE,
            });
        }
    }
    list.changes
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Better {
    More,
    Less,
}

struct List {
    tolerance: Tolerance,
    changes: Vec<Change>,
}

impl List {
    fn count(&mut self, what: Quantity, before: u64, now: u64) {
        if before != now {
            self.changes.push(Change {
                what,
                before: before.to_string(),
                now: now.to_string(),
                worse: now > before,
            });
        }
    }

    fn time(&mut self, what: Quantity, before: f64, now: f64, better: Better) {
        let (was, is) = (picos(before), picos(now));
        let far = |from: Picos, to: Picos| {
            let by = to.0.saturating_sub(from.0);
            let allowed = u128::from(was.0) * u128::from(self.tolerance.share.ppm);
            by > self.tolerance.floor.0 && u128::from(by) * 1_000_000 > allowed
        };
        let (grown, shrunk) = (far(was, is), far(is, was));
        if grown || shrunk {
            self.changes.push(Change {
                what,
                before: was.to_string(),
                now: format!("{is}{}", percent(was, is)),
                worse: grown == (better == Better::Less),
            });
        }
    }
}

fn picos(s: f64) -> Picos {
    Picos((s.max(0.0) * 1e12).round() as u64)
}

/// ` (+12.5 %)`; nothing where there was nothing, or where the share says less than the times.
fn percent(was: Picos, is: Picos) -> String {
    if was == Picos::ZERO {
        return String::new();
    }
    let share = (is.0 as f64 - was.0 as f64) / was.0 as f64 * 100.0;
    if share.abs() >= 1000.0 {
        return String::new();
    }
    format!(" ({share:+.1} %)")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// One of everything.
    pub fn entry() -> Entry {
        let json = r#"{"path": "s.toml", "scenario": "s", "chip": "c", "firmware": {"elf": "e", "fnv1a": "0"},
            "verdict": "met", "ticks_lost": 0,
            "wires": [{"name": "midi", "sent": 640, "lost": 3, "lost_units": "7-9", "margin_s": null}],
            "stalls": {"fetch_s": 0, "data_s": 0, "vector_s": 0, "register_s": 0},
            "interrupts": [{"name": "USART1", "latency_max_s": 1e-6}],
            "buffers": [{"name": "rx", "missing": 0}], "dma": [{"name": "DMA1 5", "overwritten": 0}],
            "hosts": [{"name": "pc", "outcome": "complete"}]}"#;
        serde_json::from_str(json).unwrap()
    }

    fn list(share: &str, floor: u64) -> List {
        List {
            tolerance: Tolerance {
                share: share.parse().unwrap(),
                floor: Picos(floor),
            },
            changes: Vec::new(),
        }
    }

    fn worse(share: &str, floor: u64, before: f64, now: f64, better: Better) -> Option<bool> {
        let mut list = list(share, floor);
        list.time(Quantity::Ticks, before, now, better);
        list.changes.first().map(|c| c.worse)
    }

    #[test]
    fn a_time_may_grow_by_its_share_and_no_more() {
        let by = |now| worse("5%", 0, 100e-6, now, Better::Less);
        assert_eq!(by(105e-6), None);
        assert_eq!(by(105.001e-6), Some(true));
        assert_eq!(by(95e-6), None);
        assert_eq!(by(94e-6), Some(false));
        // Of a margin more is better.
        assert_eq!(worse("5%", 0, 100e-6, 94e-6, Better::More), Some(true));
        assert_eq!(worse("5%", 0, 100e-6, 106e-6, Better::More), Some(false));
    }

    #[test]
    fn growth_below_the_floor_is_none() {
        assert_eq!(worse("5%", 1_000_000, 0.2e-6, 1.2e-6, Better::Less), None);
        assert_eq!(
            worse("5%", 1_000_000, 0.2e-6, 1.3e-6, Better::Less),
            Some(true)
        );
        // From nothing, every growth is more than any share.
        assert_eq!(
            worse("1000%", 1_000_000, 0.0, 2e-6, Better::Less),
            Some(true)
        );
    }

    #[test]
    fn losses_have_no_tolerance() {
        let mut list = list("1000%", u64::MAX);
        list.count(Quantity::Ticks, 61, 62);
        list.count(Quantity::Ticks, 61, 60);
        list.count(Quantity::Ticks, 61, 61);
        let worse: Vec<_> = list.changes.iter().map(|c| c.worse).collect();
        assert_eq!(worse, [true, false]);
    }

    pub const NO_TOLERANCE: Tolerance = Tolerance {
        share: Share { ppm: 0 },
        floor: Picos::ZERO,
    };

    #[test]
    fn what_is_lost_behind_the_wire_is_lost() {
        let (before, mut now) = (entry(), entry());
        assert_eq!(changes(&before, &now, NO_TOLERANCE), []);
        now.buffers[0].missing = 2;
        now.dma[0].overwritten = 5;
        now.hosts[0].outcome = "gave-up".to_owned();
        let told = |before: &Entry, now: &Entry| -> Vec<(String, bool)> {
            let all = changes(before, now, NO_TOLERANCE).into_iter();
            all.map(|c| (format!("{}: {} {}", c.what, c.before, c.now), c.worse))
                .collect()
        };
        let expected = |worse: bool, rows: [&str; 3]| rows.map(|r| (r.to_owned(), worse));
        let worse = [
            "buffer rx: missing: 0 2",
            "DMA1 5: overwritten unseen: 0 5",
            "host pc: complete gave-up",
        ];
        assert_eq!(told(&before, &now), expected(true, worse));
        let better = [
            "buffer rx: missing: 2 0",
            "DMA1 5: overwritten unseen: 5 0",
            "host pc: gave-up complete",
        ];
        assert_eq!(told(&now, &before), expected(false, better));
    }

    #[test]
    fn shares_are_percent() {
        assert_eq!("5%".parse::<Share>().unwrap().ppm, 50_000);
        assert_eq!("0.1 %".parse::<Share>().unwrap().ppm, 1_000);
        for wrong in ["5", "-1%", "NaN%", "1001%", "%", ""] {
            assert!(wrong.parse::<Share>().is_err(), "{wrong}");
        }
    }
}
