//! I2C wires of a scenario file: the host, and the transactions that it makes.

use std::path::Path;

use flashstall_mcu::chip::Chip;
use flashstall_mcu::wire::{
    I2cAddress, I2cClock, I2cDeviceWire, I2cPoll, I2cTransfer, I2cWire, Start,
};
use flashstall_mcu::{Hertz, Picos};

use super::Located;
use super::diagnostic::ScenarioError;
use super::file::{TrafficTable, TransactionTable, WireTable};
use super::prepared::{PreparedWire, Trigger, WireSpec};
use super::quantity::{Rate, Time};
use super::traffic::{self, MAX_UNITS, parse_hex};

type Result<T> = std::result::Result<T, ScenarioError>;

/// Fast-mode plus (UM10204).
const FASTEST: u32 = 1_000_000;
/// Slower than this nothing would be left of a byte in a minute of simulated time.
const SLOWEST: u32 = 100;
/// Between two polls, if the file does not say.
const POLL_EVERY: Picos = Picos::from_millis(5);
/// Polls, if the file does not say.
const POLLS: u32 = 1_000;

/// An I2C wire, checked against the chip.
pub(super) fn wire(
    table: &WireTable,
    base: &Path,
    chip: &Chip,
    start: Start,
    trigger: Trigger,
) -> Result<PreparedWire> {
    refuse_keys(
        table,
        "an i2c",
        &[
            (
                table.pointer_bytes.is_some(),
                "pointer-bytes",
                "an i2c-device",
            ),
            (table.page.is_some(), "page", "an i2c-device"),
            (table.write_time.is_some(), "write-time", "an i2c-device"),
        ],
    )?;
    refuse_others(table, "an i2c")?;
    let (Some(port), Some(bitrate), Some(address)) = (&table.port, &table.bitrate, &table.address)
    else {
        let message = "an i2c wire needs a `port`, a `bitrate` and an `address`";
        return Err(ScenarioError::at(&table.kind, message));
    };
    let spec = WireSpec::I2c(I2cWire {
        name: table.name.value.clone(),
        port: controller(chip, port)?,
        address: to(address, table.ten_bit.unwrap_or(false))?,
        clock: clock(table, bitrate)?,
        time_out: table.stretch_timeout.as_ref().map(positive).transpose()?,
        retries: table.retries.unwrap_or(0),
        retry_pause: table.retry_pause.unwrap_or_default().0,
        stop_on_failure: table.stop_on_failure.unwrap_or(false),
        start,
        script: script(&table.traffic, base)?,
    });
    Ok(PreparedWire {
        spec,
        trigger,
        place: port.clone(),
    })
}

