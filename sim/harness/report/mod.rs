//! Reports: what a run has to say, for tools ([`Report`] as JSON) and for people ([`Report::to_text`]).
//!
//! Made from the log, the machine at its end and the scenario; runs nothing.

mod account;
mod build;
mod dma;
mod expectations;
mod hosts;
mod i2c;
mod model;
mod names;
mod nor;
mod stop;
mod text;

pub use model::*;
pub use nor::{MAX_NOR_OPERATIONS, NorIgnoredReport, NorOperationReport, NorReport};

pub(crate) use account::{is_lost, is_settled};
pub(crate) use build::{Ending, build, judged, stall_totals, unmodelled};
pub(crate) use i2c::reason_name;
pub use i2c::{I2cReport, StretchReport};
pub(crate) use names::{
    cause_name, hex_byte, hold_name, operation_name, place_report, places_report, reset_name,
    seconds, swapped_name,
};
pub(crate) use stop::stop_report;
pub(crate) use text::{block, short, table, wrapped};

impl Report {
    /// Do all expectations hold?
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.verdict == Verdict::Met
    }

    /// The wire called `name`.
    #[must_use]
    pub fn wire(&self, name: &str) -> Option<&WireReport> {
        self.wires.iter().find(|w| w.name == name)
    }

    /// The host called `name`.
    #[must_use]
    pub fn host(&self, name: &str) -> Option<&HostReport> {
        self.hosts.iter().find(|h| h.name == name)
    }

    /// The serial flash called `name`.
    #[must_use]
    pub fn nor(&self, name: &str) -> Option<&NorReport> {
        self.nors.iter().find(|n| n.name == name)
    }

    /// The buffer called `name`.
    #[must_use]
    pub fn find_buffer(&self, name: &str) -> Option<&BufferReport> {
        self.buffers.iter().find(|b| b.name == name)
    }

    /// The interrupt called `name`.
    #[must_use]
    pub fn interrupt(&self, name: &str) -> Option<&InterruptReport> {
        self.interrupts.iter().find(|i| i.name == name)
    }

    /// As JSON, indented, with a newline at the end. The same run gives the same bytes.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Plain data with text keys: there is nothing in it that JSON cannot hold.
        let mut json = serde_json::to_string_pretty(self).unwrap_or_default();
        json.push('\n');
        json
    }
}
