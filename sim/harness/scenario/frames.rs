//! What CAN wires send: frames that are listed, generated or replayed, and their times.

use std::path::Path;
use std::sync::Arc;

use flashstall_mcu::Picos;
use flashstall_mcu::wire::{CanFrame, CanId, TimedFrame};

use super::diagnostic::{ScenarioError, Source};
use super::file::{FrameTable, TrafficTable};
use super::traffic::{self, Random};
use super::{Located, candump};

type Result<T> = std::result::Result<T, ScenarioError>;

/// No more frames than this on one wire: at 1 Mbit/s two minutes of the shortest.
const MAX_FRAMES: usize = 1 << 20;
/// Generators that `pattern` knows for CAN.
const PATTERNS: [&str; 3] = ["counter", "midi-notes", "random"];

/// The frames of a CAN wire.
pub(super) fn frames(table: &Located<TrafficTable>, base: &Path) -> Result<Vec<TimedFrame>> {
    let t = &table.value;
    for (given, key) in [
        (t.gap.is_some(), "gap"),
        (t.chunks.is_some(), "chunks"),
        (t.pulses.is_some(), "pulses"),
        (t.width.is_some(), "width"),
        (t.idle_high.is_some(), "idle-high"),
        (t.edges.is_some(), "edges"),
    ] {
        if given {
            let message = format!("`{key}` is not for can: frames have a `period`");
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
        (None, None, 1) => generated(table, base)?,
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

fn too_many(count: usize) -> String {
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

fn identifier<T>(place: &Located<T>, value: u32, extended: bool) -> Result<CanId> {
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

/// Frames of `dlc` bytes each, cut from what a uart would send, or counted.
fn generated(table: &Located<TrafficTable>, base: &Path) -> Result<Vec<TimedFrame>> {
    let t = &table.value;
    let ids = ids(table)?;
    let dlc = match &t.dlc {
        None => 8,
        Some(dlc) if dlc.value > 8 => {
            let message = format!("a frame has at most 8 bytes, not {}", dlc.value);
            return Err(ScenarioError::at(dlc, message));
        }
        Some(dlc) => usize::from(dlc.value),
    };
    if let Some(count) = &t.count
        && count.value as usize > MAX_FRAMES
    {
        return Err(ScenarioError::at(count, too_many(count.value as usize)));
    }
    let content: Vec<Vec<u8>> = match t.pattern.as_ref() {
        Some(pattern) if pattern.as_str() == "counter" => {
            let Some(count) = &t.count else {
                return Err(ScenarioError::at(
                    pattern,
                    "the pattern `counter` needs a `count`",
                ));
            };
            let numbers = 0..u64::from(count.value);
            numbers
                .map(|n| n.to_le_bytes().into_iter().take(dlc).collect())
                .collect()
        }
        Some(pattern) if !PATTERNS.contains(&pattern.as_str()) => {
            let message = format!("no pattern `{}`", pattern.value);
            return Err(ScenarioError::at(pattern, message).suggest(pattern, PATTERNS));
        }
        _ if dlc == 0 => {
            let message = "frames without data hold no content";
            return Err(ScenarioError::at(table, message).help("pattern = \"counter\""));
        }
        _ => content(table, dlc, base)?
            .chunks(dlc)
            .map(<[u8]>::to_vec)
            .collect(),
    };
    if t.jitter.is_some() && t.period.is_none() {
        return Err(ScenarioError::at(
            table,
            "`jitter` of a can wire needs a `period`",
        ));
    }
    let period = t.period.as_ref().map_or(Picos::ZERO, |p| p.value.0);
    let jitter = t.jitter.unwrap_or_default().0;
    let mut random = Random::new(t.seed.unwrap_or(0) ^ 0x4A49_5454_4552);
    let mut late = Picos::ZERO;
    content
        .iter()
        .zip(ids.iter().cycle())
        .enumerate()
        .map(|(n, (bytes, id))| {
            if jitter > Picos::ZERO {
                late += random.up_to(jitter);
            }
            let frame = CanFrame::new(*id, bytes)
                .ok_or_else(|| ScenarioError::at(table, "a frame has at most 8 bytes"))?;
            Ok(TimedFrame {
                offset: Picos(period.0.saturating_mul(n as u64)) + late,
                frame,
            })
        })
        .collect()
}

/// The bytes of a uart wire with the same traffic; `count` counts frames here.
fn content(table: &Located<TrafficTable>, dlc: usize, base: &Path) -> Result<Vec<u8>> {
    let mut t = table.value.clone();
    t.period = None;
    if let Some(count) = &mut t.count {
        count.value = count.value.saturating_mul(dlc as u32);
    }
    let table = Located {
        value: t,
        span: table.span.clone(),
    };
    traffic::bytes(&table, base)
}

fn ids(table: &Located<TrafficTable>) -> Result<Vec<CanId>> {
    let t = &table.value;
    let extended = t.extended.unwrap_or(false);
    match (&t.id, &t.ids) {
        (Some(id), None) => Ok(vec![identifier(id, id.value, extended)?]),
        (None, Some(ids)) if !ids.value.is_empty() => ids
            .value
            .iter()
            .map(|id| identifier(ids, *id, extended))
            .collect(),
        _ => Err(ScenarioError::at(
            table,
            "frames need an `id`, or `ids` that they have in turn",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(change: impl FnOnce(&mut TrafficTable)) -> Located<TrafficTable> {
        let mut t = TrafficTable::default();
        change(&mut t);
        t.into()
    }

    #[test]
    fn bytes_are_cut_into_frames_and_identifiers_go_in_turn() {
        let frames = frames(
            &table(|t| {
                t.counter = Some(0);
                t.count = Some(3.into());
                t.dlc = Some(2.into());
                t.ids = Some(vec![0x101, 0x103].into());
                t.period = Some("1ms".parse::<crate::scenario::Time>().unwrap().into());
            }),
            Path::new("."),
        )
        .unwrap();
        let seen: Vec<_> = frames
            .iter()
            .map(|f| (f.offset.0, f.frame.id.raw(), f.frame.bytes().to_vec()))
            .collect();
        let ms = 1_000_000_000;
        assert_eq!(
            seen,
            [
                (0, 0x101, vec![0, 1]),
                (ms, 0x103, vec![2, 3]),
                (2 * ms, 0x101, vec![4, 5])
            ]
        );
    }

    #[test]
    fn the_last_frame_of_a_file_is_as_short_as_it_must_be() {
        let frames = frames(
            &table(|t| {
                t.hex = Some("00 01 02 03 04 05 06 07 08 09".into());
                t.id = Some(0x12345.into());
                t.extended = Some(true);
            }),
            Path::new("."),
        )
        .unwrap();
        assert_eq!(frames[1].frame.bytes(), [8, 9]);
        assert_eq!(frames[1].frame.id, CanId::Extended(0x12345));
    }

    #[test]
    fn the_pattern_counter_numbers_the_frames() {
        let frames = frames(
            &table(|t| {
                t.pattern = Some("counter".into());
                t.count = Some(300.into());
                t.id = Some(1.into());
            }),
            Path::new("."),
        )
        .unwrap();
        assert_eq!(frames[299].frame.bytes(), 299_u64.to_le_bytes());
        assert!(frames.iter().all(|f| f.offset == Picos::ZERO));
    }
}
