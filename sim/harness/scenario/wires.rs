//! Wires and pins of a scenario file, made ready to be attached.

use std::path::Path;

use flashstall_mcu::Hertz;
use flashstall_mcu::chip::Chip;
use flashstall_mcu::periph::Pin;
use flashstall_mcu::wire::{EdgeKind, FlowControl, LineFormat, Parity, PinWire, Start, UartWire};

use super::diagnostic::ScenarioError;
use super::file::{Edges, FlowControlKind, ScenarioFile, WireKind, WireTable};
use super::prepare::symbol;
use super::prepared::{PreparedWire, Trigger, WireSpec};
use super::quantity::{Deviation, Rate, Time};
use super::{Located, can, i2c, traffic};
use crate::firmware::Firmware;

type Result<T> = std::result::Result<T, ScenarioError>;

/// A wire, checked against the chip and the firmware.
pub(super) fn wire(
    table: &WireTable,
    base: &Path,
    chip: &Chip,
    firmware: &Firmware,
) -> Result<PreparedWire> {
    if table.kind.value == WireKind::I2cDevice {
        return i2c::device(table, base, chip);
    }
    let when = (table.at, table.on.as_ref(), table.delay);
    let (start, trigger) = start(&table.name, when, firmware)?;
    match table.kind.value {
        WireKind::Can => {
            i2c::refuse_in_others(table, "a can")?;
            can::wire(table, base, chip, start, trigger)
        }
        WireKind::I2c | WireKind::I2cDevice => i2c::wire(table, base, chip, start, trigger),
        WireKind::Uart => {
            can::refuse_in_others(table, "a uart")?;
            i2c::refuse_in_others(table, "a uart")?;
            uart(table, base, chip, start, trigger)
        }
        WireKind::Pin => {
            can::refuse_in_others(table, "a pin")?;
            i2c::refuse_in_others(table, "a pin")?;
            for (given, key) in [
                (table.port.is_some(), "port"),
                (table.baud.is_some(), "baud"),
                (table.format.is_some(), "format"),
                (table.clock_error.is_some(), "clock-error"),
                (table.flow_control.is_some(), "flow-control"),
                (table.flow_slack.is_some(), "flow-slack"),
                (table.receiver_follows.is_some(), "receiver-follows"),
            ] {
                if given {
                    return Err(ScenarioError::at(
                        &table.kind,
                        format!("`{key}` is for uarts, this wire is a pin"),
                    ));
                }
            }
            let Some(name) = &table.pin else {
                return Err(ScenarioError::at(&table.kind, "a pin wire needs a `pin`"));
            };
            let counts = match table.counts.unwrap_or_default() {
                Edges::Rising => EdgeKind::Rising,
                Edges::Falling => EdgeKind::Falling,
                Edges::Both => EdgeKind::Both,
            };
            let edges = traffic::edges(&table.traffic)?;
            let spec = WireSpec::Pin(PinWire {
                name: table.name.value.clone(),
                pin: pin(name, chip)?,
                start,
                edges,
                counts,
            });
            Ok(PreparedWire {
                spec,
                trigger,
                place: name.clone(),
            })
        }
    }
}

fn uart(
    table: &WireTable,
    base: &Path,
    chip: &Chip,
    start: Start,
    trigger: Trigger,
) -> Result<PreparedWire> {
    if let Some(pin) = &table.pin {
        return Err(ScenarioError::at(
            pin,
            "`pin` is for pins, this wire is a uart",
        ));
    }
    if table.counts.is_some() {
        return Err(ScenarioError::at(
            &table.kind,
            "`counts` is for pins, this wire is a uart",
        ));
    }
    let end = UartEnd {
        kind: table.kind.span.clone(),
        what: "wire",
        port: table.port.as_ref(),
        baud: table.baud.as_ref(),
        clock_error: table.clock_error,
        format: table.format.as_ref(),
        flow_control: table.flow_control,
        flow_slack: table.flow_slack.as_ref(),
    };
    let (port, format, flow_control) = end.check(chip)?;
    let bytes = match traffic::chunks(&table.traffic)? {
        Some(timed) => timed,
        None => {
            let bytes = traffic::bytes(&table.traffic, base)?;
            traffic::schedule(&bytes, format.bit_rate, format.half_bits(), &table.traffic)
        }
    };
    let spec = WireSpec::Uart(UartWire {
        name: table.name.value.clone(),
        port: port.value.clone(),
        bit_rate: format.bit_rate,
        receiver_rate: table
            .baud
            .as_ref()
            .filter(|_| table.receiver_follows == Some(true))
            .map(|baud| Hertz::new(u64::from(baud.value.0))),
        data_bits: format.data_bits,
        parity: format.parity,
        stop_halves: format.stop_halves,
        flow_control,
        start,
        bytes,
    });
    Ok(PreparedWire {
        spec,
        trigger,
        place: port.clone(),
    })
}

/// What a file says about an end of a UART line.
pub(super) struct UartEnd<'a> {
    /// Where `kind` stands.
    pub kind: Option<std::ops::Range<usize>>,
    /// What it is an end of: `wire` or `host`.
    pub what: &'static str,
    pub port: Option<&'a Located<String>>,
    pub baud: Option<&'a Located<Rate>>,
    pub clock_error: Option<Deviation>,
    pub format: Option<&'a Located<String>>,
    pub flow_control: Option<FlowControlKind>,
    pub flow_slack: Option<&'a Located<u8>>,
}

