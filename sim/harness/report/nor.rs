//! What serial flashes were asked to do, and what came of it.

use flashstall_cpu::Addr;
use flashstall_mcu::nor::{NorIgnored, NorLog, NorOperation, NorRefusal, NorSocket, command_name};
use flashstall_mcu::{Machine, Picos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::PlaceReport;
use super::names::{places_report, seconds};
use super::text::{grouped, short};
use crate::chain::at;
use crate::firmware::Firmware;

/// Operations that are listed one by one; the totals count on.
pub const MAX_NOR_OPERATIONS: usize = 1_000;
/// Groups of ignored instructions that the text shows; JSON has all of them.
const GROUPS: usize = 8;
/// Callers that the text shows.
const CALLS: usize = 4;

/// A serial flash on the board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NorReport {
    /// Its name.
    pub name: String,
    /// Which one.
    pub part: String,
    /// The SPI or QUADSPI that it is wired to.
    pub port: String,
    /// Its chip select; null at a QUADSPI.
    pub cs: Option<String>,
    /// Erases that began.
    pub erases: u64,
    /// Page programs that began.
    pub programs: u64,
    /// Bytes read from its array.
    pub bytes_read: u64,
    /// Bytes read from what a suspended operation was at work on: undefined on silicon.
    pub undefined_reads: u64,
    /// The longest operation, with the time that it was suspended.
    pub longest_busy_s: f64,
    /// When it is not busy any more, if the run ended before.
    pub busy_until_s: Option<f64>,
    /// Erases, programs and writes to status registers, in order; at most 1000 of them.
    pub operations: Vec<NorOperationReport>,
    /// How many more there were.
    pub operations_not_listed: u64,
    /// Instructions that came to nothing, by what, why and where.
    pub ignored: Vec<NorIgnoredReport>,
}

impl NorReport {
    /// Instructions that came to nothing; `why`: for this reason only.
    pub(super) fn ignored(&self, why: Option<&str>) -> u64 {
        let all = self.ignored.iter();
        all.filter(|i| why.is_none_or(|why| i.why == why))
            .map(|i| i.count)
            .sum()
    }
}

/// One operation of a serial flash.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NorOperationReport {
    /// Opcode: `0x20`.
    pub opcode: String,
    /// `sector erase`, `page program`, …
    pub command: String,
    /// First address in the device.
    pub address: String,
    /// Bytes.
    pub length: u32,
    /// When it began.
    pub start_s: f64,
    /// How long it took, or would have; null if it is suspended at the end.
    pub length_s: Option<f64>,
    /// How often it was suspended.
    pub suspended: u32,
    /// A reset of the device cut it short: what it left behind is undefined.
    pub cut_short: bool,
    /// Who sent it, innermost first.
    pub calls: Vec<PlaceReport>,
}

/// Instructions of a serial flash that came to nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NorIgnoredReport {
    /// Opcode: `0x03`.
    pub opcode: String,
    /// `read`, …; null if the part has no such instruction.
    pub command: Option<String>,
    /// `busy`, `not-ready`, `power-down`, `write-disabled`, `protected`, `cut-short`, `quad-disabled`, `suspended`, `nothing-to-suspend`,
    /// `reset-not-enabled`, `unknown`.
    pub why: String,
    /// How many.
    pub count: u64,
    /// When the first came.
    pub first_s: f64,
    /// `busy`, `not-ready`: until when, as of the first.
    pub until_s: Option<f64>,
    /// Who sent it, innermost first.
    pub calls: Vec<PlaceReport>,
}

