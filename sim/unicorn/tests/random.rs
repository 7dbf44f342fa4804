//! Random valid instructions and random state: native, unicorn alone, and unicorn as executor agree after each.

use flashstall_cpu::CpuModel;
use flashstall_unicorn::random::program::encoding_name;
use flashstall_unicorn::random::run::run;

fn agree(model: CpuModel, seed: u64, count: u64) {
    match run(model, seed, count) {
        Ok(stats) => {
            assert!(stats.instructions >= count);
            assert!(
                stats.in_it * 10 > stats.instructions,
                "few in IT blocks: {}",
                stats.in_it
            );
            for (index, count) in stats.by_encoding.iter().enumerate() {
                assert!(
                    *count > 0,
                    "{} never executed",
                    encoding_name(model.extensions(), index)
                );
            }
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn cortex_m3() {
    agree(CpuModel::CortexM3, 0xF1A5_4001, 120_000);
}

#[test]
fn cortex_m4() {
    agree(CpuModel::CortexM4, 0xF1A5_4002, 200_000);
}

/// The sequence of instructions depends on the seed and on nothing else.
#[test]
fn the_same_seed_gives_the_same_run() {
    let once = run(CpuModel::CortexM3, 3, 2_000).expect("no difference");
    assert_eq!(
        once,
        run(CpuModel::CortexM3, 3, 2_000).expect("no difference")
    );
    assert_ne!(
        once,
        run(CpuModel::CortexM3, 4, 2_000).expect("no difference")
    );
}

/// One instance a thread, several at once.
#[test]
fn several_threads_at_once() {
    let threads: Vec<_> = (0..4)
        .map(|seed| std::thread::spawn(move || run(CpuModel::CortexM4, seed, 3_000).is_ok()))
        .collect();
    for thread in threads {
        assert!(thread.join().expect("no panic"));
    }
}
