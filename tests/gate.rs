//! `flashstall check` as CI sees it: exit codes, and each file held against what reads it.

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{hawk, root, tool};

fn flashstall(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_flashstall"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A scenario of the synthesiser, changed, in a folder of its own below the test's.
fn scenario(folder: &str, name: &str, base: &str, change: impl Fn(&str) -> String) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("gate")
        .join(folder);
    std::fs::create_dir_all(&folder).unwrap();
    let text = std::fs::read_to_string(root().join(format!("scenarios/hawk-midi/{base}.toml")));
    let elf = hawk(base).display().to_string();
    let text = text.unwrap().replace(
        &format!("../../firmware-under-test/hawk-midi/elf/{base}.elf"),
        &elf,
    );
    let path = folder.join(name);
    std::fs::write(&path, change(&text)).unwrap();
    path
}

/// `before` with the expectation that it cannot meet.
fn strict(folder: &str) -> PathBuf {
    scenario(folder, "strict.toml", "before", |t| {
        t.replace("lost = \"60..=62\"", "lost = 0")
    })
}

/// Runs `check` with all files; their texts, and what was printed.
struct Files {
    code: i32,
    out: String,
    junit: PathBuf,
    sarif: serde_json::Value,
    markdown: String,
}

fn check(folder: &str, scenarios: &[&Path]) -> Files {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("gate")
        .join(folder);
    std::fs::create_dir_all(&folder).unwrap();
    let [junit, sarif, markdown] = ["j.xml", "s.sarif", "m.md"].map(|n| folder.join(n));
    let mut arguments = vec!["check", "--github"];
    arguments.extend(scenarios.iter().map(|s| s.to_str().unwrap()));
    for (flag, file) in [
        ("--junit", &junit),
        ("--sarif", &sarif),
        ("--markdown", &markdown),
    ] {
        arguments.extend([flag, file.to_str().unwrap()]);
    }
    let output = flashstall(root(), &arguments);
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    Files {
        code: code(&output),
        out: text(&output.stdout),
        sarif: serde_json::from_slice(&std::fs::read(sarif).unwrap()).unwrap(),
        markdown: std::fs::read_to_string(markdown).unwrap(),
        junit,
    }
}

#[test]
fn exit_codes_are_those_of_the_readme() {
    let undecided = scenario("codes", "none.toml", "after", |t| {
        t.split("[expect]").next().unwrap().to_owned()
    });
    let strict = strict("codes");
    let bad = scenario("codes", "bad.toml", "after", |t| {
        format!("{t}\nspeed = 9\n")
    });
    let [undecided, strict, bad] = [&undecided, &strict, &bad].map(|p| p.to_str().unwrap());
    let check = |paths: &[&str]| {
        let arguments = [&["check"], paths].concat();
        flashstall(root(), &arguments)
    };
    let good = "scenarios/hawk-midi/after.toml";
    assert_eq!(code(&check(&[good])), 0);
    assert_eq!(code(&check(&[good, undecided])), 3);
    assert_eq!(code(&check(&[undecided, strict, good])), 1);
    let output = check(&[good, bad]);
    assert_eq!(code(&output), 2);
    assert!(output.stdout.is_empty() && text(&output.stderr).contains("speed"));
    assert_eq!(code(&check(&[good, "--source", "no-such-folder"])), 2);
    assert_eq!(code(&check(&[good, "--junit", "/no/such/folder/x.xml"])), 2);
}

