//! Chrome's JSON trace format, which ui.perfetto.dev reads: tracks for wires, interrupts, stalls and flash operations, and an
//! arrow from the operation to each byte that was lost in a stall that it caused.

use flashstall_mcu::Picos;
use serde_json::{Value, json};

use super::Timeline;

/// Tracks are threads of one process.
const PROCESS: u32 = 1;
const FLASH: u32 = 1;
const STALLS: u32 = 2;
const SLEEP: u32 = 3;
/// Wires come from here on, one a track; interrupts behind them.
const WIRES: u32 = 10;

/// Arrows that are drawn: the report lists as many losses.
const MAX_ARROWS: usize = crate::report::MAX_LOSSES;

/// The whole file.
#[must_use]
pub fn write(timeline: &Timeline) -> String {
    let mut events = Vec::new();
    tracks(timeline, &mut events);
    flash_and_core(timeline, &mut events);
    wires(timeline, &mut events);
    let lines: Vec<String> = events.iter().map(Value::to_string).collect();
    format!(
        "{{\"displayTimeUnit\":\"ns\",\"otherData\":{},\"traceEvents\":[\n{}\n]}}\n",
        json!({ "scenario": timeline.scenario, "chip": timeline.chip, "dropped": timeline.dropped }),
        lines.join(",\n")
    )
}

fn interrupts(timeline: &Timeline) -> Vec<(u16, &str)> {
    let mut all: Vec<_> = timeline
        .runs
        .iter()
        .map(|r| (r.number, r.name.as_str()))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn interrupt_track(timeline: &Timeline, number: u16) -> u32 {
    nor_track(timeline, timeline.nors.len()) + u32::from(number)
}

/// Serial flashes stand between wires and interrupts.
fn nor_track(timeline: &Timeline, index: usize) -> u32 {
    WIRES + (timeline.wires.len() + index) as u32
}

fn tracks(timeline: &Timeline, events: &mut Vec<Value>) {
    let mut name = |track: u32, name: &str| {
        events.push(json!({ "ph": "M", "pid": PROCESS, "tid": track, "name": "thread_name", "args": { "name": name } }));
        events.push(json!({ "ph": "M", "pid": PROCESS, "tid": track, "name": "thread_sort_index", "args": { "sort_index": track } }));
    };
    name(FLASH, "flash operations");
    name(STALLS, "core held");
    name(SLEEP, "core sleeps");
    for (track, wire) in (WIRES..).zip(&timeline.wires) {
        name(track, &format!("wire {}", wire.name));
    }
    for (n, nor) in timeline.nors.iter().enumerate() {
        name(
            nor_track(timeline, n),
            &format!("serial flash {}", nor.name),
        );
    }
    for (number, interrupt) in interrupts(timeline) {
        name(
            interrupt_track(timeline, number),
            &format!("{interrupt} handler"),
        );
    }
    let process = format!("{} on {}", timeline.scenario, timeline.chip);
    events.push(
        json!({ "ph": "M", "pid": PROCESS, "name": "process_name", "args": { "name": process } }),
    );
}

fn flash_and_core(timeline: &Timeline, events: &mut Vec<Value>) {
    for o in &timeline.operations {
        let args = json!({ "address": o.address, "bank": o.bank, "started by": o.place });
        events.push(slice(FLASH, o.kind, o.start, o.end, args));
    }
    for (n, nor) in timeline.nors.iter().enumerate() {
        let track = nor_track(timeline, n);
        for o in &nor.operations {
            let args = json!({ "address": o.address, "started by": o.place });
            events.push(slice(track, o.kind, o.start, o.end, args));
        }
        for (at, what) in &nor.ignored {
            events.push(json!({ "ph": "i", "s": "t", "pid": PROCESS, "tid": track, "name": format!("ignored: {what}"), "ts": micros(*at) }));
        }
    }
    for s in &timeline.stalls {
        let args = json!({ "at": s.place });
        events.push(slice(
            STALLS,
            &format!("{} held", s.kind),
            s.start,
            s.end,
            args,
        ));
    }
    for (start, end) in &timeline.sleeps {
        events.push(slice(SLEEP, "sleep", *start, *end, json!({})));
    }
    for r in &timeline.runs {
        let args = json!({ "waited (us)": micros(r.entered.since(r.pended)) });
        let track = interrupt_track(timeline, r.number);
        events.push(slice(track, &r.name, r.entered, r.returned, args));
    }
    for (at, why) in &timeline.resets {
        events.push(json!({ "ph": "i", "s": "g", "pid": PROCESS, "tid": FLASH, "name": format!("reset: {why}"), "ts": micros(*at) }));
    }
}

fn wires(timeline: &Timeline, events: &mut Vec<Value>) {
    let mut arrow = 0;
    for (track, wire) in (WIRES..).zip(&timeline.wires) {
        for (n, unit) in wire.units.iter().enumerate() {
            let mark = if unit.lost { "LOST " } else { "" };
            let name = format!("{mark}#{n} {:#04x}", unit.value);
            let args = json!({ "fate": unit.fate, "settled (us)": micros(unit.settled) });
            events.push(slice(track, &name, unit.start, unit.end, args));
            if !unit.lost || arrow >= MAX_ARROWS {
                continue;
            }
            let stall = timeline
                .stall_at(unit.settled)
                .and_then(|s| timeline.stalls.get(s));
            let Some(cause) = stall.and_then(|s| timeline.operations.get(s.operation?)) else {
                continue;
            };
            arrow += 1;
            let end = |ph: &str, track: u32, at: Picos| json!({ "ph": ph, "bp": "e", "id": arrow, "cat": "loss", "name": "lost by", "pid": PROCESS, "tid": track, "ts": micros(at) });
            events.push(end("s", FLASH, cause.start));
            events.push(end("f", track, unit.start));
        }
    }
}

fn slice(track: u32, name: &str, start: Picos, end: Picos, args: Value) -> Value {
    json!({
        "ph": "X", "pid": PROCESS, "tid": track, "name": name,
        "ts": micros(start), "dur": micros(end.since(start)), "args": args,
    })
}

/// The format's unit. A picosecond is its sixth decimal: exact up to hours.
fn micros(time: Picos) -> f64 {
    time.0 as f64 / 1e6
}