/// All devices of a run that is over. Without `places` nothing is looked up in the source.
pub(super) fn nors(machine: &Machine, firmware: &Firmware, places: bool) -> Vec<NorReport> {
    let calls = |log: &NorLog, pc: Addr, caller: Option<usize>| {
        let snapshot = caller.and_then(|n| log.callers.get(n));
        match snapshot {
            _ if !places => Vec::new(),
            Some(snapshot) => places_report(&firmware.call_chain(snapshot)),
            None => places_report(&firmware.places(pc)),
        }
    };
    let one = |socket: &NorSocket| {
        let (device, log) = (&socket.device, socket.device.log());
        let done = &log.operations.kept;
        let ports = &machine.chip().peripherals;
        let count = |is: fn(u8) -> bool| done.iter().filter(|o| is(o.opcode)).count() as u64;
        let listed = done.iter().take(MAX_NOR_OPERATIONS);
        NorReport {
            name: socket.name.clone(),
            part: device.part().name.clone(),
            port: ports
                .get(socket.port.0)
                .map_or_else(String::new, |p| p.name.clone()),
            cs: socket
                .cs
                .map(|cs| format!("P{}{}", char::from(b'A' + cs.port), cs.number)),
            erases: count(is_erase),
            programs: count(is_program),
            bytes_read: log.bytes_read,
            undefined_reads: log.undefined_reads,
            longest_busy_s: longest(done).as_secs_f64(),
            busy_until_s: device.busy_until(machine.time()).map(Picos::as_secs_f64),
            operations: listed
                .map(|o| NorOperationReport {
                    opcode: hex(o.opcode),
                    command: command_name(o.opcode).unwrap_or_default().to_owned(),
                    address: format!("{:#08x}", o.address),
                    length: o.length,
                    start_s: o.start.as_secs_f64(),
                    length_s: (o.end != Picos::NEVER).then(|| (o.end - o.start).as_secs_f64()),
                    suspended: o.suspended,
                    cut_short: o.cut_short,
                    calls: calls(log, o.pc, o.caller),
                })
                .collect(),
            operations_not_listed: log.operations.dropped
                + done.len().saturating_sub(MAX_NOR_OPERATIONS) as u64,
            ignored: by_cause(
                log.ignored
                    .kept
                    .iter()
                    .map(|i| (*i, calls(log, i.pc, i.caller))),
            ),
        }
    };
    machine.nors().iter().map(one).collect()
}

const fn is_erase(opcode: u8) -> bool {
    matches!(opcode, 0x20 | 0x52 | 0x60 | 0xC7 | 0xD8)
}

const fn is_program(opcode: u8) -> bool {
    matches!(opcode, 0x02 | 0x32)
}

fn longest(operations: &[NorOperation]) -> Picos {
    let over = operations.iter().filter(|o| o.end != Picos::NEVER);
    over.map(|o| o.end - o.start).max().unwrap_or(Picos::ZERO)
}

/// Groups by opcode, reason and callers; the first of each speaks for all.
fn by_cause(
    ignored: impl Iterator<Item = (NorIgnored, Vec<PlaceReport>)>,
) -> Vec<NorIgnoredReport> {
    let mut groups: Vec<NorIgnoredReport> = Vec::new();
    for (one, calls) in ignored {
        let (opcode, why) = (hex(one.opcode), why_name(one.why));
        let same =
            |g: &&mut NorIgnoredReport| g.opcode == opcode && g.why == why && g.calls == calls;
        match groups.iter_mut().find(same) {
            Some(group) => group.count += 1,
            None => groups.push(NorIgnoredReport {
                opcode,
                command: command_name(one.opcode).map(str::to_owned),
                why: why.to_owned(),
                count: 1,
                first_s: one.at.as_secs_f64(),
                until_s: until(one.why).map(Picos::as_secs_f64),
                calls,
            }),
        }
    }
    groups
}

const fn why_name(why: NorRefusal) -> &'static str {
    match why {
        NorRefusal::Busy { .. } => "busy",
        NorRefusal::NotReady { .. } => "not-ready",
        NorRefusal::PowerDown => "power-down",
        NorRefusal::WriteDisabled => "write-disabled",
        NorRefusal::Protected => "protected",
        NorRefusal::CutShort => "cut-short",
        NorRefusal::QuadDisabled => "quad-disabled",
        NorRefusal::Suspended => "suspended",
        NorRefusal::Nothing => "nothing-to-suspend",
        NorRefusal::ResetNotEnabled => "reset-not-enabled",
        NorRefusal::Unknown => "unknown",
    }
}

const fn until(why: NorRefusal) -> Option<Picos> {
    match why {
        NorRefusal::Busy { until } | NorRefusal::NotReady { until } => Some(until),
        _ => None,
    }
}

fn hex(opcode: u8) -> String {
    format!("{opcode:#04x}")
}

