//! The scenario file as it is written: one struct a table, every key documented. What the keys *mean* together is
//! checked in [`Scenario::prepare`](super::Scenario::prepare).

use std::collections::BTreeMap;

use flashstall_mcu::Picos;
use flashstall_mcu::wire::{CanFrame, CanId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Located;
use super::expect::Expect;
use super::host::HostTable;
use super::nor::NorTable;
use super::patch::PatchTable;
use super::quantity::{Deviation, Frequency, Rate, Time};

/// The one value of the `schema` key that this version reads.
pub const SCHEMA: &str = "flashstall-scenario/1";

/// A whole scenario file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "flashstall scenario")]
pub struct ScenarioFile {
    /// Always `flashstall-scenario/1`.
    pub schema: Located<String>,
    /// Name in reports; the file's name without `.toml` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is shown here, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A built-in part, for example `stm32f303xc` (see `flashstall chips`), or a chip description (a path with a `.` or
    /// a `/` in it), relative to the scenario file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chip: Option<Located<String>>,
    /// A chip description, whatever its name; instead of `chip`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chip_file: Option<Located<String>>,
    /// The firmware.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firmware: Option<FirmwareTable>,
    /// Several firmware files that are run one after the other; instead of `firmware`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variant: Vec<VariantTable>,
    /// What the chip is soldered to.
    #[serde(default)]
    pub board: BoardTable,
    /// How long flash operations take.
    #[serde(default)]
    pub flash: FlashTable,
    /// Levels at input pins from before reset.
    #[serde(default)]
    pub pins: PinsTable,
    /// Parameters of the firmware that are changed in the image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patch: Vec<Located<PatchTable>>,
    /// What arrives at the chip.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wire: Vec<WireTable>,
    /// Who talks with the chip.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub host: Vec<HostTable>,
    /// Serial flashes on the board.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nor: Vec<NorTable>,
    /// Buffers in firmware memory that are compared with what was sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buffer: Vec<BufferTable>,
    /// When the run ends.
    pub run: RunTable,
    /// Settings for behaviours of silicon that no manual settles.
    #[serde(default)]
    pub open: OpenTable,
    /// What must hold.
    #[serde(default)]
    pub expect: Expect,
}

/// `[firmware]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FirmwareTable {
    /// ELF file, relative to the scenario file.
    pub elf: Located<String>,
}

/// `[[variant]]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct VariantTable {
    /// Added to the scenario's name.
    pub name: Located<String>,
    /// ELF file, relative to the scenario file.
    pub elf: Located<String>,
}

/// `[board]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BoardTable {
    /// The high-speed crystal or clock. Without it HSERDY never comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hse: Option<Frequency>,
    /// The low-speed crystal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lse: Option<Frequency>,
}

/// Which column of the datasheet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TimingColumn {
    /// The shortest time.
    Min,
    /// The typical time; where the datasheet gives none, the longest.
    Typ,
    /// The longest time: what holds here holds for every part.
    #[default]
    Max,
}

/// `[flash]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FlashTable {
    /// Column of the datasheet for everything that is not given below. Default: `max`.
    #[serde(default)]
    pub timing: TimingColumn,
    /// Erase of one page, or of any sector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_erase: Option<Located<Time>>,
    /// Erase of a sector by its size, on a part with sectors: `{ "128K" = "1s" }`. Before `page-erase`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sector_erase: BTreeMap<String, Located<Time>>,
    /// Erase of a bank, or of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mass_erase: Option<Located<Time>>,
    /// Programming of one unit (half-word, word or double word, as the part has it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<Located<Time>>,
    /// Programming of a row (L4) or a half page (L1) in one operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<Located<Time>>,
    /// Write to the data EEPROM of an L1 that needs no erase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eeprom: Option<Located<Time>>,
    /// Write to the data EEPROM with the erase before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eeprom_erase: Option<Located<Time>>,
    /// Option bytes that are not as the part leaves the factory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<OptionTable>,
}

/// `[flash.options]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OptionTable {
    /// BFB2: each reset starts in system memory, which starts bank 2 if it holds an image, else bank 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bfb2: Option<Located<bool>>,
    /// Write-protected sectors, counted through all banks from 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub write_protected: Vec<Located<u32>>,
}

