//! What an image does on a part: it runs for a moment, and every port is sent one character.
//!
//! Constants in the image would be weaker evidence: compilers reach a register from the nearest address they have in a register, so most
//! base addresses do not occur.

use std::path::Path;

use flashstall_mcu::chip::{Chip, PeripheralSpec};

use super::is_port;
use crate::report::Report;
use crate::run::RunOptions;
use crate::scenario::{Scenario, ScenarioError};

/// When the character is sent: start-up code is through by then.
const AT_MS: u32 = 300;
/// An image on the wrong part may poll for ever.
const MOST_INSTRUCTIONS: u64 = 30_000_000;
/// What is tried, in bits a second; the usual ones first.
const UART_RATES: [u32; 14] = [
    115_200, 9_600, 19_200, 38_400, 57_600, 230_400, 31_250, 460_800, 500_000, 921_600, 1_000_000,
    2_400, 4_800, 1_200,
];
const CAN_RATES: [u32; 8] = [
    500_000, 250_000, 125_000, 1_000_000, 800_000, 100_000, 50_000, 20_000,
];

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trial {
    /// It ended in a fault or a lock-up.
    pub(super) faulted: bool,
    /// Registers without a model that it touched.
    pub(super) unmodelled: usize,
    /// Ports that listened.
    pub(super) ports: Vec<String>,
}

/// Runs `elf` on `chip`.
pub(super) fn trial(chip: &Chip, elf: &Path) -> Result<Trial, ScenarioError> {
    let ports: Vec<(&PeripheralSpec, u32)> = chip
        .peripherals
        .iter()
        .filter(|p| is_port(&p.kind))
        .map(|p| (p, rates(&p.kind)[0]))
        .collect();
    let report = run(chip, elf, &ports)?;
    Ok(Trial {
        faulted: report.stop.fault.is_some() || report.stop.reason == "lockup",
        unmodelled: report.unmodelled.len(),
        ports: ports
            .iter()
            .map(|(p, _)| p.name.clone())
            .filter(|name| listened(&report, name))
            .collect(),
    })
}

/// At which of the usual rates a port that listens understands what it is sent.
pub(super) fn rate(chip: &Chip, elf: &Path, port: &str) -> Result<Option<u32>, ScenarioError> {
    let Some(port) = chip.peripherals.iter().find(|p| p.name == port) else {
        return Ok(None);
    };
    for rate in rates(&port.kind) {
        let report = run(chip, elf, &[(port, *rate)])?;
        let differs = |f: &crate::report::FindingReport| f.rule == "uart-baud-mismatch";
        if listened(&report, &port.name) && !report.findings.iter().any(differs) {
            return Ok(Some(*rate));
        }
    }
    Ok(None)
}

fn rates(kind: &str) -> &'static [u32] {
    if kind == "bxcan" {
        &CAN_RATES
    } else {
        &UART_RATES
    }
}

/// Did the port take part in what was sent to it, understood or not?
fn listened(report: &Report, port: &str) -> bool {
    report.wire(port).is_some_and(|wire| {
        wire.sent + wire.filtered > 0
            && !wire.lost_by_cause.contains_key("not-listening")
            && !wire.lost_by_cause.contains_key("not-acknowledged")
            && !wire.lost_by_cause.contains_key("bit-rate")
    })
}

fn run(chip: &Chip, elf: &Path, ports: &[(&PeripheralSpec, u32)]) -> Result<Report, ScenarioError> {
    let mut text = format!(
        "schema = \"flashstall-scenario/1\"\nchip = \"{}\"\nfirmware = {{ elf = {} }}\n\
         board = {{ hse = \"8MHz\", lse = \"32768Hz\" }}\n\
         flash = {{ timing = \"max\" }}\n\
         run = {{ max-time = \"{}ms\", max-instructions = {MOST_INSTRUCTIONS} }}\n",
        chip.name,
        toml::Value::from(elf.to_string_lossy().as_ref()),
        AT_MS + 20,
    );
    for (port, rate) in ports {
        let name = &port.name;
        text += &if port.kind == "bxcan" {
            format!(
                "[[wire]]\nname = \"{name}\"\nkind = \"can\"\nport = \"{name}\"\nbitrate = {rate}\nretransmit = false\n\
                 at = \"{AT_MS}ms\"\ntraffic = {{ frames = [{{ id = 0, data = \"00\" }}] }}\n"
            )
        } else {
            format!(
                "[[wire]]\nname = \"{name}\"\nkind = \"uart\"\nport = \"{name}\"\nbaud = {rate}\nat = \"{AT_MS}ms\"\n\
                 traffic = {{ hex = \"55\" }}\n"
            )
        };
    }
    let mut all = Scenario::from_toml(&text, Path::new("trial"), Path::new(""))?;
    match all.pop() {
        Some(scenario) => scenario.run_with(&RunOptions::default()),
        None => Err(ScenarioError::new("there is nothing to run")),
    }
}
