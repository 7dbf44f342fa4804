//! Chains in words, in the arrow form of the README: effect ← cause ← cause.

use super::link::Link;
use crate::report::{PlaceReport, hex_byte, seconds};

/// The whole chain on one line.
#[must_use]
pub fn chain_text(chain: &[Link]) -> String {
    chain.iter().map(link_text).collect::<Vec<_>>().join(" ← ")
}

/// What distinguishes a cause from others: its stall, the operation and the function that started it; without numbers
/// that differ from one loss to the next.
#[must_use]
pub fn summary(chain: &[Link]) -> String {
    let mut parts: Vec<String> = chain
        .iter()
        .filter_map(|link| match link {
            Link::Held {
                kind,
                place,
                entering,
                object,
                ..
            } => Some(held(
                kind,
                place,
                entering.as_deref(),
                object.as_deref(),
                None,
            )),
            Link::Busy { operation, .. } => Some(operation.clone()),
            Link::OtherHandler { interrupt, .. } => {
                Some(format!("{interrupt}'s handler was running"))
            }
            Link::Masked { interrupt, enabled } => Some(masked(interrupt, *enabled)),
            Link::HandlerRunning { interrupt, .. } => Some(format!(
                "{interrupt}'s handler did not come to the read in time"
            )),
            Link::HandlerDidNotRead { interrupt, .. } => {
                Some(format!("{interrupt}'s handler ran and did not read"))
            }
            Link::NotRequested { .. } => Some("nobody read it".to_owned()),
            Link::DmaDidNotTake => Some("DMA did not take it".to_owned()),
            Link::NotListening { reason } => Some(match reason {
                Some(reason) => format!("nobody listened: {reason}"),
                None => "nobody listened".to_owned(),
            }),
            Link::Reset { cause, .. } => Some(format!("reset by {cause}")),
            Link::Lost { .. }
            | Link::Stretched { .. }
            | Link::StillHeld { .. }
            | Link::Pending { .. }
            | Link::Called { .. } => None,
        })
        .collect();
    if let Some(Link::Called { place }) = chain.iter().find(|l| matches!(l, Link::Called { .. })) {
        parts.push(at(place));
    }
    parts.join(" ← ")
}

fn link_text(link: &Link) -> String {
    match link {
        Link::Lost {
            kind,
            unit,
            value,
            cause,
            at_s,
        } => {
            let what = match kind.as_str() {
                "uart" | "i2c" => format!("byte #{unit} ({})", hex_byte(*value)),
                "can" => format!("frame #{unit} ({})", frame_name(*value)),
                _ => format!("edge #{unit}"),
            };
            let how = match cause.as_str() {
                "overrun" | "fifo-overrun" => "lost",
                "not-acknowledged" => "not acknowledged",
                "bit-rate" => "not understood",
                "merged" => "lost (merged)",
                "not-listening" => "not heard",
                "unread" => "arrived, and was never read,",
                other => other,
            };
            format!("{what} {how} at {}", seconds(*at_s))
        }
        Link::Stretched {
            reason,
            at_s,
            length_s,
        } => {
            let what = match reason.as_str() {
                "address" => "its address was not answered",
                "received" => "a byte was not read",
                "transmit" => "a byte was not written",
                _ => "the next count was not set",
            };
            format!(
                "SCL held {} from {}: {what}",
                seconds(*length_s),
                seconds(*at_s)
            )
        }
        Link::StillHeld { register, unit } => format!("{register} still held #{unit}"),
        Link::Pending {
            interrupt,
            length_s,
            entered,
            ..
        } => {
            let end = if *entered { "" } else { ", never entered" };
            format!("{interrupt} pending {}{end}", seconds(*length_s))
        }
        Link::HandlerRunning {
            interrupt,
            since_s,
            handler,
        } => {
            format!(
                "{interrupt}'s handler{} was running since {}",
                named(handler.as_deref()),
                seconds(*since_s)
            )
        }
        Link::HandlerDidNotRead { interrupt, last_s } => {
            format!(
                "{interrupt}'s handler ran at {} and did not read it",
                seconds(*last_s)
            )
        }
        Link::NotRequested {
            interrupt: Some(name),
        } => format!("{name} was not requested, and nobody polled"),
        Link::NotRequested { interrupt: None } => "nobody polled".to_owned(),
        Link::DmaDidNotTake => {
            "DMA was asked and did not take it: its channel was off, at its end, or held".to_owned()
        }
        Link::OtherHandler {
            interrupt,
            length_s,
            handler,
        } => {
            format!(
                "{interrupt}'s handler{} was running for {}",
                named(handler.as_deref()),
                seconds(*length_s)
            )
        }
        Link::Masked { interrupt, enabled } => masked(interrupt, *enabled),
        Link::Held {
            kind,
            accessed,
            object,
            place,
            entering,
            length_s,
            count,
        } => {
            let what = held(
                kind,
                place,
                entering.as_deref(),
                object.as_deref(),
                Some(accessed),
            );
            let times = if *count > 1 {
                format!(" in {count} stalls")
            } else {
                String::new()
            };
            format!("{what} held {}{times}", seconds(*length_s))
        }
        Link::Busy {
            bank,
            operation,
            address,
            swapped,
            length_s,
        } => {
            let home = swapped.as_ref().map(|s| format!(" ({s})"));
            format!(
                "bank {bank} busy: {operation} {address}{}, {}",
                home.unwrap_or_default(),
                seconds(*length_s)
            )
        }
        Link::Called { place } => at(place),
        Link::NotListening { reason } => format!(
            "nobody listened: {}",
            reason.as_deref().unwrap_or("receiver or pin not set up")
        ),
        Link::Reset { cause, place } => format!("reset by {cause} at {}", at(place)),
    }
}

