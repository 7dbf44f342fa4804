//! CAN wires of a scenario file.

use std::path::Path;

use flashstall_mcu::Hertz;
use flashstall_mcu::chip::Chip;
use flashstall_mcu::wire::{CanWire, Start};

use super::diagnostic::ScenarioError;
use super::file::{TrafficTable, WireKind, WireTable};
use super::prepared::{PreparedWire, Trigger, WireSpec};
use super::quantity::{Deviation, Rate};
use super::{Located, frames};

type Result<T> = std::result::Result<T, ScenarioError>;

/// Fastest classic CAN (ISO 11898-2).
const FASTEST: u32 = 1_000_000;

/// A CAN wire, checked against the chip.
pub(super) fn wire(
    table: &WireTable,
    base: &Path,
    chip: &Chip,
    start: Start,
    trigger: Trigger,
) -> Result<PreparedWire> {
    refuse(
        &table.kind,
        "uarts",
        &[
            (table.baud.is_some(), "baud"),
            (table.format.is_some(), "format"),
            (table.flow_control.is_some(), "flow-control"),
            (table.flow_slack.is_some(), "flow-slack"),
            (table.receiver_follows.is_some(), "receiver-follows"),
        ],
    )?;
    refuse(
        &table.kind,
        "pins",
        &[
            (table.pin.is_some(), "pin"),
            (table.counts.is_some(), "counts"),
        ],
    )?;
    let end = CanEnd {
        kind: table.kind.span.clone(),
        what: "wire",
        port: table.port.as_ref(),
        bitrate: table.bitrate.as_ref(),
        clock_error: table.clock_error,
    };
    let (port, controller, bit_rate) = end.check(chip)?;
    let spec = WireSpec::Can(CanWire {
        name: table.name.value.clone(),
        port: controller,
        bit_rate,
        retransmit: table.retransmit.unwrap_or(true),
        acknowledged_by_others: table.others_acknowledge.unwrap_or(false),
        start,
        frames: frames::frames(&table.traffic, bit_rate, base)?,
    });
    Ok(PreparedWire {
        spec,
        trigger,
        place: port.clone(),
    })
}

/// What a file says about a node on a CAN bus.
pub(super) struct CanEnd<'a> {
    /// Where `kind` stands.
    pub kind: Option<std::ops::Range<usize>>,
    /// What it is: `wire` or `host`.
    pub what: &'static str,
    pub port: Option<&'a Located<String>>,
    pub bitrate: Option<&'a Located<Rate>>,
    pub clock_error: Option<Deviation>,
}

impl<'a> CanEnd<'a> {
    /// Checks it against the chip: where its port was named, the controller's name, the rate of its clock.
    pub(super) fn check(&self, chip: &Chip) -> Result<(&'a Located<String>, String, Hertz)> {
        let (Some(port), Some(bitrate)) = (self.port, self.bitrate) else {
            let message = format!("a can {} needs a `port` and a `bitrate`", self.what);
            return Err(ScenarioError {
                span: self.kind.clone(),
                ..ScenarioError::new(message)
            });
        };
        if bitrate.value.0 > FASTEST {
            let message = format!("{} bit/s are too fast for CAN", bitrate.value);
            return Err(ScenarioError::at(bitrate, message).label(format!("at most {FASTEST}")));
        }
        let nominal = Hertz::new(u64::from(bitrate.value.0));
        let bit_rate = self.clock_error.unwrap_or_default().apply(nominal);
        Ok((port, controller(chip, port)?, bit_rate))
    }
}

/// The chip's name for `port`. The only controller of a part is called `CAN` or `CAN1`: both are understood.
fn controller(chip: &Chip, port: &Located<String>) -> Result<String> {
    let all = || chip.peripherals.iter().filter(|p| p.kind == "bxcan");
    let mut names = all().map(|p| p.name.as_str());
    let alias = |name: &str| matches!((name, port.as_str()), ("CAN", "CAN1") | ("CAN1", "CAN"));
    if let Some(name) = names.find(|name| *name == port.value || alias(name)) {
        return Ok(name.to_owned());
    }
    if all().next().is_none() {
        return Err(ScenarioError::at(
            port,
            format!("{} has no CAN controller", chip.name),
        ));
    }
    let message = format!("{} has no CAN controller `{}`", chip.name, port.value);
    Err(ScenarioError::at(port, message).suggest(&port.value, all().map(|p| p.name.as_str())))
}

/// Says that a key of another kind of wire stands here.
fn refuse(place: &Located<WireKind>, what: &str, keys: &[(bool, &str)]) -> Result<()> {
    match keys.iter().find(|(given, _)| *given) {
        Some((_, key)) => Err(ScenarioError::at(
            place,
            format!("`{key}` is for {what}, this wire is a can"),
        )),
        None => Ok(()),
    }
}

/// Refuses what belongs to CAN in a wire that is `what`, for example `a pin`.
pub(super) fn refuse_in_others(table: &WireTable, what: &str) -> Result<()> {
    for (given, key, whose) in [
        (table.bitrate.is_some(), "bitrate", "can and i2c"),
        (table.retransmit.is_some(), "retransmit", "can"),
        (
            table.others_acknowledge.is_some(),
            "others-acknowledge",
            "can",
        ),
    ] {
        if given {
            return Err(ScenarioError::at(
                &table.kind,
                format!("`{key}` is for {whose}, this wire is {what}"),
            ));
        }
    }
    refuse_traffic(&table.traffic, &format!("this wire is {what}"))
}

/// Refuses keys of frames; `reason` says why they have no place here.
pub(super) fn refuse_traffic(table: &Located<TrafficTable>, reason: &str) -> Result<()> {
    let t = &table.value;
    for (given, key) in [
        (t.id.is_some(), "id"),
        (t.ids.is_some(), "ids"),
        (t.extended.is_some(), "extended"),
        (t.dlc.is_some(), "dlc"),
        (t.dlc_min.is_some(), "dlc-min"),
        (t.extended_share.is_some(), "extended-share"),
        (t.remote_share.is_some(), "remote-share"),
        (t.frames.is_some(), "frames"),
        (t.candump.is_some(), "candump"),
        (t.interface.is_some(), "interface"),
    ] {
        if given {
            let message = format!("`{key}` is for can wires: {reason}");
            return Err(ScenarioError::at(table, message));
        }
    }
    Ok(())
}
