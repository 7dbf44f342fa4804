//! What holds for every firmware.

use ::proptest::test_runner::TestCaseError;

use crate::chain::Link;
use crate::report::{LossReport, Report};

/// Seconds by which a rounded time may lie beyond its limit: the reports hold floats.
const ROUNDING: f64 = 1e-9;

pub(super) fn law(holds: bool, text: impl FnOnce() -> String) -> Result<(), TestCaseError> {
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
