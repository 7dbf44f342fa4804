//! Holds the report against `[expect]` and finds the verdict.

use std::fmt::Display;

use flashstall_cpu::Addr;
use flashstall_mcu::Picos;

use super::build::Ending;
use super::model::{DmaReport, ExpectationReport, Report, Verdict, WireReport};
use super::names::hold_name;
use crate::chain::{Link, stalled_at};
use crate::memory;
use crate::scenario::expect::{
    Expect, ExpectDma, ExpectHost, ExpectInterrupt, ExpectStall, ExpectWire, Reference, StallKind,
};
use crate::scenario::nor::ExpectNor;
use crate::scenario::{Bound, Bounds, Time};

/// Fills in `expectations`, `verdict` and `reason`.
pub(super) fn judge(report: &mut Report, ending: &Ending<'_>) {
    let mut list = List(Vec::new());
    stop(&mut list, report, ending);
    totals(&mut list, report, ending.expect);
    for expect in &ending.expect.wire {
        wire(&mut list, report, expect);
    }
    for expect in &ending.expect.host {
        host(&mut list, report, expect);
    }
    for expect in &ending.expect.nor {
        nor(&mut list, report, ending, expect);
    }
    buffers(&mut list, report, ending.expect);
    for expect in &ending.expect.dma {
        dma(&mut list, report, expect);
    }
    for expect in &ending.expect.stall {
        stall(&mut list, ending, expect);
    }
    for expect in &ending.expect.interrupt {
        interrupt(&mut list, report, expect);
    }
    memory(&mut list, ending);
    for expect in &ending.expect.finding {
        let found = report.findings.iter().any(|f| f.rule == expect.rule.value);
        let word = |present: bool| if present { "found" } else { "not found" };
        list.push(
            format!("finding {}", expect.rule.value),
            word(expect.present),
            word(found),
            found == expect.present,
        );
    }
    report.expectations = list.0;
    (report.verdict, report.reason) = verdict(report, ending);
}

/// Results as they are found.
struct List(Vec<ExpectationReport>);

impl List {
    fn push(
        &mut self,
        name: impl Into<String>,
        expected: impl Display,
        actual: impl Display,
        passed: bool,
    ) {
        let (expected, actual) = (expected.to_string(), actual.to_string());
        self.0.push(ExpectationReport {
            name: name.into(),
            expected,
            actual,
            passed,
        });
    }

    fn bounds<T: Bound>(&mut self, name: impl Into<String>, bounds: Option<&Bounds<T>>, actual: T) {
        if let Some(bounds) = bounds {
            self.push(name, bounds, actual, bounds.contain(actual));
        }
    }
}

/// A bad end fails whether or not anybody thought of expecting a good one.
fn stop(list: &mut List, report: &Report, ending: &Ending<'_>) {
    let reason = report.stop.reason.as_str();
    match &ending.expect.stop {
        Some(expected) => list.push("stop", &expected.value, reason, expected.value == reason),
        None => match reason {
            "lockup" | "dead" | "bkpt" | "boot-loader" => {
                list.push("stop", "no bad end", reason, false)
            }
            "exit" => {
                let code = report.stop.code.unwrap_or(0);
                if code != 0 || !ends_by_exit(ending) {
                    list.push(
                        "stop",
                        "exit code 0",
                        format!("exit code {code}"),
                        code == 0,
                    );
                }
            }
            _ => {}
        },
    }
}

fn ends_by_exit(ending: &Ending<'_>) -> bool {
    ending
        .prepared
        .until
        .contains(&crate::scenario::Until::Exit)
}

fn totals(list: &mut List, report: &Report, expect: &Expect) {
    list.bounds("ticks lost", expect.ticks_lost.as_ref(), report.ticks_lost);
    list.bounds("resets", expect.resets.as_ref(), report.resets.len() as u64);
    list.bounds("storms", expect.storms.as_ref(), report.storms.len() as u64);
    list.bounds(
        "unmodelled registers",
        expect.unmodelled.as_ref(),
        report.unmodelled.len() as u64,
    );
}

