//! One test for each scenario below `tests/timing/`: `cargo test --test timing save`, `-- --list`, nextest, as with any other test.

flashstall::scenario_tests!("tests/timing");