#[test]
fn junit_is_what_the_schema_says() {
    let strict = strict("junit");
    let undecided = scenario("junit", "none.toml", "after", |t| {
        t.split("[expect]").next().unwrap().to_owned()
    });
    let files = check(
        "junit",
        &[
            &strict,
            &undecided,
            Path::new("scenarios/hawk-midi/after.toml"),
        ],
    );
    assert_eq!(files.code, 1);
    let junit = std::fs::read_to_string(&files.junit).unwrap();
    let document = roxmltree::Document::parse(&junit).unwrap();
    let suites = document.root_element();
    assert_eq!(suites.tag_name().name(), "testsuites");
    for (key, value) in [("tests", "3"), ("failures", "1"), ("errors", "1")] {
        assert_eq!(suites.attribute(key), Some(value), "{key}");
    }
    let cases: Vec<_> = document
        .descendants()
        .filter(|n| n.has_tag_name("testcase"))
        .collect();
    assert_eq!(cases.len(), 3);
    let failure = cases[0].first_element_child().unwrap();
    assert_eq!(failure.tag_name().name(), "failure");
    assert_eq!(
        failure.attribute("message"),
        Some("wire midi lost: expected 0, got 61")
    );
    let said = failure.text().unwrap();
    assert!(
        said.contains("lost at 100.628 ms ← RDR still held #250 ←"),
        "{said}"
    );
    assert!(
        said.contains("← FLASH_ErasePage flash.c:70 ← save_patch"),
        "{said}"
    );
    assert!(
        said.contains("\nreproduce: flashstall run ") && said.contains("strict.toml"),
        "{said}"
    );
    assert!(cases[1].children().any(|n| n.has_tag_name("error")));
    assert_eq!(cases[2].first_element_child(), None);
    assert_eq!(
        cases[2].attribute("classname"),
        Some("scenarios.hawk-midi.after")
    );
    if let Some(mut xmllint) = tool("xmllint") {
        let held = xmllint
            .args(["--noout", "--schema"])
            .arg(root().join("tests/gate/junit-10.xsd"))
            .arg(&files.junit)
            .output()
            .unwrap();
        assert!(held.status.success(), "{}", text(&held.stderr));
    }
}

/// What SARIF 2.1.0 requires of the parts that we write (§3.13 to §3.52), and what code scanning needs beyond that.
#[test]
fn sarif_points_at_the_line_that_started_the_stall() {
    let strict = strict("sarif");
    let files = check(
        "sarif",
        &[&strict, Path::new("scenarios/hawk-midi/before.toml")],
    );
    let log = &files.sarif;
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(run["tool"]["driver"]["name"], "flashstall");
    assert!(
        rules
            .iter()
            .all(|r| r["help"]["text"].as_str().unwrap().len() > 40)
    );
    let results = run["results"].as_array().unwrap();
    for result in results {
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        assert_eq!(
            result["partialFingerprints"]["flashstall/v1"]
                .as_str()
                .unwrap()
                .len(),
            16
        );
    }
    let lost: Vec<_> = results
        .iter()
        .filter(|r| r["ruleId"] == "lost-on-the-wire")
        .collect();
    // The same two causes in both scenarios: an error where nothing may be lost, a note where it is expected.
    let levels: Vec<_> = lost.iter().map(|r| r["level"].as_str().unwrap()).collect();
    assert_eq!(levels, ["error", "error", "note", "note"]);
    let place = &lost[0]["locations"][0]["physicalLocation"];
    assert_eq!(
        place["artifactLocation"]["uri"],
        "firmware-under-test/hawk-midi/flash.c"
    );
    assert_eq!(place["artifactLocation"]["uriBaseId"], "%SRCROOT%");
    // The line is the one that sets STRT; the file that is committed says so.
    let source = std::fs::read_to_string(root().join("firmware-under-test/hawk-midi/flash.c"));
    let line = place["region"]["startLine"].as_u64().unwrap() as usize;
    let source = source.unwrap();
    let started = source.lines().nth(line - 1).unwrap();
    assert!(started.contains("STRT"), "{line}: {started}");
    let flow = lost[0]["codeFlows"][0]["threadFlows"][0]["locations"]
        .as_array()
        .unwrap();
    let told = |n: usize| flow[n]["location"]["message"]["text"].as_str().unwrap();
    assert!(
        told(0).starts_with("Reset_Handler") && told(flow.len() - 1).contains("held 20.000 ms")
    );
    // Fingerprints tell causes and scenarios apart.
    let mut prints: Vec<_> = results
        .iter()
        .map(|r| r["partialFingerprints"].to_string())
        .collect();
    prints.sort();
    prints.dedup();
    assert_eq!(prints.len(), results.len());
    // A failed expectation is in the scenario.
    let failed = results
        .iter()
        .find(|r| r["ruleId"] == "expectation-failed")
        .unwrap();
    let place = &failed["locations"][0]["physicalLocation"];
    let line = place["region"]["startLine"].as_u64().unwrap() as usize;
    let written = std::fs::read_to_string(&strict).unwrap();
    assert_eq!(written.lines().nth(line - 1), Some("[[expect.wire]]"));
    assert!(
        place["artifactLocation"]["uri"]
            .as_str()
            .unwrap()
            .ends_with("strict.toml")
    );
}

