//! Orders: permutations by number, in lexicographic order, so that 0 is the order of the scenario and small numbers change its end.

use super::super::apply::starts_at;
use super::super::value::{Unit, Value, Values};
use super::Slot;
use super::read::Text;
use crate::scenario::file::{ScenarioFile, WireTable};
use crate::scenario::{Prepared, ScenarioError};

/// Most things that are put into another order: 20! is the last factorial that fits.
const MOST: usize = 20;

/// How many pieces a wire sends that can be put into another order.
pub(super) fn pieces(wire: &WireTable) -> usize {
    let traffic = &wire.traffic.value;
    let commands = traffic.commands.as_ref().map_or(0, |c| c.value.len());
    commands.max(traffic.frames.as_ref().map_or(0, |f| f.value.len()))
}

/// How many wires and hosts start by the clock.
pub(super) fn starts(prepared: &Prepared) -> usize {
    starts_by_clock(prepared).len()
}

/// Wires and hosts that start by the clock, by number.
pub(in crate::vary) fn starts_by_clock(prepared: &Prepared) -> Vec<usize> {
    let all = prepared.wires.iter().enumerate();
    all.filter(|(_, w)| starts_at(w.spec.start()).is_some())
        .map(|(n, _)| n)
        .collect()
}

fn things(slot: Slot, file: &ScenarioFile, prepared: &Prepared) -> usize {
    match slot {
        Slot::Starts => starts(prepared),
        Slot::Wire(n) => file.wire.get(n).map_or(0, pieces),
        Slot::Flash | Slot::Host(_) => 0,
    }
}

/// `n!`, if there are not too many things.
fn orders(n: usize) -> Option<u64> {
    (n <= MOST).then(|| (1..=n as u64).product())
}

/// All orders there are.
pub(super) fn all(
    text: &Text<'_>,
    place: &str,
    slot: Slot,
    file: &ScenarioFile,
    prepared: &Prepared,
) -> Result<Values, ScenarioError> {
    let things = things(slot, file, prepared);
    let Some(count) = orders(things) else {
        let message = format!("{things} things have too many orders: at most {MOST}");
        return Err(text.error(place, message));
    };
    Ok(Values::Steps {
        unit: Unit::Count,
        low: 0,
        high: i64::try_from(count - 1).unwrap_or(i64::MAX),
        count,
    })
}

/// Refuses the number of an order that there is not.
pub(super) fn check(
    text: &Text<'_>,
    values: &Values,
    slot: Slot,
    file: &ScenarioFile,
    prepared: &Prepared,
) -> Result<(), ScenarioError> {
    let things = things(slot, file, prepared);
    let last = orders(things).map_or(i64::MAX, |n| i64::try_from(n - 1).unwrap_or(i64::MAX));
    let highest = values.extremes().into_iter().map(Value::number).max();
    if highest.is_some_and(|n| n > last) || things > MOST {
        let message = format!("{things} things have {} orders", last.saturating_add(1));
        return Err(text
            .error(text.whole, message)
            .help(format!("0 to {last}, or no values for all of them")));
    }
    Ok(())
}

/// Puts `list` into order number `number`; numbers beyond the last one begin again.
pub(in crate::vary) fn permute<T>(list: &mut [T], number: u64) {
    let first = list.len().saturating_sub(MOST);
    let Some(list) = list.get_mut(first..) else {
        return;
    };
    let mut rest = number % orders(list.len()).unwrap_or(1);
    for n in 0..list.len() {
        let behind = orders(list.len() - n - 1).unwrap_or(1);
        let chosen = n + usize::try_from(rest / behind).unwrap_or(0);
        rest %= behind;
        if let Some(part) = list.get_mut(n..=chosen) {
            part.rotate_right(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_through_all_orders_once_from_the_one_there_was() {
        let order = |number| {
            let mut list = [1, 2, 3, 4];
            permute(&mut list, number);
            list
        };
        assert_eq!((order(0), order(1)), ([1, 2, 3, 4], [1, 2, 4, 3]));
        assert_eq!(order(23), [4, 3, 2, 1]);
        let all: Vec<[i32; 4]> = (0..24).map(order).collect();
        assert!(all.is_sorted_by(|a, b| a < b), "lexicographic, none twice");
        permute::<u8>(&mut [], 5);
    }
}
