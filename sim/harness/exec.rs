//! Runs an ELF without a scenario: `flashstall exec`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use flashstall_cpu::Addr;
use flashstall_mcu::chip::Chip;
use flashstall_mcu::{Hertz, Picos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::firmware::{Firmware, Symbol};
use crate::report::{
    StallsReport, StopReport, UnmodelledReport, seconds, stall_totals, unmodelled,
};
use crate::run::{RunOptions, execute};
use crate::scenario::file::{FlashTable, OpenTable, OptionTable};
use crate::scenario::{Prepared, ScenarioError, Until, chip_file, open, timing};
use crate::{exit, memory};

/// Value of [`ExecReport::schema`].
pub const EXEC_SCHEMA: &str = "flashstall-exec/1";

/// What to run and how far.
#[derive(Clone, Debug)]
pub struct ExecOptions {
    /// Name of a built-in chip, or path of a chip file (with a `.` or a `/` in it).
    pub chip: String,
    /// Stop when execution arrives here.
    pub until: Option<String>,
    /// Stop at the latest now.
    pub max_time: Picos,
    /// Variables to read at the end: `NAME` or `NAME:WORDS`.
    pub read: Vec<String>,
    /// The high-speed crystal.
    pub hse: Option<Hertz>,
    /// The low-speed crystal.
    pub lse: Option<Hertz>,
    /// Flash timings.
    pub flash: FlashTable,
    /// Let the firmware's fault handlers run, instead of stopping at the first fault.
    pub handle_faults: bool,
    /// Engine and fast-forward.
    pub run: RunOptions,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "flashstall exec")]
pub struct ExecReport {
    /// Always `flashstall-exec/1`.
    pub schema: String,
    /// `native` or `unicorn`.
    pub engine: String,
    /// The chip.
    pub chip: String,
    /// Where and why it stopped: `until`, `bkpt`, `exit`, `fault` (its handler was about to run, was running at the time
    /// limit, or the core locked up),
    /// `dead`, `time-limit` or `budget`.
    pub stop: StopReport,
    /// Simulated time in seconds.
    pub time_s: f64,
    /// Cycles of the core.
    pub cycles: u64,
    /// Instructions completed.
    pub instructions: u64,
    /// The words asked for, by the names asked with.
    pub read: BTreeMap<String, Vec<u32>>,
    /// Stalls by kind.
    pub stalls: StallsReport,
    /// Registers without a model.
    pub unmodelled: Vec<UnmodelledReport>,
    /// What the firmware printed by semihosting.
    pub output: String,
}

/// Most words of one `read`.
const MAX_WORDS: u32 = 1 << 20;

/// Runs `elf`.
///
/// # Errors
/// [`ScenarioError`] for a bad ELF, chip or symbol. Bad firmware is no error but a report.
pub fn exec(elf: &Path, options: &ExecOptions) -> Result<ExecReport, ScenarioError> {
    let mut prepared = prepare(elf, &options.chip)?;
    let firmware = Arc::clone(&prepared.firmware);
    prepared.hse = options.hse;
    prepared.lse = options.lse;
    prepared.timing = timing(&prepared.chip, &options.flash)?;
    prepared.max_time = options.max_time;
    prepared.stop_on_fault = !options.handle_faults;
    if let Some(name) = &options.until {
        prepared
            .until
            .push(Until::Symbol(find(&firmware, name)?.address, name.clone()));
    }
    let wanted: Vec<(String, Addr, u32)> = options
        .read
        .iter()
        .map(|text| read_request(&firmware, text))
        .collect::<Result<_, _>>()?;
    let (machine, engine, mut stop) = execute(&prepared, &options.run)?;
    let faulted = matches!(machine.cpu().core.exception, 3..=6);
    if stop.reason == "lockup" || stop.reason == "time-limit" && faulted {
        stop.reason = "fault".to_owned();
    }
    Ok(ExecReport {
        schema: EXEC_SCHEMA.to_owned(),
        engine: engine.to_owned(),
        chip: prepared.chip.name.clone(),
        time_s: machine.time().as_secs_f64(),
        cycles: machine.cpu().core.now.0,
        instructions: machine.cpu().core.instructions,
        read: wanted
            .into_iter()
            .map(|(name, addr, count)| (name, memory::words(&machine, addr, count)))
            .collect(),
        stalls: stall_totals(machine.log()),
        unmodelled: unmodelled(
            machine.log(),
            &prepared.firmware,
            options.run.svd.as_deref(),
        ),
        output: machine.log().output.clone(),
        stop,
    })
}

/// A built-in chip by name, or a chip file.
///
/// # Errors
/// [`ScenarioError`] if there is no such chip, or with the place in the file.
pub fn find_chip(name: &str) -> Result<Arc<Chip>, ScenarioError> {
    if name.contains(['.', '/']) {
        return chip_file(Path::new(name));
    }
    Chip::builtin(name).ok_or_else(|| {
        ScenarioError::new(format!("no chip `{name}`")).suggest(&name.to_lowercase(), Chip::names())
    })
}