/// A slave on a bus of which the chip is the master.
pub(super) fn device(table: &WireTable, base: &Path, chip: &Chip) -> Result<PreparedWire> {
    const WHAT: &str = "an i2c-device";
    refuse_others(table, WHAT)?;
    refuse_keys(
        table,
        WHAT,
        &[
            (table.bitrate.is_some(), "bitrate", "can and i2c"),
            (
                table.clock_error.is_some(),
                "clock-error",
                "wires with a clock",
            ),
            (table.ten_bit.is_some(), "ten-bit", "i2c"),
            (table.scl_low.is_some(), "scl-low", "i2c"),
            (table.stretch_timeout.is_some(), "stretch-timeout", "i2c"),
            (table.retries.is_some(), "retries", "i2c"),
            (table.retry_pause.is_some(), "retry-pause", "i2c"),
            (table.stop_on_failure.is_some(), "stop-on-failure", "i2c"),
            (table.at.is_some(), "at", "wires that send"),
            (table.on.is_some(), "on", "wires that send"),
            (table.delay.is_some(), "delay", "wires that send"),
            (table.traffic.value.gap.is_some(), "gap", "wires that send"),
            (
                table.traffic.value.jitter.is_some(),
                "jitter",
                "wires that send",
            ),
        ],
    )?;
    let (Some(port), Some(address)) = (&table.port, &table.address) else {
        let message = "an i2c-device needs a `port` and an `address`";
        return Err(ScenarioError::at(&table.kind, message));
    };
    let I2cAddress::Seven(own) = to(address, false)? else {
        return Err(ScenarioError::at(address, "a device has 7 bits of address"));
    };
    super::can::refuse_traffic(&table.traffic, "this wire is an i2c-device")?;
    refuse_traffic(&table.traffic, "this wire is an i2c-device")?;
    let memory = content_of(&table.traffic, base, WHAT, "holds exactly one of")?;
    let pointer_bytes = match &table.pointer_bytes {
        None => 1,
        Some(n) if matches!(n.value, 1 | 2) => n.value,
        Some(n) => return Err(ScenarioError::at(n, "a pointer has 1 or 2 bytes")),
    };
    if memory.is_empty() || memory.len() > 1 << (8 * u32::from(pointer_bytes)) {
        let message = format!(
            "{} bytes of memory and {pointer_bytes} of pointer: a device has 1 to {} bytes",
            memory.len(),
            1 << (8 * u32::from(pointer_bytes))
        );
        return Err(ScenarioError::at(&table.traffic, message));
    }
    let page = table.page.as_ref().map_or(0, |p| p.value as usize);
    if let Some(place) = &table.page
        && (page == 0 || memory.len() % page != 0)
    {
        let message = format!("{} bytes are not whole pages of {page}", memory.len());
        return Err(ScenarioError::at(place, message));
    }
    let spec = WireSpec::I2cDevice(I2cDeviceWire {
        name: table.name.value.clone(),
        port: controller(chip, port)?,
        address: own,
        memory,
        pointer_bytes,
        page,
        write_time: table.write_time.unwrap_or_default().0,
    });
    Ok(PreparedWire {
        spec,
        trigger: Trigger::Clock,
        place: port.clone(),
    })
}

/// Refuses keys of uarts, pins and can.
fn refuse_others(table: &WireTable, what: &str) -> Result<()> {
    refuse_keys(
        table,
        what,
        &[
            (table.baud.is_some(), "baud", "uarts"),
            (table.format.is_some(), "format", "uarts"),
            (table.flow_control.is_some(), "flow-control", "uarts"),
            (table.flow_slack.is_some(), "flow-slack", "uarts"),
            (
                table.receiver_follows.is_some(),
                "receiver-follows",
                "uarts",
            ),
            (table.pin.is_some(), "pin", "pins"),
            (table.counts.is_some(), "counts", "pins"),
            (table.retransmit.is_some(), "retransmit", "can"),
            (
                table.others_acknowledge.is_some(),
                "others-acknowledge",
                "can",
            ),
        ],
    )
}

/// Refuses the first key that is given: it is for somebody else.
fn refuse_keys(table: &WireTable, what: &str, keys: &[(bool, &str, &str)]) -> Result<()> {
    match keys.iter().find(|(given, ..)| *given) {
        Some((_, key, whose)) => {
            let message = format!("`{key}` is for {whose}, this wire is {what}");
            Err(ScenarioError::at(&table.kind, message))
        }
        None => Ok(()),
    }
}

fn positive(time: &Located<Time>) -> Result<Picos> {
    if time.value.0 == Picos::ZERO {
        return Err(ScenarioError::at(time, "must be above 0"));
    }
    Ok(time.value.0)
}

fn to(address: &Located<u32>, ten_bit: bool) -> Result<I2cAddress> {
    let value = address.value;
    let limit = if ten_bit { 0x3FF } else { 0x7F };
    if value > limit {
        let message = format!("{value:#x} is no address: it has at most {limit:#x}");
        let error = ScenarioError::at(address, message);
        return Err(match (ten_bit, value) {
            (false, 0x80..=0xFF) => error.help(format!(
                "an address is written without the read bit: {:#x} for the byte {value:#x}; ten-bit = true allows 0x3ff",
                value >> 1
            )),
            (false, _) => error.help("ten-bit = true allows 0x3ff"),
            _ => error,
        });
    }
    Ok(if ten_bit {
        I2cAddress::Ten(value as u16)
    } else {
        I2cAddress::Seven(value as u8)
    })
}

