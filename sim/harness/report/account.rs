//! The books: what was sent, what became of it, what reached the firmware's memory.

use std::collections::BTreeMap;

use flashstall_mcu::log::{Fate, Unit, WireLog};
use flashstall_mcu::{Machine, Picos};

use super::model::{BufferReport, DifferenceReport, WireReport};
use super::names::cause_name;
use crate::memory;
use crate::scenario::Buffer;

/// Is the unit's fate known, so that it counts as sent? What a filter dropped was for others.
pub(crate) fn is_settled(unit: &Unit) -> bool {
    !matches!(unit.fate, Fate::InFlight | Fate::Filtered)
}

/// Was it lost?
pub(crate) fn is_lost(unit: &Unit) -> bool {
    is_settled(unit) && unit.fate != Fate::Delivered
}

/// Counts one wire: each settled unit exactly once.
pub(super) fn wire(log: &WireLog) -> WireReport {
    let mut lost_by_cause = BTreeMap::new();
    let mut report = WireReport {
        name: log.name.clone(),
        kind: log.kind.to_owned(),
        sent: 0,
        delivered: 0,
        lost: 0,
        lost_by_cause: BTreeMap::new(),
        filtered: log
            .units
            .iter()
            .filter(|u| u.fate == Fate::Filtered)
            .count() as u64,
        i2c: None,
        margin_s: margin(log).map(|m| m.as_secs_f64()),
    };
    for unit in log.units.iter().filter(|u| is_settled(u)) {
        report.sent += 1;
        if is_lost(unit) {
            report.lost += 1;
            *lost_by_cause
                .entry(cause_name(unit.fate).to_owned())
                .or_insert(0) += 1;
        } else {
            report.delivered += 1;
        }
    }
    report.lost_by_cause = lost_by_cause;
    debug_assert_eq!(
        report.sent,
        report.delivered + report.lost_by_cause.values().sum::<u64>()
    );
    report
}

/// The least time from the taking of a unit to the arrival of the next. Where one was lost to another that was still there it is
/// zero. A CAN FIFO holds three, and an I2C slave makes the host wait, so that says nothing there.
fn margin(log: &WireLog) -> Option<Picos> {
    if matches!(log.kind, "can" | "i2c") {
        return None;
    }
    let pairs = log.units.windows(2).filter_map(|pair| {
        let [first, second] = pair else { return None };
        let next = second.arrived?;
        match (first.fate, second.fate) {
            (_, Fate::Overrun | Fate::Merged) | (Fate::Overwritten, _) => Some(Picos::ZERO),
            (Fate::Delivered, _) => Some(Picos(next.0.saturating_sub(first.settled.0))),
            _ => None,
        }
    });
    pairs.min()
}

/// Compares a buffer in memory with its wire.
pub(super) fn buffer(buffer: &Buffer, machine: &Machine, wire: &WireLog) -> BufferReport {
    let received = content(buffer, machine);
    let settled = || {
        let units = wire.units.iter().enumerate();
        units.filter(|(_, u)| is_settled(u))
    };
    // A frame's bytes are beside its unit; a uart's unit is its byte.
    let bytes = |n: usize, value: u32| match wire.frames.get(n) {
        Some(frame) => frame.bytes().to_vec(),
        None => vec![value as u8],
    };
    let sent: Vec<u8> = settled().flat_map(|(n, u)| bytes(n, u.value)).collect();
    let delivered: Vec<u8> = settled()
        .filter(|(_, u)| !is_lost(u))
        .flat_map(|(n, u)| bytes(n, u.received.unwrap_or(u.value)))
        .collect();
    // In order, each sent byte can be found once: the rest is missing.
    let mut next = received.iter().peekable();
    let found = sent
        .iter()
        .filter(|byte| next.next_if_eq(byte).is_some())
        .count();
    let index = sent.iter().zip(&received).position(|(a, b)| a != b);
    let first_difference = match index {
        None if sent.len() == received.len() => None,
        _ => {
            let index = index.unwrap_or(sent.len().min(received.len()));
            Some(DifferenceReport {
                index: index as u64,
                sent: sent.get(index).copied(),
                received: received.get(index).copied(),
            })
        }
    };
    BufferReport {
        name: buffer.name.clone(),
        wire: wire.name.clone(),
        received: received.len() as u64,
        sent: sent.len() as u64,
        equals_sent: received == sent,
        equals_delivered: received == delivered,
        missing: (sent.len() - found) as u64,
        first_difference,
    }
}

fn content(buffer: &Buffer, machine: &Machine) -> Vec<u8> {
    let length = match buffer.length {
        None => buffer.capacity,
        Some((address, size)) => {
            let read = memory::bytes(machine, address, size.min(4));
            read.iter()
                .rev()
                .fold(0, |value, byte| value << 8 | u32::from(*byte))
        }
    };
    memory::bytes(machine, buffer.address, length.min(buffer.capacity))
}
