//! Runs real Cortex-M firmware, cycle by cycle, with its flash busy and bytes arriving at line rate, and says which
//! byte was lost, when and why.
//!
//! A microcontroller that erases or programs its own flash cannot read that flash meanwhile: the core stops on the next instruction
//! fetch, literal load or vector fetch, for milliseconds. Serial ports do not stop. A [`Scenario`] says which firmware runs on which
//! chip, what arrives when, and what must hold; running it gives a [`Report`] with the fate of every byte and the causal chain of each
//! loss.
//!
//! ```no_run
//! let report = flashstall::Scenario::from_path("scenarios/hawk-midi/after.toml")?.run()?;
//! assert!(report.is_met(), "{}", report.to_text());
//! # Ok::<(), flashstall::ScenarioError>(())
//! ```
//!
//! As `cargo test` tests: [`scenario_tests!`]. Without TOML: [`Scenario::builder`]. Layers: this crate knows scenarios and reports,
//! [`flashstall_mcu`] chips and machines, [`flashstall_cpu`] the core; never the other way.
#![deny(missing_docs)]

pub mod assert;
pub mod batch;
pub mod chain;
pub mod chips;
pub mod crosscheck;
pub mod demo;
pub mod engine;
pub mod exec;
pub mod exit;
pub mod firmware;
pub mod gate;
pub mod heatmap;
pub mod host;
pub mod init;
mod memory;
mod open;
#[cfg(feature = "proptest")]
pub mod properties;
pub mod report;
pub mod run;
pub mod scenario;
pub mod schema;
#[cfg(unix)]
pub mod serve;
pub mod suggest;
pub mod svd;
pub mod systems;
pub mod testing;
pub mod timeline;
pub mod vary;

pub use assert::DurationExt;
pub use engine::EngineKind;
pub use report::{Report, Verdict};
pub use run::RunOptions;
pub use scenario::{Scenario, ScenarioError};
