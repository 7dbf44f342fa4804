//! The command line as a script sees it: exit codes, standard output, files.

mod common;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use common::{hawk, probe, root};

fn flashstall(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_flashstall"))
        .current_dir(root())
        .args(arguments)
        .output()
        .unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A file in the test's own folder.
fn scratch(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

#[test]
fn exit_codes_tell_the_verdict() {
    assert_eq!(
        code(&flashstall(&["run", "scenarios/hawk-midi/after.toml"])),
        0
    );
    let strict = scratch("strict.toml");
    let text = std::fs::read_to_string(root().join("scenarios/hawk-midi/before.toml")).unwrap();
    let elf = hawk("before").display().to_string();
    let text = text.replace("../../firmware-under-test/hawk-midi/elf/before.elf", &elf);
    std::fs::write(&strict, text.replace("lost = \"60..=62\"", "lost = 0")).unwrap();
    let failed = flashstall(&["run", strict.to_str().unwrap()]);
    assert_eq!(code(&failed), 1, "{}", out(&failed));
    assert!(
        out(&failed).starts_with("strict: FAILED: wire midi lost: expected 0, got 61"),
        "{}",
        out(&failed)
    );
    std::fs::write(&strict, text.split("[expect]").next().unwrap()).unwrap();
    assert_eq!(code(&flashstall(&["run", strict.to_str().unwrap()])), 3);
}

#[test]
fn bad_input_is_2_and_writes_nothing() {
    let bad = scratch("bad.toml");
    std::fs::write(
        &bad,
        "schema = \"flashstall-scenario/1\"\nchip = \"stm32f303xc\"\nspeed = 9\n",
    )
    .unwrap();
    let json = scratch("never.json");
    let arguments = [
        "run",
        "scenarios/hawk-midi/after.toml",
        bad.to_str().unwrap(),
        "--json",
        json.to_str().unwrap(),
    ];
    let output = flashstall(&arguments);
    assert_eq!(code(&output), 2);
    assert_eq!(out(&output), "");
    assert!(
        err(&output).contains("unknown key `speed`") && err(&output).contains("bad.toml:3:1"),
        "{}",
        err(&output)
    );
    assert!(!json.exists());
}

#[test]
fn wrong_usage_is_2() {
    for arguments in [
        &["run"][..],
        &["frobnicate"],
        &["exec", "x.elf"],
        &["run", "x", "--engine", "qemu"],
        &["run", "x", "--threads", "0"],
        &[],
    ] {
        let output = flashstall(arguments);
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(
            err(&output).contains("--help") && out(&output).is_empty(),
            "{arguments:?}: {}",
            err(&output)
        );
    }
    assert_eq!(code(&flashstall(&["--help"])), 0);
    assert_eq!(code(&flashstall(&["--version"])), 0);
}

#[test]
fn json_to_standard_output_is_json_and_nothing_else() {
    let one = flashstall(&["run", "scenarios/hawk-midi/before.toml", "--json", "-"]);
    let json: serde_json::Value = serde_json::from_slice(&one.stdout).unwrap();
    assert_eq!(json["verdict"], "met");
    let two = flashstall(&[
        "run",
        "scenarios/hawk-midi/before.toml",
        "scenarios/hawk-midi/after.toml",
        "--json",
        "-",
    ]);
    let json: serde_json::Value = serde_json::from_slice(&two.stdout).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 2);
}

#[test]
fn a_folder_runs_in_order_whatever_the_threads() {
    let one = flashstall(&["run", "scenarios", "--threads", "1"]);
    let eight = flashstall(&["run", "scenarios", "--threads", "8"]);
    assert_eq!(out(&one), out(&eight));
    let empty = scratch("empty-folder");
    std::fs::create_dir_all(&empty).unwrap();
    assert_eq!(code(&flashstall(&["run", empty.to_str().unwrap()])), 2);
}

#[test]
fn exec_runs_an_elf_and_reads_its_words() {
    let elf = probe("bkpt");
    let elf = elf.to_str().unwrap();
    let output = flashstall(&[
        "exec",
        "--chip",
        "stm32f303xc",
        elf,
        "--read",
        "result:2",
        "--json",
        "-",
    ]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["schema"], "flashstall-exec/1");
    assert_eq!(json["stop"]["reason"], "bkpt");
    assert!(json["cycles"].as_u64().unwrap() > 0 && json["instructions"].as_u64().unwrap() > 0);
    assert_eq!(json["read"]["result"].as_array().unwrap().len(), 2);
    let until = flashstall(&["exec", "--chip", "stm32f303xc", elf, "--until", "main"]);
    assert!(
        out(&until).starts_with("stopped by until at 0x"),
        "{}",
        out(&until)
    );
    assert!(out(&until).contains("in main"));
}

#[test]
fn exec_refuses_what_it_cannot_run() {
    let elf = probe("bkpt");
    let elf = elf.to_str().unwrap();
    for (arguments, message) in [
        (
            vec!["exec", "--chip", "stm32f303xc", "Cargo.toml"],
            "not an ELF file",
        ),
        (
            vec!["exec", "--chip", "stm32f303xc", "no.elf"],
            "cannot read the file",
        ),
        (
            vec!["exec", "--chip", "stm32f303xd", elf],
            "did you mean `stm32f303x8`, `stm32f303xc` or `stm32f303xe`?",
        ),
        (
            vec!["exec", "--chip", "stm32f303xc", elf, "--until", "mian"],
            "did you mean `main`?",
        ),
        (
            vec!["exec", "--chip", "stm32f303xc", elf, "--read", "result:0"],
            "a count of words is 1 to",
        ),
        (
            vec![
                "exec",
                "--chip",
                "stm32f303xc",
                elf,
                "--max-time",
                "20 parsecs",
            ],
            "unknown unit `parsecs`",
        ),
    ] {
        let output = flashstall(&arguments);
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(
            err(&output).contains(message),
            "{arguments:?}: {}",
            err(&output)
        );
    }
}

#[test]
fn exec_tells_a_fault_from_a_good_end() {
    let exec = |name: &str| {
        flashstall(&[
            "exec",
            "--chip",
            "stm32f303xc",
            probe(name).to_str().unwrap(),
            "--max-time",
            "20ms",
        ])
    };
    let fault = exec("div-zero");
    assert_eq!(code(&fault), 1);
    assert!(
        out(&fault).starts_with("stopped by fault") && out(&fault).contains("DIVBYZERO"),
        "{}",
        out(&fault)
    );
    assert_eq!(code(&exec("exit-code")), 0);
    assert_eq!(code(&exec("exit-code-42")), 1);
}

/// A fault ends the run at once, with the instruction that did it; `--handle-faults` lets the firmware's handlers run.
#[test]
fn exec_stops_at_a_fault_unless_the_firmware_handles_it() {
    let exec = |name: &str, more: &[&str]| -> serde_json::Value {
        let elf = probe(name);
        let mut args = vec![
            "exec",
            "--chip",
            "stm32f303xc",
            elf.to_str().unwrap(),
            "--json",
            "-",
        ];
        args.extend(more);
        serde_json::from_str(&out(&flashstall(&args))).unwrap()
    };
    let stopped = exec("div-zero", &[]);
    assert_eq!(stopped["stop"]["reason"], "fault");
    assert_eq!(stopped["stop"]["symbol"], "main");
    assert_eq!(stopped["stop"]["calls"][0]["function"], "Default_Handler");
    assert!(stopped["time_s"].as_f64().unwrap() < 0.001, "{stopped}");

    // This probe provokes bus faults and returns from them.
    assert_eq!(exec("fpec-errors", &[])["stop"]["reason"], "fault");
    assert_eq!(
        exec("fpec-errors", &["--handle-faults"])["stop"]["reason"],
        "bkpt"
    );
}

#[test]
fn chips_lists_geometry_timings_and_sources() {
    let text = out(&flashstall(&["chips"]));
    assert!(
        text.contains("stm32f303xc") && text.contains("20 ms") && text.contains("40 ms"),
        "{text}"
    );
    let json: serde_json::Value =
        serde_json::from_slice(&flashstall(&["chips", "--json"]).stdout).unwrap();
    assert_eq!(json["schema"], "flashstall-chips/1");
    assert!(json["chips"][0]["timings"][0]["source"].is_string());
}

#[test]
fn demo_runs_anywhere() {
    let output = Command::new(env!("CARGO_BIN_EXE_flashstall"))
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .arg("demo")
        .output()
        .unwrap();
    assert_eq!(code(&output), 0);
    assert!(out(&output).contains("MIDI bytes lost"));
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_flashstall"))
        .current_dir(root())
        .args(["run", "scenarios"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert!(!stderr.contains("panicked"), "{stderr}");
    assert!(child.wait().unwrap().code().is_some());
}

#[cfg(not(feature = "unicorn"))]
#[test]
fn the_second_engine_says_how_to_build_it() {
    for arguments in [
        &[
            "run",
            "scenarios/hawk-midi/after.toml",
            "--engine",
            "unicorn",
        ][..],
        &["crosscheck", "x.elf"],
    ] {
        let output = flashstall(arguments);
        assert_eq!(code(&output), 2);
        assert!(
            err(&output).contains("--features unicorn"),
            "{}",
            err(&output)
        );
    }
}

/// An SVD file gives names to registers that no model answers for, in `exec` and in `run`.
#[test]
fn svd_names_what_has_no_model() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("svd");
    std::fs::create_dir_all(&folder).unwrap();
    let svd = folder.join("part.svd");
    let register = |name: &str, offset: u32| {
        format!("<register><name>{name}</name><addressOffset>{offset}</addressOffset></register>")
    };
    let registers = register("STATUS", 0) + &register("CONTROL", 8);
    let text = format!(
        "<device schemaVersion=\"1.1\"><name>P</name><description>P</description><addressUnitBits>8</addressUnitBits>\
         <width>32</width><peripherals><peripheral><name>CONV</name><baseAddress>0x50000000</baseAddress>\
         <addressBlock><offset>0</offset><size>0x400</size><usage>registers</usage></addressBlock>\
         <registers>{registers}</registers></peripheral></peripherals></device>"
    );
    std::fs::write(&svd, text).unwrap();
    let scenario = folder.join("scenario.toml");
    let elf = probe("unmodelled");
    let elf = elf.to_str().unwrap();
    let text = format!(
        "schema = \"flashstall-scenario/1\"\nchip = \"stm32f303xc\"\nfirmware = {{ elf = \"{elf}\" }}\n\
         run = {{ max-time = \"10ms\" }}\nexpect = {{ stop = \"bkpt\", unmodelled = 3 }}\n"
    );
    std::fs::write(&scenario, text).unwrap();
    let (svd, scenario) = (svd.to_str().unwrap(), scenario.to_str().unwrap());
    let exec = flashstall(&["exec", "--chip", "stm32f303xc", "--svd", svd, elf]);
    let run = flashstall(&["run", "--svd", svd, scenario]);
    for output in [exec, run] {
        assert_eq!(code(&output), 0, "{}", err(&output));
        for name in [
            "CONV.STATUS at 0x50000000",
            "CONV.CONTROL at 0x50000008",
            "CONV+0x0c at",
        ] {
            assert!(out(&output).contains(name), "{name}: {}", out(&output));
        }
    }
    let bad = flashstall(&["run", "--svd", scenario, scenario]);
    assert_eq!(code(&bad), 2);
    assert!(err(&bad).contains("is not an SVD file"), "{}", err(&bad));
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let help = out(&flashstall(&["--help"]));
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|l| *l != "Commands:")
        .skip(1)
        .take_while(|l| !l.is_empty())
        .filter(|l| l.starts_with("  ") && !l.starts_with("   "))
        .filter_map(|l| l.split_whitespace().next())
        .filter(|c| *c != "help")
        .collect();
    assert!(commands.contains(&"run") && commands.len() > 5, "{help}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = flashstall(&["completions", shell]);
        assert_eq!(code(&output), 0);
        let text = out(&output);
        for command in &commands {
            assert!(text.contains(command), "{shell}: {command}");
        }
    }
    let folder = std::env::temp_dir().join(format!("flashstall-man-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let output = flashstall(&["man", "--out", folder.to_str().unwrap()]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    for command in &commands {
        let page = std::fs::read_to_string(folder.join(format!("flashstall-{command}.1"))).unwrap();
        assert!(page.contains(".TH"), "{page}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
