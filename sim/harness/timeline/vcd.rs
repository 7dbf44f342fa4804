//! Value change dump (IEEE 1364-2005 §18), for GTKWave, PulseView and scripts; timescale 1 ps.
//!
//! | scope | signal | meaning |
//! |---|---|---|
//! | `wires.NAME` | `level` | the line, as its sender drives it |
//! | | `value[31:0]` | the byte, edge or frame identifier that is on it; unknown between |
//! | | `number[31:0]` | its number on the wire |
//! | | `lost[31:0]` | how many were lost so far: each step is a loss |
//! | `flash` | `bankN_busy` | BSY of that bank |
//! | `core` | `held` | the core waits for the flash |
//! | | `sleeping` | it sleeps |
//! | | `exception[15:0]` | active exception number, 0 in thread mode |
//! | | `resets[31:0]` | resets so far |

use std::fmt::Write as _;

use flashstall_mcu::Picos;

use super::{Lane, Timeline};

/// The whole file.
#[must_use]
pub fn write(timeline: &Timeline) -> String {
    let mut dump = Dump::default();
    dump.scope("flashstall");
    dump.scope("wires");
    for lane in &timeline.wires {
        wire(&mut dump, lane);
    }
    dump.end_scope();
    flash(&mut dump, timeline);
    core(&mut dump, timeline);
    dump.end_scope();
    let missing = match timeline.dropped {
        0 => String::new(),
        n => format!("$comment {n} records of the log are missing $end\n"),
    };
    dump.finish(&missing, timeline.end)
}

fn wire(dump: &mut Dump, lane: &Lane) {
    dump.scope(&lane.name);
    let bit = |high: bool| Value::Bit(Some(high));
    let level = dump.signal("level", 1, Value::Bit(lane.levels.0));
    for (at, high) in &lane.levels.1 {
        dump.change(level, *at, bit(*high));
    }
    let value = dump.signal("value", 32, Value::Vector(None));
    let number = dump.signal("number", 32, Value::Vector(None));
    let lost = dump.signal("lost", 32, Value::Vector(Some(0)));
    for (n, unit) in (0u32..).zip(&lane.units) {
        dump.change(value, unit.start, Value::Vector(Some(unit.value)));
        dump.change(number, unit.start, Value::Vector(Some(n)));
        // An edge is an instant: its value stands to the next.
        if unit.end > unit.start {
            dump.change(value, unit.end, Value::Vector(None));
            dump.change(number, unit.end, Value::Vector(None));
        }
    }
    let mut losses: Vec<Picos> = lane
        .units
        .iter()
        .filter(|u| u.lost)
        .map(|u| u.settled)
        .collect();
    losses.sort_unstable();
    for (n, at) in (1u32..).zip(losses) {
        dump.change(lost, at, Value::Vector(Some(n)));
    }
    dump.end_scope();
}

fn flash(dump: &mut Dump, timeline: &Timeline) {
    dump.scope("flash");
    let mut banks: Vec<u8> = timeline.operations.iter().map(|o| o.bank).collect();
    banks.push(1);
    banks.sort_unstable();
    banks.dedup();
    for bank in banks {
        let busy = dump.signal(&format!("bank{bank}_busy"), 1, Value::Bit(Some(false)));
        let of = timeline.operations.iter().filter(|o| o.bank == bank);
        dump.spans(busy, of.map(|o| (o.start, o.end)));
    }
    dump.end_scope();
    for nor in &timeline.nors {
        dump.scope(&format!("nor_{}", nor.name));
        let busy = dump.signal("busy", 1, Value::Bit(Some(false)));
        dump.spans(busy, nor.operations.iter().map(|o| (o.start, o.end)));
        let ignored = dump.signal("ignored", 32, Value::Vector(Some(0)));
        for (n, (at, _)) in (1u32..).zip(&nor.ignored) {
            dump.change(ignored, *at, Value::Vector(Some(n)));
        }
        dump.end_scope();
    }
}

fn core(dump: &mut Dump, timeline: &Timeline) {
    dump.scope("core");
    let held = dump.signal("held", 1, Value::Bit(Some(false)));
    dump.spans(held, timeline.stalls.iter().map(|s| (s.start, s.end)));
    let sleeping = dump.signal("sleeping", 1, Value::Bit(Some(false)));
    dump.spans(sleeping, timeline.sleeps.iter().copied());
    let exception = dump.signal("exception", 16, Value::Vector(Some(0)));
    for (at, number) in timeline.active() {
        dump.change(exception, at, Value::Vector(Some(number.into())));
    }
    let resets = dump.signal("resets", 32, Value::Vector(Some(0)));
    for (n, (at, _)) in (1u32..).zip(&timeline.resets) {
        dump.change(resets, *at, Value::Vector(Some(n)));
    }
    dump.end_scope();
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    /// `None` is unknown.
    Bit(Option<bool>),
    Vector(Option<u32>),
}

