//! `flashstall init`: asks what the image does not say, if there is somebody to ask.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flashstall::init::{self, Answers, Survey};
use flashstall::scenario::Scenario;
use flashstall::{ScenarioError, exit};
use flashstall_mcu::chip::Chip;

use crate::args::InitArgs;
use crate::output;

/// Parts that a question lists.
const LISTED: usize = 6;

/// Runs the command.
pub fn init(args: &InitArgs) -> Result<u8, ScenarioError> {
    if args.out.exists() && !args.force {
        return Err(
            ScenarioError::new(format!("`{}` exists", args.out.display()))
                .help("--force writes over it"),
        );
    }
    let folder = args.out.parent().filter(|p| !p.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|f| !f.is_dir()) {
        return Err(ScenarioError::new(format!(
            "there is no folder `{}` to write to",
            folder.display()
        )));
    }
    let survey = Survey::of(&args.elf)?;
    let asks = std::io::stdin().is_terminal();
    let chip = match &args.chip {
        Some(name) => survey.chip(name)?,
        None if asks => ask_chip(&survey)?,
        None => survey.only_chip()?,
    };
    let mut with_rates = Vec::new();
    for port in ports(&survey, &chip, &args.port)? {
        let rate = match args.baud {
            Some(baud) => Some(baud),
            None => init::rate(&survey, &chip, &port)?,
        };
        with_rates.push((port, rate));
    }
    if with_rates.is_empty() && asks {
        let port = ask("No port listens after start-up. One that receives", "none")?;
        if port != "none" {
            with_rates.push((port, args.baud));
        }
    }
    let answers = Answers {
        elf: relative(&args.elf, &args.out),
        chip,
        ports: with_rates,
    };
    let text = init::scenario(&survey, &answers);
    // What is written can be read: an unknown port or a baud rate that cannot be made is said before there is a file.
    let base = args.out.parent().unwrap_or(Path::new(""));
    for scenario in Scenario::from_toml(&text, &args.out, base)? {
        scenario.prepare()?;
    }
    std::fs::write(&args.out, &text)
        .map_err(|e| ScenarioError::new(format!("cannot write `{}`: {e}", args.out.display())))?;
    output::print(&summary(&survey, &answers, &args.out));
    Ok(exit::MET)
}

fn ports(survey: &Survey, chip: &Chip, wanted: &[String]) -> Result<Vec<String>, ScenarioError> {
    if wanted.is_empty() {
        return Ok(init::ports(survey, chip));
    }
    let known = init::all_ports(chip);
    for port in wanted {
        if !known.contains(port) {
            return Err(ScenarioError::new(format!(
                "{} has no port `{port}` for a wire",
                chip.name
            ))
            .suggest(port, known.iter().map(String::as_str)));
        }
    }
    Ok(wanted.to_vec())
}

fn ask_chip(survey: &Survey) -> Result<Arc<Chip>, ScenarioError> {
    let Some(first) = survey.candidates.first() else {
        return survey.only_chip();
    };
    output::print("Parts that the image fits:\n");
    for candidate in survey.candidates.iter().take(LISTED) {
        output::print(&format!("  {}: {}\n", candidate.chip.name, candidate.why));
    }
    survey.chip(&ask("Chip", &first.chip.name)?)
}

/// Asks; an empty line is the default.
fn ask(question: &str, default: &str) -> Result<String, ScenarioError> {
    output::print(&format!("{question} [{default}]: "));
    let _ = std::io::stdout().flush();
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|e| ScenarioError::new(format!("cannot read the answer: {e}")))?;
    let line = line.trim();
    Ok(if line.is_empty() { default } else { line }.to_owned())
}

/// The ELF as seen from the scenario's folder.
fn relative(elf: &Path, out: &Path) -> PathBuf {
    let full = |p: &Path| std::path::absolute(p).unwrap_or_else(|_| p.to_owned());
    let (elf, out) = (full(elf), full(out));
    let folder: Vec<_> = out.parent().unwrap_or(Path::new("")).components().collect();
    let target: Vec<_> = elf.components().collect();
    let common = folder
        .iter()
        .zip(&target)
        .take_while(|(a, b)| a == b)
        .count();
    if common == 0 {
        return elf;
    }
    let up = folder.iter().skip(common).map(|_| Path::new(".."));
    up.chain(target.iter().skip(common).map(|c| Path::new(c.as_os_str())))
        .collect()
}

fn summary(survey: &Survey, answers: &Answers, out: &Path) -> String {
    let why = survey
        .candidates
        .iter()
        .find(|c| c.chip.name == answers.chip.name)
        .map_or("", |c| c.why.as_str());
    let ports: Vec<String> = answers
        .ports
        .iter()
        .map(|(port, rate)| match rate {
            Some(rate) => format!("{port} at {rate}"),
            None => port.clone(),
        })
        .collect();
    let list = |items: &[String]| {
        if items.is_empty() {
            "none found".to_owned()
        } else {
            items.join(", ")
        }
    };
    format!(
        "chip             {} ({why})\nports            {}\nflash functions  {}\nwritten          {}; go through the lines with CHECK, then: flashstall run {}\n",
        answers.chip.name,
        list(&ports),
        list(&survey.evidence.flash_functions),
        out.display(),
        out.display(),
    )
}