/// `elf` on `chip`, with an 8 MHz crystal, the slowest flash, and nothing connected.
pub(crate) fn prepare(elf: &Path, chip: &str) -> Result<Prepared, ScenarioError> {
    let bad = |e: crate::firmware::ElfError| {
        let cause = std::error::Error::source(&e)
            .map(|c| format!(": {c}"))
            .unwrap_or_default();
        ScenarioError::new(format!("`{}`: {e}{cause}", elf.display()))
    };
    let chip = find_chip(chip)?;
    let firmware = Firmware::from_path(elf).map_err(bad)?;
    firmware.check(&chip).map_err(bad)?;
    Ok(Prepared {
        name: elf.display().to_string(),
        firmware: Arc::new(firmware),
        firmware_name: elf.display().to_string(),
        hse: Some(Hertz::new(8_000_000)),
        lse: None,
        timing: timing(&chip, &FlashTable::default())?,
        options: OptionTable::default(),
        open: open(&chip, &OpenTable::default()),
        pins: Vec::new(),
        patches: Vec::new(),
        wires: Vec::new(),
        hosts: Vec::new(),
        nors: Vec::new(),
        buffers: Vec::new(),
        max_time: Picos::SECOND,
        until: Vec::new(),
        after: Picos::ZERO,
        stop_on_fault: false,
        max_instructions: crate::scenario::DEFAULT_MAX_INSTRUCTIONS,
        memory: Vec::new(),
        chip,
    })
}

fn find<'a>(firmware: &'a Firmware, name: &str) -> Result<&'a Symbol, ScenarioError> {
    firmware.symbols.find(name).map_err(|e| {
        let error = ScenarioError::new(e.to_string());
        match e {
            crate::firmware::SymbolError::Unknown {
                similar: Some(s), ..
            } => error.help(format!("did you mean `{s}`?")),
            _ => error,
        }
    })
}

/// `NAME`: as many words as the variable has, at least one. `NAME:WORDS`: so many.
fn read_request(firmware: &Firmware, text: &str) -> Result<(String, Addr, u32), ScenarioError> {
    let (name, words) = match text.rsplit_once(':') {
        // A demangled name holds `::`; only a number behind a single colon is a count.
        Some((name, count))
            if !name.ends_with(':') && count.starts_with(|c: char| c.is_ascii_digit()) =>
        {
            let count: u32 = count
                .parse()
                .ok()
                .filter(|n| (1..=MAX_WORDS).contains(n))
                .ok_or_else(|| {
                    ScenarioError::new(format!("`{text}`: a count of words is 1 to {MAX_WORDS}"))
                })?;
            (name, Some(count))
        }
        _ => (text, None),
    };
    let symbol = find(firmware, name)?;
    let words = words.unwrap_or_else(|| symbol.size.div_ceil(4).clamp(1, MAX_WORDS));
    Ok((name.to_owned(), symbol.address, words))
}

impl ExecReport {
    /// As JSON, indented, with a newline at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).unwrap_or_default();
        json.push('\n');
        json
    }

    /// Exit code: met if it came to an end that somebody asked for, failed for a bad one, else undecided.
    #[must_use]
    pub fn exit_code(&self, asked_until: bool) -> u8 {
        match self.stop.reason.as_str() {
            "until" | "bkpt" => exit::MET,
            "exit" => {
                if self.stop.code == Some(0) {
                    exit::MET
                } else {
                    exit::FAILED
                }
            }
            "time-limit" if !asked_until => exit::MET,
            "time-limit" | "budget" => exit::UNDECIDED,
            _ => exit::FAILED,
        }
    }

    /// For people, with a newline at the end.
    #[must_use]
    pub fn to_text(&self) -> String {
        use std::fmt::Write as _;
        let mut out = String::new();
        let place = self.stop.symbol.as_deref().unwrap_or("?");
        let code = self.stop.code.map(|c| format!(" {c}")).unwrap_or_default();
        let inside = self
            .stop
            .exception
            .as_ref()
            .map(|e| format!(", in the handler of {e}"))
            .unwrap_or_default();
        let _ = writeln!(
            out,
            "stopped by {}{code} at {} in {place}{inside}",
            self.stop.reason, self.stop.address
        );
        if let Some(fault) = &self.stop.fault {
            let _ = writeln!(out, "fault: {}; SP {}", fault.describe(), self.stop.sp);
        }
        if self.stop.calls.len() > 1 {
            let calls: Vec<String> = self.stop.calls.iter().map(crate::chain::at).collect();
            let _ = writeln!(out, "calls: {}", calls.join(" ← "));
        }
        let _ = writeln!(
            out,
            "{} simulated, {} cycles, {} instructions",
            seconds(self.time_s),
            self.cycles,
            self.instructions
        );
        let s = &self.stalls;
        for (kind, s) in [
            ("fetch", &s.fetch),
            ("data", &s.data),
            ("vector", &s.vector),
            ("register", &s.register),
        ] {
            if s.count > 0 {
                let _ = writeln!(
                    out,
                    "{} {kind} stalls, {} in all, longest {}",
                    s.count,
                    seconds(s.total_s),
                    seconds(s.longest_s)
                );
            }
        }
        for u in &self.unmodelled {
            let _ = writeln!(
                out,
                "no model: {} at {}, {} reads, {} writes",
                u.name, u.address, u.reads, u.writes
            );
        }
        for (name, words) in &self.read {
            let words: Vec<String> = words.iter().map(|w| Addr(*w).to_string()).collect();
            let _ = writeln!(out, "{name}: {}", words.join(" "));
        }
        if !self.output.is_empty() {
            let _ = writeln!(out, "printed: {}", self.output.trim_end());
        }
        out
    }
}