fn wire(list: &mut List, report: &Report, expect: &ExpectWire) {
    let name = &expect.name.value;
    let Some(wire) = report.wire(name) else {
        return;
    };
    list.bounds(format!("wire {name} sent"), expect.sent.as_ref(), wire.sent);
    list.bounds(
        format!("wire {name} filtered"),
        expect.filtered.as_ref(),
        wire.filtered,
    );
    list.bounds(format!("wire {name} lost"), expect.lost.as_ref(), wire.lost);
    list.bounds(
        format!("wire {name} delivered"),
        expect.delivered.as_ref(),
        wire.delivered,
    );
    for (cause, bounds) in &expect.lost_by_cause {
        let count = wire.lost_by_cause.get(cause).copied().unwrap_or(0);
        list.bounds(
            format!("wire {name} lost to {cause}"),
            Some(&bounds.value),
            count,
        );
    }
    bus(list, wire, expect);
    for function in &expect.blames {
        let first = report.losses.iter().find(|l| l.wire == *name);
        let named = first.is_some_and(|loss| loss.chain.iter().any(|link| names(link, function)));
        let actual = match first {
            None => "nothing was lost",
            Some(_) if named => "it does",
            Some(_) => "it does not",
        };
        list.push(
            format!("wire {name} first chain"),
            format!("names {}", function.value),
            actual,
            named,
        );
    }
}

/// What is expected of an I2C bus.
fn bus(list: &mut List, wire: &WireReport, expect: &ExpectWire) {
    let Some(bus) = &wire.i2c else { return };
    let name = &wire.name;
    for (what, bounds, actual) in [
        ("completed", &expect.completed, bus.completed),
        ("failed", &expect.failed, bus.failed),
        ("not acknowledged", &expect.nacked, bus.nacked),
        ("timed out", &expect.timed_out, bus.timed_out),
        ("read", &expect.read, bus.read),
        ("wrong answers", &expect.wrong_answers, bus.wrong_answers),
    ] {
        list.bounds(format!("wire {name} {what}"), bounds.as_ref(), actual);
    }
    let time = |s: f64| Time(Picos((s * 1e12).round() as u64));
    let longest = bus.longest.as_ref().map_or(0.0, |l| l.length_s);
    for (what, bounds, actual) in [
        ("SCL held", &expect.stretched, bus.stretched_s),
        ("longest stretch", &expect.longest_stretch, longest),
    ] {
        list.bounds(format!("wire {name} {what}"), bounds.as_ref(), time(actual));
    }
    for function in &expect.stretch_blames {
        let chain = bus.longest.as_ref().map(|l| &l.chain);
        let named = chain.is_some_and(|c| c.iter().any(|link| names(link, function)));
        let actual = match chain {
            None => "SCL was never held",
            Some(_) if named => "it does",
            Some(_) => "it does not",
        };
        list.push(
            format!("wire {name} longest stretch"),
            format!("names {}", function.value),
            actual,
            named,
        );
    }
}

/// Does the link lead through `function`?
fn names(link: &Link, function: &str) -> bool {
    match link {
        Link::Held { place, object, .. } => {
            place.function.as_deref() == Some(function) || object.as_deref() == Some(function)
        }
        Link::Called { place } | Link::Reset { place, .. } => {
            place.function.as_deref() == Some(function)
        }
        Link::OtherHandler { handler, .. } | Link::HandlerRunning { handler, .. } => {
            handler.as_deref() == Some(function)
        }
        _ => false,
    }
}

fn host(list: &mut List, report: &Report, expect: &ExpectHost) {
    let name = &expect.name.value;
    let Some(host) = report.host(name) else {
        return;
    };
    if let Some(outcome) = &expect.outcome {
        let holds = outcome.value == host.outcome;
        list.push(
            format!("host {name} outcome"),
            &outcome.value,
            &host.outcome,
            holds,
        );
    }
    if let (Some(wanted), Some(stored)) = (&expect.stored, &host.stored) {
        let word = |equal: bool| if equal { "the image" } else { "something else" };
        let actual = match stored.first_difference {
            None => word(true).to_owned(),
            Some(first) => format!("{} bytes differ, first at {first:#x}", stored.different),
        };
        list.push(
            format!("host {name} memory"),
            word(wanted.value),
            actual,
            wanted.value == stored.equal,
        );
    }
    for (what, bounds, actual) in [
        ("pages", &expect.pages, host.pages),
        ("resends", &expect.resends, host.resends),
        ("time-outs", &expect.time_outs, host.time_outs),
    ] {
        list.bounds(format!("host {name} {what}"), bounds.as_ref(), actual);
    }
    if let Some(bounds) = &expect.duration {
        let name = format!("host {name} duration");
        match host.duration_s {
            Some(s) => list.bounds(name, Some(bounds), Time(Picos((s * 1e12).round() as u64))),
            None => list.push(name, bounds, "not done", false),
        }
    }
}

