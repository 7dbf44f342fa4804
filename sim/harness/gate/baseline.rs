//! What scenarios came to on the main branch, small enough to commit: what [`compare`](super::compare) holds a run against.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::report::{FirmwareReport, Report, StallsReport, Verdict};
use crate::scenario::{Scenario, ScenarioError};

use super::Sources;

/// Value of [`Baseline::schema`].
pub const BASELINE_SCHEMA: &str = "flashstall-baseline/1";

/// What scenarios came to. Times are seconds of simulated time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "flashstall baseline")]
pub struct Baseline {
    /// Always `flashstall-baseline/1`.
    pub schema: String,
    /// One for each scenario, in the order in which they ran.
    pub scenarios: Vec<Entry>,
}

/// What one scenario came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The scenario's file, relative to the folder in which flashstall was called.
    pub path: String,
    /// Its name, with that of the variant.
    pub scenario: String,
    /// The chip.
    pub chip: String,
    /// The firmware.
    pub firmware: FirmwareReport,
    /// The verdict.
    pub verdict: Verdict,
    /// Ticks of SysTick that were merged.
    pub ticks_lost: u64,
    /// Wires, in the order of the scenario.
    pub wires: Vec<WireEntry>,
    /// Stalls by kind.
    pub stalls: StallEntry,
    /// Interrupts that were taken, by number.
    pub interrupts: Vec<InterruptEntry>,
    /// Buffers in the firmware's memory.
    pub buffers: Vec<BufferEntry>,
    /// DMA channels that moved anything.
    pub dma: Vec<DmaEntry>,
    /// Hosts, in the order of the scenario.
    pub hosts: Vec<HostEntry>,
}

/// One wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WireEntry {
    /// Its name.
    pub name: String,
    /// What was sent and complete.
    pub sent: u64,
    /// What did not arrive of it.
    pub lost: u64,
    /// Which, by number from 0: `251-310, 345`. Null where nothing was lost, and where the report does not list all of it.
    pub lost_units: Option<String>,
    /// The least time that was left to take something before the next would have overrun it; null where that means nothing.
    pub margin_s: Option<f64>,
}

/// The longest stall of each kind.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StallEntry {
    /// Instruction fetches.
    pub fetch_s: f64,
    /// Data reads, and writes to the array.
    pub data_s: f64,
    /// Vector fetches.
    pub vector_s: f64,
    /// Writes to flash registers.
    pub register_s: f64,
}

/// One interrupt or exception.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InterruptEntry {
    /// Its name.
    pub name: String,
    /// The longest time from request to the first instruction of the handler.
    pub latency_max_s: f64,
}

/// One buffer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BufferEntry {
    /// Its name.
    pub name: String,
    /// Bytes that were sent and are not in it.
    pub missing: u64,
}

/// One DMA channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DmaEntry {
    /// Controller and channel, as in `DMA1 5`.
    pub name: String,
    /// Units of its ring that were overwritten before firmware looked.
    pub overwritten: u64,
}

/// One host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostEntry {
    /// Its name.
    pub name: String,
    /// How it fared: `complete`, `refused`, `gave-up`, `running`.
    pub outcome: String,
}

impl Entry {
    /// What of `report` is held against a later run.
    #[must_use]
    pub fn new(path: String, report: &Report) -> Self {
        Self {
            path,
            scenario: report.scenario.clone(),
            chip: report.chip.clone(),
            firmware: report.firmware.clone(),
            verdict: report.verdict,
            ticks_lost: report.ticks_lost,
            wires: report
                .wires
                .iter()
                .map(|w| WireEntry {
                    name: w.name.clone(),
                    sent: w.sent,
                    lost: w.lost,
                    lost_units: lost_units(report, &w.name),
                    margin_s: w.margin_s,
                })
                .collect(),
            stalls: report.stalls.into(),
            interrupts: report
                .interrupts
                .iter()
                .filter_map(|i| {
                    Some(InterruptEntry {
                        name: i.name.clone(),
                        latency_max_s: i.latency_max_s?,
                    })
                })
                .collect(),
            buffers: report
                .buffers
                .iter()
                .map(|b| BufferEntry {
                    name: b.name.clone(),
                    missing: b.missing,
                })
                .collect(),
            dma: report
                .dma
                .iter()
                .map(|d| DmaEntry {
                    name: format!("{} {}", d.controller, d.channel),
                    overwritten: d.overwritten,
                })
                .collect(),
            hosts: report
                .hosts
                .iter()
                .map(|h| HostEntry {
                    name: h.name.clone(),
                    outcome: h.outcome.clone(),
                })
                .collect(),
        }
    }
}

/// The numbers of what `wire` lost, if the report lists all of them.
fn lost_units(report: &Report, wire: &str) -> Option<String> {
    if report.losses_not_listed > 0 {
        return None;
    }
    let of_wire = report.losses.iter().filter(|l| l.wire == wire);
    let mut units: Vec<u64> = of_wire.map(|l| l.unit).collect();
    units.sort_unstable();
    (!units.is_empty()).then(|| ranges(&units))
}

/// `3-5, 9` of 3, 4, 5, 9.
fn ranges(sorted: &[u64]) -> String {
    let runs = sorted.chunk_by(|a, b| a.checked_add(1) == Some(*b));
    let texts: Vec<String> = runs
        .filter_map(|run| match run {
            [] => None,
            [one] => Some(one.to_string()),
            [first, .., last] => Some(format!("{first}-{last}")),
        })
        .collect();
    texts.join(", ")
}

