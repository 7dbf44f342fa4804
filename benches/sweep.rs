//! Points of a sweep: baud x erase x phase over the synthesiser, each 200 ms of simulated time with one erase, from one boot, beside the same
//! points each run from reset. Prints points a second and the ratio. The issue asks for 0.5 ms a point, 10 000 points in 5 s on one core.
#![allow(missing_docs, reason = "a bench has no API")]

use std::time::Duration;

use criterion::{Criterion, Throughput};
use flashstall::Scenario;
use flashstall::vary::Variation;

const POINTS: u64 = 64;

fn variation(name: &str) -> Variation {
    let path = format!("scenarios/hawk-midi/{name}.toml");
    let scenario = Scenario::from_path(path).expect("a committed scenario");
    let axes = ["baud=31250..62500/4", "erase=20ms..40ms/4", "phase=4"].map(str::to_owned);
    Variation::new(&scenario, "--grid", &axes).expect("a good grid")
}

/// Time that this thread had a core, so that a busy machine does not spoil the figure; Linux only.
fn on_core() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split_whitespace().next().and_then(|n| n.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

/// Time a point takes, forked and from reset.
fn ratio(name: &str) {
    let variation = variation(name);
    let fork = variation.boot().expect("it boots");
    let each = |run: &dyn Fn(u64)| {
        run(0);
        let start = on_core();
        (0..POINTS).for_each(run);
        (on_core() - start) / POINTS as u32
    };
    let forked = each(&|n| {
        variation.run(&fork, &variation.point(n)).expect("it runs");
    });
    let reset = each(&|n| {
        variation
            .scenario_at(&variation.point(n))
            .run()
            .expect("it runs");
    });
    println!(
        "{name}: forked at {}: {forked:.1?} a point, {:.0} points/s, 10 000 in {:.2?}; from reset {reset:.1?}, {:.1} times as long",
        fork.time(),
        1.0 / forked.as_secs_f64(),
        forked * 10_000,
        reset.as_secs_f64() / forked.as_secs_f64()
    );
}

fn sweep(c: &mut Criterion) {
    let mut group = c.benchmark_group("sweep point, hawk-midi");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(2))
        .throughput(Throughput::Elements(POINTS));
    let variation = variation("before");
    let fork = variation.boot().expect("it boots");
    group.bench_function("forked", |b| {
        b.iter(|| {
            for n in 0..POINTS {
                variation.run(&fork, &variation.point(n)).expect("it runs");
            }
        });
    });
    group.bench_function("from reset", |b| {
        b.iter(|| {
            for n in 0..POINTS {
                variation
                    .scenario_at(&variation.point(n))
                    .run()
                    .expect("it runs");
            }
        });
    });
    group.finish();
}

fn main() {
    for name in ["before", "after"] {
        ratio(name);
    }
    let mut criterion = Criterion::default().configure_from_args();
    sweep(&mut criterion);
    criterion.final_summary();
}