fn clock(table: &WireTable, bitrate: &Located<Rate>) -> Result<I2cClock> {
    let rate = bitrate.value.0;
    if !(SLOWEST..=FASTEST).contains(&rate) {
        let message = format!("{} bit/s is no rate of an I2C bus", bitrate.value);
        return Err(ScenarioError::at(bitrate, message).label(format!("{SLOWEST} to {FASTEST}")));
    }
    let nominal = Hertz::new(u64::from(rate));
    let rate = table.clock_error.unwrap_or_default().apply(nominal);
    let usual = I2cClock::usual(rate);
    let Some(low) = &table.scl_low else {
        return Ok(usual);
    };
    let period = rate.periods(1);
    if low.value.0 == Picos::ZERO || low.value.0 >= period {
        let message = format!("SCL cannot be low for {} of a bit of {period}", low.value);
        return Err(ScenarioError::at(low, message));
    }
    Ok(I2cClock {
        rate,
        low: low.value.0,
    })
}

fn controller(chip: &Chip, port: &Located<String>) -> Result<String> {
    let all = || {
        let of_kind = chip
            .peripherals
            .iter()
            .filter(|p| p.kind.starts_with("i2c"));
        of_kind.map(|p| p.name.as_str())
    };
    if all().any(|name| name == port.value) {
        return Ok(port.value.clone());
    }
    let message = format!("{} has no I2C controller `{}`", chip.name, port.value);
    Err(ScenarioError::at(port, message).suggest(&port.value, all()))
}

/// Refuses what belongs to I2C in a wire that is `what`, for example `a pin`.
pub(super) fn refuse_in_others(table: &WireTable, what: &str) -> Result<()> {
    refuse_keys(
        table,
        what,
        &[
            (table.address.is_some(), "address", "i2c"),
            (table.ten_bit.is_some(), "ten-bit", "i2c"),
            (table.scl_low.is_some(), "scl-low", "i2c"),
            (table.stretch_timeout.is_some(), "stretch-timeout", "i2c"),
            (table.retries.is_some(), "retries", "i2c"),
            (table.retry_pause.is_some(), "retry-pause", "i2c"),
            (table.stop_on_failure.is_some(), "stop-on-failure", "i2c"),
            (
                table.pointer_bytes.is_some(),
                "pointer-bytes",
                "an i2c-device",
            ),
            (table.page.is_some(), "page", "an i2c-device"),
            (table.write_time.is_some(), "write-time", "an i2c-device"),
        ],
    )?;
    refuse_traffic(&table.traffic, &format!("this wire is {what}"))
}

/// Refuses keys of transactions; `reason` says why they have no place here.
pub(super) fn refuse_traffic(table: &Located<TrafficTable>, reason: &str) -> Result<()> {
    let t = &table.value;
    for (given, key) in [
        (t.transactions.is_some(), "transactions"),
        (t.write_size.is_some(), "write-size"),
        (t.repeat.is_some(), "repeat"),
    ] {
        if given {
            let message = format!("`{key}` is for i2c wires: {reason}");
            return Err(ScenarioError::at(table, message));
        }
    }
    Ok(())
}

/// What the host does.
fn script(table: &Located<TrafficTable>, base: &Path) -> Result<Vec<I2cTransfer>> {
    let t = &table.value;
    super::can::refuse_traffic(table, "this wire is an i2c")?;
    if t.jitter.is_some() {
        let message = "`jitter` is for uarts, pins and can, this wire is an i2c";
        return Err(ScenarioError::at(table, message));
    }
    match &t.transactions {
        None => chunks(table, base),
        Some(list) => transactions(table, list),
    }
}