/// `0x101`, `0x12345678 extended`, `0x101 remote`.
fn frame_name(key: u32) -> String {
    let (id, extended, remote) = (key & 0x1FFF_FFFF, key >> 31 != 0, key >> 30 & 1 != 0);
    let width = if extended { 10 } else { 5 };
    let kinds = [(extended, " extended"), (remote, " remote")];
    let kinds: String = kinds.iter().filter(|k| k.0).map(|k| k.1).collect();
    format!("{id:#0width$X}{kinds}").replace("0X", "0x")
}

fn named(function: Option<&str>) -> String {
    function
        .map(|name| format!(" ({name})"))
        .unwrap_or_default()
}

fn masked(interrupt: &str, enabled: bool) -> String {
    if enabled {
        format!("{interrupt} was masked (PRIMASK, BASEPRI or FAULTMASK)")
    } else {
        format!("{interrupt} is not enabled in the NVIC")
    }
}

fn held(
    kind: &str,
    place: &PlaceReport,
    entering: Option<&str>,
    object: Option<&str>,
    accessed: Option<&str>,
) -> String {
    let address = accessed.map(|a| format!(" at {a}")).unwrap_or_default();
    match (kind, entering) {
        ("vector", Some(name)) => format!("vector fetch of {name}{address}"),
        ("vector", None) => format!("vector fetch{address}"),
        ("fetch", Some(name)) => {
            format!("first fetch of {name}'s handler{address} in {}", at(place))
        }
        ("fetch", None) => format!("instruction fetch{address} in {}", at(place)),
        ("register", _) => format!("flash register write{address} by {}", at(place)),
        _ => {
            let object = object.map(|o| format!(" of {o}")).unwrap_or_default();
            format!("data read{object}{address} by {}", at(place))
        }
    }
}

/// `FLASH_ErasePage flash.c:112`.
pub(crate) fn at(place: &PlaceReport) -> String {
    let name = place.function.as_deref().unwrap_or(&place.address);
    match (&place.file, place.line) {
        (Some(file), Some(line)) => format!(
            "{name} {}:{line}",
            file.rsplit(['/', '\\']).next().unwrap_or(file)
        ),
        _ => name.to_owned(),
    }
}
