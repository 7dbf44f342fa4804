//! Whose value is varied.

use super::Kind;
use super::order;
use super::read::Text;
use crate::scenario::file::{ScenarioFile, WireKind};
use crate::scenario::host::{HostKind, HostProtocol, HostTable};
use crate::scenario::{Prepared, ScenarioError};

/// What the starts of all wires are called where a wire is named.
const STARTS: &str = "wires";

/// Whose value is varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slot {
    /// The flash.
    Flash,
    /// The times at which wires and hosts start that start by the clock.
    Starts,
    /// `[[wire]]` number so much.
    Wire(usize),
    /// `[[host]]` number so much.
    Host(usize),
}

impl Slot {
    /// Is it a line that sends characters?
    pub(super) fn is_uart(self, file: &ScenarioFile) -> bool {
        match self {
            Self::Flash | Self::Starts => false,
            Self::Wire(n) => {
                let wire = file.wire.get(n);
                wire.is_some_and(|w| w.kind.value == WireKind::Uart)
            }
            Self::Host(n) => {
                let host = file.host.get(n);
                host.is_some_and(|h| h.kind.value == HostKind::Uart)
            }
        }
    }
}

/// Does a wire have a value of this kind? `named`: it was asked for by name.
fn wire_has(kind: Kind, wire: WireKind, named: bool) -> bool {
    match wire {
        WireKind::I2c => {
            return matches!(
                kind,
                Kind::Bitrate | Kind::ClockError | Kind::Gap | Kind::Phase
            );
        }
        WireKind::I2cDevice => return false,
        WireKind::Uart | WireKind::Pin | WireKind::Can => {}
    }
    match kind {
        Kind::Baud => wire == WireKind::Uart,
        Kind::Bitrate | Kind::Dlc | Kind::DlcMin | Kind::ExtendedShare | Kind::RemoteShare => {
            wire == WireKind::Can
        }
        Kind::Burst | Kind::ClockError | Kind::Gap | Kind::Pause => wire != WireKind::Pin,
        Kind::Period => wire == WireKind::Can || (wire == WireKind::Pin && named),
        Kind::Count | Kind::Jitter | Kind::Phase | Kind::Seed => wire != WireKind::Pin || named,
        Kind::AnswerTimeout
        | Kind::ByteGap
        | Kind::Erase
        | Kind::Latency
        | Kind::Order
        | Kind::PageGap
        | Kind::Program
        | Kind::Tries => false,
    }
}

/// Does a host have a value of this kind?
fn host_has(kind: Kind, host: &HostTable) -> bool {
    let protocol = host.protocol.value;
    match kind {
        Kind::Baud | Kind::ByteGap => host.kind.value == HostKind::Uart,
        Kind::Bitrate => host.kind.value == HostKind::Can,
        Kind::Tries => protocol == HostProtocol::CrcResend,
        Kind::PageGap => !matches!(protocol, HostProtocol::Handshake | HostProtocol::CrcResend),
        kind => matches!(
            kind,
            Kind::AnswerTimeout
                | Kind::ClockError
                | Kind::Count
                | Kind::Latency
                | Kind::Phase
                | Kind::Seed
        ),
    }
}

/// Whose `kind` is meant: the wire that is named, or the only one that has such a value.
pub(super) fn slot(
    text: &Text<'_>,
    kind: Kind,
    word: &str,
    wire: Option<&str>,
    file: &ScenarioFile,
    prepared: &Prepared,
) -> Result<Slot, ScenarioError> {
    if kind.is_of_flash() {
        return match wire {
            None => Ok(Slot::Flash),
            Some(wire) => Err(text.error(wire, format!("`{word}` is of the flash, not of a wire"))),
        };
    }
    let wires = file.wire.iter().enumerate().filter_map(|(n, w)| {
        let fits = match kind {
            Kind::Order => order::pieces(w) > 1,
            kind => wire_has(kind, w.kind.value, wire.is_some()),
        };
        fits.then_some((w.name.as_str(), Slot::Wire(n)))
    });
    let hosts = file.host.iter().enumerate().filter_map(|(n, h)| {
        let fits = host_has(kind, h);
        fits.then_some((h.name.as_str(), Slot::Host(n)))
    });
    let mut all: Vec<(&str, Slot)> = wires.chain(hosts).collect();
    if kind == Kind::Order && order::starts(prepared) > 1 && (wire.is_some() || all.is_empty()) {
        all.push((STARTS, Slot::Starts));
    }
    let names = || all.iter().map(|(name, _)| *name);
    match (wire, all.as_slice()) {
        (Some(wire), _) => {
            let found = all.iter().find(|(name, _)| *name == wire);
            found.map(|(_, slot)| *slot).ok_or_else(|| {
                text.error(wire, format!("no wire `{wire}` that has a {word}"))
                    .suggest(wire, names())
            })
        }
        (None, [(_, only)]) => Ok(*only),
        (None, []) if kind == Kind::Order => {
            let message = "there is nothing to put into another order";
            Err(text.error(word, message).help(
                "`order` is of a wire with several `commands` or `frames`, or of wires that start by the clock",
            ))
        }
        (None, []) => Err(text.error(word, format!("this scenario has no wire with a {word}"))),
        (None, _) => {
            let each: Vec<String> = names().map(|name| format!("{word}:{name}")).collect();
            Err(text
                .error(word, format!("which {word}? several wires have one"))
                .help(format!("write {}", each.join(" or "))))
        }
    }
}