/// For people: what it did in a line, then what it ignored, each with the chain of its callers.
pub(super) fn lines(nor: &NorReport) -> Vec<(String, String)> {
    let cs = nor
        .cs
        .as_ref()
        .map(|cs| format!(", {cs}"))
        .unwrap_or_default();
    let count = |n: u64, what: &str| {
        let plural = if n == 1 { "" } else { "s" };
        format!("{} {what}{plural}", grouped(n))
    };
    let mut first = format!(
        "  {} ({} at {}{cs}): {}, {}, {} read",
        nor.name,
        nor.part,
        nor.port,
        count(nor.erases, "erase"),
        count(nor.programs, "program"),
        count(nor.bytes_read, "byte")
    );
    if nor.longest_busy_s > 0.0 {
        first += &format!(", busy for {} at most", short(nor.longest_busy_s));
    }
    if let Some(until) = nor.busy_until_s {
        first += &format!("; still busy, until {}", seconds(until));
    }
    if nor.undefined_reads > 0 {
        first += &format!(
            "; {} bytes read are undefined",
            grouped(nor.undefined_reads)
        );
    }
    let mut lines = vec![(first, String::new())];
    for i in nor.ignored.iter().take(GROUPS) {
        let command = i
            .command
            .as_deref()
            .unwrap_or("no instruction of this part");
        let until = i
            .until_s
            .map(|s| format!(" until {}", seconds(s)))
            .unwrap_or_default();
        let (opcode, why, count) = (&i.opcode, why_text(&i.why), i.count);
        let times = match count {
            1 => String::new(),
            n => format!(", {} times", grouped(n)),
        };
        let calls: Vec<String> = i.calls.iter().take(CALLS).map(at).collect();
        lines.push((
            format!(
                "    {opcode} ({command}) ignored{times}: {why}{until}; at {} in ",
                seconds(i.first_s)
            ),
            calls.join(" ← "),
        ));
    }
    if nor.ignored.len() > GROUPS {
        let more = format!("    … and {} more kinds", nor.ignored.len() - GROUPS);
        lines.push((more, String::new()));
    }
    lines
}

/// The reason in words.
fn why_text(why: &str) -> &str {
    match why {
        "not-ready" => "not back from reset or power-down",
        "power-down" => "in power-down",
        "write-disabled" => "no write enable before it",
        "protected" => "the address is protected",
        "cut-short" => "chip select rose in the middle of it",
        "quad-disabled" => "QE is 0",
        "suspended" => "an operation is suspended",
        "nothing-to-suspend" => "nothing to suspend or resume",
        "reset-not-enabled" => "no reset enable right before it",
        "unknown" => "unknown",
        _ => why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(function: &str, line: u32) -> PlaceReport {
        PlaceReport {
            address: "0x08000100".into(),
            function: Some(function.into()),
            file: Some("src/save.c".into()),
            line: Some(line),
        }
    }

    fn report() -> NorReport {
        NorReport {
            name: "flash".into(),
            part: "w25q64jv".into(),
            port: "SPI1".into(),
            cs: Some("PA4".into()),
            erases: 1,
            programs: 2,
            bytes_read: 1_234,
            undefined_reads: 0,
            longest_busy_s: 0.045,
            busy_until_s: None,
            operations: Vec::new(),
            operations_not_listed: 0,
            ignored: vec![NorIgnoredReport {
                opcode: "0x20".into(),
                command: Some("sector erase".into()),
                why: "busy".into(),
                count: 3,
                first_s: 0.001,
                until_s: Some(0.045_123),
                calls: vec![place("exchange", 40), place("save", 12)],
            }],
        }
    }

    #[test]
    fn what_was_ignored_says_until_when_and_where() {
        let text = lines(&report());
        assert_eq!(
            text[0].0,
            "  flash (w25q64jv at SPI1, PA4): 1 erase, 2 programs, 1 234 bytes read, busy for 45 ms at most"
        );
        let (lead, chain) = &text[1];
        assert_eq!(
            lead,
            "    0x20 (sector erase) ignored, 3 times: busy until 45.123 ms; at 1.000 ms in "
        );
        assert_eq!(chain, "exchange save.c:40 ← save save.c:12");
        assert_eq!(
            (report().ignored(None), report().ignored(Some("protected"))),
            (3, 0)
        );
    }

    #[test]
    fn what_is_ignored_is_grouped_by_what_why_and_who() {
        let one = |opcode, why, line| {
            let ignored = NorIgnored {
                opcode,
                at: Picos(1),
                why,
                pc: Addr(0),
                caller: None,
            };
            (ignored, vec![place("exchange", 40), place("save", line)])
        };
        let busy = |until| NorRefusal::Busy {
            until: Picos(until),
        };
        let groups = by_cause(
            [
                one(3, busy(7), 1),
                one(3, busy(9), 1),
                one(3, busy(9), 2),
                one(3, NorRefusal::PowerDown, 1),
            ]
            .into_iter(),
        );
        assert_eq!(
            groups.iter().map(|g| g.count).collect::<Vec<_>>(),
            [2, 1, 1]
        );
        assert_eq!(groups[0].until_s, Some(7e-12), "the first speaks for all");
    }
}
