//! The scenario's own value of what is varied: where making a counterexample simpler goes.

use super::Variation;
use super::axis::{Axis, Kind, Slot};
use super::value::{Value, Values};
use crate::scenario::file::TrafficTable;
use crate::scenario::{Time, WireSpec};

/// Steps halfway towards the own value.
const HALVES: u32 = 16;

/// Simpler values than `value`, the simplest first: the scenario's own, or the end of the axis that is nearest to it; without one the first
/// of the axis. Then ever less of the way there.
pub(super) fn towards(variation: &Variation, axis: &Axis, value: Value) -> Vec<Value> {
    let target = own(variation, axis).map(|own| nearest(&axis.values, own));
    let target = target.unwrap_or_else(|| axis.values.get(0));
    let mut all = vec![target];
    match &axis.values {
        Values::List(list) => {
            let own = target.number();
            let mut nearer: Vec<Value> = list.clone();
            nearer.sort_by_key(|v| v.number().abs_diff(own));
            all.extend(nearer);
        }
        Values::Phases(of) => {
            let step = u32::try_from(value.number()).unwrap_or(0);
            let halves = (1..=HALVES).map(|n| step - (step >> n));
            all.extend(halves.map(|step| Value::Phase { step, of: *of }));
        }
        Values::Steps { unit, .. } | Values::Range { unit, .. } => {
            let (from, to) = (i128::from(target.number()), i128::from(value.number()));
            let halves = (1..=HALVES).map(|n| to - ((to - from) >> n));
            all.extend(
                halves
                    .map(|n| Value::from_number(*unit, i64::try_from(n).unwrap_or(value.number()))),
            );
        }
    }
    // No further away than it is, and not itself.
    let end = all.iter().position(|v| *v == value).unwrap_or(all.len());
    all.truncate(end);
    all.dedup();
    all
}

/// The value of the axis that is nearest to `own`.
fn nearest(values: &Values, own: Value) -> Value {
    match values {
        Values::List(list) => {
            let near = list
                .iter()
                .min_by_key(|v| v.number().abs_diff(own.number()));
            near.copied().unwrap_or(own)
        }
        Values::Steps {
            unit, low, high, ..
        }
        | Values::Range { unit, low, high } => {
            Value::from_number(*unit, own.number().clamp(*low, *high))
        }
        Values::Phases(of) => Value::Phase { step: 0, of: *of },
    }
}

fn number<T: Into<u64>>(n: T) -> Option<Value> {
    Some(Value::Count(n.into()))
}

fn time(time: Option<Time>) -> Option<Value> {
    Some(Value::Time(time.unwrap_or_default()))
}

fn of_traffic(t: &TrafficTable, kind: Kind) -> Option<Value> {
    match kind {
        Kind::Burst => number(t.burst.as_ref()?.value),
        Kind::Dlc => number(t.dlc.as_ref().map_or(8, |d| d.value)),
        Kind::DlcMin => number(t.dlc_min.as_ref().or(t.dlc.as_ref()).map_or(8, |d| d.value)),
        Kind::ExtendedShare => {
            let all = if t.extended == Some(true) { 100 } else { 0 };
            number(t.extended_share.as_ref().map_or(all, |s| s.value))
        }
        Kind::RemoteShare => number(t.remote_share.as_ref().map_or(0, |s| s.value)),
        Kind::Gap => time(t.gap),
        Kind::Jitter => time(t.jitter),
        Kind::Pause => time(t.pause.as_ref().map(|p| p.value)),
        Kind::Period => time(t.period.as_ref().map(|p| p.value)),
        Kind::Seed => number(t.seed.unwrap_or(0)),
        Kind::Count => number(t.count.as_ref().or(t.pulses.as_ref())?.value),
        Kind::Order => number(0_u64),
        _ => None,
    }
}

/// The scenario's own value; `None` if it has none that the axis could have.
fn own(variation: &Variation, axis: &Axis) -> Option<Value> {
    let file = variation.scenario().file();
    let rate = |rate: &crate::scenario::Located<crate::scenario::Rate>| Value::Rate(rate.value);
    if axis.kind == Kind::Phase {
        return Some(Value::Time(Time::default()));
    }
    match axis.slot {
        Slot::Flash => {
            let column = axis.values.get(0);
            let timing = &variation.prepared().timing;
            match (axis.kind, column) {
                (_, Value::Column(_)) => None,
                (Kind::Erase, _) => time(Some(Time(timing.page_erase))),
                _ => time(Some(Time(timing.program))),
            }
        }
        Slot::Starts => number(0_u64),
        Slot::Wire(n) => {
            let table = file.wire.get(n)?;
            match axis.kind {
                Kind::Baud => table.baud.as_ref().map(rate),
                Kind::Bitrate => table.bitrate.as_ref().map(rate),
                Kind::ClockError => Some(Value::Deviation(table.clock_error.unwrap_or_default())),
                Kind::Count => {
                    of_traffic(&table.traffic.value, Kind::Count).or_else(|| sent(variation, n))
                }
                kind => of_traffic(&table.traffic.value, kind),
            }
        }
        Slot::Host(n) => {
            let table = file.host.get(n)?;
            match axis.kind {
                Kind::Baud => table.baud.as_ref().map(rate),
                Kind::Bitrate => table.bitrate.as_ref().map(rate),
                Kind::ClockError => Some(Value::Deviation(table.clock_error.unwrap_or_default())),
                Kind::AnswerTimeout => time(table.answer_timeout.as_ref().map(|t| t.value)),
                Kind::ByteGap => time(table.byte_gap),
                Kind::Latency => time(table.latency),
                Kind::PageGap => time(table.page_gap),
                Kind::Tries => number(table.tries.as_ref()?.value),
                Kind::Count => number(variation.prepared().hosts.get(n)?.image.len() as u64),
                kind => of_traffic(&table.image.value, kind),
            }
        }
    }
}

/// What a wire sends whose table does not count it.
fn sent(variation: &Variation, n: usize) -> Option<Value> {
    match &variation.prepared().wires.get(n)?.spec {
        WireSpec::Uart(wire) => number(wire.bytes.len() as u64),
        WireSpec::Can(wire) => number(wire.frames.len() as u64),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::Scenario;

    #[test]
    fn values_go_to_the_scenarios_own_if_the_axis_has_it_and_never_away_from_it() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let scenario = Scenario::from_path(root.join("scenarios/hawk-midi/before.toml")).unwrap();
        let steps = |axis: &str, from: Value| {
            let variation = Variation::new(&scenario, "axes", &[axis.to_owned()]).unwrap();
            let all = towards(&variation, &variation.axes()[0], from);
            all.iter().map(|v| v.number()).collect::<Vec<i64>>()
        };
        let rate = |rate| Value::Rate(crate::scenario::Rate(rate));
        let from_above = steps("baud=9600..115200", rate(115_200));
        assert_eq!(
            from_above[..2],
            [31_250, 73_225],
            "its own, then half the way"
        );
        assert!(from_above.is_sorted() && from_above.iter().all(|v| *v < 115_200));
        assert_eq!(steps("baud=9600..115200", rate(31_250)), [0_i64; 0]);
        assert_eq!(
            steps("baud=50k..115200", rate(60_000))[0],
            50_000,
            "the nearer end"
        );
        assert_eq!(
            steps("baud=9600,115200,50000", rate(115_200)),
            [50_000, 9_600]
        );
        assert_eq!(
            steps("phase=8", Value::Phase { step: 5, of: 8 })[..2],
            [0, 3]
        );
    }
}