#[test]
fn annotations_and_summary_name_the_line_and_the_command() {
    let strict = strict("github");
    let files = check(
        "github",
        &[&strict, Path::new("scenarios/hawk-midi/before.toml")],
    );
    let commands: Vec<_> = files.out.lines().filter(|l| l.starts_with("::")).collect();
    // Errors of the one that fails, and nothing of the one that expects its losses.
    assert_eq!(commands.len(), 3, "{commands:#?}");
    let on_the_line = "::error file=firmware-under-test/hawk-midi/flash.c,line=70,title=strict%3A lost-on-the-wire::midi: byte #251";
    assert!(commands[1].starts_with(on_the_line), "{}", commands[1]);
    assert!(
        commands
            .iter()
            .all(|c| c.contains("%0Areproduce: flashstall run "))
    );
    assert!(
        files
            .out
            .contains("2 scenarios: 1 met, 1 failed, 0 undecided\n")
    );
    assert!(
        files
            .out
            .contains("\nmet        scenarios/hawk-midi/before.toml\n")
    );
    assert!(files.markdown.contains("| ❌ failed |") && files.markdown.contains("| ✅ met |"));
    assert!(
        files.markdown.contains("| 64 | 20.000 ms |"),
        "{}",
        files.markdown
    );
    // Every row of a table has as many cells as its head.
    let bars = |l: &str| l.replace("\\|", "").matches('|').count();
    let rows = files.markdown.lines().filter(|l| l.starts_with('|'));
    assert!(
        rows.clone().count() == 4 && rows.clone().all(|l| bars(l) == 7),
        "{}",
        files.markdown
    );
}

/// The same inputs give the same bytes, whatever the number of threads.
#[test]
fn outputs_are_the_same_with_any_number_of_threads() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gate");
    std::fs::create_dir_all(&folder).unwrap();
    let run = |threads: &str| {
        let [junit, sarif] =
            ["xml", "sarif"].map(|e| folder.join(format!("threads-{threads}.{e}")));
        let output = flashstall(
            root(),
            &[
                "check",
                "scenarios/hawk-midi",
                "--threads",
                threads,
                "--junit",
                junit.to_str().unwrap(),
                "--sarif",
                sarif.to_str().unwrap(),
            ],
        );
        assert_eq!(code(&output), 0, "{}", text(&output.stdout));
        [
            output.stdout,
            std::fs::read(junit).unwrap(),
            std::fs::read(sarif).unwrap(),
        ]
    };
    assert_eq!(run("1"), run("4"));
}

/// A folder as a repository has it: a scenario, and an ELF that is built anew.
fn repository(name: &str, elf: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("gate")
        .join(name);
    std::fs::create_dir_all(folder.join("scenarios")).unwrap();
    let text = std::fs::read_to_string(root().join("scenarios/hawk-midi/after.toml")).unwrap();
    // Nothing is expected but a good end: only the baseline can tell that something is worse.
    let text = text.split("[expect]").next().unwrap().to_owned() + "[expect]\nresets = 0\n";
    let text = text.replace(
        "../../firmware-under-test/hawk-midi/elf/after.elf",
        "../fw.elf",
    );
    std::fs::write(folder.join("scenarios/save.toml"), text).unwrap();
    std::fs::copy(hawk(elf), folder.join("fw.elf")).unwrap();
    folder
}

