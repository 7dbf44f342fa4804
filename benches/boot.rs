//! A boot loader that takes a 32 KB image at 115200 baud, about 3 s of simulated time: from the scenario's text to its report, and the
//! run alone. The issue asks for less than 150 ms on one core.
#![allow(missing_docs, reason = "a bench has no API")]

use std::path::Path;
use std::time::Duration;

use criterion::Criterion;
use flashstall::run::run_prepared;
use flashstall::{RunOptions, Scenario};

const FOLDER: &str = "scenarios/page-bootloader";

/// The committed scenario of `variant`, with an image of 32 KB and without its expectations: those are about 8 KB.
fn scenario(variant: &str) -> Scenario {
    let path = Path::new(FOLDER).join(format!("f303-uart-{variant}.toml"));
    let text = std::fs::read_to_string(&path).expect("a committed scenario");
    let (text, _) = text.split_once("[expect]").expect("it expects something");
    let text = text.replace("count = 8192", "count = 32768");
    let mut all = Scenario::from_toml(&text, &path, Path::new(FOLDER)).expect("a good scenario");
    all.remove(0)
}

fn boot(c: &mut Criterion) {
    let mut group = c.benchmark_group("page-bootloader, 32 KB at 115200");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(3));
    let options = RunOptions::default();
    for variant in ["plain", "ram-isr", "dma-ring", "crc-resend"] {
        let scenario = scenario(variant);
        let report = scenario.run().expect("it runs");
        let seconds = report.time_s;
        assert!(seconds > 2.5, "{seconds} s are not the whole image");
        group.bench_function(format!("{variant}, {seconds:.1} s"), |b| {
            b.iter(|| scenario.run().expect("it runs"));
        });
        if variant == "ram-isr" {
            let prepared = scenario.prepare().expect("a good scenario");
            group.bench_function(format!("{variant}, prepared"), |b| {
                b.iter(|| run_prepared(&scenario, &prepared, &options).expect("it runs"));
            });
        }
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    boot(&mut criterion);
    criterion.final_summary();
}
