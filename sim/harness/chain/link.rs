//! What a causal chain is made of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::report::PlaceReport;

/// One step from an effect to its cause. Times are seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "link", rename_all = "kebab-case")]
pub enum Link {
    /// What was lost.
    Lost {
        /// `uart`, `pin`, `can` or `i2c`.
        kind: String,
        /// Number on its wire.
        unit: u64,
        /// The byte, the level after the edge, or the frame's identifier with bit 31 for extended and bit 30 for remote.
        value: u32,
        /// One of the causes of [`CAUSES`](crate::report::CAUSES).
        cause: String,
        /// When.
        at_s: f64,
    },
    /// SCL of an I2C bus was held low: nothing is lost by that, but the host waits.
    Stretched {
        /// `address`, `received`, `transmit` or `count`: what firmware had not done.
        reason: String,
        /// Since when.
        at_s: f64,
        /// For how long.
        length_s: f64,
    },
    /// The register, or the pending flag of the line, was still taken by an earlier unit.
    StillHeld {
        /// `RDR` or `DR` of a UART, `DR` or `RXDR` of an I2C, `the pending flag` of a pin, `FIFO 0 (full)` or `FIFO 1 (full)` of a CAN controller.
        register: String,
        /// The unit that was in it.
        unit: u64,
    },
    /// The interrupt that should have taken it was pending.
    Pending {
        /// Its name.
        interrupt: String,
        /// Since when.
        since_s: f64,
        /// For how long, up to its entry or to the end of the run.
        length_s: f64,
        /// Was it entered in the end?
        entered: bool,
    },
    /// The handler was running already and had not come to the read.
    HandlerRunning {
        /// Its name.
        interrupt: String,
        /// Since when.
        since_s: f64,
        /// Its function.
        handler: Option<String>,
    },
    /// The handler ran after the earlier unit had come, and did not take it.
    HandlerDidNotRead {
        /// Its name.
        interrupt: String,
        /// When it ran last.
        last_s: f64,
    },
    /// Nothing asked the core to take it: no interrupt was requested, and no poll came in time.
    NotRequested {
        /// The interrupt that could have, if there is one.
        interrupt: Option<String>,
    },
    /// The receiver asks DMA, not the core: the channel was off, at its end, or held.
    DmaDidNotTake,
    /// Another handler, of the same or a higher priority, was running.
    OtherHandler {
        /// Its name.
        interrupt: String,
        /// How long of the time in question.
        length_s: f64,
        /// Its function.
        handler: Option<String>,
    },
    /// Nothing held the core: the interrupt was masked (PRIMASK, BASEPRI, FAULTMASK) or is not enabled.
    Masked {
        /// Its name.
        interrupt: String,
        /// Is it enabled in the NVIC at the end of the run?
        enabled: bool,
    },
    /// The core was held on an access.
    Held {
        /// `fetch`, `data`, `vector` or `register`.
        kind: String,
        /// The address that was accessed.
        accessed: String,
        /// The variable or table there, if it has a name.
        object: Option<String>,
        /// The instruction.
        place: PlaceReport,
        /// The exception that was being entered.
        entering: Option<String>,
        /// How long, all such stalls in the time in question together.
        length_s: f64,
        /// How many such stalls.
        count: u64,
    },
    /// The flash bank was busy.
    Busy {
        /// Bank, from 1.
        bank: u8,
        /// `page erase`, `program`, …
        operation: String,
        /// What the operation touched.
        address: String,
        /// Where that really is, if the banks were swapped.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        swapped: Option<String>,
        /// How long it takes.
        length_s: f64,
    },
    /// A function on the way to the start of that operation, innermost first.
    Called {
        /// Where.
        place: PlaceReport,
    },
    /// Nobody listened: receiver off, no clock, pin not connected.
    NotListening {
        /// Why, where the model says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The chip was reset.
    Reset {
        /// Why.
        cause: String,
        /// Where the core was.
        place: PlaceReport,
    },
}
