//! The report as data: what JSON shows. Every key is documented here and, for users, in `docs/report.md`.
//!
//! Times are in seconds since power-up unless a key says otherwise; addresses are text, `0x08001234`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::i2c::I2cReport;
use super::nor::NorReport;
use crate::chain::Link;

/// Value of [`Report::schema`].
pub const REPORT_SCHEMA: &str = "flashstall-report/1";

/// Why a run stopped: the values of [`StopReport::reason`].
pub const STOP_REASONS: [&str; 8] = [
    "until",
    "time-limit",
    "exit",
    "bkpt",
    "lockup",
    "dead",
    "boot-loader",
    "budget",
];

/// Why something that was sent did not arrive: the keys of [`WireReport::lost_by_cause`].
pub const CAUSES: [&str; 11] = [
    "overrun",
    "overwritten",
    "corrupted",
    "flushed",
    "not-listening",
    "merged",
    "reset",
    "unread",
    "fifo-overrun",
    "not-acknowledged",
    "bit-rate",
];

/// An interrupt that ran so often back to back, without one further instruction of what it interrupted, is a storm.
pub const STORM: u64 = 1_000;

/// Losses that are listed one by one; the totals count on.
pub const MAX_LOSSES: usize = 1_000;

/// What a run came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// All expectations hold.
    Met,
    /// One does not, or the firmware came to a bad end that nobody expected.
    Failed,
    /// Nothing decides: no expectations, the end was not reached, or firmware read registers that have no model.
    Undecided,
}

impl Verdict {
    /// `met`, `failed`, `undecided`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Failed => "failed",
            Self::Undecided => "undecided",
        }
    }
}

/// Everything that a run has to say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "flashstall report")]
pub struct Report {
    /// Always `flashstall-report/1`.
    pub schema: String,
    /// Name of the scenario.
    pub scenario: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Why, in a sentence.
    pub reason: String,
    /// The engine: `native` or `unicorn`. The only key in which the two may differ.
    pub engine: String,
    /// The chip.
    pub chip: String,
    /// The firmware.
    pub firmware: FirmwareReport,
    /// The flash timings that were used.
    pub flash_timing: TimingReport,
    /// The open behaviours that were used.
    pub open_behaviours: OpenReport,
    /// What other settings would have come to, one changed at a time; empty unless asked for.
    pub open_alternatives: Vec<AlternativeReport>,
    /// Simulated time.
    pub time_s: f64,
    /// Cycles of the core.
    pub cycles: u64,
    /// Instructions completed.
    pub instructions: u64,
    /// Where and why it ended.
    pub stop: StopReport,
    /// Wires, in the order of the scenario.
    pub wires: Vec<WireReport>,
    /// Hosts, in the order of the scenario; each is a wire, too.
    pub hosts: Vec<HostReport>,
    /// Serial flashes on the board.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nors: Vec<NorReport>,
    /// Buffers in firmware memory.
    pub buffers: Vec<BufferReport>,
    /// DMA channels that moved anything.
    pub dma: Vec<DmaReport>,
    /// Stalls by kind.
    pub stalls: StallsReport,
    /// Accesses that waited for a device to answer (code and data in a serial flash), by kind; left out where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_waits: Option<StallsReport>,
    /// Stalls by place, the worst first.
    pub stall_sites: Vec<StallSite>,
    /// Flash operations by kind.
    pub operations: Vec<OperationReport>,
    /// Interrupts and exceptions, by number.
    pub interrupts: Vec<InterruptReport>,
    /// SysTick requests that were merged into a pending one: the firmware's clock is behind by so many ticks.
    pub ticks_lost: u64,
    /// Interrupts that returned at once, over and over.
    pub storms: Vec<StormReport>,
    /// Losses, in order of time; at most 1000 of them.
    pub losses: Vec<LossReport>,
    /// How many more there were.
    pub losses_not_listed: u64,
    /// Distinct causes of the losses, the most frequent first.
    pub causes: Vec<CauseReport>,
    /// Things worth knowing that are not losses.
    pub findings: Vec<FindingReport>,
    /// Resets after power-up.
    pub resets: Vec<ResetReport>,
    /// Registers that the firmware touched and no model answers for.
    pub unmodelled: Vec<UnmodelledReport>,
    /// What the firmware printed by semihosting.
    pub output: String,
    /// What had to hold, and whether it did.
    pub expectations: Vec<ExpectationReport>,
}