/// `[pins]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PinsTable {
    /// Pins that the board drives high, for example `["PA0"]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub high: Vec<Located<String>>,
    /// Pins that the board drives low.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub low: Vec<Located<String>>,
}

/// What kind of wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WireKind {
    /// Bytes to a USART.
    Uart,
    /// Edges at a pin.
    Pin,
    /// Frames to a CAN controller.
    Can,
    /// Transactions with an I2C controller.
    I2c,
    /// A slave on an I2C bus of which the chip is the master.
    I2cDevice,
}

/// Does a sender wait for the receiver?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FlowControlKind {
    /// It does not.
    #[default]
    None,
    /// It begins a character only while RTS of the chip is low.
    RtsCts,
}

/// Which edges of a pin count as something sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Edges {
    /// Low to high.
    #[default]
    Rising,
    /// High to low.
    Falling,
    /// Both.
    Both,
}

/// `[[wire]]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WireTable {
    /// Name in reports and in `[expect]`.
    pub name: Located<String>,
    /// `uart`, `pin`, `can`, `i2c` or `i2c-device`.
    pub kind: Located<WireKind>,
    /// uart, can, i2c: the receiver, for example `USART1`, `CAN1` or `I2C1`. i2c-device: its master.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<Located<String>>,
    /// uart: the sender's nominal rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baud: Option<Located<Rate>>,
    /// can, i2c: the sender's nominal bit rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bitrate: Option<Located<Rate>>,
    /// can: does the sender send a frame again that nobody acknowledged? Default: true, as nodes do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retransmit: Option<bool>,
    /// can: is there another node that acknowledges frames, so that the sender goes on even if the chip does not listen?
    /// Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub others_acknowledge: Option<bool>,
    /// uart, can, i2c: how far the sender's clock is off. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_error: Option<Deviation>,
    /// uart: data bits, parity (N, E, O) and stop bits. Default: `8N1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Located<String>>,
    /// uart: does the sender heed RTS of the chip? Default: `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_control: Option<FlowControlKind>,
    /// uart, with `rts-cts`: characters that the sender still sends after RTS has risen. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_slack: Option<Located<u8>>,
    /// uart: the receiver's divider is taken to be right for `baud`, whatever the firmware writes into it: what firmware does that was
    /// built for that rate. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiver_follows: Option<bool>,
    /// pin: which, for example `PB12`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<Located<String>>,
    /// pin: the edges that are counted as sent. Default: `rising`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<Edges>,
    /// i2c: whom the host speaks to, without the read bit: 0 to 0x7f. i2c-device: its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Located<u32>>,
    /// i2c: the address has 10 bits, 0 to 0x3ff. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ten_bit: Option<bool>,
    /// i2c: how long SCL is low in a bit. Default: half of it up to 100 kbit/s, two thirds above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scl_low: Option<Located<Time>>,
    /// i2c: the host gives a transaction up when SCL has been held for so long. SMBus says 25 to 35 ms. Default: it waits for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stretch_timeout: Option<Located<Time>>,
    /// i2c: how often the host tries a transaction again that was not acknowledged, or that it gave up. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// i2c: how long it waits before that. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_pause: Option<Time>,
    /// i2c: the host ends when a transaction has failed for good. Default: false, it goes on with the next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_on_failure: Option<bool>,
    /// i2c-device: bytes of the pointer that a write begins with, 1 or 2. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer_bytes: Option<Located<u8>>,
    /// i2c-device: bytes of a page, in which writes wrap round. Default: no pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<Located<u32>>,
    /// i2c-device: how long it writes, and answers nobody, after a STOP. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_time: Option<Time>,
    /// Start at this time after power-up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// Start when this happens first: `symbol:NAME` or `flash:erase-start`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Located<String>>,
    /// With `on`: wait this much longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Time>,
    /// What is sent; of an i2c-device, what is in it.
    pub traffic: Located<TrafficTable>,
}

