//! `docs/systems.md` is what the scenarios come to now.

mod common;

use std::path::Path;

use common::root;
use flashstall::batch::{self, BatchOptions};
use flashstall::{RunOptions, Scenario, systems};

/// The folder of a scenario below `scenarios/`.
fn system(scenario: &Scenario) -> String {
    let folder = scenario.path().and_then(Path::parent);
    let name = folder.and_then(Path::file_name);
    name.map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default()
}

#[test]
fn the_page_of_systems_is_current() {
    let files = batch::collect(&[root().join("scenarios")]).unwrap();
    let all = batch::read(&files).unwrap();
    let options = BatchOptions {
        run: RunOptions::default(),
        all_open: false,
        threads: 4,
    };
    let reports = batch::run(&all, &options).unwrap();
    let named: Vec<_> = all.iter().map(system).zip(reports).collect();
    let text = systems::to_markdown(&named);
    let path = root().join("docs/systems.md");
    if std::env::var_os("FLASHSTALL_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "docs/systems.md is out of date; FLASHSTALL_BLESS=1 cargo test --test systems writes it"
    );
}