/// Bytes as a uart has them, in one piece; errors are about `what`.
fn content_of(
    table: &Located<TrafficTable>,
    base: &Path,
    what: &str,
    one_of: &str,
) -> Result<Vec<u8>> {
    let t = &table.value;
    for (given, key) in [
        (t.chunks.is_some(), "chunks"),
        (t.commands.is_some(), "commands"),
        (t.burst.is_some(), "burst"),
        (t.pause.is_some(), "pause"),
    ] {
        if given {
            let message = format!("`{key}` is for uarts, this wire is {what}");
            return Err(ScenarioError::at(table, message));
        }
    }
    let kinds = [
        t.hex.is_some(),
        t.text.is_some(),
        t.file.is_some(),
        t.counter.is_some(),
        t.pattern.is_some(),
    ];
    if kinds.iter().filter(|given| **given).count() != 1 {
        let message = format!("{what} {one_of} `hex`, `text`, `file`, `counter`, `pattern`");
        return Err(ScenarioError::at(table, message));
    }
    traffic::bytes(table, base).map_err(|error| ScenarioError {
        message: error.message.replace("a uart", what),
        ..error
    })
}

/// Bytes as a uart has them, cut into writes.
fn chunks(table: &Located<TrafficTable>, base: &Path) -> Result<Vec<I2cTransfer>> {
    let t = &table.value;
    if t.repeat.is_some() {
        return Err(ScenarioError::at(
            table,
            "`repeat` goes with `transactions`; `count` repeats bytes",
        ));
    }
    let mut content = table.clone();
    content.value.period = None;
    let bytes = content_of(
        &content,
        base,
        "an i2c",
        "makes exactly one of `transactions`,",
    )?;
    let size = match &t.write_size {
        None => bytes.len().max(1),
        Some(size) if size.value == 0 => {
            return Err(ScenarioError::at(size, "a write has at least one byte"));
        }
        Some(size) => size.value as usize,
    };
    let (period, gap) = (
        t.period.as_ref().map_or(Picos::ZERO, |p| p.value.0),
        t.gap.unwrap_or_default().0,
    );
    let transfer = |(n, bytes): (usize, &[u8])| I2cTransfer {
        pause: if n == 0 { Picos::ZERO } else { gap },
        not_before: Picos(period.0.saturating_mul(n as u64)),
        write: bytes.to_vec(),
        ..I2cTransfer::default()
    };
    Ok(bytes.chunks(size).enumerate().map(transfer).collect())
}

fn transactions(
    table: &Located<TrafficTable>,
    list: &Located<Vec<TransactionTable>>,
) -> Result<Vec<I2cTransfer>> {
    let t = &table.value;
    for (given, key) in [
        (t.hex.is_some(), "hex"),
        (t.text.is_some(), "text"),
        (t.file.is_some(), "file"),
        (t.chunks.is_some(), "chunks"),
        (t.commands.is_some(), "commands"),
        (t.burst.is_some(), "burst"),
        (t.pause.is_some(), "pause"),
        (t.counter.is_some(), "counter"),
        (t.pattern.is_some(), "pattern"),
        (t.count.is_some(), "count"),
        (t.write_size.is_some(), "write-size"),
        (t.period.is_some(), "period"),
        (t.seed.is_some(), "seed"),
        (t.pulses.is_some(), "pulses"),
        (t.width.is_some(), "width"),
        (t.idle_high.is_some(), "idle-high"),
        (t.edges.is_some(), "edges"),
    ] {
        if given {
            let message = format!("`{key}` and `transactions` are both given");
            return Err(ScenarioError::at(table, message));
        }
    }
    let gap = t.gap.unwrap_or_default().0;
    let repeat = t.repeat.as_ref().map_or(1, |r| r.value);
    let items = u64::from(repeat) * list.value.len() as u64;
    if items == 0 || items > u64::from(MAX_UNITS) {
        let message = format!("{items} transactions: a wire makes 1 to {MAX_UNITS}");
        return Err(t.repeat.as_ref().map_or_else(
            || ScenarioError::at(list, message.clone()),
            |r| ScenarioError::at(r, message.clone()),
        ));
    }
    let mut once = Vec::new();
    let mut pause = Picos::ZERO;
    for item in &list.value {
        pause += item.pause.unwrap_or_default().0;
        if let Some(transfer) = transaction(list, item)? {
            once.push(I2cTransfer { pause, ..transfer });
            pause = Picos::ZERO;
        }
    }
    let mut script: Vec<I2cTransfer> = Vec::new();
    for n in 0..repeat {
        for (i, transfer) in once.iter().enumerate() {
            let mut transfer = transfer.clone();
            if n > 0 || i > 0 {
                transfer.pause += gap;
            }
            // A pause at the end of the list comes before its next turn.
            if n > 0 && i == 0 {
                transfer.pause += pause;
            }
            script.push(transfer);
        }
    }
    Ok(script)
}