/// Which firmware.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FirmwareReport {
    /// Path as the scenario names it.
    pub elf: String,
    /// FNV-1a of the file, 16 hex digits.
    pub fnv1a: String,
}

/// Flash timings in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TimingReport {
    /// One page or sector.
    pub page_erase_s: f64,
    /// A bank.
    pub mass_erase_s: f64,
    /// One unit.
    pub program_s: f64,
}

/// The settings for behaviours that no manual settles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenReport {
    /// `add` or `or`.
    pub vector_address: String,
    /// A higher-priority interrupt takes over a held vector fetch.
    pub late_arrival_during_held_vector: bool,
    /// An interrupt is entered while a fetch is held.
    pub interrupt_during_held_fetch: bool,
    /// The prefetch buffer serves its lines while the bank is busy.
    pub buffer_hit_while_busy: bool,
}

/// The same run with one open behaviour set the other way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlternativeReport {
    /// Which behaviour: a key of `open_behaviours`.
    pub behaviour: String,
    /// The other setting.
    pub value: String,
    /// What that run came to.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
}

/// A place in the firmware.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlaceReport {
    /// Address of the instruction.
    pub address: String,
    /// Function, if known.
    pub function: Option<String>,
    /// Source file, if known.
    pub file: Option<String>,
    /// Line, if known.
    pub line: Option<u32>,
}

/// Where and why a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StopReport {
    /// `until`, `time-limit`, `exit`, `bkpt`, `lockup`, `dead` (asleep for ever) or `budget`.
    pub reason: String,
    /// The instruction that executed or was about to.
    pub address: String,
    /// The function it is in.
    pub symbol: Option<String>,
    /// The stack pointer.
    pub sp: String,
    /// Exit code, for `exit`.
    pub code: Option<u32>,
    /// Immediate of the instruction, for `bkpt`.
    pub bkpt: Option<u8>,
    /// The exception whose handler was running.
    pub exception: Option<String>,
    /// Fault status, if any bit of it was set.
    pub fault: Option<FaultReport>,
    /// Call chain, innermost first.
    pub calls: Vec<PlaceReport>,
}

/// Fault status registers at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FaultReport {
    /// CFSR.
    pub cfsr: String,
    /// HFSR.
    pub hfsr: String,
    /// MMFAR, if CFSR says that it is valid.
    pub mmfar: Option<String>,
    /// BFAR, if CFSR says that it is valid.
    pub bfar: Option<String>,
    /// Names of the bits that are set in CFSR and HFSR.
    pub bits: Vec<String>,
}

/// One wire. `sent = delivered + lost`, and `lost` is the sum of `lost_by_cause`, always. What is on the line
/// when the run ends, not complete, does not count as sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WireReport {
    /// Its name.
    pub name: String,
    /// `uart`, `pin`, `can` or `i2c`.
    pub kind: String,
    /// Bytes, edges or frames that were sent and complete.
    pub sent: u64,
    /// Taken by the firmware, unchanged.
    pub delivered: u64,
    /// Not.
    pub lost: u64,
    /// Why not. `unread`: still in the receive register at the end.
    pub lost_by_cause: BTreeMap<String, u64>,
    /// can: frames that were received and that no filter wanted. They count neither as sent nor as lost.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub filtered: u64,
    /// i2c: transactions, and the time that SCL was held, which is no loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub i2c: Option<I2cReport>,
    /// uart, pin: the least time that was left, when something was taken, before the next would have overrun it (merged, at a pin).
    /// Left out where no two followed each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin_s: Option<f64>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// How a host fared: the values of [`HostReport::outcome`].
