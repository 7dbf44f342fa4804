//! `[[host]]`: who is at the other end of a wire and talks back.

use std::path::Path;
use std::sync::Arc;

use flashstall_mcu::Picos;
use flashstall_mcu::chip::Chip;
use flashstall_mcu::wire::{CanHostWire, HostWire};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::can::CanEnd;
use super::diagnostic::ScenarioError;
use super::file::{FlowControlKind, TrafficTable};
use super::prepared::{PreparedHost, PreparedWire, WireSpec};
use super::quantity::{Deviation, Rate, Time};
use super::wires::{self, UartEnd};
use super::{Located, can, place, traffic};
use crate::firmware::Firmware;
use crate::host::{CanLink, FRAME_BYTES, Manners, Protocol, Speaker, UartLink};

/// What kind of wire a host is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HostKind {
    /// A USART of the chip.
    Uart,
    /// A CAN controller of the chip.
    Can,
}

/// How host and boot loader take turns: firmware-under-test/README.md, page-bootloader, protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HostProtocol {
    /// Header and image back to back, whatever happens.
    Stream,
    /// A page after each ACK.
    Handshake,
    /// As `stream`, but pauses from BUSY to READY.
    BusyReply,
    /// The header; the image after READY.
    EraseFirst,
    /// Frames of a page with a CRC; the same again after NAK or a time-out.
    CrcResend,
}

impl From<HostProtocol> for Protocol {
    fn from(protocol: HostProtocol) -> Self {
        match protocol {
            HostProtocol::Stream => Self::Stream,
            HostProtocol::Handshake => Self::Handshake,
            HostProtocol::BusyReply => Self::BusyReply,
            HostProtocol::EraseFirst => Self::EraseFirst,
            HostProtocol::CrcResend => Self::CrcResend,
        }
    }
}

impl HostProtocol {
    /// Its name in a file.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Handshake => "handshake",
            Self::BusyReply => "busy-reply",
            Self::EraseFirst => "erase-first",
            Self::CrcResend => "crc-resend",
        }
    }
}

/// `[[host]]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HostTable {
    /// Name in reports and in `[expect]`; no wire may have the same.
    pub name: Located<String>,
    /// `uart` or `can`.
    pub kind: Located<HostKind>,
    /// The chip's end, for example `USART1` or `CAN1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<Located<String>>,
    /// uart: the host's nominal rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baud: Option<Located<Rate>>,
    /// can: the host's nominal bit rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bitrate: Option<Located<Rate>>,
    /// can: frames of the image have identifiers 0x101 and 0x103 in turn, one for each FIFO. Default: false, 0x101.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub both_fifos: Option<bool>,
    /// How far the host's clock is off. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_error: Option<Deviation>,
    /// uart: data bits, parity (N, E, O) and stop bits. Default: `8N1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Located<String>>,
    /// uart: does the host heed RTS of the chip? Default: `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_control: Option<FlowControlKind>,
    /// uart, with `rts-cts`: characters that the host still sends after RTS has risen. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow_slack: Option<Located<u8>>,
    /// Begin at this time after power-up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// Begin when this happens first: `symbol:NAME` or `flash:erase-start`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Located<String>>,
    /// With `on`: wait this much longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Time>,
    /// How it takes turns with the boot loader.
    pub protocol: Located<HostProtocol>,
    /// Bytes in a page, as the boot loader has them.
    pub page: Located<u32>,
    /// The image: as the traffic of a uart wire, without times.
    pub image: Located<TrafficTable>,
    /// Where the image must be in the end: an address (`"0x08008000"`) or a symbol. Without it nothing is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored_at: Option<Located<String>>,
    /// Idle time after each page that is sent unasked (`stream`, `busy-reply`, `erase-first`). Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_gap: Option<Time>,
    /// How long it waits for an answer. Default: 1 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_timeout: Option<Located<Time>>,
    /// crc-resend: how often the same frame is sent before it gives up. Default: 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries: Option<Located<u32>>,
    /// uart: idle time after each byte that it sends. Default: none, back to back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub byte_gap: Option<Time>,
    /// From the end of what the chip says to the host's acting on it. Default: 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Time>,
}

type Result<T> = std::result::Result<T, ScenarioError>;

