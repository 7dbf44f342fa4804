//! The same as a scenario file, in Rust.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use flashstall_mcu::Picos;

use super::bounds::Bounds;
use super::expect::{Expect, ExpectWire};
use super::file::{
    BufferTable, FirmwareTable, OneOrMany, SCHEMA, ScenarioFile, TrafficTable, WireKind, WireTable,
};
use super::quantity::{Frequency, Rate, Time};
use super::{Located, Scenario};
use crate::firmware::Firmware;

/// Builds a [`Scenario`] without TOML. Mistakes are reported when it is prepared or run, as those of a file are.
///
/// ```no_run
/// use std::time::Duration;
/// use flashstall::Scenario;
///
/// let report = Scenario::builder("stm32f303xc")
///     .elf("firmware-under-test/hawk-midi/elf/after.elf")
///     .hse(8_000_000)
///     .page_erase(Duration::from_millis(20))
///     .uart("midi", "USART1", 31_250, |w| w.pattern("midi-notes", 600).at(Duration::from_millis(20)))
///     .pulse("button", "PA0", Duration::from_millis(100))
///     .run_for(Duration::from_millis(300))
///     .expect_nothing_lost("midi")
///     .build()
///     .run()?;
/// assert!(report.is_met());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ScenarioBuilder {
    file: ScenarioFile,
    name: String,
    base: PathBuf,
    firmware: Option<Arc<Firmware>>,
}

impl ScenarioBuilder {
    /// A scenario for a built-in chip.
    #[must_use]
    pub(super) fn new(chip: &str) -> Self {
        let mut file = ScenarioFile {
            schema: SCHEMA.into(),
            chip: Some(chip.into()),
            ..Default::default()
        };
        file.run.max_time = Time(Picos::SECOND).into();
        Self {
            file,
            name: "scenario".to_owned(),
            base: PathBuf::new(),
            firmware: None,
        }
    }

    /// Name in the report.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// The firmware file, relative to the working directory.
    #[must_use]
    pub fn elf(mut self, path: impl Into<PathBuf>) -> Self {
        self.file.firmware = Some(FirmwareTable {
            elf: path.into().display().to_string().into(),
        });
        self
    }

    /// Firmware that was read already.
    #[must_use]
    pub fn firmware(mut self, firmware: Arc<Firmware>) -> Self {
        self.firmware = Some(firmware);
        self
    }

    /// The high-speed crystal in hertz.
    #[must_use]
    pub fn hse(mut self, hertz: u64) -> Self {
        self.file.board.hse = Some(Frequency(hertz));
        self
    }

    /// How long a page erase takes.
    #[must_use]
    pub fn page_erase(mut self, time: Duration) -> Self {
        self.file.flash.page_erase = Some(Time(time.into()).into());
        self
    }

    /// How long the programming of one unit takes.
    #[must_use]
    pub fn program(mut self, time: Duration) -> Self {
        self.file.flash.program = Some(Time(time.into()).into());
        self
    }

    /// Bytes to a USART; `traffic` says what and when. Without more it sends nothing, from the start.
    #[must_use]
    pub fn uart(
        mut self,
        name: &str,
        port: &str,
        baud: u32,
        traffic: impl FnOnce(UartBuilder) -> UartBuilder,
    ) -> Self {
        let wire = UartBuilder {
            wire: blank(name, WireKind::Uart),
        };
        let mut wire = traffic(wire).wire;
        wire.port = Some(port.into());
        wire.baud = Some(Rate(baud).into());
        self.file.wire.push(wire);
        self
    }

    /// One rising pulse of 5 ms at a pin: a button.
    #[must_use]
    pub fn pulse(self, name: &str, pin: &str, at: Duration) -> Self {
        let width = Some(Time(Picos::from_millis(5)).into());
        self.pin(
            name,
            pin,
            at,
            TrafficTable {
                pulses: Some(1.into()),
                width,
                ..Default::default()
            },
        )
    }

    /// Rising pulses at a pin, `period` apart.
    #[must_use]
    pub fn pulses(self, name: &str, pin: &str, at: Duration, count: u32, period: Duration) -> Self {
        let period = Some(Time(period.into()).into());
        self.pin(
            name,
            pin,
            at,
            TrafficTable {
                pulses: Some(count.into()),
                period,
                ..Default::default()
            },
        )
    }

    fn pin(mut self, name: &str, pin: &str, at: Duration, traffic: TrafficTable) -> Self {
        let mut wire = blank(name, WireKind::Pin);
        wire.pin = Some(pin.into());
        wire.at = Some(Time(at.into()));
        wire.traffic = traffic.into();
        self.file.wire.push(wire);
        self
    }

