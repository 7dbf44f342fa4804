//! `flashstall init`: asks what the image does not say, if there is somebody to ask.

use std::io::{BufRead, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flashstall::init::{self, Answers, Survey};
use flashstall::scenario::Scenario;
use flashstall::{ScenarioError, exit};
use flashstall_mcu::chip::Chip;

use crate::args::InitArgs;
use crate::ask::Dialogue;
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
    let stdin = std::io::stdin();
    let mut somebody = (args.ask || stdin.is_terminal()).then(|| Dialogue::new(stdin.lock()));
    let chip = match (&args.chip, &mut somebody) {
        (Some(name), _) => survey.chip(name)?,
        (None, Some(somebody)) => ask_chip(&survey, somebody)?,
        (None, None) => survey.only_chip()?,
    };
    let mut wanted = ports(&survey, &chip, &args.port)?;
    if let (true, Some(somebody)) = (wanted.is_empty(), &mut somebody) {
        wanted.extend(ask_port(&chip, somebody)?);
    }
    let mut with_rates = Vec::new();
    for port in wanted {
        let known = match args.baud {
            Some(baud) => Some(baud),
            None => init::rate(&survey, &chip, &port)?,
        };
        let rate = match (known, &mut somebody) {
            (None, Some(somebody)) => Some(ask_rate(&survey, &chip, &port, somebody)?),
            _ => known,
        };
        with_rates.push((port, rate));
    }
    let answers = Answers {
        elf: relative(&args.elf, &args.out),
        chip,
        ports: with_rates,
    };
    let text = init::scenario(&survey, &answers);
    check(&text, &args.out)?;
    let there = args.out.exists();
    output::file(&args.out, &text).inspect_err(|_| {
        if !there {
            // Half a scenario is none.
            let _ = std::fs::remove_file(&args.out);
        }
    })?;
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
            return Err(no_port(chip, port));
        }
    }
    Ok(wanted.to_vec())
}

fn no_port(chip: &Chip, port: &str) -> ScenarioError {
    let known = init::all_ports(chip);
    ScenarioError::new(format!("{} has no port `{port}` for a wire", chip.name))
        .suggest(port, known.iter().map(String::as_str))
}

fn ask_chip(
    survey: &Survey,
    somebody: &mut Dialogue<impl BufRead>,
) -> Result<Arc<Chip>, ScenarioError> {
    let Some(first) = survey.candidates.first() else {
        return survey.only_chip();
    };
    output::tell("Parts that the image fits:\n");
    for candidate in survey.candidates.iter().take(LISTED) {
        output::tell(&format!("  {}: {}\n", candidate.chip.name, candidate.why));
    }
    somebody.ask("Chip", &first.chip.name, |name| survey.chip(name))
}

fn ask_port(
    chip: &Chip,
    somebody: &mut Dialogue<impl BufRead>,
) -> Result<Option<String>, ScenarioError> {
    let known = init::all_ports(chip);
    output::tell(&format!(
        "No port listens after start-up. {} has {}.\n",
        chip.name,
        known.join(", ")
    ));
    somebody.ask("Port that receives, or none", "none", |answer| {
        if answer.eq_ignore_ascii_case("none") {
            return Ok(None);
        }
        let port = known.iter().find(|p| p.eq_ignore_ascii_case(answer));
        port.cloned().map(Some).ok_or_else(|| no_port(chip, answer))
    })
}

/// Asks for a rate that this port can be set to: the scenario that would be written must be one.
fn ask_rate(
    survey: &Survey,
    chip: &Arc<Chip>,
    port: &str,
    somebody: &mut Dialogue<impl BufRead>,
) -> Result<u32, ScenarioError> {
    let usual = init::usual_rate(chip, port).to_string();
    somebody.ask(&format!("Bits a second on {port}"), &usual, |answer| {
        let rate = answer.parse().ok().filter(|r| *r > 0).ok_or_else(|| {
            ScenarioError::new(format!("`{answer}` is no number of bits a second"))
        })?;
        let answers = Answers {
            elf: survey.elf().to_owned(),
            chip: Arc::clone(chip),
            ports: vec![(port.to_owned(), Some(rate))],
        };
        check(&init::scenario(survey, &answers), Path::new("answer"))?;
        Ok(rate)
    })
}

/// What is written can be read: an unknown port or a baud rate that cannot be made is said before there is a file.
fn check(text: &str, out: &Path) -> Result<(), ScenarioError> {
    let base = out.parent().unwrap_or(Path::new(""));
    for scenario in Scenario::from_toml(text, out, base)? {
        scenario.prepare()?;
    }
    Ok(())
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