/// A host as a wire, and what it is expected to bring about; `wire` is the index that the wire will have.
pub(super) fn host(
    table: &HostTable,
    wire: usize,
    base: &Path,
    chip: &Chip,
    firmware: &Firmware,
) -> Result<(PreparedWire, PreparedHost)> {
    let (start, trigger) = wires::start(
        &table.name,
        (table.at, table.on.as_ref(), table.delay),
        firmware,
    )?;
    let image: Arc<[u8]> = image(&table.image, base)?.into();
    let manners = manners(table)?;
    let stored_at = match &table.stored_at {
        Some(at) => Some(place::memory(at, image.len() as u32, chip, firmware)?),
        None => None,
    };
    let name = table.name.value.clone();
    let latency = table.latency.unwrap_or_default().0;
    let (spec, place) = match table.kind.value {
        HostKind::Uart => {
            let (port, format, flow_control) = uart_end(table)?.check(chip)?;
            let spec = WireSpec::Host(HostWire {
                name,
                port: port.value.clone(),
                format,
                flow_control,
                start,
                latency,
                byte_gap: table.byte_gap.unwrap_or_default().0,
                peer: Box::new(Speaker::new(UartLink, manners, Arc::clone(&image))),
            });
            (spec, port)
        }
        HostKind::Can => {
            let (port, controller, bit_rate) = can_end(table)?.check(chip)?;
            let link = CanLink {
                both_fifos: table.both_fifos.unwrap_or(false),
            };
            let spec = WireSpec::CanHost(CanHostWire {
                name,
                port: controller,
                bit_rate,
                start,
                latency,
                peer: Box::new(Speaker::new(link, manners, Arc::clone(&image))),
            });
            (spec, port)
        }
    };
    let attached = PreparedWire {
        spec,
        trigger,
        place: place.clone(),
    };
    let prepared = PreparedHost {
        wire,
        protocol: table.protocol.value.name(),
        image,
        stored_at,
    };
    Ok((attached, prepared))
}

fn uart_end(table: &HostTable) -> Result<UartEnd<'_>> {
    for (given, key) in [
        (table.bitrate.is_some(), "bitrate"),
        (table.both_fifos.is_some(), "both-fifos"),
    ] {
        if given {
            let message = format!("`{key}` is for can, this host is at a uart");
            return Err(ScenarioError::at(&table.kind, message));
        }
    }
    Ok(UartEnd {
        kind: table.kind.span.clone(),
        what: "host",
        port: table.port.as_ref(),
        baud: table.baud.as_ref(),
        clock_error: table.clock_error,
        format: table.format.as_ref(),
        flow_control: table.flow_control,
        flow_slack: table.flow_slack.as_ref(),
    })
}

fn can_end(table: &HostTable) -> Result<CanEnd<'_>> {
    for (given, key) in [
        (table.baud.is_some(), "baud"),
        (table.format.is_some(), "format"),
        (table.flow_control.is_some(), "flow-control"),
        (table.flow_slack.is_some(), "flow-slack"),
        (table.byte_gap.is_some(), "byte-gap"),
    ] {
        if given {
            let message = format!("`{key}` is for uarts, this host is on a can bus");
            return Err(ScenarioError::at(&table.kind, message));
        }
    }
    if !(table.page.value as usize).is_multiple_of(FRAME_BYTES) {
        let message = format!(
            "a page of {} bytes is not whole frames of {FRAME_BYTES}",
            table.page.value
        );
        return Err(ScenarioError::at(&table.page, message));
    }
    Ok(CanEnd {
        kind: table.kind.span.clone(),
        what: "host",
        port: table.port.as_ref(),
        bitrate: table.bitrate.as_ref(),
        clock_error: table.clock_error,
    })
}

fn image(table: &Located<TrafficTable>, base: &Path) -> Result<Vec<u8>> {
    for (given, key) in [
        (table.gap.is_some(), "gap"),
        (table.jitter.is_some(), "jitter"),
        (table.burst.is_some(), "burst"),
        (table.pause.is_some(), "pause"),
        (table.commands.is_some(), "commands"),
    ] {
        if given {
            let message = format!("`{key}` is for wires: an image has no times");
            return Err(ScenarioError::at(table, message).help("page-gap and byte-gap of the host"));
        }
    }
    can::refuse_traffic(table, "an image is bytes")?;
    super::i2c::refuse_traffic(table, "an image is bytes")?;
    traffic::bytes(table, base)
}

fn manners(table: &HostTable) -> Result<Manners> {
    if table.page.value == 0 {
        return Err(ScenarioError::at(
            &table.page,
            "a page has at least one byte",
        ));
    }
    let protocol = table.protocol.value;
    let tries = match &table.tries {
        Some(tries) if protocol != HostProtocol::CrcResend => {
            let message = format!(
                "`tries` is for crc-resend: a {} host must not say anything twice",
                protocol.name()
            );
            return Err(ScenarioError::at(tries, message));
        }
        Some(tries) if tries.value == 0 => {
            return Err(ScenarioError::at(tries, "a frame is sent at least once"));
        }
        Some(tries) => tries.value,
        None => 10,
    };
    let asked = matches!(protocol, HostProtocol::Handshake | HostProtocol::CrcResend);
    if let (Some(_), true) = (&table.page_gap, asked) {
        let message = format!(
            "`page-gap` is for pages sent unasked, not for {}",
            protocol.name()
        );
        return Err(ScenarioError::at(&table.protocol, message));
    }
    let answer_timeout = match &table.answer_timeout {
        Some(time) if time.value.0 == Picos::ZERO => {
            return Err(ScenarioError::at(time, "an answer takes more than no time"));
        }
        Some(time) => time.value.0,
        None => Picos::SECOND,
    };
    Ok(Manners {
        protocol: protocol.into(),
        page: table.page.value as usize,
        page_gap: table.page_gap.unwrap_or_default().0,
        answer_timeout,
        tries,
    })
}
