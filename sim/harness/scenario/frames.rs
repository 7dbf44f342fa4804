//! What CAN wires send: frames that are listed, generated or replayed, and their times.

use std::path::Path;
use std::sync::Arc;

use flashstall_mcu::wire::{CanFrame, CanId, TimedFrame};
use flashstall_mcu::{Hertz, Picos};

use super::diagnostic::{ScenarioError, Source};
use super::file::{FrameTable, TrafficTable};
use super::generated::generated;
use super::{Located, candump, traffic};

type Result<T> = std::result::Result<T, ScenarioError>;

/// No more frames than this on one wire: at 1 Mbit/s two minutes of the shortest.
pub(super) const MAX_FRAMES: usize = 1 << 20;

/// The frames of a CAN wire.
/// `rate` is that of the bus: it says how long frames are that follow each other.
pub(super) fn frames(
    table: &Located<TrafficTable>,
    rate: Hertz,
    base: &Path,
) -> Result<Vec<TimedFrame>> {
    let t = &table.value;
    for (given, key) in [
        (t.chunks.is_some(), "chunks"),
        (t.commands.is_some(), "commands"),
        (t.pulses.is_some(), "pulses"),
        (t.width.is_some(), "width"),
        (t.idle_high.is_some(), "idle-high"),
        (t.edges.is_some(), "edges"),
    ] {
        if given {
            let message = format!("`{key}` is not for can wires");
            return Err(ScenarioError::at(table, message));
        }
    }
    let content = [
        t.hex.is_some(),
        t.text.is_some(),
        t.file.is_some(),
        t.counter.is_some(),
        t.pattern.is_some(),
    ];
    let content = content.iter().filter(|given| **given).count();
    let frames = match (&t.frames, &t.candump, content) {
        (Some(list), None, 0) => {
            listed_alone(table)?;
            listed(list)?
        }
        (None, Some(file), 0) => {
            listed_alone(table)?;
            log(file, t.interface.as_ref().map(|i| i.as_str()), base)?
        }
        (None, None, 1) => generated(table, rate, base)?,
        _ => {
            return Err(ScenarioError::at(
                table,
                "a can wire sends exactly one of `frames`, `candump`, `hex`, `text`, `file`, `counter`, `pattern`",
            ));
        }
    };
    if frames.len() > MAX_FRAMES {
        return Err(ScenarioError::at(table, too_many(frames.len())));
    }
    Ok(frames)
}

pub(super) fn too_many(count: usize) -> String {
    format!("{count} frames are too many, a wire sends at most {MAX_FRAMES}")
}

/// `frames` and `candump` say everything by themselves.
fn listed_alone(table: &Located<TrafficTable>) -> Result<()> {
    let t = &table.value;
    for (given, key) in [
        (t.id.is_some(), "id"),
        (t.ids.is_some(), "ids"),
        (t.extended.is_some(), "extended"),
        (t.dlc.is_some(), "dlc"),
        (t.dlc_min.is_some(), "dlc-min"),
        (t.extended_share.is_some(), "extended-share"),
        (t.remote_share.is_some(), "remote-share"),
        (t.gap.is_some(), "gap"),
        (t.burst.is_some(), "burst"),
        (t.pause.is_some(), "pause"),
        (t.count.is_some(), "count"),
        (t.period.is_some(), "period"),
        (t.jitter.is_some(), "jitter"),
        (t.seed.is_some(), "seed"),
        (t.interface.is_some() && t.frames.is_some(), "interface"),
    ] {
        if given {
            return Err(ScenarioError::at(
                table,
                format!("`{key}` does not go with `frames` or `candump`"),
            ));
        }
    }
    Ok(())
}

fn listed(list: &Located<Vec<FrameTable>>) -> Result<Vec<TimedFrame>> {
    let mut last = Picos::ZERO;
    let mut frames = Vec::with_capacity(list.value.len());
    for table in &list.value {
        let offset = match &table.at {
            None => last,
            Some(at) if at.value.0 < last => {
                return Err(ScenarioError::at(
                    at,
                    "frames must be in order of time, none before the one above it",
                ));
            }
            Some(at) => at.value.0,
        };
        last = offset;
        frames.push(TimedFrame {
            offset,
            frame: one(table)?,
        });
    }
    Ok(frames)
}

fn one(table: &FrameTable) -> Result<CanFrame> {
    let id = identifier(&table.id, table.id.value, table.extended.unwrap_or(false))?;
    if table.remote.unwrap_or(false) {
        if let Some(data) = &table.data {
            return Err(ScenarioError::at(data, "a remote frame has no data"));
        }
        let dlc = table.dlc.as_ref().map_or(0, |dlc| dlc.value);
        let frame = CanFrame::remote(id, dlc);
        return frame.ok_or_else(|| {
            let place = table.dlc.clone().unwrap_or_default();
            ScenarioError::at(&place, format!("a frame has at most 8 bytes, not {dlc}"))
        });
    }
    if let Some(dlc) = &table.dlc {
        return Err(ScenarioError::at(
            dlc,
            "`dlc` is for remote frames: others are as long as their data",
        ));
    }
    let bytes = match &table.data {
        Some(hex) => traffic::parse_hex(hex)?,
        None => Vec::new(),
    };
    CanFrame::new(id, &bytes).ok_or_else(|| {
        let place = table.data.clone().unwrap_or_default();
        let message = format!("a frame has at most 8 bytes, not {}", bytes.len());
        ScenarioError::at(&place, message)
    })
}

pub(super) fn identifier<T>(place: &Located<T>, value: u32, extended: bool) -> Result<CanId> {
    let id = if extended {
        CanId::extended(value)
    } else {
        CanId::standard(value)
    };
    id.ok_or_else(|| {
        let error = ScenarioError::at(place, format!("{value:#x} is not an identifier"));
        if extended {
            error.help("at most 0x1FFFFFFF")
        } else {
            error.help("at most 0x7FF, or with `extended = true` 0x1FFFFFFF")
        }
    })
}

fn log(file: &Located<String>, interface: Option<&str>, base: &Path) -> Result<Vec<TimedFrame>> {
    let path = base.join(&file.value);
    let text = std::fs::read_to_string(&path)
        .map_err(|e| ScenarioError::at(file, format!("cannot read `{}`: {e}", file.value)))?;
    let frames = candump::parse(&text, interface).map_err(|bad| ScenarioError {
        span: Some(bad.span),
        source: Some(Arc::new(Source {
            path: file.value.clone().into(),
            text: text.clone(),
        })),
        ..ScenarioError::new(bad.message).help(format!("expected {}", bad.expected))
    })?;
    if frames.is_empty() {
        let of = interface.map_or(String::new(), |i| format!(" of `{i}`"));
        let message = format!("`{}` holds no frames{of}", file.value);
        return Err(ScenarioError::at(file, message));
    }
    Ok(frames)
}