impl From<StallsReport> for StallEntry {
    fn from(stalls: StallsReport) -> Self {
        Self {
            fetch_s: stalls.fetch.longest_s,
            data_s: stalls.data.longest_s,
            vector_s: stalls.vector.longest_s,
            register_s: stalls.register.longest_s,
        }
    }
}

impl Baseline {
    /// Of what ran. `reports` belong to `scenarios` by their order.
    #[must_use]
    pub fn new(scenarios: &[Scenario], reports: &[Report], sources: &Sources) -> Self {
        let both = scenarios.iter().zip(reports);
        Self {
            schema: BASELINE_SCHEMA.to_owned(),
            scenarios: both
                .map(|(s, r)| Entry::new(sources.scenario(s), r))
                .collect(),
        }
    }

    /// Reads one.
    ///
    /// # Errors
    /// [`ScenarioError`] if `text`, which came from `name`, is no baseline, or one that this version does not read.
    pub fn from_json(name: &str, text: &str) -> Result<Self, ScenarioError> {
        #[derive(Deserialize)]
        struct Head {
            schema: Option<String>,
        }
        let fail = |message: String| {
            ScenarioError::new(format!("`{name}` {message}"))
                .help("`flashstall baseline SCENARIOS -o FILE` writes one")
        };
        let head: Head =
            serde_json::from_str(text).map_err(|e| fail(format!("is not a baseline: {e}")))?;
        match head.schema.as_deref() {
            Some(BASELINE_SCHEMA) => {}
            Some(other) => {
                return Err(fail(format!(
                    "is of schema `{other}`, this version reads `{BASELINE_SCHEMA}`"
                )));
            }
            None => return Err(fail("is not a baseline: it has no `schema`".to_owned())),
        }
        let read: Self =
            serde_json::from_str(text).map_err(|e| fail(format!("is not a baseline: {e}")))?;
        let mut keys: Vec<_> = read.scenarios.iter().map(Entry::key).collect();
        keys.sort_unstable();
        match keys.windows(2).find(|w| w[0] == w[1]) {
            Some(twice) => Err(fail(format!("has `{}` twice", twice[0].0))),
            None => Ok(read),
        }
    }

    /// As JSON, indented, with a newline at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).unwrap_or_default();
        json.push('\n');
        json
    }

    /// Checks that a comparison with `scenarios` makes sense, before any of them runs: the same scenario on another chip, or of
    /// another firmware, is another thing. A firmware that was built anew is what a baseline is for.
    ///
    /// # Errors
    /// [`ScenarioError`] for the first that does not fit, and if it has none of them: a gate that compares nothing would always be open.
    pub fn fits(&self, scenarios: &[Scenario], sources: &Sources) -> Result<(), ScenarioError> {
        let mut any = false;
        for scenario in scenarios {
            let path = sources.scenario(scenario);
            let Some(entry) = self.entry(&path, scenario.name()) else {
                continue;
            };
            any = true;
            let ready = scenario.prepare()?;
            for (what, before, now) in [
                ("chip", &entry.chip, &ready.chip.name),
                ("firmware", &entry.firmware.elf, &ready.firmware_name),
            ] {
                if before != now {
                    let message = format!(
                        "the baseline of `{path}` is of {what} `{before}`, the scenario has `{now}`"
                    );
                    return Err(ScenarioError::new(message)
                        .help("write the baseline again if that change is meant"));
                }
            }
        }
        if any {
            return Ok(());
        }
        let has = self.scenarios.first().map_or_else(
            || "nothing".to_owned(),
            |e| match self.scenarios.len() {
                1 => format!("`{}`", e.path),
                n => format!("`{}` and {} more", e.path, n - 1),
            },
        );
        let first = scenarios.first().map(|s| sources.scenario(s));
        Err(ScenarioError::new(format!(
            "the baseline has none of these scenarios: it has {has}, not `{}`",
            first.unwrap_or_default()
        ))
        .help("paths are relative to the folder in which flashstall is called; write the baseline again there"))
    }

    /// What it has of a scenario.
    #[must_use]
    pub fn entry(&self, path: &str, scenario: &str) -> Option<&Entry> {
        self.scenarios.iter().find(|e| e.key() == (path, scenario))
    }
}

impl Entry {
    /// What makes it this one.
    #[must_use]
    pub fn key(&self) -> (&str, &str) {
        (&self.path, &self.scenario)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_what_was_lost_are_written_as_ranges() {
        assert_eq!(ranges(&[3, 4, 5, 9]), "3-5, 9");
        assert_eq!(ranges(&[0, u64::MAX]), format!("0, {}", u64::MAX));
        assert_eq!(ranges(&[7, 8]), "7-8");
    }

    #[test]
    fn what_is_no_baseline_is_said_to_be_none() {
        let why = |text: &str| Baseline::from_json("b.json", text).unwrap_err().to_string();
        assert!(why("nonsense").contains("`b.json` is not a baseline"));
        assert!(why("{}").contains("it has no `schema`"));
        let other = why(r#"{"schema": "flashstall-baseline/2", "future": 1}"#);
        assert!(other.contains("is of schema `flashstall-baseline/2`, this version reads"));
        assert!(why(r#"{"schema": "flashstall-report/1"}"#).contains("`flashstall-report/1`"));
        let unknown = why(r#"{"schema": "flashstall-baseline/1", "scenarios": [], "x": 1}"#);
        assert!(unknown.contains("unknown field `x`"));
        let empty = r#"{"schema": "flashstall-baseline/1", "scenarios": []}"#;
        assert!(Baseline::from_json("b.json", empty).is_ok());
    }
}
