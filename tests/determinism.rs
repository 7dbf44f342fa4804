//! The same inputs give the same bytes: run twice, on 1 and on 8 threads, with and without fast-forward. All of scenarios/ is run.

mod common;

use flashstall::batch::{self, BatchOptions};
use flashstall::{Report, RunOptions};

fn all(threads: usize, fast_forward: bool) -> String {
    let files = batch::collect(&[common::root().join("scenarios")]).unwrap();
    let scenarios = batch::read(&files).unwrap();
    let run = RunOptions {
        fast_forward,
        ..RunOptions::default()
    };
    let reports = batch::run(
        &scenarios,
        &BatchOptions {
            run,
            all_open: false,
            threads,
        },
    )
    .unwrap();
    assert!(reports.len() > 20);
    reports.iter().map(Report::to_json).collect()
}

#[test]
fn reports_are_byte_identical() {
    // Every scenario there is. The second run is the one on eight threads: it tells either way.
    let once = all(1, true);
    assert!(
        once == all(8, true),
        "a second run, on eight threads, differs"
    );
    assert!(once == all(2, false), "fast-forward changes a result");
}

#[test]
fn open_alternatives_are_byte_identical_too() {
    let scenario = common::hawk_scenario("mutant-table-128-add");
    let run = || scenario.run_all_open(&RunOptions::default()).unwrap();
    let report = run();
    assert_eq!(report.to_json(), run().to_json());
    assert_eq!(report.verdict, flashstall::Verdict::Undecided);
    assert!(
        report.reason.contains("vector_address = or"),
        "{}",
        report.reason
    );
}