pub const HOST_OUTCOMES: [&str; 4] = ["complete", "refused", "gave-up", "running"];

/// What a host came to. How many of its bytes arrived is in the wire of its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HostReport {
    /// Its name.
    pub name: String,
    /// `stream`, `handshake`, `busy-reply`, `erase-first`, `crc-resend`.
    pub protocol: String,
    /// `complete` (the device says that the image is verified), `refused` (it says that it is not), `gave-up` (it said nothing for too
    /// long, or a page went wrong too often), `running` (the run ended before).
    pub outcome: String,
    /// Why it gave up, or what it was told.
    pub why: String,
    /// When it began; null if it did not.
    pub begun_s: Option<f64>,
    /// How long it took; null while it runs.
    pub duration_s: Option<f64>,
    /// Bytes of the image.
    pub image_bytes: u64,
    /// Pages that it sent, each counted once.
    pub pages: u64,
    /// Pages and headers that it sent again.
    pub resends: u64,
    /// Times that it waited for an answer in vain.
    pub time_outs: u64,
    /// Answers that it understood.
    pub answers: u64,
    /// What it heard and did not understand or expect.
    pub ignored: u64,
    /// What is in memory where the image should be; null if the scenario does not say where that is.
    pub stored: Option<StoredReport>,
}

/// Memory against the image of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredReport {
    /// Where the image should be.
    pub address: String,
    /// It is there, byte for byte.
    pub equal: bool,
    /// Bytes that differ.
    pub different: u64,
    /// Offset of the first of them in the image.
    pub first_difference: Option<u64>,
}

/// A buffer in firmware memory against what was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BufferReport {
    /// Its name.
    pub name: String,
    /// The wire it belongs to.
    pub wire: String,
    /// Bytes in it.
    pub received: u64,
    /// Bytes sent.
    pub sent: u64,
    /// It holds exactly what was sent.
    pub equals_sent: bool,
    /// It holds exactly what was delivered.
    pub equals_delivered: bool,
    /// Bytes that were sent and are not in it, in order.
    pub missing: u64,
    /// The first place where it differs from what was sent.
    pub first_difference: Option<DifferenceReport>,
}

/// What a DMA channel did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DmaReport {
    /// The controller: `DMA1`.
    pub controller: String,
    /// Channel, from 1 (of a stream controller: stream, from 0).
    pub channel: u8,
    /// Is `channel` a stream?
    pub stream: bool,
    /// Units moved.
    pub units: u64,
    /// How often it came to its end.
    pub laps: u64,
    /// Laps that ended before the interrupt of the lap before was served.
    pub unserved_laps: u64,
    /// Units in a lap of a circular channel that writes to memory; null if it is none.
    pub ring: Option<u64>,
    /// Most units that it moved between two looks of the firmware at how far it has come.
    pub longest_unseen: u64,
    /// Units that were overwritten before the firmware could know of them: whole turns of the ring between two looks.
    pub overwritten: u64,
}

impl DmaReport {
    /// `DMA1 channel 5`, `DMA2 stream 2`.
    pub(super) fn title(&self) -> String {
        let what = if self.stream { "stream" } else { "channel" };
        format!("{} {what} {}", self.controller, self.channel)
    }
}

/// Where a buffer differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DifferenceReport {
    /// Index from 0.
    pub index: u64,
    /// What was sent there, if anything.
    pub sent: Option<u8>,
    /// What is there, if anything.
    pub received: Option<u8>,
}

/// Stalls of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StallReport {
    /// How many.
    pub count: u64,
    /// Their sum.
    pub total_s: f64,
    /// The longest.
    pub longest_s: f64,
}

/// Stalls by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StallsReport {
    /// Instruction fetches.
    pub fetch: StallReport,
    /// Data reads, and writes to the array.
    pub data: StallReport,
    /// Vector fetches.
    pub vector: StallReport,
    /// Writes to flash registers.
    pub register: StallReport,
}

