//! What flashstall writes, held against the schemas that it promises: SARIF 2.1.0, and those in `docs/`. The judge is not ours: `check-jsonschema` (PyPI), and
//! for SARIF the schema that the standard's makers publish. `./test --all` installs both; without them only the writing is tested here.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{hawk, probe, root, tool};
use serde_json::{Value, json};

/// A new folder of the test's own.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("outputs")
        .join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs flashstall in the root; it may fail a scenario, but not its user.
fn flashstall(arguments: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_flashstall"))
        .current_dir(root())
        .args(arguments)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_ne!(output.status.code(), Some(2), "{arguments:?}: {text}");
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Holds `files` against `schema`: all of them pass, and with `broken` in place of what each pointer names, the first of them does not.
fn held(schema: &Path, files: &[PathBuf], broken: &[(&str, Value)]) {
    let Some(_) = tool("check-jsonschema") else {
        return;
    };
    let judge = |files: &[PathBuf]| {
        Command::new("check-jsonschema")
            // A pattern in the SARIF schema has a bracket too many, which is no error without the flag `u`.
            .args(["--regex-variant", "nonunicode", "--schemafile"])
            .arg(schema)
            .args(files)
            .output()
            .unwrap()
    };
    let good = judge(files);
    let text = String::from_utf8_lossy(&good.stdout);
    assert!(good.status.success(), "{}: {text}", schema.display());
    for (n, (pointer, value)) in broken.iter().enumerate() {
        let mut document = read(&files[0]);
        *document
            .pointer_mut(pointer)
            .unwrap_or_else(|| panic!("no {pointer}")) = value.clone();
        let file = files[0].with_file_name(format!("broken-{n}.json"));
        std::fs::write(&file, document.to_string()).unwrap();
        let refused = judge(&[file]);
        let text = String::from_utf8_lossy(&refused.stdout);
        assert_eq!(refused.status.code(), Some(1), "{pointer}: {text}");
        let place = pointer.rsplit('/').find(|p| p.parse::<u32>().is_err());
        assert!(text.contains(place.unwrap()), "{pointer}: {text}");
    }
}

fn schema(name: &str) -> PathBuf {
    root().join("docs").join(format!("{name}.schema.json"))
}

const SCENARIOS: [&str; 4] = [
    "scenarios/hawk-midi/before.toml",
    "scenarios/hawk-midi/after.toml",
    "scenarios/page-bootloader/f103-uart-plain-max.toml",
    "scenarios/page-bootloader-can/f103-can-candump.toml",
];

/// With what fails, what is expected, and what nothing decides: errors, notes and warnings.
#[test]
fn sarif_is_what_its_schema_says() {
    let folder = scratch("sarif");
    let text = std::fs::read_to_string(root().join(SCENARIOS[0])).unwrap();
    let elf = "../../firmware-under-test/hawk-midi/elf/before.elf";
    let text = text.replace(elf, &hawk("before").display().to_string());
    let strict = folder.join("strict.toml");
    let wanted = text.replace("lost = \"60..=62\"", "lost = 0");
    assert_ne!(wanted, text);
    std::fs::write(&strict, wanted).unwrap();
    let undecided = folder.join("undecided.toml");
    std::fs::write(&undecided, text.split("[expect]").next().unwrap()).unwrap();
    let sarif = folder.join("all.sarif.json");
    let names = [&strict, &undecided, &sarif].map(|p| p.to_str().unwrap());
    let [strict, undecided, out] = names;
    flashstall(
        &[
            &["check", strict, undecided, "--sarif", out],
            &SCENARIOS[..],
        ]
        .concat(),
    );
    let levels = read(&sarif)["runs"][0]["results"].to_string();
    for level in ["error", "warning", "note"] {
        assert!(
            levels.contains(&format!("\"level\":\"{level}\"")),
            "{level}"
        );
    }
    // Where nothing is wrong, too.
    let empty = folder.join("empty.sarif.json");
    flashstall(&["check", SCENARIOS[1], "--sarif", empty.to_str().unwrap()]);
    let Some(schema) = std::env::var_os("FLASHSTALL_SARIF_SCHEMA") else {
        assert!(
            std::env::var_os("FLASHSTALL_NEED_TOOLS").is_none(),
            "no schema"
        );
        return;
    };
    held(
        Path::new(&schema),
        &[sarif, empty],
        &[
            ("/version", json!("2.0.0")),
            ("/runs/0/results/0/level", json!("fatal")),
            ("/runs/0/results/0/message", json!({})),
            (
                "/runs/0/results/0/locations/0/physicalLocation/region/startLine",
                json!(0),
            ),
            ("/runs/0/tool/driver/rules", json!("none")),
        ],
    );
}

#[test]
fn reports_are_what_their_schema_says() {
    let folder = scratch("report");
    let mut files = Vec::new();
    for (n, scenario) in SCENARIOS.iter().enumerate() {
        let file = folder.join(format!("{n}.json"));
        flashstall(&["run", scenario, "--json", file.to_str().unwrap()]);
        files.push(file);
    }
    let open = folder.join("open.json");
    let arguments = ["run", SCENARIOS[1], "--open-behaviours", "all", "--json"];
    flashstall(&[&arguments[..], &[open.to_str().unwrap()]].concat());
    files.push(open);
    held(
        &schema("report"),
        &files,
        &[
            ("/verdict", json!("fine")),
            ("/wires/0/lost", json!(-1)),
            ("/stop/reason", json!(7)),
        ],
    );
}

#[test]
fn an_exec_report_is_what_its_schema_says() {
    let folder = scratch("exec");
    let (fault, bkpt) = (folder.join("fault.json"), folder.join("bkpt.json"));
    for (elf, file, read) in [
        ("wild-jump", &fault, &[][..]),
        ("bkpt", &bkpt, &["--read", "result:2"][..]),
    ] {
        let (elf, file) = (probe(elf), file.to_str().unwrap());
        let plain = [
            "exec",
            elf.to_str().unwrap(),
            "--chip",
            "stm32f303xc",
            "--json",
            file,
        ];
        flashstall(&[&plain[..], read].concat());
    }
    held(&schema("exec"), &[fault, bkpt], &[("/stop", json!("bkpt"))]);
}

#[test]
fn a_baseline_is_what_its_schema_says() {
    let file = scratch("baseline").join("base.json");
    flashstall(&[&["baseline", "-o", file.to_str().unwrap()], &SCENARIOS[..]].concat());
    let lost = "/scenarios/0/wires/0/lost";
    let broken = [(lost, json!(-1)), ("/scenarios/0/verdict", json!("good"))];
    held(&schema("baseline"), &[file], &broken);
}

/// All that are committed, and what the commands write.
#[test]
fn scenarios_are_what_their_schema_says() {
    let folder = scratch("scenario");
    let (first, found) = (folder.join("first.toml"), folder.join("found.toml"));
    let (hawk, out) = (hawk("before"), first.to_str().unwrap());
    flashstall(&["init", hawk.to_str().unwrap(), "--out", out]);
    let vary = ["--vary", "phase", "--property", "lost=0", "--runs", "3"];
    let fuzz = [
        &["fuzz", SCENARIOS[0], "--out", found.to_str().unwrap()],
        &vary[..],
    ]
    .concat();
    flashstall(&fuzz);
    let mut sources = vec![first, found];
    for below in std::fs::read_dir(root().join("scenarios")).unwrap() {
        for file in std::fs::read_dir(below.unwrap().path()).unwrap() {
            sources.push(file.unwrap().path());
        }
    }
    sources.retain(|p| p.extension().is_some_and(|e| e == "toml"));
    assert!(sources.len() > 50, "{}", sources.len());
    let files: Vec<PathBuf> = sources
        .iter()
        .enumerate()
        .map(|(n, source)| {
            let text = std::fs::read_to_string(source).unwrap();
            let table: toml::Table = text.parse().unwrap();
            let file = folder.join(format!("{n}.json"));
            std::fs::write(&file, serde_json::to_string(&table).unwrap()).unwrap();
            file
        })
        .collect();
    held(
        &schema("scenario"),
        &files,
        &[("/chip", json!(303)), ("/wire/0/kind", json!("usb"))],
    );
}

/// What CI systems read of ours: the judge knows their schemas.
#[test]
fn templates_are_what_their_runners_read() {
    let Some(_) = tool("check-jsonschema") else {
        return;
    };
    let folder = scratch("templates");
    let page = std::fs::read_to_string(root().join("docs/distributed.md")).unwrap();
    let (_, yaml) = page
        .split_once("<!-- run: matrix.yml -->\n```yaml\n")
        .unwrap();
    let matrix = folder.join("matrix.yml");
    std::fs::write(&matrix, yaml.split("```").next().unwrap()).unwrap();
    let judge = |builtin: &str, file: &Path| {
        let arguments = ["--builtin-schema", builtin];
        let mut judge = Command::new("check-jsonschema");
        judge.args(arguments).arg(file).output().unwrap()
    };
    for (builtin, file, key) in [
        ("vendor.github-workflows", matrix, "runs-on"),
        ("vendor.github-actions", root().join("action.yml"), "using"),
        ("vendor.gitlab-ci", root().join("ci/gitlab.yml"), "stage"),
    ] {
        let good = judge(builtin, &file);
        let said = String::from_utf8_lossy(&good.stdout);
        assert!(good.status.success(), "{}: {said}", file.display());
        // … and it would have noticed.
        let text = std::fs::read_to_string(&file).unwrap();
        let wrong = folder.join(format!("wrong-{}", file.file_name().unwrap().display()));
        let broken = text.replace(&format!("{key}: "), &format!("{key}: [[1]] #"));
        assert_ne!(broken, text);
        std::fs::write(&wrong, broken).unwrap();
        assert!(!judge(builtin, &wrong).status.success(), "{builtin}");
    }
}
