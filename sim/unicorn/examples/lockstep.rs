//! `lockstep N [--seed S] [--model m3|m4]`: N random instructions on both engines, compared after each.

use std::process::ExitCode;
use std::time::Instant;

use flashstall_cpu::CpuModel;
use flashstall_unicorn::random::program::encoding_name;
use flashstall_unicorn::random::report::RunError;
use flashstall_unicorn::random::run::run;

fn main() -> ExitCode {
    let mut count = 1_000_000;
    let (mut seed, mut model) = (1, CpuModel::CortexM3);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_default();
        match argument.as_str() {
            "--seed" => seed = value().parse().unwrap_or(seed),
            "--model" if value() == "m4" => model = CpuModel::CortexM4,
            "--model" => {}
            number => count = number.parse().unwrap_or(count),
        }
    }
    let start = Instant::now();
    match run(model, seed, count) {
        Ok(stats) => {
            let rarest = (0..stats.by_encoding.len())
                .min_by_key(|i| stats.by_encoding[*i])
                .unwrap_or(0);
            println!(
                "no difference in {} instructions ({} in IT blocks, {} blocks, {:.1} s); rarest encoding: {} ({})",
                stats.instructions,
                stats.in_it,
                stats.blocks,
                start.elapsed().as_secs_f64(),
                encoding_name(model.extensions(), rarest),
                stats.by_encoding[rarest],
            );
            ExitCode::SUCCESS
        }
        Err(RunError::Difference(difference)) => {
            println!("{difference}");
            ExitCode::from(1)
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