impl<'a> UartEnd<'a> {
    /// Checks it against the chip.
    pub(super) fn check(
        &self,
        chip: &Chip,
    ) -> Result<(&'a Located<String>, LineFormat, FlowControl)> {
        let (Some(port), Some(baud)) = (self.port, self.baud) else {
            let message = format!("a uart {} needs a `port` and a `baud`", self.what);
            return Err(ScenarioError {
                span: self.kind.clone(),
                ..ScenarioError::new(message)
            });
        };
        let uarts = || {
            chip.peripherals
                .iter()
                .filter(|p| p.kind.starts_with("usart"))
                .map(|p| p.name.as_str())
        };
        if !uarts().any(|name| name == port.value) {
            let message = format!("{} has no UART `{}`", chip.name, port.value);
            return Err(ScenarioError::at(port, message).suggest(&port.value, uarts()));
        }
        // Oversampling by 8 is the least that a USART can do (RM0364 USART BRR), from at most the highest HCLK.
        let fastest = chip.clocks.max_hclk.hz / 8;
        if u64::from(baud.value.0) > fastest {
            let message = format!(
                "{} baud cannot be made: {} divides at most {} by 8",
                baud.value,
                port.value,
                Hertz::new(chip.clocks.max_hclk.hz)
            );
            return Err(ScenarioError::at(baud, message).label(format!("at most {fastest}")));
        }
        let (data_bits, parity, stop_halves) = format(self.format)?;
        let nominal = Hertz::new(u64::from(baud.value.0));
        let format = LineFormat {
            bit_rate: self.clock_error.unwrap_or_default().apply(nominal),
            data_bits,
            parity,
            stop_halves,
        };
        let flow_control = match (self.flow_control.unwrap_or_default(), self.flow_slack) {
            (FlowControlKind::None, None) => FlowControl::None,
            (FlowControlKind::None, Some(slack)) => {
                let message = "`flow-slack` goes with flow-control = \"rts-cts\"";
                return Err(ScenarioError::at(slack, message));
            }
            (FlowControlKind::RtsCts, slack) => FlowControl::Rts {
                slack: slack.map_or(0, |s| s.value),
            },
        };
        Ok((port, format, flow_control))
    }
}

/// `8N1`, `7E2`, `8N1.5`.
fn format(format: Option<&Located<String>>) -> Result<(u8, Parity, u8)> {
    let Some(format) = format else {
        return Ok((8, Parity::None, 2));
    };
    let parse = || {
        let mut chars = format.chars();
        let data = chars.next()?.to_digit(10).filter(|n| (7..=9).contains(n))? as u8;
        let parity = match chars.next()? {
            'N' => Parity::None,
            'E' => Parity::Even,
            'O' => Parity::Odd,
            _ => return None,
        };
        let stop = match chars.as_str() {
            "0.5" => 1,
            "1" => 2,
            "1.5" => 3,
            "2" => 4,
            _ => return None,
        };
        Some((data, parity, stop))
    };
    parse().ok_or_else(|| {
        ScenarioError::at(format, format!("`{}` is not a frame format", format.value))
            .help("data bits 7 to 9, parity N, E or O, stop bits 0.5, 1, 1.5 or 2: for example 8N1")
    })
}

/// From `at`, `on` and `delay` of the wire or host `name`.
pub(super) fn start(
    name: &Located<String>,
    (at, on, delay): (Option<Time>, Option<&Located<String>>, Option<Time>),
    firmware: &Firmware,
) -> Result<(Start, Trigger)> {
    match (at, on) {
        (Some(at), None) if delay.is_none() => Ok((Start::At(at.0), Trigger::Clock)),
        (Some(_), None) => Err(ScenarioError::at(
            name,
            "`delay` goes with `on`, not with `at`",
        )),
        (None, Some(on)) => {
            let trigger = match on.split_once(':') {
                Some(("symbol", name)) => Trigger::Symbol(symbol(firmware, on, name)?.address),
                Some(("flash", "erase-start")) => Trigger::EraseStart,
                _ => {
                    let message = format!("`{}` is nothing that can start a wire", on.value);
                    return Err(
                        ScenarioError::at(on, message).help("symbol:NAME or flash:erase-start")
                    );
                }
            };
            let delay = delay.unwrap_or_default().0;
            Ok((Start::Triggered { delay }, trigger))
        }
        _ => Err(ScenarioError::at(
            name,
            "a wire or host needs `at` or `on`, and not both",
        )),
    }
}

/// Pins that are set before reset.
pub(super) fn pins(file: &ScenarioFile, chip: &Chip) -> Result<Vec<(Pin, bool)>> {
    let high = file.pins.high.iter().map(|p| (p, true));
    let low = file.pins.low.iter().map(|p| (p, false));
    high.chain(low)
        .map(|(name, level)| Ok((pin(name, chip)?, level)))
        .collect()
}

/// `PB12`.
pub(super) fn pin(name: &Located<String>, chip: &Chip) -> Result<Pin> {
    let parse = || {
        let rest = name.strip_prefix('P')?;
        let port = rest.chars().next().filter(|c| ('A'..='K').contains(c))?;
        let digits = rest.get(1..)?;
        let number: u8 = digits
            .parse()
            .ok()
            .filter(|n| *n < 16 && !digits.starts_with('+'))?;
        Some(Pin {
            port: port as u8 - b'A',
            number,
        })
    };
    let Some(pin) = parse() else {
        let message = format!("`{}` is not a pin", name.value);
        return Err(ScenarioError::at(name, message).help("PA0 to PK15"));
    };
    let names = chip.peripherals.iter().map(|p| p.name.as_str());
    let ports: Vec<&str> = names.filter_map(|name| name.strip_prefix("GPIO")).collect();
    let port = char::from(b'A' + pin.port).to_string();
    if !ports.is_empty() && !ports.contains(&port.as_str()) {
        let message = format!("{} has no port {port}", chip.name);
        return Err(ScenarioError::at(name, message).help(format!("ports: {}", ports.join(", "))));
    }
    Ok(pin)
}
