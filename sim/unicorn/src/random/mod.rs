//! Random valid instructions, executed by both engines and compared.

pub mod encodings;
pub mod every;
pub mod pattern;
pub mod program;
pub mod report;
mod rng;
pub mod run;

pub use rng::Rng;
