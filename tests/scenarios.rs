//! Each scenario in `scenarios/` is a test.
flashstall::scenario_tests!("scenarios");
