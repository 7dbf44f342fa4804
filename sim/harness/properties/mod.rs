//! For property tests with [`proptest`](https://docs.rs/proptest): strategies for what a scenario is made of, and laws that hold for every firmware. Feature `proptest`.
//!
//! ```no_run
//! use flashstall::properties::{laws, point};
//! use flashstall::{Scenario, vary::Variation};
//! use proptest::test_runner::TestRunner;
//!
//! let scenario = Scenario::from_path("tests/timing/save.toml")?;
//! let axes = ["baud=9600..115200", "erase=datasheet", "phase"].map(str::to_owned);
//! let variation = Variation::new(&scenario, "axes", &axes)?;
//! let fork = variation.boot()?;
//! let result = TestRunner::default().run(&point(&variation), |point| {
//!     let report = variation.report(&fork, &point).map_err(|e| e.to_string()).expect("it runs");
//!     laws(&report)?;
//!     proptest::prop_assert_eq!(report.wires[0].lost, 0, "{}", variation.describe(&point));
//!     Ok(())
//! });
//! result.expect("nothing is lost");
//! # Ok::<(), flashstall::ScenarioError>(())
//! ```
//!
//! Points shrink towards the first value of each axis, everything else towards fewer and smaller. Failures that proptest has written down
//! (`proptest-regressions`) are tried first, as in any property test.
//!
//! What no axis says is put into a scenario with [`ScenarioBuilder::with`](crate::scenario::ScenarioBuilder::with), for example `mix.apply(&mut file.wire[0].traffic.value)`.

mod laws;
mod same;
mod strategies;
mod traffic;

pub use laws::laws;
#[cfg(feature = "unicorn")]
pub use same::same_on_both_engines;
pub use same::same_without_fast_forward;
pub use strategies::{baud, bytes, clock_error, erase, order, phase, point, program, time};
pub use traffic::{Bursts, FrameMix, HostBehaviour, bursts, frame_mix, frames, host_behaviour};
