//! The two engines against each other, on every scenario: the same report but for the engine's name, and no difference in
//! lockstep. Needs the feature `unicorn`.
#![cfg(feature = "unicorn")]

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use flashstall::crosscheck::crosscheck;
use flashstall::{EngineKind, RunOptions, Scenario};
use flashstall_mcu::Picos;

fn scenarios() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/hawk-midi");
    let mut all: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("scenarios")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    all.sort();
    assert!(!all.is_empty());
    all
}

/// Does `check` for each scenario, several at once: each thread has a unicorn of its own.
fn for_each(check: impl Fn(&Path) + Sync) {
    let all = scenarios();
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(path) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    check(path);
                }
            });
        }
    });
}

#[test]
fn both_engines_give_the_same_report() {
    for_each(|path| {
        let scenario = Scenario::from_path(path).expect("valid");
        let report = |engine| {
            let options = RunOptions {
                engine,
                ..RunOptions::default()
            };
            scenario.run_with(&options).expect("runs").to_json()
        };
        let native = report(EngineKind::Native);
        let name = "\"engine\": \"native\"";
        assert!(native.contains(name), "{}", path.display());
        let wanted = native.replace(name, "\"engine\": \"unicorn\"");
        assert_eq!(report(EngineKind::Unicorn), wanted, "{}", path.display());
    });
}

#[test]
fn lockstep_finds_no_difference() {
    for_each(|path| {
        let outcome = crosscheck(path, "", Picos::from_millis(10_000), 300_000).expect("valid");
        assert_eq!(outcome.difference, None, "{}", path.display());
        assert!(outcome.compared > 100_000, "{}", path.display());
    });
}
