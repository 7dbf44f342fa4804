//! Bad firmware is a result: each of these ends in a report that says what happened and where, within the time limit.

mod common;

use std::path::Path;

use flashstall::{Report, Scenario, Verdict};

/// Runs a probe for 50 ms with more scenario text behind.
fn run(probe: &str, more: &str) -> Report {
    let text = format!(
        "schema = \"flashstall-scenario/1\"\nname = \"{probe}\"\nchip = \"stm32f303xc\"\n\
         firmware = {{ elf = \"firmware-under-test/probes/elf/{probe}.elf\" }}\n\
         run = {{ max-time = \"50ms\"{more}\n"
    );
    let all = Scenario::from_toml(&text, Path::new("probe.toml"), common::root())
        .unwrap_or_else(|e| panic!("{e}"));
    common::run(&all[0])
}

#[test]
fn a_wild_jump_names_where_it_went_and_who_jumped() {
    let report = run("wild-jump", ", until = \"exit\" }");
    assert_eq!(report.verdict, Verdict::Undecided);
    assert!(
        report.reason.contains("in the handler of HardFault"),
        "{}",
        report.reason
    );
    let fault = report.stop.fault.as_ref().unwrap();
    assert_eq!(fault.bits, ["IBUSERR", "FORCED"]);
    let calls: Vec<&str> = report
        .stop
        .calls
        .iter()
        .map(|c| c.function.as_deref().unwrap_or(c.address.as_str()))
        .collect();
    assert_eq!(
        calls,
        ["Default_Handler", "0x90000000", "main", "Reset_Handler"]
    );
}

#[test]
fn a_division_by_zero_names_the_function() {
    let report = run("div-zero", ", until = \"exit\" }");
    assert_eq!(report.verdict, Verdict::Undecided);
    assert_eq!(
        report.stop.fault.as_ref().unwrap().bits,
        ["DIVBYZERO", "FORCED"]
    );
    assert_eq!(report.stop.calls[1].function.as_deref(), Some("main"));
}

#[test]
fn a_stack_overflow_ends_in_a_fault() {
    let report = run("stack-overflow", ", until = \"exit\" }");
    assert_eq!(report.verdict, Verdict::Undecided);
    assert!(
        report
            .stop
            .fault
            .as_ref()
            .unwrap()
            .bits
            .contains(&"STKERR".to_owned())
    );
    let sp = u32::from_str_radix(&report.stop.sp[2..], 16).unwrap();
    assert!(sp < 0x2000_0000, "{}", report.stop.sp);
}

#[test]
fn interrupts_off_for_ever_is_undecided_and_says_where() {
    let report = run("spin-irq-off", ", until = \"exit\" }");
    assert_eq!(report.verdict, Verdict::Undecided);
    assert_eq!(
        report.reason,
        "the time limit came before the end of the scenario, in main"
    );
    assert!(report.to_text().contains("main spin-irq-off.c:"));
}

#[test]
fn a_storm_is_told_and_can_be_forbidden() {
    let report = run("storm", " }\nexpect = { storms = 0 }");
    assert_eq!(report.verdict, Verdict::Failed);
    assert_eq!(report.storms[0].interrupt, "TIM2");
    assert_eq!(report.storms[0].handler.as_deref(), Some("TIM2_IRQHandler"));
}

#[test]
fn a_breakpoint_that_nobody_expects_fails_and_one_that_is_expected_does_not() {
    assert_eq!(run("bkpt", " }").verdict, Verdict::Failed);
    assert_eq!(
        run("bkpt", " }\nexpect = { stop = \"bkpt\" }").verdict,
        Verdict::Met
    );
}

#[test]
fn an_exit_code_decides() {
    assert_eq!(
        run("exit-code", ", until = \"exit\" }").verdict,
        Verdict::Undecided
    );
    assert_eq!(run("exit-code", " }").verdict, Verdict::Met);
    let report = run("exit-code-42", " }");
    assert_eq!(
        (report.verdict, report.stop.code),
        (Verdict::Failed, Some(42))
    );
    assert_eq!(report.output, "probe: exit 42\n");
}

#[test]
fn reads_of_registers_without_a_model_leave_it_undecided_until_they_are_accepted() {
    let report = run("unmodelled", " }\nexpect = { stop = \"bkpt\" }");
    assert_eq!(report.verdict, Verdict::Undecided);
    assert!(
        report
            .reason
            .starts_with("the firmware read 3 register(s) that have no model, first ADC1"),
        "{}",
        report.reason
    );
    assert_eq!(
        run(
            "unmodelled",
            " }\nexpect = { stop = \"bkpt\", unmodelled = \"<=3\" }"
        )
        .verdict,
        Verdict::Met
    );
}

#[test]
fn nothing_expected_is_nothing_decided() {
    let report = run("spin-irq-off", " }");
    assert_eq!(
        (report.verdict, report.reason.as_str()),
        (Verdict::Undecided, "nothing is expected")
    );
}

#[test]
fn the_instruction_budget_ends_a_run() {
    // The budget is looked at every 250 ms of simulated time.
    let report = run("spin-irq-off", ", max-instructions = 1000 }");
    assert_eq!(report.stop.reason, "time-limit");
    let text = "schema = \"flashstall-scenario/1\"\nchip = \"stm32f303xc\"\nfirmware = { elf = \"firmware-under-test/probes/elf/spin-irq-off.elf\" }\n\
                run = { max-time = \"60s\", max-instructions = 1000 }\nexpect = { resets = 0 }\n";
    let all = Scenario::from_toml(text, Path::new("probe.toml"), common::root()).unwrap();
    let report = common::run(&all[0]);
    assert_eq!(
        (report.verdict, report.stop.reason.as_str()),
        (Verdict::Undecided, "budget")
    );
    assert!(report.time_s < 0.3);
}

#[test]
fn a_watchdog_reset_is_listed() {
    let report = run(
        "watchdog",
        " }\nflash = { page-erase = \"40ms\" }\nexpect = { stop = \"bkpt\", resets = 1 }",
    );
    assert_eq!(report.verdict, Verdict::Met, "{}", report.to_text());
    assert_eq!(report.resets[0].cause, "independent watchdog");
    let report = run(
        "watchdog",
        " }\nflash = { page-erase = \"20ms\" }\nexpect = { stop = \"bkpt\", resets = 0 }",
    );
    assert_eq!(report.verdict, Verdict::Met, "{}", report.to_text());
}
