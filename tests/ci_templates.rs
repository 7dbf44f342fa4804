//! The shell steps of the GitHub action, the GitLab template and the pre-commit hook, run as their runners run them; all but the
//! installation, which needs a network.

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use common::{hawk, root};

fn template(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).unwrap()
}

/// A repository with one scenario, whose ELF is `elf`.
fn repository(name: &str, elf: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ci").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("scenarios")).unwrap();
    let text = std::fs::read_to_string(root().join("scenarios/hawk-midi/after.toml")).unwrap();
    let text = text.replace(
        "../../firmware-under-test/hawk-midi/elf/after.elf",
        "../fw.elf",
    );
    std::fs::write(folder.join("scenarios/save.toml"), text).unwrap();
    std::fs::copy(hawk(elf), folder.join("fw.elf")).unwrap();
    folder
}

/// A shell in `folder` with our binary on its path.
fn shell(folder: &Path, program: &[&str], script: &str, environment: &[(&str, &str)]) -> Output {
    let ours = Path::new(env!("CARGO_BIN_EXE_flashstall"))
        .parent()
        .unwrap();
    let path = std::env::var("PATH").unwrap();
    Command::new(program[0])
        .args(&program[1..])
        .arg(script)
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", ours.display()))
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

/// The blocks after `run: |`, without their indentation.
fn run_blocks(yaml: &str) -> Vec<String> {
    let lines: Vec<&str> = yaml.lines().collect();
    let indent = |l: &str| l.len() - l.trim_start().len();
    let starts = lines
        .iter()
        .enumerate()
        .filter(|(_, l)| l.trim() == "run: |");
    starts
        .map(|(n, start)| {
            let body = lines[n + 1..]
                .iter()
                .take_while(|l| l.is_empty() || indent(l) > indent(start));
            body.map(|l| l.trim_start_matches(' ').to_owned() + "\n")
                .collect()
        })
        .collect()
}

#[test]
fn the_github_action_checks_and_summarises() {
    let action = template("action.yml");
    let blocks = run_blocks(&action);
    assert_eq!(blocks.len(), 2);
    // Every input that is used is declared; none is pasted into a script, where it could be code.
    let used = action
        .split("${{ inputs.")
        .skip(1)
        .map(|u| u.split(' ').next().unwrap());
    for input in used {
        assert!(action.contains(&format!("\n  {input}:\n")), "{input}");
    }
    assert!(blocks.iter().all(|b| !b.contains("${{")));

    let step = |folder: &Path, baseline: &str| {
        let environment = [
            ("SCENARIOS", "scenarios"),
            ("BASELINE", baseline),
            ("TOLERANCE", "5%"),
            ("OUTPUT", "out files"),
            ("GITHUB_OUTPUT", "output.txt"),
            ("GITHUB_STEP_SUMMARY", "step.md"),
            ("ACTION", "/nowhere"),
        ];
        // As the runner calls bash.
        let bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"];
        let installed = shell(folder, &bash, &blocks[0], &environment);
        assert!(installed.status.success(), "it is there already");
        shell(folder, &bash, &blocks[1], &environment)
    };
    let read = |folder: &Path, name: &str| std::fs::read_to_string(folder.join(name)).unwrap();

    let folder = repository("github", "after");
    assert_eq!(step(&folder, "").status.code(), Some(0));
    assert!(read(&folder, "step.md").contains("| ✅ met |"));
    assert!(read(&folder, "output.txt").contains("sarif=out files/flashstall.sarif\n"));
    assert!(read(&folder, "out files/flashstall.xml").contains("<testcase name=\"save\""));

    std::fs::copy(hawk("before"), folder.join("fw.elf")).unwrap();
    let failed = step(&folder, "");
    assert_eq!(failed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&failed.stdout).contains("\n::error file="));
    assert!(read(&folder, "step.md").contains("| ❌ failed |"));
    assert!(read(&folder, "out files/flashstall.sarif").contains("lost-on-the-wire"));
    // Bad input stays 2, and nothing is summarised that did not run.
    let before = read(&folder, "step.md");
    assert_eq!(
        step(&folder, "no-such-baseline.json").status.code(),
        Some(2)
    );
    assert_eq!(read(&folder, "step.md"), before);
}

