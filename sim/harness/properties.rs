//! For property tests with [`proptest`](https://docs.rs/proptest): strategies for what a scenario is made of, and laws that hold for every firmware. Feature `proptest`.
//!
//! ```no_run
//! use flashstall::properties::{laws, point};
//! use flashstall::{Scenario, vary::Variation};
//! use proptest::test_runner::TestRunner;
//!
//! let scenario = Scenario::from_path("tests/timing/save.toml")?;
//! let axes = ["baud=9600..115200", "erase=datasheet", "phase"].map(str::to_owned);
//! let variation = Variation::new(&scenario, "axes", &axes)?;
//! let fork = variation.boot()?;
//! let result = TestRunner::default().run(&point(&variation), |point| {
//!     let report = variation.report(&fork, &point).map_err(|e| e.to_string()).expect("it runs");
//!     laws(&report)?;
//!     proptest::prop_assert_eq!(report.wires[0].lost, 0, "{}", variation.describe(&point));
//!     Ok(())
//! });
//! result.expect("nothing is lost");
//! # Ok::<(), flashstall::ScenarioError>(())
//! ```
//!
//! Strategies shrink towards the first value of each axis. Failures that proptest has written down (`proptest-regressions`) are tried first, as in any property test.

use std::ops::RangeInclusive;

use ::proptest::collection::vec;
use ::proptest::prelude::*;
use ::proptest::test_runner::TestCaseError;
use flashstall_mcu::Picos;

use crate::chain::Link;
use crate::report::{LossReport, Report};
use crate::scenario::{Deviation, Rate, Time};
use crate::vary::{Point, Variation};

/// Seconds by which a rounded time may lie beyond its limit: the reports hold floats.
const ROUNDING: f64 = 1e-9;

/// A point of `variation`: one value of each axis.
pub fn point(variation: &Variation) -> BoxedStrategy<Point> {
    let axes = variation.axes().iter().map(|axis| {
        let values = axis.values.clone();
        any::<u64>().prop_map(move |share| values.pick(share))
    });
    axes.collect::<Vec<_>>().boxed()
}

/// A bit rate.
pub fn baud(range: RangeInclusive<u32>) -> impl Strategy<Value = Rate> {
    range.prop_map(Rate)
}

/// A clock error of at most so many parts per million, either way.
pub fn clock_error(ppm: u32) -> impl Strategy<Value = Deviation> {
    let most = i64::from(ppm) * 1_000;
    (-most..=most).prop_map(Deviation)
}

/// A span of time: of an erase, a gap, jitter, a phase.
pub fn time(range: RangeInclusive<Picos>) -> impl Strategy<Value = Time> {
    (range.start().0..=range.end().0).prop_map(|ps| Time(Picos(ps)))
}

/// Up to `most` bytes, at least one.
pub fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 1..=most.max(1))
}

fn law(holds: bool, text: impl FnOnce() -> String) -> Result<(), TestCaseError> {
    if holds {
        Ok(())
    } else {
        Err(TestCaseError::fail(text()))
    }
}

/// What holds of every report, whatever the firmware: each unit is accounted for exactly once, time never runs back, chains are causal.
///
/// # Errors
/// [`TestCaseError`] that names the law. Then flashstall is wrong, not the firmware.
pub fn laws(report: &Report) -> Result<(), TestCaseError> {
    for wire in &report.wires {
        let causes: u64 = wire.lost_by_cause.values().sum();
        law(
            wire.sent == wire.delivered + wire.lost && wire.lost == causes,
            || {
                format!(
                    "wire {}: {} sent are not {} delivered and {causes} lost",
                    wire.name, wire.sent, wire.delivered
                )
            },
        )?;
        let listed = report.losses.iter().filter(|l| l.wire == wire.name);
        let mut units: Vec<u64> = listed.map(|l| l.unit).collect();
        let count = units.len();
        units.sort_unstable();
        units.dedup();
        law(units.len() == count, || {
            format!("wire {}: a unit is lost twice", wire.name)
        })?;
    }
    let listed = report.losses.len() as u64 + report.losses_not_listed;
    let lost: u64 = report.wires.iter().map(|w| w.lost).sum();
    law(listed == lost, || {
        format!("{listed} losses are told of, {lost} counted")
    })?;
    law(report.losses.is_sorted_by(|a, b| a.at_s <= b.at_s), || {
        "losses are not in order of time".to_owned()
    })?;
    let stalls = &report.stalls;
    let held = stalls.fetch.total_s
        + stalls.data.total_s
        + stalls.vector.total_s
        + stalls.register.total_s;
    law(held <= report.time_s + ROUNDING, || {
        format!("held for {held} s of {} s", report.time_s)
    })?;
    report
        .losses
        .iter()
        .try_for_each(|loss| causal(loss, report))
}

/// An effect first, then causes that are not later.
fn causal(loss: &LossReport, report: &Report) -> Result<(), TestCaseError> {
    let name = format!("{} #{}", loss.wire, loss.unit);
    law(loss.at_s <= report.time_s + ROUNDING, || {
        format!("{name} is lost after the end")
    })?;
    law(
        matches!(loss.chain.first(), Some(Link::Lost { .. })),
        || format!("the chain of {name} begins elsewhere"),
    )?;
    for link in &loss.chain {
        let earlier = match link {
            Link::Lost { at_s, .. } => *at_s,
            Link::Pending { since_s, .. } | Link::HandlerRunning { since_s, .. } => *since_s,
            Link::HandlerDidNotRead { last_s, .. } => *last_s,
            _ => continue,
        };
        law(earlier <= loss.at_s + ROUNDING, || {
            format!("a cause of {name} at {} s is from {earlier} s", loss.at_s)
        })?;
        let earlier_unit = !matches!(link, Link::StillHeld { unit, .. } if *unit >= loss.unit);
        law(earlier_unit, || {
            format!("{name} was blocked by a later one")
        })?;
    }
    Ok(())
}
