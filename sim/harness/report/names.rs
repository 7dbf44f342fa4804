//! The field's words for what the log holds, and numbers as people read them.

use flashstall_cpu::HoldKind;
use flashstall_mcu::Picos;
use flashstall_mcu::log::{Fate, OperationKind, ResetCause, Swapped};

use super::model::PlaceReport;
use crate::firmware::Place;

/// Key of a fate in `lost_by_cause`; what is not lost has a name too, for messages.
pub(crate) const fn cause_name(fate: Fate) -> &'static str {
    match fate {
        Fate::InFlight => "in flight",
        Fate::Waiting => "unread",
        Fate::Delivered => "delivered",
        Fate::Corrupted => "corrupted",
        Fate::Overrun => "overrun",
        Fate::Overwritten => "overwritten",
        Fate::Flushed => "flushed",
        Fate::FifoOverrun => "fifo-overrun",
        Fate::Filtered => "filtered",
        Fate::NotAcknowledged => "not-acknowledged",
        Fate::BitRate => "bit-rate",
        Fate::NotListening => "not-listening",
        Fate::Merged => "merged",
        Fate::Reset => "reset",
    }
}

/// Key of a kind of stall.
pub(crate) const fn hold_name(kind: HoldKind) -> &'static str {
    match kind {
        HoldKind::Fetch => "fetch",
        HoldKind::Data => "data",
        HoldKind::Vector => "vector",
        HoldKind::Register => "register",
    }
}

/// A flash operation.
pub(crate) const fn operation_name(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::PageErase => "page erase",
        OperationKind::MassErase => "mass erase",
        OperationKind::Program => "program",
        OperationKind::EepromWrite => "eeprom write",
        OperationKind::OptionErase => "option erase",
        OperationKind::OptionProgram => "option program",
    }
}

/// Where cells really are that show in another bank's place: `sector 12, 0x08100000 while banks are not swapped`.
pub(crate) fn swapped_name(swapped: Swapped) -> String {
    let home = format!("{} while banks are not swapped", swapped.home);
    match swapped.sector {
        Some(sector) => format!("sector {sector}, {home}"),
        None => home,
    }
}

/// Why the chip was reset.
pub(crate) const fn reset_name(cause: ResetCause) -> &'static str {
    match cause {
        ResetCause::Software => "software",
        ResetCause::IndependentWatchdog => "independent watchdog",
        ResetCause::WindowWatchdog => "window watchdog",
        ResetCause::OptionByteLoad => "option-byte load",
    }
}

/// A place for JSON.
pub(crate) fn place_report(place: &Place) -> PlaceReport {
    PlaceReport {
        address: place.address.to_string(),
        function: place.function.clone(),
        file: place.location.as_ref().map(|l| l.file.clone()),
        line: place.location.as_ref().map(|l| l.line),
    }
}

/// Places for JSON.
pub(crate) fn places_report(places: &[Place]) -> Vec<PlaceReport> {
    places.iter().map(place_report).collect()
}

/// A time in seconds with the unit that fits: `19.998 ms`.
pub(crate) fn seconds(s: f64) -> String {
    // Seconds in a report come from picoseconds, so this is exact up to hours.
    Picos((s * 1e12).round() as u64).to_string()
}

/// `0x4F`.
pub(crate) fn hex_byte(value: u32) -> String {
    format!("0x{value:02X}")
}
