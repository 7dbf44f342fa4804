//! The report for people: at most a screen, the verdict first, the reason for the first loss where the eye falls.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};

use super::model::*;
use super::names::seconds;

/// Lines are kept to this many columns where their content allows.
pub(crate) const WIDTH: usize = 100;
/// Rows of a list that are shown; JSON has all of them.
const ROWS: usize = 8;

impl Report {
    /// As text, with a newline at the end.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.head(&mut out);
        self.wires_text(&mut out);
        self.dma_text(&mut out);
        self.nors_text(&mut out);
        self.stalls_text(&mut out);
        self.causes_text(&mut out);
        self.interrupts_text(&mut out);
        self.ending_text(&mut out);
        self.notes_text(&mut out);
        self.expectations_text(&mut out);
        self.alternatives_text(&mut out);
        out
    }

    fn head(&self, out: &mut String) {
        let verdict = self.verdict.as_str().to_uppercase();
        line(
            out,
            format_args!("{}: {verdict}: {}", self.scenario, self.reason),
        );
        let t = &self.flash_timing;
        line(
            out,
            format_args!(
                "  {} running {}; page erase {}, program {}; {} engine",
                self.chip,
                self.firmware.elf.rsplit('/').next().unwrap_or_default(),
                short(t.page_erase_s),
                short(t.program_s),
                self.engine
            ),
        );
        let at = self.stop.symbol.as_deref().unwrap_or(&self.stop.address);
        line(
            out,
            format_args!(
                "  {} simulated, {} cycles, {} instructions; ended by {} in {at}",
                short(self.time_s),
                grouped(self.cycles),
                grouped(self.instructions),
                self.stop.reason
            ),
        );
    }

    fn wires_text(&self, out: &mut String) {
        if self.wires.is_empty() {
            return;
        }
        let mut table = table(
            ["wire", "kind", "sent", "delivered", "lost", ""],
            &[2, 3, 4],
        );
        for wire in &self.wires {
            let mut causes: Vec<String> = wire
                .lost_by_cause
                .iter()
                .map(|(cause, n)| format!("{cause} {n}"))
                .collect();
            if wire.filtered > 0 {
                causes.push(format!("{} more for others, filtered", wire.filtered));
            }
            table.add_row([
                wire.name.clone(),
                wire.kind.clone(),
                wire.sent.to_string(),
                wire.delivered.to_string(),
                wire.lost.to_string(),
                causes.join(", "),
            ]);
        }
        block(out, &table);
        for (wire, bus) in self.wires.iter().filter_map(|w| Some((w, w.i2c.as_ref()?))) {
            folded(out, &super::i2c::text(&wire.name, bus));
            if let Some(longest) = bus.longest.as_ref().filter(|l| !l.text.is_empty()) {
                wrapped(out, "    longest: ", &longest.text);
            }
        }
        for host in &self.hosts {
            folded(out, &host_text(host));
        }
        for buffer in &self.buffers {
            let state = match &buffer.first_difference {
                None => "equals what was sent".to_owned(),
                Some(d) => format!(
                    "{} missing, first difference at #{}",
                    buffer.missing, d.index
                ),
            };
            let (name, received, sent) = (&buffer.name, buffer.received, buffer.sent);
            line(
                out,
                format_args!("  buffer {name}: {received} of {sent} bytes, {state}"),
            );
        }
    }

    fn dma_text(&self, out: &mut String) {
        for d in &self.dma {
            let mut text = format!("  {}: {} units moved", d.title(), grouped(d.units));
            if let Some(ring) = d.ring {
                text += &format!(
                    ", ring of {}, at most {} between two looks of the firmware",
                    grouped(ring),
                    grouped(d.longest_unseen)
                );
            }
            if d.overwritten > 0 {
                text += &format!(": LAPPED, {} overwritten unseen", grouped(d.overwritten));
            }
            line(out, format_args!("{text}"));
        }
    }

    fn nors_text(&self, out: &mut String) {
        for (lead, chain) in self.nors.iter().flat_map(super::nor::lines) {
            wrapped(out, &lead, &chain);
        }
    }

    fn stalls_text(&self, out: &mut String) {
        blank(out);
        line(
            out,
            format_args!(
                "  stalls: {}",
                by_kind(&self.stalls).unwrap_or("none".into())
            ),
        );
        if let Some(waits) = self.device_waits.as_ref().and_then(by_kind) {
            line(out, format_args!("  waits for a device: {waits}"));
        }
    }

    fn causes_text(&self, out: &mut String) {
        if self.causes.is_empty() {
            return;
        }
        // The first loss has its own line only if it is not the example of the most frequent cause.
        if let (Some(first), Some(cause)) = (self.losses.first(), self.causes.first())
            && first.text != cause.text
            && self.causes.iter().all(|c| c.text != first.text)
        {
            wrapped(out, "  first loss: ", &first.text);
        }
        for cause in self.causes.iter().take(ROWS) {
            wrapped(
                out,
                &format!("  {} x {}: ", cause.count, cause.wire),
                &cause.text,
            );
        }
        more(out, self.causes.len(), "causes");
        if self.losses_not_listed > 0 {
            line(
                out,
                format_args!(
                    "  … and {} later losses, not explained one by one",
                    grouped(self.losses_not_listed)
                ),
            );
        }
    }

    fn interrupts_text(&self, out: &mut String) {
        if self.interrupts.is_empty() {
            return;
        }
        let mut table = table(
            [
                "interrupt",
                "taken",
                "latency min",
                "max",
                "requests merged",
            ],
            &[1, 2, 3, 4],
        );
        let latency = |s: Option<f64>| s.map_or_else(|| "-".to_owned(), short);
        for i in self.interrupts.iter().take(2 * ROWS) {
            table.add_row([
                i.name.clone(),
                i.taken.to_string(),
                latency(i.latency_min_s),
                latency(i.latency_max_s),
                i.pended_lost.to_string(),
            ]);
        }
        block(out, &table);
        if self.ticks_lost > 0 {
            line(
                out,
                format_args!(
                    "  {} SysTick ticks lost: the firmware's clock is behind",
                    self.ticks_lost
                ),
            );
        }
        for storm in &self.storms {
            let handler = storm
                .handler
                .as_ref()
                .map(|h| format!(" ({h})"))
                .unwrap_or_default();
            let (name, runs) = (&storm.interrupt, storm.runs);
            line(
                out,
                format_args!(
                    "  storm: {name}{handler} ran {runs} times in a row, what it interrupts stands still"
                ),
            );
        }
    }

    /// Shown only for an end that needs explaining.
    fn ending_text(&self, out: &mut String) {
        for reset in &self.resets {
            let place = crate::chain::at(&reset.place);
            line(
                out,
                format_args!(
                    "  reset by {} at {} in {place}",
                    reset.cause,
                    short(reset.at_s)
                ),
            );
        }
        if let Some(fault) = &self.stop.fault {
            line(
                out,
                format_args!("  fault: {}; SP {}", fault.describe(), self.stop.sp),
            );
        }
        let bad =
            !matches!(self.stop.reason.as_str(), "until" | "exit") && self.verdict != Verdict::Met;
        if bad || self.stop.fault.is_some() {
            let calls: Vec<String> = self.stop.calls.iter().map(crate::chain::at).collect();
            let inside = self
                .stop
                .exception
                .as_ref()
                .map(|e| format!(" (handler of {e})"))
                .unwrap_or_default();
            wrapped(
                out,
                &format!("  stopped{inside} at {}: ", self.stop.address),
                &calls.join(" ← "),
            );
        }
    }

    fn notes_text(&self, out: &mut String) {
        if !self.output.is_empty() {
            line(
                out,
                format_args!("  printed: {}", self.output.trim_end().escape_debug()),
            );
        }
        for finding in self.findings.iter().take(ROWS) {
            let place = crate::chain::at(&finding.place);
            line(
                out,
                format_args!(
                    "  {}: {} ({place}, {})",
                    finding.rule,
                    finding.text,
                    short(finding.at_s)
                ),
            );
        }
        more(out, self.findings.len(), "findings");
        for u in self.unmodelled.iter().take(ROWS) {
            let place = crate::chain::at(&u.place);
            line(
                out,
                format_args!(
                    "  no model: {} at {}, {} reads, {} writes, first in {place}",
                    u.name, u.address, u.reads, u.writes
                ),
            );
        }
        more(out, self.unmodelled.len(), "registers without a model");
    }

    fn alternatives_text(&self, out: &mut String) {
        if self.open_alternatives.is_empty() {
            return;
        }
        let mut table = table(["open behaviour", "set to", "verdict", ""], &[]);
        for a in &self.open_alternatives {
            let verdict = a.verdict.as_str().to_uppercase();
            table.add_row([a.behaviour.as_str(), &a.value, &verdict, &a.reason]);
        }
        block(out, &table);
    }

    fn expectations_text(&self, out: &mut String) {
        if self.expectations.is_empty() {
            return;
        }
        let mut table = table(["", "expectation", "expected", "actual"], &[]);
        // What failed comes first: it is what the reader came for.
        let (failed, passed): (Vec<_>, Vec<_>) = self.expectations.iter().partition(|e| !e.passed);
        for e in failed.iter().chain(&passed) {
            let mark = if e.passed { "ok" } else { "FAIL" };
            table.add_row([mark, &e.name, &e.expected, &e.actual]);
        }
        block(out, &table);
    }
}