#[test]
fn the_gitlab_template_checks() {
    let yaml = template("ci/gitlab.yml");
    let script: Vec<&str> = yaml
        .lines()
        .skip_while(|l| l.trim() != "script:")
        .skip(1)
        .map_while(|l| l.strip_prefix("    - "))
        .collect();
    assert_eq!(script.len(), 2);
    let run = |folder: &Path, baseline: &str| {
        let environment = [
            ("FLASHSTALL_SCENARIOS", "scenarios"),
            ("FLASHSTALL_BASELINE", baseline),
            ("FLASHSTALL_TOLERANCE", "5%"),
        ];
        // The runner joins the lines into one script of a plain shell that ends at the first error.
        shell(folder, &["sh", "-ec"], &script.join("\n"), &environment)
    };
    let folder = repository("gitlab", "after");
    assert_eq!(run(&folder, "").status.code(), Some(0));
    assert!(folder.join("flashstall.xml").is_file() && folder.join("flashstall.sarif").is_file());
    let base = shell(
        &folder,
        &["sh", "-ec"],
        "flashstall baseline scenarios -o base.json",
        &[],
    );
    assert!(base.status.success());
    assert_eq!(run(&folder, "base.json").status.code(), Some(0));
    std::fs::copy(hawk("mutant-callee-in-flash"), folder.join("fw.elf")).unwrap();
    let worse = run(&folder, "base.json");
    assert_eq!(worse.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&worse.stdout).contains("WORSE"));
}

#[test]
fn the_pre_commit_hook_checks() {
    let yaml = template(".pre-commit-hooks.yaml");
    let value = |key: &str| {
        let line = yaml
            .lines()
            .find_map(|l| l.trim().strip_prefix(&format!("{key}: ")));
        line.unwrap().trim_matches(['[', ']']).to_owned()
    };
    assert_eq!(
        (value("language").as_str(), value("pass_filenames").as_str()),
        ("rust", "false")
    );
    let command = format!("{} {}", value("entry"), value("args"));
    let folder = repository("pre-commit", "after");
    assert_eq!(
        shell(&folder, &["sh", "-ec"], &command, &[]).status.code(),
        Some(0)
    );
    std::fs::copy(hawk("before"), folder.join("fw.elf")).unwrap();
    assert_eq!(
        shell(&folder, &["sh", "-ec"], &command, &[]).status.code(),
        Some(1)
    );
}

/// Each job of the matrix in a clone of its own, artefacts carried as the actions do it, and all put together.
#[test]
fn the_github_matrix_sweeps_in_parts() {
    let page = template("docs/distributed.md");
    let (_, yaml) = page
        .split_once("<!-- run: matrix.yml -->\n```yaml\n")
        .unwrap();
    let yaml = yaml.split("```").next().unwrap();
    let value = |key: &str, nth: usize| {
        let found = yaml
            .lines()
            .filter_map(|l| l.trim().strip_prefix(&format!("{key}: ")));
        found.clone().nth(nth).unwrap().to_owned()
    };
    let blocks = run_blocks(yaml);
    let [install, sweep, install_again, merge] = blocks.as_slice() else {
        panic!("{blocks:?}")
    };
    assert!(blocks.iter().all(|b| !b.contains("${{")));
    let bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"];
    let good = |folder: &Path, script: &str, shard: &str| {
        let output = shell(folder, &bash, script, &[("SHARD", shard)]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}: {text}");
    };
    let shards = value("shard", 0);
    let shards: Vec<&str> = shards.trim_matches(['[', ']']).split(", ").collect();
    assert!(
        sweep.contains(&format!("$SHARD/{}", shards.len())),
        "{sweep}"
    );

    let last = repository("github-matrix-merge", "before");
    let parts = last.join(value("path", 1));
    std::fs::create_dir_all(&parts).unwrap();
    for shard in &shards {
        let clone = repository(&format!("github-matrix-{shard}"), "before");
        good(&clone, install, shard);
        good(&clone, sweep, shard);
        let file = value("path", 0).replace("${{ matrix.shard }}", shard);
        std::fs::copy(clone.join(&file), parts.join(&file)).unwrap();
    }
    good(&last, install_again, "");
    good(&last, merge, "");
    let results = std::fs::read_to_string(last.join(value("path", 2))).unwrap();
    let whole = sweep
        .replace("$SHARD/4", "0/1")
        .replace("part-$SHARD", "whole");
    good(&last, &whole, "");
    assert_eq!(results.lines().count(), 12, "{results}");
    assert_eq!(
        results,
        std::fs::read_to_string(last.join("whole.csv")).unwrap()
    );
}
