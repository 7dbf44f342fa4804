//! `[expect]`: what must hold for the verdict *met*.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Located;
use super::bounds::Bounds;
use super::nor::ExpectNor;
use super::quantity::Time;

/// `[expect]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Expect {
    /// Why the run ends: `until`, `time-limit`, `exit`, `bkpt`, `lockup` or `dead`. Without it: `until` where the scenario has
    /// one (or an exit with code 0), else `time-limit`; everything else fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Located<String>>,
    /// SysTick interrupts that were merged into a pending one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticks_lost: Option<Bounds<u64>>,
    /// Resets of the chip after power-up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets: Option<Bounds<u64>>,
    /// Interrupts that return at once, over and over, so that the interrupted code stands still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storms: Option<Bounds<u64>>,
    /// Registers without a model that the firmware touched. Giving it also says that reads of them do not
    /// make the verdict undecided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unmodelled: Option<Bounds<u64>>,
    /// Wires.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wire: Vec<ExpectWire>,
    /// Hosts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub host: Vec<ExpectHost>,
    /// Serial flashes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nor: Vec<ExpectNor>,
    /// Buffers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buffer: Vec<ExpectBuffer>,
    /// DMA channels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dma: Vec<ExpectDma>,
    /// Stalls.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stall: Vec<ExpectStall>,
    /// Interrupts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interrupt: Vec<ExpectInterrupt>,
    /// Memory at the end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub memory: Vec<ExpectMemory>,
    /// Findings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub finding: Vec<ExpectFinding>,
}

/// `[[expect.wire]]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectWire {
    /// Which wire.
    pub name: Located<String>,
    /// Units that were sent and complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<Bounds<u64>>,
    /// can: frames that were received and that no filter wanted: they count neither as sent nor as lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filtered: Option<Bounds<u64>>,
    /// Units that were lost, whatever the cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<Bounds<u64>>,
    /// Units that arrived and were taken, unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered: Option<Bounds<u64>>,
    /// Units lost to single causes: `overrun`, `overwritten`, `corrupted`, `flushed`, `not-listening`, `merged`, `reset`, `unread`,
    /// `fifo-overrun`, `not-acknowledged`, `bit-rate`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lost_by_cause: BTreeMap<String, Located<Bounds<u64>>>,
    /// Functions, or the table that was read, that the chain of the first loss must name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blames: Vec<Located<String>>,
    /// i2c: transactions that went well in the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed: Option<Bounds<u64>>,
    /// i2c: transactions that the host gave up for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<Bounds<u64>>,
    /// i2c: attempts that ended because an address or a byte was not acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nacked: Option<Bounds<u64>>,
    /// i2c: attempts that ended because SCL was held for longer than the host waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timed_out: Option<Bounds<u64>>,
    /// i2c: bytes that the host has read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Bounds<u64>>,
    /// i2c: transactions whose `answer` was another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong_answers: Option<Bounds<u64>>,
    /// i2c: for how long SCL was held, altogether.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stretched: Option<Bounds<Time>>,
    /// i2c: the longest time that SCL was held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_stretch: Option<Bounds<Time>>,
    /// i2c: functions, or the table that was read, that the chain of the longest stretch must name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stretch_blames: Vec<Located<String>>,
}

/// `[[expect.host]]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectHost {
    /// Which host.
    pub name: Located<String>,
    /// How it must end: `complete`, `refused`, `gave-up`; or `running`, if it must not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Located<String>>,
    /// Is the image where `stored-at` says (true), or not (false)?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<Located<bool>>,
    /// Pages that it sent, each counted once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<Bounds<u64>>,
    /// Pages and headers that it sent again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resends: Option<Bounds<u64>>,
    /// Times that it waited for an answer in vain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_outs: Option<Bounds<u64>>,
    /// From its beginning to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Bounds<Time>>,
}

/// What a buffer is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reference {
    /// Everything that was sent.
    Sent,
    /// What was delivered: losses on the wire are no fault of the buffer.
    Delivered,
}

/// `[[expect.buffer]]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectBuffer {
    /// Which buffer.
    pub name: Located<String>,
    /// What it must be equal to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<Reference>,
    /// Bytes that were sent and are not in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Bounds<u64>>,
}

/// `[[expect.dma]]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectDma {
    /// `DMA1`.
    pub controller: Located<String>,
    /// Channel, or stream of an F4, as in the report.
    pub channel: u8,
    /// Units moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units: Option<Bounds<u64>>,
    /// Units that were overwritten before the firmware could know of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overwritten: Option<Bounds<u64>>,
    /// Most units between two looks of the firmware.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_unseen: Option<Bounds<u64>>,
}

/// Kind of a stall.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum StallKind {
    /// An instruction fetch was held.
    Fetch,
    /// A data read (or write to the array) was held.
    Data,
    /// A vector fetch was held.
    Vector,
    /// A write to a flash register was held.
    Register,
}

/// `[[expect.stall]]`: all stalls that match `kind`, `function` and `at-least`, taken together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectStall {
    /// Only stalls of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<StallKind>,
    /// Only stalls of instructions in this function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<Located<String>>,
    /// Only stalls of at least this length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Time>,
    /// How many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Bounds<u64>>,
    /// The longest of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest: Option<Bounds<Time>>,
    /// Their sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Bounds<Time>>,
}

/// `[[expect.interrupt]]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectInterrupt {
    /// `USART1`, `SysTick`, …: as in the report.
    pub name: Located<String>,
    /// How often its handler ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<Bounds<u64>>,
    /// The longest time from request to the handler's first instruction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Bounds<Time>>,
    /// Requests that were merged into a pending one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pended_lost: Option<Bounds<u64>>,
}

/// `[[expect.memory]]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectMemory {
    /// A variable.
    pub symbol: Located<String>,
    /// The 32-bit words that it begins with at the end of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Vec<u32>>,
    /// A range for its (first) word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<Bounds<u64>>,
}

/// `[[expect.finding]]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExpectFinding {
    /// Name of the rule.
    pub rule: Located<String>,
    /// Must it have been found (true) or not (false)?
    pub present: bool,
}
