//! Which built-in part an image was built for.

use std::path::Path;
use std::sync::Arc;

use flashstall_mcu::chip::{Chip, MemoryKind};

use super::Evidence;
use super::trial::trial;
use crate::firmware::Firmware;
use crate::scenario::ScenarioError;

/// A part that the image fits.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The part.
    pub chip: Arc<Chip>,
    /// How well: higher is better, and means nothing else.
    pub score: u32,
    /// Why, in words.
    pub why: String,
    /// Ports that listened when the image ran on it.
    pub ports: Vec<String>,
}

/// It comes up and a port listens: on the wrong family, start-up polls a bit that is not there.
const LISTENS: u32 = 1_000;
/// It runs without a fault.
const RUNS: u32 = 500;
/// A stack that begins at the very end of a memory: linker scripts do that, and the end differs between parts.
const STACK_AT_THE_END: u32 = 300;
/// A table with as many entries as the part has vectors: start-up files of vendors have them all.
const ALL_VECTORS: u32 = 300;
/// A register without a model speaks a little against the part.
const UNMODELLED: u32 = 1;

/// All parts that the image fits, the best first; equal ones by name.
pub(super) fn of(
    elf: &Path,
    firmware: &Firmware,
    evidence: &Evidence,
) -> Result<Vec<Candidate>, ScenarioError> {
    let mut all = Chip::names()
        .filter_map(Chip::builtin)
        .filter(|chip| firmware.check(chip).is_ok())
        .map(|chip| rate(elf, chip, evidence))
        .collect::<Result<Vec<_>, _>>()?;
    all.sort_by(|a, b| {
        b.score
            .cmp(&a.score)
            .then_with(|| a.chip.name.cmp(&b.chip.name))
    });
    Ok(all)
}

fn rate(elf: &Path, chip: Arc<Chip>, evidence: &Evidence) -> Result<Candidate, ScenarioError> {
    let trial = trial(&chip, elf)?;
    let (mut score, mut why) = (0, Vec::new());
    if trial.faulted {
        why.push("it ends in a fault".to_owned());
    } else {
        score += RUNS;
    }
    if trial.ports.is_empty() {
        why.push("no port listens after start-up".to_owned());
    } else {
        score += LISTENS;
        why.push(format!("{} listens after start-up", trial.ports.join(", ")));
    }
    let ends_there = |kind: MemoryKind, base: u32, size: u32| {
        matches!(kind, MemoryKind::Sram | MemoryKind::Ccm)
            && evidence.initial_sp == base.wrapping_add(size)
    };
    if chip
        .memories
        .iter()
        .any(|m| ends_there(m.kind, m.base.0, m.size))
    {
        score += STACK_AT_THE_END;
        why.push("the stack begins at the end of its RAM".to_owned());
    }
    if evidence.vectors == 16 + u32::from(chip.core.irqs) {
        score += ALL_VECTORS;
        why.push("the vector table has as many entries".to_owned());
    }
    score = score.saturating_sub(UNMODELLED * u32::try_from(trial.unmodelled).unwrap_or(u32::MAX));
    Ok(Candidate {
        chip,
        score,
        why: why.join(", "),
        ports: trial.ports,
    })
}