fn nor(list: &mut List, report: &Report, ending: &Ending<'_>, expect: &ExpectNor) {
    let name = &expect.name.value;
    let Some(nor) = report.nor(name) else {
        return;
    };
    for (what, bounds, actual) in [
        ("erases", &expect.erases, nor.erases),
        ("programs", &expect.programs, nor.programs),
        ("ignored", &expect.ignored, nor.ignored(None)),
        (
            "ignored while busy",
            &expect.ignored_busy,
            nor.ignored(Some("busy")),
        ),
    ] {
        list.bounds(format!("nor {name} {what}"), bounds.as_ref(), actual);
    }
    list.bounds(
        format!("nor {name} longest busy"),
        expect.longest_busy.as_ref(),
        Time(Picos((nor.longest_busy_s * 1e12).round() as u64)),
    );
    if expect.contents.is_empty() {
        return;
    }
    let prepared = ending.prepared.nors.iter().find(|n| n.board.name == *name);
    let socket = ending.machine.nors().iter().find(|n| n.name == *name);
    let (Some(prepared), Some(socket)) = (prepared, socket) else {
        return;
    };
    for (address, wanted) in &prepared.contents {
        let there = socket
            .device
            .contents(ending.machine.time(), *address, wanted.len() as u32);
        let differs = |(_, (a, b)): &(usize, (&u8, &u8))| a != b;
        let mut different = wanted.iter().zip(&there).enumerate().filter(differs);
        let actual = match different.next() {
            None => "equal".to_owned(),
            Some((offset, (wanted, there))) => format!(
                "{} differ, first {:#x}: {there:#04x}, not {wanted:#04x}",
                different.count() + 1,
                *address as usize + offset
            ),
        };
        list.push(
            format!("nor {name} at {address:#x}"),
            format!("these {} bytes", wanted.len()),
            &actual,
            actual == "equal",
        );
    }
}

fn buffers(list: &mut List, report: &Report, expect: &Expect) {
    for expect in &expect.buffer {
        let name = &expect.name.value;
        let Some(buffer) = report.find_buffer(name) else {
            continue;
        };
        if let Some(reference) = expect.equals {
            let (what, equal) = match reference {
                Reference::Sent => ("what was sent", buffer.equals_sent),
                Reference::Delivered => ("what was delivered", buffer.equals_delivered),
            };
            let actual = match &buffer.first_difference {
                _ if equal => "equal".to_owned(),
                Some(d) => format!(
                    "{} of {} bytes, first difference at {}",
                    buffer.received, buffer.sent, d.index
                ),
                None => "not equal".to_owned(),
            };
            list.push(
                format!("buffer {name}"),
                format!("equals {what}"),
                actual,
                equal,
            );
        }
        list.bounds(
            format!("buffer {name} missing"),
            expect.missing.as_ref(),
            buffer.missing,
        );
    }
}

fn dma(list: &mut List, report: &Report, expect: &ExpectDma) {
    let controller = &expect.controller.value;
    let is_it = |d: &&DmaReport| d.controller == *controller && d.channel == expect.channel;
    // A channel that moved nothing is not in the report.
    let found = report.dma.iter().find(is_it);
    let count = |f: fn(&DmaReport) -> u64| found.map_or(0, f);
    for (what, bounds, actual) in [
        ("units", &expect.units, count(|d| d.units)),
        ("overwritten", &expect.overwritten, count(|d| d.overwritten)),
        (
            "longest unseen",
            &expect.longest_unseen,
            count(|d| d.longest_unseen),
        ),
    ] {
        let title = found.map_or_else(
            || format!("{controller} channel {}", expect.channel),
            DmaReport::title,
        );
        let name = format!("{title} {what}");
        list.bounds(name, bounds.as_ref(), actual);
    }
}

