//! What hosts came to, and whether their images are where they should be.

use flashstall_cpu::Addr;
use flashstall_mcu::Machine;
use flashstall_mcu::wire::{PeerOutcome, WireId};

use super::model::{HostReport, StoredReport};
use crate::memory;
use crate::scenario::{Prepared, PreparedHost};

/// All hosts of a run that is over. Wires are attached in the order in which they were prepared, so an index is an id.
pub(super) fn hosts(prepared: &Prepared, machine: &Machine) -> Vec<HostReport> {
    let one = |host: &PreparedHost| {
        let account = machine.host(WireId(host.wire))?;
        let name = prepared.wires.get(host.wire)?.spec.name();
        let duration = account.begun.zip(account.ended).map(|(from, to)| to - from);
        Some(HostReport {
            name: name.to_owned(),
            protocol: host.protocol.to_owned(),
            outcome: outcome_name(account.outcome).to_owned(),
            why: account.why,
            begun_s: account.begun.map(|t| t.as_secs_f64()),
            duration_s: duration.map(|t| t.as_secs_f64()),
            image_bytes: host.image.len() as u64,
            pages: account.pages.into(),
            resends: account.resends.into(),
            time_outs: account.time_outs.into(),
            answers: account.answers.into(),
            ignored: account.ignored.into(),
            stored: host.stored_at.map(|at| stored(at, &host.image, machine)),
        })
    };
    prepared.hosts.iter().filter_map(one).collect()
}

const fn outcome_name(outcome: PeerOutcome) -> &'static str {
    match outcome {
        PeerOutcome::Running => "running",
        PeerOutcome::Complete => "complete",
        PeerOutcome::Refused => "refused",
        PeerOutcome::GaveUp => "gave-up",
    }
}

fn stored(at: Addr, image: &[u8], machine: &Machine) -> StoredReport {
    let there = memory::bytes(machine, at, image.len() as u32);
    let differs = |(_, (a, b)): &(usize, (&u8, &u8))| a != b;
    let mut different = image.iter().zip(&there).enumerate().filter(differs);
    let first = different.next().map(|(offset, _)| offset as u64);
    let count = u64::from(first.is_some()) + different.count() as u64;
    StoredReport {
        address: at.to_string(),
        equal: count == 0,
        different: count,
        first_difference: first,
    }
}
