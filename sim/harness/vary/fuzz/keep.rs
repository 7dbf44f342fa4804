//! What is left of the traffic of a wire while a counterexample is made smaller, and how that is written into a scenario.

use std::fmt::Write as _;

use flashstall_mcu::wire::{TimedEdge, TimedFrame, UartWire};

use crate::scenario::file::{EdgeTable, FrameTable, TrafficTable};
use crate::scenario::{ScenarioFile, Time, WireSpec};
use crate::vary::{Variation, apply};

/// So many bytes are written out; more are said by what made them, from its beginning.
const WRITTEN_OUT: usize = 64;
/// Most bytes in a frame.
const MAX_DLC: u8 = 8;

/// Which units can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pieces {
    /// Any: frames, pulses, commands.
    Any,
    /// Those before and those after: bytes of a line, which follow each other.
    Ends,
    /// The last ones: bytes of an image.
    Last,
}

/// What a wire or host still sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Keep {
    /// Numbers of the units, upwards; `None`: all.
    pub units: Option<Vec<usize>>,
    /// Most bytes in a frame.
    pub dlc: u8,
}

impl Default for Keep {
    fn default() -> Self {
        Self {
            units: None,
            dlc: MAX_DLC,
        }
    }
}

/// Number of units that wire or host `n` sends in `file`, and which of them can be left out.
pub(super) fn units(variation: &Variation, file: &ScenarioFile, n: usize) -> (usize, Pieces) {
    let (scenario, prepared) = (variation.scenario(), variation.prepared());
    let wires = file.wire.len();
    if let Some(host) = n.checked_sub(wires) {
        let host = file.host.get(host);
        let image = host.and_then(|h| scenario.prepare_host(h, n, prepared).ok());
        return (image.map_or(0, |(_, h)| h.image.len()), Pieces::Last);
    }
    let Some(table) = file.wire.get(n) else {
        return (0, Pieces::Any);
    };
    if let Some(commands) = &table.traffic.value.commands {
        return (commands.value.len(), Pieces::Any);
    }
    match scenario.prepare_wire(table, prepared).map(|w| w.spec) {
        Ok(WireSpec::Uart(wire)) => (wire.bytes.len(), Pieces::Ends),
        Ok(WireSpec::Can(wire)) => (wire.frames.len(), Pieces::Any),
        Ok(WireSpec::Pin(wire)) => (wire.edges.len().div_ceil(2), Pieces::Any),
        _ => (0, Pieces::Any),
    }
}

/// `file` with no more traffic than `keep` says, a wire after the other, hosts last. `None` if that cannot be said.
pub(super) fn apply(
    variation: &Variation,
    file: &ScenarioFile,
    keep: &[Keep],
) -> Option<ScenarioFile> {
    let mut less = file.clone();
    let wires = file.wire.len();
    for (n, keep) in keep.iter().enumerate() {
        if *keep == Keep::default() {
            continue;
        }
        let Some(host) = n.checked_sub(wires) else {
            wire(variation, &mut less, n, keep)?;
            continue;
        };
        if let Some(units) = &keep.units {
            let table = less.host.get_mut(host)?;
            table.image.value.count = Some(u32::try_from(units.len()).ok()?.into());
        }
    }
    Some(less)
}

fn wire(variation: &Variation, file: &mut ScenarioFile, n: usize, keep: &Keep) -> Option<()> {
    let table = file.wire.get_mut(n)?;
    let scenario = variation.scenario();
    let prepared = scenario.prepare_wire(table, variation.prepared()).ok()?;
    let kept = |n: &usize| keep.units.as_ref().is_none_or(|units| units.contains(n));
    if let Some(commands) = &mut table.traffic.value.commands {
        let mut number = 0..;
        commands
            .value
            .retain(|_| number.next().is_some_and(|n| kept(&n)));
        return Some(());
    }
    match prepared.spec {
        WireSpec::Uart(spec) => {
            let units = keep.units.as_ref()?;
            let traffic = &mut table.traffic.value;
            let bytes: Vec<u8> = spec.bytes.iter().map(|b| b.value).collect();
            let (first, end) = match (units.first(), units.last()) {
                (Some(first), Some(last)) => (*first, last + 1),
                _ => (0, 0),
            };
            window(traffic, bytes.get(first..end)?);
            let later = later(&spec, first);
            apply::shift(&mut table.at, &mut table.delay, later);
        }
        WireSpec::Can(spec) => {
            let all = spec.frames.iter().enumerate();
            let frames: Vec<FrameTable> = all
                .filter(|(n, _)| kept(n))
                .map(|(_, frame)| listed(frame, keep.dlc))
                .collect();
            table.traffic = TrafficTable {
                frames: Some(frames.into()),
                ..TrafficTable::default()
            }
            .into();
        }
        WireSpec::Pin(spec) => {
            let pulses = spec.edges.chunks(2).enumerate();
            let edges: Vec<EdgeTable> = pulses
                .filter(|(n, _)| kept(n))
                .flat_map(|(_, pulse)| pulse.iter().map(edge))
                .collect();
            table.traffic = TrafficTable {
                edges: Some(edges.into()),
                ..TrafficTable::default()
            }
            .into();
        }
        WireSpec::Host(_) | WireSpec::CanHost(_) | WireSpec::I2c(_) | WireSpec::I2cDevice(_) => {
            return None;
        }
    }
    Some(())
}

/// How much later than the first byte number `first` begins.
fn later(spec: &UartWire, first: usize) -> flashstall_mcu::Picos {
    spec.bytes.get(first).map(|b| b.offset).unwrap_or_default()
}

/// Only these bytes: written out if they are few.
fn window(traffic: &mut TrafficTable, bytes: &[u8]) {
    if bytes.len() > WRITTEN_OUT || bytes.is_empty() {
        traffic.count = u32::try_from(bytes.len()).ok().map(Into::into);
        return;
    }
    (traffic.text, traffic.file, traffic.counter) = (None, None, None);
    (traffic.pattern, traffic.count) = (None, None);
    traffic.hex = Some(hex(bytes).into());
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (n, byte) in bytes.iter().enumerate() {
        let _ = write!(text, "{}{byte:02x}", if n == 0 { "" } else { " " });
    }
    text
}

/// A frame with at most `dlc` bytes.
fn listed(timed: &TimedFrame, dlc: u8) -> FrameTable {
    let frame = &timed.frame;
    let data = frame.bytes();
    let data = data.get(..usize::from(dlc)).unwrap_or(data);
    FrameTable {
        at: Some(Time(timed.offset).into()),
        id: frame.id.raw().into(),
        extended: matches!(frame.id, flashstall_mcu::wire::CanId::Extended(_)).then_some(true),
        data: (!frame.remote && !data.is_empty()).then(|| hex(data).into()),
        remote: frame.remote.then_some(true),
        dlc: frame.remote.then(|| frame.dlc.min(MAX_DLC).min(dlc).into()),
    }
}

fn edge(timed: &TimedEdge) -> EdgeTable {
    EdgeTable {
        at: Time(timed.offset).into(),
        high: timed.high,
    }
}