/// A file in the making: what is declared, and what changes when.
#[derive(Default)]
struct Dump {
    head: String,
    initial: Vec<Value>,
    /// Time, order of coming, signal, value.
    changes: Vec<(Picos, usize, usize, Value)>,
}

impl Dump {
    fn scope(&mut self, name: &str) {
        let _ = writeln!(self.head, "$scope module {} $end", word(name));
    }

    fn end_scope(&mut self) {
        self.head.push_str("$upscope $end\n");
    }

    fn signal(&mut self, name: &str, width: u32, initial: Value) -> usize {
        let id = self.initial.len();
        self.initial.push(initial);
        let range = match width {
            1 => String::new(),
            n => format!(" [{}:0]", n - 1),
        };
        let name = word(name);
        let _ = writeln!(
            self.head,
            "$var wire {width} {} {name}{range} $end",
            code(id)
        );
        id
    }

    fn change(&mut self, signal: usize, at: Picos, value: Value) {
        self.changes.push((at, self.changes.len(), signal, value));
    }

    /// High in each span; spans that touch are one.
    fn spans(&mut self, signal: usize, spans: impl Iterator<Item = (Picos, Picos)>) {
        for (start, end) in spans {
            self.change(signal, start, Value::Bit(Some(true)));
            self.change(signal, end, Value::Bit(Some(false)));
        }
    }

    fn finish(mut self, comment: &str, end: Picos) -> String {
        self.changes.sort_unstable_by_key(|c| (c.0, c.1));
        let mut out = format!(
            "$version flashstall {} $end\n$timescale 1 ps $end\n{comment}{}$enddefinitions $end\n#0\n$dumpvars\n",
            env!("CARGO_PKG_VERSION"),
            self.head
        );
        for (id, value) in self.initial.iter().enumerate() {
            put(&mut out, id, *value);
        }
        out.push_str("$end\n");
        let mut values = self.initial;
        let mut written = Picos::ZERO;
        let mut rest = self.changes.as_slice();
        while let Some(&(now, ..)) = rest.first() {
            let (at_once, later) = rest.split_at(rest.partition_point(|c| c.0 == now));
            rest = later;
            if now > end {
                break;
            }
            // Of several changes at one time the last counts, in the order of the signals.
            let mut last: Vec<(usize, Value)> = Vec::new();
            for &(_, _, signal, value) in at_once {
                match last.iter_mut().find(|l| l.0 == signal) {
                    Some(earlier) => earlier.1 = value,
                    None => last.push((signal, value)),
                }
            }
            for (signal, value) in last {
                let Some(known) = values.get_mut(signal).filter(|v| **v != value) else {
                    continue;
                };
                *known = value;
                if now != written {
                    let _ = writeln!(out, "#{}", now.0);
                    written = now;
                }
                put(&mut out, signal, value);
            }
        }
        if end != written {
            let _ = writeln!(out, "#{}", end.0);
        }
        out
    }
}

fn put(out: &mut String, signal: usize, value: Value) {
    let id = code(signal);
    let _ = match value {
        Value::Bit(Some(high)) => writeln!(out, "{}{id}", u8::from(high)),
        Value::Bit(None) => writeln!(out, "x{id}"),
        Value::Vector(Some(n)) => writeln!(out, "b{n:b} {id}"),
        Value::Vector(None) => writeln!(out, "bx {id}"),
    };
}

/// Identifier codes are printable characters, `!` to `~` (§18.2.1).
fn code(mut n: usize) -> String {
    let mut code = String::new();
    loop {
        code.push(char::from(b'!' + (n % 94) as u8));
        n /= 94;
        if n == 0 {
            return code;
        }
        n -= 1;
    }
}

/// A name without what would end it.
fn word(name: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    name.chars()
        .map(|c| if fits(c) { c } else { '_' })
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn identifier_codes_are_all_different() {
        let mut codes: Vec<_> = (0..20_000).map(super::code).collect();
        assert!(
            codes
                .iter()
                .all(|c| c.bytes().all(|b| b.is_ascii_graphic()))
        );
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), 20_000);
    }
}