impl WireTable {
    /// A uart wire at this port that is called after it, has no rate and sends nothing.
    #[must_use]
    pub fn at_port(port: &str) -> Self {
        Self {
            name: port.to_lowercase().into(),
            kind: WireKind::Uart.into(),
            port: Some(port.into()),
            baud: None,
            bitrate: None,
            retransmit: None,
            others_acknowledge: None,
            clock_error: None,
            format: None,
            flow_control: None,
            flow_slack: None,
            receiver_follows: None,
            pin: None,
            counts: None,
            address: None,
            ten_bit: None,
            scl_low: None,
            stretch_timeout: None,
            retries: None,
            retry_pause: None,
            stop_on_failure: None,
            pointer_bytes: None,
            page: None,
            write_time: None,
            at: None,
            on: None,
            delay: None,
            traffic: TrafficTable::default().into(),
        }
    }
}

/// `traffic` of a wire. For a uart exactly one of `hex`, `text`, `file`, `commands`, `chunks`, `counter`, `pattern`; for a pin `pulses` or `edges`; for a can what a uart has,
/// cut into frames, or `frames`, or `candump`; for an i2c what a uart has, cut into writes, or `transactions`; for an i2c-device
/// what a uart has: what is in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TrafficTable {
    /// Bytes as hex digits, blanks between as you like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hex: Option<Located<String>>,
    /// Bytes of this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Located<String>>,
    /// Bytes of a file, relative to the scenario file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Located<String>>,
    /// Bytes at times of their own: what was recorded. Those of one chunk go out back to back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunks: Option<Located<Vec<ChunkTable>>>,
    /// uart: pieces that are sent one after the other, each as hex digits; `pause` is idle time after each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commands: Option<Located<Vec<String>>>,
    /// Bytes that count up from this one and wrap round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter: Option<u8>,
    /// A generator: `midi-notes` (note on, note off, over five octaves) or `random` (from `seed`); can: also `counter` (each frame
    /// holds its number, least significant byte first).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<Located<String>>,
    /// How many bytes; can: frames. Needed for `counter` and `pattern`; the others are cut or repeated to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<Located<u32>>,
    /// Idle time after each byte; can: after each frame, instead of `period`. Default: none, back to back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<Time>,
    /// uart, can: so many bytes or frames make a burst; after each burst comes a `pause`. Default: no bursts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<Located<u32>>,
    /// uart, can: idle time after each burst, or after each of `commands`, on top of `gap` or `period`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Located<Time>>,
    /// Further idle time before each byte or pulse, drawn evenly from 0 to this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<Time>,
    /// Seed of `jitter`, `random` and the mix of frames. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// pin: how many pulses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pulses: Option<Located<u32>>,
    /// pin: from one pulse to the next; needed for more than one. can: from one frame to the next; default: back to back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Located<Time>>,
    /// pin: how long a pulse is. Default: half the period, or 1 ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<Located<Time>>,
    /// pin: the level between pulses is high. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_high: Option<bool>,
    /// pin: single edges, instead of `pulses`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edges: Option<Located<Vec<EdgeTable>>>,
    /// can: identifier of the frames.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Located<u32>>,
    /// can: identifiers that the frames have in turn, instead of `id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Located<Vec<u32>>>,
    /// can: identifiers have 29 bits. Default: false, 11 bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended: Option<bool>,
    /// can: bytes in each frame, the last one can be shorter. Default: 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dlc: Option<Located<u8>>,
    /// can: frames are of different length, drawn evenly with `seed` from this to `dlc`. Default: all have `dlc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dlc_min: Option<Located<u8>>,
    /// can: so many of 100 frames, drawn with `seed`, have their identifier in 29 bits, the others in 11. Instead of `extended`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_share: Option<Located<u8>>,
    /// can: so many of 100 frames, drawn with `seed`, are remote frames: as long as the data frame in their place, without its data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_share: Option<Located<u8>>,
    /// can: single frames.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frames: Option<Located<Vec<FrameTable>>>,
    /// can: the frames of a log of `candump -l`, relative to the scenario file, at their times from the first one on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candump: Option<Located<String>>,
    /// can: only frames of this interface of the log, for example `can0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<Located<String>>,
    /// i2c: what the host does, one after the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transactions: Option<Located<Vec<TransactionTable>>>,
    /// i2c, with `transactions`: how often all of it is done. Default: once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Located<u32>>,
    /// i2c, without `transactions`: bytes in each write. Default: all in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_size: Option<Located<u32>>,
}

