//! What starts a wire, what ends a run, what a wire's format does: single features of a scenario, each with a number that
//! arithmetic gives.

mod common;

use std::path::Path;

use common::run;
use flashstall::{Report, Scenario, ScenarioError};

/// A scenario of `variant`: a press at 30 ms, an erase of 20 ms, and `more`.
fn scenarios(variant: &str, more: &str) -> Result<Vec<Scenario>, ScenarioError> {
    let text = format!(
        "schema = \"flashstall-scenario/1\"\nchip = \"stm32f303xc\"\n\
         board = {{ hse = \"8MHz\" }}\nflash = {{ page-erase = \"20ms\", program = \"53.5us\" }}\n{variant}\n{more}\n\
         [[wire]]\nname = \"button\"\nkind = \"pin\"\npin = \"PA0\"\nat = \"30ms\"\ntraffic = {{ pulses = 1 }}\n"
    );
    Scenario::from_toml(&text, Path::new("triggers.toml"), common::root())
}

fn elf(variant: &str) -> String {
    format!("firmware = {{ elf = \"firmware-under-test/hawk-midi/elf/{variant}.elf\" }}")
}

fn report(more: &str) -> Report {
    run(&scenarios(&elf("before"), more).unwrap_or_else(|e| panic!("{e}"))[0])
}

const RUN: &str = "run = { max-time = \"200ms\", until = \"symbol:save_done\", after = \"2ms\" }";

fn midi(start: &str) -> String {
    format!(
        "{RUN}\n[[wire]]\nname = \"midi\"\nkind = \"uart\"\nport = \"USART1\"\nbaud = 31250\n{start}\ntraffic = {{ counter = 0, count = 10 }}"
    )
}

#[test]
fn a_wire_that_starts_with_the_erase_loses_all_but_its_first_byte() {
    let report = report(&midi("on = \"flash:erase-start\"\ndelay = \"1ms\""));
    let wire = report.wire("midi").unwrap();
    // Ten bytes in 3.2 ms of an erase of 20 ms: one fits the register.
    assert_eq!((wire.sent, wire.delivered, wire.lost), (10, 1, 9));
    assert!(report.losses.iter().all(|l| {
        l.chain
            .iter()
            .any(|link| matches!(link, flashstall::chain::Link::Busy { .. }))
    }));
    let erase = report
        .operations
        .iter()
        .find(|o| o.kind == "page erase")
        .unwrap();
    let first = report.losses[0].at_s - erase.first_s;
    // The second byte ends 1 ms + 320 us + 9.6 bits after the start.
    assert!((first - 1.627e-3).abs() < 20e-6, "{first}");
}

#[test]
fn a_wire_that_starts_at_a_symbol_does_so_at_its_first_instruction() {
    // From save_patch to the erase there are some microseconds, the delay covers the erase.
    let report = report(&midi("on = \"symbol:save_patch\"\ndelay = \"22ms\""));
    assert_eq!(report.wire("midi").unwrap().lost, 0);
    assert_eq!(report.wire("midi").unwrap().sent, 10);
}

#[test]
fn a_wire_that_is_never_started_sends_nothing() {
    let report = report(&midi("on = \"symbol:Default_Handler\""));
    assert_eq!(report.wire("midi").unwrap().sent, 0);
}

#[test]
fn a_run_ends_when_all_conditions_have_happened() {
    let long = midi("at = \"150ms\"").replace(
        "until = \"symbol:save_done\"",
        "until = [\"symbol:save_done\", \"wire:midi\"]",
    );
    let report = report(&long);
    assert_eq!(report.stop.reason, "until");
    // 150 ms, 10 bytes of 320 us, and 2 ms after.
    assert!((report.time_s - 0.1552).abs() < 0.3e-3, "{}", report.time_s);
}

#[test]
fn a_sender_that_is_a_little_off_is_understood_and_one_that_is_far_off_is_not() {
    let off = |error: &str| {
        let report = report(&midi(&format!("at = \"10ms\"\nclock-error = \"{error}\"")));
        report.wire("midi").unwrap().clone()
    };
    assert_eq!(off("2%").delivered, 10);
    assert_eq!(off("-2%").delivered, 10);
    let far = off("12%");
    assert!(far.delivered < 10, "{far:?}");
    assert_eq!(far.sent, far.delivered + far.lost);
}

#[test]
fn each_variant_is_a_run() {
    let variants = "[[variant]]\nname = \"old\"\nelf = \"firmware-under-test/hawk-midi/elf/before.elf\"\n\
                    [[variant]]\nname = \"new\"\nelf = \"firmware-under-test/hawk-midi/elf/after.elf\"\n[run]\nmax-time = \"1ms\"";
    let all = scenarios("", variants).unwrap();
    let names: Vec<&str> = all.iter().map(Scenario::name).collect();
    assert_eq!(names, ["triggers:old", "triggers:new"]);
    assert_ne!(run(&all[0]).firmware.fnv1a, run(&all[1]).firmware.fnv1a);
    let both = scenarios(&elf("before"), variants).unwrap_err();
    assert!(
        both.to_string()
            .contains("`firmware` and `variant` are both given"),
        "{both}"
    );
}

#[test]
fn a_receiver_that_is_off_hears_nothing_and_the_chain_says_so() {
    let text = midi("at = \"1ms\"").replace(
        "until = \"symbol:save_done\", after = \"2ms\"",
        "until = \"wire:midi\"",
    );
    let firmware = "firmware = { elf = \"firmware-under-test/probes/elf/spin-irq-off.elf\" }";
    let report = run(&scenarios(firmware, &text).unwrap()[0]);
    let wire = report.wire("midi").unwrap();
    assert_eq!(wire.lost_by_cause.get("not-listening"), Some(&10));
    assert!(
        report.losses[0].text.ends_with(
            "nobody listened: USART1 does not hear what is sent to it: RCC feeds it no clock"
        ),
        "{}",
        report.losses[0].text
    );
}