fn stall(list: &mut List, ending: &Ending<'_>, expect: &ExpectStall) {
    let firmware = &ending.prepared.firmware;
    let wanted = expect.kind.map(|k| match k {
        StallKind::Fetch => "fetch",
        StallKind::Data => "data",
        StallKind::Vector => "vector",
        StallKind::Register => "register",
    });
    let inside = |pc: Addr| match &expect.function {
        None => true,
        Some(name) => firmware
            .places(pc)
            .iter()
            .any(|p| p.function.as_deref() == Some(name.as_str())),
    };
    let (mut count, mut total, mut longest) = (0u64, Picos::ZERO, Picos::ZERO);
    for stall in &ending.machine.log().stalls.kept {
        let length = stall.end - stall.start;
        let long_enough = expect.at_least.is_none_or(|least| length >= least.0);
        if long_enough
            && wanted.is_none_or(|w| w == hold_name(stall.kind))
            && inside(stalled_at(stall))
        {
            count += 1;
            total += length;
            longest = longest.max(length);
        }
    }
    let mut name = format!("{} stalls", wanted.unwrap_or("all"));
    if let Some(function) = &expect.function {
        name += &format!(" in {}", function.value);
    }
    if let Some(least) = expect.at_least {
        name += &format!(" of at least {least}");
    }
    list.bounds(format!("{name}: count"), expect.count.as_ref(), count);
    list.bounds(
        format!("{name}: longest"),
        expect.longest.as_ref(),
        Time(longest),
    );
    list.bounds(format!("{name}: total"), expect.total.as_ref(), Time(total));
}

fn interrupt(list: &mut List, report: &Report, expect: &ExpectInterrupt) {
    let name = &expect.name.value;
    let found = report.interrupt(name);
    list.bounds(
        format!("{name} taken"),
        expect.taken.as_ref(),
        found.map_or(0, |i| i.taken),
    );
    list.bounds(
        format!("{name} requests lost"),
        expect.pended_lost.as_ref(),
        found.map_or(0, |i| i.pended_lost),
    );
    if let Some(bounds) = &expect.latency {
        let name = format!("{name} latency");
        match found.and_then(|i| i.latency_max_s) {
            Some(s) => list.bounds(name, Some(bounds), Time(Picos((s * 1e12).round() as u64))),
            None => list.push(name, bounds, "never taken", false),
        }
    }
}

fn memory(list: &mut List, ending: &Ending<'_>) {
    for (expect, (address, count)) in ending.expect.memory.iter().zip(&ending.prepared.memory) {
        let name = format!("memory {}", expect.symbol.value);
        let words = memory::words(ending.machine, *address, *count);
        let shown = |words: &[u32]| {
            words
                .iter()
                .map(u32::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        };
        if let Some(expected) = &expect.words {
            list.push(&name, shown(expected), shown(&words), *expected == words);
        }
        list.bounds(
            &name,
            expect.word.as_ref(),
            u64::from(words.first().copied().unwrap_or(0)),
        );
    }
}

/// The verdict and why.
fn verdict(report: &Report, ending: &Ending<'_>) -> (Verdict, String) {
    let failed: Vec<&ExpectationReport> =
        report.expectations.iter().filter(|e| !e.passed).collect();
    if let Some(first) = failed.first() {
        let more = if failed.len() > 1 {
            format!(" (and {} more)", failed.len() - 1)
        } else {
            String::new()
        };
        return (
            Verdict::Failed,
            format!(
                "{}: expected {}, got {}{more}",
                first.name, first.expected, first.actual
            ),
        );
    }
    let undecided = |why: String| (Verdict::Undecided, why);
    let place = report
        .stop
        .symbol
        .as_deref()
        .unwrap_or(&report.stop.address);
    let inside = report
        .stop
        .exception
        .as_ref()
        .map(|e| format!(", in the handler of {e}"))
        .unwrap_or_default();
    match report.stop.reason.as_str() {
        "budget" => {
            return undecided(format!(
                "the instruction budget was spent in {place}{inside}"
            ));
        }
        "time-limit" if !ending.prepared.until.is_empty() && ending.expect.stop.is_none() => {
            return undecided(format!(
                "the time limit came before the end of the scenario, in {place}{inside}"
            ));
        }
        _ => {}
    }
    if ending.expect.unmodelled.is_none()
        && let Some(read) = report.unmodelled.iter().find(|u| u.reads > 0)
    {
        let many = report.unmodelled.iter().filter(|u| u.reads > 0).count();
        return undecided(format!(
            "the firmware read {many} register(s) that have no model, first {}",
            read.name
        ));
    }
    match report.expectations.len() {
        0 => undecided("nothing is expected".to_owned()),
        1 => (Verdict::Met, "the expectation holds".to_owned()),
        n => (Verdict::Met, format!("all {n} expectations hold")),
    }
}
