//! The causal chain of a loss: from the byte that is gone, back to the call that made the flash busy.
//!
//! Reads the log, the chip's names and the firmware's; decides nothing about verdicts. `link` is what a
//! chain is made of, `explain` finds the links (`stretch` those of a held I2C clock), `text` writes them for people.

mod explain;
mod history;
mod link;
mod stretch;
mod text;

pub use explain::Explainer;
pub(crate) use explain::{stalled_at, started_by};
pub use link::Link;
pub(crate) use text::at;
pub use text::{chain_text, summary};
