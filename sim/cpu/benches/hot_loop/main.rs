//! How fast the loop runs: million instructions a second with full timing, best of several rounds.
//!
//! `cargo bench -p flashstall-cpu`. The figures that are compared with unicorn are those of the workspace's own bench; this one
//! is for work on the loop.
#![allow(missing_docs, reason = "a bench has no API")]

#[path = "../../tests/common/mod.rs"]
mod common;
mod workload;

use common::{Event, FLASH, RAM, SimBus, config};
use flashstall_cpu::{Cpu, CpuModel, Cycles, Exit};
use std::time::Instant;

/// CPU time of this thread, so that a busy machine does not falsify the figure; wall time where that is unknown.
fn cpu_seconds(since: Instant) -> f64 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|line| line.split(' ').next()?.parse::<f64>().ok())
        .map_or_else(|| since.elapsed().as_secs_f64(), |nanos| nanos / 1e9)
}

const CYCLES: u64 = 300_000_000;

fn measure(name: &str, at: u32, waits: u64, line_bytes: u32) {
    let mut best = 0.0f64;
    let mut line = String::new();
    for _ in 0..5 {
        let mut bus = SimBus::new();
        bus.flash_waits = waits;
        bus.line_bytes = line_bytes;
        bus.set_word(FLASH, RAM + 0x8000);
        bus.set_word(FLASH + 4, at | 1);
        bus.program(at, &workload::WORKLOAD);
        for date in (0..CYCLES).step_by(72_000) {
            bus.events.push((date, Event::Nothing));
        }
        // The schedule is a stack of dates here: keep removal cheap.
        bus.events.truncate(64);
        let mut cpu = Cpu::new(config(CpuModel::CortexM3));
        cpu.reset(&mut bus);
        let origin = Instant::now();
        let start = cpu_seconds(origin);
        assert_eq!(cpu.run(&mut bus, Cycles(CYCLES)), Exit::Limit);
        let rate = cpu.core.instructions as f64 / (cpu_seconds(origin) - start) / 1e6;
        if rate > best {
            best = rate;
            line = format!(
                "{name:<28} {rate:6.1} M instr/s  CPI {:.3}",
                CYCLES as f64 / cpu.core.instructions as f64
            );
        }
    }
    println!("{line}");
}

fn main() {
    measure("RAM", RAM + 0x9000, 0, 8);
    measure("flash, one window", FLASH + 0x400, 0, 8);
    measure("flash, 8-byte lines, 1 wait", FLASH + 0x400, 1, 8);
    measure("flash, 16-byte lines, 2 waits", FLASH + 0x400, 2, 16);
}