/// One of `transactions`; `None` if it is a pause and nothing else.
fn transaction(
    list: &Located<Vec<TransactionTable>>,
    item: &TransactionTable,
) -> Result<Option<I2cTransfer>> {
    let read = match &item.read {
        None => 0,
        Some(read) if read.value == 0 => {
            return Err(ScenarioError::at(
                read,
                "`read` is a number of bytes, at least 1",
            ));
        }
        Some(read) => read.value,
    };
    let needs = |key: &str, what: &str| format!("`{key}` goes with `{what}`");
    let bytes = |hex: &Option<Located<String>>| hex.as_ref().map(parse_hex).transpose();
    let (write, answer) = (bytes(&item.write)?, bytes(&item.answer)?);
    let (until, mask) = (bytes(&item.until)?, bytes(&item.mask)?);
    for (hex, value, key) in [
        (&item.answer, &answer, "answer"),
        (&item.until, &until, "until"),
    ] {
        if let (Some(hex), Some(value)) = (hex, value)
            && (value.len() != usize::from(read) || read == 0)
        {
            let message = format!("`{key}` has {} bytes, `read` is {read}", value.len());
            return Err(ScenarioError::at(hex, message));
        }
    }
    if let (Some(answer), Some(_)) = (&item.answer, &item.until) {
        return Err(ScenarioError::at(
            answer,
            "`answer` and `until` are both given: a poll is repeated until its answer comes",
        ));
    }
    let poll = match (until, mask) {
        (Some(until), mask) => Some(I2cPoll {
            until,
            mask: mask.unwrap_or_default(),
            every: item.every.map_or(POLL_EVERY, |t| t.0),
            at_most: item.at_most.as_ref().map_or(POLLS, |n| n.value.max(1)),
        }),
        (None, Some(_)) => {
            let mask = item.mask.clone().unwrap_or_default();
            return Err(ScenarioError::at(&mask, needs("mask", "until")));
        }
        (None, None) if item.every.is_some() => {
            return Err(ScenarioError::at(list, needs("every", "until")));
        }
        (None, None) if item.at_most.is_some() => {
            let at_most = item.at_most.clone().unwrap_or_default();
            return Err(ScenarioError::at(&at_most, needs("at-most", "until")));
        }
        (None, None) => None,
    };
    if write.is_none() && read == 0 {
        return if item.pause.is_some() {
            Ok(None)
        } else {
            Err(ScenarioError::at(
                list,
                "a transaction has `write`, `read`, both, or is a `pause`; write = \"\" is an address and nothing else",
            ))
        };
    }
    Ok(Some(I2cTransfer {
        write: write.unwrap_or_default(),
        read,
        answer,
        poll,
        ..I2cTransfer::default()
    }))
}