/// One of `transactions`: START, the address, bytes, STOP. With `write` and `read` there is a repeated START between them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TransactionTable {
    /// Bytes to the chip as hex digits; none (`""`) for an address and nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write: Option<Located<String>>,
    /// How many bytes are read from the chip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<Located<u16>>,
    /// What they should be, as hex digits: others are counted as a wrong answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Located<String>>,
    /// Do this again and again until they are this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Located<String>>,
    /// With `until`: the bits that count. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<Located<String>>,
    /// With `until`: from the end of one to the next. Default: 5 ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Time>,
    /// With `until`: so many at most. Default: 1000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Located<u32>>,
    /// Idle time before it; alone it is one before the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Time>,
}

/// One of `frames`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FrameTable {
    /// Time from the wire's start. Default: that of the frame before it, back to back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Located<Time>>,
    /// Its identifier.
    pub id: Located<u32>,
    /// The identifier has 29 bits. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended: Option<bool>,
    /// Up to eight bytes as hex digits. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Located<String>>,
    /// A remote frame. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<bool>,
    /// How many bytes a remote frame asks for. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dlc: Option<Located<u8>>,
}

impl FrameTable {
    /// `frame`, sent at `at`.
    #[must_use]
    pub fn of(at: Picos, frame: &CanFrame) -> Self {
        let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
        let extended = matches!(frame.id, CanId::Extended(_));
        Self {
            at: Some(Time(at).into()),
            id: frame.id.raw().into(),
            extended: extended.then_some(true),
            data: (!frame.is_empty()).then(|| hex(frame.bytes()).into()),
            remote: frame.remote.then_some(true),
            dlc: frame.remote.then(|| frame.dlc.into()),
        }
    }
}

/// One of `chunks`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ChunkTable {
    /// Time from the wire's start. If the line is still busy then, the chunk follows back to back.
    pub at: Located<Time>,
    /// Bytes as hex digits, blanks between as you like.
    pub hex: Located<String>,
}

/// One of `edges`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EdgeTable {
    /// Time from the wire's start.
    pub at: Located<Time>,
    /// The level from then on.
    pub high: bool,
}

/// `[[buffer]]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BufferTable {
    /// Name in reports and in `[expect]`.
    pub name: Located<String>,
    /// The array in firmware memory.
    pub symbol: Located<String>,
    /// The variable that says how many bytes of it are filled; without it the whole array counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length_symbol: Option<Located<String>>,
    /// The wire (or host) whose bytes should be in it.
    pub wire: Located<String>,
}

/// `[run]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RunTable {
    /// The run ends here at the latest.
    pub max_time: Located<Time>,
    /// The run ends when all of these have happened: `symbol:NAME`, `wire:NAME` (all sent), `host:NAME` (it is
    /// done, well or not), `wires` (all of both), `exit` (semihosting).
    /// Without it the run goes on to `max-time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Located<OneOrMany>>,
    /// Go on for this long after `until`, so that what has arrived is also processed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Time>,
    /// Give up, undecided, after so many instructions. Default: 20 thousand million.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_instructions: Option<u64>,
}

/// One text or a list of texts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum OneOrMany {
    /// None at all; not writable in a file.
    #[default]
    #[schemars(skip)]
    Nothing,
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl OneOrMany {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let all: &[String] = match self {
            Self::Nothing => &[],
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        };
        all.iter().map(String::as_str)
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> serde::de::Visitor<'de> for Any {
            type Value = OneOrMany;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text or a list of texts")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany::One(text.to_owned()))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut seq: A,
            ) -> Result<OneOrMany, A::Error> {
                let mut all = Vec::new();
                while let Some(text) = seq.next_element()? {
                    all.push(text);
                }
                Ok(OneOrMany::Many(all))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// How a vector's address is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VectorAddressing {
    /// VTOR + 4n.
    Add,
    /// VTOR OR 4n: a misaligned table is read in the wrong place.
    Or,
}

/// `[open]`: behaviours of silicon that no manual settles. What is left out stays as the chip file has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OpenTable {
    /// How a vector's address is made from VTOR. Default: `add`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vector_address: Option<VectorAddressing>,
    /// A higher-priority interrupt takes over a vector fetch that is held. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_arrival_during_held_vector: Option<bool>,
    /// An interrupt is entered while an instruction fetch is held. Default: false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interrupt_during_held_fetch: Option<bool>,
    /// Lines already in the prefetch buffer are served while the bank is busy. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffer_hit_while_busy: Option<bool>,
}
