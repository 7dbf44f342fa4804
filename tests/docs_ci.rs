//! The transcripts of `docs/ci.md`: each command is run, and what it prints is what the page shows.

mod common;

use std::path::Path;
use std::process::Command;

use common::{hawk, root};

#[test]
fn transcripts_are_what_the_commands_print() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("docs-ci");
    let _ = std::fs::remove_dir_all(&folder);
    for name in ["scenarios", "builds"] {
        std::fs::create_dir_all(folder.join(name)).unwrap();
    }
    let scenario = std::fs::read_to_string(root().join("scenarios/hawk-midi/after.toml")).unwrap();
    let scenario = scenario.replace(
        "../../firmware-under-test/hawk-midi/elf/after.elf",
        "../fw.elf",
    );
    std::fs::write(folder.join("scenarios/save.toml"), scenario).unwrap();
    for (build, elf) in [("good", "after"), ("slip", "mutant-callee-in-flash")] {
        std::fs::copy(hawk(elf), folder.join(format!("builds/{build}.elf"))).unwrap();
    }
    // The sources lie where the compiler saw them.
    std::fs::create_dir_all(folder.join("hawk-midi")).unwrap();
    for file in [
        "flash.c",
        "save.c",
        "panel.c",
        "main.c",
        "startup.c",
        "ring.c",
    ] {
        let from = root().join("firmware-under-test/hawk-midi").join(file);
        std::fs::copy(from, folder.join("hawk-midi").join(file)).unwrap();
    }

    let path = root().join("docs/ci.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (mut now, mut inside) = (String::new(), false);
    for line in page.lines() {
        let fence = line.starts_with("```");
        if inside && fence {
            inside = false;
        } else if fence {
            inside = line == "```console";
        }
        match line.strip_prefix("$ ").filter(|_| inside) {
            Some(command) => now += &format!("$ {command}\n{}", run(&folder, command)),
            // What a command printed is written anew.
            None if inside && !fence => {}
            None => now += &format!("{line}\n"),
        }
    }
    if std::env::var_os("FLASHSTALL_BLESS").is_some() {
        std::fs::write(&path, &now).unwrap();
    } else {
        assert!(page == now, "FLASHSTALL_BLESS=1 accepts:\n{now}");
    }
}

/// What a command prints; an exit code other than 0 stands below it, as a shell's prompt would show it.
fn run(folder: &Path, command: &str) -> String {
    let ours = Path::new(env!("CARGO_BIN_EXE_flashstall"))
        .parent()
        .unwrap();
    let path = format!("{}:{}", ours.display(), std::env::var("PATH").unwrap());
    let output = Command::new("bash")
        .args(["-o", "pipefail", "-c", command])
        .current_dir(folder)
        .env("PATH", path)
        .output()
        .unwrap();
    let mut text =
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    // A fence inside would end the block.
    let mut text: String = text.replace("```", "~~~");
    match output.status.code() {
        Some(0) => {}
        code => text += &format!("[exit {}]\n", code.unwrap_or(-1)),
    }
    text
}