fn host_text(host: &HostReport) -> String {
    let plural = |n: u64, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let mut text = format!("host {}: {}", host.name, host.outcome.replace('-', " "));
    if let Some(duration) = host.duration_s {
        text += &format!(" after {}", short(duration));
    }
    if host.outcome != "complete" && !host.why.is_empty() {
        text += &format!(" ({})", host.why);
    }
    text += &format!(
        "; {} bytes in {}, {}, {}",
        grouped(host.image_bytes),
        plural(host.pages, "page"),
        plural(host.resends, "resend"),
        plural(host.time_outs, "time-out")
    );
    match &host.stored {
        Some(s) if s.equal => text += &format!("; memory at {} equals the image", s.address),
        Some(s) => {
            let first = s.first_difference.unwrap_or(0);
            text += &format!(
                "; memory at {} differs in {} bytes, first at +{first:#x}",
                s.address,
                grouped(s.different)
            );
        }
        None => {}
    }
    text
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{text}");
}

fn blank(out: &mut String) {
    out.push('\n');
}

fn more(out: &mut String, all: usize, what: &str) {
    if all > ROWS {
        line(out, format_args!("  … and {} more {what}", all - ROWS));
    }
}

/// A borderless table; the columns `right` are numbers.
pub(crate) fn table<const N: usize>(header: [&str; N], right: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    for column in right {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// A table as indented lines after a blank one.
pub(crate) fn block(out: &mut String, table: &Table) {
    blank(out);
    for row in table.lines() {
        line(out, format_args!(" {}", row.trim_end()));
    }
}

/// Each kind that there is: how many, their sum, the longest.
fn by_kind(s: &StallsReport) -> Option<String> {
    let kinds = [
        ("fetch", &s.fetch),
        ("data", &s.data),
        ("vector", &s.vector),
        ("register", &s.register),
    ];
    let parts: Vec<String> = kinds
        .iter()
        .filter(|(_, s)| s.count > 0)
        .map(|(kind, s)| {
            format!(
                "{} {kind} ({}, longest {})",
                s.count,
                short(s.total_s),
                short(s.longest_s)
            )
        })
        .collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Breaks a chain before its arrows; what follows is indented.
pub(crate) fn wrapped(out: &mut String, lead: &str, chain: &str) {
    let mut current = lead.to_owned();
    for (n, part) in chain.split(" ← ").enumerate() {
        let piece = if n == 0 {
            part.to_owned()
        } else {
            format!(" ← {part}")
        };
        if n > 0 && current.chars().count() + piece.chars().count() > WIDTH {
            line(out, format_args!("{current}"));
            current = format!("     {piece}");
        } else {
            current += &piece;
        }
    }
    line(out, format_args!("{current}"));
}

/// Lines that break after a semicolon.
fn folded(out: &mut String, text: &str) {
    let mut current = String::from("  ");
    for piece in text.split_inclusive("; ") {
        let columns = current.chars().count() + piece.trim_end().chars().count();
        if columns > WIDTH && !current.trim().is_empty() {
            line(out, format_args!("{}", current.trim_end()));
            current = String::from("      ");
        }
        current += piece;
    }
    line(out, format_args!("{}", current.trim_end()));
}

/// A time to four digits: `20 ms`, `53.5 us`, `19.99 ms`.
pub(crate) fn short(s: f64) -> String {
    let text = seconds(s);
    let Some((number, unit)) = text.split_once(' ') else {
        return text;
    };
    let Ok(value) = number.parse::<f64>() else {
        return text;
    };
    let decimals = match value {
        v if v >= 100.0 => 1,
        v if v >= 10.0 => 2,
        _ => 3,
    };
    let rounded = format!("{value:.decimals$}");
    let trimmed = rounded.trim_end_matches('0').trim_end_matches('.');
    format!("{trimmed} {unit}")
}

/// `28 800 000`, as the style of the International System of Units has it.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(short(0.02), "20 ms");
        assert_eq!(short(0.0000535), "53.5 us");
        assert_eq!(short(0.019_998_123), "20 ms");
        assert_eq!(short(0.103_217), "103.2 ms");
        assert_eq!(grouped(28_800_000), "28 800 000");
        assert_eq!(grouped(7), "7");
    }

    #[test]
    fn a_long_chain_breaks_before_an_arrow() {
        let chain = ["a".repeat(60), "b".repeat(60), "c".repeat(10)].join(" ← ");
        let mut out = String::new();
        wrapped(&mut out, "  1 x midi: ", &chain);
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[1].starts_with("      ← bbb") && lines[1].ends_with("← cccccccccc"));
    }
}
