//! Million instructions a second with full timing, on an integer mix from flash and from SRAM, beside unicorn bare
//! and unicorn with an empty code hook (with `--features unicorn`), all in one run.
//!
//! Machines are shared and noisy, so what counts are the ratios that are printed last: medians over pairs that ran
//! one right after the other.
#![allow(missing_docs, reason = "a bench has no API")]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use flashstall::firmware::Firmware;
use flashstall_mcu::chip::Chip;
use flashstall_mcu::machine::{FlashTiming, OpenBehaviours};
use flashstall_mcu::{Hertz, Machine, MachineOptions, NativeEngine, Picos, Stop};

/// Our own probe: CRC, copies, matrix, list, state machine; 243 rounds, ends in a BKPT.
const FROM_FLASH: &str = "firmware-under-test/probes/elf/integer-mix-flash.elf";
/// The same at 72 MHz: two wait states and the prefetch buffer.
const FROM_FLASH_72_MHZ: &str = "firmware-under-test/probes/elf/integer-mix-flash-72mhz.elf";
/// The same with the kernels in SRAM.
const FROM_RAM: &str = "firmware-under-test/probes/elf/integer-mix-ram.elf";

/// A machine with the firmware loaded and powered on; each round runs a copy of it.
fn booted(elf: &str) -> Machine {
    let firmware = Firmware::from_path(Path::new(elf)).expect("a committed ELF");
    let chip = Chip::builtin("stm32f303xc").expect("a built-in chip");
    let options = MachineOptions {
        hse: Some(Hertz::new(8_000_000)),
        lse: None,
        timing: FlashTiming::of_pages(
            Picos::from_millis(20),
            Picos::from_millis(20),
            Picos::from_micros(53),
        ),
        open: OpenBehaviours::default(),
        fast_forward: true,
    };
    let mut machine = Machine::new(chip, options).expect("the chip builds");
    for segment in firmware.segments.iter().filter(|s| !s.bytes.is_empty()) {
        machine
            .load(segment.load, &segment.bytes)
            .expect("the image fits");
    }
    machine.power_on();
    machine
}

/// Runs a copy to its BKPT: instructions executed and time taken.
fn native(booted: &Machine) -> (u64, Duration) {
    let mut machine = booted.clone();
    let start = Instant::now();
    let stop = machine.run_until(
        &mut NativeEngine,
        Picos::SECOND + Picos(59 * Picos::SECOND.0),
    );
    let took = start.elapsed();
    assert!(
        matches!(stop, Stop::Bkpt { .. }),
        "the mix ends in its BKPT, not in {stop:?}"
    );
    (black_box(machine.cpu().core.instructions), took)
}

fn rates(c: &mut Criterion) {
    let mut group = c.benchmark_group("integer mix");
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(2));
    for (name, elf) in [
        ("native, flash, no wait states", FROM_FLASH),
        ("native, flash, two wait states", FROM_FLASH_72_MHZ),
        ("native, SRAM", FROM_RAM),
    ] {
        let machine = booted(elf);
        group.throughput(Throughput::Elements(native(&machine).0));
        group.bench_function(name, |b| b.iter(|| native(&machine)));
    }
    #[cfg(feature = "unicorn")]
    unicorn::rates(&mut group);
    group.finish();
}

#[cfg(feature = "unicorn")]
mod unicorn {
    use criterion::BenchmarkGroup;
    use criterion::measurement::WallTime;
    use flashstall_cpu::CpuModel;
    use flashstall_unicorn::baseline::{Program, bare, code_hook};

    use super::*;

    /// What unicorn needs of the probe: its image, entry and end.
    struct Image {
        pieces: Vec<(u32, Vec<u8>)>,
        entry: u32,
        sp: u32,
        end: u32,
    }

    impl Image {
        fn new(elf: &str) -> Self {
            let firmware = Firmware::from_path(Path::new(elf)).expect("a committed ELF");
            let mut machine = booted(elf);
            let stop = machine.run_until(&mut NativeEngine, Picos(60 * Picos::SECOND.0));
            let Stop::Bkpt { pc, .. } = stop else {
                panic!("the mix ends in its BKPT, not in {stop:?}")
            };
            let mut flash = vec![0xFF; 0x4000];
            for segment in firmware.segments.iter().filter(|s| !s.bytes.is_empty()) {
                let at = (segment.load.0 - 0x0800_0000) as usize;
                flash[at..at + segment.bytes.len()].copy_from_slice(&segment.bytes);
            }
            let word = |at: usize| {
                u32::from_le_bytes([flash[at], flash[at + 1], flash[at + 2], flash[at + 3]])
            };
            let (sp, entry) = (word(0), word(4));
            Self {
                pieces: vec![(0x0800_0000, flash)],
                entry,
                sp,
                end: pc.0,
            }
        }

        fn with<T>(&self, run: impl FnOnce(&Program) -> T) -> T {
            let image: Vec<(u32, &[u8])> = self
                .pieces
                .iter()
                .map(|(at, bytes)| (*at, bytes.as_slice()))
                .collect();
            run(&Program {
                model: CpuModel::CortexM4,
                image: &image,
                ram: (0x2000_0000, 0xA000),
                entry: self.entry,
                sp: self.sp,
                end: self.end,
            })
        }
    }

    pub fn rates(group: &mut BenchmarkGroup<WallTime>) {
        let image = Image::new(FROM_FLASH);
        group.bench_function("unicorn, bare", |b| {
            b.iter(|| image.with(bare).expect("it runs"))
        });
        group.bench_function("unicorn, code hook", |b| {
            b.iter(|| image.with(code_hook).expect("it runs"))
        });
    }

    /// Prints our rate over unicorn's, as medians over rounds in which each ran right after the other.
    pub fn ratios() {
        const ROUNDS: usize = 9;
        let image = Image::new(FROM_FLASH);
        let names = ["flash, no wait states", "flash, two wait states", "SRAM"];
        let machines = [FROM_FLASH, FROM_FLASH_72_MHZ, FROM_RAM].map(booted);
        let rate =
            |instructions: u64, took: Duration| instructions as f64 / took.as_secs_f64() / 1e6;
        let mut ours = [const { Vec::new() }; 3];
        let (mut hooked, mut alone) = (Vec::new(), Vec::new());
        let mut over_hook = [const { Vec::new() }; 3];
        for _ in 0..ROUNDS {
            let (took, count) = image.with(code_hook).expect("it runs");
            let hook = rate(count, took);
            hooked.push(hook);
            alone.push(rate(count, image.with(bare).expect("it runs")));
            for (n, machine) in machines.iter().enumerate() {
                let (count, took) = native(machine);
                ours[n].push(rate(count, took));
                over_hook[n].push(rate(count, took) / hook);
            }
        }
        println!(
            "\nM instructions/s, median of {ROUNDS} rounds: unicorn bare {:.0}, with a code hook {:.0}",
            median(&mut alone),
            median(&mut hooked)
        );
        for (n, name) in names.iter().enumerate() {
            println!(
                "  native, {name:<24} {:>4.0}   {:.2} x unicorn with a code hook",
                median(&mut ours[n]),
                median(&mut over_hook[n])
            );
        }
    }

    fn median(values: &mut [f64]) -> f64 {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    rates(&mut criterion);
    criterion.final_summary();
    #[cfg(feature = "unicorn")]
    if !std::env::args().any(|arg| arg == "--test") {
        unicorn::ratios();
    }
}