    /// Compares an array in firmware memory with what was sent on a wire.
    #[must_use]
    pub fn buffer(mut self, name: &str, symbol: &str, length_symbol: &str, wire: &str) -> Self {
        self.file.buffer.push(BufferTable {
            name: name.into(),
            symbol: symbol.into(),
            length_symbol: Some(length_symbol.into()),
            wire: wire.into(),
        });
        self
    }

    /// Run for this long.
    #[must_use]
    pub fn run_for(mut self, time: Duration) -> Self {
        self.file.run.max_time = Time(time.into()).into();
        self
    }

    /// End when this has happened (`symbol:NAME`, `wire:NAME`, `wires`, `exit`), and `after` later; `run_for` is the limit.
    #[must_use]
    pub fn until(mut self, condition: &str, after: Duration) -> Self {
        let mut all: Vec<String> = self
            .file
            .run
            .until
            .as_ref()
            .map(|u| u.iter().map(str::to_owned).collect())
            .unwrap_or_default();
        all.push(condition.to_owned());
        self.file.run.until = Some(OneOrMany::Many(all).into());
        self.file.run.after = Some(Time(after.into()));
        self
    }

    /// No unit of this wire may be lost.
    #[must_use]
    pub fn expect_nothing_lost(mut self, wire: &str) -> Self {
        self.file.expect.wire.push(ExpectWire {
            sent: None,
            filtered: None,
            name: wire.into(),
            lost: Some(Bounds::exactly(0)),
            delivered: None,
            lost_by_cause: std::collections::BTreeMap::new(),
            blames: Vec::new(),
            completed: None,
            failed: None,
            nacked: None,
            timed_out: None,
            read: None,
            wrong_answers: None,
            stretched: None,
            longest_stretch: None,
            stretch_blames: Vec::new(),
        });
        self
    }

    /// All expectations, in the file's own form.
    #[must_use]
    pub fn expect(mut self, expect: Expect) -> Self {
        self.file.expect = expect;
        self
    }

    /// Everything else that a file can say.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut ScenarioFile)) -> Self {
        change(&mut self.file);
        self
    }

    /// The scenario.
    #[must_use]
    pub fn build(self) -> Scenario {
        Scenario {
            file: self.file,
            name: self.name,
            base: self.base,
            source: None,
            firmware: self.firmware,
        }
    }
}

fn blank(name: &str, kind: WireKind) -> WireTable {
    WireTable {
        name: name.into(),
        kind: kind.into(),
        port: None,
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
        traffic: Located::from(TrafficTable::default()),
    }
}

/// What a UART wire sends, and when.
#[derive(Clone, Debug)]
pub struct UartBuilder {
    wire: WireTable,
}

impl UartBuilder {
    /// These bytes.
    #[must_use]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        let hex: Vec<String> = bytes.iter().map(|b| format!("{b:02x}")).collect();
        self.wire.traffic.value.hex = Some(hex.join(" ").into());
        self
    }

    /// `count` bytes of a pattern: `midi-notes` or `random`.
    #[must_use]
    pub fn pattern(mut self, pattern: &str, count: u32) -> Self {
        self.wire.traffic.value.pattern = Some(pattern.into());
        self.wire.traffic.value.count = Some(count.into());
        self
    }

    /// `count` bytes that count up from 0.
    #[must_use]
    pub fn counter(mut self, count: u32) -> Self {
        self.wire.traffic.value.counter = Some(0);
        self.wire.traffic.value.count = Some(count.into());
        self
    }

    /// From this time on.
    #[must_use]
    pub fn at(mut self, time: Duration) -> Self {
        self.wire.at = Some(Time(time.into()));
        self
    }

    /// From this event on (`symbol:NAME`, `flash:erase-start`), `delay` later.
    #[must_use]
    pub fn on(mut self, event: &str, delay: Duration) -> Self {
        self.wire.on = Some(event.into());
        self.wire.delay = Some(Time(delay.into()));
        self
    }

    /// Idle time after each byte.
    #[must_use]
    pub fn gap(mut self, time: Duration) -> Self {
        self.wire.traffic.value.gap = Some(Time(time.into()));
        self
    }

    /// Idle time before each byte, drawn from 0 to `time`.
    #[must_use]
    pub fn jitter(mut self, time: Duration, seed: u64) -> Self {
        self.wire.traffic.value.jitter = Some(Time(time.into()));
        self.wire.traffic.value.seed = Some(seed);
        self
    }

    /// The sender's clock is off by this, in parts per million.
    #[must_use]
    pub fn clock_error_ppm(mut self, ppm: i32) -> Self {
        self.wire.clock_error = Some(super::Deviation(i64::from(ppm) * 1_000));
        self
    }
}
