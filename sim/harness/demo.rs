//! The product in one screen: a synthesiser saves a patch while music comes in, before and after the fix.
//!
//! The firmware is embedded, so it runs from anywhere.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::firmware::Firmware;
use crate::report::{Report, short, wrapped};
use crate::run::RunOptions;
use crate::scenario::{Scenario, ScenarioError};

const BEFORE: &[u8] = include_bytes!("../../firmware-under-test/hawk-midi/elf/before.elf");
const AFTER: &[u8] = include_bytes!("../../firmware-under-test/hawk-midi/elf/after.elf");
/// Bytes sent: enough for the save, erase and programming, and some music before and after.
const BYTES: u32 = 600;

/// The demonstration's scenario for one of the two firmwares.
fn scenario(name: &str, elf: &[u8]) -> Result<Scenario, ScenarioError> {
    let firmware = Firmware::from_bytes(Path::new(&format!("{name}.elf")), elf)
        .map_err(|e| ScenarioError::new(e.to_string()))?;
    let ms = Duration::from_millis;
    Ok(Scenario::builder("stm32f303xc")
        .name(name)
        .firmware(Arc::new(firmware))
        .hse(8_000_000)
        .page_erase(ms(20))
        .program(Duration::from_nanos(53_500))
        .uart("midi", "USART1", 31_250, |w| {
            w.pattern("midi-notes", BYTES).at(ms(20))
        })
        .pulses("clock", "PB12", ms(20), 36, Duration::from_micros(5_208))
        .pulse("button", "PA0", ms(100))
        .buffer("capture", "midi_capture", "midi_capture_count", "midi")
        .until("wires", ms(5))
        .run_for(ms(400))
        .expect_nothing_lost("midi")
        .build())
}

/// Both runs: before, after.
///
/// # Errors
/// Only if the build is broken: the firmware is part of it.
pub fn reports() -> Result<(Report, Report), ScenarioError> {
    let options = RunOptions::default();
    Ok((
        scenario("before", BEFORE)?.run_with(&options)?,
        scenario("after", AFTER)?.run_with(&options)?,
    ))
}

/// The screen: at most 24 lines of 100 columns.
#[must_use]
pub fn text(before: &Report, after: &Report) -> String {
    let mut out = String::new();
    out += &format!(
        "A synthesiser on an STM32F303 saves a patch: it erases a page of its flash ({}) and programs it\n\
         again. Meanwhile {BYTES} MIDI bytes arrive back to back, and a sequencer clock every 5.208 ms.\n\n",
        short(before.flash_timing.page_erase_s)
    );
    let mut row = |name: &str, value: &dyn Fn(&Report) -> String| {
        out += &format!("  {name:<34}{:>16}{:>16}\n", value(before), value(after));
    };
    row("", &|r| r.scenario.clone());
    let lost = |r: &Report, wire: &str| r.wire(wire).map_or(0, |w| w.lost);
    row("MIDI bytes lost", &|r| lost(r, "midi").to_string());
    row("bytes in the firmware's memory", &|r| {
        r.find_buffer("capture")
            .map_or(0, |b| b.received)
            .to_string()
    });
    row("memory equals what was sent", &|r| {
        if r.find_buffer("capture").is_some_and(|b| b.equals_sent) {
            "yes"
        } else {
            "no"
        }
        .to_owned()
    });
    row("sequencer clocks lost", &|r| lost(r, "clock").to_string());
    row("SysTick ticks lost", &|r| r.ticks_lost.to_string());
    let longest = |r: &Report| {
        let s = &r.stalls;
        [&s.fetch, &s.data, &s.vector, &s.register]
            .map(|k| k.longest_s)
            .into_iter()
            .fold(0.0, f64::max)
    };
    row("longest stall", &|r| short(longest(r)));
    row("longest wait for the MIDI handler", &|r| {
        r.interrupt("USART1")
            .and_then(|i| i.latency_max_s)
            .map_or_else(|| "-".to_owned(), short)
    });
    out.push('\n');
    if let Some(loss) = before.losses.iter().find(|l| l.wire == "midi") {
        wrapped(&mut out, "  why: ", &loss.text);
    }
    out += "\n  the fix: the vector table, the interrupt handlers with all that they call and read, and the flash\n  \
            functions with their wait loop are in RAM; TIM2 and TIM3 are masked during the save.\n";
    out
}
