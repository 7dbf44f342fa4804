//! The text of the scenario.

use std::fmt::Write as _;

use flashstall_mcu::chip::Chip;

use super::{Answers, Survey};

/// Taken if nothing else is known.
const UART_RATE: u32 = 115_200;
const CAN_RATE: u32 = 500_000;
/// A wire that sends long enough to meet an erase: a second of bytes without a gap.
const SECONDS_OF_TRAFFIC: u32 = 1;
/// Bits of a character with start and stop bit.
const BITS: u32 = 10;

pub(super) fn scenario(survey: &Survey, answers: &Answers) -> String {
    let mut out = String::new();
    // Writing to a text does not fail.
    let _ = head(&mut out, answers);
    for (port, rate) in &answers.ports {
        let _ = wire(&mut out, survey, answers, port, *rate);
    }
    let _ = tail(&mut out, answers);
    out
}

fn head(out: &mut String, answers: &Answers) -> std::fmt::Result {
    let Answers { chip, elf, .. } = answers;
    write!(
        out,
        "# Written by `flashstall init`. Lines with CHECK are guesses.\n\
         schema = \"flashstall-scenario/1\"\n\
         description = \"CHECK: what must not go wrong, in a sentence.\"\n\
         chip = \"{}\"\n\n\
         [firmware]\n\
         elf = {}\n\n",
        chip.name,
        toml::Value::from(elf.to_string_lossy().replace('\\', "/")),
    )?;
    write!(
        out,
        "[board]\n\
         hse = \"8MHz\" # CHECK: the crystal on the board\n\n\
         [flash]\n\
         timing = \"max\" # the longest times of the data sheet; \"typ\" for typical ones\n"
    )
}

fn wire(
    out: &mut String,
    survey: &Survey,
    answers: &Answers,
    port: &str,
    rate: Option<u32>,
) -> std::fmt::Result {
    let name = port.to_lowercase();
    let is_can = is_can(&answers.chip, port);
    let check = match rate {
        Some(_) => "# what the firmware is set to",
        None => "# CHECK",
    };
    let rate = rate.unwrap_or_else(|| usual_rate(&answers.chip, port));
    write!(out, "\n[[wire]]\nname = \"{name}\"\n")?;
    if is_can {
        write!(
            out,
            "kind = \"can\"\nport = \"{port}\"\nbitrate = {rate} {check}\n"
        )?;
    } else {
        write!(
            out,
            "kind = \"uart\"\nport = \"{port}\"\nbaud = {rate} {check}\n"
        )?;
    }
    writeln!(
        out,
        "at = \"50ms\" # CHECK: when the firmware listens; or on = \"symbol:FUNCTION\", or \"flash:erase-start\""
    )?;
    if !survey.evidence.flash_functions.is_empty() {
        writeln!(
            out,
            "# Functions that seem to write the flash: {}",
            survey.evidence.flash_functions.join(", ")
        )?;
    }
    if is_can {
        writeln!(
            out,
            "traffic = {{ counter = 0, count = 2000, id = 0x100 }} # CHECK: what arrives"
        )
    } else {
        let count = (rate / BITS * SECONDS_OF_TRAFFIC).max(1);
        writeln!(
            out,
            "traffic = {{ pattern = \"random\", count = {count}, seed = 1 }} # CHECK: what arrives; a second of it"
        )
    }
}

fn tail(out: &mut String, answers: &Answers) -> std::fmt::Result {
    write!(out, "\n[run]\nmax-time = \"5s\"\n")?;
    if answers.ports.is_empty() {
        return write!(out, "\n[expect]\nresets = 0\nstorms = 0\n");
    }
    write!(
        out,
        "until = [\"wires\"]\nafter = \"10ms\"\n\n[expect]\nresets = 0\nstorms = 0\n"
    )?;
    for (port, _) in &answers.ports {
        let name = port.to_lowercase();
        write!(out, "\n[[expect.wire]]\nname = \"{name}\"\nlost = 0\n")?;
    }
    Ok(())
}

pub(super) fn usual_rate(chip: &Chip, port: &str) -> u32 {
    if is_can(chip, port) {
        CAN_RATE
    } else {
        UART_RATE
    }
}

fn is_can(chip: &Chip, port: &str) -> bool {
    let is = |p: &flashstall_mcu::chip::PeripheralSpec| p.name == port && p.kind == "bxcan";
    chip.peripherals.iter().any(is)
}