/// Stalls at one place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StallSite {
    /// `fetch`, `data`, `vector`, `register`.
    pub kind: String,
    /// The instruction.
    pub place: PlaceReport,
    /// The address that was accessed, in the longest of them.
    pub accessed: String,
    /// The exception that was being entered.
    pub entering: Option<String>,
    /// `page erase`, `program`, …
    pub operation: Option<String>,
    /// How many.
    pub count: u64,
    /// Their sum.
    pub total_s: f64,
    /// The longest.
    pub longest_s: f64,
}

/// Flash operations of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OperationReport {
    /// `page erase`, `mass erase`, `program`, `option erase`, `option program`.
    pub kind: String,
    /// How many.
    pub count: u64,
    /// Their sum.
    pub total_s: f64,
    /// The longest.
    pub longest_s: f64,
    /// When the first began.
    pub first_s: f64,
    /// What the first touched.
    pub first_address: String,
    /// Where that really is, if the banks were swapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_swapped: Option<String>,
    /// Who started the first, innermost first.
    pub started_by: Vec<PlaceReport>,
}

/// One interrupt or exception.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InterruptReport {
    /// `USART1`, `SysTick`, …
    pub name: String,
    /// Exception number: interrupt lines begin at 16.
    pub number: u16,
    /// How often its handler ran.
    pub taken: u64,
    /// Shortest time from request to first instruction of the handler; null if it never ran.
    pub latency_min_s: Option<f64>,
    /// Longest.
    pub latency_max_s: Option<f64>,
    /// Requests that were merged into one that was pending.
    pub pended_lost: u64,
}

/// An interrupt that returned at once, over and over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StormReport {
    /// The interrupt.
    pub interrupt: String,
    /// Runs in a row without one further instruction of what it interrupted.
    pub runs: u64,
    /// Its handler.
    pub handler: Option<String>,
}

/// One byte, edge or frame that was lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LossReport {
    /// The wire.
    pub wire: String,
    /// Its number on the wire, from 0.
    pub unit: u64,
    /// The byte; 1 or 0 for an edge; of a frame its identifier, with bit 31 if it is extended and bit 30 if it is remote.
    pub value: u32,
    /// One of the causes.
    pub cause: String,
    /// When it was lost.
    pub at_s: f64,
    /// The causal chain, from the loss to its origin.
    pub chain: Vec<Link>,
    /// The chain in words.
    pub text: String,
}

/// Losses with the same cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CauseReport {
    /// The wire.
    pub wire: String,
    /// One of the causes.
    pub cause: String,
    /// What they have in common: the stall, the function, the operation.
    pub summary: String,
    /// How many.
    pub count: u64,
    /// The chain of the first.
    pub chain: Vec<Link>,
    /// The chain in words.
    pub text: String,
}

/// Something worth knowing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FindingReport {
    /// Stable name of the rule.
    pub rule: String,
    /// A sentence.
    pub text: String,
    /// When it was first seen.
    pub at_s: f64,
    /// Where.
    pub place: PlaceReport,
}

/// A reset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResetReport {
    /// When.
    pub at_s: f64,
    /// `software`, `independent watchdog`, `window watchdog`, `option-byte load`.
    pub cause: String,
    /// Where the core was.
    pub place: PlaceReport,
}

/// A register without a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnmodelledReport {
    /// Peripheral and register.
    pub name: String,
    /// Address.
    pub address: String,
    /// How often it was read.
    pub reads: u64,
    /// How often it was written.
    pub writes: u64,
    /// First instruction that did.
    pub place: PlaceReport,
}

/// One expectation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExpectationReport {
    /// What is held against something: `wire midi lost`.
    pub name: String,
    /// What it must be.
    pub expected: String,
    /// What it is.
    pub actual: String,
    /// Does it hold?
    pub passed: bool,
}