#[test]
fn a_callee_that_moves_back_to_flash_fails_against_the_baseline() {
    let folder = repository("callee", "after");
    let wrote = flashstall(&folder, &["baseline", "scenarios", "-o", "base.json"]);
    assert_eq!(code(&wrote), 0, "{}", text(&wrote.stderr));
    let check = [
        "check",
        "scenarios",
        "--baseline",
        "base.json",
        "--markdown",
        "m.md",
    ];
    // The same firmware: nothing has changed.
    let same = flashstall(&folder, &check);
    assert_eq!(code(&same), 0, "{}", text(&same.stdout));
    assert_eq!(
        text(&same.stdout).lines().count(),
        2,
        "{}",
        text(&same.stdout)
    );
    assert!(
        std::fs::read_to_string(folder.join("m.md"))
            .unwrap()
            .contains("No change")
    );

    std::fs::copy(hawk("mutant-callee-in-flash"), folder.join("fw.elf")).unwrap();
    assert_eq!(code(&flashstall(&folder, &["check", "scenarios"])), 0);
    let worse = flashstall(&folder, &check);
    assert_eq!(code(&worse), 1);
    let out = text(&worse.stdout);
    for line in [
        "FAILED     scenarios/save.toml: midi: lost: 0 in the baseline, 60 now",
        "WORSE",
        "longest fetch stall",
        "another build of the firmware: scenarios/save.toml (",
        "in ring_put ring.c:",
    ] {
        assert!(out.contains(line), "{line}\n{out}");
    }
    let markdown = std::fs::read_to_string(folder.join("m.md")).unwrap();
    assert!(
        markdown.contains("| ❌ worse | scenarios/save.toml | midi: lost | 0 | 60 |"),
        "{markdown}"
    );
    assert!(
        markdown.contains("midi: margin to an overrun"),
        "{markdown}"
    );

    // … and the way back is an improvement, not a failure.
    let base = ["baseline", "scenarios", "-o", "base.json"];
    assert_eq!(code(&flashstall(&folder, &base)), 0);
    std::fs::copy(hawk("after"), folder.join("fw.elf")).unwrap();
    let better = flashstall(&folder, &check);
    assert_eq!(code(&better), 0, "{}", text(&better.stdout));
    assert!(
        text(&better.stdout).contains("better"),
        "{}",
        text(&better.stdout)
    );
}

#[test]
fn a_baseline_that_cannot_be_compared_is_said_so() {
    let folder = repository("other", "after");
    let [save, too] = ["save", "too"].map(|n| folder.join(format!("scenarios/{n}.toml")));
    std::fs::copy(save, too).unwrap();
    let write = || {
        let wrote = flashstall(&folder, &["baseline", "scenarios", "-o", "-"]);
        text(&wrote.stdout)
    };
    let base = write();
    let check = |json: &str| {
        std::fs::write(folder.join("base.json"), json).unwrap();
        flashstall(&folder, &["check", "scenarios", "--baseline", "base.json"])
    };
    for (change, to, message) in [
        (
            "flashstall-baseline/1",
            "flashstall-baseline/9",
            "is of schema `flashstall-baseline/9`",
        ),
        (
            "stm32f303xc",
            "stm32f103xb",
            "is of chip `stm32f103xb`, the scenario has `stm32f303xc`",
        ),
        (
            "../fw.elf",
            "../old.elf",
            "is of firmware `../old.elf`, the scenario has `../fw.elf`",
        ),
        (
            "\"scenarios\": [",
            "\"scenarios\": 5, \"x\": [",
            "is not a baseline",
        ),
    ] {
        assert!(base.contains(change));
        let output = check(&base.replace(change, to));
        assert_eq!(code(&output), 2, "{change}");
        assert!(
            text(&output.stderr).contains(message),
            "{}",
            text(&output.stderr)
        );
        assert!(output.stdout.is_empty());
    }
    let moved = check(&base.replace("scenarios/save.toml", "scenarios/gone.toml"));
    assert_eq!(code(&moved), 0);
    let out = text(&moved.stdout);
    assert!(
        out.contains("not in the baseline: scenarios/save.toml"),
        "{out}"
    );
    assert!(
        out.contains("in the baseline, not run: scenarios/gone.toml"),
        "{out}"
    );
    // Written in another folder: nothing at all would be compared, and the gate always be open.
    let elsewhere = check(&base.replace("scenarios/", "firmware/scenarios/"));
    assert_eq!(code(&elsewhere), 2);
    for part in [
        "the baseline has none of these scenarios: it has `firmware/scenarios/save.toml` and 1 more, not `scenarios/save.toml`",
        "relative to the folder",
    ] {
        let said = text(&elsewhere.stderr);
        assert!(said.contains(part), "{part}: {said}");
    }
    for usage in [
        &["check", "scenarios", "--tolerance", "5%"][..],
        &[
            "check",
            "scenarios",
            "--baseline",
            "base.json",
            "--tolerance",
            "5",
        ],
        &["check", "scenarios", "--baseline", "no.json"],
    ] {
        assert_eq!(code(&flashstall(&folder, usage)), 2, "{usage:?}");
    }
}
