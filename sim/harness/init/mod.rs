//! `flashstall init`: a first scenario for an ELF. What can be read off the image is filled in; the rest is a question or a default that says
//! that it is one.

mod candidates;
mod evidence;
mod trial;
mod write;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use flashstall_mcu::chip::Chip;

pub use candidates::Candidate;
pub use evidence::Evidence;

use crate::firmware::Firmware;
use crate::scenario::ScenarioError;

/// Parts that are offered if several fit.
const OFFERED: usize = 8;

/// What is known about an image before anything is asked.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Where it is, from the root.
    elf: PathBuf,
    /// The image.
    pub firmware: Arc<Firmware>,
    /// What was read off it.
    pub evidence: Evidence,
    /// Built-in parts that the image fits, the most likely first.
    pub candidates: Vec<Candidate>,
}

impl Survey {
    /// Reads an ELF file, and runs it for a moment on each part that it fits.
    ///
    /// # Errors
    /// It cannot be read, or is no image for a Cortex-M.
    pub fn of(elf: &Path) -> Result<Self, ScenarioError> {
        let firmware = Firmware::from_path(elf).map_err(|e| ScenarioError::new(e.to_string()))?;
        let evidence = Evidence::of(&firmware);
        let elf = std::path::absolute(elf).unwrap_or_else(|_| elf.to_owned());
        let candidates = candidates::of(&elf, &firmware, &evidence)?;
        Ok(Self {
            elf,
            firmware: Arc::new(firmware),
            evidence,
            candidates,
        })
    }

    /// Where the image is, from the root.
    #[must_use]
    pub fn elf(&self) -> &Path {
        &self.elf
    }

    /// The part that fits best, if no other fits as well.
    #[must_use]
    pub fn best(&self) -> Option<&Candidate> {
        match self.candidates.as_slice() {
            [] => None,
            [one] => Some(one),
            [first, second, ..] => (first.score > second.score).then_some(first),
        }
    }

    /// The part called `name`, which the image must fit.
    ///
    /// # Errors
    /// There is no such part, or the image does not fit it.
    pub fn chip(&self, name: &str) -> Result<Arc<Chip>, ScenarioError> {
        let chip = Chip::builtin(name).ok_or_else(|| {
            ScenarioError::new(format!("no chip `{name}`")).suggest(name, Chip::names())
        })?;
        self.firmware
            .check(&chip)
            .map_err(|e| ScenarioError::new(e.to_string()))?;
        Ok(chip)
    }

    /// The part to take if nobody says which.
    ///
    /// # Errors
    /// None fits, or several fit as well as each other; the message names them.
    pub fn only_chip(&self) -> Result<Arc<Chip>, ScenarioError> {
        if let Some(best) = self.best() {
            return Ok(Arc::clone(&best.chip));
        }
        let Some(first) = self.candidates.first() else {
            return Err(ScenarioError::new("the image fits no built-in chip")
                .help("flashstall chips lists them, docs/adding-a-chip.md adds one"));
        };
        let equal: Vec<&str> = self
            .candidates
            .iter()
            .take_while(|c| c.score == first.score)
            .take(OFFERED)
            .map(|c| c.chip.name.as_str())
            .collect();
        Err(
            ScenarioError::new(format!("the image fits {} equally well", equal.join(", ")))
                .help("say which with --chip"),
        )
    }
}

/// What the file should say; see [`scenario`].
#[derive(Clone, Debug)]
pub struct Answers {
    /// The part.
    pub chip: Arc<Chip>,
    /// Ports that receive, with bits a second where they are known.
    pub ports: Vec<(String, Option<u32>)>,
    /// Path of the ELF as the file should name it.
    pub elf: PathBuf,
}

/// The text of a scenario file.
#[must_use]
pub fn scenario(survey: &Survey, answers: &Answers) -> String {
    write::scenario(survey, answers)
}

/// Ports of `chip` that listened when the image ran.
#[must_use]
pub fn ports(survey: &Survey, chip: &Chip) -> Vec<String> {
    let found = survey.candidates.iter().find(|c| c.chip.name == chip.name);
    found.map(|c| c.ports.clone()).unwrap_or_default()
}

/// The usual rate at which a port understands what it is sent; nothing if it understands none.
///
/// # Errors
/// The image does not run.
pub fn rate(survey: &Survey, chip: &Chip, port: &str) -> Result<Option<u32>, ScenarioError> {
    trial::rate(chip, &survey.elf, port)
}

/// Bits a second that are taken for a port if nothing else is known.
#[must_use]
pub fn usual_rate(chip: &Chip, port: &str) -> u32 {
    write::usual_rate(chip, port)
}

/// All ports of `chip` that a wire can go to.
#[must_use]
pub fn all_ports(chip: &Chip) -> Vec<String> {
    chip.peripherals
        .iter()
        .filter(|p| is_port(&p.kind))
        .map(|p| p.name.clone())
        .collect()
}

/// Does a wire go there?
fn is_port(kind: &str) -> bool {
    kind.starts_with("usart") || kind == "bxcan"
}
